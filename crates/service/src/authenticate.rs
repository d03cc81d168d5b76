//! Who is asking: an API key becomes a caller, or one refusal that says nothing about why.

use cairn_domain::actor::Caller;

use crate::{App, Result};

/// Checks a presented secret and gives the caller behind it.
///
/// Garbage is turned away by the checksum inside the secret, before the database is asked.
/// Unknown, revoked and expired keys read alike.
///
/// # Errors
/// `unauthenticated`; `unavailable` when the database is out of reach.
pub async fn by_key(_app: &App, _secret: &str) -> Result<Caller> {
    todo!()
}
