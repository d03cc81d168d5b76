//! Articles as the index wants them: the head and what readers see, both from one moment.

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::revision::Staged;
use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::query;
use uuid::Uuid;

use super::mapping::{HEAD, PUBLISHED, article_columns, article_from, staged_columns, staged_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each};
use crate::statement::sql;

/// The published revision is joined only where it is not the head: bodies are large and mostly the same.
macro_rules! index_rows {
    () => {
        concat!(
            "
select ",
            article_columns!(),
            ",
       ",
            staged_columns!("h", ""),
            ",
       ",
            staged_columns!("p", "p_"),
            ",
       f.path as imported_path
from articles a
join revisions h
  on h.portal_id = a.portal_id
 and h.article_id = a.id
 and h.revision = a.head_revision
left join revisions p
  on p.portal_id = a.portal_id
 and p.article_id = a.id
 and p.revision = a.published_revision
 and a.published_revision <> a.head_revision
left join imported_files f
  on f.portal_id = a.portal_id
 and f.article_id = a.id
where a.portal_id = $1"
        )
    };
}

sql! {
    LOAD_FOR_INDEX = concat!(index_rows!(), "
  and a.id = any ($2::uuid[])
order by a.id");

    // The nil UUID is before every id we make. The page is found first, so that each of its articles is looked up: as
    // one join with a limit the planner may read all revisions up to the page.
    SCAN_FOR_INDEX = concat!(index_rows!(), "
  and a.id = any (array(
        select w.id
        from articles w
        where w.portal_id = $1
          and w.id > $2
        order by w.id
        limit $3))
order by a.id");

    SCAN = concat!("
select ", article_columns!(), "
from articles a
where a.portal_id = $1
  and a.id > $2
order by a.id
limit $3");
}

/// An article with the texts that go into its units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// The live row.
    pub article: Article,
    /// The text of the head.
    pub head: Staged,
    /// What readers see, while it is published.
    pub published: Option<Staged>,
    /// Path of the file it came from.
    pub imported_path: Option<String>,
}

/// Some articles with their texts, in order of their ids, all from one moment. What does not exist is left out.
/// Primary pool.
pub async fn load_for_index(
    store: &Store,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<IndexRow>, StoreError> {
    load_for_index_on(store.primary(), portal, ids).await
}

/// The next articles with their texts, in order of their ids; at most `limit`. Primary pool.
pub async fn scan_for_index(
    store: &Store,
    portal: PortalId,
    after: Option<ArticleId>,
    limit: i64,
) -> Result<Vec<IndexRow>, StoreError> {
    scan_for_index_on(store.primary(), portal, after, limit).await
}

/// The next articles without their texts, in order of their ids; at most `limit`. Primary pool.
pub async fn scan(
    store: &Store,
    portal: PortalId,
    after: Option<ArticleId>,
    limit: i64,
) -> Result<Vec<Article>, StoreError> {
    scan_on(store.primary(), portal, after, limit).await
}

pub(crate) async fn load_for_index_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<IndexRow>, StoreError> {
    query(LOAD_FOR_INDEX)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?
        .iter()
        .map(index_row_from)
        .collect()
}

pub(crate) async fn scan_for_index_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    after: Option<ArticleId>,
    limit: i64,
) -> Result<Vec<IndexRow>, StoreError> {
    query(SCAN_FOR_INDEX)
        .bind(portal.as_uuid())
        .bind(after.map_or(Uuid::nil(), ArticleId::as_uuid))
        .bind(limit)
        .fetch_all(executor)
        .await?
        .iter()
        .map(index_row_from)
        .collect()
}

pub(crate) async fn scan_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    after: Option<ArticleId>,
    limit: i64,
) -> Result<Vec<Article>, StoreError> {
    query(SCAN)
        .bind(portal.as_uuid())
        .bind(after.map_or(Uuid::nil(), ArticleId::as_uuid))
        .bind(limit)
        .fetch_all(executor)
        .await?
        .iter()
        .map(article_from)
        .collect()
}

fn index_row_from(row: &PgRow) -> Result<IndexRow, StoreError> {
    let article = article_from(row)?;
    let head = staged_from(row, &HEAD)?;
    let published = match article.published_revision {
        None => None,
        Some(revision) if revision == article.head_revision => Some(head.clone()),
        Some(_) => Some(staged_from(row, &PUBLISHED)?),
    };
    Ok(IndexRow {
        article,
        head,
        published,
        imported_path: col(row, "imported_path")?,
    })
}
