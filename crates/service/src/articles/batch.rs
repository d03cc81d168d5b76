//! Change many articles of one portal in one transaction, each against the revision it was read at.
//!
//! Each operation is decided by the rules of a single update and has an outcome of its own; one that
//! fails leaves nothing behind and stops nothing. The whole is one idempotency key, one transaction
//! and one step of the feed.
//!
//! Budget: twelve statements at most, however many operations: begin, claim, lock, tags, addresses,
//! revisions, rows, renderings, old slugs kept and released, audit, outcome, feed. Texts do not
//! travel: new tags are put beside the old text in the database, and a body is read only when
//! publishing has to render it.

use std::collections::{HashMap, HashSet};

use cairn_domain::article::{Applied, Article, ArticleEdit, Expected, Status};
use cairn_domain::field_error::FieldErrors;
use cairn_domain::ids::{ArticleId, TranslationGroupId};
use cairn_domain::limits::{ARTICLE_BATCH_OPERATIONS_MAX, ARTICLE_BATCH_RENDER_BYTES_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::text::check_required_text;
use cairn_markdown::Rendered;
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use cairn_store::outbox::NewEvent;
use cairn_store::renderings::Rendering;
use cairn_store::revisions::{Making, Tagged};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::articles::create::slug_taken;
use crate::articles::get::{not_found, not_purged};
use crate::articles::update::{self, UpdateArticle, precondition_required};
use crate::articles::{translations, write};
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::indexing::follow::blocking;
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, authorize, links};

/// How often a batch is decided anew because somebody took a slug between the look and the write.
const RACES_MAX: usize = 3;
/// Bytes of Markdown that are in memory at once while a batch renders.
const RENDER_AT_ONCE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What is to become of one article; what is `None` stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BatchOperation {
    /// Its UUID.
    pub id: String,
    /// The head revision the change was made against; absent is `precondition_required`.
    pub expected_revision: Option<i32>,
    /// Status; `published` publishes the head.
    pub status: Option<String>,
    /// Category id, slug or name; `Some(None)` takes it out of the tree.
    pub category: Option<Option<String>>,
    /// All tags anew; not together with the two below.
    pub tags: Option<Vec<String>>,
    /// Tags to add behind those it has.
    pub add_tags: Option<Vec<String>>,
    /// Tags to take away; what it does not have is passed over.
    pub remove_tags: Option<Vec<String>>,
    /// Audience.
    pub audience: Option<String>,
    /// Locale; the slug goes along.
    pub locale: Option<String>,
}

/// Up to [`ARTICLE_BATCH_OPERATIONS_MAX`] operations on articles of one portal.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ArticleBatch {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// The operations.
    pub operations: Vec<BatchOperation>,
    /// Required: the batch may have to be sent again.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum BatchResult {
    /// The article changed.
    Updated {
        /// Its id.
        id: ArticleId,
        /// Its head revision now.
        revision: i32,
        /// Its row version now.
        row_version: i64,
    },
    /// Everything was so already.
    Unchanged {
        /// Its id.
        id: ArticleId,
        /// Its head revision.
        revision: i32,
        /// Its row version.
        row_version: i64,
    },
    /// Nothing was written for it.
    Failed {
        /// The id as it was sent.
        id: String,
        /// The error code an update of this article alone would have had.
        code: String,
        /// What happened and the way out.
        reason: String,
        /// For a stale revision: head revision and row version now.
        current: Option<(i32, i64)>,
    },
}

/// What became of the batch, operation by operation, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BatchOutcome {
    /// One entry for each operation.
    pub results: Vec<BatchResult>,
}

/// Changes many articles.
///
/// # Errors
/// `invalid_fields` (no key, too many operations), `missing_scope` (`articles:write`), `not_found`
/// for the portal, the idempotency ones. Everything about one article is in its result.
pub async fn batch(ctx: &Context, command: ArticleBatch) -> Result<BatchOutcome> {
    authorize::operation(ctx, Operation::BatchArticles)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    check_envelope(&command)?;
    let key = command.idempotency_key.clone();
    let idempotent = Idempotent::new(
        key.as_deref(),
        portal.id,
        Operation::BatchArticles,
        &command,
    )?;
    let tree = ctx.app.tree(portal.id).await?;
    let (of, operations) = (std::sync::Arc::clone(&portal), command.operations);
    let wishes = blocking(move || read_all(operations, &of, &tree)).await?;
    let rendered = render(ctx, &portal, &wishes).await?;
    let mut races = 0;
    loop {
        match attempt(ctx, &portal, &wishes, &rendered, &idempotent).await {
            Err(error) if error.code == ErrorCode::SlugTaken && races < RACES_MAX => races += 1,
            outcome => return outcome,
        }
    }
}

