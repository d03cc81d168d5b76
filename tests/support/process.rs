//! The real program in processes of its own: a home for its data, a server that can be killed
//! together with its Postgres, and commands beside it.
//!
//! Nothing of this process's application is used here: what happens, happens to the binary people
//! run. Whatever a test leaves behind is killed and removed when its [`Home`] goes, or by the next
//! run when this one was killed itself. It needs `/proc`.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::shared::say;

/// What the directories of homes begin with; pid and number follow.
const HOME_PREFIX: &str = "cairn-process-";
/// How long a start may take, a recovery of the database and of the index included.
const READY_WAIT: Duration = Duration::from_secs(180);
/// How long an orderly end may take.
const STOP_WAIT: Duration = Duration::from_secs(90);
/// How long killed processes may take to be gone.
const GONE_WAIT: Duration = Duration::from_secs(20);
/// What the program sees of our environment: variables of tests are no settings.
const ENVIRONMENT: [&str; 8] = [
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CAIRN_PG_BIN",
    "RUST_BACKTRACE",
];
/// Where ports are looked for: below those the system gives to outgoing connections, because one of
/// these, made while the server is down, would take its port.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A setting of the harness: the first of these variables that is set.
pub fn setting(names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|text| !text.is_empty())
}

/// The program under test: `CAIRN_TEST_BINARY`, else a release build newer than the sources, else the
/// build beside this test, made anew when the sources are newer. It says which.
pub fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let path = PROGRAM.get_or_init(|| {
        let (path, why) = find_program();
        assert!(path.is_file(), "there is no program at {}", path.display());
        say(&format!("the program is {} ({why})", path.display()));
        path
    });
    path.clone()
}

fn find_program() -> (PathBuf, &'static str) {
    if let Some(named) = setting(&["CAIRN_TEST_BINARY", "CAIRN_BIN"]) {
        return (PathBuf::from(named), "named");
    }
    let test = std::env::current_exe().expect("the test knows its own path");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("a test lies in target/<profile>/deps");
    let target = profile
        .parent()
        .expect("a profile lies in the target directory");
    let sources = ["crates", "migrations", "index", "Cargo.lock"]
        .map(|name| newest(&crate::root().join(name)));
    let sources = sources.into_iter().max().expect("four places");
    let (release, beside) = (target.join("release/cairn"), profile.join("cairn"));
    if is_newer(&release, sources) {
        return (release, "the release build");
    }
    if is_newer(&beside, sources) {
        return (beside, "the build beside this test");
    }
    let mut build = std::process::Command::new(env!("CARGO"));
    build
        .args(["build", "--workspace", "--bin", "cairn", "--locked"])
        .current_dir(crate::root());
    // What cargo tells a test of its package makes build scripts of crates that look at it run anew, and
    // all that is built upon them, here and once more outside.
    for (name, _) in std::env::vars_os() {
        let is_of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix));
        if is_of_package {
            build.env_remove(name);
        }
    }
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status().expect("cargo runs");
    assert!(built.success(), "cargo build --bin cairn failed");
    (beside, "built for this test")
}

fn is_newer(file: &Path, than: SystemTime) -> bool {
    fs::metadata(file)
        .and_then(|found| found.modified())
        .is_ok_and(|at| at >= than)
}

