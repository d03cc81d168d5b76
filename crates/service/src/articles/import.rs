//! Import a batch of articles by their source ids, in one transaction.
//!
//! The batch carries an idempotency key: a client that lost the answer sends the same batch again
//! and gets the outcome of the first time. A bad article is reported and stops nothing.

use std::collections::{HashMap, HashSet};

use cairn_domain::article::{
    Applied, Article, ArticleEdit, Audience, BodyChange, Expected, NewArticle, Status,
};
use cairn_domain::category::Category;
use cairn_domain::event::Subject;
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::ids::{ArticleId, CategoryId, EventId, PortalId, TranslationGroupId};
use cairn_domain::limits::{
    CATEGORIES_MAX, CATEGORY_DEPTH_MAX, IMPORT_BATCH_ARTICLES_MAX, NAME_CHARS_MAX,
};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::revision::{Revision, Staged};
use cairn_domain::scope::Scope;
use cairn_domain::slug::Slug;
use cairn_domain::text::check_required_text;
use cairn_markdown::{RenderOptions, Rendered};
use cairn_store::Tx;
use cairn_store::articles::ArticleState;
use cairn_store::audit::AuditEntry;
use cairn_store::outbox::NewEvent;
use cairn_store::renderings::Rendering;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::articles::create::{candidates, locales};
use crate::articles::write;
use crate::authorize::Purpose;
use crate::categories::free_slug;
use crate::idempotency::Idempotent;
use crate::indexing::follow::blocking;
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, audit, authorize};

/// One article to import, as the file says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportItem {
    /// Its id in the system it came from; unique in portal and locale.
    pub source_id: String,
    /// Title.
    pub title: String,
    /// Markdown, kept to the byte.
    pub body: String,
    /// Summary for lists.
    #[serde(default)]
    pub excerpt: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Author's name.
    #[serde(default)]
    pub author: Option<String>,
    /// Names of the categories from the top down; missing ones are created.
    #[serde(default)]
    pub category_path: Vec<String>,
    /// Locale.
    pub locale: String,
    /// `published`, `draft` or `archived`.
    pub status: String,
    /// Front matter that means nothing to Cairn, as a JSON object in text.
    #[serde(default)]
    pub front_matter: Option<String>,
}

/// Up to [`cairn_domain::limits::IMPORT_BATCH_ARTICLES_MAX`] articles.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportBatch {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// The articles.
    pub items: Vec<ImportItem>,
    /// Required: the batch may have to be sent again.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What became of one article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum ImportResult {
    /// It is new.
    Created {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
    },
    /// It was there and changed.
    Updated {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
    },
    /// It was there, the same.
    Unchanged {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
    },
    /// It breaks a rule; nothing was written for it.
    Failed {
        /// Which rule, as a sentence.
        reason: String,
    },
}

/// What became of the batch, item by item, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOutcome {
    /// One entry for each item.
    pub results: Vec<ImportResult>,
}

/// Imports a batch.
///
/// # Errors
/// `invalid_fields`, `too_large`, `missing_scope` (`articles:publish` for published ones,
/// `categories:write` for new categories), the idempotency ones.
pub async fn import(ctx: &Context, batch: ImportBatch) -> Result<ImportOutcome> {
    authorize::operation(ctx, Operation::ImportArticles)?;
    let portal = authorize::portal(ctx, batch.portal.as_deref(), Purpose::Write)?;
    let mut input = Input::default();
    input.idempotency_key(batch.idempotency_key.as_deref());
    if batch.idempotency_key.is_none() {
        input.errors.add("idempotency_key", "required", "an import batch needs an Idempotency-Key, so that it can be sent again when the answer is lost");
    }
    if batch.items.is_empty() || batch.items.len() > IMPORT_BATCH_ARTICLES_MAX {
        input.errors.add(
            "items",
            "invalid_count",
            format!(
                "items needs 1 to {IMPORT_BATCH_ARTICLES_MAX} entries, got {}",
                batch.items.len()
            ),
        );
    }
    input.finish()?;
    if batch
        .items
        .iter()
        .any(|i| i.status != Status::Draft.as_str())
    {
        authorize::scope(ctx, Scope::ArticlesPublish)?;
    }
    let idempotent = Idempotent::new(
        batch.idempotency_key.as_deref(),
        portal.id,
        Operation::ImportArticles,
        &batch,
    )?;
    let prepared = prepare(batch.items, &portal).await?;
    let wanted = prepared.iter().filter(|p| p.is_ok()).count();
    let mut numbers = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        numbers.push(ctx.app.article_number(portal.id).await?);
    }

    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    let mut work = Work {
        ctx,
        portal: portal.id,
        now: ctx.app.now(),
        numbers: numbers.into_iter(),
        plan: Plan::default(),
    };
    let results = work.decide(&mut tx, prepared).await?;
    work.save(&mut tx).await?;
    let outcome = ImportOutcome { results };
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if !work.plan.events.is_empty() {
        cairn_store::outbox::append(&mut tx, portal.id, &work.plan.events).await?;
    }
    tx.commit().await?;
    if work.plan.new_categories {
        ctx.app.forget_tree(portal.id);
    }
    ctx.app.wake.notify_one();
    Ok(outcome)
}

