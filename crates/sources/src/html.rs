//! A static site: a folder of HTML pages, or what a mirroring program left of a site. Each page
//! becomes an article of its main column; what is navigation stays behind.
//!
//! Links between pages and to pictures point to the files of the mirror wherever it has them, also
//! where the page names the old site. Pages without a text of their own are left out and named.

mod column;
mod page;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::addresses::{decoded, host_of, path_of, relative};
use crate::article::{Fault, OldAddress, SourceArticle, SourceFile, SourcePortal};
use crate::body::bounded;
use crate::html_to_markdown::markdown_of;
use crate::limits::{REMARKS_MAX, SHOWN_FILE_BYTES_MAX};
use crate::links;
use crate::markup::{MARKUP_BYTES_MAX, from_windows_1252, parse_html, readdress};
use crate::source::{Source, SourceError};
use crate::tree::Tree;

use page::Page;

/// Bytes in which a page may name its encoding.
const CHARSET_BYTES: usize = 2_048;
/// Names a folder's own page may have.
const INDEXES: [&str; 3] = ["index.html", "index.htm", "index.xhtml"];

/// Whether a tree looks like a site: more pages than Markdown files.
pub(crate) fn is_it(tree: &mut Tree) -> bool {
    let count =
        |wanted: &dyn Fn(&str) -> bool| tree.paths().iter().filter(|path| wanted(path)).count();
    let pages = count(&is_page);
    pages > 0 && pages > count(&|path| path.to_ascii_lowercase().ends_with(".md"))
}

fn is_page(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let is_cache = lower.split('/').any(|segment| segment == "hts-cache");
    !is_cache
        && [".html", ".htm", ".xhtml"]
            .iter()
            .any(|extension| lower.ends_with(extension))
}

/// A static site.
pub(crate) struct HtmlSource {
    tree: Tree,
    pages: Vec<String>,
    /// The folder of the host, where there is one, with its slash.
    host_folder: String,
    /// Files that pages show.
    shown: BTreeSet<String>,
    remarks: Vec<Fault>,
}

impl HtmlSource {
    /// Finds the pages.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(tree: Tree) -> Result<Self, SourceError> {
        let pages: Vec<String> = tree
            .paths()
            .iter()
            .filter(|path| is_page(path))
            .cloned()
            .collect();
        let Some(first) = pages.first() else {
            return Err(SourceError::Malformed {
                path: tree.name().to_owned(),
                reason: "there is no HTML page in it".to_owned(),
            });
        };
        // Mirrors of one site lie in a folder named after its host.
        let folder = first
            .split_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let is_in = |path: &String| {
            path.strip_prefix(&folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let looks_like_host = folder.contains('.') && !folder.contains(' ');
        let is_host = looks_like_host
            && pages.iter().filter(|path| is_in(path)).count() * 10 >= pages.len() * 9;
        Ok(Self {
            host_folder: if is_host {
                format!("{folder}/")
            } else {
                String::new()
            },
            tree,
            pages,
            shown: BTreeSet::new(),
            remarks: Vec::new(),
        })
    }

    /// None: a page without a text of its own.
    fn article(&mut self, path: &str) -> Result<Option<SourceArticle>, Fault> {
        let bytes = self.tree.read(path, MARKUP_BYTES_MAX as u64)?;
        let text = text_of_bytes(bytes).map_err(|reason| Fault::at(path, 1, reason))?;
        let fault = |reason: String| Fault::at(path, 1, reason);
        let nodes = parse_html(&text).map_err(|error| fault(error.to_string()))?;
        let page = Page::of(&nodes);
        let mut column = match column::column(&nodes) {
            Ok(column) => column,
            Err(reason) => {
                self.remark(path, reason);
                return Ok(None);
            }
        };
        let host = page
            .canonical
            .as_deref()
            .and_then(host_of)
            .map(str::to_owned);
        let shown = RefCell::new(Vec::new());
        readdress(&mut column, &|address, _| {
            let (file, rest) = self.file_of(path, address, host.as_deref())?;
            let relative = relative(path, &file);
            if !is_page(&file) {
                shown.borrow_mut().push(file);
            }
            Some(format!("{relative}{rest}"))
        });
        self.shown.extend(shown.into_inner());
        let body = markdown_of(&column);
        bounded(&body).map_err(fault)?;
        let title = page.title.clone().unwrap_or_else(|| {
            let last = path.rsplit('/').next().unwrap_or(path);
            last.rsplit_once('.')
                .map_or(last, |(stem, _)| stem)
                .to_owned()
        });
        let site_path = path.strip_prefix(self.host_folder.as_str()).unwrap_or(path);
        Ok(Some(SourceArticle {
            path: path.to_owned(),
            body_line: 1,
            source_id: path.to_owned(),
            locale: page.locale.clone(),
            category_path: page.category_path(site_path, &title),
            title,
            body,
            excerpt: page.description.clone().unwrap_or_default(),
            tags: page.tags.clone(),
            author: page.author.clone(),
            created_at: page.created_at.clone(),
            updated_at: page.updated_at.clone(),
            old_urls: old_urls(page.canonical.as_deref(), site_path),
            ..SourceArticle::default()
        }))
    }

    fn remark(&mut self, path: &str, reason: &str) {
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(Fault::at(path, 1, reason.to_owned()));
        }
    }

