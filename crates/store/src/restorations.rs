//! Restoring a portal from a bundle: rows come back as they were, under the ids they had.
//!
//! What is there already is left alone; the service has compared it with what should be. Whoever writes holds the row of
//! the restoration ([`lock`]), so that two of them never mix.

use cairn_domain::article::TranslatedFrom;
use cairn_domain::attachment::{Attachment, AttachmentPath};
use cairn_domain::category::Category;
use cairn_domain::ids::{ApiKeyId, ArticleId, AttachmentId, CategoryId, PortalId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::query;
use uuid::Uuid;

use crate::articles::{article_columns, article_from, staged_columns};
use crate::attachments;
use crate::error::StoreError;
use crate::export::portal::numbers;
use crate::export::{ExportRevision, OldSlug, PortalNumbers, RedirectRow};
use crate::row::{col, each, time, time_opt};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    LOCK = "
select bundle, started_at, finished_at
from restorations
where portal_id = $1
for update";

    BEGIN = "
insert into restorations (portal_id, bundle, started_at)
values ($1, $2, $3)";

    FINISH = "
update restorations
set finished_at = $2
where portal_id = $1
  and finished_at is null";

    // A portal whose numbers nobody took yet: no other process holds a block of them.
    IS_EMPTY = "
select not exists (select 1 from articles where portal_id = $1)
   and not exists (select 1 from categories where portal_id = $1)
   and not exists (select 1 from attachments where portal_id = $1)
   and not exists (select 1 from redirects where portal_id = $1)
   and (select next_number = 1 from portals where id = $1) as is_empty";

    RAISE_NUMBERS = "
update portals
set next_number = greatest(next_number, $2)
where id = $1";

    NUMBERS = numbers!();

    PORTAL_SLUG = "
select slug
from portals
where id = $1";

    // Ids name an article in the whole installation.
    FOREIGN_ARTICLE = "
select id
from articles
where id = any ($2)
  and portal_id <> $1
limit 1";

    INSERT_CATEGORY = "
insert into categories (portal_id, id, parent_id, slug, name, description, position, row_version, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict do nothing";

    INSERT_ATTACHMENT = "
insert into attachments (portal_id, id, digest, name, media_type, byte_length, width, height, variant_widths,
                         actor_kind, actor_id, actor_name, created_at, purged_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict do nothing";

    ATTACHMENTS = "
select t.portal_id, t.id, t.digest, t.name, t.media_type, t.byte_length, t.width, t.height, t.variant_widths,
       t.actor_kind, t.actor_id, t.actor_name, t.created_at, t.purged_at
from attachments t
where t.portal_id = $1
  and t.id = any ($2)";

    INSERT_PATHS = "
insert into attachment_paths (portal_id, source, path, attachment_id)
select $1, p.source, p.path, p.attachment_id
from unnest($2::text[], $3::text[], $4::uuid[]) as p (source, path, attachment_id)
on conflict do nothing";

    INSERT_REDIRECTS = "
insert into redirects (portal_id, old_path, old_query, target_kind, target_id, target_url, created_at)
select $1, r.old_path, r.old_query, r.target_kind, r.target_id, r.target_url, r.created_at
from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[])
         as r (old_path, old_query, target_kind, target_id, target_url, created_at)
on conflict do nothing";

    REDIRECTS_AT = "
select r.old_path, r.old_query, r.target_kind, r.target_id, r.target_url, r.created_at
from unnest($2::text[], $3::text[]) as k (old_path, old_query)
join redirects r
  on r.portal_id = $1
 and r.old_path = k.old_path
 and r.old_query = k.old_query";

    ARTICLES = concat!("
select ", article_columns!(), "
from articles a
where a.portal_id = $1
  and a.id = any ($2)
order by a.id
for update of a");

    REVISIONS = concat!("
select r.portal_id, r.article_id, r.revision, ", staged_columns!("r", ""), ",
       r.actor_kind, r.actor_id, r.actor_name, r.key_id, r.message, r.created_at, r.purged_at
from unnest($2::uuid[], $3::int4[]) as k (article_id, revision)
join revisions r
  on r.portal_id = $1
 and r.article_id = k.article_id
 and r.revision = k.revision");

    // Postgres has no arrays of arrays of different lengths: each row's tags travel as a JSON array.
    INSERT_REVISIONS = "
insert into revisions (portal_id, article_id, revision, title, body, excerpt, tags, author, front_matter,
                       actor_kind, actor_id, actor_name, key_id, message, created_at, purged_at)
select $1, u.article_id, u.revision, u.title, u.body, u.excerpt,
       array(select t.tag from jsonb_array_elements_text(u.tags) with ordinality as t (tag, n) order by t.n),
       u.author, u.front_matter, u.actor_kind, u.actor_id, u.actor_name, u.key_id, u.message, u.created_at, u.purged_at
from unnest($2::uuid[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[], $9::text[],
            $10::text[], $11::uuid[], $12::text[], $13::uuid[], $14::text[], $15::timestamptz[], $16::timestamptz[])
     as u (article_id, revision, title, body, excerpt, tags, author, front_matter,
           actor_kind, actor_id, actor_name, key_id, message, created_at, purged_at)";

    INSERT_OLD_SLUGS = "
insert into slug_history (portal_id, locale, slug, article_id, created_at)
select $1, s.locale, s.slug, s.article_id, s.created_at
from unnest($2::text[], $3::text[], $4::uuid[], $5::timestamptz[]) as s (locale, slug, article_id, created_at)
on conflict do nothing";

    TRANSLATED_FROM = "
update articles a
set translated_from = u.origin, translated_revision = u.revision
from unnest($2::uuid[], $3::uuid[], $4::int4[]) as u (id, origin, revision)
where a.portal_id = $1
  and a.id = u.id
  and a.translated_from is null
returning a.id";
}

/// Where a restoration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// SHA-256 of the bundle's manifest.
    pub bundle: [u8; 32],
    /// When it began.
    pub started_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
}

/// Locks the portal's restoration, if there was one.
pub async fn lock(tx: &mut Tx, portal: PortalId) -> Result<Option<Restoration>, StoreError> {
    let Some(row) = tx
        .fetch_optional(query(LOCK).bind(portal.as_uuid()))
        .await?
    else {
        return Ok(None);
    };
    let bundle: &[u8] = col(&row, "bundle")?;
    Ok(Some(Restoration {
        bundle: bundle
            .try_into()
            .map_err(|_| StoreError::inconsistent("restorations", "bundle", portal))?,
        started_at: time(&row, "started_at")?,
        finished_at: time_opt(&row, "finished_at")?,
    }))
}

/// Begins a restoration of a portal that has none.
pub async fn begin(
    tx: &mut Tx,
    portal: PortalId,
    bundle: &[u8; 32],
    at: Timestamp,
) -> Result<(), StoreError> {
    let begin = query(BEGIN)
        .bind(portal.as_uuid())
        .bind(&bundle[..])
        .bind(at.to_sqlx());
    tx.execute(begin).await?;
    Ok(())
}

/// Ends a restoration.
pub async fn finish(tx: &mut Tx, portal: PortalId, at: Timestamp) -> Result<(), StoreError> {
    let finish = query(FINISH).bind(portal.as_uuid()).bind(at.to_sqlx());
    if tx.execute(finish).await? == 0 {
        return Err(StoreError::Stale {
            table: "restorations",
            id: portal.as_uuid(),
        });
    }
    Ok(())
}

/// Whether nothing was ever written into the portal.
pub async fn is_empty(tx: &mut Tx, portal: PortalId) -> Result<bool, StoreError> {
    let row = tx
        .fetch_optional(query(IS_EMPTY).bind(portal.as_uuid()))
        .await?;
    match row {
        Some(row) => Ok(col::<Option<bool>>(&row, "is_empty")?.unwrap_or(false)),
        None => Ok(false),
    }
}

/// How much the portal has, as this transaction sees it.
pub async fn numbers(tx: &mut Tx, portal: PortalId) -> Result<PortalNumbers, StoreError> {
    let row = tx
        .fetch_optional(query(NUMBERS).bind(portal.as_uuid()))
        .await?
        .ok_or_else(|| StoreError::inconsistent("portals", "id", portal))?;
    crate::export::numbers_from(&row)
}

/// Sees to it that the next article number is at least `next`.
pub async fn raise_numbers(tx: &mut Tx, portal: PortalId, next: i64) -> Result<(), StoreError> {
    tx.execute(query(RAISE_NUMBERS).bind(portal.as_uuid()).bind(next))
        .await?;
    Ok(())
}

/// The slug of the portal with this id, if there is one.
pub async fn portal_slug(tx: &mut Tx, id: PortalId) -> Result<Option<String>, StoreError> {
    let row = tx
        .fetch_optional(query(PORTAL_SLUG).bind(id.as_uuid()))
        .await?;
    row.map(|row| col(&row, "slug")).transpose()
}

/// One of these articles that is in another portal, if any is.
pub async fn foreign_article(
    tx: &mut Tx,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Option<ArticleId>, StoreError> {
    let foreign = query(FOREIGN_ARTICLE)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()));
    let row = tx.fetch_optional(foreign).await?;
    row.map(|row| Ok(ArticleId::from_uuid(col(&row, "id")?)))
        .transpose()
}

/// Adds a category; `false`: its id or its slug is taken.
pub async fn insert_category(tx: &mut Tx, category: &Category) -> Result<bool, StoreError> {
    let insert = query(INSERT_CATEGORY)
        .bind(category.portal.as_uuid())
        .bind(category.id.as_uuid())
        .bind(category.parent.map(CategoryId::as_uuid))
        .bind(category.slug.as_str())
        .bind(&category.name)
        .bind(&category.description)
        .bind(category.position)
        .bind(category.row_version)
        .bind(category.created_at.to_sqlx())
        .bind(category.updated_at.to_sqlx());
    Ok(tx.execute(insert).await? == 1)
}

/// Those of these attachments that are there, erased or not.
pub async fn attachments(
    tx: &mut Tx,
    portal: PortalId,
    ids: &[AttachmentId],
) -> Result<Vec<Attachment>, StoreError> {
    let find = query(ATTACHMENTS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()));
    let rows = tx.fetch_all(find).await?;
    rows.iter().map(attachments::from_row).collect()
}

/// Adds an attachment as it was; `false`: its id or its digest is taken.
pub async fn insert_attachment(tx: &mut Tx, attachment: &Attachment) -> Result<bool, StoreError> {
    let insert = query(INSERT_ATTACHMENT)
        .bind(attachment.portal.as_uuid())
        .bind(attachment.id.as_uuid())
        .bind(attachment.digest.0)
        .bind(&attachment.name)
        .bind(&attachment.media_type)
        .bind(attachment.byte_length)
        .bind(attachment.size.map(|(width, _)| width))
        .bind(attachment.size.map(|(_, height)| height))
        .bind(&attachment.variant_widths)
        .bind(attachment.actor.kind.as_str())
        .bind(attachment.actor.id)
        .bind(&attachment.actor.name)
        .bind(attachment.created_at.to_sqlx())
        .bind(attachment.purged_at.map(ToSqlx::to_sqlx));
    Ok(tx.execute(insert).await? == 1)
}

/// Adds the paths under which attachments came.
pub async fn insert_paths(
    tx: &mut Tx,
    portal: PortalId,
    paths: &[(AttachmentId, AttachmentPath)],
) -> Result<(), StoreError> {
    let insert = query(INSERT_PATHS)
        .bind(portal.as_uuid())
        .bind(each(paths, |(_, p)| p.source.as_str()))
        .bind(each(paths, |(_, p)| p.path.as_str()))
        .bind(each(paths, |(id, _)| id.as_uuid()));
    tx.execute(insert).await?;
    Ok(())
}

/// The redirects that stand exactly at the addresses of these.
pub async fn redirects_at(
    tx: &mut Tx,
    portal: PortalId,
    wanted: &[RedirectRow],
) -> Result<Vec<RedirectRow>, StoreError> {
    let at = query(REDIRECTS_AT)
        .bind(portal.as_uuid())
        .bind(each(wanted, |r| r.old_path.as_str()))
        .bind(each(wanted, |r| r.old_query.as_str()));
    let rows = tx.fetch_all(at).await?;
    rows.iter().map(crate::export::redirect_from).collect()
}

/// Adds redirects as they were.
pub async fn insert_redirects(
    tx: &mut Tx,
    portal: PortalId,
    rows: &[RedirectRow],
) -> Result<(), StoreError> {
    let insert = query(INSERT_REDIRECTS)
        .bind(portal.as_uuid())
        .bind(each(rows, |r| r.old_path.as_str()))
        .bind(each(rows, |r| r.old_query.as_str()))
        .bind(each(rows, |r| r.target_kind.as_str()))
        .bind(each(rows, |r| r.target_id))
        .bind(each(rows, |r| r.target_url.as_deref()))
        .bind(each(rows, |r| r.created_at.to_sqlx()));
    tx.execute(insert).await?;
    Ok(())
}

/// Locks those of these articles that are there, in the order of their ids.
pub async fn lock_articles(
    tx: &mut Tx,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<cairn_domain::article::Article>, StoreError> {
    let find = query(ARTICLES)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()));
    tx.fetch_all(find).await?.iter().map(article_from).collect()
}

