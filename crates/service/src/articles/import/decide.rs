//! Decides what becomes of each item of a batch, inside its transaction.

use std::collections::HashMap;

use cairn_domain::article::{
    Applied, Article, ArticleEdit, BodyChange, Expected, NewArticle, Status,
};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::imported_files::{ImportedFile, Remembered};
use jiff::Timestamp;

use crate::articles::import::categories::find;
use crate::articles::import::item::ImportResult;
use crate::articles::import::memory::{Standing, Wanted, conflict, standing};
use crate::articles::import::plan::{FileSays, Plan, Write, met_somebody};
use crate::articles::import::prepare::Prepared;
use crate::articles::import::slugs::{Slugs, is_numbered};
use crate::articles::import::translations::Groups;
use crate::articles::update::may_change;
use crate::{Context, Error, Result, purges};

/// One batch inside its transaction.
pub(super) struct Work<'a> {
    pub(super) ctx: &'a Context,
    pub(super) portal: PortalId,
    pub(super) source: String,
    pub(super) overwrite: bool,
    pub(super) now: Timestamp,
    pub(super) numbers: std::vec::IntoIter<i64>,
    pub(super) plan: Plan,
}

/// An item that has to be looked at: it is new, or its file is not as remembered.
struct Open {
    slot: usize,
    item: Prepared,
    /// The article it is.
    article: Option<ArticleId>,
    /// What is remembered of it.
    file: Option<ImportedFile>,
    /// Whether the file only lies elsewhere.
    has_moved: bool,
}

/// What the open items of a batch meet in the database.
struct Met {
    locked: HashMap<ArticleId, Article>,
    heads: HashMap<ArticleId, Staged>,
    slugs: Slugs,
    groups: Groups,
}

