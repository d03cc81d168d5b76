//! Confluence: the XML export of a space, or of several (`entities.xml` and `attachments/`). Only
//! what readers see now: no old versions, no drafts nobody published, nothing deleted.
//!
//! `entities.xml` may be gigabytes: it is streamed twice, once for everything but the bodies, once
//! for those. Entities of XML are never expanded and nothing outside is fetched.

mod entities;
mod space;
mod storage;

use std::io::BufReader;
use std::ops::ControlFlow;

use crate::addresses::encoded;
use crate::article::{Fault, OldAddress, SourceArticle, SourceFile, SourcePortal};
use crate::body::{bounded, front_matter};
use crate::html_to_markdown::markdown_of;
use crate::limits::SHOWN_FILE_BYTES_MAX;
use crate::markup::{parse_html, parse_xml};
use crate::records::head;
use crate::source::{Source, SourceError};
use crate::tree::Tree;

use entities::{Object, Objects};
use space::{Page, Spaces};

/// The file of an export.
const ENTITIES: &str = "entities.xml";
/// Bytes at its start by which it is told.
const HEAD_BYTES: u64 = 4 * 1024;
/// `bodyType` of the storage format.
const STORAGE: &str = "2";

/// Whether a tree looks like such an export.
pub(crate) fn is_it(tree: &mut Tree) -> bool {
    entities_path(tree)
        .is_some_and(|path| head(tree, &path, HEAD_BYTES).contains("<hibernate-generic"))
}

fn entities_path(tree: &Tree) -> Option<String> {
    let mut paths = tree.paths().iter();
    paths
        .find(|path| path.rsplit('/').next() == Some(ENTITIES))
        .cloned()
}

/// A space export.
pub(crate) struct ConfluenceSource {
    tree: Tree,
    entities: String,
    spaces: Spaces,
    faults: Vec<Fault>,
}

impl ConfluenceSource {
    /// Reads everything but the bodies.
    ///
    /// # Errors
    /// When there is no `entities.xml`.
    pub(crate) fn open(mut tree: Tree) -> Result<Self, SourceError> {
        let Some(entities) = entities_path(&tree) else {
            return Err(SourceError::Malformed {
                path: tree.name().to_owned(),
                reason: format!("there is no {ENTITIES} in it; export the space as XML"),
            });
        };
        let root = entities
            .strip_suffix(ENTITIES)
            .unwrap_or_default()
            .to_owned();
        let mut spaces = Spaces::new(root);
        let mut faults = Vec::new();
        let read = each_object(&mut tree, &entities, false, &mut |object| {
            faults.extend(spaces.note(&entities, &object).err());
            ControlFlow::Continue(())
        });
        faults.extend(read.err());
        spaces.settle(tree.paths());
        Ok(Self {
            tree,
            entities,
            spaces,
            faults,
        })
    }

    fn article(&self, page: &Page, storage: &str) -> Result<SourceArticle, Fault> {
        let fault = |reason: String| {
            Fault::at(
                &self.entities,
                1,
                format!("page {} ({}): {reason}", page.id, page.title),
            )
        };
        // Older servers write the end of a section inside a text as `]] >`, which then never ends.
        // What is still not well-formed is read as a browser would: every word of it stays.
        let nodes = parse_xml(storage)
            .or_else(|_| parse_xml(&storage.replace("]] >", "]]>")))
            .or_else(|_| parse_html(storage))
            .map_err(|error| fault(error.to_string()))?;
        let nodes = storage::as_html(nodes, page, &self.spaces);
        let body = markdown_of(&nodes);
        bounded(&body).map_err(fault)?;
        let version = page
            .version
            .as_deref()
            .map(|version| ("version", version.into()));
        let key = page.space_key.as_deref().map(|key| ("space", key.into()));
        let rest: Vec<(&str, serde_json::Value)> = version.into_iter().chain(key).collect();
        Ok(SourceArticle {
            path: page.path.clone(),
            body_line: 1,
            source_id: page.id.clone(),
            title: page.title.clone(),
            body,
            tags: self.spaces.labels_of(&page.id),
            author: self.spaces.author_of(page),
            category_path: self.spaces.category_path(page),
            status: Some(page.status.to_owned()),
            created_at: page.created_at.clone(),
            updated_at: page.updated_at.clone(),
            old_urls: old_urls(page),
            front_matter: front_matter(&rest),
            ..SourceArticle::default()
        })
    }
}