/// Those of these revisions that are there.
pub async fn revisions(
    tx: &mut Tx,
    portal: PortalId,
    wanted: &[(ArticleId, i32)],
) -> Result<Vec<ExportRevision>, StoreError> {
    let find = query(REVISIONS)
        .bind(portal.as_uuid())
        .bind(each(wanted, |(id, _)| id.as_uuid()))
        .bind(each(wanted, |(_, number)| *number));
    let rows = tx.fetch_all(find).await?;
    rows.iter().map(crate::export::revision_from).collect()
}

/// Adds revisions as they were.
///
/// # Errors
/// [`StoreError::Conflict`] when one of them is there already: the transaction is over.
pub async fn insert_revisions(
    tx: &mut Tx,
    portal: PortalId,
    rows: &[ExportRevision],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let insert = query(INSERT_REVISIONS)
        .bind(portal.as_uuid())
        .bind(each(rows, |r| r.revision.article.as_uuid()))
        .bind(each(rows, |r| r.revision.number))
        .bind(each(rows, |r| r.revision.staged.title.as_str()))
        .bind(each(rows, |r| r.revision.staged.body.as_str()))
        .bind(each(rows, |r| r.revision.staged.excerpt.as_str()))
        .bind(each(rows, |r| serde_json::json!(r.revision.staged.tags)))
        .bind(each(rows, |r| r.revision.staged.author.as_deref()))
        .bind(each(rows, |r| r.revision.staged.front_matter.as_deref()))
        .bind(each(rows, |r| r.revision.actor.kind.as_str()))
        .bind(each(rows, |r| r.revision.actor.id))
        .bind(each(rows, |r| r.revision.actor.name.as_str()))
        .bind(each(rows, |r| r.revision.key.map(ApiKeyId::as_uuid)))
        .bind(each(rows, |r| r.revision.message.as_str()))
        .bind(each(rows, |r| r.revision.created_at.to_sqlx()))
        .bind(each(rows, |r| r.purged_at.map(ToSqlx::to_sqlx)));
    tx.execute(insert).await?;
    Ok(())
}