fn check_envelope(command: &ArticleBatch) -> Result<()> {
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    if command.idempotency_key.is_none() {
        input.errors.add("idempotency_key", "required", "an article batch needs an Idempotency-Key, so that it can be sent again when the answer is lost");
    }
    let count = command.operations.len();
    if !(1..=ARTICLE_BATCH_OPERATIONS_MAX).contains(&count) {
        input.errors.add(
            "operations",
            "invalid_count",
            format!("operations needs 1 to {ARTICLE_BATCH_OPERATIONS_MAX} entries, got {count}; send several batches"),
        );
    }
    input.finish()
}

/// Why an operation was not done.
#[derive(Debug, Clone)]
struct Refusal {
    code: ErrorCode,
    reason: String,
    current: Option<(i32, i64)>,
}

impl Refusal {
    fn result(self, id: String) -> BatchResult {
        BatchResult::Failed {
            id,
            code: self.code.as_str().to_owned(),
            reason: self.reason,
            current: self.current,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let faults: Vec<_> = error.fields.iter().map(|f| f.message.as_str()).collect();
        Self {
            code: error.code,
            reason: if faults.is_empty() {
                error.message
            } else {
                faults.join("; ")
            },
            current: error.current,
        }
    }
}

/// An operation that was read: what it asks of which article.
struct Wish {
    id: ArticleId,
    expected: Option<i32>,
    edit: ArticleEdit,
    tags: TagChange,
}

/// What becomes of the tags.
#[derive(Default)]
struct TagChange {
    add: Vec<String>,
    remove: HashSet<String>,
}

/// An operation as it was sent, and what it asks.
struct Read {
    id: String,
    wish: Result<Wish, Refusal>,
}

fn read_all(
    operations: Vec<BatchOperation>,
    portal: &Portal,
    tree: &[cairn_domain::category::Category],
) -> Vec<Read> {
    let mut seen = HashSet::new();
    operations
        .into_iter()
        .map(|operation| {
            let id = operation.id.clone();
            let wish = read(operation, portal, tree)
                .and_then(|wish| {
                    if seen.insert(wish.id) {
                        Ok(wish)
                    } else {
                        Err(invalid("id", "repeated", "id stands in this batch already; say everything about an article in one operation"))
                    }
                })
                .map_err(Refusal::from);
            Read { id, wish }
        })
        .collect()
}

fn invalid(field: &str, code: &str, message: &str) -> Error {
    Error::invalid_fields(vec![cairn_domain::field_error::FieldError::new(
        field, code, message,
    )])
}

fn read(
    operation: BatchOperation,
    portal: &Portal,
    tree: &[cairn_domain::category::Category],
) -> Result<Wish> {
    let Ok(id) = operation.id.parse::<ArticleId>() else {
        return Err(invalid(
            "id",
            "invalid_id",
            "id must be the article's UUID for a write; get the article by its number first and use its id",
        ));
    };
    let (add, remove) = (operation.add_tags, operation.remove_tags);
    let mut errors = FieldErrors::new();
    if operation.tags.is_some() && (add.is_some() || remove.is_some()) {
        errors.add(
            "tags",
            "conflicts_with_add_tags",
            "tags says all tags anew and excludes add_tags and remove_tags; send one or the other",
        );
    }
    for (i, tag) in add.iter().flatten().enumerate() {
        let field = format!("add_tags.{i}");
        check_required_text(
            &mut errors,
            &field,
            tag,
            cairn_domain::limits::TAG_CHARS_MAX,
        );
    }
    errors.finish().map_err(Error::invalid_fields)?;
    let command = UpdateArticle {
        tags: operation.tags,
        category: operation.category,
        locale: operation.locale,
        status: operation.status,
        audience: operation.audience,
        ..UpdateArticle::default()
    };
    Ok(Wish {
        id,
        expected: operation.expected_revision,
        edit: update::parse(command, portal, tree)?,
        tags: TagChange {
            add: add.unwrap_or_default(),
            remove: remove.into_iter().flatten().collect(),
        },
    })
}

impl Wish {
    fn touches_tags(&self) -> bool {
        self.edit.tags.is_some() || !self.tags.add.is_empty() || !self.tags.remove.is_empty()
    }

