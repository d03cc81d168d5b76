//! The cluster's place in the data directory: made, given to its account, and refused when it is
//! somebody else's or cannot be reached.
//!
//! Root writes nothing into the account's directory but the empty directory itself and, through a
//! freshly created file, the password for initdb: everything else of root's stays beside it, where
//! the account cannot plant links.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::{ClusterError, files};

/// The paths of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) data_dir: PathBuf,
    pub(crate) cluster: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) data_tmp: PathBuf,
    pub(crate) password: PathBuf,
}

impl Layout {
    pub(crate) fn of(data_dir: &Path) -> Self {
        let cluster = data_dir.join("postgres");
        Self {
            data_dir: data_dir.to_owned(),
            data: cluster.join("data"),
            data_tmp: cluster.join("data.tmp"),
            password: data_dir.join("postgres.password"),
            cluster,
        }
    }
}

/// Makes the cluster directory and sees to it that `account` owns and reaches it.
pub(crate) fn prepare(layout: &Layout, account: &Account) -> Result<(), ClusterError> {
    if account.drops {
        // Before anything is made or given away: a start that cannot work leaves no trace.
        let way = layout.data_dir.parent().unwrap_or(&layout.data_dir);
        check_reachable(way, account)?;
    }
    let made = DirBuilder::new().mode(0o700).create(&layout.cluster);
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => other.map_err(ClusterError::io("create", &layout.cluster))?,
    }
    give(&layout.cluster, account)?;
    check_owner(&layout.data, account)?;
    if account.drops {
        open_data_dir(layout, account)?;
        check_reachable(&layout.cluster, account)?;
    }
    Ok(())
}

/// CAIRN-DB-003 for the first directory on the way that is closed to the account.
pub(crate) fn check_reachable(path: &Path, account: &Account) -> Result<(), ClusterError> {
    let closed = files::first_closed(path, account).map_err(ClusterError::io("enter", path))?;
    match closed {
        Some((dir, mode)) => Err(ClusterError::CannotEnter {
            user: account.name.clone(),
            dir,
            mode,
        }),
        None => Ok(()),
    }
}

/// CAIRN-DB-009 when `path` exists and is not the account's.
pub(crate) fn check_owner(path: &Path, account: &Account) -> Result<(), ClusterError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ClusterError::io("read", path)(error)),
        Ok(found) if found.uid() == account.uid => Ok(()),
        Ok(found) => Err(wrong_owner(path, found.uid(), account)),
    }
}

fn wrong_owner(dir: &Path, owner: u32, account: &Account) -> ClusterError {
    ClusterError::WrongOwner {
        dir: dir.to_owned(),
        owner,
        user: account.name.clone(),
        uid: account.uid,
    }
}

/// Hands an empty directory of ours over; any other must already be the account's. The directory is
/// opened first and never followed as a link, so what is checked is what is given away.
pub(crate) fn give(path: &Path, account: &Account) -> Result<(), ClusterError> {
    let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW;
    let dir = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(ClusterError::io("open", path))?;
    let found = dir.metadata().map_err(ClusterError::io("read", path))?;
    if found.uid() == account.uid {
        return Ok(());
    }
    let is_empty = fs::read_dir(path)
        .map_err(ClusterError::io("read", path))?
        .next()
        .is_none();
    if !(account.drops && found.uid() == 0 && is_empty) {
        return Err(wrong_owner(path, found.uid(), account));
    }
    fchown(&dir, Some(account.uid), Some(account.gid)).map_err(ClusterError::io("chown", path))
}

/// Root's own data directory is often 0700. Its group becomes the account's, with the right to pass
/// and nothing else: opening it to everybody would let guessed paths be read. A directory somebody
/// gave another group is left alone, and refused if it is closed.
fn open_data_dir(layout: &Layout, account: &Account) -> Result<(), ClusterError> {
    let path = &layout.data_dir;
    let dir = File::open(path).map_err(ClusterError::io("open", path))?;
    let found = dir.metadata().map_err(ClusterError::io("read", path))?;
    let enters = files::may_enter(found.mode(), found.uid(), found.gid(), account);
    let is_roots = found.uid() == 0 && [0, account.gid].contains(&found.gid());
    if enters || !is_roots {
        return Ok(());
    }
    // The bits of the old group must not become the account's: only passing is.
    let mode = (found.mode() & 0o7707) | 0o010;
    fchown(&dir, None, Some(account.gid))
        .and_then(|()| dir.set_permissions(fs::Permissions::from_mode(mode)))
        .map_err(ClusterError::io("open to the account", path))
}

/// The superuser's password: read if there is one, else made (256 bits) and kept, on disk before
/// anything is initialised with it.
pub(crate) fn password(layout: &Layout, cluster_exists: bool) -> Result<String, ClusterError> {
    let path = &layout.password;
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(ClusterError::io("read", path)(error));
        }
        _ if cluster_exists => return Err(ClusterError::PasswordMissing { path: path.clone() }),
        _ => {}
    }
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(ClusterError::io("read", "/dev/urandom"))?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let tmp = path.with_extension("tmp");
    let written = remove_if_there(&tmp)
        .and_then(|()| write_secret(&tmp, &password))
        .map(|_| ());
    written
        .and_then(|()| fs::rename(&tmp, path))
        .map_err(ClusterError::io("write", path))?;
    files::sync_dir(&layout.data_dir)?;
    Ok(password)
}

/// Writes a new file only its owner reads; one that exists is refused, link or not.
pub(crate) fn write_secret(path: &Path, secret: &str) -> std::io::Result<File> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    Ok(file)
}

pub(crate) fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
