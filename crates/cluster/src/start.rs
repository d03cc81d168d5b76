//! Brings a cluster up and takes it down: find, initialise, adopt or start, wait until ready; fast
//! shutdown.
//!
//! After kill -9 of the owner its server is on its way out by the parent-death signal, but for a
//! moment still says it is ready:
//!
//! ```text
//! owner      dies ──► lock free, then SIGINT
//! postgres        ready ────────── ▲ stopping ─────── gone
//! new owner            lock taken ─┴─ must not adopt ─┴─► start
//! ```
//!
//! So a server that bears Cairn's own mark is waited for, and adopted only if it stays. One without
//! the mark (an administrator's `pg_ctl start`) is adopted at once.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::directory::{self, Layout};
use crate::log::Log;
use crate::pid_file::{self, PidFile, Status};
use crate::postmaster::{Door, Launcher, Server, setting};
use crate::process::{self, Postmaster, Presence};
use crate::{
    ClusterError, ClusterOptions, Installation, SUPERUSER, Version, account, find, initdb, lock,
    socket_dir,
};

/// The directory is private, so the port never collides.
const PORT: u16 = 5432;
const POLL: Duration = Duration::from_millis(10);
/// How long a server that should be ending may still look ready before it is taken to be staying.
const DOOMED_WAIT: Duration = Duration::from_secs(5);
/// How long a server may refuse to start over the traces of one that was killed.
const LOCK_FILE_WAIT: Duration = Duration::from_secs(30);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// A fast shutdown writes a checkpoint; after this an immediate one, which recovery repairs.
const FAST_SHUTDOWN_WAIT: Duration = Duration::from_secs(60);
const IMMEDIATE_SHUTDOWN_WAIT: Duration = Duration::from_secs(10);
/// On the command line of every server Cairn starts: it ends with its owner.
const MARK: &str = "cairn.ends_with_owner=on";

/// A running private cluster. Dropping it without [`stop`](Self::stop) shuts it down too, but
/// cannot report an error.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    installation: Installation,
    socket_dir: PathBuf,
    port: u16,
    password: String,
    running: Option<Running>,
    log: Log,
    /// *Invariant:* released after the server has ended (fields drop in order, `Drop` runs first).
    _lock: File,
}

#[derive(Debug)]
enum Running {
    Started(Server),
    Adopted(Postmaster),
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
        check_settings(&options.settings)?;
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
        let mut start = Start {
            options,
            layout,
            installation,
            launcher,
            log,
            give_up,
        };
        let (running, socket_dir, port) = start.run()?;
        let Start {
            layout,
            installation,
            log,
            ..
        } = start;
        let running = Some(running);
        Ok(Self {
            layout,
            installation,
            socket_dir,
            port,
            password,
            running,
            log,
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
        system_identifier(&self.layout.data)
    }

    /// The version of the programs found.
    pub fn version(&self) -> Version {
        self.installation.version
    }

    /// Whether the server was running already.
    pub fn was_adopted(&self) -> bool {
        matches!(self.running, Some(Running::Adopted(_)))
    }

    /// The postmaster's pid.
    pub fn pid(&self) -> i32 {
        match &self.running {
            Some(Running::Started(server)) => server.pid(),
            Some(Running::Adopted(postmaster)) => postmaster.pid(),
            None => 0,
        }
    }

    /// False once the server has ended without being asked to.
    pub fn is_running(&self) -> bool {
        match &self.running {
            Some(Running::Started(server)) => !server.has_ended(),
            Some(Running::Adopted(postmaster)) => postmaster.is_running(&self.layout.data),
            None => false,
        }
    }

    /// The log of initdb and postgres.
    pub fn log_file(&self) -> &Path {
        &self.log.path
    }

    fn shut_down(&mut self) -> Result<(), ClusterError> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        let pid = self.pid_of(&running);
        let steps = [
            (Signal::INT, FAST_SHUTDOWN_WAIT),
            (Signal::QUIT, IMMEDIATE_SHUTDOWN_WAIT),
        ];
        for (signal, wait) in steps {
            if running.end(signal, Instant::now() + wait, &self.layout.data)? {
                return Ok(());
            }
            tracing::warn!(postgres.pid = pid, ?wait, "postgres does not end");
        }
        Err(ClusterError::TimedOut {
            pid,
            wanted: "gone",
            waited: FAST_SHUTDOWN_WAIT + IMMEDIATE_SHUTDOWN_WAIT,
            log: self.log.path.clone(),
        })
    }

    fn pid_of(&self, running: &Running) -> i32 {
        match running {
            Running::Started(server) => server.pid(),
            Running::Adopted(postmaster) => postmaster.pid(),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(error = %error.report(), "the private cluster was not stopped");
        }
    }
}

impl Running {
    /// Sends `signal` and waits; says whether the server has ended.
    fn end(&mut self, signal: Signal, give_up: Instant, data: &Path) -> Result<bool, ClusterError> {
        match self {
            Self::Started(server) => {
                server.signal(signal)?;
                Ok(server.wait_until(give_up))
            }
            Self::Adopted(postmaster) => {
                postmaster
                    .signal(signal, data)
                    .map_err(|error| ClusterError::io("signal", "postgres")(error.into()))?;
                while postmaster.is_running(data) {
                    if Instant::now() >= give_up {
                        return Ok(false);
                    }
                    std::thread::sleep(POLL);
                }
                Ok(true)
            }
        }
    }
}

