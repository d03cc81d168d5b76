//! Reindex: build the next generation beside the one that serves, catch up, swap.

use serde::Serialize;

use crate::{Context, Result};

/// What a reindex did.
#[derive(Debug, Clone, Serialize)]
pub struct Reindexed {
    /// Portals rebuilt.
    pub portals: usize,
    /// Articles read.
    pub articles: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// Reindexes one portal, or all within reach.
///
/// # Errors
/// `missing_scope`, `not_found`, `unavailable`.
pub async fn reindex(_ctx: &Context, _portal: Option<&str>) -> Result<Reindexed> {
    todo!()
}
