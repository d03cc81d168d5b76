//! From whatever is there to a ready server: start one, wait for one, or adopt one.
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

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::directory::{self, Layout};
use crate::log::Log;
use crate::pid_file::{self, PidFile, Status};
use crate::postmaster::{Launcher, Server};
use crate::process::{self, Postmaster, Presence};
use crate::running::Running;
use crate::settings::{self, MARK, PORT};
use crate::{ClusterError, ClusterOptions, Installation, initdb, socket_dir};

const POLL: Duration = Duration::from_millis(10);
/// How long a server that should be ending may still look ready before it is taken to be staying.
const DOOMED_WAIT: Duration = Duration::from_secs(5);
/// How long a server may refuse to start over the traces of one that was killed.
const LOCK_FILE_WAIT: Duration = Duration::from_secs(30);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// How long one that did not become ready in time may take to end.
const ABANDON_WAIT: Duration = Duration::from_secs(10);

/// Gets from whatever is there to a ready server; kept to do it again.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) options: ClusterOptions,
    pub(crate) layout: Layout,
    pub(crate) installation: Installation,
    pub(crate) launcher: Launcher,
    pub(crate) log: Log,
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
    pub(crate) fn run(&self, give_up: Instant) -> Result<(Running, PathBuf, u16), ClusterError> {
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
                Next::Start => match self.start_server(since, give_up)? {
                    Some(started) => return Ok(started),
                    None if Instant::now() + back_off >= give_up => return Err(self.in_use()),
                    None => {
                        std::thread::sleep(back_off);
                        back_off = (back_off * 2).min(BACK_OFF_MAX);
                    }
                },
            }
            if Instant::now() >= give_up {
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
        give_up: Instant,
    ) -> Result<Option<(Running, PathBuf, u16)>, ClusterError> {
        let account = &self.launcher.account;
        directory::check_owner(&self.layout.data, account)?;
        let socket_dir = socket_dir::prepare(&self.layout, account, PORT)?;
        let program = self.installation.bin_dir.join("postgres");
        let log = self.log.marked_now();
        let mut server = Server::start(
            &self.launcher,
            program,
            settings::arguments(&self.layout.data, &self.options, &socket_dir),
            &log,
        )?;
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
            if Instant::now() >= give_up {
                let pid = server.pid();
                server.signal(Signal::QUIT)?;
                server.wait_until(Instant::now() + ABANDON_WAIT);
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
}

/// FATALs that pass by themselves: the killed server is a zombie nobody reaped yet, or its children
/// are still noticing.
fn is_about_a_predecessor(said: &str) -> bool {
    (said.contains("lock file") && said.contains("already exists"))
        || said.contains("pre-existing shared memory block")
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
}