/// One attempt to get from whatever is there to a ready server.
struct Start {
    options: ClusterOptions,
    layout: Layout,
    installation: Installation,
    launcher: Launcher,
    log: Log,
    give_up: Instant,
}

/// What the pid file and the process behind it call for.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Start,
    Wait,
    /// Looks ready, but was Cairn's own and should be ending.
    WaitForDoomed,
    Adopt,
}

fn decide(file: Option<&PidFile>, presence: Presence, marked: bool) -> Next {
    let Some(file) = file else { return Next::Start };
    match (presence, file.status) {
        // A file without its process is Postgres' own to judge; it checks what we cannot.
        (Presence::Gone | Presence::Stranger, _) => Next::Start,
        (Presence::Unclear, _) => Next::Wait,
        (Presence::Ours, Status::Starting | Status::Stopping) => Next::Wait,
        (Presence::Ours, Status::Ready) if marked => Next::WaitForDoomed,
        (Presence::Ours, Status::Ready) => Next::Adopt,
    }
}

impl Start {
    fn run(&mut self) -> Result<(Running, PathBuf, u16), ClusterError> {
        let since = Instant::now();
        let mut back_off = POLL;
        loop {
            let file = pid_file::read(&self.layout.data)?;
            let pid = file.as_ref().map_or(0, |file| file.pid);
            let data = &self.layout.data;
            let presence = file
                .as_ref()
                .map_or(Presence::Gone, |_| process::presence(pid, data));
            let marked = presence == Presence::Ours && process::has_argument(pid, MARK);
            let staying = since.elapsed() >= DOOMED_WAIT;
            match decide(file.as_ref(), presence, marked && !staying) {
                Next::Adopt => {
                    if let Some(adopted) = file.and_then(|file| self.adopt(&file)) {
                        return Ok(adopted);
                    }
                }
                Next::Wait | Next::WaitForDoomed => {}
                Next::Start => match self.start_server(since)? {
                    Some(started) => return Ok(started),
                    None if Instant::now() + back_off >= self.give_up => return Err(self.in_use()),
                    None => {
                        std::thread::sleep(back_off);
                        back_off = (back_off * 2).min(BACK_OFF_MAX);
                    }
                },
            }
            if Instant::now() >= self.give_up {
                return Err(self.timed_out(pid));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Takes over a server that is ready; None when it turns out not to be.
    fn adopt(&self, file: &PidFile) -> Option<(Running, PathBuf, u16)> {
        let postmaster = Postmaster::hold(file.pid, &self.layout.data)?;
        let (dir, port) = (file.socket_dir.clone()?, file.port?);
        UnixStream::connect(socket_dir::socket(&dir, port)).ok()?;
        tracing::info!(
            postgres.pid = file.pid,
            "adopted the running private cluster"
        );
        Some((Running::Adopted(postmaster), dir, port))
    }

    /// Starts a server and waits until it is ready; None when the traces of a killed one are still
    /// in its way.
    fn start_server(
        &self,
        since: Instant,
    ) -> Result<Option<(Running, PathBuf, u16)>, ClusterError> {
        let account = &self.launcher.account;
        directory::check_owner(&self.layout.data, account)?;
        let socket_dir = socket_dir::prepare(&self.layout, account, PORT)?;
        let program = self.installation.bin_dir.join("postgres");
        let log = self.log.from_here();
        let mut server = Server::start(&self.launcher, program, self.arguments(&socket_dir), &log)?;
        let socket = socket_dir::socket(&socket_dir, PORT);
        loop {
            if server.has_ended() {
                let said = log.since();
                if is_about_a_predecessor(&said) && since.elapsed() < LOCK_FILE_WAIT {
                    tracing::debug!("postgres still sees traces of a killed one; trying again");
                    return Ok(None);
                }
                return Err(self.start_failure(&said, &log));
            }
            if self.is_ready(&server)? && UnixStream::connect(&socket).is_ok() {
                let running = Running::Started(server);
                return Ok(Some((running, socket_dir, PORT)));
            }
            if Instant::now() >= self.give_up {
                let pid = server.pid();
                server.signal(Signal::QUIT)?;
                server.wait_until(Instant::now() + IMMEDIATE_SHUTDOWN_WAIT);
                return Err(self.timed_out(pid));
            }
            std::thread::sleep(POLL);
        }
    }

    fn is_ready(&self, server: &Server) -> Result<bool, ClusterError> {
        let file = pid_file::read(&self.layout.data)?;
        Ok(file.is_some_and(|file| file.pid == server.pid() && file.status == Status::Ready))
    }

    fn start_failure(&self, said: &str, log: &Log) -> ClusterError {
        if is_about_a_predecessor(said) {
            return self.in_use();
        }
        initdb::launch_failure("postgres", log)
    }

    /// Postgres itself refuses: a process of its account has the pid the last one left behind.
    fn in_use(&self) -> ClusterError {
        let file = pid_file::read(&self.layout.data).ok().flatten();
        let holder = match file {
            Some(file) => format!(
                "pid {}, which its postmaster.pid names (delete that file only if no PostgreSQL \
                 runs on this directory)",
                file.pid
            ),
            None => "another PostgreSQL".to_owned(),
        };
        ClusterError::InUse {
            dir: self.layout.data.clone(),
            holder,
        }
    }

    fn timed_out(&self, pid: i32) -> ClusterError {
        ClusterError::TimedOut {
            pid,
            wanted: "ready",
            waited: self.options.start_timeout,
            log: self.log.path.clone(),
        }
    }

    /// Everything on the command line: the files in the data directory stay as initdb wrote them.
    fn arguments(&self, socket_dir: &Path) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["-D".into(), self.layout.data.clone().into_os_string()];
        let mut set = |value: OsString| args.extend(["-c".into(), value]);
        set(setting("unix_socket_directories", &quoted(socket_dir)));
        for (name, value) in SETTINGS {
            set(setting(name, value.as_bytes()));
        }
        if !self.options.durable {
            for name in ["fsync", "full_page_writes", "synchronous_commit"] {
                set(setting(name, b"off"));
            }
        }
        for (name, value) in &self.options.settings {
            set(setting(name, value.as_bytes()));
        }
        set(MARK.into());
        args
    }
}

/// Cairn's own defaults. The log gets errors without statements, values or hints: bodies and
/// passwords have no place in it.
const SETTINGS: [(&str, &str); 13] = [
    ("port", "5432"),
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("cluster_name", "cairn"),
    ("max_connections", "100"),
    ("shared_buffers", "128MB"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_checkpoints", "off"),
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_statement", "none"),
    ("log_line_prefix", "%m [%p] "),
];

/// `unix_socket_directories` is a list: quotes keep commas and spaces in a path.
fn quoted(dir: &Path) -> Vec<u8> {
    let mut value = vec![b'"'];
    for byte in dir.as_os_str().as_encoded_bytes() {
        value.extend(std::iter::repeat_n(
            *byte,
            if *byte == b'"' { 2 } else { 1 },
        ));
    }
    value.push(b'"');
    value
}

fn check_settings(settings: &[(String, String)]) -> Result<(), ClusterError> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
    };
    match settings.iter().find(|(name, _)| !is_name(name)) {
        Some((name, _)) => Err(ClusterError::SettingName { name: name.clone() }),
        None => Ok(()),
    }
}

/// FATALs that pass by themselves: the killed server is a zombie nobody reaped yet, or its children
/// are still noticing.
fn is_about_a_predecessor(said: &str) -> bool {
    (said.contains("lock file") && said.contains("already exists"))
        || said.contains("pre-existing shared memory block")
}

/// The first eight bytes of `global/pg_control`, in the machine's byte order.
fn system_identifier(data: &Path) -> Result<u64, ClusterError> {
    let path = data.join("global/pg_control");
    let mut bytes = [0_u8; 8];
    File::open(&path)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(ClusterError::io("read", &path))?;
    match u64::from_ne_bytes(bytes) {
        0 => Err(ClusterError::Malformed {
            path,
            reason: "the system identifier is 0".to_owned(),
        }),
        identifier => Ok(identifier),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(status: Status) -> PidFile {
        PidFile {
            pid: 7,
            port: Some(PORT),
            socket_dir: Some("/r".into()),
            status,
        }
    }

    #[test]
    fn only_a_checked_and_ready_server_is_adopted() {
        let next = |status, presence| decide(Some(&file(status)), presence, false);
        assert_eq!(next(Status::Ready, Presence::Ours), Next::Adopt);
        assert_eq!(next(Status::Starting, Presence::Ours), Next::Wait);
        assert_eq!(next(Status::Stopping, Presence::Ours), Next::Wait);
        for status in [Status::Starting, Status::Ready, Status::Stopping] {
            assert_eq!(next(status, Presence::Unclear), Next::Wait);
            assert_eq!(next(status, Presence::Gone), Next::Start);
            assert_eq!(next(status, Presence::Stranger), Next::Start);
        }
        assert_eq!(decide(None, Presence::Gone, false), Next::Start);
    }

    #[test]
    fn a_server_that_ends_with_its_owner_is_waited_for() {
        let ready = file(Status::Ready);
        assert_eq!(
            decide(Some(&ready), Presence::Ours, true),
            Next::WaitForDoomed
        );
    }

    #[test]
    fn a_socket_directory_may_hold_commas_and_quotes() {
        assert_eq!(quoted(Path::new("/a, b/\"c")), b"\"/a, b/\"\"c\"");
    }

    #[test]
    fn a_setting_name_is_not_a_way_to_other_options() {
        let check = |name: &str| check_settings(&[(name.to_owned(), String::new())]);
        assert!(check("shared_buffers").is_ok());
        assert!(check("cairn.x").is_ok());
        for name in ["", "a b", "-c", "a=b"] {
            assert_eq!(check(name).unwrap_err().code(), "CAIRN-DB-013", "{name:?}");
        }
    }
}
