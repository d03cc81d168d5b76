//! Links: where those of head and published bodies lead.
//!
//! Bodies and their HTML keep links as written. A row says which address means which article or attachment; a page
//! joins it with where that stands now ([`of_page`]). What a path means is decided by the service, from what
//! [`resolve`](self) finds.

mod page;
mod resolve;

use cairn_domain::ids::{ArticleId, AttachmentId, PortalId};
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::row::{col, each};
use crate::statement::sql;
use crate::tx::Tx;

pub use page::{PageLink, PageTarget, linking_to, of_page};
pub use resolve::{
    FoundFile, FoundRedirect, attachments, files, hosts_of, keep_hosts, leading_to_files,
    leading_to_numbers, leading_to_paths, origins, redirects,
};

/// The statements of this room's files.
pub(crate) fn statements() -> Vec<(&'static str, &'static str)> {
    [STATEMENTS, page::STATEMENTS, resolve::STATEMENTS].concat()
}

macro_rules! columns {
    () => {
        "l.article_id, l.revision, l.address, l.source, l.path, l.is_image, l.target_kind, l.target_id"
    };
}
pub(crate) use columns;

sql! {
    // The rows that are about to be written, and those of revisions that are neither head nor published any more.
    CLEAR = "
delete from links l
using unnest($2::uuid[], $3::int4[]) as u (article_id, revision), articles a
where l.portal_id = $1
  and l.article_id = u.article_id
  and a.portal_id = l.portal_id
  and a.id = l.article_id
  and (l.revision = u.revision
       or l.revision <> a.head_revision and l.revision is distinct from a.published_revision)";

    INSERT_MANY = "
insert into links (portal_id, article_id, revision, address, source, path, is_image, target_kind, target_id)
select $1, u.*
from unnest($2::uuid[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::text[], $9::uuid[]) as u";

    // A new revision with the body of the one before.
    CARRY_MANY = "
insert into links (portal_id, article_id, revision, address, source, path, is_image, target_kind, target_id)
select l.portal_id, l.article_id, u.new_revision, l.address, l.source, l.path, l.is_image, l.target_kind, l.target_id
from unnest($2::uuid[], $3::int4[], $4::int4[]) as u (article_id, old_revision, new_revision)
join links l
  on l.portal_id = $1
 and l.article_id = u.article_id
 and l.revision = u.old_revision
on conflict (portal_id, article_id, revision, address) do nothing";

    POINT_MANY = "
update links l
set target_kind = u.target_kind, target_id = u.target_id
from unnest($2::uuid[], $3::int4[], $4::text[], $5::text[], $6::uuid[])
     as u (article_id, revision, address, target_kind, target_id)
where l.portal_id = $1
  and l.article_id = u.article_id
  and l.revision = u.revision
  and l.address = u.address";

    // Those of revisions that are neither head nor published any more.
    PRUNE = "
delete from links l
using articles a
where l.portal_id = $1
  and l.article_id = any ($2::uuid[])
  and a.portal_id = l.portal_id
  and a.id = l.article_id
  and l.revision <> a.head_revision
  and l.revision is distinct from a.published_revision";

    FORGET = "
delete from links
where portal_id = $1
  and article_id = $2
  and ($3::int4 is null or revision = $3)";
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkTarget {
    /// An article, whatever its status.
    Article(ArticleId),
    /// An attachment.
    Attachment(AttachmentId),
    /// A redirect to a category or an address: where it ends is asked for as a reader would.
    Redirect,
}

impl LinkTarget {
    fn kind(self) -> &'static str {
        match self {
            LinkTarget::Article(_) => "article",
            LinkTarget::Attachment(_) => "attachment",
            LinkTarget::Redirect => "redirect",
        }
    }

    fn uuid(self) -> Option<Uuid> {
        match self {
            LinkTarget::Article(id) => Some(id.as_uuid()),
            LinkTarget::Attachment(id) => Some(id.as_uuid()),
            LinkTarget::Redirect => None,
        }
    }
}

/// One address of one body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// In which article.
    pub article: ArticleId,
    /// In which of its revisions.
    pub revision: i32,
    /// As the body says it.
    pub address: String,
    /// The source the article came from.
    pub source: Option<String>,
    /// What it names: a file of the source, or with a leading slash an address.
    pub path: String,
    /// Whether it is only shown, not followed.
    pub is_image: bool,
    /// What is there; none while nothing is.
    pub target: Option<LinkTarget>,
}

