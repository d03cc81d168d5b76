//! Erasure: what was asked for, and the statements that take a text out of every table it stands in.
//!
//! Revisions and audit are append-only for the serving role; the functions of the owner that blank them are called
//! here and nowhere else. Everything else is deleted or overwritten by ordinary statements. What remains outside this
//! room (dead rows until a vacuum, the write-ahead log, backups) is the operator's affair.

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, AttachmentId, PortalId, PurgeId};
use cairn_domain::locale::Locale;
use cairn_domain::old_address::OldAddress;
use cairn_domain::purge::{Purge, PurgeSubject};
use cairn_domain::redirect::RedirectTarget;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, locale, time, time_opt};
use crate::statement::sql;
use crate::tx::Tx;

macro_rules! columns {
    () => {
        "portal_id, id, subject_kind, subject_id, revision, message, requested_at, finished_at"
    };
}

sql! {
    // The event that follows in this transaction takes the next position: the row of the feed is locked here already,
    // one statement earlier than elsewhere.
    INSERT = "
with feed as (
    select pos
    from portal_feed
    where portal_id = $1
    for update
)
insert into purges (portal_id, id, subject_kind, subject_id, revision, pos, message, requested_at)
select $1, $2, $3, $4, $5, feed.pos + 1, $6, $7
from feed";

    GET = concat!("
select ", columns!(), "
from purges
where id = $1
  and portal_id = any ($2)");

    // Newest first: the ids are in the order they were made in.
    LIST = concat!("
select ", columns!(), "
from purges
where portal_id = $1
  and ($2::uuid is null or id < $2)
order by id desc
limit $3");

    // Over all portals: what the index of this process has to be clean of.
    REACHES = "
select portal_id, max(pos) as pos, bool_or(finished_at is null and subject_kind <> 'attachment') as is_waiting
from purges
where pos is not null
group by portal_id";

    // Attachments are finished one by one, once their bytes are gone from the object store.
    FINISH = "
update purges
set finished_at = $3
where portal_id = $1
  and pos <= $2
  and finished_at is null
  and subject_kind <> 'attachment'";

    BLANK_REVISIONS = "
select purge_revision_text($1, $2, $3, $4) as blanked";

    BLANK_AUDIT = "
select purge_audit_values($1, $2, $3) as blanked";

    DROP_RENDERINGS = "
delete from renderings
where portal_id = $1
  and article_id = $2
  and ($3::int4 is null or revision = $3)";

    OLD_SLUGS = "
select locale, slug
from slug_history
where portal_id = $1
  and article_id = $2";

    DROP_OLD_SLUGS = "
delete from slug_history h
using unnest($3::text[], $4::text[]) as s (locale, slug)
where h.portal_id = $1
  and h.article_id = $2
  and h.locale = s.locale
  and h.slug = s.slug";

    BLANK_AUDIT_REDIRECTS = "
select purge_audit_redirects($1, $2, $3) as blanked";

    FINISH_ONE = "
update purges
set finished_at = $3
where portal_id = $1
  and id = $2
  and finished_at is null";

    OLD_ADDRESSES = "
select old_path, old_query
from redirects
where portal_id = $1
  and target_kind = 'article'
  and target_id = $2";

    DROP_REDIRECTS = "
delete from redirects
where portal_id = $1
  and target_kind = 'article'
  and target_id = $2";

    DROP_IMPORTED_FILE = "
delete from imported_files
where portal_id = $1
  and article_id = $2";

    // Outcomes are kept for hours and read by nobody but their request: a look over the portal's is fine here.
    OUTCOMES = "
select actor_id, key, outcome
from idempotency
where portal_id = $1
  and outcome is not null
  and exists (select 1 from unnest($2::text[]) as n (name) where strpos(outcome::text, n.name) > 0)
order by actor_id, key
for update";

    PUT_OUTCOME = "
update idempotency
set outcome = $4
where portal_id = $1
  and actor_id = $2
  and key = $3";

    ERASED_SOURCES = "
select a.locale, a.source_id
from unnest($2::text[], $3::text[]) as s (locale, source_id)
join articles a
  on a.portal_id = $1
 and a.locale = s.locale
 and a.source_id = s.source_id
where a.purged_at is not null";

    IS_BLANK = "
select purged_at is not null as is_blank
from revisions
where portal_id = $1
  and article_id = $2
  and revision = $3";
}

/// An outcome of a write that may hold something of what is erased.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptOutcome {
    /// Whose.
    pub actor: Uuid,
    /// Under which key.
    pub key: String,
    /// What was answered.
    pub outcome: Value,
}

/// Notes an erasure. Its event must be the one event appended after it in the same transaction.
///
/// # Errors
/// [`StoreError::Inconsistent`] when the portal has no feed, which `portals::insert` never leaves behind.
pub async fn insert(tx: &mut Tx, purge: &Purge) -> Result<(), StoreError> {
    let insert = query(INSERT)
        .bind(purge.portal.as_uuid())
        .bind(purge.id.as_uuid())
        .bind(purge.subject.kind())
        .bind(purge.subject.uuid())
        .bind(purge.subject.revision())
        .bind(purge.message.as_str())
        .bind(purge.requested_at.to_sqlx());
    if tx.execute(insert).await? == 1 {
        Ok(())
    } else {
        Err(StoreError::inconsistent(
            "portal_feed",
            "portal_id",
            purge.portal,
        ))
    }
}

/// One erasure, in one of these portals. Primary pool.
pub async fn get(
    store: &Store,
    portals: &[PortalId],
    id: PurgeId,
) -> Result<Option<Purge>, StoreError> {
    let row = query(GET)
        .bind(id.as_uuid())
        .bind(each(portals, |p| p.as_uuid()))
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The erasures of a portal after `after`, newest first; at most `limit`. Primary pool.
pub async fn list(
    store: &Store,
    portal: PortalId,
    after: Option<PurgeId>,
    limit: i64,
) -> Result<Vec<Purge>, StoreError> {
    let rows = query(LIST)
        .bind(portal.as_uuid())
        .bind(after.map(PurgeId::as_uuid))
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(from_row).collect()
}

/// Up to where the erasures of a portal reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Whose.
    pub portal: PortalId,
    /// Position of the last one.
    pub pos: i64,
    /// Whether one of texts is not finished.
    pub is_waiting: bool,
}

/// Up to where the erasures of every portal reach that has one. Primary pool.
pub async fn reaches(store: &Store) -> Result<Vec<Reach>, StoreError> {
    let rows = query(REACHES).fetch_all(store.primary()).await?;
    rows.iter()
        .map(|row| {
            Ok(Reach {
                portal: PortalId::from_uuid(col(row, "portal_id")?),
                pos: col(row, "pos")?,
                is_waiting: col(row, "is_waiting")?,
            })
        })
        .collect()
}

/// Marks the erasures of texts up to this position as finished; how many. Primary pool.
pub async fn finish(
    store: &Store,
    portal: PortalId,
    pos: i64,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let done = query(FINISH)
        .bind(portal.as_uuid())
        .bind(pos)
        .bind(at.to_sqlx())
        .execute(store.primary())
        .await?;
    Ok(done.rows_affected())
}

/// Blanks the text of one revision, or of all of them, with renderings and links made from it; how many revisions.
pub async fn blank_revisions(
    tx: &mut Tx,
    article: &Article,
    revision: Option<i32>,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let (portal, id) = (article.portal.as_uuid(), article.id.as_uuid());
    let blank = query(BLANK_REVISIONS)
        .bind(portal)
        .bind(id)
        .bind(revision)
        .bind(at.to_sqlx());
    let blanked = count(tx.fetch_optional(blank).await?.as_ref())?;
    tx.execute(query(DROP_RENDERINGS).bind(portal).bind(id).bind(revision))
        .await?;
    crate::links::forget(tx, article.portal, article.id, revision).await?;
    Ok(blanked)
}

/// Blanks what the audit says of a subject: of one revision, or altogether. Entries stay, without their values.
pub async fn blank_audit(
    tx: &mut Tx,
    portal: PortalId,
    subject: Uuid,
    revision: Option<i32>,
) -> Result<i64, StoreError> {
    let blank = query(BLANK_AUDIT)
        .bind(portal.as_uuid())
        .bind(subject)
        .bind(revision);
    count(tx.fetch_optional(blank).await?.as_ref())
}

/// Where an article stood before.
pub async fn old_slugs(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
) -> Result<Vec<(Locale, String)>, StoreError> {
    let slugs = query(OLD_SLUGS)
        .bind(portal.as_uuid())
        .bind(article.as_uuid());
    let rows = tx.fetch_all(slugs).await?;
    rows.iter()
        .map(|row| {
            Ok((
                locale(col(row, "locale")?, "slug_history", article)?,
                col(row, "slug")?,
            ))
        })
        .collect()
}

/// Forgets some of the addresses an article had.
pub async fn drop_old_slugs(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
    slugs: &[(Locale, String)],
) -> Result<(), StoreError> {
    if slugs.is_empty() {
        return Ok(());
    }
    let drop = query(DROP_OLD_SLUGS)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(each(slugs, |(locale, _)| locale.as_str()))
        .bind(each(slugs, |(_, slug)| slug.as_str()));
    tx.execute(drop).await?;
    Ok(())
}

/// Blanks the old addresses that the audit names as leading to an article: those under its `target`, and these.
pub async fn blank_audit_redirects(
    tx: &mut Tx,
    portal: PortalId,
    target: &RedirectTarget,
    old_urls: &[String],
) -> Result<i64, StoreError> {
    let blank = query(BLANK_AUDIT_REDIRECTS)
        .bind(portal.as_uuid())
        .bind(target.to_text())
        .bind(old_urls.to_vec());
    count(tx.fetch_optional(blank).await?.as_ref())
}

/// Marks one erasure as finished. Primary pool.
pub async fn finish_one(
    store: &Store,
    portal: PortalId,
    purge: PurgeId,
    at: Timestamp,
) -> Result<(), StoreError> {
    query(FINISH_ONE)
        .bind(portal.as_uuid())
        .bind(purge.as_uuid())
        .bind(at.to_sqlx())
        .execute(store.primary())
        .await?;
    Ok(())
}

/// Addresses of the site before that lead to an article.
pub async fn old_addresses(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
) -> Result<Vec<OldAddress>, StoreError> {
    let addresses = query(OLD_ADDRESSES)
        .bind(portal.as_uuid())
        .bind(article.as_uuid());
    let rows = tx.fetch_all(addresses).await?;
    rows.iter()
        .map(|row| {
            Ok(OldAddress::from_stored(
                col(row, "old_path")?,
                col(row, "old_query")?,
            ))
        })
        .collect()
}

/// Forgets what leads to an article from the site before, and the file it came from.
pub async fn drop_origin(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
) -> Result<(), StoreError> {
    for statement in [DROP_REDIRECTS, DROP_IMPORTED_FILE] {
        tx.execute(
            query(statement)
                .bind(portal.as_uuid())
                .bind(article.as_uuid()),
        )
        .await?;
    }
    Ok(())
}

/// The outcomes of writes in which one of these names stands anywhere, locked.
pub async fn outcomes_naming(
    tx: &mut Tx,
    portal: PortalId,
    names: &[&str],
) -> Result<Vec<KeptOutcome>, StoreError> {
    let outcomes = query(OUTCOMES).bind(portal.as_uuid()).bind(names.to_vec());
    let rows = tx.fetch_all(outcomes).await?;
    rows.iter()
        .map(|row| {
            Ok(KeptOutcome {
                actor: col(row, "actor_id")?,
                key: col(row, "key")?,
                outcome: col(row, "outcome")?,
            })
        })
        .collect()
}

/// Overwrites an outcome.
pub async fn put_outcome(
    tx: &mut Tx,
    portal: PortalId,
    kept: &KeptOutcome,
) -> Result<(), StoreError> {
    let put = query(PUT_OUTCOME)
        .bind(portal.as_uuid())
        .bind(kept.actor)
        .bind(kept.key.as_str())
        .bind(&kept.outcome);
    tx.execute(put).await?;
    Ok(())
}

/// Which of these source ids a tombstone has.
pub async fn erased_sources(
    tx: &mut Tx,
    portal: PortalId,
    sources: &[(&Locale, String)],
) -> Result<Vec<(Locale, String)>, StoreError> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let erased = query(ERASED_SOURCES)
        .bind(portal.as_uuid())
        .bind(each(sources, |(locale, _)| locale.as_str()))
        .bind(each(sources, |(_, source)| source.as_str()));
    let rows = tx.fetch_all(erased).await?;
    rows.iter()
        .map(|row| {
            Ok((
                locale(col(row, "locale")?, "articles", portal)?,
                col(row, "source_id")?,
            ))
        })
        .collect()
}

