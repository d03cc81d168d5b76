//! What is there for the paths that links name, and which links name what came.
//!
//! Paths are compared in lower case of ASCII letters, as the columns' collation folds them; whether the case agrees is
//! for the caller to weigh. Every look takes arrays: a batch of any size is one round trip.

use cairn_domain::ids::{ArticleId, AttachmentId, PortalId};
use cairn_domain::old_address::OldAddress;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use super::{LinkRow, LinkTarget, columns, from_row};
use crate::error::StoreError;
use crate::row::{col, each};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    FILES = "
select f.source, f.path, 'article' as kind, f.article_id as id
from unnest($2::text[], $3::text[]) as n (source, name)
join imported_files f
  on f.portal_id = $1
 and f.source = n.source
 and lower(f.path) = n.name
union all
select p.source, p.path, 'attachment', p.attachment_id
from unnest($2::text[], $3::text[]) as n (source, name)
join attachment_paths p
  on p.portal_id = $1
 and p.source = n.source
 and lower(p.path) = n.name";

    REDIRECTS = "
select r.old_path, r.old_query, r.target_kind, r.target_id
from unnest($2::text[], $3::text[]) as n (path, query)
join redirects r
  on r.portal_id = $1
 and lower(r.old_path) = n.path
 and r.old_query = n.query";

    ATTACHMENTS = "
select id
from attachments
where portal_id = $1
  and id = any ($2::uuid[])";

    // Locked in one order, so that two writers of the same rows wait instead of meeting crosswise.
    LEADING_TO_FILES = concat!("
select ", columns!(), "
from unnest($2::text[], $3::text[]) as n (source, name)
join links l
  on l.portal_id = $1
 and l.source = n.source
 and lower(l.path) = n.name
order by l.article_id, l.revision, l.address
for no key update of l");

    LEADING_TO_PATHS = concat!("
select ", columns!(), "
from links l
where l.portal_id = $1
  and lower(l.path) = any ($2::text[])
order by l.article_id, l.revision, l.address
for no key update of l");

    // What begins with a path that ends in a number, and a hyphen. In the C collation '.' follows '-'. Lateral, so that
    // each path is a walk along the index: as a join the planner takes the ranges for a large part of the table.
    LEADING_TO_NUMBERS = concat!("
select ", columns!(), "
from unnest($2::text[]) as n (path)
cross join lateral (
        select w.article_id, w.revision, w.address
        from links w
        where w.portal_id = $1
          and lower(w.path) > n.path || '-'
          and lower(w.path) < n.path || '.'
        offset 0) as f
join links l
  on l.portal_id = $1
 and l.article_id = f.article_id
 and l.revision = f.revision
 and l.address = f.address
order by l.article_id, l.revision, l.address
for no key update of l");

    ORIGINS = "
select article_id, source, path
from imported_files
where portal_id = $1
  and article_id = any ($2::uuid[])
  and path <> ''";

    HOSTS_OF = "
select source, host
from source_hosts
where portal_id = $1
  and source = any ($2::text[])";

    KEEP_HOSTS = "
insert into source_hosts (portal_id, source, host)
select $1, $2, u.host
from unnest($3::text[]) as u (host)
on conflict (portal_id, source, host) do nothing";
}

/// A file of a source that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its source.
    pub source: String,
    /// Its path, as written.
    pub path: String,
    /// What it became.
    pub target: LinkTarget,
}

/// A redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRedirect {
    /// The address it stands at.
    pub old: OldAddress,
    /// Where it leads: an article, or what is found out when it is asked for.
    pub target: LinkTarget,
}

/// The files with these names: source, and path in lower case. One path may be there in several spellings.
pub async fn files(
    tx: &mut Tx,
    portal: PortalId,
    names: &[(&str, String)],
) -> Result<Vec<FoundFile>, StoreError> {
    let files = query(FILES)
        .bind(portal.as_uuid())
        .bind(each(names, |(source, _)| *source))
        .bind(each(names, |(_, name)| name.as_str()));
    let rows = tx.fetch_all(files).await?;
    rows.iter().map(file_from).collect()
}