/// Adds slugs that articles had.
pub async fn insert_old_slugs(
    tx: &mut Tx,
    portal: PortalId,
    slugs: &[(ArticleId, OldSlug)],
) -> Result<(), StoreError> {
    if slugs.is_empty() {
        return Ok(());
    }
    let insert = query(INSERT_OLD_SLUGS)
        .bind(portal.as_uuid())
        .bind(each(slugs, |(_, s)| s.locale.as_str()))
        .bind(each(slugs, |(_, s)| s.slug.as_str()))
        .bind(each(slugs, |(id, _)| id.as_uuid()))
        .bind(each(slugs, |(_, s)| s.left_at.to_sqlx()));
    tx.execute(insert).await?;
    Ok(())
}

/// Says from what articles were translated, where that is not said yet; those where it was said now.
pub async fn translated_from(
    tx: &mut Tx,
    portal: PortalId,
    rows: &[(ArticleId, TranslatedFrom)],
) -> Result<Vec<ArticleId>, StoreError> {
    let say = query(TRANSLATED_FROM)
        .bind(portal.as_uuid())
        .bind(each(rows, |(id, _)| id.as_uuid()))
        .bind(each(rows, |(_, from)| from.article.as_uuid()))
        .bind(each(rows, |(_, from)| from.revision));
    let rows = tx.fetch_all(say).await?;
    rows.iter()
        .map(|row| Ok(ArticleId::from_uuid(col::<Uuid>(row, "id")?)))
        .collect()
}
