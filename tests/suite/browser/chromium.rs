//! Finds Chromium and starts it on one address, without a window, an account or a way to the network.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// What every start is told. Whatever a document asks for, only loopback has a name here.
pub(super) const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-component-update",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--mute-audio",
    "--no-first-run",
];

/// How often a directory is tried to be removed under programs that are just being ended, and the pause between.
const REMOVALS_MAX: u32 = 100;
const REMOVAL_PAUSE: Duration = Duration::from_millis(50);

/// Chromium: the one `CHROMIUM` names, else an installed one.
pub(super) fn chromium() -> PathBuf {
    find(
        "CHROMIUM",
        &["chromium", "chromium-browser", "google-chrome"],
    )
}

/// Its driver: the one `CHROMEDRIVER` names, else an installed one.
pub(super) fn chromedriver() -> PathBuf {
    find("CHROMEDRIVER", &["chromedriver"])
}

fn find(variable: &str, names: &[&str]) -> PathBuf {
    if let Some(named) = std::env::var_os(variable) {
        let path = PathBuf::from(named);
        assert!(
            path.is_file(),
            "{variable} names {}, which is not there",
            path.display()
        );
        return path;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = vec![PathBuf::from("/usr/bin")];
    places.extend(std::env::split_paths(&path));
    let candidates = names
        .iter()
        .flat_map(|name| places.iter().map(move |dir| dir.join(name)));
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "there is no {} here: apt-get install --yes chromium chromium-driver \
             (or name one in {variable})",
                names[0]
            )
        })
}

/// A directory in which a browser keeps its profile, its sockets and whatever else it makes; it goes with this. Without
/// one of its own it leaves directories in that of the whole machine when it is killed.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory").keep())
    }

    /// Tells a program to make its temporary files here.
    pub(super) fn hold(&self, command: &mut Command) {
        command.env("TMPDIR", &self.0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Processes that were told to end may still write here.
        for _ in 0..REMOVALS_MAX {
            std::fs::remove_dir_all(&self.0).ok();
            if !self.0.exists() {
                return;
            }
            std::thread::sleep(REMOVAL_PAUSE);
        }
    }
}

/// A running Chromium; it and all its processes end when this goes.
pub(super) struct Chromium {
    child: Child,
    _scratch: Scratch,
}

impl Chromium {
    /// Starts it on an address.
    pub(super) fn open(address: &str) -> Self {
        let scratch = Scratch::new();
        let mut command = Command::new(chromium());
        command
            .args(FLAGS)
            .arg("--window-size=1280,2000")
            .arg(user_data(&scratch.0.join("profile")));
        scratch.hold(&mut command);
        let child = spawn(command.arg(address).stdout(Stdio::null()));
        Self {
            child,
            _scratch: scratch,
        }
    }

    /// Waits until it has ended by itself, which it should not.
    pub(super) async fn ended(&mut self) -> String {
        format!("{:?}", self.child.wait().await)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn user_data(profile: &Path) -> String {
    format!("--user-data-dir={}", profile.display())
}

/// Starts a program at the head of a group of its own, so that [`end`] reaches what it starts.
pub(super) fn spawn(command: &mut Command) -> Child {
    command
        .process_group(0)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Ends a program and its group.
pub(super) fn end(child: &mut Child) {
    let group = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    if let Some(group) = group {
        // Gone already is as good.
        kill_process_group(group, Signal::KILL).ok();
    }
    child.start_kill().ok();
}
