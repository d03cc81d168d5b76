//! API keys: create (the secret is shown once), list, revoke.

pub(crate) mod known;
pub(crate) mod secret;

use cairn_domain::event::Subject;
use cairn_domain::ids::{ApiKeyId, EventId, PortalId};
use cairn_domain::limits::KEY_NAME_CHARS_MAX;
use cairn_domain::operation::Operation;
use cairn_domain::scope::ScopeSet;
use cairn_domain::text::check_required_text;
use cairn_store::keys::{KeyKind, StoredKey};
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::idempotency::Idempotent;
use crate::text_input::{Input, page_limit};
use crate::{Context, Error, Result, audit, authorize, cursor};

/// A new key, as the caller wrote it.
#[derive(Debug, Clone, Default, Serialize)]
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
    #[serde(skip)]
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

/// What is remembered of a creation: never the secret.
#[derive(Serialize, Deserialize)]
struct KeyOutcome {
    key: ApiKeyId,
}

/// Creates a key.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `not_found` for a portal out of reach.
pub async fn create(ctx: &Context, command: CreateKey) -> Result<NewKey> {
    authorize::operation(ctx, Operation::CreateKey)?;
    let mut input = Input::default();
    let name = command.name.clone().unwrap_or_default();
    check_required_text(&mut input.errors, "name", &name, KEY_NAME_CHARS_MAX);
    input.idempotency_key(command.idempotency_key.as_deref());
    let expires_at = input.time("expires_at", command.expires_at.as_deref());
    if expires_at.is_some_and(|at| at <= ctx.app.now()) {
        input.errors.add(
            "expires_at",
            "in_the_past",
            "expires_at is not in the future; the key would never work",
        );
    }
    let scopes = scopes(ctx, &mut input, &command.scopes);
    let portals = portals(ctx, command.portals.as_deref())?;
    input.finish()?;
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        PortalId::INSTANCE,
        Operation::CreateKey,
        &command,
    )?;
    let new = NewStoredKey {
        name,
        scopes,
        portals,
        default_portal: None,
        expires_at,
    };
    insert(ctx, new, &idempotent).await
}

/// Creates the first key of an instance: it may do everything, and reads that name no portal use
/// `default_portal`. For the program that sets an instance up, never for a door.
///
/// # Errors
/// `missing_scope` for anybody but the operator and Cairn itself.
pub async fn create_first(ctx: &Context, name: &str, default_portal: &str) -> Result<NewKey> {
    authorize::operation(ctx, Operation::CreateKey)?;
    let portal = authorize::portal(ctx, Some(default_portal), authorize::Purpose::Write)?;
    let new = NewStoredKey {
        name: name.to_owned(),
        scopes: vec!["full".to_owned()],
        portals: None,
        default_portal: Some(portal.id),
        expires_at: None,
    };
    let idempotent = Idempotent::new(None, PortalId::INSTANCE, Operation::CreateKey, &())?;
    insert(ctx, new, &idempotent).await
}

struct NewStoredKey {
    name: String,
    scopes: Vec<String>,
    portals: Option<Vec<PortalId>>,
    default_portal: Option<PortalId>,
    expires_at: Option<Timestamp>,
}

