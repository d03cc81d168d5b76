//! The files of a source, from a folder, an archive or the program itself, in one fixed order.
//!
//! Paths have `/` between their segments and never leave the tree: what is read is looked up among
//! what was found when the tree was opened.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::archive::{Archive, format_of};
use crate::article::Fault;
use crate::limits::{DEPTH_MAX, FILES_MAX};
use crate::source::SourceError;

/// Bytes by which an archive is told from other files.
const HEAD_BYTES: u64 = 512;

/// Files by their paths.
#[derive(Debug)]
pub struct Tree {
    place: Place,
    /// Sorted by their segments, so that a run and its repetition make the same batches.
    paths: Vec<String>,
    left_out: Vec<Fault>,
    name: String,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Embedded(&'static [(&'static str, &'static str)]),
    Archive(Archive),
}

impl Tree {
    /// What is at a path: a folder, an archive, or one file, which is a tree of its own.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or breaks a limit.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let unreadable = |error| unreadable(path, error);
        let path = &path.canonicalize().map_err(unreadable)?;
        if path.is_dir() {
            return Self::folder(path);
        }
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
            .map_err(unreadable)?;
        let Some(format) = format_of(&head) else {
            return Self::file(path);
        };
        let archive = Archive::open(path, format)?;
        Ok(Self {
            paths: archive.paths(),
            left_out: archive.left_out.clone(),
            name: archive_name(path),
            place: Place::Archive(archive),
        })
    }

    /// A folder on disk. Hidden entries and symbolic links are left out: the first are not meant for
    /// readers, the second may lead anywhere.
    ///
    /// # Errors
    /// When it cannot be walked or is deeper or larger than allowed.
    pub fn folder(dir: &Path) -> Result<Self, SourceError> {
        let mut paths = Vec::new();
        walk(dir, "", 0, &mut paths)?;
        Ok(Self::of(
            Place::Folder(dir.to_owned()),
            paths,
            folder_name(dir),
        ))
    }

    /// Files built into a program: path and text.
    pub fn embedded(name: &str, files: &'static [(&'static str, &'static str)]) -> Self {
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        Self::of(Place::Embedded(files), paths, name.to_owned())
    }

    fn file(path: &Path) -> Result<Self, SourceError> {
        let name = path.file_name().and_then(|name| name.to_str());
        let (Some(dir), Some(name)) = (path.parent(), name) else {
            return Err(SourceError::Malformed {
                path: path.display().to_string(),
                reason: "its name is not UTF-8; rename it".to_owned(),
            });
        };
        let paths = vec![name.to_owned()];
        Ok(Self::of(
            Place::Folder(dir.to_owned()),
            paths,
            archive_name(path),
        ))
    }

    fn of(place: Place, mut paths: Vec<String>, name: String) -> Self {
        paths.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        Self {
            place,
            paths,
            left_out: Vec::new(),
            name,
        }
    }

    /// The name its imports are remembered under unless one is given: the last two folders, or the
    /// name of the archive without its extension.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All files, sorted by their segments.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Whether there is such a file.
    pub fn contains(&self, path: &str) -> bool {
        self.paths
            .binary_search_by(|there| there.split('/').cmp(path.split('/')))
            .is_ok()
    }

    /// Files that are there and are not taken, with the reason.
    pub fn left_out(&self) -> &[Fault] {
        &self.left_out
    }

    /// Opens one file; members of archives are unpacked on the way.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub fn reader(&mut self, path: &str) -> Result<Box<dyn Read + '_>, Fault> {
        let is_there = self.contains(path);
        let opened: io::Result<Box<dyn Read + '_>> = match &mut self.place {
            _ if !is_there => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "there is no such file in the source",
            )),
            Place::Folder(dir) => File::open(dir.join(path)).map(|file| Box::new(file) as _),
            Place::Embedded(files) => {
                let file = files.iter().find(|(name, _)| *name == path);
                let bytes = file.map_or(&b""[..], |(_, text)| text.as_bytes());
                Ok(Box::new(bytes))
            }
            Place::Archive(archive) => archive.reader(path).map(|member| Box::new(member) as _),
        };
        opened.map_err(|error| unread(path, &error))
    }

    /// Reads one file of at most so many bytes.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(&mut self, path: &str, bytes_max: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        // One byte more than allowed, to tell full from too large.
        let read = self
            .reader(path)?
            .take(bytes_max + 1)
            .read_to_end(&mut bytes);
        read.map_err(|error| unread(path, &error))?;
        if bytes.len() as u64 > bytes_max {
            return Err(Fault::at(
                path,
                1,
                format!("it is larger than {bytes_max} bytes; split it"),
            ));
        }
        Ok(bytes)
    }

    /// Reads one file as text.
    ///
    /// # Errors
    /// Why it cannot be read, with the line from which on it is no text.
    pub fn read_text(&mut self, path: &str, bytes_max: u64) -> Result<String, Fault> {
        let bytes = self.read(path, bytes_max)?;
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid]
                .iter()
                .filter(|b| **b == b'\n')
                .count();
            let what = match error.as_bytes() {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                    "it is UTF-16; convert it to UTF-8".to_owned()
                }
                _ => format!("it is not UTF-8 from byte {valid} on; convert it"),
            };
            Fault::at(path, line + 1, what)
        })
    }
}