/// When the newest file below a place was written.
fn newest(place: &Path) -> SystemTime {
    if place.is_dir() {
        let entries = fs::read_dir(place).into_iter().flatten().flatten();
        return entries
            .map(|entry| newest(&entry.path()))
            .max()
            .unwrap_or(SystemTime::UNIX_EPOCH);
    }
    fs::metadata(place)
        .and_then(|found| found.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A port nobody listens on.
///
/// Where the search begins depends on the process, so that two runs rarely meet.
pub fn free_port() -> u16 {
    // Each call begins behind the one before: a port found free is taken only a moment later.
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed);
    let skip = (std::process::id() as usize * 7 + calls * 17) % PORTS.len();
    PORTS
        .cycle()
        .skip(skip)
        .take(PORTS.len())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("some port is free")
}

/// A directory that Postgres's account may enter, with one data directory in it. When it goes, so do
/// the processes that stand in it and all files, unless `CAIRN_TEST_KEEP` is set.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// An empty one.
    pub fn new(name: &str) -> Self {
        let temp = std::env::temp_dir()
            .canonicalize()
            .expect("there is a directory for temporary files");
        remove_stale(&temp);
        let dir = temp.join(format!("{HOME_PREFIX}{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).expect("the directory for temporary files takes files");
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))
            .expect("the directory is ours");
        Self { dir }
    }

    /// Something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The data directory; the program makes it.
    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// The program with these arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .env_clear()
            .args(args)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for name in ENVIRONMENT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs a command beside the owner of the data directory, to its end.
    pub async fn run(&self, args: &[&str]) -> Output {
        let output = self
            .command(args)
            .arg("--data-dir")
            .arg(self.data_dir())
            .output()
            .await;
        output.expect("the program runs")
    }

    /// How many commands are connected to the control socket.
    pub fn control_connections(&self) -> usize {
        const CONNECTED: &str = "03";
        let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
        // The socket is listed under the name it was made with.
        let path = self.data_dir().join("control.");
        let path = path
            .to_str()
            .expect("temporary directories have plain names");
        table
            .lines()
            .filter(|line| line.contains(path) && line.split_whitespace().nth(5) == Some(CONNECTED))
            .count()
    }

    /// What the servers said last.
    pub fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.path("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        end_all(|| standing_in(&self.dir));
        if setting(&["CAIRN_TEST_KEEP"]).is_some() {
            say(&format!("kept {}", self.dir.display()));
        } else if let Err(error) = fs::remove_dir_all(&self.dir) {
            say(&format!("cannot remove {}: {error}", self.dir.display()));
        }
    }
}

/// The line a server prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// Where it is.
    pub url: String,
    /// The first key, the first time.
    pub api_key: Option<String>,
    /// The portal that is there from the start.
    pub portal: Option<String>,
    /// Its process.
    pub pid: u32,
}

/// A running `cairn up` on a private cluster.
#[derive(Debug)]
pub struct Server {
    child: Child,
    ready: watch::Receiver<Option<Ready>>,
    data_dir: PathBuf,
    began: Instant,
}

impl Server {
    /// Starts it; [`Server::ready`] waits for it.
    pub fn start(home: &Home, port: u16) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(home.path("server.log"));
        let mut command = home.command(&["up", "--no-demo", "--json"]);
        command.arg("--data-dir").arg(home.data_dir());
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        command
            .stdout(Stdio::piped())
            .stderr(log.expect("the home takes files"));
        let began = Instant::now();
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let (tell, ready) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                match serde_json::from_str::<Ready>(&line) {
                    Ok(ready) => drop(tell.send(Some(ready))),
                    Err(error) => say(&format!(
                        "cairn up --json printed something else: {line:?} ({error})"
                    )),
                }
            }
        });
        Self {
            child,
            ready,
            data_dir: home.data_dir(),
            began,
        }
    }

    /// Waits until it says that it is ready, and gives how long that took.
    ///
    /// # Errors
    /// When it ends, or takes too long.
    pub async fn ready(&mut self) -> Result<(Ready, Duration), String> {
        let waiting = tokio::time::timeout(READY_WAIT, self.ready.wait_for(Option::is_some)).await;
        match waiting {
            Ok(Ok(ready)) => Ok((ready.clone().expect("waited for"), self.began.elapsed())),
            Ok(Err(_)) => Err(format!(
                "the server ended before it was ready: {:?}",
                self.child.wait().await
            )),
            Err(_) => Err(format!("the server is not ready after {READY_WAIT:?}")),
        }
    }

    /// Ends it with SIGKILL, and every process of its Postgres before it when asked to, and waits until
    /// they are gone. Gives the line it may have printed.
    pub async fn kill(mut self, with_postgres: bool) -> Option<Ready> {
        if with_postgres {
            signal_all(&standing_in(&self.data_dir));
        }
        self.child.start_kill().ok();
        let status = self.child.wait().await;
        if with_postgres {
            // Some may have been between fork and exec, or were started anew in the last moment.
            end_all(|| standing_in(&self.data_dir));
        }
        if let Ok(status) = status
            && status.code().is_some()
        {
            say(&format!("the server had ended by itself: {status}"));
        }
        // What it printed may still be in the pipe.
        tokio::time::timeout(GONE_WAIT, self.ready.wait_for(Option::is_some))
            .await
            .ok()?
            .ok()?
            .clone()
    }

    /// Ends every process of its Postgres with SIGKILL; the server lives on.
    pub fn kill_postgres(&self) {
        signal_all(&standing_in(&self.data_dir));
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to stop and waits for the end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(mut self) -> Result<ExitStatus, String> {
        let pid = self
            .child
            .id()
            .and_then(|pid| Pid::from_raw(pid.cast_signed()));
        kill_process(pid.ok_or("it has ended already")?, Signal::TERM)
            .map_err(|e| e.to_string())?;
        match tokio::time::timeout(STOP_WAIT, self.child.wait()).await {
            Ok(status) => status.map_err(|e| e.to_string()),
            Err(_) => Err(format!("the server has not stopped after {STOP_WAIT:?}")),
        }
    }

    /// How many processes of its Postgres run.
    pub fn postgres_processes(&self) -> usize {
        standing_in(&self.data_dir).len()
    }
}