async fn insert(ctx: &Context, new: NewStoredKey, idempotent: &Idempotent<'_>) -> Result<NewKey> {
    let now = ctx.app.now();
    let text = secret::from_random(ctx.app.ids.secret());
    let key = StoredKey {
        id: ApiKeyId::from_uuid(ctx.app.ids.uuid(now)),
        kind: if new.scopes == ["full"] {
            KeyKind::Full
        } else {
            KeyKind::Scoped
        },
        name: new.name,
        digest: secret::digest(&text),
        hint: secret::hint(&text),
        scopes: new.scopes,
        portals: new.portals,
        default_portal: new.default_portal,
        expires_at: new.expires_at,
        revoked_at: None,
        created_at: now,
        created_by: ctx.caller.actor.clone(),
    };
    let mut tx = ctx.app.store.begin().await?;
    if let Some(KeyOutcome { key }) = idempotent.claim(ctx, &mut tx).await? {
        drop(tx);
        return Ok(NewKey {
            view: view(ctx, find(ctx, key).await?),
            secret: None,
        });
    }
    cairn_store::keys::insert(&mut tx, &key).await?;
    idempotent
        .finish(ctx, &mut tx, &KeyOutcome { key: key.id })
        .await?;
    let after = serde_json::json!({"name": key.name, "kind": key.kind.as_str(), "scopes": key.scopes, "portals": key.portals, "expires_at": key.expires_at});
    record(
        ctx,
        &mut tx,
        Operation::CreateKey,
        key.id,
        None,
        Some(after),
        now,
    )
    .await?;
    tx.commit().await?;
    ctx.app.wake.notify_one();
    Ok(NewKey {
        view: view(ctx, key),
        secret: Some(text),
    })
}

/// Lists keys, newest first.
///
/// # Errors
/// `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(ctx: &Context, limit: Option<i64>, cursor: Option<String>) -> Result<KeyPage> {
    authorize::operation(ctx, Operation::ListKeys)?;
    let mut input = Input::default();
    let limit = input.limit(limit);
    input.finish()?;
    let binding = ("keys",);
    let after = cursor
        .as_deref()
        .map(|c| cursor::decode::<ApiKeyId>(&binding, c))
        .transpose()?;
    let batch_max = page_limit(limit);
    let mut keys: Vec<StoredKey> = Vec::new();
    let mut place = after;
    // Keys out of reach are passed over, so a page may take several looks.
    while keys.len() <= limit {
        let batch = cairn_store::keys::list(&ctx.app.store, place, batch_max).await?;
        let Some(last) = batch.last() else { break };
        place = Some(last.id);
        keys.extend(batch.into_iter().filter(|key| within_reach(ctx, key)));
    }
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next_cursor = match keys.last() {
        Some(last) if more => Some(cursor::encode(&binding, &last.id)?),
        _ => None,
    };
    Ok(KeyPage {
        items: keys.into_iter().map(|k| view(ctx, k)).collect(),
        next_cursor,
    })
}

/// Revokes a key from the next request on; revoking twice is fine.
///
/// # Errors
/// `missing_scope`, `not_found`.
pub async fn revoke(ctx: &Context, id: &str, idempotency_key: Option<String>) -> Result<KeyView> {
    authorize::operation(ctx, Operation::RevokeKey)?;
    let mut input = Input::default();
    input.idempotency_key(idempotency_key.as_deref());
    input.finish()?;
    let id: ApiKeyId = id.parse().map_err(|_| Error::not_found("such key"))?;
    let key = find(ctx, id).await?;
    let idempotent = Idempotent::new(
        idempotency_key.as_deref(),
        PortalId::INSTANCE,
        Operation::RevokeKey,
        &id,
    )?;
    let now = ctx.app.now();
    let mut tx = ctx.app.store.begin().await?;
    if idempotent
        .claim::<KeyOutcome>(ctx, &mut tx)
        .await?
        .is_some()
    {
        drop(tx);
        return Ok(view(ctx, find(ctx, id).await?));
    }
    if key.revoked_at.is_some() {
        return Ok(view(ctx, key));
    }
    let Some(key) = cairn_store::keys::revoke(&mut tx, id, now).await? else {
        return Err(Error::not_found("such key"));
    };
    idempotent
        .finish(ctx, &mut tx, &KeyOutcome { key: id })
        .await?;
    record(
        ctx,
        &mut tx,
        Operation::RevokeKey,
        id,
        None,
        Some(serde_json::json!({"revoked_at": now})),
        now,
    )
    .await?;
    tx.commit().await?;
    ctx.app.known_keys.forget(&key.digest);
    ctx.app.wake.notify_one();
    Ok(view(ctx, key))
}

