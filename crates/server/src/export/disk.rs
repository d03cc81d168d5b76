//! The folder an export writes: nothing outside of it, and no half file under a name of its own.
//!
//! A file is written under a hidden name and renamed once it is whole, so that a killed export leaves
//! whole files and hidden rests, which imports leave out and the next export takes away.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// What hidden names begin and end with.
const DRAFT: (&str, &str) = (".cairn-export-", ".part");

/// A folder to write into.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Folders that are there for sure, as paths below the root.
    made: HashSet<String>,
    drafts: u64,
}

impl Folder {
    /// Makes the folder, or takes one that is empty; with `overwrite` any folder.
    ///
    /// # Errors
    /// When there is something in it and it was not said that this may be overwritten.
    pub(super) fn open(root: &Path, overwrite: bool) -> Result<Self> {
        let shown = root.display();
        match fs::read_dir(root) {
            Ok(mut entries) => {
                if !overwrite && entries.next().is_some() {
                    bail!(
                        "{shown} is not empty; give a new or an empty folder, or --overwrite to write over what is there"
                    );
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(root).with_context(|| format!("cannot make {shown}"))?;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot open {shown}")),
        }
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot open {shown}"))?;
        if overwrite {
            remove_drafts(&root, 0)?;
        }
        Ok(Self {
            root,
            made: HashSet::new(),
            drafts: 0,
        })
    }

    /// Writes a whole file at a path with `/` that was made safe.
    ///
    /// # Errors
    /// What the disk says; a symbolic link on the way, which may lead anywhere.
    pub(super) fn write(&mut self, path: &str, parts: &[&[u8]]) -> Result<()> {
        let folder = match path.rsplit_once('/') {
            Some((folder, _)) => self.folder(folder)?,
            None => self.root.clone(),
        };
        self.drafts += 1;
        let draft = folder.join(format!("{}{}{}", DRAFT.0, self.drafts, DRAFT.1));
        let place = self.root.join(path);
        let written = File::create(&draft).and_then(|mut file| {
            parts.iter().try_for_each(|part| file.write_all(part))?;
            fs::rename(&draft, &place)
        });
        written.with_context(|| format!("cannot write {}", place.display()))
    }

    /// Sees to it that a folder is there and is one.
    fn folder(&mut self, path: &str) -> Result<PathBuf> {
        let whole = self.root.join(path);
        if self.made.contains(path) {
            return Ok(whole);
        }
        let ends = path.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let part = &path[..end];
            if self.made.contains(part) {
                continue;
            }
            let place = self.root.join(part);
            match fs::create_dir(&place) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let there = fs::symlink_metadata(&place)
                        .with_context(|| format!("cannot look at {}", place.display()))?;
                    if !there.is_dir() {
                        bail!(
                            "{} is there and is no folder; remove it, or export into an empty folder",
                            place.display()
                        );
                    }
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot make {}", place.display()));
                }
            }
            self.made.insert(part.to_owned());
        }
        Ok(whole)
    }

    /// Waits until everything is on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        let root = File::open(&self.root)?;
        rustix::fs::syncfs(&root)
            .with_context(|| format!("cannot finish writing {}", self.root.display()))
    }
}

/// Takes away what a killed export left. Symbolic links are not followed.
fn remove_drafts(folder: &Path, depth: usize) -> Result<()> {
    if depth > crate::limits::EXPORT_PATH_DEPTH_MAX {
        return Ok(());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            remove_drafts(&entry.path(), depth + 1)?;
        } else if entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(DRAFT.0) && name.ends_with(DRAFT.1))
        {
            fs::remove_file(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_taken_only_when_that_is_said() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("new/folder");
        let mut folder = Folder::open(&dir, false).unwrap();
        folder.write("a/b/c.md", &[b"one", b"two"]).unwrap();
        assert_eq!(fs::read(dir.join("a/b/c.md")).unwrap(), b"onetwo");
        let error = Folder::open(&dir, false).unwrap_err();
        assert!(error.to_string().contains("--overwrite"), "{error}");
        fs::write(dir.join("a/.cairn-export-9.part"), "half").unwrap();
        let mut folder = Folder::open(&dir, true).unwrap();
        folder.write("a/b/c.md", &[b"three"]).unwrap();
        assert_eq!(fs::read(dir.join("a/b/c.md")).unwrap(), b"three");
        assert!(!dir.join("a/.cairn-export-9.part").exists());
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let home = tempfile::tempdir().unwrap();
        let (dir, outside) = (home.path().join("in"), home.path().join("out"));
        fs::create_dir_all(&dir).unwrap();
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, dir.join("a")).unwrap();
        let mut folder = Folder::open(&dir, true).unwrap();
        assert!(folder.write("a/x.md", &[b"x"]).is_err());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }
}
