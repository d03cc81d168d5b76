//! Small questions to the file system: free space, executability, durable renames, who may enter.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::ClusterError;
use crate::account::Account;

/// MiB left for ordinary users on the disk of `path`, or of its nearest existing parent.
pub(crate) fn free_mib(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|dir| dir.exists())?;
    let disk = rustix::fs::statvfs(existing).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024))
}

/// Whether `path` is a regular file somebody may execute.
pub(crate) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0)
}

/// Makes a finished rename or a new file in `dir` survive a crash of the machine.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), ClusterError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(ClusterError::io("sync", dir))
}

/// The first directory on the way to `path` (itself included) that `account` may not enter.
///
/// Only permission bits are read: an access list may allow more, which is then refused too.
pub(crate) fn first_closed(path: &Path, account: &Account) -> io::Result<Option<(PathBuf, u32)>> {
    let whole = fs::canonicalize(path)?;
    let mut dirs: Vec<&Path> = whole.ancestors().collect();
    dirs.reverse();
    for dir in dirs {
        let found = fs::metadata(dir)?;
        if found.is_dir() && !may_enter(found.mode(), found.uid(), found.gid(), account) {
            return Ok(Some((dir.to_owned(), found.permissions().mode() & 0o7777)));
        }
    }
    Ok(None)
}

/// The kernel's rule: the first class that matches decides, even when a later one allows more.
pub(crate) fn may_enter(mode: u32, uid: u32, gid: u32, account: &Account) -> bool {
    let bit = if account.uid == uid {
        0o100
    } else if account.gid == gid {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_matching_class_decides() {
        let account = Account {
            name: "u".into(),
            uid: 7,
            gid: 8,
            drops: true,
        };
        assert!(may_enter(0o100, 7, 0, &account));
        assert!(
            !may_enter(0o011, 7, 8, &account),
            "the owner is not helped by group and others"
        );
        assert!(may_enter(0o710, 0, 8, &account));
        assert!(
            !may_enter(0o701, 0, 8, &account),
            "the group is not helped by others"
        );
        assert!(may_enter(0o711, 0, 0, &account));
        assert!(!may_enter(0o700, 0, 0, &account));
    }
}