/// The redirects at these paths, which stand in lower case, with these queries.
pub async fn redirects(
    tx: &mut Tx,
    portal: PortalId,
    addresses: &[(String, String)],
) -> Result<Vec<FoundRedirect>, StoreError> {
    let redirects = query(REDIRECTS)
        .bind(portal.as_uuid())
        .bind(each(addresses, |(path, _)| path.as_str()))
        .bind(each(addresses, |(_, query)| query.as_str()));
    let rows = tx.fetch_all(redirects).await?;
    rows.iter()
        .map(|row| {
            let target = match col(row, "target_kind")? {
                "article" => LinkTarget::Article(ArticleId::from_uuid(col(row, "target_id")?)),
                _ => LinkTarget::Redirect,
            };
            Ok(FoundRedirect {
                old: OldAddress::from_stored(col(row, "old_path")?, col(row, "old_query")?),
                target,
            })
        })
        .collect()
}

/// Which of these attachments are the portal's.
pub async fn attachments(
    tx: &mut Tx,
    portal: PortalId,
    ids: &[AttachmentId],
) -> Result<Vec<AttachmentId>, StoreError> {
    let attachments = query(ATTACHMENTS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()));
    let rows = tx.fetch_all(attachments).await?;
    rows.iter()
        .map(|row| Ok(AttachmentId::from_uuid(col(row, "id")?)))
        .collect()
}

/// The links that may mean a file with one of these names: source, and what links may call it, in lower case.
pub async fn leading_to_files(
    tx: &mut Tx,
    portal: PortalId,
    names: &[(&str, String)],
) -> Result<Vec<LinkRow>, StoreError> {
    let leading = query(LEADING_TO_FILES)
        .bind(portal.as_uuid())
        .bind(each(names, |(source, _)| *source))
        .bind(each(names, |(_, name)| name.as_str()));
    tx.fetch_all(leading).await?.iter().map(from_row).collect()
}

/// The links to these paths, which stand in lower case, whatever their source.
pub async fn leading_to_paths(
    tx: &mut Tx,
    portal: PortalId,
    paths: &[String],
) -> Result<Vec<LinkRow>, StoreError> {
    let leading = query(LEADING_TO_PATHS).bind(portal.as_uuid()).bind(paths);
    tx.fetch_all(leading).await?.iter().map(from_row).collect()
}

/// The links to paths that begin with one of these, which end in a number and stand in lower case, and go on with a
/// hyphen.
pub async fn leading_to_numbers(
    tx: &mut Tx,
    portal: PortalId,
    paths: &[String],
) -> Result<Vec<LinkRow>, StoreError> {
    let leading = query(LEADING_TO_NUMBERS).bind(portal.as_uuid()).bind(paths);
    tx.fetch_all(leading).await?.iter().map(from_row).collect()
}

/// From which file these articles came: article, source, path. Those that no import made are left out.
pub async fn origins(
    tx: &mut Tx,
    portal: PortalId,
    articles: &[ArticleId],
) -> Result<Vec<(ArticleId, String, String)>, StoreError> {
    let origins = query(ORIGINS)
        .bind(portal.as_uuid())
        .bind(each(articles, |id| id.as_uuid()));
    let rows = tx.fetch_all(origins).await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            Ok((article, col(row, "source")?, col(row, "path")?))
        })
        .collect()
}

/// The hosts of the old sites of these sources: source and host.
pub async fn hosts_of(
    tx: &mut Tx,
    portal: PortalId,
    sources: &[&str],
) -> Result<Vec<(String, String)>, StoreError> {
    let hosts = query(HOSTS_OF).bind(portal.as_uuid()).bind(sources);
    let rows = tx.fetch_all(hosts).await?;
    rows.iter()
        .map(|row| Ok((col(row, "source")?, col(row, "host")?)))
        .collect()
}

/// Remembers hosts of the old site of a source.
pub async fn keep_hosts(
    tx: &mut Tx,
    portal: PortalId,
    source: &str,
    hosts: &[String],
) -> Result<(), StoreError> {
    let keep = query(KEEP_HOSTS)
        .bind(portal.as_uuid())
        .bind(source)
        .bind(hosts);
    tx.execute(keep).await?;
    Ok(())
}

fn file_from(row: &PgRow) -> Result<FoundFile, StoreError> {
    let id: Uuid = col(row, "id")?;
    let target = match col(row, "kind")? {
        "article" => LinkTarget::Article(ArticleId::from_uuid(id)),
        "attachment" => LinkTarget::Attachment(AttachmentId::from_uuid(id)),
        _ => return Err(StoreError::inconsistent("attachment_paths", "kind", id)),
    };
    Ok(FoundFile {
        source: col(row, "source")?,
        path: col(row, "path")?,
        target,
    })
}
