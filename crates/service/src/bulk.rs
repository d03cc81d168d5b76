//! Work for many articles at once stands back: it runs on threads and connections of its own, which
//! the process may give a lower priority, so that readers do not wait for it.
//!
//! Which operations that are is said here, for every door. What the priority is, is not this room's
//! affair: without a runtime of its own such work runs where it is.

use std::panic::resume_unwind;

use cairn_domain::operation::Operation;
use tokio_util::task::AbortOnDropHandle;

use crate::{App, Error, Result};

/// Whether an operation is about many articles, a whole portal, or the pictures of a file.
pub const fn is_bulk(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::ImportArticles
            | Operation::BatchArticles
            | Operation::ExportArticles
            | Operation::ExportRevisions
            | Operation::ExportPortal
            | Operation::RestorePortal
            | Operation::RestoreContent
            | Operation::RestoreFile
            | Operation::CreateAttachment
            | Operation::Reindex
            | Operation::VerifyIndex
    )
}

/// To be called between two articles of a long loop: a reader that became ready meanwhile goes first. Otherwise a
/// thread keeps the processor until the system's next tick, up to 4 ms, even when its priority is lower.
pub(crate) fn let_others_in() {
    std::thread::yield_now();
}

impl App {
    /// Runs work where it stands back. Dropping the future aborts the work at its next pause.
    ///
    /// # Errors
    /// `internal` when the runtime of such work has ended: the process is about to.
    ///
    /// # Panics
    /// As the work does.
    pub async fn in_bulk<F>(&self, work: F) -> Result<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let work = cairn_store::in_bulk(work);
        let Some(runtime) = &self.bulk else {
            return Ok(work.await);
        };
        match AbortOnDropHandle::new(runtime.spawn(work)).await {
            Ok(output) => Ok(output),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(error) => Err(Error::internal(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_wait_for_does_not_stand_back() {
        let bulk: Vec<_> = Operation::ALL.iter().filter(|o| is_bulk(**o)).collect();
        assert!(bulk.len() > 5);
        for operation in [
            Operation::ListArticles,
            Operation::CreateArticle,
            Operation::UpdateArticle,
        ] {
            assert!(!is_bulk(operation), "{operation:?}");
        }
    }
}
