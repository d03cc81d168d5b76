//! The body of the hidden `cairn __pg-exec`: a fresh, single-threaded process that becomes
//! `postgres` or `initdb` after three things only a process can do for itself.
//!
//! The order is the point:
//!
//! ```text
//! drop to the account    changing ids clears the parent-death signal, so it comes first
//! ask for the signal     the kernel sends it when the spawning thread ends, kill -9 included
//! look at the parent     it may have died before the signal was asked for
//! exec                   keeps pid, ids and the signal
//! ```
//!
//! Root drops here rather than in the spawning `Command`, so that this program itself may lie where
//! the account cannot reach it (a build under `/root`). Refuses to exec with uid 0.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use rustix::process::{Gid, Signal, Uid};

/// What [`pg_exec_child_of_test`] finds its arguments in, one a line.
pub(crate) const TEST_VARIABLE: &str = "CAIRN_PG_EXEC_ARGUMENTS";

/// What the child is told by its spawner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    /// The pid of the spawner.
    pub(crate) parent: u32,
    /// Ask to die gently (SIGINT: fast shutdown) or at once (SIGKILL: an initdb nobody waits for).
    pub(crate) gently: bool,
    /// `uid`, `gid` to become.
    pub(crate) drop_to: Option<(u32, u32)>,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
}

impl Orders {
    /// `PARENT int|kill UID:GID|- PROGRAM ARGS…`, read back by [`Orders::parse`].
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let drop_to = self
            .drop_to
            .map_or_else(|| "-".to_owned(), |(uid, gid)| format!("{uid}:{gid}"));
        let signal = if self.gently { "int" } else { "kill" };
        let mut args: Vec<OsString> = vec![
            self.parent.to_string().into(),
            signal.into(),
            drop_to.into(),
        ];
        args.push(self.program.clone().into_os_string());
        args.extend(self.args.iter().cloned());
        args
    }

    fn parse(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut word = || args.next()?.into_string().ok();
        let parent = word()?.parse().ok()?;
        let gently = match word()?.as_str() {
            "int" => true,
            "kill" => false,
            _ => return None,
        };
        let drop_to = match word()?.as_str() {
            "-" => None,
            ids => {
                let (uid, gid) = ids.split_once(':')?;
                Some((uid.parse().ok()?, gid.parse().ok()?))
            }
        };
        let program = PathBuf::from(args.next()?);
        Some(Self {
            parent,
            gently,
            drop_to,
            program,
            args: args.collect(),
        })
    }
}

/// Runs `cairn __pg-exec`; `args` are those after that word. Call it from `main` before any thread
/// is started. Returns only when it failed, after saying why on standard error (the cluster's log).
pub fn pg_exec_main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let reason = match Orders::parse(args) {
        Some(orders) => become_program(&orders),
        None => "this command is for cairn itself; run cairn up".to_owned(),
    };
    let _ = writeln!(std::io::stderr(), "{}: {reason}", crate::PG_EXEC_COMMAND);
    ExitCode::FAILURE
}

/// Lets a libtest binary be its own `reexec` (see [`Cluster::start_in_test`]): it must hold a test
/// whose name contains `cairn_pg_exec_child` and whose body is this call. Run as an ordinary test
/// it does nothing.
///
/// [`Cluster::start_in_test`]: crate::Cluster::start_in_test
pub fn pg_exec_child_of_test() {
    let Some(args) = std::env::var_os(TEST_VARIABLE) else {
        return;
    };
    let args = args.to_string_lossy().into_owned();
    let failed = pg_exec_main(args.split('\n').map(OsString::from));
    assert_eq!(failed, ExitCode::SUCCESS, "the exec did not happen");
}

/// Does the four steps; what it returns is why it could not.
fn become_program(orders: &Orders) -> String {
    if let Some((uid, gid)) = orders.drop_to
        && let Err(error) = drop_to(uid, gid)
    {
        return format!("cannot become uid {uid}: {error}");
    }
    if rustix::process::geteuid().is_root() {
        return "PostgreSQL does not run as root".to_owned();
    }
    let signal = if orders.gently {
        Signal::INT
    } else {
        Signal::KILL
    };
    if let Err(error) = ask_for_death_signal(signal) {
        return format!("cannot ask for the parent-death signal: {error}");
    }
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_pid().unsigned_abs());
    if parent != Some(orders.parent) {
        return "the process that wanted PostgreSQL has ended".to_owned();
    }
    // A session of its own: Ctrl-C in the terminal is for Cairn, which stops its server last.
    let _ = rustix::process::setsid();
    let error = Command::new(&orders.program)
        .args(&orders.args)
        .env_remove(TEST_VARIABLE)
        .exec();
    format!("cannot run {}: {error}", orders.program.display())
}

/// These are the kernel's per-thread calls, unlike the C library's. exec makes the calling thread
/// the only one of the process, so what follows runs with exactly these ids.
#[cfg(target_os = "linux")]
fn drop_to(uid: u32, gid: u32) -> rustix::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    rustix::thread::set_thread_groups(&[])?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)
}

#[cfg(not(target_os = "linux"))]
fn drop_to(_: u32, _: u32) -> rustix::io::Result<()> {
    Err(rustix::io::Errno::NOTSUP)
}

#[cfg(target_os = "linux")]
fn ask_for_death_signal(signal: Signal) -> rustix::io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(signal))
}

#[cfg(not(target_os = "linux"))]
fn ask_for_death_signal(_: Signal) -> rustix::io::Result<()> {
    Err(rustix::io::Errno::NOTSUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_command_line() {
        let orders = Orders {
            parent: 17,
            gently: true,
            drop_to: Some((101, 104)),
            program: "/usr/lib/postgresql/15/bin/postgres".into(),
            args: vec!["-D".into(), "/d a/data".into()],
        };
        assert_eq!(
            Orders::parse(orders.to_args().into_iter()),
            Some(orders.clone())
        );
        let plain = Orders {
            gently: false,
            drop_to: None,
            args: Vec::new(),
            ..orders
        };
        assert_eq!(Orders::parse(plain.to_args().into_iter()), Some(plain));
    }

    #[test]
    fn nonsense_is_no_order() {
        for line in [
            "",
            "17",
            "17 term - /p",
            "x int - /p",
            "17 int 5 /p",
            "17 int -",
        ] {
            let args = line.split_whitespace().map(OsString::from);
            assert_eq!(Orders::parse(args), None, "{line:?}");
        }
    }
}
