//! Outline: its Markdown export, a folder for each collection, documents as `.md`, the documents
//! below one in a folder of its name, and `uploads/` beside the documents that show them.
//!
//! The export has no ids, authors or addresses: a document is told by its path, and links between
//! documents are relative already. Of Outline's own dialect, notices become alerts and the sizes
//! written as titles of pictures go; everything else stays as it is.

use std::collections::HashMap;
use std::ops::ControlFlow;

use cairn_domain::limits::CATEGORY_DEPTH_MAX;

use crate::article::{Fault, OldAddress, SourceArticle, SourceCategory, SourceFile, SourcePortal};
use crate::body::bounded;
use crate::limits::{MARKDOWN_FILE_BYTES_MAX, SHOWN_FILE_BYTES_MAX};
use crate::markdown::first_heading;
use crate::records::head;
use crate::source::{Source, SourceError};
use crate::tree::Tree;

/// Bytes of a document in which its title stands.
const HEAD_BYTES: u64 = 4 * 1024;
/// The folder of files beside documents.
const UPLOADS: &str = "uploads";

/// Whether a tree looks like such an export: `uploads/<uuid>/<uuid>/name` somewhere.
pub(crate) fn is_it(tree: &mut Tree) -> bool {
    tree.paths().iter().any(|path| {
        let mut segments = path.split('/');
        let has_uploads = segments.by_ref().any(|segment| segment == UPLOADS);
        has_uploads && segments.next().is_some_and(is_uuid) && segments.next().is_some_and(is_uuid)
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// An export of an Outline workspace.
pub(crate) struct OutlineSource {
    tree: Tree,
    documents: Vec<String>,
    /// Titles of documents that have documents below them.
    titles: HashMap<String, String>,
}

impl OutlineSource {
    /// Finds the documents.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(tree: Tree) -> Result<Self, SourceError> {
        let paths = tree.paths().iter();
        let documents: Vec<String> = paths.filter(|path| is_document(path)).cloned().collect();
        if documents.is_empty() {
            return Err(SourceError::Malformed {
                path: tree.name().to_owned(),
                reason: "there is no Markdown document in it".to_owned(),
            });
        }
        let mut source = Self {
            tree,
            documents,
            titles: HashMap::new(),
        };
        source.note_titles();
        Ok(source)
    }

    fn note_titles(&mut self) {
        let folders = self
            .documents
            .iter()
            .filter_map(|path| path.rsplit_once('/'));
        let mut parents: Vec<String> = folders.map(|(folder, _)| format!("{folder}.md")).collect();
        parents.dedup();
        for path in parents {
            if self.tree.contains(&path) && !self.titles.contains_key(&path) {
                let head = head(&mut self.tree, &path, HEAD_BYTES);
                let title = first_heading(&head).unwrap_or_else(|| name_of(&path));
                self.titles.insert(path, title);
            }
        }
    }

    /// Names of the collection and of the documents above.
    fn category_path(&self, path: &str) -> Vec<String> {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let mut names = Vec::new();
        let mut above = String::new();
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(folder);
            let title = self.titles.get(&format!("{above}.md")).cloned();
            names.push(title.unwrap_or_else(|| name_of(folder)));
        }
        names.truncate(CATEGORY_DEPTH_MAX);
        names
    }

    fn article(&mut self, path: &str) -> Result<SourceArticle, Fault> {
        let text = self.tree.read_text(path, MARKDOWN_FILE_BYTES_MAX)?;
        let body = in_markdown(&text);
        bounded(&body).map_err(|reason| Fault::at(path, 1, reason))?;
        Ok(SourceArticle {
            path: path.to_owned(),
            body_line: 1,
            source_id: path.strip_suffix(".md").unwrap_or(path).to_owned(),
            title: first_heading(&text).unwrap_or_else(|| name_of(path)),
            body,
            category_path: self.category_path(path),
            ..SourceArticle::default()
        })
    }
}

fn is_document(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".md") && !path.split('/').any(|segment| segment == UPLOADS)
}

/// The name a file or a folder was given: slashes in names are written as `%2F`.
fn name_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".md").unwrap_or(name);
    name.replace("%2F", "/").replace("%5C", "\\")
}

