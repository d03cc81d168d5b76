//! The steps that all writes of an article share.

use std::sync::Arc;

use cairn_domain::article::Article;
use cairn_domain::event::Subject;
use cairn_domain::ids::EventId;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::revision::{Revision, Staged};
use cairn_markdown::{RENDERER_VERSION, RenderOptions, Rendered};
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use cairn_store::outbox::NewEvent;
use cairn_store::renderings::Rendering;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::articles::get::not_found;
use crate::articles::update::Updated;
use crate::articles::view::view;
use crate::{Context, Error, Result, audit};

/// Bodies above this size, in bytes, are rendered off the async threads.
const INLINE_RENDER_BYTES_MAX: usize = 32 * 1024;

/// Longest address in a warning, in characters.
const WARNING_ADDRESS_CHARS_MAX: usize = 200;

/// What is remembered of a write of an article. The text is in the revision, which never changes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ArticleOutcome {
    pub(crate) article: Article,
    pub(crate) changed: Vec<String>,
}

impl ArticleOutcome {
    /// The answer of the first time, made again.
    pub(crate) async fn replay(self, ctx: &Context, portal: Arc<Portal>) -> Result<Updated> {
        let (id, head) = (self.article.id, self.article.head_revision);
        let revision = cairn_store::revisions::get(&ctx.app.store, portal.id, id, head)
            .await?
            .ok_or_else(not_found)?;
        if revision.purged_at.is_some() {
            return Err(Error::purged("what this request wrote"));
        }
        let view = view(ctx, portal, self.article, revision.staged, head).await?;
        Ok(Updated {
            view,
            changed: self.changed,
        })
    }
}

/// How articles are rendered for readers, who meet the title above the body.
pub(crate) fn render_options(title: &str) -> RenderOptions {
    RenderOptions {
        hide_first_heading_equal_to: Some(title.to_owned()),
        ..RenderOptions::default()
    }
}

/// Renders a text before a transaction opens: it shows whether the body can be shown at all.
pub(crate) async fn render(staged: &Staged) -> Result<Rendered> {
    let options = render_options(&staged.title);
    if staged.body.len() <= INLINE_RENDER_BYTES_MAX {
        return Ok(cairn_markdown::render(&staged.body, &options)?);
    }
    let body = staged.body.clone();
    let rendered = tokio::task::spawn_blocking(move || cairn_markdown::render(&body, &options));
    Ok(rendered.await.map_err(Error::internal)??)
}

/// What an author is told of a text that was written: what sanitising takes out of it, and the
/// pictures that say nothing to those who do not see them.
pub(crate) fn warnings(rendered: Rendered) -> Vec<String> {
    let mut warnings = rendered.removed;
    warnings.extend(rendered.pictures_without_words.iter().map(|address| {
        let address: String = address.chars().take(WARNING_ADDRESS_CHARS_MAX).collect();
        format!("the picture {address} has no alternative text; say in its ![…] what it shows")
    }));
    warnings
}

/// The rendering of the published revision, as it is stored.
pub(crate) fn rendering(article: &Article, rendered: &Rendered) -> Result<Option<Rendering>> {
    let Some(revision) = article.published_revision else {
        return Ok(None);
    };
    let outline = Outline::of(rendered);
    Ok(Some(Rendering {
        portal: article.portal,
        article: article.id,
        revision,
        html: rendered.html.as_str().to_owned(),
        rendered_with: stored_version(),
        outline: serde_json::to_string(&outline).map_err(Error::internal)?,
    }))
}

/// The renderer's version as the database keeps it.
pub(crate) fn stored_version() -> i32 {
    i32::try_from(RENDERER_VERSION).unwrap_or(i32::MAX)
}

/// What pages need to know of a body besides its HTML.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Outline {
    headings: Vec<(u8, String, String, usize)>,
    pub(crate) word_count: usize,
}

impl Outline {
    pub(crate) fn of(rendered: &Rendered) -> Self {
        Self {
            headings: rendered
                .headings
                .iter()
                .map(|h| (h.level, h.id.clone(), h.text.clone(), h.body_offset))
                .collect(),
            word_count: rendered.word_count,
        }
    }

    pub(crate) fn headings(self) -> Vec<cairn_markdown::Heading> {
        let heading = |(level, id, text, body_offset)| cairn_markdown::Heading {
            level,
            id,
            text,
            body_offset,
        };
        self.headings.into_iter().map(heading).collect()
    }
}

/// The head revision of an article as it is to be appended.
pub(crate) fn revision(
    ctx: &Context,
    article: &Article,
    staged: Staged,
    message: &str,
) -> Revision {
    Revision {
        portal: article.portal,
        article: article.id,
        number: article.head_revision,
        staged,
        actor: ctx.caller.actor.clone(),
        key: ctx.caller.key,
        message: message.to_owned(),
        created_at: article.updated_at,
        purged_at: None,
    }
}

/// What the audit says of an article before or after a change: its live fields and revision
/// numbers. The text is in the revisions.
pub(crate) fn audit_value(article: &Article) -> Value {
    json!({
        "slug": article.slug,
        "locale": article.locale,
        "category": article.category,
        "audience": article.audience,
        "status": article.status,
        "head_revision": article.head_revision,
        "published_revision": article.published_revision,
        "row_version": article.row_version,
    })
}

/// The audit entry of a write.
pub(crate) fn audit_entry(
    ctx: &Context,
    operation: Operation,
    before: Option<&Article>,
    after: &Article,
    changed: &[String],
    message: &str,
) -> AuditEntry {
    let mut after_value = audit_value(after);
    after_value["changed"] = json!(changed);
    audit::entry(
        ctx,
        audit::Entry {
            portal: after.portal,
            operation,
            subject: Subject::Article(after.id),
            revision: Some(after.head_revision),
            before: before.map(audit_value),
            after: Some(after_value),
            message,
            at: after.updated_at,
        },
    )
}

/// Appends the audit entry of a write in its transaction.
pub(crate) async fn record(
    ctx: &Context,
    tx: &mut Tx,
    operation: Operation,
    before: Option<&Article>,
    after: &Article,
    changed: &[String],
    message: &str,
) -> Result<()> {
    cairn_store::audit::append(
        tx,
        &audit_entry(ctx, operation, before, after, changed, message),
    )
    .await?;
    Ok(())
}

/// The event of a write.
pub(crate) fn event(
    ctx: &Context,
    operation: Operation,
    article: &Article,
    at: Timestamp,
) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: operation
            .row()
            .event
            .unwrap_or(operation.row().name)
            .to_owned(),
        subject: Subject::Article(article.id),
        revision: Some(article.head_revision),
        at,
    }
}
