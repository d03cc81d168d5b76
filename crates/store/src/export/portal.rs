//! The rest of a portal on its way out: attachments with their paths, redirects, and how much there is of everything.

use cairn_domain::attachment::{Attachment, AttachmentPath};
use cairn_domain::ids::{AttachmentId, PortalId};
use jiff::Timestamp;
use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::query;
use uuid::Uuid;

use crate::attachments;
use crate::error::StoreError;
use crate::row::{col, each, time};
use crate::statement::sql;

/// How much a portal has, in one row.
macro_rules! numbers {
    () => {
        "
select p.next_number,
       (select count(*) from articles a where a.portal_id = p.id) as articles,
       (select count(*) from revisions r where r.portal_id = p.id) as revisions,
       (select count(*) from categories c where c.portal_id = p.id) as categories,
       (select count(*) from attachments t where t.portal_id = p.id) as attachments,
       (select count(*) from redirects d where d.portal_id = p.id) as redirects,
       (select count(*) from imported_files f where f.portal_id = p.id) as imported_files,
       (select count(*) from slug_history h where h.portal_id = p.id) as old_slugs
from portals p
where p.id = $1"
    };
}
pub(crate) use numbers;

sql! {
    NUMBERS = numbers!();

    SOURCES = "
select source from imported_files where portal_id = $1
union
select source from attachment_paths where portal_id = $1
order by 1
limit $2";

    HOSTS = "
select source, host
from source_hosts
where portal_id = $1
order by source, host
limit $2";

    // The erased ones too: a tombstone keeps its place.
    ATTACHMENTS = "
select t.portal_id, t.id, t.digest, t.name, t.media_type, t.byte_length, t.width, t.height, t.variant_widths,
       t.actor_kind, t.actor_id, t.actor_name, t.created_at, t.purged_at
from attachments t
where t.portal_id = $1
  and t.id > $2
order by t.id
limit $3";

    PATHS = "
select attachment_id, source, path
from attachment_paths
where portal_id = $1
  and attachment_id = any ($2)
order by attachment_id, source, path";

    REDIRECTS = "
select old_path, old_query, target_kind, target_id, target_url, created_at
from redirects
where portal_id = $1
  and (old_path, old_query) > ($2, $3)
order by old_path, old_query
limit $4";
}

/// How much a portal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortalNumbers {
    /// The next article number nobody took.
    pub next_number: i64,
    /// Articles, tombstones included.
    pub articles: i64,
    /// Their revisions.
    pub revisions: i64,
    /// Categories.
    pub categories: i64,
    /// Attachments, the erased ones too.
    pub attachments: i64,
    /// Redirects.
    pub redirects: i64,
    /// Articles that remember the file they came from.
    pub imported_files: i64,
    /// Slugs that articles had.
    pub old_slugs: i64,
}

/// An attachment with the paths under which it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// The attachment.
    pub attachment: Attachment,
    /// By source and path.
    pub paths: Vec<AttachmentPath>,
}

/// A redirect as it stands in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectRow {
    /// Decoded.
    pub old_path: String,
    /// As written; empty: any.
    pub old_query: String,
    /// `article`, `category` or `url`.
    pub target_kind: String,
    /// The article or category.
    pub target_id: Option<Uuid>,
    /// The address.
    pub target_url: Option<String>,
    /// When it was put.
    pub created_at: Timestamp,
}

pub(crate) async fn portal_numbers_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
) -> Result<PortalNumbers, StoreError> {
    let row = query(NUMBERS)
        .bind(portal.as_uuid())
        .fetch_optional(executor)
        .await?
        .ok_or_else(|| StoreError::inconsistent("portals", "id", portal))?;
    numbers_from(&row)
}

pub(crate) fn numbers_from(row: &PgRow) -> Result<PortalNumbers, StoreError> {
    Ok(PortalNumbers {
        next_number: col(row, "next_number")?,
        articles: col(row, "articles")?,
        revisions: col(row, "revisions")?,
        categories: col(row, "categories")?,
        attachments: col(row, "attachments")?,
        redirects: col(row, "redirects")?,
        imported_files: col(row, "imported_files")?,
        old_slugs: col(row, "old_slugs")?,
    })
}

/// From which sources the portal has articles or attachments; at most `limit`.
pub(crate) async fn sources_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = query(SOURCES)
        .bind(portal.as_uuid())
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter().map(|row| col(row, "source")).collect()
}

pub(crate) async fn attachments_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<Attachment>, StoreError> {
    let rows = query(ATTACHMENTS)
        .bind(portal.as_uuid())
        .bind(after.map_or(Uuid::nil(), AttachmentId::as_uuid))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter().map(attachments::from_row).collect()
}

pub(crate) async fn paths_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[AttachmentId],
) -> Result<Vec<(AttachmentId, AttachmentPath)>, StoreError> {
    let rows = query(PATHS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| {
            let path = AttachmentPath {
                source: col(row, "source")?,
                path: col(row, "path")?,
            };
            Ok((AttachmentId::from_uuid(col(row, "attachment_id")?), path))
        })
        .collect()
}

/// Every path begins with a slash, so that nothing stands before the empty text.
pub(crate) async fn redirects_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<RedirectRow>, StoreError> {
    let (path, old_query) = after.unwrap_or_default();
    let rows = query(REDIRECTS)
        .bind(portal.as_uuid())
        .bind(path)
        .bind(old_query)
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter().map(redirect_from).collect()
}

pub(crate) fn redirect_from(row: &PgRow) -> Result<RedirectRow, StoreError> {
    Ok(RedirectRow {
        old_path: col(row, "old_path")?,
        old_query: col(row, "old_query")?,
        target_kind: col(row, "target_kind")?,
        target_id: col(row, "target_id")?,
        target_url: col(row, "target_url")?,
        created_at: time(row, "created_at")?,
    })
}

/// Hosts of the old sites of sources: source and host.
pub(crate) async fn hosts_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = query(HOSTS)
        .bind(portal.as_uuid())
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| Ok((col(row, "source")?, col(row, "host")?)))
        .collect()
}

pub(crate) const fn statements() -> &'static [(&'static str, &'static str)] {
    STATEMENTS
}