/// Audit and event of a key; keys live under the instance portal.
async fn record(
    ctx: &Context,
    tx: &mut cairn_store::Tx,
    operation: Operation,
    key: ApiKeyId,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
    now: Timestamp,
) -> Result<()> {
    let subject = Subject::Key(key.as_uuid());
    audit::append(
        ctx,
        tx,
        audit::Entry {
            portal: PortalId::INSTANCE,
            operation,
            subject,
            revision: None,
            before,
            after,
            message: "",
            at: now,
        },
    )
    .await?;
    let event = NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(now)),
        kind: operation
            .row()
            .event
            .unwrap_or(operation.row().name)
            .to_owned(),
        subject,
        revision: None,
        at: now,
    };
    cairn_store::outbox::append(tx, PortalId::INSTANCE, &[event]).await?;
    Ok(())
}

async fn find(ctx: &Context, id: ApiKeyId) -> Result<StoredKey> {
    let key = cairn_store::keys::get(&ctx.app.store, id).await?;
    key.filter(|k| within_reach(ctx, k))
        .ok_or_else(|| Error::not_found("such key"))
}

/// A credential of some portals manages only keys of those portals.
fn within_reach(ctx: &Context, key: &StoredKey) -> bool {
    use cairn_domain::actor::Reach;
    match (&ctx.caller.reach, &key.portals) {
        (Reach::All, _) => true,
        (Reach::Only(mine), Some(theirs)) => theirs.iter().all(|p| mine.contains(p)),
        (Reach::Only(_), None) => false,
    }
}

fn scopes(ctx: &Context, input: &mut Input, names: &[String]) -> Vec<String> {
    if names.is_empty() {
        input.errors.add(
            "scopes",
            "required",
            format!(
                "scopes is empty; give at least one of {}",
                ScopeSet::names().join(", ")
            ),
        );
        return Vec::new();
    }
    let mut kept: Vec<String> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match ScopeSet::from_names([name.as_str()]) {
            Err(_) => input.errors.add(
                format!("scopes.{i}"),
                "unknown_scope",
                format!(
                    "there is no such scope; the scopes are {}",
                    ScopeSet::names().join(", ")
                ),
            ),
            Ok(set) if !ctx.caller.scopes.covers(set) => {
                input.errors.add(
                    format!("scopes.{i}"),
                    "scope_not_held",
                    format!(
                        "this credential cannot give away {name}, which it does not hold itself"
                    ),
                );
            }
            Ok(_) if kept.contains(name) => {}
            Ok(_) => kept.push(name.clone()),
        }
    }
    if kept.iter().any(|k| k == "full") {
        kept = vec!["full".to_owned()];
    }
    kept
}

fn portals(ctx: &Context, named: Option<&[String]>) -> Result<Option<Vec<PortalId>>> {
    use cairn_domain::actor::Reach;
    let Some(named) = named else {
        // Nobody gives away more reach than they have.
        return Ok(match &ctx.caller.reach {
            Reach::All => None,
            Reach::Only(portals) => Some(portals.clone()),
        });
    };
    let mut ids = Vec::new();
    for name in named {
        let portal = authorize::portal(ctx, Some(name), authorize::Purpose::Write)?;
        if !ids.contains(&portal.id) {
            ids.push(portal.id);
        }
    }
    Ok(Some(ids))
}

fn view(ctx: &Context, key: StoredKey) -> KeyView {
    let directory = ctx.app.portals();
    let slug = |id: &PortalId| {
        directory
            .by_id(*id)
            .map_or_else(|| id.to_string(), |p| p.slug.as_str().to_owned())
    };
    KeyView {
        id: key.id,
        name: key.name,
        kind: key.kind.as_str().to_owned(),
        hint: key.hint,
        scopes: key.scopes,
        portals: key.portals.map(|ids| ids.iter().map(slug).collect()),
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        created_at: key.created_at,
    }
}
