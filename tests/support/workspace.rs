//! The sources of the workspace, for tests about the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests stands in the workspace")
        .to_owned()
}

/// A file of the workspace as text.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every Rust file of the workspace that is ours, sorted.
pub fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for room in ["crates", "tests", "benches"] {
        files.extend(rust_files_below(&root().join(room)));
    }
    files
}

/// Every Rust file below a directory, sorted.
pub fn rust_files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