    /// The change with its tags made from those of the head.
    fn edit_on(&self, tags: &[String]) -> ArticleEdit {
        let mut edit = self.edit.clone();
        if edit.tags.is_none() && self.touches_tags() {
            let kept = tags.iter().filter(|t| !self.tags.remove.contains(*t));
            let mut next: Vec<String> = kept.cloned().collect();
            for tag in &self.tags.add {
                if !next.contains(tag) {
                    next.push(tag.clone());
                }
            }
            edit.tags = Some(next);
        }
        edit
    }
}

/// The bodies that the batch publishes, rendered before the transaction opens: it shows whether they
/// can be shown at all. What this renderer has rendered already is left alone.
async fn render(
    ctx: &Context,
    portal: &Portal,
    reads: &[Read],
) -> Result<HashMap<ArticleId, Result<Rendered, Refusal>>> {
    let publishing: HashMap<ArticleId, (i32, bool)> = reads
        .iter()
        .flat_map(|r| &r.wish)
        .filter(|w| w.edit.status == Some(Status::Published))
        .filter_map(|w| Some((w.id, (w.expected?, w.touches_tags()))))
        .collect();
    let mut done = HashMap::new();
    if publishing.is_empty() {
        return Ok(done);
    }
    // New tags make a new revision, which has no rendering yet.
    let asked: Vec<_> = publishing
        .iter()
        .map(|(id, (revision, anew))| (*id, *revision, *anew))
        .collect();
    let sizes = cairn_store::revisions::unrendered(
        &ctx.app.store,
        portal.id,
        &asked,
        write::stored_version(),
    )
    .await?;
    let (mut chunk, mut chunk_bytes, mut total) = (Vec::new(), 0, 0);
    for (id, bytes) in sizes {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        total += bytes;
        if total > ARTICLE_BATCH_RENDER_BYTES_MAX {
            total -= bytes;
            let error = Error::new(
                ErrorCode::TooLarge,
                format!(
                    "the articles that this batch publishes have more than {ARTICLE_BATCH_RENDER_BYTES_MAX} bytes of Markdown together; publish this one in another batch"
                ),
            );
            done.insert(id, Err(error.into()));
            continue;
        }
        if chunk_bytes + bytes > RENDER_AT_ONCE_BYTES_MAX && !chunk.is_empty() {
            render_chunk(ctx, portal, std::mem::take(&mut chunk), &mut done).await?;
            chunk_bytes = 0;
        }
        chunk_bytes += bytes;
        chunk.push((id, publishing[&id].0));
    }
    render_chunk(ctx, portal, chunk, &mut done).await?;
    Ok(done)
}

async fn render_chunk(
    ctx: &Context,
    portal: &Portal,
    chunk: Vec<(ArticleId, i32)>,
    done: &mut HashMap<ArticleId, Result<Rendered, Refusal>>,
) -> Result<()> {
    if chunk.is_empty() {
        return Ok(());
    }
    let texts = cairn_store::revisions::bodies(&ctx.app.store, portal.id, &chunk).await?;
    done.extend(
        blocking(move || {
            let render = |title: &str, body: &str| {
                cairn_markdown::render(body, &write::render_options(title))
            };
            texts
                .into_iter()
                .map(|(id, title, body)| {
                    let rendered = render(&title, &body).map_err(|e| Error::from(e).into());
                    (id, rendered)
                })
                .collect::<Vec<_>>()
        })
        .await?,
    );
    Ok(())
}

/// Decides and writes the batch once.
async fn attempt(
    ctx: &Context,
    portal: &Portal,
    reads: &[Read],
    rendered: &HashMap<ArticleId, Result<Rendered, Refusal>>,
    idempotent: &Idempotent<'_>,
) -> Result<BatchOutcome> {
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    let mut work = Work::look(ctx, &mut tx, portal, reads, rendered).await?;
    let mut results = Vec::with_capacity(reads.len());
    for read in reads {
        let done = match &read.wish {
            Ok(wish) => work.decide(wish)?,
            Err(refusal) => Err(refusal.clone()),
        };
        results.push(done.unwrap_or_else(|refusal| refusal.result(read.id.clone())));
    }
    let plan = work.plan;
    plan.save(ctx, &mut tx, portal).await?;
    let outcome = BatchOutcome { results };
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if !plan.events.is_empty() {
        cairn_store::outbox::append(&mut tx, portal.id, &plan.events).await?;
    }
    tx.commit().await?;
    ctx.app.wake.notify_one();
    Ok(outcome)
}

/// A batch inside its transaction: what stands there, and what is to be written.
struct Work<'a> {
    ctx: &'a Context,
    rendered: &'a HashMap<ArticleId, Result<Rendered, Refusal>>,
    articles: HashMap<ArticleId, Article>,
    tags: HashMap<ArticleId, Vec<String>>,
    /// *Invariant:* an address that an operation leaves stays taken until the batch has ended, so
    /// that the one statement that saves all rows cannot meet it.
    taken: HashSet<(Locale, String)>,
    /// Which article stands for a locale in a group of translations; of moving articles all of the group.
    placed: HashMap<Place, ArticleId>,
    plan: Plan,
}

