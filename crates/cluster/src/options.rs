//! What a caller may decide about a private cluster.

use std::path::PathBuf;
use std::time::Duration;

/// How long a start may take by default, a recovery after a crash included.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// What [`Cluster::start`](crate::Cluster::start) needs to know.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Cairn's data directory; the cluster lives in `postgres` below it.
    pub data_dir: PathBuf,
    /// The directory holding `postgres` and `initdb` (`CAIRN_PG_BIN`); nothing else is looked at
    /// when it is given.
    pub bin_dir: Option<PathBuf>,
    /// The program that hands its arguments after `__pg-exec` to
    /// [`pg_exec_main`](crate::pg_exec_main): the running `cairn` itself.
    pub reexec: PathBuf,
    /// False only for tests: fsync, full_page_writes and synchronous_commit are then off, and the
    /// cluster does not survive a crash of the machine.
    pub durable: bool,
    /// Further server settings, passed as `-c name=value`; they win over Cairn's own, except for
    /// the port and the socket's directory.
    pub settings: Vec<(String, String)>,
    /// How long to wait for the cluster to be ready. Waiting for a predecessor to finish its
    /// shutdown counts.
    pub start_timeout: Duration,
}

impl ClusterOptions {
    /// A durable cluster in `data_dir` with default settings, started through `reexec`.
    pub fn new(data_dir: impl Into<PathBuf>, reexec: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            bin_dir: None,
            reexec: reexec.into(),
            durable: true,
            settings: Vec::new(),
            start_timeout: START_TIMEOUT,
        }
    }
}
