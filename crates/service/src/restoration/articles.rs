//! Articles with their history. One whose revisions need several batches is there as a draft until
//! the last of them came.

use std::collections::{HashMap, HashSet};

use cairn_domain::article::{Article, Status, TranslatedFrom};
use cairn_domain::event::Subject;
use cairn_domain::ids::{ArticleId, CategoryId};
use cairn_domain::operation::Operation;
use cairn_store::Tx;
use cairn_store::export::ExportRevision;

use super::batch::Batch;
use super::content::{ArticleItem, TranslationItem, Wanted, fault};
use super::{conflict, event};
use crate::Result;
use crate::articles::write;

/// Where an article stands before a batch.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// It is not there.
    New,
    /// It is there, whole.
    Whole,
    /// It is there as far as this revision.
    Until(i32),
    /// Something else is there under its id.
    Other,
}

/// Puts what should be beside what is there.
fn standing(wanted: &Article, there: Option<&Article>) -> Standing {
    let Some(there) = there else {
        return Standing::New;
    };
    // From what it was translated is said after all articles.
    let there = Article {
        translated_from: None,
        ..there.clone()
    };
    if there == *wanted {
        return Standing::Whole;
    }
    if there.head_revision < wanted.head_revision && there == part(wanted, there.head_revision) {
        return Standing::Until(there.head_revision);
    }
    Standing::Other
}

/// The article while its revisions are there up to this one only: nobody but authors sees it.
fn part(wanted: &Article, head: i32) -> Article {
    if head == wanted.head_revision {
        return wanted.clone();
    }
    Article {
        head_revision: head,
        published_revision: None,
        status: Status::Draft,
        purged_at: None,
        row_version: i64::from(head),
        ..wanted.clone()
    }
}

/// Restores articles.
pub(super) async fn articles(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    items: Vec<ArticleItem>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let portal = batch.portal;
    let wanted: Vec<Wanted> = items
        .into_iter()
        .map(|item| item.into_wanted(portal))
        .collect::<Result<_>>()?;
    let ids: Vec<ArticleId> = wanted.iter().map(|w| w.article.id).collect();
    if ids.iter().collect::<HashSet<_>>().len() != ids.len() {
        return Err(fault("content.articles", "has an article twice"));
    }
    if let Some(id) = cairn_store::restorations::foreign_article(tx, portal, &ids).await? {
        return Err(conflict(format!(
            "article {id} is in another portal of this server, and an id names one article"
        )));
    }
    check_categories(tx, portal, &wanted).await?;
    let there = cairn_store::restorations::lock_articles(tx, portal, &ids).await?;
    let there: HashMap<ArticleId, Article> = there.into_iter().map(|a| (a.id, a)).collect();
    let named: Vec<(ArticleId, i32)> = wanted
        .iter()
        .flat_map(|w| w.revisions.iter())
        .map(|r| (r.revision.article, r.revision.number))
        .collect();
    let kept = cairn_store::restorations::revisions(tx, portal, &named).await?;
    let kept: HashMap<(ArticleId, i32), ExportRevision> = kept
        .into_iter()
        .map(|r| ((r.revision.article, r.revision.number), r))
        .collect();

    let mut plan = Plan::default();
    for wanted in wanted {
        let there = there.get(&wanted.article.id);
        if plan.decide(wanted, there, &kept)? {
            batch.outcome.restored += 1;
        } else {
            batch.outcome.unchanged += 1;
        }
    }
    plan.save(batch, tx).await
}

/// Every category that is named must be there.
async fn check_categories(
    tx: &mut Tx,
    portal: cairn_domain::ids::PortalId,
    wanted: &[Wanted],
) -> Result<()> {
    let tree = cairn_store::categories::list_in(tx, portal).await?;
    let known: HashSet<CategoryId> = tree.into_iter().map(|c| c.id).collect();
    let missing = wanted
        .iter()
        .filter_map(|w| w.article.category)
        .find(|category| !known.contains(category));
    match missing {
        Some(category) => Err(fault(
            "content.articles",
            &format!("has an article in category {category}, which is not there"),
        )),
        None => Ok(()),
    }
}

/// What a batch writes of articles.
#[derive(Default)]
struct Plan {
    inserts: Vec<Article>,
    saves: Vec<(Article, i64)>,
    /// All that are written, with what they were before.
    written: Vec<(Option<Article>, Article)>,
    revisions: Vec<ExportRevision>,
    old_slugs: Vec<(ArticleId, cairn_store::export::OldSlug)>,
    files: Vec<cairn_store::imported_files::ImportedFile>,
    links: Vec<cairn_store::links::LinkRow>,
}

