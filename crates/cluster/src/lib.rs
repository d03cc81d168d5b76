//! A private Postgres cluster, for people and tests without one: find the programs, initialise,
//! start, adopt, stop, and say in one sentence what is wrong when that fails.
//!
//! This room refuses to speak SQL (roles and databases are made by `store::bootstrap`), to touch a
//! cluster outside Cairn's data directory, to delete a `postmaster.pid`, and to signal a process
//! whose program and directory it has not checked.
//!
//! Layout under the data directory, owned by whoever runs Cairn except where noted:
//!
//! ```text
//! owner.lock          flock: the one owner of the data directory (lock_data_dir)
//! postgres.lock       flock: the one process that runs the cluster (Cluster::start)
//! postgres.password   0600, the password of cairn_admin
//! postgres.log        0600, what initdb and postgres said; rotated at start
//! postgres/           0700, owned by the account Postgres runs as
//!   data/             the cluster (data.tmp while initdb works)
//!   run/              the socket, unless the path is too long for one
//! ```

mod account;
mod cluster;
#[cfg(target_os = "linux")]
mod cores;
mod directory;
mod error;
mod files;
mod find;
mod initdb;
mod lock;
mod log;
mod options;
mod pg_control;
mod pg_exec;
mod pid_file;
mod postmaster;
mod priority;
mod probe;
mod process;
mod running;
mod settings;
mod socket_dir;
mod start;
mod version;

pub use cluster::Cluster;
pub use error::ClusterError;
pub use find::{Installation, find};
pub use lock::{DataDirLock, lock_data_dir};
pub use options::ClusterOptions;
pub use pg_exec::{pg_exec_child_of_test, pg_exec_main};
pub use priority::{BULK_NICENESS, lower_backend, stand_back};
pub use probe::{Outcome, Probe, probe};
pub use version::Version;

/// The first argument with which the program in [`ClusterOptions::reexec`] is started; whatever
/// follows it belongs to [`pg_exec_main`].
pub const PG_EXEC_COMMAND: &str = "__pg-exec";

/// The superuser of a private cluster. Only bootstrap, migrations and tests connect as this role.
pub const SUPERUSER: &str = "cairn_admin";
