//! BookStack: its *portable ZIP* (`data.json` with a book, a chapter or a page, and `files/`), one or
//! several unpacked, or a folder of pages as Markdown in the layout of shelves, books and chapters.
//!
//! The portable format has ids and no addresses; BookStack's permanent `/link/<id>` is what is kept,
//! and the address a name gives a page unless somebody changed it.

mod folder;
mod portable;

pub(crate) use folder::FolderSource;
pub(crate) use portable::PortableSource;

use crate::records::head;
use crate::source::{Source, SourceError};
use crate::tree::Tree;

/// Bytes at the start of a file by which an export is told.
const HEAD_BYTES: u64 = 4 * 1024;
/// The file of a portable export.
const DATA: &str = "data.json";

/// Whether a tree looks like an export of either kind.
pub(crate) fn is_it(tree: &mut Tree) -> bool {
    let data = data_files(tree).into_iter().next();
    if let Some(path) = data {
        let head = head(tree, &path, HEAD_BYTES);
        return [
            "\"instance\"",
            "\"exported_at\"",
            "\"book\"",
            "\"chapter\"",
            "\"page\"",
        ]
        .iter()
        .any(|key| head.contains(key));
    }
    // The metadata that exports of the second kind have beside their pages.
    let paths = tree.paths();
    let meta = paths.iter().find(|path| {
        let page = path
            .strip_suffix("_meta.json")
            .map(|page| format!("{page}.md"));
        page.is_some_and(|page| paths.contains(&page))
    });
    let Some(meta) = meta.cloned() else {
        return false;
    };
    head(tree, &meta, HEAD_BYTES).contains("\"book_id\"")
}

fn data_files(tree: &Tree) -> Vec<String> {
    let is_data = |path: &&String| path.rsplit('/').next() == Some(DATA);
    tree.paths().iter().filter(is_data).cloned().collect()
}

/// Opens an export of either kind.
///
/// # Errors
/// When there is no page in it.
pub(crate) fn open(tree: Tree) -> Result<Box<dyn Source>, SourceError> {
    if data_files(&tree).is_empty() {
        Ok(Box::new(FolderSource::open(tree)?))
    } else {
        Ok(Box::new(PortableSource::open(tree)?))
    }
}

/// The segment of an address that BookStack makes of a name; none where that takes knowing how it
/// writes other scripts.
fn slug(name: &str) -> Option<String> {
    if !name.is_ascii() {
        return None;
    }
    let name = name
        .to_ascii_lowercase()
        .replace('@', "-at-")
        .replace('_', "-");
    let kept = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-' || c.is_ascii_whitespace());
    let kept: String = kept
        .map(|c| if c.is_ascii_whitespace() { '-' } else { c })
        .collect();
    let words: Vec<&str> = kept.split('-').filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("-"))
}
