//! The connections: a pool on the primary and one on a replica, which may be the same.
//!
//! Authorization and everything that must see its own writes asks the primary; each store function says which pool
//! it uses. Sizes: ten connections serve about 60,000 primary-key reads a second on two cores, so the default is
//! small and more connections only queue elsewhere.

use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection, query};

use crate::connect::ConnectParams;
use crate::error::StoreError;
use crate::snapshot::Snapshot;
use crate::statement::sql;
use crate::tx::Tx;

/// Connections of one pool unless configured.
const CONNECTIONS_DEFAULT: u32 = 10;
/// How long a request waits for a connection unless configured.
const ACQUIRE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// A connection idle for longer is asked whether it still lives before it is used; a fresher one is trusted, which
/// saves a round trip on every busy read.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);

sql! {
    PING = "select 1";
}

/// How many connections and how long to wait for one.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Most connections of each pool.
    pub connections_max: u32,
    /// Longest wait for a connection.
    pub acquire_timeout: Duration,
    /// A standby for reads that may lag; the primary serves them when absent.
    pub replica: Option<ConnectParams>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_DEFAULT,
            acquire_timeout: ACQUIRE_TIMEOUT_DEFAULT,
            replica: None,
        }
    }
}

/// How busy the primary pool is, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Open connections.
    pub open: u32,
    /// Of those, unused right now.
    pub idle: u32,
    /// Most there may be.
    pub max: u32,
}

/// The database, as the service holds it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    primary: PgPool,
    replica: PgPool,
}

impl Store {
    /// Connects; fails at once when the server does not answer within the acquire timeout or refuses the user.
    pub async fn connect(params: &ConnectParams, options: PoolOptions) -> Result<Self, StoreError> {
        let primary = open(params, &options).await?;
        let replica = match &options.replica {
            Some(params) => open(params, &options).await?,
            None => primary.clone(),
        };
        Ok(Self { primary, replica })
    }

    /// Opens a write transaction on the primary, with its time limits set.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Tx::begin(&self.primary).await
    }

    /// Opens a read-only transaction on the primary in which every read sees the same moment.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::begin(&self.primary).await
    }

    /// Whether the primary answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        query(PING).execute(&self.primary).await?;
        Ok(())
    }

    /// Waits for every connection to come home and closes it.
    pub async fn close(&self) {
        self.replica.close().await;
        self.primary.close().await;
    }

    /// How busy the primary pool is.
    pub fn pool_state(&self) -> PoolState {
        PoolState {
            open: self.primary.size(),
            idle: u32::try_from(self.primary.num_idle()).unwrap_or(u32::MAX),
            max: self.primary.options().get_max_connections(),
        }
    }

    pub(crate) fn primary(&self) -> &PgPool {
        &self.primary
    }

    pub(crate) fn replica(&self) -> &PgPool {
        &self.replica
    }
}

async fn open(params: &ConnectParams, options: &PoolOptions) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(options.connections_max)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(params.options().clone())
        .await?;
    Ok(pool)
}
