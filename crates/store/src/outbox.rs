//! The feed: events at dense positions of their portal.
//!
//! *Invariant:* the position is taken by the last statement before the commit. The row lock on `portal_feed` makes lock
//! order commit order, so whoever sees position 7 sees 1 to 6 as well, and a gap proves a loss:
//!
//! ```text
//! writer A   … update portal_feed → 7 ─────────── commit
//! writer B        … update portal_feed (waits) ───────── → 8 … commit
//! reader                                          sees 7        sees 7, 8: never 8 without 7
//! ```
//!
//! Budget: one round trip per write. 1,747 writes a second when all hit one portal, because each waits for the commit
//! of the one before; bulk writes therefore take `pos + n` once.

use cairn_domain::event::{Event, Subject};
use cairn_domain::ids::{EventId, PortalId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, time};
use crate::statement::sql;
use crate::tx::Tx;

/// Rows one prune deletes at most, so that it never holds its locks for long.
const PRUNE_MAX: i64 = 10_000;

sql! {
    // $2 how many, $3 id and $9 time of the last one
    APPEND = "
with feed as (
    update portal_feed
    set pos = pos + $2, event_id = $3, touched = $9
    where portal_id = $1
    returning pos
)
insert into outbox (portal_id, pos, event_id, kind, subject_kind, subject_id, revision, at)
select $1, feed.pos - $2 + e.n, e.event_id, e.kind, e.subject_kind, e.subject_id, e.revision, e.at
from feed,
     unnest($4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::int4[], $10::timestamptz[])
         with ordinality as e (event_id, kind, subject_kind, subject_id, revision, at, n)
returning pos";

    READ_AFTER = "
select portal_id, pos, event_id, kind, subject_kind, subject_id, revision, at
from outbox
where portal_id = $1
  and pos > $2
order by pos
limit $3";

    HEAD = "
select pos, event_id
from portal_feed
where portal_id = $1";

    HEADS = "
select portal_id, pos, event_id
from portal_feed
order by portal_id";

    EVENT_ID_AT = "
select event_id
from outbox
where portal_id = $1
  and pos = $2
union
select event_id
from portal_feed
where portal_id = $1
  and pos = $2
limit 1";

    OLDEST_POS = "
select min(pos) as pos
from outbox
where portal_id = $1";

    // A prefix only: the first event that is young enough keeps everything above it, so no gap comes about.
    PRUNE = "
delete from outbox
where portal_id = $1
  and pos < $2
  and pos < coalesce((select min(o.pos) from outbox o where o.portal_id = $1 and o.at >= $3), $2)
  and pos < (select min(o.pos) from outbox o where o.portal_id = $1) + $4";
}

/// An event before it has a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Random id.
    pub id: EventId,
    /// `article.updated` and its like.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// The article's head revision after the write, for articles.
    pub revision: Option<i32>,
    /// When.
    pub at: Timestamp,
}

/// Appends events to the portal's feed and gives the position of the last one. Only `commit` may follow.
///
/// # Errors
/// [`StoreError::Refused`] without events: a write without an event would never reach the index.
pub async fn append(tx: &mut Tx, portal: PortalId, events: &[NewEvent]) -> Result<i64, StoreError> {
    let Some(last) = events.last() else {
        return Err(StoreError::Refused(
            "outbox::append was given no event; a write without one would never reach the index"
                .to_owned(),
        ));
    };
    let append = query(APPEND)
        .bind(portal.as_uuid())
        .bind(events.len() as i64)
        .bind(last.id.as_uuid())
        .bind(each(events, |e| e.id.as_uuid()))
        .bind(each(events, |e| e.kind.as_str()))
        .bind(each(events, |e| e.subject.kind()))
        .bind(each(events, |e| e.subject.uuid()))
        .bind(each(events, |e| e.revision))
        .bind(last.at.to_sqlx())
        .bind(each(events, |e| e.at.to_sqlx()));
    let rows = tx.fetch_all(append).await?;
    let mut pos = None;
    for row in &rows {
        pos = pos.max(Some(col::<i64>(row, "pos")?));
    }
    tx.close();
    // No row: the portal has no feed, which portals::insert never leaves behind.
    pos.ok_or_else(|| StoreError::inconsistent("portal_feed", "portal_id", portal))
}

