//! The control socket: how commands beside a running server reach it. Whoever may open it is the
//! operator, so only the owner of the data directory may.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use tokio::net::UnixListener;

/// Its name in the data directory.
pub(crate) const CONTROL_SOCKET: &str = "control.sock";

/// Makes the socket. *Invariant:* the caller holds the lock of the directory, so a socket that is
/// there was left by a killed owner.
///
/// # Errors
/// A path the system cannot take (107 bytes on Linux), or a directory that cannot be written.
pub(crate) fn bind_control(path: &Path) -> Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", path.display()));
        }
        _ => {}
    }
    // Bound beside and renamed into place: at its name the socket never has other rights.
    let draft = path.with_extension("new");
    let _ = fs::remove_file(&draft);
    let listener = UnixListener::bind(&draft).with_context(|| {
        format!(
            "cannot make the control socket {}; a shorter --data-dir may help",
            path.display()
        )
    })?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&draft, path))
        .with_context(|| format!("cannot make the control socket {}", path.display()))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_for_its_owner_and_replaces_a_dead_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(CONTROL_SOCKET);
        drop(bind_control(&path).unwrap());
        let _listener = bind_control(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(tokio::net::UnixStream::connect(&path).await.is_ok());
    }
}