/// Whether the text of a revision was erased, as this transaction sees it.
pub async fn is_blank(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
    revision: i32,
) -> Result<bool, StoreError> {
    let look = query(IS_BLANK)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(revision);
    match tx.fetch_optional(look).await? {
        Some(row) => col(&row, "is_blank"),
        None => Ok(false),
    }
}

fn count(row: Option<&PgRow>) -> Result<i64, StoreError> {
    row.map_or(Ok(0), |row| col(row, "blanked"))
}

fn from_row(row: &PgRow) -> Result<Purge, StoreError> {
    let id = PurgeId::from_uuid(col(row, "id")?);
    let subject: Uuid = col(row, "subject_id")?;
    let revision: Option<i32> = col(row, "revision")?;
    let subject = match (col(row, "subject_kind")?, revision) {
        ("article", None) => PurgeSubject::Article(ArticleId::from_uuid(subject)),
        ("revision", Some(number)) => PurgeSubject::Revision(ArticleId::from_uuid(subject), number),
        ("attachment", None) => PurgeSubject::Attachment(AttachmentId::from_uuid(subject)),
        _ => return Err(StoreError::inconsistent("purges", "subject_kind", id)),
    };
    Ok(Purge {
        portal: PortalId::from_uuid(col(row, "portal_id")?),
        id,
        subject,
        message: col(row, "message")?,
        requested_at: time(row, "requested_at")?,
        finished_at: time_opt(row, "finished_at")?,
    })
}
