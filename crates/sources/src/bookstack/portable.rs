//! Portable ZIPs: `data.json` and `files/`.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use serde_json::Value;

use super::{DATA, data_files, slug};
use crate::addresses::relative;
use crate::article::{Fault, OldAddress, SourceArticle, SourceCategory, SourceFile, SourcePortal};
use crate::body::{attachment_list, body_of, bounded, front_matter};
use crate::limits::SHOWN_FILE_BYTES_MAX;
use crate::markup::{parse_html, text_of};
use crate::records::{Record, read_json};
use crate::source::{Source, SourceError};
use crate::tree::Tree;

/// A reference into the export begins with this and ends with `]]`.
const REFERENCE: &str = "[[bsexport:";

/// A page and what stands around it.
struct Page {
    /// `data.json` it stands in.
    file: String,
    /// Made up, the same on every run.
    path: String,
    value: Value,
    category_path: Vec<String>,
    /// Its address, unless somebody changed it.
    address: Option<String>,
}

/// One or several portable exports.
pub(crate) struct PortableSource {
    tree: Tree,
    pages: Vec<Page>,
    /// Paths of pages and addresses of chapters and books, by folder, kind and id.
    targets: HashMap<(String, &'static str, String), String>,
    categories: Vec<SourceCategory>,
    addresses: BTreeMap<String, String>,
    /// Names of files.
    names: BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl PortableSource {
    /// Reads the data; bodies are converted later, one by one.
    ///
    /// # Errors
    /// When none of it can be read.
    pub(crate) fn open(mut tree: Tree) -> Result<Self, SourceError> {
        let files = data_files(&tree);
        let mut source = Self {
            tree: Tree::embedded("", &[]),
            pages: Vec::new(),
            targets: HashMap::new(),
            categories: Vec::new(),
            addresses: BTreeMap::new(),
            names: BTreeMap::new(),
            faults: Vec::new(),
        };
        for file in files {
            let noted = read_json(&mut tree, &file).and_then(|value| source.note(&file, &value));
            source.faults.extend(noted.err());
        }
        source.tree = tree;
        Ok(source)
    }

    fn note(&mut self, file: &str, value: &Value) -> Result<(), Fault> {
        let export = Record::of(file, "export", value)?;
        let mut found = false;
        if let Some(book) = export.inner("book")? {
            found = true;
            self.book(file, &book)?;
        }
        if let Some(chapter) = export.inner("chapter")? {
            found = true;
            self.chapter(file, &chapter, &[], None)?;
        }
        if let Some(page) = export.value("page") {
            found = true;
            self.page(file, page, &[], None)?;
        }
        if !found {
            let reason = "there is neither `book` nor `chapter` nor `page` in it; export it again";
            return Err(Fault::at(file, 1, reason.to_owned()));
        }
        Ok(())
    }

    fn book(&mut self, file: &str, book: &Record<'_>) -> Result<(), Fault> {
        let name = name(book)?;
        let address = slug(name).map(|slug| format!("/books/{slug}"));
        let path = vec![name.to_owned()];
        self.category(file, "book", book, &path, address.as_deref())?;
        // Chapters and pages stand in one order.
        let mut parts: Vec<(i64, bool, &Value)> = Vec::new();
        for (list, is_chapter) in [("chapters", true), ("pages", false)] {
            for value in values(book, list)? {
                parts.push((priority(value), is_chapter, value));
            }
        }
        parts.sort_by_key(|(priority, ..)| *priority);
        for (_, is_chapter, value) in parts {
            let noted = if is_chapter {
                Record::of(file, "chapter", value)
                    .and_then(|chapter| self.chapter(file, &chapter, &path, address.as_deref()))
            } else {
                self.page(file, value, &path, address.as_deref())
            };
            self.faults.extend(noted.err());
        }
        Ok(())
    }

    fn chapter(
        &mut self,
        file: &str,
        chapter: &Record<'_>,
        above: &[String],
        book: Option<&str>,
    ) -> Result<(), Fault> {
        let name = name(chapter)?;
        let mut path = above.to_vec();
        path.push(name.to_owned());
        let address = book
            .zip(slug(name))
            .map(|(book, slug)| format!("{book}/chapter/{slug}"));
        self.category(file, "chapter", chapter, &path, address.as_deref())?;
        let mut pages = values(chapter, "pages")?.to_vec();
        pages.sort_by_key(priority);
        for page in &pages {
            let noted = self.page(file, page, &path, book);
            self.faults.extend(noted.err());
        }
        Ok(())
    }

    fn category(
        &mut self,
        file: &str,
        kind: &'static str,
        record: &Record<'_>,
        path: &[String],
        address: Option<&str>,
    ) -> Result<(), Fault> {
        let html = record.text("description_html")?.unwrap_or_default();
        let nodes = parse_html(html).map_err(|error| record.fault(&error.to_string()))?;
        let words: Vec<String> = text_of(&nodes)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let position = record
            .number("priority")?
            .and_then(|at| i32::try_from(at).ok());
        self.categories.push(SourceCategory {
            path: path.to_vec(),
            slug: None,
            description: words.join(" "),
            position,
        });
        if let Some(address) = address {
            if !path.iter().any(|name| name.contains('/')) {
                self.addresses
                    .insert(address.to_owned(), format!("category:{}", path.join("/")));
            }
            if let Some(id) = record.id("id")? {
                let key = (folder(file).to_owned(), kind, id);
                self.targets.insert(key, address.to_owned());
            }
        }
        Ok(())
    }

    fn page(
        &mut self,
        file: &str,
        value: &Value,
        above: &[String],
        book: Option<&str>,
    ) -> Result<(), Fault> {
        let record = Record::of(file, "page", value)?;
        let name = record.words("name")?;
        let id = record.id("id")?;
        let number = self.pages.len() + 1;
        let stem = id.clone().unwrap_or_else(|| format!("n{number}"));
        let path = format!("{}pages/{}.md", folder(file), stem.replace('/', "-"));
        if let Some(id) = id {
            let key = (folder(file).to_owned(), "page", id);
            self.targets.insert(key, path.clone());
        }
        for (list, is_attachment) in [("images", false), ("attachments", true)] {
            for value in values(&record, list)? {
                let part = Record::of(
                    file,
                    if is_attachment { "attachment" } else { "image" },
                    value,
                )?;
                if let Some(file_name) = part.text("file")? {
                    let name = part.text("name")?.unwrap_or(file_name);
                    self.names
                        .insert(file_path(file, file_name), name.to_owned());
                }
            }
        }
        self.pages.push(Page {
            file: file.to_owned(),
            path,
            value: value.clone(),
            category_path: above.to_vec(),
            address: book
                .zip(slug(name))
                .map(|(book, slug)| format!("{book}/page/{slug}")),
        });
        Ok(())
    }

    fn article(&self, page: &Page) -> Result<SourceArticle, Fault> {
        let record = Record::of(&page.file, "page", &page.value)?;
        let id = record.id("id")?;
        let resolved = |text: &str| self.resolved(page, text);
        let markdown = record
            .text("markdown")?
            .filter(|text| !text.trim().is_empty());
        let mut body = match markdown {
            Some(markdown) => resolved(markdown),
            None => {
                let html = resolved(record.text("html")?.unwrap_or_default());
                body_of(&html, &|_, _| None).map_err(|reason| record.fault(&reason))?
            }
        };
        bounded(&body).map_err(|reason| record.fault(&reason))?;
        let mut files = Vec::new();
        for value in values(&record, "attachments")? {
            let attachment = Record::of(&page.file, "attachment", value)?;
            let name = attachment.words("name")?;
            let address = match (attachment.text("file")?, attachment.text("link")?) {
                (Some(file), _) => relative(&page.path, &file_path(&page.file, file)),
                (None, Some(link)) => link.to_owned(),
                (None, None) => {
                    let reason = "neither `file` nor `link` says what it is; export it again";
                    return Err(attachment.fault(reason));
                }
            };
            files.push((
                attachment.number("order")?.unwrap_or(i64::MAX),
                name,
                address,
            ));
        }
        files.sort_by_key(|(order, ..)| *order);
        if !body.is_empty() && !body.ends_with('\n') && !files.is_empty() {
            body.push('\n');
        }
        attachment_list(
            &mut body,
            files.into_iter().map(|(_, name, address)| (name, address)),
        );
        let mut tags = Vec::new();
        for value in values(&record, "tags")? {
            let tag = Record::of(&page.file, "tag", value)?;
            let value = tag.text("value")?.filter(|value| !value.is_empty());
            let name = tag.words("name")?;
            tags.push(value.map_or_else(|| name.to_owned(), |value| format!("{name}: {value}")));
        }
        let link = id.as_ref().map(|id| format!("/link/{id}"));
        let priority = record
            .number("priority")?
            .map(|at| ("priority", Value::from(at)));
        Ok(SourceArticle {
            path: page.path.clone(),
            body_line: 1,
            source_id: page.path.trim_end_matches(".md").to_owned(),
            title: record.words("name")?.to_owned(),
            body,
            tags,
            category_path: page.category_path.clone(),
            old_urls: link.into_iter().chain(page.address.clone()).collect(),
            front_matter: front_matter(&priority.into_iter().collect::<Vec<_>>()),
            ..SourceArticle::default()
        })
    }

    /// Text with its references into the export as addresses.
    fn resolved(&self, page: &Page, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, reference)) = rest.split_once(REFERENCE) {
            out.push_str(before);
            let end = reference.find("]]").filter(|end| *end <= 1_000);
            let target = end.and_then(|end| {
                let (kind, name) = reference.get(..end)?.split_once(':')?;
                self.target(page, kind, name)
            });
            match (target, end) {
                (Some(target), Some(end)) => {
                    out.push_str(&target);
                    rest = reference.get(end + 2..).unwrap_or_default();
                }
                _ => {
                    out.push_str(REFERENCE);
                    rest = reference;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn target(&self, page: &Page, kind: &str, name: &str) -> Option<String> {
        let known = |kind| {
            self.targets
                .get(&(folder(&page.file).to_owned(), kind, name.to_owned()))
        };
        match kind {
            "image" | "attachment" => Some(relative(&page.path, &file_path(&page.file, name))),
            // What is not in the export has its permanent address.
            "page" => Some(match known("page") {
                Some(path) => relative(&page.path, path),
                None => format!("/link/{name}"),
            }),
            "chapter" => known("chapter").cloned(),
            "book" => known("book").cloned(),
            _ => None,
        }
    }
}

/// The folder of a `data.json`, with its slash.
fn folder(file: &str) -> &str {
    file.strip_suffix(DATA).unwrap_or_default()
}

fn file_path(file: &str, name: &str) -> String {
    format!("{}files/{name}", folder(file))
}

fn name<'a>(record: &Record<'a>) -> Result<&'a str, Fault> {
    let name = record
        .text("name")?
        .map(str::trim)
        .filter(|name| !name.is_empty());
    name.ok_or_else(|| record.fault("`name` is missing; a category needs one"))
}

fn values<'a>(record: &Record<'a>, list: &str) -> Result<&'a [Value], Fault> {
    match record.value(list) {
        None => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(_) => Err(record.fault(&format!("`{list}` is no list; export it again"))),
    }
}