/// Outline's dialect as Cairn's.
fn in_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut fence: Option<String> = None;
    let mut in_notice = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let marker: String = content
            .chars()
            .take_while(|c| *c == '`' || *c == '~')
            .collect();
        if fence.as_ref().is_some_and(|open| content == open) {
            fence = None;
        } else if fence.is_none() && marker.len() >= 3 {
            fence = Some(marker);
        } else if fence.is_none() {
            if !in_notice && let Some(kind) = content.strip_prefix(":::").and_then(notice) {
                in_notice = true;
                // A quote right above would take the notice in.
                if out.ends_with('\n') && !out.ends_with("\n\n") {
                    out.push('\n');
                }
                out.push_str(&format!("> [!{kind}]\n"));
                continue;
            }
            if in_notice && content == ":::" {
                in_notice = false;
                out.push('\n');
                continue;
            }
        }
        if in_notice {
            out.push_str(if content.is_empty() { ">" } else { "> " });
        }
        if fence.is_none() {
            without_sizes(line, &mut out);
        } else {
            out.push_str(line);
        }
    }
    out
}

fn notice(kind: &str) -> Option<&'static str> {
    Some(match kind.trim() {
        "info" => "NOTE",
        "tip" | "success" => "TIP",
        "warning" => "WARNING",
        _ => return None,
    })
}

/// Writes a line without the titles of pictures that only say their size and place:
/// `![a](b.png " =640x480")`, `![a](b.png "right-50 =640x480")`.
fn without_sizes(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(" \"") {
        let (before, title) = rest.split_at(at);
        let inner = &title[2..];
        let end = inner
            .find('"')
            .filter(|end| inner[*end..].starts_with("\")"));
        match end {
            Some(end) if before.contains("](") && is_size(&inner[..end]) => {
                out.push_str(before);
                rest = &inner[end + 1..];
            }
            _ => {
                out.push_str(before);
                out.push_str(" \"");
                rest = inner;
            }
        }
    }
    out.push_str(rest);
}

fn is_size(title: &str) -> bool {
    let mut words = title.split_ascii_whitespace();
    let is_word = |word: &str| {
        let size = word.strip_prefix('=').and_then(|size| size.split_once('x'));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        size.is_some_and(|(width, height)| digits(width) && digits(height))
            || ["left-50", "right-50", "full-width"].contains(&word)
    };
    !title.trim().is_empty() && words.all(is_word)
}

impl Source for OutlineSource {
    fn kind(&self) -> &'static str {
        "Outline export"
    }

    fn portal(&self) -> SourcePortal {
        let mut paths: Vec<Vec<String>> = Vec::new();
        for document in &self.documents {
            let path = self.category_path(document);
            for depth in 1..=path.len() {
                let above = path.get(..depth).unwrap_or_default();
                if !paths.iter().rev().any(|known| known == above) {
                    paths.push(above.to_vec());
                }
            }
        }
        let categories = paths.into_iter().map(|path| SourceCategory {
            path,
            ..SourceCategory::default()
        });
        SourcePortal {
            categories: categories.collect(),
            ..SourcePortal::default()
        }
    }

    fn article_count(&self) -> u64 {
        self.documents.len() as u64
    }

    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for path in self.documents.clone() {
            if each(self.article(&path)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        let files = self.tree.paths().iter().filter(|path| !is_document(path));
        let files = files.map(|path| SourceFile {
            path: path.clone(),
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        });
        files.collect()
    }

    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.tree.read(path, SHOWN_FILE_BYTES_MAX)
    }

    fn old_addresses(&self) -> Vec<OldAddress> {
        Vec::new()
    }

    fn remarks(&self) -> Vec<Fault> {
        self.tree.left_out().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_become_alerts_and_sizes_go() {
        for (outline, wanted) in [
            (
                "a\n:::info\nb\n\n- c\n:::\nd\n",
                "a\n\n> [!NOTE]\n> b\n>\n> - c\n\nd\n",
            ),
            (
                ":::warning\n```\n:::\n```\n:::\n",
                "> [!WARNING]\n> ```\n> :::\n> ```\n\n",
            ),
            (
                "```\n:::tip\n![a](b \" =1x2\")\n```\n",
                "```\n:::tip\n![a](b \" =1x2\")\n```\n",
            ),
            (
                "![a](b.png \" =640x480\") ![c](d \"right-50 =1x2\")\n",
                "![a](b.png) ![c](d)\n",
            ),
            (
                "![a](b.png \"Words =x\") \"q\" [e](f \"g\")",
                "![a](b.png \"Words =x\") \"q\" [e](f \"g\")",
            ),
            (":::other\na\n:::\n", ":::other\na\n:::\n"),
            ("plain \r\n\r\ntext", "plain \r\n\r\ntext"),
        ] {
            assert_eq!(in_markdown(outline), wanted, "{outline}");
        }
    }
}
