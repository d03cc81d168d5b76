//! Help centers of other systems, read into articles.
//!
//! A [`Source`] is one folder, archive or export of another system. It gives articles, the files
//! they show, and the addresses they used to have, in one fixed order, without knowing where they
//! go. It reads only below its own root, never the network, and within named limits.

mod addresses;
mod archive;
mod article;
mod body;
mod bookstack;
mod confluence;
pub mod front_matter;
mod html;
mod html_to_markdown;
mod intercom;
pub mod limits;
pub mod links;
mod markdown;
mod markup;
mod open;
mod outline;
mod records;
mod source;
mod tree;
mod zendesk;

pub use article::{Fault, OldAddress, SourceArticle, SourceCategory, SourceFile, SourcePortal};
pub use html_to_markdown::html_to_markdown;
pub use markdown::{KNOWN_KEYS, MarkdownSource, PORTAL_FILE, REDIRECTS_FILE};
pub use markup::{
    MARKUP_ATTRIBUTES_MAX, MARKUP_BYTES_MAX, MARKUP_DEPTH_MAX, MARKUP_NODES_MAX, MarkupError,
};
pub use open::{kinds, open};
pub use source::{Source, SourceError};
pub use tree::Tree;