/// Processes whose working directory lies in `dir`, parents of servers first. Postgres and its children
/// stand in the data directory, whatever account they run as and whatever they call themselves.
fn standing_in(dir: &Path) -> Vec<Pid> {
    let mut found: Vec<(bool, i32)> = processes()
        .filter(|pid| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(dir))
        })
        .map(|pid| (command_line(pid).starts_with("postgres:"), pid))
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .filter_map(|(_, pid)| Pid::from_raw(pid))
        .collect()
}

fn processes() -> impl Iterator<Item = i32> {
    let own = std::process::id().cast_signed();
    let entries = fs::read_dir("/proc").expect("this needs /proc").flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(move |pid| *pid != own)
}

fn command_line(pid: i32) -> String {
    let mut line = Vec::new();
    if let Ok(mut file) = File::open(format!("/proc/{pid}/cmdline")) {
        file.read_to_end(&mut line).ok();
    }
    String::from_utf8_lossy(&line).into_owned()
}

fn signal_all(processes: &[Pid]) {
    for pid in processes {
        kill_process(*pid, Signal::KILL).ok();
    }
}

/// Kills until nobody is left.
fn end_all(left: impl Fn() -> Vec<Pid>) {
    let give_up = Instant::now() + GONE_WAIT;
    loop {
        let processes = left();
        if processes.is_empty() {
            return;
        }
        assert!(
            Instant::now() < give_up,
            "processes {processes:?} do not end"
        );
        signal_all(&processes);
        thread::sleep(Duration::from_millis(2));
    }
}

/// Ends and removes what runs that were killed themselves left behind.
fn remove_stale(temp: &Path) {
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name
            .to_str()
            .and_then(|name| name.strip_prefix(HOME_PREFIX));
        let pid = rest
            .and_then(|rest| rest.split('-').next())
            .and_then(|pid| pid.parse::<u32>().ok());
        let Some(pid) = pid else { continue };
        if Path::new("/proc").join(pid.to_string()).exists()
            || setting(&["CAIRN_TEST_KEEP"]).is_some()
        {
            continue;
        }
        let dir = entry.path();
        let text = dir.to_str().expect("it has a plain name");
        // A server first, because it would start its Postgres again.
        let servers = processes().filter(|pid| {
            let line = command_line(*pid);
            let program = line.split('\0').next().unwrap_or_default();
            program.ends_with("cairn") && line.contains(text)
        });
        signal_all(&servers.filter_map(Pid::from_raw).collect::<Vec<_>>());
        end_all(|| standing_in(&dir));
        // Another run may be removing it as well.
        fs::remove_dir_all(&dir).ok();
    }
}
