//! Migrations: an embedded list, run by the owner under a lease row, then the grants of the serving role.
//!
//! Forward-only, expand then contract: `migrations/README.md` says how they run while the previous release serves.

use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, SqlSafeStr, query};

use crate::connect::ConnectParams;
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::col;
use crate::statement::sql;
use crate::{grants, leases};

/// Version, name and text of every migration, in order.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "foundation",
        include_str!("../../../migrations/0001_foundation.sql"),
    ),
    (
        2,
        "moving",
        include_str!("../../../migrations/0002_moving.sql"),
    ),
    (
        3,
        "link_targets",
        include_str!("../../../migrations/0003_link_targets.sql"),
    ),
    (
        4,
        "search_rules",
        include_str!("../../../migrations/0004_search_rules.sql"),
    ),
    (
        5,
        "search_counts",
        include_str!("../../../migrations/0005_search_counts.sql"),
    ),
    (
        6,
        "feedback",
        include_str!("../../../migrations/0006_feedback.sql"),
    ),
    (
        7,
        "portal_words",
        include_str!("../../../migrations/0007_portal_words.sql"),
    ),
    (
        8,
        "read_counts",
        include_str!("../../../migrations/0008_read_counts.sql"),
    ),
];

/// The lease that keeps two migrators apart.
const LEASE: &str = "migrate";
/// How long the lease lives without a sign of life of its holder.
const LEASE_TTL: Duration = Duration::from_secs(30);
/// How often the holder gives that sign.
const LEASE_RENEWAL: Duration = Duration::from_secs(8);
/// How long a migrator waits for another one.
const LEASE_WAIT: Duration = Duration::from_secs(120);
/// How often it asks.
const LEASE_POLL: Duration = Duration::from_millis(250);

sql! {
    // The same table as in 0001, made here first because the lease guards 0001 itself.
    MAKE_LEASES = "
create table if not exists leases (
    name        text        not null collate \"C\",
    holder      text        not null,
    expires_at  timestamptz not null,
    constraint leases_pkey primary key (name)
)";

    APPLIED = "
select version
from _sqlx_migrations
where success
order by version";

    MIGRATIONS_TABLE = "
select to_regclass('_sqlx_migrations') is not null as there";

    // Who we are to other migrators; no randomness needed.
    HOLDER = "
select pg_backend_pid() || '@' || extract(epoch from pg_postmaster_start_time()) as holder";

    // A holder of an earlier life of the server is gone: its connections ended with that life. Without this a start
    // that was killed while it migrated would cost the next one the whole TTL.
    FORGET_THE_DEAD = "
delete from leases
where name = $1
  and split_part(holder, '@', 2) <> extract(epoch from pg_postmaster_start_time())::text";
}

/// A migration that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub description: String,
}

/// Runs what has not run yet, in order, then grants `app_role` its rights. Gives what ran now.
///
/// A release that finds newer migrations than its own leaves them alone: expand and contract keep them fit for it.
pub async fn migrate(
    owner: &ConnectParams,
    app_role: &str,
) -> Result<Vec<AppliedMigration>, StoreError> {
    let mut connection = PgConnection::connect_with(owner.options()).await?;
    let mut keeper = PgConnection::connect_with(owner.options()).await?;
    make_leases(&mut keeper).await?;
    let holder: String = col(&query(HOLDER).fetch_one(&mut keeper).await?, "holder")?;
    wait_for_lease(&mut keeper, &holder).await?;
    let outcome = {
        let work = run(&mut connection, app_role);
        tokio::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => break outcome,
                () = tokio::time::sleep(LEASE_RENEWAL) => {
                    // A lost lease is not a reason to stop in the middle: the version's primary key in
                    // _sqlx_migrations lets only one of two migrators commit.
                    leases::take_on(&mut keeper, LEASE, &holder, LEASE_TTL).await?;
                }
            }
        }
    };
    leases::release_on(&mut keeper, LEASE, &holder).await?;
    // Both connections only get a farewell; what matters is committed.
    let _ = keeper.close().await;
    let _ = connection.close().await;
    outcome
}

/// Whether every migration of this release has run. Primary pool.
pub async fn migrations_current(store: &Store) -> Result<bool, StoreError> {
    let there = query(MIGRATIONS_TABLE).fetch_one(store.primary()).await?;
    if !col::<bool>(&there, "there")? {
        return Ok(false);
    }
    let rows = query(APPLIED).fetch_all(store.primary()).await?;
    let applied: Vec<i64> = rows
        .iter()
        .map(|row| col(row, "version"))
        .collect::<Result<_, _>>()?;
    Ok(MIGRATIONS
        .iter()
        .all(|(version, ..)| applied.contains(version)))
}

async fn make_leases(connection: &mut PgConnection) -> Result<(), StoreError> {
    match query(MAKE_LEASES).execute(&mut *connection).await {
        Ok(_) => Ok(()),
        // `if not exists` looks before it makes: two at once, and one of them meets the other's catalog row.
        Err(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some("23505" | "42P07")) =>
        {
            Ok(())
        }
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
            Err(StoreError::Refused(format!(
                "the migrating role may not create tables: {}; let CAIRN_OWNER_URL name the owner of the database",
                error.message()
            )))
        }
        Err(error) => Err(error.into()),
    }
}

async fn wait_for_lease(keeper: &mut PgConnection, holder: &str) -> Result<(), StoreError> {
    query(FORGET_THE_DEAD)
        .bind(LEASE)
        .execute(&mut *keeper)
        .await?;
    let tries = LEASE_WAIT.as_millis() / LEASE_POLL.as_millis();
    for _ in 0..tries {
        if leases::take_on(&mut *keeper, LEASE, holder, LEASE_TTL).await? {
            return Ok(());
        }
        tokio::time::sleep(LEASE_POLL).await;
    }
    Err(StoreError::Refused(format!(
        "another process has been migrating the database for more than {} s; wait for it, or look what it waits for in pg_stat_activity",
        LEASE_WAIT.as_secs()
    )))
}

async fn run(
    connection: &mut PgConnection,
    app_role: &str,
) -> Result<Vec<AppliedMigration>, StoreError> {
    let there = query(MIGRATIONS_TABLE).fetch_one(&mut *connection).await?;
    let before: Vec<i64> = if col::<bool>(&there, "there")? {
        query(APPLIED)
            .fetch_all(&mut *connection)
            .await?
            .iter()
            .map(|row| col(row, "version"))
            .collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    let mut migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|(version, name, sql)| {
                Migration::new(
                    *version,
                    (*name).into(),
                    MigrationType::Simple,
                    sql.into_sql_str(),
                    false,
                )
            })
            .collect(),
    );
    migrator.set_locking(false).set_ignore_missing(true);
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(|error| StoreError::Migration(Box::new(error)))?;
    grants::apply(connection, app_role).await?;
    Ok(MIGRATIONS
        .iter()
        .filter(|(version, ..)| !before.contains(version))
        .map(|(version, name, _)| AppliedMigration {
            version: *version,
            description: (*name).to_owned(),
        })
        .collect())
}
