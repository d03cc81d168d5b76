//! The articles that are translations of each other, and how far the one they were made from has come.

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, PortalId, TranslationGroupId};
use sqlx::query;

use crate::articles::{article_columns, article_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, time_opt};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    // In the order of ids, as batches and imports lock theirs. $3 an article that is to join them, or null
    LOCK_GROUP = concat!("
select ", article_columns!(), "
from articles a
where a.portal_id = $1
  and (a.id = $3
       or a.translation_group = (select g.translation_group from articles g where g.portal_id = $1 and g.id = $2))
order by a.id
for update of a");

    // Whoever was translated from it, in whatever group.
    HAS_TRANSLATIONS_ELSEWHERE = "
select exists (
         select 1
         from articles
         where portal_id = $1
           and translated_from = $2
           and translation_group <> $3) as has";

    PROGRESS = "
select head_revision, published_revision, purged_at
from articles
where portal_id = $1
  and id = $2";
}

/// How far an article has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Newest saved revision.
    pub head: i32,
    /// What readers see.
    pub published: Option<i32>,
    /// Whether its text was erased.
    pub is_purged: bool,
}

/// Locks the translations of an article, itself included, and one that is to join them, in the order of ids.
///
/// Whoever joins a group locks all of it, so what is found stays the whole group until the transaction ends.
pub async fn lock_group(
    tx: &mut Tx,
    portal: PortalId,
    of: ArticleId,
    joining: Option<ArticleId>,
) -> Result<Vec<Article>, StoreError> {
    // Twice: while the first waited, somebody who joined meanwhile was not among the rows it had found.
    let mut rows = Vec::new();
    for _ in 0..2 {
        let lock = query(LOCK_GROUP)
            .bind(portal.as_uuid())
            .bind(of.as_uuid())
            .bind(joining.map(|id| id.as_uuid()));
        rows = tx.fetch_all(lock).await?;
    }
    rows.iter().map(article_from).collect()
}

/// Whether articles outside of this group were translated from that article.
pub async fn has_translations_outside(
    tx: &mut Tx,
    article: &Article,
    group: TranslationGroupId,
) -> Result<bool, StoreError> {
    let has = query(HAS_TRANSLATIONS_ELSEWHERE)
        .bind(article.portal.as_uuid())
        .bind(article.id.as_uuid())
        .bind(group.as_uuid());
    match tx.fetch_optional(has).await? {
        Some(row) => col(&row, "has"),
        None => Ok(false),
    }
}

/// How far an article has come. Primary pool.
pub async fn progress(
    store: &Store,
    portal: PortalId,
    article: ArticleId,
) -> Result<Option<Progress>, StoreError> {
    let row = query(PROGRESS)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .fetch_optional(store.primary())
        .await?;
    row.map(|row| {
        Ok(Progress {
            head: col(&row, "head_revision")?,
            published: col(&row, "published_revision")?,
            is_purged: time_opt(&row, "purged_at")?.is_some(),
        })
    })
    .transpose()
}