/// An item that can be written, rendered before the transaction opens.
struct Prepared {
    new: NewArticle,
    category_path: Vec<String>,
    rendered: Rendered,
}

/// Checks and renders every item off the async threads; a bad one becomes its reason.
async fn prepare(items: Vec<ImportItem>, portal: &Portal) -> Result<Vec<Result<Prepared, String>>> {
    let known: Vec<Locale> = portal.locales.clone();
    let listed = locales(portal);
    blocking(move || {
        let mut seen = HashSet::new();
        items
            .into_iter()
            .map(|item| {
                let prepared = check(item, &known, &listed)?;
                let key = (prepared.new.locale.clone(), prepared.new.source_id.clone());
                if seen.insert(key) { Ok(prepared) } else { Err("source_id: the same id and locale stand twice in this batch; give each article its own".to_owned()) }
            })
            .collect()
    })
    .await
}

fn check(item: ImportItem, known: &[Locale], listed: &str) -> Result<Prepared, String> {
    let mut errors = FieldErrors::new();
    let locale = errors.take(Locale::parse("locale", &item.locale));
    if let Some(locale) = &locale
        && !known.contains(locale)
    {
        errors.add(
            "locale",
            "unknown_locale",
            format!(
                "locale {locale} is not one of the portal's: {listed}; add it to the portal first"
            ),
        );
    }
    let status = Status::parse(&item.status);
    if status.is_none() {
        errors.add(
            "status",
            "invalid_value",
            "status must be one of draft, published, archived",
        );
    }
    if item.category_path.len() > CATEGORY_DEPTH_MAX {
        errors.add(
            "category_path",
            "too_deep",
            format!(
                "the category path has {} levels, at most {CATEGORY_DEPTH_MAX} are allowed",
                item.category_path.len()
            ),
        );
    }
    for name in &item.category_path {
        check_required_text(&mut errors, "category_path", name, NAME_CHARS_MAX);
    }
    let new = NewArticle {
        staged: Staged {
            title: item.title,
            body: item.body,
            excerpt: item.excerpt,
            tags: item.tags,
            author: item.author,
            front_matter: item.front_matter,
        },
        locale: locale.unwrap_or_else(|| known[0].clone()),
        slug: None,
        category: None,
        audience: Audience::Public,
        status: status.unwrap_or(Status::Draft),
        translation_group: None,
        source_id: Some(item.source_id),
        message: "Import".to_owned(),
    };
    new.validate(&mut errors);
    errors.finish().map_err(|faults| reason(&faults))?;
    let rendered = cairn_markdown::render(&new.staged.body, &RenderOptions::default())
        .map_err(|limit| limit.to_string())?;
    Ok(Prepared {
        new,
        category_path: item.category_path,
        rendered,
    })
}

