//! Update an article against the revision it was read at.

use std::sync::Arc;

use cairn_domain::article::{Applied, Article, ArticleEdit, BodyChange, Edit, Expected, Status};
use cairn_domain::category::Category;
use cairn_domain::field_error::FieldError;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::scope::Scope;
use cairn_markdown::Rendered;
use cairn_store::Tx;
use cairn_store::articles::{Saved, Which};
use serde::Serialize;

use crate::articles::create::{locales, slug_taken};
use crate::articles::get::{locate, not_found, not_purged};
use crate::articles::reference::ArticleRef;
use crate::articles::translations::{self, Asked};
use crate::articles::view::{ArticleView, view};
use crate::articles::write::{self, ArticleOutcome};
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, authorize, links};

/// A change, as the caller wrote it; what is `None` stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UpdateArticle {
    /// The state the change was made against; absent is `precondition_required`.
    pub expected: Option<Expected>,
    /// Title.
    pub title: Option<String>,
    /// Whole body; not together with `edits`.
    pub body: Option<String>,
    /// Passages of the body to replace.
    pub edits: Option<Vec<Edit>>,
    /// Summary for lists; empty text takes it away.
    pub excerpt: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Author; `Some(None)` takes it away.
    pub author: Option<Option<String>>,
    /// Category id, slug or name; `Some(None)` takes it out of the tree.
    pub category: Option<Option<String>>,
    /// Slug.
    pub slug: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Status; `published` publishes the head.
    pub status: Option<String>,
    /// Audience.
    pub audience: Option<String>,
    /// Id or `portal~number` of the article this one translates; `Some(None)`: of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation_of: Option<Option<String>>,
    /// The translation is up to date with this revision of that article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translated_revision: Option<i32>,
    /// Why, for the revision list.
    pub message: Option<String>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
    /// Check everything, show what would come of it, write nothing.
    pub dry_run: bool,
}

/// What an update came to.
#[derive(Debug, Clone)]
pub struct Updated {
    /// The article after the change, with its head text.
    pub view: ArticleView,
    /// Names of the fields that changed; empty when everything was so already.
    pub changed: Vec<String>,
}

/// Updates an article.
///
/// # Errors
/// `precondition_required`, `revision_conflict` (with the current revision), `invalid_fields`,
/// `edit_failed`, `not_found`, `missing_scope`, `slug_taken`, `content_limit`, the idempotency ones.
pub async fn update(
    ctx: &Context,
    reference: &ArticleRef,
    command: UpdateArticle,
) -> Result<Updated> {
    authorize::operation(ctx, Operation::UpdateArticle)?;
    let (portal, current) = current(ctx, reference).await?;
    let expected = command
        .expected
        .ok_or_else(|| precondition_required(&current))?;
    let idempotency_key = command.idempotency_key.clone();
    let idempotent = Idempotent::new(
        idempotency_key.as_deref(),
        portal.id,
        Operation::UpdateArticle,
        &(current.id, &command),
    )?;
    let tree = ctx.app.tree(portal.id).await?;
    let dry_run = command.dry_run;
    let (translation_of, revision) = (command.translation_of.clone(), command.translated_revision);
    let edit = parse(command, &portal, &tree)?;
    let of = match translation_of {
        Some(Some(text)) => {
            let reference = ArticleRef::parse_or_url("translation_of", &text)
                .map_err(|fault| Error::invalid_fields(vec![fault]))?;
            Some(Some(translations::source(ctx, &portal, &reference).await?))
        }
        Some(None) => Some(None),
        None => None,
    };
    let change = Change {
        operation: Operation::UpdateArticle,
        edit,
        translation: Asked { of, revision },
        expected,
        dry_run,
        copies: None,
    };
    write(ctx, portal, &current, change, &idempotent).await
}

/// The article as it stands, found by any of its names.
pub(crate) async fn current(
    ctx: &Context,
    reference: &ArticleRef,
) -> Result<(Arc<Portal>, Article)> {
    let (portal, key) = locate(ctx, reference, None).await?;
    let state = cairn_store::articles::get(&ctx.app.store, portal.id, &key, Which::Head).await?;
    let article = state.ok_or_else(not_found)?.article;
    not_purged(&article)?;
    Ok((portal, article))
}

