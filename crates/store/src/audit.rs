//! The audit: who did what to what. Append-only, and never read to decide anything.

use cairn_domain::actor::Actor;
use cairn_domain::event::Subject;
use cairn_domain::ids::{ApiKeyId, AuditId, PortalId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::query;

use crate::error::StoreError;
use crate::row::{each, one_portal};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    APPEND_MANY = "
insert into audit (portal_id, id, at, actor_kind, actor_id, actor_name, key_id, action, subject_kind, subject_id,
                   revision, before, after, message)
select $1, u.*
from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::text[],
            $10::uuid[], $11::int4[], $12::jsonb[], $13::jsonb[], $14::text[]) as u";
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Whose.
    pub portal: PortalId,
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// With which key.
    pub key: Option<ApiKeyId>,
    /// `article.update` and its like: the word from the operation table.
    pub action: String,
    /// To what.
    pub subject: Subject,
    /// The article's head revision after the write, for articles.
    pub revision: Option<i32>,
    /// The live fields that changed, before; never bodies.
    pub before: Option<Value>,
    /// The live fields that changed, after; never bodies.
    pub after: Option<Value>,
    /// Why, in the actor's words.
    pub message: String,
}

/// Appends one entry.
pub async fn append(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    append_many(tx, std::slice::from_ref(entry)).await
}

/// Appends many entries of one portal in one round trip.
pub async fn append_many(tx: &mut Tx, entries: &[AuditEntry]) -> Result<(), StoreError> {
    let Some(portal) = one_portal(entries.iter().map(|e| e.portal))? else {
        return Ok(());
    };
    let append = query(APPEND_MANY)
        .bind(portal.as_uuid())
        .bind(each(entries, |e| e.id.as_uuid()))
        .bind(each(entries, |e| e.at.to_sqlx()))
        .bind(each(entries, |e| e.actor.kind.as_str()))
        .bind(each(entries, |e| e.actor.id))
        .bind(each(entries, |e| e.actor.name.as_str()))
        .bind(each(entries, |e| e.key.map(ApiKeyId::as_uuid)))
        .bind(each(entries, |e| e.action.as_str()))
        .bind(each(entries, |e| e.subject.kind()))
        .bind(each(entries, |e| e.subject.uuid()))
        .bind(each(entries, |e| e.revision))
        .bind(each(entries, |e| e.before.clone()))
        .bind(each(entries, |e| e.after.clone()))
        .bind(each(entries, |e| e.message.as_str()));
    tx.execute(append).await?;
    Ok(())
}