/// A locale in a group of translations.
type Place = (TranslationGroupId, Locale);

/// The place that an article takes; one that is put away takes none.
fn place(article: &Article) -> Option<Place> {
    let is_there = article.status != Status::Archived;
    is_there.then(|| (article.translation_group, article.locale.clone()))
}

/// Rows to be written.
#[derive(Default)]
struct Plan {
    now: Timestamp,
    saves: Vec<(Article, i64)>,
    tagged: Vec<Tagged>,
    renderings: Vec<Rendering>,
    left: Vec<(Locale, String, ArticleId)>,
    came: Vec<(Locale, String)>,
    audit: Vec<AuditEntry>,
    events: Vec<NewEvent>,
}

impl<'a> Work<'a> {
    /// Locks the articles and looks at what the decisions need.
    async fn look(
        ctx: &'a Context,
        tx: &mut Tx,
        portal: &Portal,
        reads: &[Read],
        rendered: &'a HashMap<ArticleId, Result<Rendered, Refusal>>,
    ) -> Result<Self> {
        let wishes: Vec<&Wish> = reads.iter().flat_map(|r| &r.wish).collect();
        let ids: Vec<ArticleId> = wishes.iter().map(|w| w.id).collect();
        let movers: Vec<ArticleId> = wishes
            .iter()
            .filter(|w| w.edit.locale.is_some())
            .map(|w| w.id)
            .collect();
        let articles: HashMap<ArticleId, Article> =
            cairn_store::articles::lock_many(tx, portal.id, &ids, &movers)
                .await?
                .into_iter()
                .map(|article| (article.id, article))
                .collect();
        let (mut tagging, mut moving) = (Vec::new(), Vec::new());
        for wish in wishes {
            let Some(article) = articles.get(&wish.id) else {
                continue;
            };
            if wish.touches_tags() {
                tagging.push((article.id, article.head_revision));
            }
            if let Some(locale) = &wish.edit.locale {
                moving.push((locale, article.slug.as_str()));
            }
        }
        let tags = cairn_store::revisions::tags_many(tx, portal.id, &tagging).await?;
        let taken = cairn_store::articles::taken_addresses(tx, portal.id, &moving).await?;
        let placed = articles.values().filter_map(|a| Some((place(a)?, a.id)));
        Ok(Self {
            ctx,
            rendered,
            placed: placed.collect(),
            articles,
            tags: tags.into_iter().collect(),
            taken: taken.into_iter().collect(),
            plan: Plan {
                now: ctx.app.now(),
                ..Plan::default()
            },
        })
    }

    /// Decides one operation by the rules of a single update, and notes what is to be written.
    fn decide(&mut self, wish: &Wish) -> Result<Result<BatchResult, Refusal>> {
        let Some(before) = self.articles.get(&wish.id) else {
            return Ok(Err(not_found().into()));
        };
        let tags = self.tags.remove(&wish.id).unwrap_or_default();
        let edit = wish.edit_on(&tags);
        let staged = only_tags(edit.tags.clone().unwrap_or_else(|| tags.clone()));
        match self.apply(before, wish, &edit, &only_tags(tags), &staged) {
            Err(error) => Ok(Err(error.into())),
            Ok(None) => Ok(Ok(BatchResult::Unchanged {
                id: before.id,
                revision: before.head_revision,
                row_version: before.row_version,
            })),
            Ok(Some(change)) => {
                if let Some(Err(refusal)) = self.rendered.get(&wish.id)
                    && change.article.published_revision != before.published_revision
                {
                    return Ok(Err(refusal.clone()));
                }
                let result = BatchResult::Updated {
                    id: change.article.id,
                    revision: change.article.head_revision,
                    row_version: change.article.row_version,
                };
                let before = before.clone();
                self.note(&before, change, staged.tags)?;
                Ok(Ok(result))
            }
        }
    }

