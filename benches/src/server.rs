//! The program to measure, on a data directory that lives as long as the run.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::pin::{Pins, Place};

/// A first start makes a cluster; on a busy disk that takes its time.
const START_WAIT: Duration = Duration::from_secs(180);
const STOP_WAIT: Duration = Duration::from_secs(60);
/// What the program may see of this environment; everything else could be a setting.
const KEPT: &[&str] = &["CAIRN_PG_BIN"];

/// Where a server lives and which program it is.
pub(crate) struct Site {
    pub(crate) program: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) pins: Pins,
}

/// A running server. Dropping it stops it, and its Postgres with it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From exec to the line that says it is ready.
    pub(crate) ready_after: Duration,
    /// The first key, at the first start.
    pub(crate) first_key: Option<String>,
}

impl Site {
    /// A command of the program on this data directory.
    pub(crate) fn command(&self, place: Place) -> Command {
        let mut command = self.pins.command(&self.program, place);
        Self::hide_settings(&mut command);
        command
    }

    /// A command of the program where this process runs.
    pub(crate) fn command_here(&self) -> Command {
        let mut command = Command::new(&self.program);
        Self::hide_settings(&mut command);
        command
    }

    fn hide_settings(command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let is_setting = text.starts_with("CAIRN_") || text == "DATABASE_URL";
            if is_setting && !KEPT.contains(&&*text) {
                command.env_remove(&name);
            }
        }
    }

    /// Starts the server and waits until it says that it is ready.
    pub(crate) fn start(&self, place: Place) -> Result<Server> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.command(place);
        command
            .args(["up", "--no-demo", "--json", "--listen", "127.0.0.1:0"])
            .arg("--data-dir")
            .arg(&self.data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let started = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let stdout = child.stdout.take().context("standard output is a pipe")?;
        let (tell, told) = mpsc::channel();
        // The pipe stays open as long as the server lives.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                tell.send((Instant::now(), line)).ok();
            }
        });
        let mut server = Server {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ready_after: Duration::ZERO,
            first_key: None,
        };
        let (at, line) = match told.recv_timeout(START_WAIT) {
            Ok(ready) => ready,
            Err(_) => bail!("the server did not become ready: {}", self.end_of_log()),
        };
        let said: Value =
            serde_json::from_str(&line).with_context(|| format!("cairn up said {line:?}"))?;
        let url = said["url"].as_str().unwrap_or_default();
        let address = url.strip_prefix("http://").unwrap_or(url);
        server.address = address
            .parse()
            .with_context(|| format!("cairn up listens at {url:?}"))?;
        server.ready_after = at - started;
        server.first_key = said["api_key"].as_str().map(str::to_owned);
        Ok(server)
    }

    /// The last lines of the server's log, for messages.
    pub(crate) fn end_of_log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join(" | ")
    }

    /// Where the private Postgres listens: socket directory and port, and the password of the
    /// role that owns the database.
    pub(crate) fn postgres(&self) -> Result<(PathBuf, u16, String)> {
        let path = self.data_dir.join("postgres/data/postmaster.pid");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let (Some(port), Some(dir)) = (lines.get(3), lines.get(4)) else {
            bail!("{} names no socket", path.display());
        };
        let roles = fs::read_to_string(self.data_dir.join("roles.json"))
            .context("cannot read the passwords of the roles")?;
        let roles: Value = serde_json::from_str(&roles)?;
        let password = roles["owner"]
            .as_str()
            .context("the owner has a password")?;
        Ok((
            PathBuf::from(dir),
            port.parse().context("a port is a number")?,
            password.to_owned(),
        ))
    }

    /// The index directory.
    pub(crate) fn index(&self) -> PathBuf {
        self.data_dir.join("index")
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it in order and waits until it has ended.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("a process has an id")?, Signal::TERM)?;
        let give_up = Instant::now() + STOP_WAIT;
        while Instant::now() < give_up {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child.kill()?;
        self.child.wait()?;
        bail!("the server did not stop within {} s", STOP_WAIT.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end().ok();
    }
}

/// Copies a directory that nobody writes to.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("an entry has a name")?);
        if path.is_dir() {
            copy_dir(&path, &target)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}
