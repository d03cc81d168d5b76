//! Help centers of other systems, read into articles.
//!
//! A [`Source`] is one folder, archive or export of another system. It gives articles, the files
//! they show, and the addresses they used to have, in one fixed order, without knowing where they
//! go. It reads only below its own root, never the network, and within named limits.

mod article;
mod source;

pub use article::{Fault, OldAddress, SourceArticle, SourceCategory, SourceFile, SourcePortal};
pub use source::{Source, SourceError};
