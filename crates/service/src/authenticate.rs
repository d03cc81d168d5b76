//! Who is asking: an API key becomes a caller, or one refusal that says nothing about why.

use std::sync::Arc;

use cairn_domain::actor::{Actor, ActorKind, Caller, Reach};
use cairn_domain::ids::ApiKeyId;
use cairn_domain::scope::ScopeSet;
use cairn_store::keys::StoredKey;
use subtle::ConstantTimeEq as _;

use crate::keys::known::{Answer, Ticket};
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
    let digest = digest(presented)?;
    let found = find(app, &digest).await?;
    Ok(found.ok_or_else(refused)?.0)
}

/// The same for a request that changes nothing: what the database said up to a second ago is believed.
///
/// A key that is revoked through this process is refused at its next request here too; one that is revoked
/// through another process within that second.
///
/// # Errors
/// As [`by_key`].
pub async fn by_key_to_read(app: &Arc<App>, presented: &str) -> Result<Caller> {
    let digest = digest(presented)?;
    match app.known_keys.get(&digest, app.now()) {
        Answer::Known(caller) => Ok(caller),
        Answer::Aged(caller, ticket) => {
            let app = Arc::clone(app);
            tokio::spawn(async move {
                match look_up(&app, digest, ticket).await {
                    Ok(Some(_)) => {}
                    Ok(None) => app.known_keys.forget(&digest),
                    // Until it is too old it is believed; then the next request says what is wrong.
                    Err(error) => tracing::debug!(%error, "a key was not looked up again"),
                }
            });
            Ok(caller)
        }
        Answer::Unknown(ticket) => look_up(app, digest, ticket).await?.ok_or_else(refused),
    }
}

fn refused() -> Error {
    Error::new(
        ErrorCode::Unauthenticated,
        "a valid API key is required; send it as X-API-Key or as Authorization: Bearer",
    )
}

fn digest(presented: &str) -> Result<[u8; 32]> {
    if !secret::is_well_formed(presented) {
        return Err(refused());
    }
    Ok(secret::digest(presented))
}

/// Asks the database and keeps what it says for readers.
async fn look_up(app: &App, digest: [u8; 32], ticket: Ticket) -> Result<Option<Caller>> {
    // Believed from before it was asked, never longer.
    let now = app.now();
    let Some((caller, key)) = find(app, &digest).await? else {
        return Ok(None);
    };
    app.known_keys
        .keep(digest, caller.clone(), key.expires_at, now, ticket);
    Ok(Some(caller))
}

/// The caller behind a digest, as the database has it, and the key; `None`: none that may be used.
async fn find(app: &App, digest: &[u8; 32]) -> Result<Option<(Caller, StoredKey)>> {
    let Some(key) = cairn_store::keys::find(&app.store, digest).await? else {
        return Ok(None);
    };
    let same = bool::from(key.digest.as_slice().ct_eq(digest.as_slice()));
    let now = app.now();
    if !same || key.revoked_at.is_some() || key.expires_at.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    Ok(Some((caller(&key)?, key)))
}

fn caller(key: &StoredKey) -> Result<Caller> {
    let scopes = ScopeSet::from_names(key.scopes.iter().map(String::as_str))
        .map_err(|name| Error::internal(format!("key {} has the unknown scope {name}", key.id)))?;
    Ok(Caller {
        actor: Actor {
            kind: ActorKind::Key,
            id: ApiKeyId::as_uuid(key.id),
            name: key.name.clone(),
        },
        scopes,
        reach: key.portals.clone().map_or(Reach::All, Reach::Only),
        default_portal: key.default_portal,
        key: Some(key.id),
    })
}
