//! Every revision on its way out, in the order of articles and numbers.

use cairn_domain::article::Article;
use cairn_domain::ids::{ApiKeyId, ArticleId, PortalId};
use cairn_domain::revision::Revision;
use jiff::Timestamp;
use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::query;
use uuid::Uuid;

use super::articles::text_bytes;
use crate::articles::{HEAD, article_columns, article_from, staged_columns, staged_from};
use crate::error::StoreError;
use crate::links::{self, LinkRow};
use crate::row::{actor, col, each, time, time_opt};
use crate::statement::sql;

sql! {
    SIZES = concat!("
select r.article_id, r.revision, ", text_bytes!(), " as bytes
from revisions r
where r.portal_id = $1
  and (r.article_id, r.revision) > ($2, $3)
order by r.article_id, r.revision
limit $4");

    REVISIONS = concat!("
select r.portal_id, r.article_id, r.revision, ", staged_columns!("r", ""), ",
       r.actor_kind, r.actor_id, r.actor_name, r.key_id, r.message, r.created_at, r.purged_at
from unnest($2::uuid[], $3::int4[]) as k (article_id, revision)
join revisions r
  on r.portal_id = $1
 and r.article_id = k.article_id
 and r.revision = k.revision
order by r.article_id, r.revision");

    LINKS = "
select l.article_id, l.revision, l.address, l.source, l.path, l.is_image, l.target_kind, l.target_id
from unnest($2::uuid[], $3::int4[]) as k (article_id, revision)
join links l
  on l.portal_id = $1
 and l.article_id = k.article_id
 and l.revision = k.revision
order by l.article_id, l.revision, l.address";

    ROWS_OF = concat!("
select ", article_columns!(), "
from articles a
where a.portal_id = $1
  and a.id = any ($2)
order by a.id");
}

/// A revision and the size of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisionSize {
    /// Of which article.
    pub article: ArticleId,
    /// 1, 2, 3…
    pub number: i32,
    /// In bytes.
    pub bytes: i64,
}

/// A revision as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRevision {
    /// The revision.
    pub revision: Revision,
    /// When its text was erased.
    pub purged_at: Option<Timestamp>,
    /// Where its links lead, while it is the head or published.
    pub links: Vec<LinkRow>,
}

pub(crate) async fn revision_sizes_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    after: Option<(ArticleId, i32)>,
    limit: i64,
) -> Result<Vec<RevisionSize>, StoreError> {
    let rows = query(SIZES)
        .bind(portal.as_uuid())
        .bind(after.map_or(Uuid::nil(), |(article, _)| article.as_uuid()))
        .bind(after.map_or(0, |(_, number)| number))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(RevisionSize {
                article: ArticleId::from_uuid(col(row, "article_id")?),
                number: col(row, "revision")?,
                bytes: col(row, "bytes")?,
            })
        })
        .collect()
}

pub(crate) async fn revisions_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    wanted: &[RevisionSize],
) -> Result<Vec<ExportRevision>, StoreError> {
    let rows = query(REVISIONS)
        .bind(portal.as_uuid())
        .bind(each(wanted, |w| w.article.as_uuid()))
        .bind(each(wanted, |w| w.number))
        .fetch_all(executor)
        .await?;
    rows.iter().map(revision_from).collect()
}

/// Where the links of some revisions lead, in order of articles, numbers and addresses.
pub(crate) async fn links_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    wanted: &[RevisionSize],
) -> Result<Vec<LinkRow>, StoreError> {
    let rows = query(LINKS)
        .bind(portal.as_uuid())
        .bind(each(wanted, |w| w.article.as_uuid()))
        .bind(each(wanted, |w| w.number))
        .fetch_all(executor)
        .await?;
    rows.iter().map(links::from_row).collect()
}

/// The live rows of some articles, in the order of their ids.
pub(crate) async fn rows_of_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<Article>, StoreError> {
    let rows = query(ROWS_OF)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter().map(article_from).collect()
}

pub(crate) fn revision_from(row: &PgRow) -> Result<ExportRevision, StoreError> {
    let article = ArticleId::from_uuid(col(row, "article_id")?);
    let key: Option<Uuid> = col(row, "key_id")?;
    Ok(ExportRevision {
        revision: Revision {
            portal: PortalId::from_uuid(col(row, "portal_id")?),
            article,
            number: col(row, "revision")?,
            staged: staged_from(row, &HEAD)?,
            actor: actor(row, "revisions", article)?,
            key: key.map(ApiKeyId::from_uuid),
            message: col(row, "message")?,
            created_at: time(row, "created_at")?,
            purged_at: time_opt(row, "purged_at")?,
        },
        purged_at: time_opt(row, "purged_at")?,
        links: Vec::new(),
    })
}

pub(crate) const fn statements() -> &'static [(&'static str, &'static str)] {
    STATEMENTS
}
