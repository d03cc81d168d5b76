//! The passwords of the database roles: made once, kept 0600 in the data directory, never shown.

use std::path::Path;

use anyhow::{Context, Result};
use cairn_service::clock::{IdSource, SystemIds};
use serde::{Deserialize, Serialize};

use crate::owner::state_file;

const FILE: &str = "roles.json";

#[derive(Serialize, Deserialize)]
pub(super) struct Passwords {
    pub(super) owner: String,
    pub(super) app: String,
}

/// The passwords of this data directory; made when there are none yet.
pub(super) fn keep(dir: &Path) -> Result<Passwords> {
    let path = dir.join(FILE);
    if let Some(known) = state_file::read(&path)? {
        return Ok(known);
    }
    let passwords = Passwords {
        owner: random(),
        app: random(),
    };
    state_file::write(&path, &passwords)
        .context("cannot keep the passwords of the database roles")?;
    Ok(passwords)
}

/// 256 random bits in hexadecimal.
fn random() -> String {
    SystemIds
        .secret()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn passwords_are_made_once_and_kept_to_their_owner() {
        let home = tempfile::tempdir().unwrap();
        let first = keep(home.path()).unwrap();
        let second = keep(home.path()).unwrap();
        assert_eq!((&first.owner, &first.app), (&second.owner, &second.app));
        assert_ne!(first.owner, first.app);
        assert_eq!(first.app.len(), 64);
        let mode = std::fs::metadata(home.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
