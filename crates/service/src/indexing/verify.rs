//! Verify: compare the index with the database; read-only.

use serde::Serialize;

use crate::{Context, Result};

/// What differs; all zero is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// In the database, not in the index.
    pub missing: u64,
    /// In the index, not in the database.
    pub extra: u64,
    /// In both, not alike.
    pub stale: u64,
    /// More than once in a unit.
    pub duplicate: u64,
    /// The first differences, each a sentence.
    pub examples: Vec<String>,
}

/// Waits until the index has read everything committed before the call, then compares.
///
/// # Errors
/// `missing_scope`, `not_found`, `unavailable`.
pub async fn verify_index(_ctx: &Context, _portal: Option<&str>) -> Result<Verification> {
    todo!()
}
