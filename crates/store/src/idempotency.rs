//! Idempotency: a write that is asked for twice is done once and answered twice.
//!
//! The key is claimed by the first statement of the write's transaction and its outcome kept by one of the last, so an
//! outcome is there exactly when the write is. Two requests at once:
//!
//! ```text
//! A   insert key ──────────── … outcome, commit
//! B        insert key (waits for A) ─────────── sees A's row → replay
//!                      └─ after 1 s: in flight; the caller asks again
//! ```

use cairn_domain::ids::PortalId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::col;
use crate::statement::sql;
use crate::tx::{LOCK_TIMEOUT, Tx};

/// Rows one prune deletes at most.
const PRUNE_MAX: i64 = 10_000;

sql! {
    // One round trip: the wait for another transaction's row is limited to 1 s for this statement alone. The limit is
    // set while the CTE is read, which is before the row is inserted, and taken back by `returning`, or by SEEN when
    // the row was there already. After a timeout the transaction is over anyway.
    CLAIM = "
with patience as materialized (
    select set_config('lock_timeout', '1s', true) as lock_timeout
)
insert into idempotency (portal_id, actor_id, key, fingerprint, operation, created_at)
select $1, $2, $3, $4, $5, $6
from patience
where patience.lock_timeout is not null
on conflict (portal_id, actor_id, key) do nothing
returning set_config('lock_timeout', $7, true)";

    SEEN = "
select fingerprint, operation, outcome, set_config('lock_timeout', $4, true)
from idempotency
where portal_id = $1
  and actor_id = $2
  and key = $3";

    FINISH = "
update idempotency
set outcome = $4
where portal_id = $1
  and actor_id = $2
  and key = $3
  and outcome is null";

    // Over all portals, as the one maintenance task of this table; pages of 10,000.
    PRUNE = "
delete from idempotency
where ctid = any (array(
        select i.ctid
        from idempotency i
        where i.created_at < $1
        order by i.created_at
        limit $2))";
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Nobody used it: do the write and [`finish`].
    Fresh,
    /// The write was done: answer with this outcome.
    Replay(Value),
    /// It was used for another request.
    Mismatch,
}

/// Claims a key for this transaction, as its first statement.
///
/// # Errors
/// [`StoreError::InFlight`] when another transaction holds the key for longer than one second.
pub async fn claim(
    tx: &mut Tx,
    portal: PortalId,
    actor: Uuid,
    key: &str,
    fingerprint: &[u8; 32],
    operation: &str,
    at: Timestamp,
) -> Result<Claim, StoreError> {
    let claim = query(CLAIM)
        .bind(portal.as_uuid())
        .bind(actor)
        .bind(key)
        .bind(&fingerprint[..])
        .bind(operation)
        .bind(at.to_sqlx())
        .bind(LOCK_TIMEOUT);
    let claimed = tx
        .fetch_optional(claim)
        .await
        .map_err(|error| match error {
            StoreError::LockTimeout => StoreError::InFlight,
            other => other,
        })?;
    if claimed.is_some() {
        return Ok(Claim::Fresh);
    }
    let seen = query(SEEN)
        .bind(portal.as_uuid())
        .bind(actor)
        .bind(key)
        .bind(LOCK_TIMEOUT);
    let Some(row) = tx.fetch_optional(seen).await? else {
        // Pruned between the two statements: the next try claims it.
        return Err(StoreError::InFlight);
    };
    let stored: &[u8] = col(&row, "fingerprint")?;
    let stored_operation: &str = col(&row, "operation")?;
    if stored != fingerprint || stored_operation != operation {
        return Ok(Claim::Mismatch);
    }
    match col::<Option<Value>>(&row, "outcome")? {
        Some(outcome) => Ok(Claim::Replay(outcome)),
        None => Err(StoreError::inconsistent("idempotency", "outcome", key)),
    }
}

/// Keeps the outcome under the key this transaction claimed.
pub async fn finish(
    tx: &mut Tx,
    portal: PortalId,
    actor: Uuid,
    key: &str,
    outcome: &Value,
) -> Result<(), StoreError> {
    let finish = query(FINISH)
        .bind(portal.as_uuid())
        .bind(actor)
        .bind(key)
        .bind(outcome);
    if tx.execute(finish).await? == 1 {
        Ok(())
    } else {
        Err(StoreError::inconsistent("idempotency", "outcome", key))
    }
}

/// Deletes what was claimed before `before`, at most 10,000 rows; how many. Primary pool.
pub async fn prune(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    let done = query(PRUNE)
        .bind(before.to_sqlx())
        .bind(PRUNE_MAX)
        .execute(store.primary())
        .await?;
    Ok(done.rows_affected())
}
