//! One owner: an flock on a file in the data directory, released by the kernel however the owner
//! ends. The pid inside is for the error message only; the lock is what counts.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::{ClusterError, process};

/// How long a lock whose holder is already dead may linger (the kernel is still closing its files,
/// or a child is between fork and exec).
const DEAD_HOLDER_WAIT: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(10);

/// The data directory is ours until this is dropped or the process ends.
#[derive(Debug)]
pub struct DataDirLock {
    _held: Held,
    dir: PathBuf,
}

/// A lock that is held until this is dropped.
///
/// It is given back by name and not by closing alone: a child between fork and exec holds a copy of
/// the open file, and with it the lock.
#[derive(Debug)]
pub(crate) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing follows, and releases it too where this failed.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl DataDirLock {
    /// The locked directory, canonical.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Makes `dir` (0700, with its parents) if needed and becomes its one owner.
///
/// # Errors
/// CAIRN-DB-008 naming the pid that holds it; CAIRN-DB-014 when the directory cannot be used.
pub fn lock_data_dir(dir: &Path) -> Result<DataDirLock, ClusterError> {
    let dir = make_data_dir(dir)?;
    let held = acquire(&dir, "owner.lock")?;
    Ok(DataDirLock { _held: held, dir })
}

/// The data directory, made if needed; canonical, because Postgres writes canonical paths.
pub(crate) fn make_data_dir(dir: &Path) -> Result<PathBuf, ClusterError> {
    if !dir.exists() {
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(ClusterError::io("create", parent))?;
        }
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            other => other.map_err(ClusterError::io("create", dir))?,
        }
    }
    fs::canonicalize(dir).map_err(ClusterError::io("open", dir))
}

/// Takes the lock `name` in `dir` without waiting for a living holder.
pub(crate) fn acquire(dir: &Path, name: &str) -> Result<Held, ClusterError> {
    let path = dir.join(name);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(ClusterError::io("open", &path))?;
    let give_up = Instant::now() + DEAD_HOLDER_WAIT;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::WOULDBLOCK) => {
                let holder = holder(&mut file);
                let dead = holder.is_some_and(|pid| !process::is_alive(pid));
                if !dead || Instant::now() >= give_up {
                    return Err(ClusterError::InUse {
                        dir: dir.to_owned(),
                        holder: name_of(holder),
                    });
                }
                std::thread::sleep(POLL);
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(ClusterError::io("lock", path)(error.into())),
        }
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(ClusterError::io("write", path))?;
    Ok(Held(file))
}

/// Whether somebody holds the lock `name` in `dir`, and who, without taking it.
pub(crate) fn held_by(dir: &Path, name: &str) -> Option<String> {
    let mut file = File::open(dir.join(name)).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => Some(name_of(holder(&mut file))),
        _ => {
            drop(Held(file));
            None
        }
    }
}

fn holder(file: &mut File) -> Option<i32> {
    let mut text = String::new();
    file.rewind().ok()?;
    Read::take(&*file, 32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn name_of(holder: Option<i32>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |pid| format!("pid {pid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_the_pid_of_the_first() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("a/b");
        let first = lock_data_dir(&dir).unwrap();
        let refused = lock_data_dir(&dir).unwrap_err();
        assert_eq!(refused.code(), "CAIRN-DB-008");
        assert!(
            refused
                .to_string()
                .contains(&format!("pid {}.", std::process::id())),
            "{refused}"
        );
        assert!(held_by(&dir, "owner.lock").is_some());
        drop(first);
        assert_eq!(held_by(&dir, "owner.lock"), None);
        lock_data_dir(&dir).unwrap();
    }
}
