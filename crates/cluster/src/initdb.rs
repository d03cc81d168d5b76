//! Makes a cluster. It is built in `data.tmp` and renamed once it is whole and on disk, so an
//! interrupted initdb never looks initialised.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::fchown;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::directory::{self, Layout};
use crate::log::Log;
use crate::postmaster::Launcher;
use crate::{ClusterError, Installation, SUPERUSER, files};

/// initdb takes a second; on the slowest disks, minutes.
const TIMEOUT: Duration = Duration::from_secs(300);
/// A fresh cluster has about 40 MB, its log another 16 to 64.
pub(crate) const FREE_MIB_MIN: u64 = 160;
/// How often the remains of an interrupted initdb are swept: its children may still be writing.
const SWEEPS_MAX: u32 = 50;
const POLL: Duration = Duration::from_millis(20);

/// The major version that made the cluster; None while there is none.
pub(crate) fn made_by(layout: &Layout) -> Result<Option<u32>, ClusterError> {
    let path = layout.data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        // Somebody else's cluster is refused by its owner (CAIRN-DB-009), not by its version.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(ClusterError::io("read", path)(error)),
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(ClusterError::Malformed {
                path,
                reason: "no version number".to_owned(),
            }),
        },
    }
}

/// Makes the cluster; the caller holds the lock and knows there is none.
pub(crate) fn run(
    launcher: &Launcher,
    installation: &Installation,
    layout: &Layout,
    password: &str,
    log: &Log,
) -> Result<(), ClusterError> {
    let free_mib = files::free_mib(&layout.cluster).unwrap_or(u64::MAX);
    if free_mib < FREE_MIB_MIN {
        return Err(ClusterError::DiskFull {
            dir: layout.cluster.clone(),
            free_mib,
        });
    }
    sweep(layout)?;
    let password_file = layout.cluster.join("password.tmp");
    directory::remove_if_there(&password_file)
        .and_then(|()| directory::write_secret(&password_file, password))
        .and_then(|file| {
            let account = &launcher.account;
            if account.drops {
                fchown(&file, Some(account.uid), Some(account.gid))
            } else {
                Ok(())
            }
        })
        .map_err(ClusterError::io("write", &password_file))?;
    let args = arguments(
        installation,
        layout,
        &password_file.into_os_string(),
        launcher.durable,
    );
    let log = log.marked_now();
    let program = installation.bin_dir.join("initdb");
    let ended = launcher
        .spawn(&program, args, false, &log)
        .and_then(|child| wait(child, &log));
    let removed = directory::remove_if_there(&layout.cluster.join("password.tmp")).map_err(
        ClusterError::io("remove", layout.cluster.join("password.tmp")),
    );
    ended.and(removed)?;
    publish(layout, launcher.durable)
}

/// Removes what an interrupted initdb left.
fn sweep(layout: &Layout) -> Result<(), ClusterError> {
    let mut sweeps = 0;
    loop {
        match fs::remove_dir_all(&layout.data_tmp) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && sweeps < SWEEPS_MAX => {
                sweeps += 1;
                std::thread::sleep(POLL);
            }
            Err(error) => return Err(ClusterError::io("remove", &layout.data_tmp)(error)),
        }
    }
}

/// Only passwords over the socket, nothing over the network, and one order of text on every machine.
fn arguments(
    installation: &Installation,
    layout: &Layout,
    password_file: &OsString,
    durable: bool,
) -> Vec<OsString> {
    let mut pwfile = OsString::from("--pwfile=");
    pwfile.push(password_file);
    let mut args: Vec<OsString> = vec![
        "-D".into(),
        layout.data_tmp.clone().into_os_string(),
        "-U".into(),
        SUPERUSER.into(),
        "--auth-local=scram-sha-256".into(),
        "--auth-host=reject".into(),
        pwfile,
        "-E".into(),
        "UTF8".into(),
        "--no-instructions".into(),
    ];
    if installation.version.major >= 17 {
        args.extend(
            [
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ]
            .map(Into::into),
        );
    } else {
        args.push("--locale=C.UTF-8".into());
    }
    // A torn or rotten page is then an error instead of an answer; PostgreSQL 18 does it anyway.
    args.push(
        if durable {
            "--data-checksums"
        } else {
            "--no-sync"
        }
        .into(),
    );
    args
}

fn wait(mut child: Child, log: &Log) -> Result<(), ClusterError> {
    let give_up = Instant::now() + TIMEOUT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(launch_failure("initdb", log)),
            Ok(None) if Instant::now() >= give_up => {
                // Our own unreaped child: this pid cannot be anybody else's.
                let _ = child.kill();
                let _ = child.wait();
                return Err(ClusterError::TimedOut {
                    pid: child.id().cast_signed(),
                    wanted: "finished with initdb",
                    waited: TIMEOUT,
                    log: log.path.clone(),
                });
            }
            Ok(None) => std::thread::sleep(POLL),
            Err(error) => return Err(ClusterError::io("wait for", "initdb")(error)),
        }
    }
}

/// A failed program's last words, or the full disk behind them.
pub(crate) fn launch_failure(program: &'static str, log: &Log) -> ClusterError {
    if log.since().contains("No space left on device") {
        let free_mib = files::free_mib(&log.path).unwrap_or(0);
        return ClusterError::DiskFull {
            dir: log.path.clone(),
            free_mib,
        };
    }
    ClusterError::Failed {
        program,
        reason: log.last_words(),
        log: log.path.clone(),
    }
}

/// initdb has synced the files; the names are left.
fn publish(layout: &Layout, durable: bool) -> Result<(), ClusterError> {
    if durable {
        files::sync_dir(&layout.data_tmp)?;
    }
    fs::rename(&layout.data_tmp, &layout.data)
        .map_err(ClusterError::io("publish", &layout.data))?;
    if durable {
        files::sync_dir(&layout.cluster)?;
        files::sync_dir(&layout.data_dir)?;
    }
    Ok(())
}
