//! The connections: a pool on the primary, one on a replica, which may be the same, and one for work that stands back.
//!
//! What runs within [`in_bulk`] takes its connections from the last: it never takes one that a reader waits for, its
//! backends may be given a lower priority, and they belong to the runtime of that work.
//! Authorization and everything that must see its own writes asks the primary; each store function says which pool
//! it uses. Sizes: ten connections serve about 60,000 primary-key reads a second on two cores, so the default is
//! small and more connections only queue elsewhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection, query, query_scalar};

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

/// How long bulk work waits for a connection: others of its kind hold them for as long as a batch takes.
const BULK_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Fewest connections of bulk work: a batch and the follower.
const BULK_CONNECTIONS_MIN: u32 = 2;

sql! {
    PING = "select 1";

    BACKEND = "select pg_backend_pid()";
}

tokio::task_local! {
    static IN_BULK: ();
}

/// Runs work whose every statement on the primary takes a connection of the bulk pool. Tasks that it spawns are outside
/// again.
pub async fn in_bulk<F: Future>(work: F) -> F::Output {
    IN_BULK.scope((), work).await
}

/// Told the process id of each backend that serves bulk work, once, before it serves; it may block. Only for a server
/// on this machine.
#[derive(Clone)]
pub struct OnBulkBackend(pub Arc<dyn Fn(i32) + Send + Sync>);

impl fmt::Debug for OnBulkBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnBulkBackend").finish_non_exhaustive()
    }
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
    /// Who is told of the backends of bulk work.
    pub on_bulk_backend: Option<OnBulkBackend>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_DEFAULT,
            acquire_timeout: ACQUIRE_TIMEOUT_DEFAULT,
            replica: None,
            on_bulk_backend: None,
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
    /// None: the primary serves its reads.
    replica: Option<PgPool>,
    /// On the primary too.
    bulk: PgPool,
}

impl Store {
    /// Connects; fails at once when the server does not answer within the acquire timeout or refuses the user.
    pub async fn connect(params: &ConnectParams, options: PoolOptions) -> Result<Self, StoreError> {
        let primary = open(params, &options).await?;
        let replica = match &options.replica {
            Some(params) => Some(open(params, &options).await?),
            None => None,
        };
        let bulk = open_bulk(params, &options);
        Ok(Self {
            primary,
            replica,
            bulk,
        })
    }

    /// Opens a write transaction on the primary, with its time limits set.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Tx::begin(self.primary()).await
    }

    /// Opens a read-only transaction on the primary in which every read sees the same moment.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::begin(self.primary()).await
    }

    /// Whether the primary answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        query(PING).execute(self.primary()).await?;
        Ok(())
    }

    /// Waits for every connection to come home and closes it.
    pub async fn close(&self) {
        self.bulk.close().await;
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
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
        match IN_BULK.try_with(|()| ()) {
            Ok(()) => &self.bulk,
            Err(_) => &self.primary,
        }
    }

    pub(crate) fn replica(&self) -> &PgPool {
        match &self.replica {
            Some(replica) => replica,
            None => self.primary(),
        }
    }
}

async fn open(params: &ConnectParams, options: &PoolOptions) -> Result<PgPool, StoreError> {
    let pool = pool_options()
        .max_connections(options.connections_max)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(params.options().clone())
        .await?;
    Ok(pool)
}

/// Connects when it is first used: its connections then belong to the runtime of bulk work.
fn open_bulk(params: &ConnectParams, options: &PoolOptions) -> PgPool {
    let mut pool = pool_options()
        .max_connections((options.connections_max / 2).max(BULK_CONNECTIONS_MIN))
        .acquire_timeout(BULK_ACQUIRE_TIMEOUT.max(options.acquire_timeout));
    if let Some(OnBulkBackend(tell)) = options.on_bulk_backend.clone() {
        pool = pool.after_connect(move |connection, _| {
            let tell = Arc::clone(&tell);
            Box::pin(async move {
                let backend: i32 = query_scalar(BACKEND).fetch_one(connection).await?;
                if let Err(error) = tokio::task::spawn_blocking(move || tell(backend)).await {
                    tracing::debug!(%error, "nobody was told of a backend of bulk work");
                }
                Ok(())
            })
        });
    }
    pool.connect_lazy_with(params.options().clone())
}

fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
