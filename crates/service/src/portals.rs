//! Portals: list, get, create, update.

use std::sync::Arc;

use cairn_domain::portal::Portal;

use crate::{Context, Result};

/// A new portal, or a change to one; for a change what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct WritePortal {
    /// Required for a new one.
    pub slug: Option<String>,
    /// Required for a new one.
    pub name: Option<String>,
    /// Hostnames it answers at.
    pub hostnames: Option<Vec<String>>,
    /// Locales; the first is the default. `["en"]` for a new one.
    pub locales: Option<Vec<String>>,
    /// CSS hex colour; `Some(None)` takes it away.
    pub accent: Option<Option<String>>,
    /// Row version the change was made against; required for a change.
    pub expected_version: Option<i64>,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
}

/// Lists the portals within reach, by slug. There are few; the list has no pages.
///
/// # Errors
/// `missing_scope`.
pub async fn list(_ctx: &Context) -> Result<Vec<Arc<Portal>>> {
    todo!()
}

/// Gets a portal by slug or id.
///
/// # Errors
/// `not_found`, `missing_scope`.
pub async fn get(_ctx: &Context, _portal: &str) -> Result<Arc<Portal>> {
    todo!()
}

/// Creates a portal; the credential must reach all portals.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `slug_taken`, `conflict` for a hostname, the idempotency ones.
pub async fn create(_ctx: &Context, _command: WritePortal) -> Result<Arc<Portal>> {
    todo!()
}

/// Changes a portal.
///
/// # Errors
/// `precondition_required`, `revision_conflict`, `not_found`, and as for a new one.
pub async fn update(_ctx: &Context, _portal: &str, _command: WritePortal) -> Result<Arc<Portal>> {
    todo!()
}
