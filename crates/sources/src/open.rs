//! Finds out what kind of source lies at a path, and opens it.

use std::path::Path;

use crate::bookstack;
use crate::confluence::{self, ConfluenceSource};
use crate::html::{self, HtmlSource};
use crate::intercom::{self, IntercomSource};
use crate::markdown::MarkdownSource;
use crate::outline::{self, OutlineSource};
use crate::source::{Source, SourceError};
use crate::tree::Tree;
use crate::zendesk::{self, ZendeskSource};

/// One kind of source.
struct Kind {
    /// What `--from` calls it.
    name: &'static str,
    /// Whether a tree looks like one; looked at in this order.
    is_it: fn(&mut Tree) -> bool,
    open: fn(Tree) -> Result<Box<dyn Source>, SourceError>,
}

/// Every kind, the most particular first. Anything may be Markdown.
const KINDS: &[Kind] = &[
    Kind {
        name: "confluence",
        is_it: confluence::is_it,
        open: |tree| Ok(Box::new(ConfluenceSource::open(tree)?)),
    },
    Kind {
        name: "zendesk",
        is_it: zendesk::is_it,
        open: |tree| Ok(Box::new(ZendeskSource::open(tree)?)),
    },
    Kind {
        name: "intercom",
        is_it: intercom::is_it,
        open: |tree| Ok(Box::new(IntercomSource::open(tree)?)),
    },
    Kind {
        name: "bookstack",
        is_it: bookstack::is_it,
        open: bookstack::open,
    },
    Kind {
        name: "outline",
        is_it: outline::is_it,
        open: |tree| Ok(Box::new(OutlineSource::open(tree)?)),
    },
    Kind {
        name: "html",
        is_it: html::is_it,
        open: |tree| Ok(Box::new(HtmlSource::open(tree)?)),
    },
    Kind {
        name: "markdown",
        is_it: |_| true,
        open: |tree| Ok(Box::new(MarkdownSource::open(tree)?)),
    },
];

/// What `--from` may say.
pub fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}

/// Opens what lies at a path: a folder, an archive (zip, tar, gzipped tar) or one file. Without a
/// kind it is found out by looking. Gives the source and the name it is remembered under unless it
/// is given another.
///
/// # Errors
/// When nothing readable is there, it breaks a limit, or the kind is unknown.
pub fn open(path: &Path, kind: Option<&str>) -> Result<(Box<dyn Source>, String), SourceError> {
    let known = kind.map(|name| {
        let found = KINDS.iter().find(|kind| kind.name == name);
        found.ok_or_else(|| SourceError::Kind {
            kind: name.to_owned(),
            known: kinds().join(", "),
        })
    });
    let known = known.transpose()?;
    let mut tree = Tree::open(path)?;
    let name = tree.name().to_owned();
    let detected = || KINDS.iter().find(|kind| (kind.is_it)(&mut tree));
    let Some(kind) = known.or_else(detected) else {
        return Err(SourceError::Malformed {
            path: name,
            reason: "it is no kind of source that is known; name it with --from".to_owned(),
        });
    };
    Ok(((kind.open)(tree)?, name))
}