impl Work<'_> {
    /// Decides what becomes of each item. The portal row is locked: imports into one portal take
    /// turns, so slugs, categories and translations are decided without a race.
    pub(super) async fn decide(
        &mut self,
        tx: &mut Tx,
        portal: &Portal,
        items: Vec<Result<Prepared, String>>,
    ) -> Result<Vec<ImportResult>> {
        cairn_store::portals::lock(tx, self.portal).await?;
        let mut results: Vec<Option<ImportResult>> = Vec::with_capacity(items.len());
        let open = self.sort(tx, items, &mut results).await?;
        if !open.is_empty() {
            let mut tree = cairn_store::categories::list_in(tx, self.portal).await?;
            let mut met = self.meet(tx, &open).await?;
            for open in open {
                let slot = open.slot;
                if let Err(result) = self.one(tx, open, &mut tree, &mut met).await? {
                    results[slot] = Some(result);
                }
            }
            self.join(&met.groups, &met.locked, portal.default_locale())?;
        }
        for (slot, result) in self.plan.results() {
            results[slot] = Some(result);
        }
        let decided: Option<Vec<_>> = results.into_iter().collect();
        decided.ok_or_else(|| Error::internal("an item of the batch was not decided"))
    }

    /// Answers for the items that need no look at their articles; the others are open.
    async fn sort(
        &self,
        tx: &mut Tx,
        items: Vec<Result<Prepared, String>>,
        results: &mut Vec<Option<ImportResult>>,
    ) -> Result<Vec<Open>> {
        let names: Vec<_> = items.iter().flatten().map(Prepared::name).collect();
        let mut known: HashMap<(Locale, String), Remembered> =
            cairn_store::imported_files::find_in(tx, self.portal, &names)
                .await?
                .into_iter()
                .map(|r| ((r.locale.clone(), r.source_id.clone()), r))
                .collect();
        let erased = purges::erased_among(tx, self.portal, &names).await?;
        let mut open = Vec::new();
        for (slot, item) in items.into_iter().enumerate() {
            let item = match item {
                Ok(item) => item,
                Err(reason) => {
                    results.push(Some(ImportResult::Failed { reason }));
                    continue;
                }
            };
            if !erased.is_empty() && erased.contains(&item.name()) {
                results.push(Some(purged()));
                continue;
            }
            let known = known.remove(&item.name());
            let (file, has_moved) = match standing(&item, &self.source, known.as_ref()) {
                Standing::Purged => {
                    results.push(Some(purged()));
                    continue;
                }
                Standing::Same => {
                    results.push(known.map(|known| ImportResult::Unchanged {
                        id: known.article.to_string(),
                        slug: known.slug,
                    }));
                    continue;
                }
                Standing::Moved(file) => (Some(file), true),
                Standing::Changed(file) => (file, false),
                Standing::New => (None, false),
            };
            results.push(None);
            open.push(Open {
                slot,
                item,
                article: known.map(|known| known.article),
                file,
                has_moved,
            });
        }
        // Rendered before the transaction was what was open then; another import of the same files
        // may have come between.
        if open.iter().any(|open| open.item.rendered.is_none()) {
            return Err(met_somebody());
        }
        Ok(open)
    }

    /// Locks the articles of the open items and of their translations, and reads what they say.
    async fn meet(&self, tx: &mut Tx, open: &[Open]) -> Result<Met> {
        let items = open.iter().map(|open| &open.item);
        let groups = Groups::load(tx, self.portal, &self.source, items).await?;
        let mut ids: Vec<_> = (open.iter().filter_map(|open| open.article))
            .chain(groups.keyed())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut locked = HashMap::new();
        if !ids.is_empty() {
            let rows = cairn_store::articles::lock_many(tx, self.portal, &ids, &[]).await?;
            locked = rows.into_iter().map(|a| (a.id, a)).collect();
        }
        let heads: Vec<_> = open
            .iter()
            .filter_map(|open| locked.get(&open.article?))
            .map(|a| (a.id, a.head_revision))
            .collect();
        let heads = cairn_store::revisions::texts(tx, self.portal, &heads).await?;
        let made: Vec<_> = open
            .iter()
            .filter(|open| open.article.is_none() || open.item.new.slug.is_some())
            .map(|open| (&open.item.new.locale, base_slug(&open.item.new)))
            .collect();
        let wanted = made.iter().map(|(locale, slug)| (*locale, slug));
        Ok(Met {
            locked,
            heads: heads.into_iter().collect(),
            slugs: Slugs::load(tx, self.portal, wanted).await?,
            groups,
        })
    }

    /// Decides one open item: it becomes a write, or a result that writes nothing.
    async fn one(
        &mut self,
        tx: &mut Tx,
        open: Open,
        tree: &mut Vec<cairn_domain::category::Category>,
        met: &mut Met,
    ) -> Result<Result<(), ImportResult>> {
        let fail = |reason| Ok(Err(ImportResult::Failed { reason }));
        let Some(id) = open.article else {
            let id = ArticleId::from_uuid(self.ctx.app.ids.uuid(self.now));
            if let Err(reason) = met.groups.take(&open.item, id) {
                return fail(reason);
            }
            let category = match self.place(tx, &open.item.category_path, tree).await? {
                Ok(category) => category,
                Err(reason) => return fail(reason),
            };
            self.create(open, id, category, &mut met.slugs)?;
            return Ok(Ok(()));
        };
        let (Some(before), Some(head)) = (met.locked.get(&id), met.heads.get(&id)) else {
            return Err(met_somebody());
        };
        if before.purged_at.is_some() {
            return Ok(Err(purged()));
        }
        if open.has_moved {
            self.keep(open, before.clone())?;
            return Ok(Ok(()));
        }
        let moves_slug =
            (open.item.new.slug.as_ref()).is_some_and(|wanted| !is_numbered(&before.slug, wanted));
        if !self.overwrite {
            let wanted = Wanted {
                item: &open.item,
                source: &self.source,
                category: find(&open.item.category_path, tree),
                moves_slug,
            };
            if let Some(reason) = conflict(before, head, open.file.as_ref(), &wanted) {
                return Ok(Err(ImportResult::Conflict {
                    id: before.id.to_string(),
                    slug: before.slug.as_str().to_owned(),
                    reason,
                }));
            }
        }
        if let Err(reason) = met.groups.take(&open.item, id) {
            return fail(reason);
        }
        let category = match self.place(tx, &open.item.category_path, tree).await? {
            Ok(category) => category,
            Err(reason) => return fail(reason),
        };
        let slug = match &open.item.new.slug {
            Some(wanted) if moves_slug => Some(met.slugs.take(&before.locale, wanted)?),
            _ => None,
        };
        self.update(open, category, slug, before, head)?;
        Ok(Ok(()))
    }

    fn create(
        &mut self,
        open: Open,
        id: ArticleId,
        category: Option<CategoryId>,
        slugs: &mut Slugs,
    ) -> Result<()> {
        let item = &open.item;
        let slug = slugs.take(&item.new.locale, &base_slug(&item.new))?;
        let is_published = item.new.status == Status::Published;
        let article = Article {
            portal: self.portal,
            id,
            // What was known before the transaction got no number; it is not known any more.
            number: self.numbers.next().ok_or_else(met_somebody)?,
            locale: item.new.locale.clone(),
            translation_group: TranslationGroupId::from_uuid(id.as_uuid()),
            slug,
            category,
            audience: item.new.audience,
            status: item.new.status,
            head_revision: 1,
            published_revision: is_published.then_some(1),
            row_version: 1,
            source_id: item.new.source_id.clone(),
            created_at: item.created_at.unwrap_or(self.now),
            updated_at: self.now,
            // Also of what is not published now: the date would be lost.
            published_at: item.updated_at.or(is_published.then_some(self.now)),
            translated_from: None,
            purged_at: None,
        };
        self.push(open, None, article, Vec::new(), true, None)
    }

    fn update(
        &mut self,
        open: Open,
        category: Option<CategoryId>,
        slug: Option<Slug>,
        before: &Article,
        head: &Staged,
    ) -> Result<()> {
        let item = &open.item;
        let staged = &item.new.staged;
        let edit = ArticleEdit {
            title: Some(staged.title.clone()),
            body: Some(BodyChange::Whole(staged.body.clone())),
            excerpt: Some(staged.excerpt.clone()),
            tags: Some(staged.tags.clone()),
            author: Some(staged.author.clone()),
            front_matter: Some(staged.front_matter.clone()),
            category: Some(category),
            status: Some(item.new.status),
            audience: item.audience,
            slug,
            ..ArticleEdit::default()
        };
        let expected = Expected::Revision(before.head_revision);
        let (mut article, new_revision, mut changed) =
            match before.apply(&edit, head, staged, expected, self.now) {
                Applied::Unchanged => (before.clone(), false, Vec::new()),
                Applied::StaleRevision => {
                    return Err(Error::internal("a locked row cannot be stale"));
                }
                Applied::Changed {
                    article,
                    new_revision,
                    changed,
                } => (*article, new_revision, changed),
            };
        if let Some(at) = item.created_at
            && at != before.created_at
        {
            article.created_at = at;
            changed.push("created_at");
        }
        if let Some(at) = item.updated_at {
            article.published_at = Some(at);
            if before.published_at != Some(at) {
                changed.push("published_at");
            }
        }
        if !changed.is_empty() {
            may_change(self.ctx, before, &edit)?;
            article.row_version = before.row_version + 1;
            article.updated_at = self.now;
        }
        let before = before.clone();
        self.push(open, Some(before), article, changed, new_revision, None)
    }

    /// A file that only lies elsewhere: the article stays, and what is remembered of it too.
    fn keep(&mut self, mut open: Open, before: Article) -> Result<()> {
        let kept = open.file.take();
        self.push(open, Some(before.clone()), before, Vec::new(), false, kept)
    }

    fn push(
        &mut self,
        open: Open,
        before: Option<Article>,
        article: Article,
        changed: Vec<&'static str>,
        new_revision: bool,
        kept: Option<ImportedFile>,
    ) -> Result<()> {
        let Prepared {
            new,
            rendered,
            path,
            translation_key,
            digest,
            old_urls,
            old_addresses,
            ..
        } = open.item;
        self.plan.writes.push(Write {
            slot: open.slot,
            before,
            article,
            changed,
            text: new_revision.then_some(new.staged),
            rendered: rendered.ok_or_else(met_somebody)?,
            file: FileSays {
                source: self.source.clone(),
                path,
                translation_key,
                digest,
                old_urls,
                old_addresses,
                kept,
            },
        });
        Ok(())
    }
}

fn purged() -> ImportResult {
    ImportResult::Failed {
        reason: "the text of this article was erased here and is not brought back; take the file out of the source, or give it another id".to_owned(),
    }
}

/// The slug the file asks for, else the one its title makes.
fn base_slug(new: &NewArticle) -> Slug {
    let made = || Slug::from_title(&new.staged.title, "article");
    new.slug.clone().unwrap_or_else(made)
}
