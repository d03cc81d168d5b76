//! Where the socket lies: beside the data, unless that path is too long for a socket; then in a
//! short directory of the account's own, named by a hash of the data directory.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::ClusterError;
use crate::account::Account;
use crate::directory::{self, Layout};

/// `sockaddr_un` holds 108 bytes on Linux and 104 elsewhere, the closing zero included.
const PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The socket directory of a cluster, made if needed, 0700 and the account's.
pub(crate) fn prepare(
    layout: &Layout,
    account: &Account,
    port: u16,
) -> Result<PathBuf, ClusterError> {
    let beside = layout.cluster.join("run");
    if fits(&beside, port) {
        make(&beside, account)?;
        return Ok(beside);
    }
    let mut reasons = Vec::new();
    for base in short_bases(account) {
        let dir = base.join(short_name(layout));
        if !fits(&dir, port) {
            reasons.push(format!("{} is too long too", dir.display()));
            continue;
        }
        match make(&dir, account).and_then(|()| directory::check_reachable(&dir, account)) {
            Ok(()) => return Ok(dir),
            Err(error) => reasons.push(error.report()),
        }
    }
    let path = socket(&beside, port);
    Err(ClusterError::SocketPath {
        bytes: path.as_os_str().len(),
        path,
        bytes_max: PATH_BYTES_MAX,
        reason: reasons.join("; "),
    })
}

/// The socket itself.
pub(crate) fn socket(dir: &Path, port: u16) -> PathBuf {
    dir.join(format!(".s.PGSQL.{port}"))
}

/// Whether the socket beside the data would fit; for `doctor`.
pub(crate) fn fits(dir: &Path, port: u16) -> bool {
    socket(dir, port).as_os_str().len() <= PATH_BYTES_MAX
}

/// The runtime directory belongs to the user who runs Cairn, so it is no help to root.
fn short_bases(account: &Account) -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|dir| {
        !account.drops && fs::metadata(dir).is_ok_and(|found| found.uid() == account.uid)
    });
    let mut bases: Vec<PathBuf> = runtime.into_iter().collect();
    bases.push(std::env::temp_dir());
    bases.push(PathBuf::from("/tmp"));
    bases.dedup();
    bases
}

fn short_name(layout: &Layout) -> String {
    format!(
        "cairn-{:016x}",
        fnv1a(layout.data_dir.as_os_str().as_encoded_bytes())
    )
}

/// FNV-1a, 64 bits: the same on every build, which the hasher of std does not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Makes `dir` or accepts one that is private and the account's. In a directory everybody can write
/// to, anything else may be a trap.
fn make(dir: &Path, account: &Account) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => other.map_err(ClusterError::io("create", dir))?,
    }
    directory::give(dir, account)?;
    let found = fs::symlink_metadata(dir).map_err(ClusterError::io("read", dir))?;
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    let reason = format!(
        "a socket directory is private, this one has mode {:04o}",
        found.mode() & 0o7777
    );
    Err(ClusterError::Malformed {
        path: dir.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn own_account() -> Account {
        let uid = rustix::process::geteuid().as_raw();
        Account {
            name: "me".into(),
            uid,
            gid: rustix::process::getegid().as_raw(),
            drops: false,
        }
    }

    #[test]
    fn the_longest_path_that_fits_is_used() {
        let fixed = ".s.PGSQL.5432".len() + 1;
        assert!(fits(Path::new(&"d".repeat(PATH_BYTES_MAX - fixed)), 5432));
        assert!(!fits(
            Path::new(&"d".repeat(PATH_BYTES_MAX - fixed + 1)),
            5432
        ));
    }

    #[test]
    fn a_socket_directory_others_can_enter_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("run");
        make(&dir, &own_account()).unwrap();
        make(&dir, &own_account()).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(
            make(&dir, &own_account()).unwrap_err().code(),
            "CAIRN-DB-015"
        );
    }

    #[test]
    fn a_link_in_place_of_the_socket_directory_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("run");
        std::os::unix::fs::symlink(home.path(), &link).unwrap();
        assert_eq!(
            make(&link, &own_account()).unwrap_err().code(),
            "CAIRN-DB-014"
        );
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