/// Where a page was: in servers of all ages, and in the cloud.
fn old_urls(page: &Page) -> Vec<String> {
    let mut urls = vec![format!("/pages/viewpage.action?pageId={}", page.id)];
    if let Some(key) = &page.space_key {
        let key = encoded(key);
        let title: Vec<String> = page.title.split(' ').map(encoded).collect();
        let title = title.join("+");
        urls.push(format!("/display/{key}/{title}"));
        for prefix in ["/wiki", ""] {
            urls.push(format!("{prefix}/spaces/{key}/pages/{}/{title}", page.id));
            urls.push(format!("{prefix}/spaces/{key}/pages/{}", page.id));
        }
    }
    urls
}

/// Calls for every object of the file. Without bodies, the text of bodies is skipped.
///
/// # Errors
/// Where the file stops being readable; what came before has been given.
fn each_object(
    tree: &mut Tree,
    path: &str,
    with_bodies: bool,
    each: &mut dyn FnMut(Object) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let reader = BufReader::with_capacity(64 * 1024, tree.reader(path)?);
    let mut objects = Objects::of(reader, with_bodies);
    loop {
        match objects.next() {
            Ok(Some(object)) => {
                if each(object).is_break() {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err((line, reason)) => {
                let reason = format!("it cannot be read on from here: {reason}; export it again");
                return Err(Fault::at(path, line, reason));
            }
        }
    }
}

impl Source for ConfluenceSource {
    fn kind(&self) -> &'static str {
        "Confluence space export"
    }

    fn portal(&self) -> SourcePortal {
        self.spaces.portal()
    }

    fn article_count(&self) -> u64 {
        self.spaces.pages().count() as u64
    }

    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for fault in self.faults.clone() {
            if each(Err(fault)).is_break() {
                return Ok(());
            }
        }
        let mut tree = std::mem::replace(&mut self.tree, Tree::embedded("", &[]));
        let mut seen = std::collections::HashSet::new();
        let mut is_over = false;
        // What stops the file was said when it was opened.
        let _ = each_object(&mut tree, &self.entities.clone(), true, &mut |object| {
            let Some((page, storage)) = self.body(&object) else {
                return ControlFlow::Continue(());
            };
            if !seen.insert(page.id.clone()) {
                return ControlFlow::Continue(());
            }
            let flow = each(self.article(page, storage));
            is_over = flow.is_break();
            flow
        });
        self.tree = tree;
        // Pages that were never written in.
        let without: Vec<&Page> = self
            .spaces
            .pages()
            .filter(|page| !seen.contains(&page.id))
            .collect();
        for page in without {
            if is_over {
                break;
            }
            is_over = each(self.article(page, "")).is_break();
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        self.spaces.files()
    }

    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.tree.read(path, SHOWN_FILE_BYTES_MAX)
    }

    fn old_addresses(&self) -> Vec<OldAddress> {
        self.spaces.old_addresses()
    }

    fn remarks(&self) -> Vec<Fault> {
        self.tree.left_out().to_vec()
    }
}

impl ConfluenceSource {
    /// The page and the text of a body, if it is one that readers see.
    fn body<'a>(&'a self, object: &'a Object) -> Option<(&'a Page, &'a str)> {
        if object.class != "BodyContent" {
            return None;
        }
        let is_storage = object.text("bodyType").is_none_or(|kind| kind == STORAGE);
        let page = self.spaces.page(object.reference("content")?)?;
        is_storage.then(|| (page, object.text("body").unwrap_or_default()))
    }
}