fn priority(value: &Value) -> i64 {
    value
        .get("priority")
        .and_then(Value::as_i64)
        .unwrap_or(i64::MAX)
}

impl Source for PortableSource {
    fn kind(&self) -> &'static str {
        "BookStack portable export"
    }

    fn portal(&self) -> SourcePortal {
        SourcePortal {
            categories: self.categories.clone(),
            ..SourcePortal::default()
        }
    }

    fn article_count(&self) -> u64 {
        self.pages.len() as u64
    }

    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let faults = self.faults.iter().cloned().map(Err);
        for found in faults.chain(self.pages.iter().map(|page| self.article(page))) {
            if each(found).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        let in_files = |path: &&String| path.starts_with("files/") || path.contains("/files/");
        let files = self.tree.paths().iter().filter(in_files);
        let files = files.map(|path| SourceFile {
            path: path.clone(),
            name: self.shown_name(path),
        });
        files.collect()
    }

    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.tree.read(path, SHOWN_FILE_BYTES_MAX)
    }

    fn old_addresses(&self) -> Vec<OldAddress> {
        let addresses = self.addresses.iter();
        let addresses = addresses.map(|(old_url, target)| OldAddress {
            old_url: old_url.clone(),
            target: target.clone(),
        });
        addresses.collect()
    }

    fn remarks(&self) -> Vec<Fault> {
        self.tree.left_out().to_vec()
    }
}

impl PortableSource {
    /// The name that was given to a file, with the extension it has.
    fn shown_name(&self, path: &str) -> String {
        let last = path.rsplit('/').next().unwrap_or(path);
        let Some(name) = self.names.get(path) else {
            return last.to_owned();
        };
        match last.rsplit_once('.') {
            Some((_, extension))
                if !name
                    .to_lowercase()
                    .ends_with(&format!(".{}", extension.to_lowercase())) =>
            {
                format!("{name}.{extension}")
            }
            _ => name.clone(),
        }
    }
}
