//! Small JSON files of the data directory: whole or not there at all, however a write ends.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a file; None when there is none.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let value = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is not what Cairn wrote there; put it back from a backup",
            path.display()
        )
    })?;
    Ok(Some(value))
}

/// Writes a file that only its owner may read: beside it, to the disk, then into its place.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let draft = path.with_extension("tmp");
    let text = serde_json::to_vec(value).context("state is JSON")?;
    let written = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        match path.parent() {
            Some(dir) => File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}
