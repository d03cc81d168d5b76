//! Pages as Markdown files in the layout of shelves, books and chapters, as exporters write them
//! through the API: `shelf/book/chapter/page.md`, pictures in `images/page/` and files in
//! `attachments/page/` beside the page, and what the API says of the page in `page_meta.json`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use cairn_domain::limits::CATEGORY_DEPTH_MAX;
use serde_json::Value;

use crate::addresses::{decoded, path_of, relative};
use crate::article::{Fault, OldAddress, SourceArticle, SourceFile, SourcePortal};
use crate::body::{bounded, front_matter};
use crate::limits::{MARKDOWN_FILE_BYTES_MAX, SHOWN_FILE_BYTES_MAX};
use crate::links;
use crate::markdown::first_heading;
use crate::records::{Record, read_json};
use crate::source::{Source, SourceError};
use crate::tree::Tree;

/// The folder of books without a shelf.
const UNASSIGNED: &str = "unassigned";

/// A folder of pages.
pub(crate) struct FolderSource {
    tree: Tree,
    pages: Vec<String>,
    /// Folders above the shelves: the name of the export.
    above: usize,
    /// Pictures by the part of their path that addresses have too: page or month, and name.
    by_name: BTreeMap<String, Vec<String>>,
}

impl FolderSource {
    /// Finds the pages.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(tree: Tree) -> Result<Self, SourceError> {
        let is_page =
            |path: &&String| path.to_ascii_lowercase().ends_with(".md") && !is_beside(path);
        let pages: Vec<String> = tree.paths().iter().filter(is_page).cloned().collect();
        if pages.is_empty() {
            return Err(SourceError::Malformed {
                path: tree.name().to_owned(),
                reason: "there is neither data.json nor a Markdown page in it".to_owned(),
            });
        }
        let first = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
        let wrapper = pages.first().map(first).unwrap_or_default();
        let is_wrapped = wrapper.starts_with("bookstack_export")
            && pages.iter().all(|path| first(path) == wrapper);
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in tree.paths().iter().filter(|path| is_beside(path)) {
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            by_name.entry(name).or_default().push(path.clone());
        }
        Ok(Self {
            tree,
            pages,
            above: usize::from(is_wrapped),
            by_name,
        })
    }

    fn article(&mut self, path: &str) -> Result<SourceArticle, Fault> {
        let text = self.tree.read_text(path, MARKDOWN_FILE_BYTES_MAX)?;
        let stem = path.get(..path.len() - 3).unwrap_or(path);
        let meta_path = format!("{stem}_meta.json");
        let meta = if self.tree.contains(&meta_path) {
            read_json(&mut self.tree, &meta_path)?
        } else {
            Value::Object(serde_json::Map::new())
        };
        let record = Record::of(&meta_path, "page", &meta)?;
        let body = self.localised(path, &text);
        bounded(&body).map_err(|reason| Fault::at(path, 1, reason))?;
        let id = record.id("id")?;
        let name = record.text("name")?.map(str::to_owned);
        let name = name.or_else(|| first_heading(&text));
        let author = match record.value("created_by") {
            Some(Value::Object(_)) => record
                .inner("created_by")?
                .map(|by| by.text("name"))
                .transpose()?
                .flatten(),
            _ => None,
        };
        let mut tags = Vec::new();
        for value in record
            .value("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let tag = Record::of(&meta_path, "tag", value)?;
            let value = tag.text("value")?.filter(|value| !value.is_empty());
            let name = tag.words("name")?;
            tags.push(value.map_or_else(|| name.to_owned(), |value| format!("{name}: {value}")));
        }
        let folders: Vec<&str> = path.split('/').collect();
        let folders = folders
            .get(self.above..folders.len() - 1)
            .unwrap_or_default();
        let names = folders.iter().filter(|folder| **folder != UNASSIGNED);
        let category_path = names
            .take(CATEGORY_DEPTH_MAX)
            .map(|folder| readable(folder))
            .collect();
        let is_draft = record.is("draft")?;
        let mut old_urls: Vec<String> = id.iter().map(|id| format!("/link/{id}")).collect();
        let slugs = (record.text("book_slug")?, record.text("slug")?);
        if let (Some(book), Some(page)) = slugs {
            old_urls.push(format!("/books/{book}/page/{page}"));
        }
        let rest: Vec<_> = ["priority", "revision_count"]
            .into_iter()
            .filter_map(|name| Some((name, record.value(name)?.clone())))
            .collect();
        Ok(SourceArticle {
            path: path.to_owned(),
            body_line: 1,
            source_id: id.unwrap_or_else(|| stem.to_owned()),
            title: name.unwrap_or_else(|| readable(stem.rsplit('/').next().unwrap_or(stem))),
            body,
            tags,
            author: author.map(str::to_owned),
            category_path,
            status: is_draft.then(|| "draft".to_owned()),
            created_at: record.time("created_at")?,
            updated_at: record.time("updated_at")?,
            old_urls,
            front_matter: front_matter(&rest),
            ..SourceArticle::default()
        })
    }

    /// The body with addresses of pictures and files that the export has pointed at them.
    fn localised(&self, page: &str, text: &str) -> String {
        let mut body = text.to_owned();
        let targets: Vec<String> = links::targets(text)
            .into_iter()
            .map(|(_, target)| target.to_owned())
            .collect();
        for target in targets {
            let Some(address) = path_of(&target).filter(|path| path.starts_with("/uploads/"))
            else {
                continue;
            };
            let address = decoded(address.split('?').next().unwrap_or(address));
            let name = address.rsplit('/').next().unwrap_or_default();
            let Some(files) = self.by_name.get(name) else {
                continue;
            };
            // Of several files of one name, the one beside this page.
            let stem = page
                .rsplit('/')
                .next()
                .unwrap_or(page)
                .trim_end_matches(".md");
            let beside = format!("/{stem}/{name}");
            let file = files.iter().find(|file| file.ends_with(&beside));
            if let Some(file) = file.or(if files.len() == 1 {
                files.first()
            } else {
                None
            }) {
                body = body.replace(
                    &format!("]({target}"),
                    &format!("]({}", relative(page, file)),
                );
            }
        }
        body
    }
}

/// Whether a file is a picture or an attachment of a page.
fn is_beside(path: &str) -> bool {
    path.split('/')
        .any(|segment| segment == "images" || segment == "attachments")
}

/// A folder named after a slug, as words; any other name as it is.
fn readable(name: &str) -> String {
    let is_slug = name
        .chars()
        .all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if !is_slug {
        return name.to_owned();
    }
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

impl Source for FolderSource {
    fn kind(&self) -> &'static str {
        "BookStack pages"
    }

    fn portal(&self) -> SourcePortal {
        SourcePortal::default()
    }

    fn article_count(&self) -> u64 {
        self.pages.len() as u64
    }

    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for path in self.pages.clone() {
            if each(self.article(&path)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        let files = self.tree.paths().iter().filter(|path| is_beside(path));
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
