//! A folder, an archive or a built-in set of Markdown files, with what they show and where they used
//! to be: also the form in which an export leaves.
//!
//! At its root `portal.toml` may say what the help center is like, and `redirects.csv` where old
//! addresses lead. Files that are no Markdown are given when an article links to them, when their kind
//! is one that articles show, or all of them when `portal.toml` says `files = "all"`.

mod article;
mod heading;
mod languages;
mod settings;
#[cfg(test)]
mod tests;
mod translations;

use std::collections::BTreeSet;
use std::io::Read;
use std::ops::ControlFlow;

pub use article::KNOWN_KEYS;
pub(crate) use heading::first_heading;
pub use settings::{PORTAL_FILE, REDIRECTS_FILE};

use crate::archive::is_archive;
use crate::article::{Fault, OldAddress, SourceArticle, SourceFile, SourcePortal};
use crate::limits::{
    FRONT_MATTER_BLOCK_BYTES_MAX, MARKDOWN_FILE_BYTES_MAX, REMARKS_MAX, SHOWN_FILE_BYTES_MAX,
};
use crate::links;
use crate::source::{Source, SourceError};
use crate::tree::Tree;

use article::Facts;
use translations::{Place, places};

/// Extensions of files that articles show or hand out.
const SHOWN: [&str; 32] = [
    "png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "ico", "svg", "tif", "tiff", "pdf", "mp4",
    "webm", "mov", "m4v", "mp3", "m4a", "ogg", "wav", "doc", "docx", "xls", "xlsx", "ppt", "pptx",
    "odt", "ods", "odp", "csv", "txt", "zip",
];

/// How much of a file is read for its front matter at first.
const HEAD_BYTES: u64 = 8 * 1024;

/// Markdown files as a source.
#[derive(Debug)]
pub struct MarkdownSource {
    tree: Tree,
    articles: Vec<String>,
    portal: SourcePortal,
    /// Whether every file comes with the articles, whatever its kind: so it is in an export.
    has_all_files: bool,
    redirects: Vec<OldAddress>,
    /// Files that articles link to.
    linked: BTreeSet<String>,
    remarks: Vec<Fault>,
}

impl MarkdownSource {
    /// Reads what a tree says of itself; its articles are read later, one by one.
    ///
    /// # Errors
    /// When there is no Markdown in it, or `portal.toml` is not readable.
    pub fn open(mut tree: Tree) -> Result<Self, SourceError> {
        let articles: Vec<String> = tree
            .paths()
            .iter()
            .filter(|p| is_markdown(p))
            .cloned()
            .collect();
        let mut remarks = tree.left_out().to_vec();
        let archives = tree.paths().iter().filter(|path| is_archive(path));
        remarks.extend(archives.map(|path| {
            Fault::at(
                path,
                1,
                "it is an archive inside the source, which is not opened; unpack it if it holds articles",
            )
        }));
        if articles.is_empty() {
            return Err(SourceError::Malformed {
                path: tree.name().to_owned(),
                reason: nothing_to_import(&remarks),
            });
        }
        let (portal, has_all_files) = settings::portal(&mut tree)?;
        let redirects = settings::redirects(&mut tree, &mut remarks);
        Ok(Self {
            tree,
            articles,
            portal,
            has_all_files,
            redirects,
            linked: BTreeSet::new(),
            remarks,
        })
    }

    /// What all files say about each other, from their first lines.
    fn places(&mut self) -> Vec<Place> {
        let mut files = Vec::with_capacity(self.articles.len());
        for path in &self.articles {
            files.push((path.as_str(), facts(&mut self.tree, path)));
        }
        places(&files)
    }

    fn remark(&mut self, remarks: Vec<Fault>) {
        let room = REMARKS_MAX.saturating_sub(self.remarks.len());
        self.remarks.extend(remarks.into_iter().take(room));
    }

    /// Notes the files that a body links to.
    fn note_links(&mut self, article: &SourceArticle) {
        for (_, target) in links::targets(&article.body) {
            let address = target.split(['#', '?']).next().unwrap_or("");
            let address = links::percent_decoded(address);
            let path = match address.strip_prefix('/') {
                Some(rooted) => Some(rooted.to_owned()),
                None => links::resolve(&article.path, &address),
            };
            let Some(path) = path else { continue };
            if !is_markdown(&path) && !self.linked.contains(&path) && self.tree.contains(&path) {
                self.linked.insert(path);
            }
        }
    }
}

impl Source for MarkdownSource {
    fn kind(&self) -> &'static str {
        "Markdown"
    }

    fn portal(&self) -> SourcePortal {
        self.portal.clone()
    }

    fn article_count(&self) -> u64 {
        self.articles.len() as u64
    }

    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let places = self.places();
        for (path, place) in self.articles.clone().iter().zip(&places) {
            let mut remarks = Vec::new();
            let article = self
                .tree
                .read_text(path, MARKDOWN_FILE_BYTES_MAX)
                .and_then(|text| article::article(path, &text, place, &mut remarks));
            self.remark(remarks);
            if let Ok(article) = &article {
                self.note_links(article);
            }
            if each(article).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        let paths = self.tree.paths().iter();
        let shown = paths.filter(|path| {
            let is_ours = *path == PORTAL_FILE || *path == REDIRECTS_FILE || is_markdown(path);
            let is_shown = || has_extension(path, &SHOWN) || self.linked.contains(*path);
            !is_ours && (self.has_all_files || is_shown())
        });
        let files = shown.map(|path| SourceFile {
            path: path.clone(),
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        });
        files.collect()
    }

    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.tree.read(path, SHOWN_FILE_BYTES_MAX)
    }

    fn old_addresses(&self) -> Vec<OldAddress> {
        self.redirects.clone()
    }

    fn remarks(&self) -> Vec<Fault> {
        self.remarks.clone()
    }
}

/// What the head of a file says; the whole of it is read only when the head is not enough.
fn facts(tree: &mut Tree, path: &str) -> Facts {
    let mut head = Vec::new();
    for bytes in [HEAD_BYTES, FRONT_MATTER_BLOCK_BYTES_MAX as u64] {
        head.clear();
        let read = tree
            .reader(path)
            .map(|reader| reader.take(bytes).read_to_end(&mut head));
        if !matches!(read, Ok(Ok(_))) {
            return Facts::default();
        }
        let text = String::from_utf8_lossy(&head);
        let begins = text.trim_start_matches('\u{feff}').starts_with("---");
        if !begins || text.contains("\n---") || (head.len() as u64) < bytes {
            return Facts::of(&text);
        }
    }
    Facts::default()
}

fn nothing_to_import(remarks: &[Fault]) -> String {
    let mut reason =
        "there is no .md or .markdown file in it; check the path, or name the kind of \
                      export with --from"
            .to_owned();
    if let Some(first) = remarks.first() {
        reason.push_str(&format!(
            " ({} files were left out; {}: {})",
            remarks.len(),
            first.path,
            first.reason
        ));
    }
    reason
}

/// Whether the file is Markdown, by its extension.
pub(crate) fn is_markdown(path: &str) -> bool {
    has_extension(path, &["md", "markdown"])
}

fn has_extension(path: &str, known: &[&str]) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    known.iter().any(|one| extension.eq_ignore_ascii_case(one))
}
