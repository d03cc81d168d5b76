//! Starts programs of PostgreSQL through the re-exec, and keeps the thread alive that a running
//! server depends on.
//!
//! *Invariant:* the parent-death signal belongs to the spawning thread, not to the process: were
//! that thread to end, the server would shut down at once (measured). So each server is spawned by
//! a thread of its own that does nothing but wait for it to end.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::account::Account;
use crate::log::Log;
use crate::pg_exec::{Orders, TEST_VARIABLE};
use crate::{ClusterError, PG_EXEC_COMMAND};

/// What the child sees of our environment; a server has no business with the rest.
const ENVIRONMENT: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR"];

/// How the re-exec is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `cairn __pg-exec …`
    Command,
    /// A libtest binary that holds the test `…cairn_pg_exec_child…`.
    Test,
}

/// Starts programs as the cluster's account.
#[derive(Debug, Clone)]
pub(crate) struct Launcher {
    pub(crate) reexec: PathBuf,
    pub(crate) door: Door,
    pub(crate) account: Account,
    /// A directory the account can stand in.
    pub(crate) cwd: PathBuf,
    pub(crate) durable: bool,
}

impl Launcher {
    /// Starts `program`, its output going to `log`. It dies with the calling thread.
    pub(crate) fn spawn(
        &self,
        program: &Path,
        args: Vec<OsString>,
        gently: bool,
        log: &Log,
    ) -> Result<Child, ClusterError> {
        let account = &self.account;
        let orders = Orders {
            parent: std::process::id(),
            gently,
            drop_to: account.drops.then_some((account.uid, account.gid)),
            program: program.to_owned(),
            args,
        };
        let mut command = Command::new(&self.reexec);
        command
            .env_clear()
            .current_dir(&self.cwd)
            .stdin(Stdio::null());
        for name in ENVIRONMENT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        match self.door {
            Door::Command => command.arg(PG_EXEC_COMMAND).args(orders.to_args()),
            Door::Test => command
                .args(["cairn_pg_exec_child", "--nocapture", "--test-threads=1"])
                .env(TEST_VARIABLE, orders.to_args().join("\n".as_ref())),
        };
        let (out, err) = (log.appender()?, log.appender()?);
        command.stdout(out).stderr(err);
        command
            .spawn()
            .map_err(ClusterError::io("run", &self.reexec))
    }
}

/// A server we started. Its end is noticed by its own thread, whoever asks.
#[derive(Debug)]
pub(crate) struct Server {
    pid: Pid,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    ended: Mutex<Option<ExitStatus>>,
    changed: Condvar,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Starts `postgres` from a thread that lives as long as it.
    pub(crate) fn start(
        launcher: &Launcher,
        program: PathBuf,
        args: Vec<OsString>,
        log: &Log,
    ) -> Result<Self, ClusterError> {
        let state = Arc::new(State::default());
        let (tell, told) = mpsc::sync_channel(1);
        let (launcher, log, shared) = (launcher.clone(), log.clone(), Arc::clone(&state));
        let thread = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || match launcher.spawn(&program, args, true, &log) {
                Ok(child) => {
                    let _ = tell.send(Ok(child.id()));
                    watch(child, &shared);
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                }
            })
            .map_err(ClusterError::io("start a thread for", "postgres"))?;
        let pid = told
            .recv()
            .expect("the thread answers before anything else")?;
        let pid = Pid::from_raw(pid.cast_signed()).expect("a child has a pid above zero");
        Ok(Self {
            pid,
            state,
            thread: Some(thread),
        })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().is_some()
    }

    /// Sends `signal` unless it has ended. *Invariant:* the child is reaped under the same lock, so
    /// the pid is still its own.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), ClusterError> {
        let ended = self.state.lock();
        if ended.is_some() {
            return Ok(());
        }
        rustix::process::kill_process(self.pid, signal)
            .map_err(|error| ClusterError::io("signal", "postgres")(error.into()))
    }

    /// Waits for the end, at most until `give_up`; says whether it came.
    pub(crate) fn wait_until(&mut self, give_up: Instant) -> bool {
        let mut ended = self.state.lock();
        while ended.is_none() {
            let left = give_up.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return false;
            }
            let woken = self.state.changed.wait_timeout(ended, left);
            ended = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(ended);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        true
    }
}

/// Waits without reaping, then reaps under the lock: see [`Server::signal`].
fn watch(mut child: Child, state: &State) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), options)
        {
        }
    }
    let mut ended = state.lock();
    let status = child.wait().unwrap_or_default();
    tracing::debug!(postgres.pid = child.id(), %status, "postgres has ended");
    *ended = Some(status);
    state.changed.notify_all();
}

/// Bytes of a path as they are, for a command line.
pub(crate) fn setting(name: &str, value: &[u8]) -> OsString {
    let mut bytes = format!("{name}=").into_bytes();
    bytes.extend_from_slice(value);
    std::ffi::OsStr::from_bytes(&bytes).to_owned()
}
