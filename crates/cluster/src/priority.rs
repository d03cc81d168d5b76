//! How work that nobody waits for stands back: by its priority, and by the cores it leaves to others. For threads of
//! this process and for single backends of the cluster.
//!
//! Priorities only sink: raising them again would need rights that Cairn does not ask for. What the system does not
//! allow is left as it is.

use std::fs;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustix::process::{Pid, setpriority_process};

#[cfg(target_os = "linux")]
use crate::cores;

/// How far work for many articles stands back: at 10 the system gives it about a tenth of what it gives a reader, and
/// all of it while no reader asks. Further down it could starve while it holds a lock that somebody waits for.
pub const BULK_NICENESS: i32 = 10;

/// The system takes one change of a session's priority in a tenth of a second.
const SESSION_PAUSE: Duration = Duration::from_millis(110);
/// How often that is tried.
const SESSION_TRIES: usize = 4;

/// Lowers the priority of a thread, or of the calling one, and keeps it off the cores that are left to readers; threads
/// that it starts later inherit both.
///
/// # Errors
/// When the priority may not be lowered; nothing is changed then.
pub fn stand_back(thread: Option<Pid>) -> io::Result<()> {
    setpriority_process(thread, BULK_NICENESS)?;
    #[cfg(target_os = "linux")]
    cores::leave_some_to_readers(thread);
    Ok(())
}

/// Makes a backend stand back that is of a server on this machine. May block for half a second.
///
/// Each backend is a session of its own; where Linux weighs sessions against each other (autogroup), the session is
/// what has to stand back.
pub fn lower_backend(backend: i32) {
    let Some(pid) = Pid::from_raw(backend) else {
        return;
    };
    if let Err(error) = stand_back(Some(pid)) {
        tracing::debug!(backend, %error, "a backend of bulk work keeps its priority");
        return;
    }
    let session = format!("/proc/{backend}/autogroup");
    for _ in 0..SESSION_TRIES {
        match fs::write(&session, BULK_NICENESS.to_string()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(SESSION_PAUSE);
            }
            Err(error) => {
                // Systems without autogroup have no such file.
                tracing::debug!(backend, %error, "a session of bulk work keeps its priority");
                return;
            }
            Ok(()) => return,
        }
    }
}
