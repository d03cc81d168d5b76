//! Who is asking: an API key becomes a caller, or one refusal that says nothing about why.

use cairn_domain::actor::{Actor, ActorKind, Caller, Reach};
use cairn_domain::ids::ApiKeyId;
use cairn_domain::scope::ScopeSet;
use cairn_store::keys::StoredKey;
use subtle::ConstantTimeEq as _;

use crate::keys::secret;
use crate::{App, Error, ErrorCode, Result};

/// Checks a presented secret and gives the caller behind it.
///
/// Garbage is turned away by the checksum inside the secret, before the database is asked.
/// Unknown, revoked and expired keys read alike. The database is asked each time: a revoked key
/// is refused at the next request, on every process.
///
/// # Errors
/// `unauthenticated`; `unavailable` when the database is out of reach.
pub async fn by_key(app: &App, presented: &str) -> Result<Caller> {
    let refused = || {
        Error::new(
            ErrorCode::Unauthenticated,
            "a valid API key is required; send it as X-API-Key or as Authorization: Bearer",
        )
    };
    if !secret::is_well_formed(presented) {
        return Err(refused());
    }
    let digest = secret::digest(presented);
    let Some(key) = cairn_store::keys::find(&app.store, &digest).await? else {
        return Err(refused());
    };
    let same = bool::from(key.digest.as_slice().ct_eq(digest.as_slice()));
    let now = app.clock.now();
    if !same || key.revoked_at.is_some() || key.expires_at.is_some_and(|at| at <= now) {
        return Err(refused());
    }
    caller(key)
}

fn caller(key: StoredKey) -> Result<Caller> {
    let scopes = ScopeSet::from_names(key.scopes.iter().map(String::as_str))
        .map_err(|name| Error::internal(format!("key {} has the unknown scope {name}", key.id)))?;
    Ok(Caller {
        actor: Actor {
            kind: ActorKind::Key,
            id: ApiKeyId::as_uuid(key.id),
            name: key.name,
        },
        scopes,
        reach: key.portals.map_or(Reach::All, Reach::Only),
        default_portal: key.default_portal,
        key: Some(key.id),
    })
}
