//! What can go wrong in search, said so that an operator knows what to do; no engine type shows.

use std::path::{Path, PathBuf};

use cairn_domain::ids::PortalId;

/// An error of the search room.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The portal has no usable index: none was built, or the one found is damaged or of another
    /// fingerprint.
    #[error("portal {portal} has no usable index; rebuild it with `cairn reindex`")]
    NoIndex {
        /// Which portal.
        portal: PortalId,
    },
    /// A generation of this portal is being built already.
    #[error("portal {portal} is being reindexed already; wait for it to finish")]
    Busy {
        /// Which portal.
        portal: PortalId,
    },
    /// A file of `index/` says something the room cannot follow.
    #[error("index/{file}: {reason}")]
    Definition {
        /// Path below `index/`.
        file: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The file system refused.
    #[error("cannot {action} {}; check the disk and the permissions of the data directory", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The index engine failed.
    #[error("the index engine failed to {action}")]
    Engine {
        /// What was tried.
        action: &'static str,
        /// The engine's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The index engine panicked; the panic was caught and its writers were given up.
    #[error("the index engine gave up while trying to {action}: {message}")]
    Panicked {
        /// What was tried.
        action: &'static str,
        /// The panic message.
        message: String,
    },
}

impl SearchError {
    pub(crate) fn io(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    pub(crate) fn engine<E>(action: &'static str) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        move |source| Self::Engine {
            action,
            source: Box::new(source),
        }
    }

    pub(crate) fn definition(file: &str, reason: impl ToString) -> Self {
        Self::Definition {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// Runs `work` and turns a panic of the engine into an error: a damaged file must never take the
/// process down.
pub(crate) fn guard<T>(
    action: &'static str,
    work: impl FnOnce() -> Result<T, SearchError>,
) -> Result<T, SearchError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(payload) => {
            let message = payload
                .downcast_ref::<&str>()
                .map(|s| (*s).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".to_owned());
            Err(SearchError::Panicked { action, message })
        }
    }
}
