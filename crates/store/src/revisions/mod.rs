//! Revisions: append-only; the serving role has no right to change or delete one.

mod batch;

use cairn_domain::actor::Actor;
use cairn_domain::ids::{ApiKeyId, ArticleId, PortalId};
use cairn_domain::revision::Revision;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::articles::{HEAD, staged_columns, staged_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{actor, col, each, one_portal, time, time_opt};
use crate::statement::sql;
use crate::tx::Tx;

pub use batch::{Making, Tagged, append_tagged, bodies, tags_many, texts, unrendered};

pub(crate) const fn batch_statements() -> &'static [(&'static str, &'static str)] {
    batch::STATEMENTS
}

sql! {
    // Postgres has no arrays of arrays of different lengths: each row's tags travel as a JSON array.
    APPEND_MANY = "
insert into revisions (portal_id, article_id, revision, title, body, excerpt, tags, author, front_matter,
                       actor_kind, actor_id, actor_name, key_id, message, created_at)
select $1, u.article_id, u.revision, u.title, u.body, u.excerpt,
       array(select t.tag from jsonb_array_elements_text(u.tags) with ordinality as t (tag, n) order by t.n),
       u.author, u.front_matter, u.actor_kind, u.actor_id, u.actor_name, u.key_id, u.message, u.created_at
from unnest($2::uuid[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[], $9::text[],
            $10::text[], $11::uuid[], $12::text[], $13::uuid[], $14::text[], $15::timestamptz[])
     as u (article_id, revision, title, body, excerpt, tags, author, front_matter,
           actor_kind, actor_id, actor_name, key_id, message, created_at)";

    GET = concat!("
select r.portal_id, r.article_id, r.revision, ", staged_columns!("r", ""), ",
       r.actor_kind, r.actor_id, r.actor_name, r.key_id, r.message, r.created_at, r.purged_at
from revisions r
where r.portal_id = $1
  and r.article_id = $2
  and r.revision = $3");

    LIST = "
select article_id, revision, title, octet_length(body) as body_bytes,
       actor_kind, actor_id, actor_name, key_id, message, created_at, purged_at
from revisions
where portal_id = $1
  and article_id = $2
  and revision < $3
order by revision desc
limit $4";
}

/// A revision as lists show it: no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionSummary {
    /// 1, 2, 3…
    pub number: i32,
    /// The title then.
    pub title: String,
    /// Size of the body then, in bytes.
    pub body_bytes: i32,
    /// By whom.
    pub actor: Actor,
    /// With which key.
    pub key: Option<ApiKeyId>,
    /// Why, in the author's words.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// When its text was erased.
    pub purged_at: Option<Timestamp>,
}

/// Appends one revision.
pub async fn append(tx: &mut Tx, revision: &Revision) -> Result<(), StoreError> {
    append_many(tx, std::slice::from_ref(revision)).await
}

/// Appends many revisions of one portal in one round trip.
///
/// # Errors
/// [`StoreError::Conflict`] when one of them exists already: the transaction is over.
pub async fn append_many(tx: &mut Tx, revisions: &[Revision]) -> Result<(), StoreError> {
    let Some(portal) = one_portal(revisions.iter().map(|r| r.portal))? else {
        return Ok(());
    };
    let append = query(APPEND_MANY)
        .bind(portal.as_uuid())
        .bind(each(revisions, |r| r.article.as_uuid()))
        .bind(each(revisions, |r| r.number))
        .bind(each(revisions, |r| r.staged.title.as_str()))
        .bind(each(revisions, |r| r.staged.body.as_str()))
        .bind(each(revisions, |r| r.staged.excerpt.as_str()))
        .bind(each(revisions, |r| serde_json::json!(r.staged.tags)))
        .bind(each(revisions, |r| r.staged.author.as_deref()))
        .bind(each(revisions, |r| r.staged.front_matter.as_deref()))
        .bind(each(revisions, |r| r.actor.kind.as_str()))
        .bind(each(revisions, |r| r.actor.id))
        .bind(each(revisions, |r| r.actor.name.as_str()))
        .bind(each(revisions, |r| r.key.map(ApiKeyId::as_uuid)))
        .bind(each(revisions, |r| r.message.as_str()))
        .bind(each(revisions, |r| r.created_at.to_sqlx()));
    tx.execute(append).await?;
    Ok(())
}

/// One revision. Primary pool.
pub async fn get(
    store: &Store,
    portal: PortalId,
    article: ArticleId,
    number: i32,
) -> Result<Option<Revision>, StoreError> {
    let row = query(GET)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(number)
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The revisions of an article below `before`, newest first; at most `limit`. Primary pool.
pub async fn list(
    store: &Store,
    portal: PortalId,
    article: ArticleId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<RevisionSummary>, StoreError> {
    let rows = query(LIST)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(before.unwrap_or(i32::MAX))
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(summary_from).collect()
}

fn from_row(row: &PgRow) -> Result<Revision, StoreError> {
    let article = ArticleId::from_uuid(col(row, "article_id")?);
    Ok(Revision {
        portal: PortalId::from_uuid(col(row, "portal_id")?),
        article,
        number: col(row, "revision")?,
        staged: staged_from(row, &HEAD)?,
        actor: actor(row, "revisions", article)?,
        key: key_from(row)?,
        message: col(row, "message")?,
        created_at: time(row, "created_at")?,
        purged_at: time_opt(row, "purged_at")?,
    })
}

fn summary_from(row: &PgRow) -> Result<RevisionSummary, StoreError> {
    let article: Uuid = col(row, "article_id")?;
    Ok(RevisionSummary {
        number: col(row, "revision")?,
        title: col(row, "title")?,
        body_bytes: col(row, "body_bytes")?,
        actor: actor(row, "revisions", article)?,
        key: key_from(row)?,
        message: col(row, "message")?,
        created_at: time(row, "created_at")?,
        purged_at: time_opt(row, "purged_at")?,
    })
}

fn key_from(row: &PgRow) -> Result<Option<ApiKeyId>, StoreError> {
    Ok(col::<Option<Uuid>>(row, "key_id")?.map(ApiKeyId::from_uuid))
}