impl Plan {
    /// Decides about one article; whether there is anything to write.
    fn decide(
        &mut self,
        wanted: Wanted,
        there: Option<&Article>,
        kept: &HashMap<(ArticleId, i32), ExportRevision>,
    ) -> Result<bool> {
        let id = wanted.article.id;
        let other = || conflict(format!("article {id} is here and not as the bundle has it"));
        let until = match standing(&wanted.article, there) {
            Standing::New => 0,
            Standing::Until(head) => head,
            Standing::Whole => wanted.article.head_revision,
            Standing::Other => return Err(other()),
        };
        let mut head = until;
        for revision in wanted.revisions {
            let number = revision.revision.number;
            if number <= until {
                let same = kept.get(&(id, number)).is_some_and(|there| {
                    there.revision == revision.revision && there.purged_at == revision.purged_at
                });
                if !same {
                    return Err(other());
                }
            } else if number == head + 1 {
                head = number;
                self.revisions.push(revision);
            } else {
                return Err(fault(
                    "content.articles",
                    &format!(
                        "has revision {number} of {id} where {} is the next",
                        head + 1
                    ),
                ));
            }
        }
        if head == until {
            return Ok(false);
        }
        let article = part(&wanted.article, head);
        match there {
            None => self.inserts.push(article.clone()),
            Some(there) => self.saves.push((article.clone(), there.row_version)),
        }
        let links = wanted.links.into_iter();
        self.links
            .extend(links.filter(|link| link.revision > until));
        self.old_slugs
            .extend(wanted.old_slugs.into_iter().map(|slug| (id, slug)));
        self.files.extend(wanted.file);
        self.written.push((there.cloned(), article));
        Ok(true)
    }

    async fn save(self, batch: &mut Batch<'_>, tx: &mut Tx) -> Result<()> {
        let portal = batch.portal;
        let inserted = cairn_store::articles::insert_many(tx, &self.inserts).await?;
        if inserted.len() != self.inserts.len() {
            let inserted: HashSet<ArticleId> = inserted.into_iter().collect();
            let missing = self.inserts.iter().find(|a| !inserted.contains(&a.id));
            let id = missing.map_or_else(String::new, |a| a.id.to_string());
            return Err(conflict(format!(
                "the number, slug or source id of article {id} is taken here"
            )));
        }
        cairn_store::restorations::insert_revisions(tx, portal, &self.revisions).await?;
        cairn_store::articles::save_many(tx, &self.saves).await?;
        cairn_store::restorations::insert_old_slugs(tx, portal, &self.old_slugs).await?;
        cairn_store::imported_files::put_many(tx, portal, &self.files).await?;
        cairn_store::links::insert_many(tx, portal, &self.links).await?;
        for (before, article) in &self.written {
            let mut entry = write::audit_entry(
                batch.ctx,
                Operation::RestoreContent,
                before.as_ref(),
                article,
                &[],
                &batch.message,
            );
            // The article says when it changed; this says when it was restored.
            entry.at = batch.now;
            batch.audit.push(entry);
            batch.events.push(event(
                batch.ctx,
                Subject::Article(article.id),
                Some(article.head_revision),
                batch.now,
            ));
        }
        Ok(())
    }
}

/// Says from what articles were translated, once those are there.
pub(super) async fn translations(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    items: Vec<TranslationItem>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let rows: Vec<(ArticleId, TranslatedFrom)> =
        items.into_iter().map(TranslationItem::into_row).collect();
    let mut ids: Vec<ArticleId> = rows
        .iter()
        .flat_map(|(id, from)| [*id, from.article])
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let there = cairn_store::restorations::lock_articles(tx, batch.portal, &ids).await?;
    let there: HashMap<ArticleId, Article> = there.into_iter().map(|a| (a.id, a)).collect();
    for (id, from) in &rows {
        let (Some(article), true) = (there.get(id), there.contains_key(&from.article)) else {
            return Err(fault(
                "content.translations",
                &format!("names {id} or {}, which is not there", from.article),
            ));
        };
        if *id == from.article || article.translated_from.is_some_and(|t| t != *from) {
            return Err(conflict(format!(
                "article {id} is a translation of another one here"
            )));
        }
    }
    let said = cairn_store::restorations::translated_from(tx, batch.portal, &rows).await?;
    batch.outcome.restored += said.len() as u64;
    batch.outcome.unchanged += (rows.len() - said.len()) as u64;
    for id in said {
        let revision = there.get(&id).map(|a| a.head_revision);
        batch
            .events
            .push(event(batch.ctx, Subject::Article(id), revision, batch.now));
    }
    Ok(())
}
