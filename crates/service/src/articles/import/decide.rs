//! Decides what becomes of each item of a batch, inside its transaction.

use std::collections::{HashMap, HashSet};

use cairn_domain::article::{Applied, Article, ArticleEdit, BodyChange, Expected, Status};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::articles::ArticleState;
use jiff::Timestamp;

use crate::articles::create::candidates;
use crate::articles::import::item::ImportResult;
use crate::articles::import::plan::Plan;
use crate::articles::import::prepare::Prepared;
use crate::articles::write;
use crate::{Context, Error, ErrorCode, Result};

/// One batch inside its transaction.
pub(super) struct Work<'a> {
    pub(super) ctx: &'a Context,
    pub(super) portal: PortalId,
    pub(super) now: Timestamp,
    pub(super) numbers: std::vec::IntoIter<i64>,
    pub(super) plan: Plan,
}

impl Work<'_> {
    /// Decides what becomes of each item. The portal row is locked: imports into one portal take
    /// turns, so slugs and categories are decided without a race.
    pub(super) async fn decide(
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
        self.plan.note(self.ctx, None, &article, &[], &rendered)?;
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
                self.plan
                    .note(self.ctx, Some(before), &article, &changed, &rendered)?;
                self.plan.saves.push((*article, before.row_version));
                Ok(ImportResult::Updated { id, slug })
            }
        }
    }
}

fn base_slug(title: &str) -> Slug {
    Slug::from_title(title, "article")
}
