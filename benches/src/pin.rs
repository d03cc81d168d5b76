//! Which core runs what: server and floors on one, the load generator on the other, by `taskset`.
//!
//! Rates are then per core, and the generator does not take time from what it measures. Where that
//! cannot be, everything runs where the system puts it, and the report says so.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";
/// Set once this process has been put on its core.
const PINNED: &str = "CAIRN_BENCH_PINNED";

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The core of servers and floors.
    ServerCore,
    /// Any core.
    Anywhere,
}

/// Whether processes can be put on cores.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pins {
    works: bool,
}

impl Pins {
    pub(crate) fn find(is_unwanted: bool) -> Self {
        Self {
            works: !is_unwanted && can_run_on(SERVER_CORE) && can_run_on(CLIENT_CORE),
        }
    }

    /// Puts this process on the generator's core, by becoming itself again.
    pub(crate) fn pin_self(self) -> Result<()> {
        if !self.works || std::env::var_os(PINNED).is_some() {
            return Ok(());
        }
        let program = std::env::current_exe().context("this program does not know where it is")?;
        let error = Command::new("taskset")
            .args(["-c", CLIENT_CORE])
            .arg(program)
            .args(std::env::args_os().skip(1))
            .env(PINNED, "1")
            .exec();
        Err(error).context("cannot run taskset")
    }

    /// A command that runs at that place.
    pub(crate) fn command(self, program: impl AsRef<OsStr>, place: Place) -> Command {
        if !self.works {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        match place {
            Place::ServerCore => command.args(["-c", SERVER_CORE]),
            Place::Anywhere => command
                .arg("-c")
                .arg(format!("{SERVER_CORE},{CLIENT_CORE}")),
        };
        command.arg(program);
        command
    }

    pub(crate) fn describe(self) -> String {
        if self.works {
            format!(
                "servers, floors and Postgres on core {SERVER_CORE}, load generator on core {CLIENT_CORE} (taskset)"
            )
        } else {
            "nothing pinned (asked for, or taskset or a second core is missing): the generator takes time from what it measures".to_owned()
        }
    }
}

fn can_run_on(core: &str) -> bool {
    let mut command = Command::new("taskset");
    command.args(["-c", core, "true"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
