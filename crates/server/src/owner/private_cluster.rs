//! The private Postgres cluster of a data directory, looked after: one that was killed is started
//! again while the server goes on; requests meanwhile are told to ask again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use cairn_cluster::{Cluster, ClusterError, ClusterOptions};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::limits::{CLUSTER_RESTART_PAUSE, CLUSTER_WATCH};

/// A running cluster and the thread that watches it.
pub(crate) struct PrivateCluster {
    cluster: Arc<Mutex<Option<Cluster>>>,
    socket_dir: PathBuf,
    port: u16,
    superuser: String,
    password: String,
    stop: CancellationToken,
    watcher: JoinHandle<()>,
}

impl PrivateCluster {
    /// Starts it, or adopts it where it runs already.
    ///
    /// # Errors
    /// As `Cluster::start`; the error is a `ClusterError` with its code.
    pub(crate) async fn start(data_dir: &Path, config: &Config) -> Result<Self> {
        let program =
            std::env::current_exe().context("this program does not know where it lies")?;
        let mut options = ClusterOptions::new(data_dir, program);
        options.bin_dir = config.pg_bin.clone();
        let first = options.clone();
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(first))
            .await
            .context("the start of PostgreSQL was interrupted")??;
        tracing::info!(
            postgres.version = %cluster.version(),
            postgres.pid = cluster.pid(),
            adopted = cluster.was_adopted(),
            "PostgreSQL runs"
        );
        let (socket_dir, port) = (cluster.socket_dir().to_owned(), cluster.port());
        let (superuser, password) = (
            cluster.superuser().to_owned(),
            cluster.password().to_owned(),
        );
        let cluster = Arc::new(Mutex::new(Some(cluster)));
        let stop = CancellationToken::new();
        let (watched, stopping) = (Arc::clone(&cluster), stop.clone());
        let watcher = std::thread::Builder::new()
            .name("postgres-watch".to_owned())
            .spawn(move || watch(&watched, &options, &stopping))
            .context("cannot start a thread")?;
        Ok(Self {
            cluster,
            socket_dir,
            port,
            superuser,
            password,
            stop,
            watcher,
        })
    }

    /// The superuser's way in, for bootstrap alone.
    pub(crate) fn admin(&self) -> cairn_store::ConnectParams {
        cairn_store::ConnectParams::socket(
            &self.socket_dir,
            self.port,
            &self.superuser,
            Some(&self.password),
            "postgres",
        )
    }

    /// Stops it: connections are closed, everything is written.
    ///
    /// # Errors
    /// When it does not end.
    pub(crate) async fn stop(self) -> Result<()> {
        self.stop.cancel();
        let stopped = tokio::task::spawn_blocking(move || {
            let _ = self.watcher.join();
            let cluster = self
                .cluster
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            cluster.map_or(Ok(()), Cluster::stop)
        });
        stopped
            .await
            .context("the stop of PostgreSQL was interrupted")??;
        Ok(())
    }
}

/// Looks after the cluster until told to stop. It blocks; a thread of its own is the price of never
/// starting Postgres from one that may end.
fn watch(cluster: &Mutex<Option<Cluster>>, options: &ClusterOptions, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        std::thread::sleep(CLUSTER_WATCH);
        let mut held = cluster.lock().unwrap_or_else(PoisonError::into_inner);
        if stop.is_cancelled() || held.as_ref().is_some_and(Cluster::is_running) {
            continue;
        }
        tracing::error!("PostgreSQL has ended without being asked to; starting it again");
        // The dead one holds the lock of the cluster until it is dropped.
        drop(held.take());
        match restart(options) {
            Ok(started) => *held = Some(started),
            Err(error) => {
                tracing::error!(error = %error.report(), "PostgreSQL could not be started again");
                drop(held);
                std::thread::sleep(CLUSTER_RESTART_PAUSE);
            }
        }
    }
}

fn restart(options: &ClusterOptions) -> Result<Cluster, ClusterError> {
    let cluster = Cluster::start(options.clone())?;
    tracing::info!(postgres.pid = cluster.pid(), "PostgreSQL runs again");
    Ok(cluster)
}
