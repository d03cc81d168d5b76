//! API keys: create (the secret is shown once), list, revoke.

use cairn_domain::ids::ApiKeyId;
use jiff::Timestamp;

use crate::{Context, Result};

/// A new key, as the caller wrote it.
#[derive(Debug, Clone, Default)]
pub struct CreateKey {
    /// What it is for.
    pub name: Option<String>,
    /// Scopes and bundles; at least one. Nobody gives away more than they have.
    pub scopes: Vec<String>,
    /// Portal slugs or ids it is restricted to; absent reaches all.
    pub portals: Option<Vec<String>>,
    /// RFC 3339 time after which it is refused.
    pub expires_at: Option<String>,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
}

/// A key without its secret.
#[derive(Debug, Clone)]
pub struct KeyView {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// `full` or `scoped`.
    pub kind: String,
    /// Last four characters of the secret.
    pub hint: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Slugs of the portals it is restricted to.
    pub portals: Option<Vec<String>>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A new key and its secret, shown this once.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key.
    pub view: KeyView,
    /// `cairn_sk_…`; absent when the same request was sent again: a secret is shown once.
    pub secret: Option<String>,
}

/// One page of keys.
#[derive(Debug, Clone)]
pub struct KeyPage {
    /// The keys, newest first.
    pub items: Vec<KeyView>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Creates a key.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `not_found` for a portal out of reach.
pub async fn create(_ctx: &Context, _command: CreateKey) -> Result<NewKey> {
    todo!()
}

/// Lists keys, newest first.
///
/// # Errors
/// `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(_ctx: &Context, _limit: Option<i64>, _cursor: Option<String>) -> Result<KeyPage> {
    todo!()
}

/// Revokes a key from the next request on; revoking twice is fine.
///
/// # Errors
/// `missing_scope`, `not_found`.
pub async fn revoke(
    _ctx: &Context,
    _id: &str,
    _idempotency_key: Option<String>,
) -> Result<KeyView> {
    todo!()
}