    /// The file of the mirror that an address in a page means, and what stands behind the path.
    fn file_of(&self, page: &str, address: &str, host: Option<&str>) -> Option<(String, String)> {
        let (address, fragment) = match address.find('#') {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
        let is_whole = address.contains("://") || address.starts_with("//");
        let path = if is_whole {
            let there = host_of(address)?;
            let folder = self.host_folder.trim_end_matches('/');
            if Some(there) != host && there != folder {
                return None;
            }
            format!(
                "{}{}",
                self.host_folder,
                path_of(address).unwrap_or("/").trim_start_matches('/')
            )
        } else if let Some(rooted) = address.strip_prefix('/') {
            format!("{}{rooted}", self.host_folder)
        } else if address.is_empty() || address.split(['/', '?']).next()?.contains(':') {
            return None;
        } else {
            let (bare, query) = address
                .split_once('?')
                .map_or((address, None), |(bare, query)| (bare, Some(query)));
            let mut resolved = links::resolve(page, bare)?;
            if let Some(query) = query {
                resolved = format!("{resolved}?{query}");
            }
            resolved
        };
        let (bare, query) = path
            .split_once('?')
            .map_or((path.as_str(), ""), |(bare, query)| (bare, query));
        let decoded_path = decoded(bare);
        let with_query = format!("{decoded_path}?{}", decoded(query));
        let stem = decoded_path.trim_end_matches('/');
        let mut tried = vec![
            with_query.clone(),
            format!("{with_query}.html"),
            decoded_path.clone(),
            format!("{stem}.html"),
        ];
        tried.extend(INDEXES.iter().map(|index| {
            if stem.is_empty() {
                (*index).to_owned()
            } else {
                format!("{stem}/{index}")
            }
        }));
        let file = tried.into_iter().find(|path| self.tree.contains(path))?;
        Some((file, fragment.to_owned()))
    }
}

/// The text of a page: UTF-8, or Windows-1252 where it says so.
fn text_of_bytes(bytes: Vec<u8>) -> Result<String, String> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let bytes = error.as_bytes();
            let head = bytes.get(..CHARSET_BYTES).unwrap_or(bytes);
            let head = String::from_utf8_lossy(head).to_ascii_lowercase();
            let western = ["windows-1252", "iso-8859-1", "iso8859-1", "latin1"];
            if western.iter().any(|name| {
                head.contains(&format!("charset={name}"))
                    || head.contains(&format!("charset=\"{name}"))
            }) {
                return Ok(from_windows_1252(bytes));
            }
            let valid = error.utf8_error().valid_up_to();
            Err(format!(
                "it is not UTF-8 from byte {valid} on, nor does it say what it is; convert it"
            ))
        }
    }
}

/// Where the page was: what it says itself, and what its place in the mirror says.
fn old_urls(canonical: Option<&str>, path: &str) -> Vec<String> {
    let mut urls: Vec<String> = canonical
        .and_then(path_of)
        .map(str::to_owned)
        .into_iter()
        .collect();
    let folder = INDEXES.iter().find_map(|index| path.strip_suffix(index));
    match folder {
        // The front page of the old site is not moved by an article.
        Some("") => {}
        Some(folder) if folder.ends_with('/') => urls.push(format!("/{folder}")),
        _ => {
            urls.push(format!("/{path}"));
            let bare = path.strip_suffix(".html").or(path.strip_suffix(".htm"));
            urls.extend(bare.map(|bare| format!("/{bare}")));
        }
    }
    let mut seen = BTreeSet::new();
    urls.retain(|url| seen.insert(url.trim_end_matches('/').to_owned()));
    urls
}

impl Source for HtmlSource {
    fn kind(&self) -> &'static str {
        "HTML pages"
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
        self.remarks.clear();
        for path in self.pages.clone() {
            if let Some(found) = self.article(&path).transpose()
                && each(found).is_break()
            {
                break;
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        let files = self
            .tree
            .paths()
            .iter()
            .filter(|path| self.shown.contains(*path));
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
        let left_out = self.tree.left_out().iter();
        left_out.chain(&self.remarks).cloned().collect()
    }
}