    fn apply(
        &self,
        before: &Article,
        wish: &Wish,
        edit: &ArticleEdit,
        head: &Staged,
        staged: &Staged,
    ) -> Result<Option<Change>> {
        not_purged(before)?;
        let expected = wish.expected.ok_or_else(|| precondition_required(before))?;
        update::may_change(self.ctx, before, edit)?;
        let mut errors = FieldErrors::new();
        edit.validate(&mut errors);
        errors.finish().map_err(Error::invalid_fields)?;
        let against = Expected::Revision(expected);
        match before.apply(edit, head, staged, against, self.plan.now) {
            Applied::StaleRevision => Err(Error::stale(
                expected,
                before.head_revision,
                before.row_version,
            )),
            Applied::Unchanged => Ok(None),
            Applied::Changed {
                article,
                new_revision,
                changed,
            } => {
                let address = (article.locale.clone(), article.slug.as_str().to_owned());
                if update::moves(before, &article).is_some() && self.taken.contains(&address) {
                    return Err(slug_taken(&article.slug));
                }
                if edit.locale.is_some()
                    && let Some(other) = place(&article).and_then(|p| self.placed.get(&p))
                    && *other != article.id
                {
                    return Err(translations::exists("locale", &article.locale, *other));
                }
                Ok(Some(Change {
                    article: *article,
                    new_revision,
                    changed: changed.into_iter().map(str::to_owned).collect(),
                }))
            }
        }
    }

    fn note(&mut self, before: &Article, change: Change, tags: Vec<String>) -> Result<()> {
        let Change {
            article,
            new_revision,
            changed,
        } = change;
        if new_revision {
            self.plan.tagged.push(Tagged {
                article: article.id,
                base: before.head_revision,
                tags,
            });
        }
        if article.published_revision != before.published_revision
            && let Some(Ok(rendered)) = self.rendered.get(&article.id)
            && let Some(rendering) = write::rendering(&article, rendered)?
        {
            self.plan.renderings.push(rendering);
        }
        if let Some(left) = place(before)
            && self.placed.get(&left) == Some(&before.id)
        {
            self.placed.remove(&left);
        }
        if let Some(came) = place(&article) {
            self.placed.insert(came, article.id);
        }
        if let Some(was_public) = update::moves(before, &article) {
            if was_public {
                let left = before.slug.as_str().to_owned();
                self.plan
                    .left
                    .push((before.locale.clone(), left, before.id));
            }
            let came = (article.locale.clone(), article.slug.as_str().to_owned());
            self.taken.insert(came.clone());
            self.plan.came.push(came);
        }
        self.plan.audit.push(write::audit_entry(
            self.ctx,
            Operation::BatchArticles,
            Some(before),
            &article,
            &changed,
            "",
        ));
        self.plan.events.push(write::event(
            self.ctx,
            Operation::BatchArticles,
            &article,
            self.plan.now,
        ));
        self.plan.saves.push((article, before.row_version));
        Ok(())
    }
}

/// One article after its operation.
struct Change {
    article: Article,
    new_revision: bool,
    changed: Vec<String>,
}

impl Plan {
    async fn save(&self, ctx: &Context, tx: &mut Tx, portal: &Portal) -> Result<()> {
        let making = Making {
            actor: &ctx.caller.actor,
            key: ctx.caller.key,
            message: "",
            at: self.now,
        };
        cairn_store::revisions::append_tagged(tx, portal.id, &self.tagged, making).await?;
        cairn_store::articles::save_many(tx, &self.saves).await?;
        cairn_store::renderings::put_many(tx, &self.renderings).await?;
        let carried: Vec<_> = self
            .tagged
            .iter()
            .map(|tagged| (tagged.article, tagged.base, tagged.base + 1))
            .collect();
        let saved: Vec<_> = self.saves.iter().map(|(article, _)| article.id).collect();
        links::carry_many(tx, portal.id, &carried, &saved).await?;
        let left: Vec<_> = self
            .left
            .iter()
            .map(|(locale, slug, article)| (locale, slug.as_str(), *article))
            .collect();
        cairn_store::slug_history::keep_many(tx, portal.id, &left, self.now).await?;
        if !self.came.is_empty() {
            let came: Vec<_> = self.came.iter().map(|(l, s)| (l, s.as_str())).collect();
            cairn_store::slug_history::release_many(tx, portal.id, &came).await?;
        }
        cairn_store::audit::append_many(tx, &self.audit).await?;
        Ok(())
    }
}

/// A text of which only the tags are looked at.
fn only_tags(tags: Vec<String>) -> Staged {
    Staged {
        title: String::new(),
        body: String::new(),
        excerpt: String::new(),
        tags,
        author: None,
        front_matter: None,
    }
}
