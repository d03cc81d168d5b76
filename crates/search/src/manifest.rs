//! The checkpoint of a portal: one small file, renamed into place after every commit it names.
//!
//! *Invariant:* what the manifest says has happened has happened: it is written after the units
//! have committed, so after a crash the units may be ahead of it, never behind. Replaying from its
//! position is harmless because a change carries the current rows and deletes before it adds.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cairn_domain::feed::Position;
use cairn_domain::locale::Locale;
use serde::{Deserialize, Serialize};

use crate::document::Face;
use crate::error::SearchError;

const NAME: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What is on disk and how far it has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) fingerprint: String,
    pub(crate) generation: u64,
    pub(crate) position: Position,
    pub(crate) units: Vec<UnitState>,
    /// Up to which position what was erased is gone from the files too; see [`crate::erase`].
    #[serde(default)]
    pub(crate) erased: i64,
}

/// A unit as it was when the manifest was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitState {
    pub(crate) face: Face,
    pub(crate) locale: Locale,
    pub(crate) opstamp: u64,
    pub(crate) documents: u64,
}

impl Manifest {
    pub(crate) fn new(
        fingerprint: &str,
        generation: u64,
        position: Position,
        units: Vec<UnitState>,
        erased: i64,
    ) -> Self {
        Self {
            format: FORMAT,
            fingerprint: fingerprint.to_owned(),
            generation,
            position,
            units,
            erased,
        }
    }

    /// Reads the manifest of a portal's directory. The error is the reason why it cannot be used.
    pub(crate) fn read(dir: &Path) -> Result<Self, String> {
        let path = dir.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err("there is no manifest".to_owned());
            }
            Err(e) => return Err(format!("the manifest cannot be read: {e}")),
        };
        let (crc, json) = text
            .trim_end()
            .split_once(' ')
            .ok_or("the manifest has no checksum")?;
        if crc != checksum(json) {
            return Err("the manifest does not match its checksum".to_owned());
        }
        let manifest: Self =
            serde_json::from_str(json).map_err(|e| format!("the manifest is not readable: {e}"))?;
        if manifest.format != FORMAT {
            return Err(format!(
                "the manifest has format {}, not {FORMAT}",
                manifest.format
            ));
        }
        Ok(manifest)
    }

    /// Replaces the manifest in `dir`, durably: after this returns a crash cannot undo it.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), SearchError> {
        let json = serde_json::to_string(self).map_err(SearchError::engine("write a manifest"))?;
        let temporary = dir.join("manifest.json.new");
        let write = |path: &PathBuf| {
            let mut file = fs::File::create(path)?;
            writeln!(file, "{} {json}", checksum(&json))?;
            file.sync_all()
        };
        write(&temporary).map_err(SearchError::io("write", &temporary))?;
        let path = dir.join(NAME);
        fs::rename(&temporary, &path).map_err(SearchError::io("replace", &path))?;
        sync_dir(dir)
    }
}

fn checksum(json: &str) -> String {
    format!("{:08x}", crc32fast::hash(json.as_bytes()))
}

/// Makes renames and new entries of a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), SearchError> {
    fs::File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(SearchError::io("sync", dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_domain::feed::Epoch;

    #[test]
    fn a_manifest_is_read_back_and_any_flipped_bit_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = Manifest::new(
            "abc",
            3,
            Position {
                epoch: Epoch {
                    system_identifier: u64::MAX,
                    timeline: 2,
                },
                pos: 41,
                event: None,
            },
            vec![UnitState {
                face: Face::Public,
                locale: "pt-BR".parse().unwrap(),
                opstamp: 9,
                documents: 7,
            }],
            40,
        );
        manifest.write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), manifest);
        let path = dir.path().join(NAME);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() - 1 {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(Manifest::read(dir.path()).is_err(), "byte {at}");
        }
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        assert!(Manifest::read(dir.path()).is_err());
    }
}