pub(crate) fn precondition_required(current: &Article) -> Error {
    Error {
        current: Some((current.head_revision, current.row_version)),
        ..Error::new(
            ErrorCode::PreconditionRequired,
            "an article is changed against the revision it was read at; send its ETag as If-Match, or expected_revision",
        )
    }
}

/// A change that is ready to be made.
pub(crate) struct Change {
    pub(crate) operation: Operation,
    pub(crate) edit: ArticleEdit,
    pub(crate) translation: Asked,
    pub(crate) expected: Expected,
    pub(crate) dry_run: bool,
    /// The old revision whose text is brought back.
    pub(crate) copies: Option<i32>,
}

/// The one way an article changes: see the timeline in the architecture's "One write, both doors".
pub(crate) async fn write(
    ctx: &Context,
    portal: Arc<Portal>,
    current: &Article,
    change: Change,
    idempotent: &Idempotent<'_>,
) -> Result<Updated> {
    let Change {
        operation,
        mut edit,
        translation,
        expected,
        dry_run,
        copies,
    } = change;
    let base_revision = expected.revision();
    let base =
        cairn_store::revisions::get(&ctx.app.store, portal.id, current.id, base_revision).await?;
    let Some(base) = base.map(|r| r.staged) else {
        return Err(Error::stale(
            base_revision,
            current.head_revision,
            current.row_version,
        ));
    };
    let staged = edit
        .staged_on(&base)
        .map_err(|errors| edit_failed(errors.finish().err().unwrap_or_default()))?;
    // The title stands above the body, which does not repeat it.
    let shows_new_text = staged.body != base.body
        || staged.title != base.title
        || edit.status == Some(Status::Published);
    let rendered = if shows_new_text {
        Some(write::render(&staged).await?)
    } else {
        None
    };
    let now = ctx.app.now();

    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<ArticleOutcome>(ctx, &mut tx).await? {
        drop(tx);
        return outcome.replay(ctx, portal).await;
    }
    let group = translations::lock(&mut tx, current, translation, &edit).await?;
    let Some(locked) = cairn_store::articles::lock(&mut tx, portal.id, current.id).await? else {
        return Err(not_found());
    };
    not_purged(&locked)?;
    if let Some(number) = copies
        && cairn_store::purges::is_blank(&mut tx, portal.id, locked.id, number).await?
    {
        // Erased between the look at it and now.
        return Err(Error::purged(format!("revision {number}")));
    }
    if let Some(group) = &group
        && base_revision == locked.head_revision
    {
        edit.translation =
            translations::decide(ctx, &mut tx, &locked, group, translation, &edit, now).await?;
    }
    may_change(ctx, &locked, &edit)?;
    // When the expectation holds, the base is the head; when it does not, nothing else matters.
    let (article, new_revision, changed) = match locked.apply(&edit, &base, &staged, expected, now)
    {
        Applied::StaleRevision => {
            return Err(Error::stale(
                base_revision,
                locked.head_revision,
                locked.row_version,
            ));
        }
        Applied::Unchanged => {
            if !dry_run {
                idempotent
                    .finish(
                        ctx,
                        &mut tx,
                        &ArticleOutcome {
                            article: locked.clone(),
                            changed: Vec::new(),
                        },
                    )
                    .await?;
                tx.commit().await?;
            }
            let view = view(ctx, portal, locked.clone(), base, locked.head_revision).await?;
            return Ok(Updated {
                view,
                changed: Vec::new(),
            });
        }
        Applied::Changed {
            article,
            new_revision,
            changed,
        } => (*article, new_revision, changed),
    };
    let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
    if !dry_run {
        let saving = Saving {
            before: &locked,
            article: &article,
            staged: &staged,
            rendered: rendered.as_ref(),
        };
        save(ctx, &mut tx, &saving, new_revision, &edit.message).await?;
        write::record(
            ctx,
            &mut tx,
            operation,
            Some(&locked),
            &article,
            &changed,
            &edit.message,
        )
        .await?;
        idempotent
            .finish(
                ctx,
                &mut tx,
                &ArticleOutcome {
                    article: article.clone(),
                    changed: changed.clone(),
                },
            )
            .await?;
        cairn_store::outbox::append(
            &mut tx,
            portal.id,
            &[write::event(ctx, operation, &article, now)],
        )
        .await?;
        tx.commit().await?;
        ctx.app.wake.notify_one();
    }
    let head = article.head_revision;
    let mut view = view(ctx, portal, article, staged, head).await?;
    view.warnings = rendered.map(write::warnings).unwrap_or_default();
    Ok(Updated { view, changed })
}

