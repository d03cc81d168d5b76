//! Many revisions of one portal in one round trip, without moving texts that do not change.

use cairn_domain::actor::Actor;
use cairn_domain::ids::{ApiKeyId, ArticleId, PortalId};
use cairn_domain::revision::Staged;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::query;

use crate::articles::{HEAD, staged_columns, staged_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    TAGS_MANY = "
select r.article_id, r.tags
from unnest($2::uuid[], $3::int4[]) as u (article_id, revision)
join revisions r
  on r.portal_id = $1
 and r.article_id = u.article_id
 and r.revision = u.revision";

    TEXTS = concat!("
select r.article_id, ", staged_columns!("r", ""), "
from unnest($2::uuid[], $3::int4[]) as u (article_id, revision)
join revisions r
  on r.portal_id = $1
 and r.article_id = u.article_id
 and r.revision = u.revision");

    // Everything but the tags is what it was in the base, and stays in the database.
    APPEND_TAGGED = "
insert into revisions (portal_id, article_id, revision, title, body, excerpt, tags, author, front_matter,
                       actor_kind, actor_id, actor_name, key_id, message, created_at)
select r.portal_id, r.article_id, r.revision + 1, r.title, r.body, r.excerpt,
       array(select t.tag from jsonb_array_elements_text(u.tags) with ordinality as t (tag, n) order by t.n),
       r.author, r.front_matter, $5, $6, $7, $8, $9, $10
from unnest($2::uuid[], $3::int4[], $4::jsonb[]) as u (article_id, base, tags)
join revisions r
  on r.portal_id = $1
 and r.article_id = u.article_id
 and r.revision = u.base";

    // A rendering by this renderer says that the body can be shown, and is there to be shown.
    UNRENDERED = "
select r.article_id, octet_length(r.body) as body_bytes
from unnest($2::uuid[], $3::int4[], $5::bool[]) as u (article_id, revision, anew)
join revisions r
  on r.portal_id = $1
 and r.article_id = u.article_id
 and r.revision = u.revision
left join renderings d
  on d.portal_id = r.portal_id
 and d.article_id = r.article_id
 and d.revision = r.revision
 and d.rendered_with = $4
where u.anew
   or d.revision is null
order by r.article_id";

    BODIES = "
select r.article_id, r.title, r.body
from unnest($2::uuid[], $3::int4[]) as u (article_id, revision)
join revisions r
  on r.portal_id = $1
 and r.article_id = u.article_id
 and r.revision = u.revision";
}

/// A new head that says what the one before said, under other tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Of which article.
    pub article: ArticleId,
    /// The head it is made from; its number is the next one.
    pub base: i32,
    /// The new tags.
    pub tags: Vec<String>,
}

/// Who makes new revisions, why and when.
#[derive(Debug, Clone, Copy)]
pub struct Making<'a> {
    /// By whom.
    pub actor: &'a Actor,
    /// With which key.
    pub key: Option<ApiKeyId>,
    /// Why.
    pub message: &'a str,
    /// When.
    pub at: Timestamp,
}

/// The tags of many revisions, as this transaction sees them.
pub async fn tags_many(
    tx: &mut Tx,
    portal: PortalId,
    revisions: &[(ArticleId, i32)],
) -> Result<Vec<(ArticleId, Vec<String>)>, StoreError> {
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let tags = query(TAGS_MANY)
        .bind(portal.as_uuid())
        .bind(each(revisions, |(article, _)| article.as_uuid()))
        .bind(each(revisions, |(_, revision)| *revision));
    let rows = tx.fetch_all(tags).await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            Ok((article, col(row, "tags")?))
        })
        .collect()
}

/// The texts of many revisions, as this transaction sees them, in no order.
pub async fn texts(
    tx: &mut Tx,
    portal: PortalId,
    revisions: &[(ArticleId, i32)],
) -> Result<Vec<(ArticleId, Staged)>, StoreError> {
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let texts = query(TEXTS)
        .bind(portal.as_uuid())
        .bind(each(revisions, |(article, _)| article.as_uuid()))
        .bind(each(revisions, |(_, revision)| *revision));
    let rows = tx.fetch_all(texts).await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            Ok((article, staged_from(row, &HEAD)?))
        })
        .collect()
}

/// Appends many revisions that differ from their base in the tags only.
///
/// # Errors
/// [`StoreError::Inconsistent`] when a base is not there; [`StoreError::Conflict`] when one of them exists already:
/// the transaction is over.
pub async fn append_tagged(
    tx: &mut Tx,
    portal: PortalId,
    tagged: &[Tagged],
    making: Making<'_>,
) -> Result<(), StoreError> {
    let Some(first) = tagged.first() else {
        return Ok(());
    };
    let append = query(APPEND_TAGGED)
        .bind(portal.as_uuid())
        .bind(each(tagged, |t| t.article.as_uuid()))
        .bind(each(tagged, |t| t.base))
        .bind(each(tagged, |t| serde_json::json!(t.tags)))
        .bind(making.actor.kind.as_str())
        .bind(making.actor.id)
        .bind(making.actor.name.as_str())
        .bind(making.key.map(ApiKeyId::as_uuid))
        .bind(making.message)
        .bind(making.at.to_sqlx());
    if tx.execute(append).await? == tagged.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::inconsistent(
            "revisions",
            "revision",
            first.article,
        ))
    }
}

/// Which of these revisions have no rendering by that renderer, or are to be rendered anew anyway (the third of each),
/// with the size of their bodies in bytes. Primary pool.
pub async fn unrendered(
    store: &Store,
    portal: PortalId,
    revisions: &[(ArticleId, i32, bool)],
    rendered_with: i32,
) -> Result<Vec<(ArticleId, i32)>, StoreError> {
    let rows = query(UNRENDERED)
        .bind(portal.as_uuid())
        .bind(each(revisions, |(article, _, _)| article.as_uuid()))
        .bind(each(revisions, |(_, revision, _)| *revision))
        .bind(rendered_with)
        .bind(each(revisions, |(_, _, anew)| *anew))
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            Ok((article, col(row, "body_bytes")?))
        })
        .collect()
}

/// Title and body of many revisions, in no order. Primary pool.
pub async fn bodies(
    store: &Store,
    portal: PortalId,
    revisions: &[(ArticleId, i32)],
) -> Result<Vec<(ArticleId, String, String)>, StoreError> {
    let rows = query(BODIES)
        .bind(portal.as_uuid())
        .bind(each(revisions, |(article, _)| article.as_uuid()))
        .bind(each(revisions, |(_, revision)| *revision))
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            Ok((article, col(row, "title")?, col(row, "body")?))
        })
        .collect()
}
