//! Exports: every article of a portal, page by page, with everything an import would need to make it
//! again and everything that leads to it; and every revision, for bundles.
//!
//! The order is that of ids, which are made in the order of time and never change: what others write
//! meanwhile moves no article to another place, so none is lost and none comes twice. Each page is
//! one moment of the database.

use std::collections::HashMap;

use cairn_domain::article::Article;
use cairn_domain::category::{Category, path_to_root};
use cairn_domain::ids::{ArticleId, CategoryId};
use cairn_domain::limits::EXPORT_PAGE_BYTES_MAX;
use cairn_domain::operation::Operation;
use cairn_store::Snapshot;
pub use cairn_store::export::{ExportRevision, ExportRow, OldSlug};
pub use cairn_store::imported_files::ImportedFile;
pub use cairn_store::links::{LinkRow, LinkTarget};
use serde::Serialize;

use crate::authorize::Purpose;
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, authorize, cursor};

/// Which page of an export.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExportArticles {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Articles, or revisions, on the page: 1 to 100, 20 when absent. Fewer when they are large.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// An article as it leaves.
#[derive(Debug, Clone)]
pub struct ExportedArticle {
    /// Everything that is stored of it.
    pub row: ExportRow,
    /// Names of its categories from the top down.
    pub category_path: Vec<String>,
}

/// One page of articles.
#[derive(Debug, Clone)]
pub struct ExportPage {
    /// The articles, in the order of their ids.
    pub items: Vec<ExportedArticle>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// An article with some of its revisions.
#[derive(Debug, Clone)]
pub struct ExportedHistory {
    /// The live row.
    pub article: Article,
    /// Slugs it had.
    pub old_slugs: Vec<OldSlug>,
    /// What an import remembers of it.
    pub file: Option<ImportedFile>,
    /// The next of its revisions, oldest first.
    pub revisions: Vec<ExportRevision>,
}

/// One page of revisions.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// Articles in the order of their ids; the last one may go on on the next page.
    pub items: Vec<ExportedHistory>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Gives the next articles: the published text, the head where readers see nothing.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn export(ctx: &Context, query: ExportArticles) -> Result<ExportPage> {
    authorize::operation(ctx, Operation::ExportArticles)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    input.finish()?;
    let binding = ("article export", portal.id);
    let after = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<ArticleId>(&binding, c))
        .transpose()?;
    let mut snapshot = ctx.app.store.snapshot().await?;
    let sizes = snapshot
        .export_sizes(portal.id, after, page_limit(limit))
        .await?;
    let taken = page(limit, sizes.iter().map(|s| s.bytes));
    let ids: Vec<ArticleId> = sizes[..taken].iter().map(|s| s.id).collect();
    let tree = snapshot.categories(portal.id).await?;
    let rows = snapshot.export_rows(portal.id, &ids).await?;
    snapshot.finish().await?;
    let names = Names(&tree);
    let items = rows
        .into_iter()
        .map(|row| ExportedArticle {
            category_path: names.path(row.article.category),
            row,
        })
        .collect();
    let next_cursor = match ids.last() {
        Some(last) if taken < sizes.len() => Some(cursor::encode(&binding, last)?),
        _ => None,
    };
    Ok(ExportPage { items, next_cursor })
}

/// Gives the next revisions with their articles.
///
/// # Errors
/// As [`export`].
pub async fn export_revisions(ctx: &Context, query: ExportArticles) -> Result<HistoryPage> {
    authorize::operation(ctx, Operation::ExportRevisions)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    input.finish()?;
    let binding = ("revision export", portal.id);
    let after = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<(ArticleId, i32)>(&binding, c))
        .transpose()?;
    let mut snapshot = ctx.app.store.snapshot().await?;
    let sizes = snapshot
        .export_revision_sizes(portal.id, after, page_limit(limit))
        .await?;
    let taken = page(limit, sizes.iter().map(|s| s.bytes));
    let wanted = &sizes[..taken];
    let revisions = snapshot.export_revisions(portal.id, wanted).await?;
    let items = histories(&mut snapshot, portal.id, revisions).await?;
    snapshot.finish().await?;
    let next_cursor = match wanted.last() {
        Some(last) if taken < sizes.len() => {
            Some(cursor::encode(&binding, &(last.article, last.number))?)
        }
        _ => None,
    };
    Ok(HistoryPage { items, next_cursor })
}

/// Puts revisions, which are in the order of their articles, to their articles.
async fn histories(
    snapshot: &mut Snapshot,
    portal: cairn_domain::ids::PortalId,
    revisions: Vec<ExportRevision>,
) -> Result<Vec<ExportedHistory>> {
    let mut ids: Vec<ArticleId> = revisions.iter().map(|r| r.revision.article).collect();
    ids.dedup();
    let mut slugs = HashMap::<ArticleId, Vec<OldSlug>>::new();
    for (id, slug) in snapshot.old_slugs(portal, &ids).await? {
        slugs.entry(id).or_default().push(slug);
    }
    let files = snapshot.imported_files(portal, &ids).await?;
    let mut files: HashMap<ArticleId, ImportedFile> =
        files.into_iter().map(|f| (f.article, f)).collect();
    let mut by_article = HashMap::<ArticleId, Vec<ExportRevision>>::new();
    for revision in revisions {
        by_article
            .entry(revision.revision.article)
            .or_default()
            .push(revision);
    }
    let rows = snapshot.rows_of(portal, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|article| ExportedHistory {
            old_slugs: slugs.remove(&article.id).unwrap_or_default(),
            file: files.remove(&article.id),
            revisions: by_article.remove(&article.id).unwrap_or_default(),
            article,
        })
        .collect())
}

/// How many of these go on a page: no more than `limit`, no more bytes than a page may have, at
/// least one.
fn page(limit: usize, sizes: impl Iterator<Item = i64>) -> usize {
    let mut bytes = 0_i64;
    sizes
        .take(limit)
        .enumerate()
        .take_while(|(n, size)| {
            bytes = bytes.saturating_add(*size);
            *n == 0 || bytes <= EXPORT_PAGE_BYTES_MAX
        })
        .count()
}

/// Names of categories, from the top down.
struct Names<'a>(&'a [Category]);

impl Names<'_> {
    fn path(&self, category: Option<CategoryId>) -> Vec<String> {
        let Some(id) = category else {
            return Vec::new();
        };
        let mut path: Vec<String> = path_to_root(self.0, id)
            .into_iter()
            .filter_map(|id| self.0.iter().find(|c| c.id == id))
            .map(|c| c.name.clone())
            .collect();
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_at_its_number_or_its_bytes_and_is_never_empty() {
        let take = |limit, sizes: &[i64]| page(limit, sizes.iter().copied());
        assert_eq!(take(3, &[1, 1, 1, 1]), 3);
        assert_eq!(take(3, &[]), 0);
        assert_eq!(take(3, &[i64::MAX, 1]), 1);
        assert_eq!(take(9, &[EXPORT_PAGE_BYTES_MAX - 1, 1, 1]), 2);
        assert_eq!(take(9, &[1, EXPORT_PAGE_BYTES_MAX]), 1);
    }
}