/// Takes the rows of these revisions away, and those of revisions of the same articles that nobody reads any more.
/// The articles must have been saved before.
pub async fn clear(
    tx: &mut Tx,
    portal: PortalId,
    revisions: &[(ArticleId, i32)],
) -> Result<(), StoreError> {
    let clear = query(CLEAR)
        .bind(portal.as_uuid())
        .bind(each(revisions, |(article, _)| article.as_uuid()))
        .bind(each(revisions, |(_, revision)| *revision));
    tx.execute(clear).await?;
    Ok(())
}

/// Adds rows of one portal; the revisions must be there, their rows must not.
pub async fn insert_many(
    tx: &mut Tx,
    portal: PortalId,
    rows: &[LinkRow],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let insert = query(INSERT_MANY)
        .bind(portal.as_uuid())
        .bind(each(rows, |row| row.article.as_uuid()))
        .bind(each(rows, |row| row.revision))
        .bind(each(rows, |row| row.address.as_str()))
        .bind(each(rows, |row| row.source.as_deref()))
        .bind(each(rows, |row| row.path.as_str()))
        .bind(each(rows, |row| row.is_image))
        .bind(each(rows, |row| row.target.map(LinkTarget::kind)))
        .bind(each(rows, |row| row.target.and_then(LinkTarget::uuid)));
    tx.execute(insert).await?;
    Ok(())
}

/// Gives new revisions the rows of old ones whose body they have: article, old revision, new revision.
pub async fn carry_many(
    tx: &mut Tx,
    portal: PortalId,
    revisions: &[(ArticleId, i32, i32)],
) -> Result<(), StoreError> {
    let carry = query(CARRY_MANY)
        .bind(portal.as_uuid())
        .bind(each(revisions, |(article, _, _)| article.as_uuid()))
        .bind(each(revisions, |(_, old, _)| *old))
        .bind(each(revisions, |(_, _, new)| *new));
    tx.execute(carry).await?;
    Ok(())
}

/// Takes the rows of revisions of these articles away that nobody reads any more. The articles must have been saved
/// before.
pub async fn prune(
    tx: &mut Tx,
    portal: PortalId,
    articles: &[ArticleId],
) -> Result<(), StoreError> {
    let prune = query(PRUNE)
        .bind(portal.as_uuid())
        .bind(each(articles, |id| id.as_uuid()));
    tx.execute(prune).await?;
    Ok(())
}

/// Points rows at their `target`.
pub async fn point_many(tx: &mut Tx, portal: PortalId, rows: &[LinkRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let point = query(POINT_MANY)
        .bind(portal.as_uuid())
        .bind(each(rows, |row| row.article.as_uuid()))
        .bind(each(rows, |row| row.revision))
        .bind(each(rows, |row| row.address.as_str()))
        .bind(each(rows, |row| row.target.map(LinkTarget::kind)))
        .bind(each(rows, |row| row.target.and_then(LinkTarget::uuid)));
    tx.execute(point).await?;
    Ok(())
}

/// Forgets what the body of an article, or of one revision of it, links to: for erasure.
pub async fn forget(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
    revision: Option<i32>,
) -> Result<(), StoreError> {
    let forget = query(FORGET)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(revision);
    tx.execute(forget).await?;
    Ok(())
}

pub(crate) fn from_row(row: &PgRow) -> Result<LinkRow, StoreError> {
    let article = ArticleId::from_uuid(col(row, "article_id")?);
    Ok(LinkRow {
        article,
        revision: col(row, "revision")?,
        address: col(row, "address")?,
        source: col(row, "source")?,
        path: col(row, "path")?,
        is_image: col(row, "is_image")?,
        target: target_from(row, article)?,
    })
}

fn target_from(row: &PgRow, article: ArticleId) -> Result<Option<LinkTarget>, StoreError> {
    let kind: Option<&str> = col(row, "target_kind")?;
    let id: Option<Uuid> = col(row, "target_id")?;
    match (kind, id) {
        (None, None) => Ok(None),
        (Some("article"), Some(id)) => Ok(Some(LinkTarget::Article(ArticleId::from_uuid(id)))),
        (Some("attachment"), Some(id)) => {
            Ok(Some(LinkTarget::Attachment(AttachmentId::from_uuid(id))))
        }
        (Some("redirect"), None) => Ok(Some(LinkTarget::Redirect)),
        _ => Err(StoreError::inconsistent("links", "target_kind", article)),
    }
}
