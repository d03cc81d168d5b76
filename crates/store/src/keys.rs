//! API keys: their digests, never their secrets. All of them live under the instance portal.

use cairn_domain::actor::{Actor, ActorKind};
use cairn_domain::ids::{ApiKeyId, PortalId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, time, time_opt, word};
use crate::statement::sql;
use crate::tx::Tx;

macro_rules! columns {
    () => {
        "id, name, kind, digest, hint, scopes, portals, default_portal, expires_at, revoked_at, created_at,
       created_by_kind, created_by_id, created_by_name"
    };
}

sql! {
    INSERT = "
insert into api_keys (portal_id, id, name, kind, digest, hint, scopes, portals, default_portal, expires_at, revoked_at,
                      created_at, created_by_kind, created_by_id, created_by_name)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

    FIND = concat!("
select ", columns!(), "
from api_keys
where portal_id = $1
  and digest = $2");

    GET = concat!("
select ", columns!(), "
from api_keys
where portal_id = $1
  and id = $2");

    LIST = concat!("
select ", columns!(), "
from api_keys
where portal_id = $1
  and ($2::uuid is null or id < $2)
order by id desc
limit $3");

    // A key revoked twice keeps the first time.
    REVOKE = concat!("
update api_keys
set revoked_at = coalesce(revoked_at, $3)
where portal_id = $1
  and id = $2
returning ", columns!());

    COUNT = "
select count(*) as keys
from api_keys
where portal_id = $1";
}

/// What a key's permissions are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Every scope, also those added later.
    Full,
    /// The scopes it lists.
    Scoped,
}

impl KeyKind {
    /// The word in rows and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            KeyKind::Full => "full",
            KeyKind::Scoped => "scoped",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        [KeyKind::Full, KeyKind::Scoped]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A key as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// What its permissions are made of.
    pub kind: KeyKind,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// The last four characters of the secret.
    pub hint: String,
    /// Names of scopes and bundles, as given.
    pub scopes: Vec<String>,
    /// Which portals it reaches; `None`: all, also those made later.
    pub portals: Option<Vec<PortalId>>,
    /// The portal of requests that name none.
    pub default_portal: Option<PortalId>,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
}

/// Adds a key.
///
/// # Errors
/// [`StoreError::Conflict`] with `constraint::KEY_DIGEST` when the digest is there already.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<(), StoreError> {
    let insert = query(INSERT)
        .bind(PortalId::INSTANCE.as_uuid())
        .bind(key.id.as_uuid())
        .bind(&key.name)
        .bind(key.kind.as_str())
        .bind(&key.digest[..])
        .bind(&key.hint)
        .bind(&key.scopes[..])
        .bind(key.portals.as_deref().map(|p| each(p, |id| id.as_uuid())))
        .bind(key.default_portal.map(PortalId::as_uuid))
        .bind(key.expires_at.map(ToSqlx::to_sqlx))
        .bind(key.revoked_at.map(ToSqlx::to_sqlx))
        .bind(key.created_at.to_sqlx())
        .bind(key.created_by.kind.as_str())
        .bind(key.created_by.id)
        .bind(&key.created_by.name);
    tx.execute(insert).await?;
    Ok(())
}

/// The key with this digest, also when it is revoked or expired. Primary pool: a revoked key is refused at once.
pub async fn find(store: &Store, digest: &[u8; 32]) -> Result<Option<StoredKey>, StoreError> {
    let row = query(FIND)
        .bind(PortalId::INSTANCE.as_uuid())
        .bind(&digest[..])
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The key with this id. Primary pool.
pub async fn get(store: &Store, id: ApiKeyId) -> Result<Option<StoredKey>, StoreError> {
    let row = query(GET)
        .bind(PortalId::INSTANCE.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The keys after `after`, newest first; at most `limit`. Primary pool.
pub async fn list(
    store: &Store,
    after: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<StoredKey>, StoreError> {
    let rows = query(LIST)
        .bind(PortalId::INSTANCE.as_uuid())
        .bind(after.map(ApiKeyId::as_uuid))
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(from_row).collect()
}

/// Revokes a key and gives it as it is now; `None`: there is none with this id.
pub async fn revoke(
    tx: &mut Tx,
    id: ApiKeyId,
    at: Timestamp,
) -> Result<Option<StoredKey>, StoreError> {
    let revoke = query(REVOKE)
        .bind(PortalId::INSTANCE.as_uuid())
        .bind(id.as_uuid())
        .bind(at.to_sqlx());
    let row = tx.fetch_optional(revoke).await?;
    row.as_ref().map(from_row).transpose()
}

/// How many keys there are, revoked ones too: none means the first start. Primary pool.
pub async fn count(store: &Store) -> Result<i64, StoreError> {
    let row = query(COUNT)
        .bind(PortalId::INSTANCE.as_uuid())
        .fetch_one(store.primary())
        .await?;
    col(&row, "keys")
}

fn from_row(row: &PgRow) -> Result<StoredKey, StoreError> {
    let id = ApiKeyId::from_uuid(col(row, "id")?);
    let digest: &[u8] = col(row, "digest")?;
    let portals: Option<Vec<Uuid>> = col(row, "portals")?;
    let default_portal: Option<Uuid> = col(row, "default_portal")?;
    Ok(StoredKey {
        id,
        name: col(row, "name")?,
        kind: word(row, "api_keys", "kind", id, KeyKind::parse)?,
        digest: digest
            .try_into()
            .map_err(|_| StoreError::inconsistent("api_keys", "digest", id))?,
        hint: col(row, "hint")?,
        scopes: col(row, "scopes")?,
        portals: portals.map(|ids| ids.into_iter().map(PortalId::from_uuid).collect()),
        default_portal: default_portal.map(PortalId::from_uuid),
        expires_at: time_opt(row, "expires_at")?,
        revoked_at: time_opt(row, "revoked_at")?,
        created_at: time(row, "created_at")?,
        created_by: Actor {
            kind: word(row, "api_keys", "created_by_kind", id, ActorKind::parse)?,
            id: col(row, "created_by_id")?,
            name: col(row, "created_by_name")?,
        },
    })
}