fn folder_name(dir: &Path) -> String {
    let parts: Vec<_> = dir.components().rev().take(2).collect();
    let parts = parts.iter().rev().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let name = parts.collect::<Vec<_>>().join("/");
    if name.is_empty() {
        "folder".to_owned()
    } else {
        name
    }
}

fn archive_name(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let lower = name.to_lowercase();
    let extension = [".tar.gz", ".tgz", ".tar", ".zip"]
        .into_iter()
        .find(|extension| lower.ends_with(extension) && lower.len() > extension.len());
    let stem = match extension {
        // All of them are ASCII: the lower-case name ends at the same bytes.
        Some(extension) => name.get(..name.len() - extension.len()),
        None => name
            .rsplit_once('.')
            .map(|(stem, _)| stem)
            .filter(|s| !s.is_empty()),
    };
    stem.unwrap_or(&name).to_owned()
}

fn walk(
    root: &Path,
    below: &str,
    depth: usize,
    paths: &mut Vec<String>,
) -> Result<(), SourceError> {
    let dir = root.join(below);
    let too_many = |reason: String| SourceError::Limit {
        path: dir.display().to_string(),
        reason,
    };
    if depth > DEPTH_MAX {
        return Err(too_many(format!(
            "it is more than {DEPTH_MAX} folders deep"
        )));
    }
    let entries = std::fs::read_dir(&dir).map_err(|error| unreadable(&dir, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&dir, error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            // Such a name has no place in a report either, so it is the folder that is named.
            return Err(SourceError::Malformed {
                path: dir.display().to_string(),
                reason: "a file name in it is not UTF-8; rename it".to_owned(),
            });
        };
        if name.starts_with('.') {
            continue;
        }
        let path = if below.is_empty() {
            name.to_owned()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(&entry.path(), error))?;
        if kind.is_dir() {
            walk(root, &path, depth + 1, paths)?;
        } else if kind.is_file() {
            if paths.len() >= FILES_MAX {
                return Err(too_many(format!(
                    "there are more than {FILES_MAX} files; import its folders one by one"
                )));
            }
            paths.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: io::Error) -> SourceError {
    SourceError::Read {
        path: path.display().to_string(),
        error,
    }
}

fn unread(path: &str, error: &io::Error) -> Fault {
    Fault::at(path, 1, format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_one_order() {
        let home = tempfile::tempdir().unwrap();
        for path in [
            "b.md",
            "a/z.md",
            "a/b/c.markdown",
            "a.md",
            "A.MD",
            "x.txt",
            ".git/h.md",
        ] {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        std::os::unix::fs::symlink(home.path(), home.path().join("loop")).unwrap();
        let mut tree = Tree::open(home.path()).unwrap();
        assert_eq!(
            tree.paths(),
            ["A.MD", "a/b/c.markdown", "a/z.md", "a.md", "b.md", "x.txt"]
        );
        assert!(tree.contains("a/z.md") && !tree.contains("loop/b.md"));
        for outside in [
            "../x",
            "/etc/passwd",
            "loop/b.md",
            "",
            "a/../b.md",
            "./b.md",
        ] {
            assert!(tree.read(outside, 10).is_err(), "{outside}");
        }
        assert!(Tree::open(&home.path().join("none")).is_err());
    }

    #[test]
    fn a_file_that_is_not_text_is_refused_with_its_line() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("a.md"), b"one\ntwo\nth\xffree").unwrap();
        std::fs::write(home.path().join("b.md"), b"12345").unwrap();
        std::fs::write(home.path().join("c.md"), b"\xff\xfeh\0i\0").unwrap();
        let mut tree = Tree::folder(home.path()).unwrap();
        let fault = tree.read_text("a.md", 100).unwrap_err();
        assert_eq!(fault.line, 3);
        assert!(fault.reason.contains("byte 10"), "{fault}");
        assert!(
            tree.read("b.md", 4)
                .unwrap_err()
                .reason
                .contains("larger than 4")
        );
        assert_eq!(tree.read("b.md", 5).unwrap(), b"12345");
        assert!(
            tree.read_text("c.md", 10)
                .unwrap_err()
                .reason
                .contains("UTF-16")
        );
        assert!(tree.read("none.md", 5).is_err());
    }

    #[test]
    fn a_source_is_called_after_where_it_lies() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("export/help center");
        std::fs::create_dir_all(&dir).unwrap();
        assert_eq!(Tree::open(&dir).unwrap().name(), "export/help center");
        std::fs::write(dir.join("dump.json"), "{}").unwrap();
        let tree = Tree::open(&dir.join("dump.json")).unwrap();
        assert_eq!(
            (tree.name(), tree.paths()),
            ("dump", &["dump.json".to_owned()][..])
        );
        for (file, name) in [("a.tar.gz", "a"), ("b.c.ZIP", "b.c"), (".zip", ".zip")] {
            assert_eq!(archive_name(Path::new(file)), name);
        }
    }
}
