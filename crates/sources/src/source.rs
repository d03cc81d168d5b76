//! What every source can do, whatever it was written by.

use std::ops::ControlFlow;

use crate::article::{Fault, OldAddress, SourceArticle, SourceFile, SourcePortal};

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The disk.
    #[error("cannot read {path}: {error}")]
    Read {
        /// What was read.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// It is not what it was taken for, or it is damaged.
    #[error("{path} cannot be read: {reason}")]
    Malformed {
        /// The file or the member of the archive.
        path: String,
        /// Why, and the way out.
        reason: String,
    },
    /// It is larger than an import may be.
    #[error("{path}: {reason}")]
    Limit {
        /// The file or the member of the archive.
        path: String,
        /// Which limit, with its number.
        reason: String,
    },
    /// Nothing is called so.
    #[error("{kind:?} is no kind of source; it is one of {known}")]
    Kind {
        /// What was asked for.
        kind: String,
        /// What there is.
        known: String,
    },
}

/// One help center to move in. It may be read on another thread than the one that sends.
pub trait Source: Send {
    /// What it is: `Markdown folder`, `Zendesk Guide export` …
    fn kind(&self) -> &'static str;

    /// What it knows of its portal.
    fn portal(&self) -> SourcePortal;

    /// How many articles there are, for a progress bar; a guess will do.
    fn article_count(&self) -> u64;

    /// Gives every article in one fixed order, the same on every run; a bad one as its fault, which
    /// stops nothing. Ends early when the caller breaks.
    ///
    /// # Errors
    /// What makes the whole source unreadable.
    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError>;

    /// The files that articles may show, sorted by path. Complete only after [`Source::articles`].
    fn files(&self) -> Vec<SourceFile>;

    /// The bytes of one file of [`Source::files`].
    ///
    /// # Errors
    /// Why it cannot be read, or that it is larger than an attachment may be.
    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault>;

    /// Old addresses besides those of the articles. Complete only after [`Source::articles`].
    fn old_addresses(&self) -> Vec<OldAddress>;

    /// What was left out, or read otherwise than it may have been meant, and stops nothing. Complete
    /// only after [`Source::articles`].
    fn remarks(&self) -> Vec<Fault> {
        Vec::new()
    }
}