/// The events after `pos`, in order; at most `limit`. Primary pool.
pub async fn read_after(
    store: &Store,
    portal: PortalId,
    pos: i64,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    let rows = query(READ_AFTER)
        .bind(portal.as_uuid())
        .bind(pos)
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(from_row).collect()
}

/// Where the portal's feed stands and the event there; (0, none) before the first. Primary pool.
pub async fn head(store: &Store, portal: PortalId) -> Result<(i64, Option<EventId>), StoreError> {
    head_on(store.primary(), portal).await
}

pub(crate) async fn head_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
) -> Result<(i64, Option<EventId>), StoreError> {
    let row = query(HEAD)
        .bind(portal.as_uuid())
        .fetch_optional(executor)
        .await?
        .ok_or_else(|| StoreError::inconsistent("portal_feed", "portal_id", portal))?;
    Ok((col(&row, "pos")?, event_id(&row)?))
}

/// Where every portal's feed stands, the instance portal's too. Primary pool; 100,000 of them take 33 ms.
pub async fn heads(store: &Store) -> Result<Vec<(PortalId, i64, Option<EventId>)>, StoreError> {
    let rows = query(HEADS).fetch_all(store.primary()).await?;
    rows.iter()
        .map(|row| {
            let portal = PortalId::from_uuid(col(row, "portal_id")?);
            Ok((portal, col(row, "pos")?, event_id(row)?))
        })
        .collect()
}

/// The event at `pos`; none when it was pruned or never was. Primary pool.
pub async fn event_id_at(
    store: &Store,
    portal: PortalId,
    pos: i64,
) -> Result<Option<EventId>, StoreError> {
    let row = query(EVENT_ID_AT)
        .bind(portal.as_uuid())
        .bind(pos)
        .fetch_optional(store.primary())
        .await?;
    match row {
        Some(row) => event_id(&row),
        None => Ok(None),
    }
}

/// The lowest position that is still there. Primary pool.
pub async fn oldest_pos(store: &Store, portal: PortalId) -> Result<Option<i64>, StoreError> {
    let row = query(OLDEST_POS)
        .bind(portal.as_uuid())
        .fetch_one(store.primary())
        .await?;
    col(&row, "pos")
}

/// Deletes events below `below_pos` that are older than `older_than`, from the lowest up, at most 10,000; how many.
/// The last event stays in `portal_feed`. Primary pool.
pub async fn prune(
    store: &Store,
    portal: PortalId,
    below_pos: i64,
    older_than: Timestamp,
) -> Result<u64, StoreError> {
    let done = query(PRUNE)
        .bind(portal.as_uuid())
        .bind(below_pos)
        .bind(older_than.to_sqlx())
        .bind(PRUNE_MAX)
        .execute(store.primary())
        .await?;
    Ok(done.rows_affected())
}

fn event_id(row: &PgRow) -> Result<Option<EventId>, StoreError> {
    Ok(col::<Option<Uuid>>(row, "event_id")?.map(EventId::from_uuid))
}

fn from_row(row: &PgRow) -> Result<Event, StoreError> {
    let pos: i64 = col(row, "pos")?;
    let subject = Subject::from_parts(col(row, "subject_kind")?, col(row, "subject_id")?)
        .ok_or_else(|| StoreError::inconsistent("outbox", "subject_kind", pos))?;
    Ok(Event {
        portal: PortalId::from_uuid(col(row, "portal_id")?),
        pos,
        id: EventId::from_uuid(col(row, "event_id")?),
        kind: col(row, "kind")?,
        subject,
        revision: col(row, "revision")?,
        at: time(row, "at")?,
    })
}
