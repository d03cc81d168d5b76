//! The files of an import, from a folder or from the program itself, in one fixed order.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::limits::{IMPORT_DEPTH_MAX, IMPORT_FILE_BYTES_MAX, IMPORT_FILES_MAX};

/// Where files come from.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// A folder on disk. Hidden entries and symbolic links are left out: the first are not meant
    /// for readers, the second may lead anywhere.
    Folder(PathBuf),
    /// Files built into the program: path and text.
    Embedded(&'static [(&'static str, &'static str)]),
}

impl Tree {
    /// The Markdown files as paths with `/`, sorted by their segments, so that a run and its
    /// repetition make the same batches.
    pub(crate) fn paths(&self) -> Result<Vec<String>> {
        let mut paths = match self {
            Self::Folder(dir) => {
                let mut paths = Vec::new();
                walk(dir, "", 0, &mut paths)?;
                paths
            }
            Self::Embedded(files) => files.iter().map(|(path, _)| (*path).to_owned()).collect(),
        };
        paths.retain(|path| is_markdown(path));
        paths.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        Ok(paths)
    }

    /// Reads one file.
    ///
    /// # Errors
    /// Why it cannot become an article, with its line.
    pub(crate) fn read(&self, path: &str) -> Result<String, (usize, String)> {
        match self {
            Self::Folder(dir) => read_file(&dir.join(path)),
            Self::Embedded(files) => {
                let file = files.iter().find(|(name, _)| *name == path);
                let text = file.map(|(_, text)| (*text).to_owned());
                text.ok_or_else(|| (1, "it is not built into this program".to_owned()))
            }
        }
    }
}

fn is_markdown(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("md") || extension.eq_ignore_ascii_case("markdown")
}

fn walk(root: &Path, below: &str, depth: usize, paths: &mut Vec<String>) -> Result<()> {
    let dir = root.join(below);
    if depth > IMPORT_DEPTH_MAX {
        bail!(
            "{} is more than {IMPORT_DEPTH_MAX} folders deep",
            dir.display()
        );
    }
    let entries =
        std::fs::read_dir(&dir).with_context(|| format!("cannot read folder {}", dir.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read folder {}", dir.display()))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            // Such a name has no place in a report either, so it is the folder that is named.
            bail!("a file name in {} is not UTF-8; rename it", dir.display());
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
            .with_context(|| format!("cannot look at {}", entry.path().display()))?;
        if kind.is_dir() {
            walk(root, &path, depth + 1, paths)?;
        } else if kind.is_file() && is_markdown(&path) {
            if paths.len() >= IMPORT_FILES_MAX {
                bail!(
                    "there are more than {IMPORT_FILES_MAX} files in {}; import its folders one by one",
                    root.display()
                );
            }
            paths.push(path);
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<String, (usize, String)> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        // One byte more than allowed, to tell full from too large.
        file.take(IMPORT_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)
    });
    read.map_err(|error| (1, format!("it cannot be read: {error}")))?;
    if bytes.len() as u64 > IMPORT_FILE_BYTES_MAX {
        return Err((
            1,
            format!("it is larger than {IMPORT_FILE_BYTES_MAX} bytes; split it"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        (
            line,
            format!("it is not UTF-8 from byte {valid} on; convert it"),
        )
    })
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
        let tree = Tree::Folder(home.path().to_owned());
        assert_eq!(
            tree.paths().unwrap(),
            ["A.MD", "a/b/c.markdown", "a/z.md", "a.md", "b.md"]
        );
        assert!(Tree::Folder(home.path().join("none")).paths().is_err());
    }

    #[test]
    fn a_file_that_is_not_text_is_refused_with_its_line() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("a.md"), b"one\ntwo\nth\xffree").unwrap();
        let tree = Tree::Folder(home.path().to_owned());
        let (line, reason) = tree.read("a.md").unwrap_err();
        assert_eq!(line, 3);
        assert!(reason.contains("byte 10"), "{reason}");
        let large = vec![b'x'; usize::try_from(IMPORT_FILE_BYTES_MAX).unwrap() + 1];
        std::fs::write(home.path().join("b.md"), large).unwrap();
        assert!(tree.read("b.md").unwrap_err().1.contains("larger than"));
        assert!(tree.read("none.md").is_err());
    }
}
