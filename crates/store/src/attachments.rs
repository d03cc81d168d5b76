//! Attachments: what is known of the files that articles show. Their bytes lie in the object store.
//!
//! A digest is there once per portal. Which articles show an attachment is the affair of `links`; here it is only asked
//! whether one does, because that decides who may see it.

use cairn_domain::attachment::{Attachment, AttachmentPath, FileDigest};
use cairn_domain::ids::{AttachmentId, PortalId, PurgeId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;

use crate::articles::Face;
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{actor, col, each, time, time_opt};
use crate::statement::sql;
use crate::tx::Tx;

macro_rules! columns {
    () => {
        "t.portal_id, t.id, t.digest, t.name, t.media_type, t.byte_length, t.width, t.height, t.variant_widths,
       t.actor_kind, t.actor_id, t.actor_name, t.created_at, t.purged_at"
    };
}

/// Whether a published article shows it: what readers with a key see of attachments.
macro_rules! is_shown {
    () => {
        "exists (
        select 1
        from links l
        join articles a
          on a.portal_id = l.portal_id
         and a.id = l.article_id
         and a.published_revision = l.revision
        where l.portal_id = t.portal_id
          and l.target_id = t.id
          and l.target_kind = 'attachment'
          and a.status = 'published'"
    };
}

sql! {
    INSERT = "
insert into attachments (portal_id, id, digest, name, media_type, byte_length, width, height, variant_widths,
                         actor_kind, actor_id, actor_name, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (portal_id, digest) do nothing";

    BY_DIGEST = concat!("
select ", columns!(), "
from attachments t
where t.portal_id = $1
  and t.digest = $2");

    // $3: also those that no published article shows.
    FIND = concat!("
select ", columns!(), "
from attachments t
where t.portal_id = $1
  and t.id = $2
  and t.purged_at is null
  and ($3 or ", is_shown!(), "))");

    // What anybody may see: a published, public article shows it.
    FIND_PUBLIC = concat!("
select ", columns!(), "
from attachments t
where t.portal_id = $1
  and t.id = $2
  and t.purged_at is null
  and ", is_shown!(), "
          and a.audience = 'public')");

    MANY = concat!("
select ", columns!(), "
from attachments t
where t.portal_id = $1
  and t.id = any ($2)
  and t.purged_at is null
order by t.id");

    // Newest first: the ids are in the order they were made in. $2 after this one, $3 only what no body names, $4 also
    // what no published article shows. `links` has rows of heads and of published revisions only.
    LIST = concat!("
select ", columns!(), "
from attachments t
where t.portal_id = $1
  and t.purged_at is null
  and ($2::uuid is null or t.id < $2)
  and (not $3 or not exists (
        select 1
        from links l
        where l.portal_id = t.portal_id
          and l.target_id = t.id
          and l.target_kind = 'attachment'))
  and ($4 or ", is_shown!(), "))
order by t.id desc
limit $5");

    COUNT = "
select count(*) as attachments
from attachments
where portal_id = $1";

    // An id is unique over all portals; this is how a call that names only the id finds its portal.
    FIND_PORTAL_OF = "
select portal_id
from attachments
where id = $1";

    // Nothing comes back when the path led there already.
    KEEP_PATH = "
insert into attachment_paths (portal_id, source, path, attachment_id)
values ($1, $2, $3, $4)
on conflict (portal_id, source, path) do update
set attachment_id = excluded.attachment_id
where attachment_paths.attachment_id <> excluded.attachment_id
returning attachment_id";

    PATHS_OF = "
select source, path
from attachment_paths
where portal_id = $1
  and attachment_id = $2
order by source, path
limit $3";

    LOCK = concat!("
select ", columns!(), "
from attachments t
where t.portal_id = $1
  and t.id = $2
for update");

    // The digest stays, so that the same bytes are recognised; the widths, so that their files are found.
    ENTOMB = "
update attachments
set name = '', purged_at = $3
where portal_id = $1
  and id = $2
  and purged_at is null";

    DROP_PATHS = "
delete from attachment_paths
where portal_id = $1
  and attachment_id = $2";

    UNLINK = "
update links
set target_kind = null, target_id = null
where portal_id = $1
  and target_kind = 'attachment'
  and target_id = $2";

    IS_ERASED = "
select 1 as one
from attachments
where portal_id = $1
  and id = $2
  and purged_at is not null";

    // Over all portals, as the one task that finishes erasures.
    ERASED_WAITING = concat!("
select p.id as purge_id, ", columns!(), "
from purges p
join attachments t
  on t.portal_id = p.portal_id
 and t.id = p.subject_id
where p.subject_kind = 'attachment'
  and p.finished_at is null
order by p.requested_at
limit $1");

    // Of these digests, those that an attachment still has.
    KNOWN_DIGESTS = "
select digest
from attachments
where portal_id = $1
  and digest = any ($2)
  and purged_at is null";
}

/// Adds an attachment; `false`: the portal has one with this digest.
pub async fn insert(tx: &mut Tx, attachment: &Attachment) -> Result<bool, StoreError> {
    let insert = query(INSERT)
        .bind(attachment.portal.as_uuid())
        .bind(attachment.id.as_uuid())
        .bind(attachment.digest.0)
        .bind(&attachment.name)
        .bind(&attachment.media_type)
        .bind(attachment.byte_length)
        .bind(attachment.size.map(|(width, _)| width))
        .bind(attachment.size.map(|(_, height)| height))
        .bind(&attachment.variant_widths)
        .bind(attachment.actor.kind.as_str())
        .bind(attachment.actor.id)
        .bind(&attachment.actor.name)
        .bind(attachment.created_at.to_sqlx());
    Ok(tx.execute(insert).await? == 1)
}

/// The attachment with a digest, erased or not, as this transaction sees it.
pub async fn by_digest_in(
    tx: &mut Tx,
    portal: PortalId,
    digest: FileDigest,
) -> Result<Option<Attachment>, StoreError> {
    let find = query(BY_DIGEST).bind(portal.as_uuid()).bind(digest.0);
    tx.fetch_optional(find)
        .await?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// The attachment with a digest, erased or not. Primary pool.
pub async fn by_digest(
    store: &Store,
    portal: PortalId,
    digest: FileDigest,
) -> Result<Option<Attachment>, StoreError> {
    let row = query(BY_DIGEST)
        .bind(portal.as_uuid())
        .bind(digest.0)
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// An attachment that was not erased and that the face shows: all of them to authors, else those of published articles.
/// Primary pool.
pub async fn find(
    store: &Store,
    portal: PortalId,
    id: AttachmentId,
    face: Face,
) -> Result<Option<Attachment>, StoreError> {
    let row = query(FIND)
        .bind(portal.as_uuid())
        .bind(id.as_uuid())
        .bind(face == Face::Authoring)
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// An attachment that a published, public article shows. Replica pool.
pub async fn find_public(
    store: &Store,
    portal: PortalId,
    id: AttachmentId,
) -> Result<Option<Attachment>, StoreError> {
    let row = query(FIND_PUBLIC)
        .bind(portal.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(store.replica())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Those of some attachments that were not erased, by id. Replica pool.
pub async fn many(
    store: &Store,
    portal: PortalId,
    ids: &[AttachmentId],
) -> Result<Vec<Attachment>, StoreError> {
    let rows = query(MANY)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(from_row).collect()
}

/// Which attachments a list has.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery {
    /// What the caller sees.
    pub face: Face,
    /// Only those that no head and no published revision names.
    pub unreferenced: bool,
    /// Only those behind this one.
    pub after: Option<AttachmentId>,
    /// At most so many.
    pub limit: i64,
}

/// The attachments of a portal, newest first, without the erased ones. Primary pool.
pub async fn list(
    store: &Store,
    portal: PortalId,
    wanted: ListQuery,
) -> Result<Vec<Attachment>, StoreError> {
    let rows = query(LIST)
        .bind(portal.as_uuid())
        .bind(wanted.after.map(AttachmentId::as_uuid))
        .bind(wanted.unreferenced)
        .bind(wanted.face == Face::Authoring)
        .bind(wanted.limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many the portal has, the erased ones too. Primary pool.
pub async fn count(store: &Store, portal: PortalId) -> Result<i64, StoreError> {
    let row = query(COUNT)
        .bind(portal.as_uuid())
        .fetch_one(store.primary())
        .await?;
    col(&row, "attachments")
}

/// The portal an attachment is in. Primary pool.
pub async fn find_portal_of(
    store: &Store,
    id: AttachmentId,
) -> Result<Option<PortalId>, StoreError> {
    let row = query(FIND_PORTAL_OF)
        .bind(id.as_uuid())
        .fetch_optional(store.primary())
        .await?;
    row.map(|row| Ok(PortalId::from_uuid(col(&row, "portal_id")?)))
        .transpose()
}

/// Remembers that a path of a source means this attachment; `false`: that was known.
pub async fn keep_path(
    tx: &mut Tx,
    portal: PortalId,
    from: &AttachmentPath,
    id: AttachmentId,
) -> Result<bool, StoreError> {
    let keep = query(KEEP_PATH)
        .bind(portal.as_uuid())
        .bind(&from.source)
        .bind(&from.path)
        .bind(id.as_uuid());
    Ok(tx.fetch_optional(keep).await?.is_some())
}

/// Under which paths an attachment came, by source and path; at most `limit`. Primary pool.
pub async fn paths_of(
    store: &Store,
    portal: PortalId,
    id: AttachmentId,
    limit: i64,
) -> Result<Vec<AttachmentPath>, StoreError> {
    let rows = query(PATHS_OF)
        .bind(portal.as_uuid())
        .bind(id.as_uuid())
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AttachmentPath {
                source: col(row, "source")?,
                path: col(row, "path")?,
            })
        })
        .collect()
}

/// Of some digests, those whose bytes an attachment of the portal needs. Primary pool.
pub async fn known_digests(
    store: &Store,
    portal: PortalId,
    digests: &[FileDigest],
) -> Result<Vec<FileDigest>, StoreError> {
    let rows = query(KNOWN_DIGESTS)
        .bind(portal.as_uuid())
        .bind(each(digests, |digest| digest.0.as_slice()))
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(digest_from).collect()
}

/// Locks an attachment, erased or not, until the transaction ends.
pub async fn lock(
    tx: &mut Tx,
    portal: PortalId,
    id: AttachmentId,
) -> Result<Option<Attachment>, StoreError> {
    let lock = query(LOCK).bind(portal.as_uuid()).bind(id.as_uuid());
    tx.fetch_optional(lock)
        .await?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Makes a locked attachment a tombstone: without name and paths, and no link leads to it.
///
/// # Errors
/// [`StoreError::Stale`] when it is one already.
pub async fn entomb(
    tx: &mut Tx,
    portal: PortalId,
    id: AttachmentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let entomb = query(ENTOMB)
        .bind(portal.as_uuid())
        .bind(id.as_uuid())
        .bind(at.to_sqlx());
    if tx.execute(entomb).await? != 1 {
        return Err(StoreError::Stale {
            table: "attachments",
            id: id.as_uuid(),
        });
    }
    for statement in [DROP_PATHS, UNLINK] {
        tx.execute(query(statement).bind(portal.as_uuid()).bind(id.as_uuid()))
            .await?;
    }
    Ok(())
}

/// Whether an attachment was erased. Primary pool.
pub async fn is_erased(
    store: &Store,
    portal: PortalId,
    id: AttachmentId,
) -> Result<bool, StoreError> {
    let row = query(IS_ERASED)
        .bind(portal.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(store.primary())
        .await?;
    Ok(row.is_some())
}

/// Erased attachments whose bytes may still be kept, with their erasures, oldest first; at most `limit`. Primary pool.
pub async fn erased_waiting(
    store: &Store,
    limit: i64,
) -> Result<Vec<(PurgeId, Attachment)>, StoreError> {
    let rows = query(ERASED_WAITING)
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| Ok((PurgeId::from_uuid(col(row, "purge_id")?), from_row(row)?)))
        .collect()
}

fn digest_from(row: &PgRow) -> Result<FileDigest, StoreError> {
    let bytes: &[u8] = col(row, "digest")?;
    let digest = bytes.try_into().map(FileDigest);
    digest.map_err(|_| StoreError::inconsistent("attachments", "digest", bytes.len()))
}

pub(crate) fn from_row(row: &PgRow) -> Result<Attachment, StoreError> {
    let id = AttachmentId::from_uuid(col(row, "id")?);
    let width: Option<i32> = col(row, "width")?;
    let height: Option<i32> = col(row, "height")?;
    Ok(Attachment {
        portal: PortalId::from_uuid(col(row, "portal_id")?),
        id,
        digest: digest_from(row)?,
        name: col(row, "name")?,
        media_type: col(row, "media_type")?,
        byte_length: col(row, "byte_length")?,
        size: width.zip(height),
        variant_widths: col(row, "variant_widths")?,
        actor: actor(row, "attachments", id)?,
        created_at: time(row, "created_at")?,
        purged_at: time_opt(row, "purged_at")?,
    })
}