fn reason(faults: &[FieldError]) -> String {
    faults
        .iter()
        .map(|f| f.message.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

/// Rows to be written, collected so that a batch takes few round trips.
#[derive(Default)]
struct Plan {
    inserts: Vec<Article>,
    saves: Vec<(Article, i64)>,
    revisions: Vec<Revision>,
    renderings: Vec<Rendering>,
    audit: Vec<AuditEntry>,
    events: Vec<NewEvent>,
    new_categories: bool,
}

/// One batch inside its transaction.
struct Work<'a> {
    ctx: &'a Context,
    portal: PortalId,
    now: Timestamp,
    numbers: std::vec::IntoIter<i64>,
    plan: Plan,
}

impl Work<'_> {
    /// Decides what becomes of each item. The portal row is locked: imports into one portal take
    /// turns, so slugs and categories are decided without a race.
    async fn decide(
        &mut self,
        tx: &mut Tx,
        items: Vec<Result<Prepared, String>>,
    ) -> Result<Vec<ImportResult>> {
        cairn_store::portals::lock(tx, self.portal).await?;
        let mut tree = cairn_store::categories::list_in(tx, self.portal).await?;
        let sources: Vec<_> = items
            .iter()
            .flatten()
            .filter_map(|p| p.new.source_id.clone().map(|s| (p.new.locale.clone(), s)))
            .collect();
        let mut existing: HashMap<(Locale, String), ArticleState> = HashMap::new();
        for state in cairn_store::articles::lock_by_sources(tx, self.portal, &sources).await? {
            if let Some(source_id) = state.article.source_id.clone() {
                existing.insert((state.article.locale.clone(), source_id), state);
            }
        }
        let mut taken = self.taken_slugs(tx, &items, &existing).await?;
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let result = match item {
                Err(reason) => ImportResult::Failed { reason },
                Ok(item) => match self.place(tx, &item.category_path, &mut tree).await? {
                    Err(reason) => ImportResult::Failed { reason },
                    Ok(category) => {
                        let key = (
                            item.new.locale.clone(),
                            item.new.source_id.clone().unwrap_or_default(),
                        );
                        match existing.remove(&key) {
                            Some(state) => self.update(item, category, state)?,
                            None => self.create(item, category, &mut taken)?,
                        }
                    }
                },
            };
            results.push(result);
        }
        Ok(results)
    }

    /// The slugs that are taken among those new items will ask for.
    async fn taken_slugs(
        &self,
        tx: &mut Tx,
        items: &[Result<Prepared, String>],
        existing: &HashMap<(Locale, String), ArticleState>,
    ) -> Result<HashSet<(Locale, String)>> {
        let mut bases: HashMap<Locale, HashSet<String>> = HashMap::new();
        for item in items.iter().flatten() {
            let key = (
                item.new.locale.clone(),
                item.new.source_id.clone().unwrap_or_default(),
            );
            if !existing.contains_key(&key) {
                bases
                    .entry(key.0)
                    .or_default()
                    .insert(base_slug(&item.new.staged.title).as_str().to_owned());
            }
        }
        let mut taken = HashSet::new();
        for (locale, bases) in bases {
            let bases: Vec<String> = bases.into_iter().collect();
            let found =
                cairn_store::articles::taken_slugs_of(tx, self.portal, &locale, &bases).await?;
            taken.extend(found.into_iter().map(|slug| (locale.clone(), slug)));
        }
        Ok(taken)
    }

    /// The category at the end of a path of names; missing ones are made.
    async fn place(
        &mut self,
        tx: &mut Tx,
        path: &[String],
        tree: &mut Vec<Category>,
    ) -> Result<Result<Option<CategoryId>, String>> {
        let mut parent: Option<CategoryId> = None;
        for name in path {
            let lower = name.to_lowercase();
            if let Some(found) = tree
                .iter()
                .find(|c| c.parent == parent && c.name.to_lowercase() == lower)
            {
                parent = Some(found.id);
                continue;
            }
            authorize::scope(self.ctx, Scope::CategoriesWrite)?;
            if tree.len() >= CATEGORIES_MAX {
                return Ok(Err(format!(
                    "category_path: the portal has {CATEGORIES_MAX} categories, which is the most"
                )));
            }
            let position = tree
                .iter()
                .filter(|c| c.parent == parent)
                .map(|c| c.position)
                .max()
                .unwrap_or(0);
            let category = Category {
                portal: self.portal,
                id: CategoryId::from_uuid(self.ctx.app.ids.uuid(self.now)),
                parent,
                slug: free_slug(name, tree)?,
                name: name.clone(),
                description: String::new(),
                position: position.saturating_add(1),
                row_version: 1,
                created_at: self.now,
                updated_at: self.now,
            };
            if !cairn_store::categories::insert(tx, &category).await? {
                return Err(Error {
                    retry_after_s: Some(1),
                    ..Error::new(
                        ErrorCode::Conflict,
                        "a category was made by somebody else in the same moment; send the batch again with the same key",
                    )
                });
            }
            self.note_category(&category)?;
            parent = Some(category.id);
            tree.push(category);
        }
        Ok(Ok(parent))
    }

    fn note_category(&mut self, category: &Category) -> Result<()> {
        let subject = Subject::Category(category.id);
        self.plan.new_categories = true;
        self.plan.audit.push(audit::entry(
            self.ctx,
            audit::Entry {
                portal: self.portal,
                operation: Operation::CreateCategory,
                subject,
                revision: None,
                before: None,
                after: Some(serde_json::to_value(category).map_err(Error::internal)?),
                message: "Import",
                at: self.now,
            },
        ));
        self.plan.events.push(NewEvent {
            id: EventId::from_uuid(self.ctx.app.ids.uuid(self.now)),
            kind: Operation::CreateCategory
                .row()
                .event
                .unwrap_or_default()
                .to_owned(),
            subject,
            revision: None,
            at: self.now,
        });
        Ok(())
    }

    fn create(
        &mut self,
        item: Prepared,
        category: Option<CategoryId>,
        taken: &mut HashSet<(Locale, String)>,
    ) -> Result<ImportResult> {
        let Prepared { new, rendered, .. } = item;
        let base = base_slug(&new.staged.title);
        let slug = candidates(&base)
            .find(|slug| !taken.contains(&(new.locale.clone(), slug.as_str().to_owned())))
            .ok_or_else(|| {
                Error::new(
                    ErrorCode::SlugTaken,
                    format!("every number of the slug \"{base}\" is taken"),
                )
            })?;
        taken.insert((new.locale.clone(), slug.as_str().to_owned()));
        let id = ArticleId::from_uuid(self.ctx.app.ids.uuid(self.now));
        let is_published = new.status == Status::Published;
        let article = Article {
            portal: self.portal,
            id,
            number: self
                .numbers
                .next()
                .ok_or_else(|| Error::internal("every item was given a number"))?,
            locale: new.locale,
            translation_group: TranslationGroupId::from_uuid(id.as_uuid()),
            slug,
            category,
            audience: new.audience,
            status: new.status,
            head_revision: 1,
            published_revision: is_published.then_some(1),
            row_version: 1,
            source_id: new.source_id,
            created_at: self.now,
            updated_at: self.now,
            published_at: is_published.then_some(self.now),
            translated_from: None,
            purged_at: None,
        };
        let (id, slug) = (article.id.to_string(), article.slug.as_str().to_owned());
        self.plan.revisions.push(write::revision(
            self.ctx,
            &article,
            new.staged,
            &new.message,
        ));
        self.note(None, &article, &[], &rendered)?;
        self.plan.inserts.push(article);
        Ok(ImportResult::Created { id, slug })
    }

    fn update(
        &mut self,
        item: Prepared,
        category: Option<CategoryId>,
        state: ArticleState,
    ) -> Result<ImportResult> {
        let Prepared { new, rendered, .. } = item;
        let edit = ArticleEdit {
            title: Some(new.staged.title.clone()),
            body: Some(BodyChange::Whole(new.staged.body.clone())),
            excerpt: Some(new.staged.excerpt.clone()),
            tags: Some(new.staged.tags.clone()),
            author: Some(new.staged.author.clone()),
            front_matter: Some(new.staged.front_matter.clone()),
            category: Some(category),
            status: Some(new.status),
            message: new.message.clone(),
            ..ArticleEdit::default()
        };
        let before = &state.article;
        let expected = Expected::Revision(before.head_revision);
        let (id, slug) = (before.id.to_string(), before.slug.as_str().to_owned());
        match before.apply(&edit, &state.staged, &new.staged, expected, self.now) {
            Applied::Unchanged => Ok(ImportResult::Unchanged { id, slug }),
            Applied::StaleRevision => Err(Error::internal("a locked row cannot be stale")),
            Applied::Changed {
                article,
                new_revision,
                changed,
            } => {
                let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
                if new_revision {
                    self.plan.revisions.push(write::revision(
                        self.ctx,
                        &article,
                        new.staged,
                        &new.message,
                    ));
                }
                self.note(Some(before), &article, &changed, &rendered)?;
                self.plan.saves.push((*article, before.row_version));
                Ok(ImportResult::Updated { id, slug })
            }
        }
    }

    /// Rendering, audit and event of one article.
    fn note(
        &mut self,
        before: Option<&Article>,
        article: &Article,
        changed: &[String],
        rendered: &Rendered,
    ) -> Result<()> {
        if before.is_none_or(|b| b.published_revision != article.published_revision)
            && let Some(rendering) = write::rendering(article, rendered)?
        {
            self.plan.renderings.push(rendering);
        }
        self.plan.audit.push(write::audit_entry(
            self.ctx,
            Operation::ImportArticles,
            before,
            article,
            changed,
            "Import",
        ));
        self.plan.events.push(write::event(
            self.ctx,
            Operation::ImportArticles,
            article,
            self.now,
        ));
        Ok(())
    }

    /// Writes what was decided.
    async fn save(&mut self, tx: &mut Tx) -> Result<()> {
        let inserted = cairn_store::articles::insert_many(tx, &self.plan.inserts).await?;
        if inserted.len() != self.plan.inserts.len() {
            // A slug or source id was taken by a single create in the same moment: nothing is kept.
            return Err(Error {
                retry_after_s: Some(1),
                ..Error::new(
                    ErrorCode::Conflict,
                    "an article of the batch was made by somebody else in the same moment; send the batch again with the same key",
                )
            });
        }
        cairn_store::revisions::append_many(tx, &self.plan.revisions).await?;
        cairn_store::articles::save_many(tx, &self.plan.saves).await?;
        cairn_store::renderings::put_many(tx, &self.plan.renderings).await?;
        let new: Vec<_> = self
            .plan
            .inserts
            .iter()
            .map(|a| (&a.locale, a.slug.as_str()))
            .collect();
        cairn_store::slug_history::release_many(tx, self.portal, &new).await?;
        cairn_store::audit::append_many(tx, &self.plan.audit).await?;
        Ok(())
    }
}

fn base_slug(title: &str) -> Slug {
    Slug::from_title(title, "article")
}
