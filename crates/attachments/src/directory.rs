//! Files in a local directory, for this server's user alone and on the disk before they are acknowledged.

use std::fs;
use std::path::Path;

use object_store::local::LocalFileSystem;

use crate::error::VaultError;

/// The directory as a store; it is made when it is not there.
pub(crate) fn open(dir: &Path) -> Result<LocalFileSystem, VaultError> {
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        VaultError::Refused(format!(
            "cannot {what} {} for attachments: {error}; make it writable for the user of the server, or name another directory",
            dir.display()
        ))
    };
    fs::create_dir_all(dir).map_err(|error| refused("make the directory", &error))?;
    close_to_others(dir).map_err(|error| refused("close the directory", &error))?;
    let store = LocalFileSystem::new_with_prefix(dir)
        .map_err(|error| refused("open the directory", &error))?;
    Ok(store.with_fsync(true))
}

#[cfg(unix)]
fn close_to_others(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close_to_others(_dir: &Path) -> std::io::Result<()> {
    Ok(())
}
