//! Traces of a text in the files of an index, deleted documents included.
//!
//! What a search finds says nothing about what lies on the disk: a deleted document is only marked.
//! Here every file is looked through as it is, and every segment as the engine reads it, because
//! stored texts are compressed and dictionaries share prefixes. For tests and audits; it reads all
//! of the portal's index.

use std::fs;
use std::path::Path;

use tantivy::Index;
use tantivy::directory::MmapDirectory;

use crate::error::SearchError;

/// The places below `dir` that hold `needle`, each said for people. Dictionaries hold words in lower
/// case, so the needle should be one word of lower-case letters and digits.
pub(crate) fn traces(dir: &Path, needle: &str) -> Result<Vec<String>, SearchError> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(dir) = waiting.pop() {
        let Ok(read) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in read {
            let path = entry.map_err(SearchError::io("read", &dir))?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let bytes = fs::read(&path).map_err(SearchError::io("read", &path))?;
            if holds(&bytes, needle) {
                found.push(format!("{} as it is", path.display()));
            }
        }
        if dir.join("meta.json").is_file() {
            in_segments(&dir, needle, &mut found)
                .map_err(SearchError::engine("look through an index"))?;
        }
    }
    found.sort();
    Ok(found)
}

fn in_segments(dir: &Path, needle: &str, found: &mut Vec<String>) -> tantivy::Result<()> {
    let index = Index::open(MmapDirectory::open(dir)?)?;
    for reader in index.reader()?.searcher().segment_readers() {
        let name = format!("segment {} of {}", reader.segment_id(), dir.display());
        let store = reader.get_store_reader(1)?;
        for doc in 0..reader.max_doc() {
            if holds(&store.get_document_bytes(doc)?, needle) {
                found.push(format!("stored document {doc} of {name}"));
            }
        }
        for (field, entry) in index.schema().fields() {
            if !entry.is_indexed() {
                continue;
            }
            let inverted = reader.inverted_index(field)?;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() {
                if holds(terms.key(), needle) {
                    found.push(format!("dictionary of {} in {name}", entry.name()));
                    break;
                }
            }
        }
    }
    Ok(())
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    !needle.is_empty() && bytes.windows(needle.len()).any(|w| w == needle.as_bytes())
}
