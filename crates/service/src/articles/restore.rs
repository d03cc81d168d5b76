//! Restore an old revision as a new one.

use cairn_domain::article::Expected;

use crate::articles::reference::ArticleRef;
use crate::articles::update::Updated;
use crate::{Context, Result};

/// Which revision to bring back.
#[derive(Debug, Clone, Default)]
pub struct RestoreRevision {
    /// The old revision.
    pub revision: i32,
    /// The state the wish was made against; absent is `precondition_required`.
    pub expected: Option<Expected>,
    /// Why; a sentence is made up when absent.
    pub message: Option<String>,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
}

/// Restores an old revision as a new head.
///
/// # Errors
/// As for an update; `not_found` when there is no such revision.
pub async fn restore(
    _ctx: &Context,
    _reference: &ArticleRef,
    _command: RestoreRevision,
) -> Result<Updated> {
    todo!()
}
