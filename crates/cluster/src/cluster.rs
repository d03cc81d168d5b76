//! The cluster as its owner holds it: brought up, asked about, restarted, taken down.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::directory::{self, Layout};
use crate::log::Log;
use crate::postmaster::{Door, Launcher};
use crate::running::Running;
use crate::start::Start;
use crate::{
    ClusterError, ClusterOptions, SUPERUSER, Version, account, find, initdb, lock, pg_control,
    settings,
};

/// A fast shutdown writes a checkpoint; after this an immediate one, which recovery repairs.
const FAST_SHUTDOWN_WAIT: Duration = Duration::from_secs(60);
const IMMEDIATE_SHUTDOWN_WAIT: Duration = Duration::from_secs(10);

/// A running private cluster. Dropping it without [`stop`](Self::stop) shuts it down too, but
/// cannot report an error.
#[derive(Debug)]
pub struct Cluster {
    start: Start,
    socket_dir: PathBuf,
    port: u16,
    password: String,
    running: Option<Running>,
    /// *Invariant:* released after the server has ended (fields drop in order, `Drop` runs first).
    _lock: lock::Held,
}

impl Cluster {
    /// Finds PostgreSQL, initialises the cluster if there is none, adopts a server that runs on it
    /// or starts one, and waits until it accepts connections. Blocks for a second the first time,
    /// a few tenths later, longer while a crash is recovered.
    ///
    /// # Errors
    /// Any [`ClusterError`]; nothing is left running.
    pub fn start(options: ClusterOptions) -> Result<Self, ClusterError> {
        Self::start_through(options, Door::Command)
    }

    /// The same, where [`ClusterOptions::reexec`] is a libtest binary holding a test whose name
    /// contains `cairn_pg_exec_child` and whose body is
    /// [`pg_exec_child_of_test`](crate::pg_exec_child_of_test).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_in_test(options: ClusterOptions) -> Result<Self, ClusterError> {
        Self::start_through(options, Door::Test)
    }

    fn start_through(options: ClusterOptions, door: Door) -> Result<Self, ClusterError> {
        if !cfg!(target_os = "linux") {
            return Err(ClusterError::Unsupported);
        }
        settings::check(&options.settings)?;
        let give_up = Instant::now() + options.start_timeout;
        let layout = Layout::of(&lock::make_data_dir(&options.data_dir)?);
        let lock = lock::acquire(&layout.data_dir, "postgres.lock")?;
        let installation = find(options.bin_dir.as_deref(), &layout.data_dir)?;
        let account = account::choose(&layout.cluster)?;
        directory::prepare(&layout, &account)?;
        if account.drops {
            directory::check_reachable(&installation.bin_dir, &account)?;
        }
        let log = Log::rotate(&layout.data_dir)?;
        let launcher = Launcher {
            reexec: options.reexec.clone(),
            door,
            account,
            cwd: layout.cluster.clone(),
            durable: options.durable,
        };
        let exists = initdb::made_by(&layout)?.is_some();
        let password = directory::password(&layout, exists)?;
        if !exists {
            tracing::info!(version = %installation.version, "initialising the private cluster");
            initdb::run(&launcher, &installation, &layout, &password, &log)?;
        }
        let start = Start {
            options,
            layout,
            installation,
            launcher,
            log,
        };
        let (running, socket_dir, port) = start.run(give_up)?;
        Ok(Self {
            start,
            socket_dir,
            port,
            password,
            running: Some(running),
            _lock: lock,
        })
    }

    /// Fast shutdown: connections are closed, everything is written, the server ends.
    ///
    /// # Errors
    /// CAIRN-DB-011 when it does not end; CAIRN-DB-014 when it cannot be signalled.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        self.shut_down()
    }

    /// The directory of the socket, the `host` of a connection.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Names the socket in its directory; nothing listens on the network.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `cairn_admin`.
    pub fn superuser(&self) -> &str {
        SUPERUSER
    }

    /// The superuser's password (scram over the socket); kept 0600 in the data directory.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// What makes this cluster itself and no other, from `global/pg_control`.
    ///
    /// # Errors
    /// CAIRN-DB-014 or 015 when the file cannot be read.
    pub fn system_identifier(&self) -> Result<u64, ClusterError> {
        pg_control::system_identifier(&self.start.layout.data)
    }

    /// The version of the programs found.
    pub fn version(&self) -> Version {
        self.start.installation.version
    }

    /// Whether the server was running already.
    pub fn was_adopted(&self) -> bool {
        matches!(self.running, Some(Running::Adopted(_)))
    }

    /// The postmaster's pid; 0 after a failed restart.
    pub fn pid(&self) -> i32 {
        self.running.as_ref().map_or(0, Running::pid)
    }

    /// False once the server has ended without being asked to.
    pub fn is_running(&self) -> bool {
        match &self.running {
            Some(Running::Started(server)) => !server.has_ended(),
            Some(Running::Adopted(postmaster)) => postmaster.is_running(&self.start.layout.data),
            None => false,
        }
    }

    /// Starts the server again if it has ended without being asked to (killed, out of memory), and
    /// says whether it had. Password, port and socket stay what they were.
    ///
    /// # Errors
    /// As [`start`](Self::start); the cluster is then still down and may be tried again.
    pub fn restart_if_ended(&mut self) -> Result<bool, ClusterError> {
        if self.is_running() {
            return Ok(false);
        }
        self.running = None;
        let give_up = Instant::now() + self.start.options.start_timeout;
        let (running, socket_dir, port) = self.start.run(give_up)?;
        (self.running, self.socket_dir, self.port) = (Some(running), socket_dir, port);
        Ok(true)
    }

    /// The log of initdb and postgres.
    pub fn log_file(&self) -> &Path {
        &self.start.log.path
    }

    fn shut_down(&mut self) -> Result<(), ClusterError> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        let pid = running.pid();
        let steps = [
            (Signal::INT, FAST_SHUTDOWN_WAIT),
            (Signal::QUIT, IMMEDIATE_SHUTDOWN_WAIT),
        ];
        for (signal, wait) in steps {
            if running.end(signal, Instant::now() + wait, &self.start.layout.data)? {
                return Ok(());
            }
            tracing::warn!(postgres.pid = pid, ?wait, "postgres does not end");
        }
        Err(ClusterError::TimedOut {
            pid,
            wanted: "gone",
            waited: FAST_SHUTDOWN_WAIT + IMMEDIATE_SHUTDOWN_WAIT,
            log: self.start.log.path.clone(),
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(error = %error.report(), "the private cluster was not stopped");
        }
    }
}
