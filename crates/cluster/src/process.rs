//! What a pid stands for. Pids are reused, so nothing is signalled before its program and working
//! directory were checked, and then through a pidfd, which cannot come to mean another process.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

/// What was found behind the pid of a `postmaster.pid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// No such process, or only its zombie.
    Gone,
    /// A process that is no Postgres of this data directory.
    Stranger,
    /// Alive, but what it is cannot be read: it is just starting or ending, or belongs to another
    /// user.
    Unclear,
    /// The postmaster of this data directory.
    Ours,
}

/// Looks behind `pid`; `data` is the canonical path of the cluster's data.
pub(crate) fn presence(pid: i32, data: &Path) -> Presence {
    let Some(state) = state(pid) else {
        return Presence::Gone;
    };
    if matches!(state, 'Z' | 'X' | 'x') {
        return Presence::Gone;
    }
    let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}"));
    let (Ok(program), Ok(cwd)) = (link("exe"), link("cwd")) else {
        return Presence::Unclear;
    };
    if !is_postgres(&program) {
        return Presence::Stranger;
    }
    if cwd == data {
        Presence::Ours
    } else {
        Presence::Stranger
    }
}

/// Alive and not a zombie, whatever it is.
pub(crate) fn is_alive(pid: i32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X' | 'x'))
}

/// Whether the command line of `pid` holds `argument`.
pub(crate) fn has_argument(pid: i32, argument: &str) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
        line.split(|byte| *byte == 0)
            .any(|part| part == argument.as_bytes())
    })
}

/// The state letter of proc(5); it follows the program's name, which may hold anything in its
/// parentheses.
fn state(pid: i32) -> Option<char> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    stat[after_name..]
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(*byte))
}

/// An upgraded package leaves ` (deleted)` behind the path of a running program.
fn is_postgres(program: &Path) -> bool {
    let name = program
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    name.strip_suffix(" (deleted)").unwrap_or(&name) == "postgres"
}

/// A checked postmaster that can be signalled and asked whether it is still there.
#[derive(Debug)]
pub(crate) struct Postmaster {
    pid: Pid,
    /// None where the kernel knows no pidfd; identity is then checked again before each signal.
    handle: Option<OwnedFd>,
}

impl Postmaster {
    /// Takes hold of `pid`, if it is the postmaster of `data`. The handle is opened first, so that
    /// what is checked is what is signalled.
    pub(crate) fn hold(pid: i32, data: &Path) -> Option<Self> {
        let pid = Pid::from_raw(pid)?;
        let handle = rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok();
        let held = Self { pid, handle };
        (presence(held.pid(), data) == Presence::Ours).then_some(held)
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    /// Sends `signal`; a process that is already gone is no error.
    pub(crate) fn signal(&self, signal: Signal, data: &Path) -> Result<(), Errno> {
        let sent = match &self.handle {
            Some(handle) => rustix::process::pidfd_send_signal(handle, signal),
            None if presence(self.pid(), data) == Presence::Ours => {
                rustix::process::kill_process(self.pid, signal)
            }
            None => Ok(()),
        };
        match sent {
            Err(Errno::SRCH) => Ok(()),
            other => other,
        }
    }

    /// Whether the process still runs for this cluster.
    pub(crate) fn is_running(&self, data: &Path) -> bool {
        matches!(
            presence(self.pid(), data),
            Presence::Ours | Presence::Unclear
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_program_that_is_not_postgres_is_a_stranger() {
        let own = std::process::id() as i32;
        assert_eq!(presence(own, Path::new("/")), Presence::Stranger);
        assert!(is_alive(own));
        assert!(Postmaster::hold(own, Path::new("/")).is_none());
    }

    #[test]
    fn a_zombie_counts_as_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while state(pid) != Some('Z') && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_eq!(state(pid), Some('Z'));
        assert_eq!(presence(pid, Path::new("/")), Presence::Gone);
        assert!(!is_alive(pid));
        child.wait().unwrap();
        assert_eq!(presence(pid, Path::new("/")), Presence::Gone);
    }

    #[test]
    fn an_upgraded_program_is_still_postgres() {
        assert!(is_postgres(Path::new(
            "/usr/lib/postgresql/15/bin/postgres"
        )));
        assert!(is_postgres(Path::new(
            "/usr/lib/postgresql/15/bin/postgres (deleted)"
        )));
        assert!(!is_postgres(Path::new("/usr/bin/postgresql")));
    }
}
