//! Leases: rows with an expiry, instead of locks that a pooler or a failover would drop.
//!
//! Time is the database's own, because holders on several machines must agree on it.

use std::time::Duration;

use sqlx::postgres::PgExecutor;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::statement::sql;

sql! {
    // Takes a free or expired lease, or renews one's own.
    TAKE = "
insert into leases as l (name, holder, expires_at)
values ($1, $2, now() + $3::float8 * interval '1 second')
on conflict (name) do update
set holder = excluded.holder, expires_at = excluded.expires_at
where l.holder = excluded.holder
   or l.expires_at < now()";

    RELEASE = "
delete from leases
where name = $1
  and holder = $2";
}

/// Takes or renews the lease for `ttl`; `false`: somebody else holds it. Primary pool.
pub async fn take(
    store: &Store,
    name: &str,
    holder: &str,
    ttl: Duration,
) -> Result<bool, StoreError> {
    take_on(store.primary(), name, holder, ttl).await
}

/// Gives the lease back. Primary pool.
pub async fn release(store: &Store, name: &str, holder: &str) -> Result<(), StoreError> {
    release_on(store.primary(), name, holder).await
}

pub(crate) async fn take_on(
    executor: impl PgExecutor<'_>,
    name: &str,
    holder: &str,
    ttl: Duration,
) -> Result<bool, StoreError> {
    let done = query(TAKE)
        .bind(name)
        .bind(holder)
        .bind(ttl.as_secs_f64())
        .execute(executor)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn release_on(
    executor: impl PgExecutor<'_>,
    name: &str,
    holder: &str,
) -> Result<(), StoreError> {
    query(RELEASE)
        .bind(name)
        .bind(holder)
        .execute(executor)
        .await?;
    Ok(())
}