/// Refuses to touch what readers see without `articles:publish`.
pub(crate) fn may_change(ctx: &Context, article: &Article, edit: &ArticleEdit) -> Result<()> {
    if edit.touches_live()
        && (article.status == Status::Published || edit.status == Some(Status::Published))
    {
        authorize::scope(ctx, Scope::ArticlesPublish)?;
    }
    Ok(())
}

/// Whether a change moves an article to another address, and whether the old one is worth
/// remembering: one that was never public needs no memory.
pub(crate) fn moves(before: &Article, after: &Article) -> Option<bool> {
    let has_moved = (&after.slug, &after.locale) != (&before.slug, &before.locale);
    has_moved.then_some(before.published_at.is_some())
}

/// What is about to be saved.
pub(crate) struct Saving<'a> {
    pub(crate) before: &'a Article,
    pub(crate) article: &'a Article,
    pub(crate) staged: &'a Staged,
    pub(crate) rendered: Option<&'a Rendered>,
}

/// Row, revision, rendering and remembered slug of a change.
pub(crate) async fn save(
    ctx: &Context,
    tx: &mut Tx,
    saving: &Saving<'_>,
    new_revision: bool,
    message: &str,
) -> Result<()> {
    let Saving {
        before,
        article,
        staged,
        rendered,
    } = *saving;
    if new_revision {
        cairn_store::revisions::append(tx, &write::revision(ctx, article, staged.clone(), message))
            .await?;
    }
    match cairn_store::articles::save(tx, article, before.row_version).await? {
        Saved::Yes => {}
        Saved::SlugTaken => return Err(slug_taken(&article.slug)),
    }
    if article.published_revision != before.published_revision
        && let Some(rendered) = rendered
        && let Some(rendering) = write::rendering(article, rendered)?
    {
        cairn_store::renderings::put(tx, &rendering).await?;
    }
    links::note(ctx, tx, before, article, rendered).await?;
    if let Some(was_public) = moves(before, article) {
        if was_public {
            cairn_store::slug_history::keep(
                tx,
                before.portal,
                &before.locale,
                before.slug.as_str(),
                before.id,
                article.updated_at,
            )
            .await?;
        }
        cairn_store::slug_history::release(
            tx,
            article.portal,
            &article.locale,
            article.slug.as_str(),
        )
        .await?;
    }
    Ok(())
}

fn edit_failed(fields: Vec<FieldError>) -> Error {
    let is_rule = fields
        .iter()
        .any(|f| f.code == "too_long" || f.code == "nul_character");
    let error = Error::invalid_fields(fields);
    if is_rule {
        error
    } else {
        Error {
            code: ErrorCode::EditFailed,
            ..error
        }
    }
}

/// Reads a change into the domain's types, naming every fault at once.
pub(crate) fn parse(
    command: UpdateArticle,
    portal: &Portal,
    tree: &[Category],
) -> Result<ArticleEdit> {
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    if command.body.is_some() && command.edits.is_some() {
        input.errors.add(
            "edits",
            "conflicts_with_body",
            "body and edits exclude each other; send the whole body or edits to it",
        );
    }
    let locale = input.locale(command.locale.as_deref());
    if let Some(locale) = &locale
        && !portal.locales.contains(locale)
    {
        input.errors.add(
            "locale",
            "unknown_locale",
            format!(
                "locale {locale} is not one of the portal's: {}; add it to the portal first",
                locales(portal)
            ),
        );
    }
    let edit = ArticleEdit {
        title: command.title,
        body: command
            .body
            .map(BodyChange::Whole)
            .or(command.edits.map(BodyChange::Edits)),
        excerpt: command.excerpt,
        tags: command.tags,
        author: command.author,
        front_matter: None,
        slug: input.slug(command.slug.as_deref()),
        category: match &command.category {
            None => None,
            Some(None) => Some(None),
            Some(Some(named)) => Some(input.category("category", Some(named), tree)),
        },
        audience: input.audience(command.audience.as_deref()),
        status: input.status(command.status.as_deref()),
        locale,
        translation: None,
        message: command.message.unwrap_or_default(),
    };
    edit.validate(&mut input.errors);
    input.finish()?;
    Ok(edit)
}
