//! Many articles in one round trip, for imports: the columns travel as arrays.

use cairn_domain::article::Article;
use cairn_domain::ids::ArticleId;
use jiff_sqlx::ToSqlx;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::row::{col, each, one_portal};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    INSERT_MANY = "
insert into articles (portal_id, id, number, locale, translation_group, slug, category_id, audience, status,
                      head_revision, published_revision, row_version, source_id, created_at, updated_at, published_at,
                      translated_from, translated_revision, purged_at)
select $1, u.*
from unnest($2::uuid[], $3::int8[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::text[],
            $10::int4[], $11::int4[], $12::int8[], $13::text[], $14::timestamptz[], $15::timestamptz[],
            $16::timestamptz[], $17::uuid[], $18::int4[], $19::timestamptz[]) as u
on conflict do nothing
returning id";

    SAVE_MANY = "
update articles a
set locale = u.locale, translation_group = u.translation_group, slug = u.slug, category_id = u.category_id,
    audience = u.audience, status = u.status, head_revision = u.head_revision,
    published_revision = u.published_revision, row_version = u.row_version, source_id = u.source_id,
    updated_at = u.updated_at, published_at = u.published_at, translated_from = u.translated_from,
    translated_revision = u.translated_revision, purged_at = u.purged_at, created_at = u.created_at
from unnest($2::uuid[], $3::int8[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::text[],
            $10::int4[], $11::int4[], $12::int8[], $13::text[], $14::timestamptz[], $15::timestamptz[],
            $16::uuid[], $17::int4[], $18::timestamptz[], $19::timestamptz[])
     as u (id, old_row_version, locale, translation_group, slug, category_id, audience, status,
           head_revision, published_revision, row_version, source_id, updated_at, published_at,
           translated_from, translated_revision, purged_at, created_at)
where a.portal_id = $1
  and a.id = u.id
  and a.row_version = u.old_row_version";
}

/// Adds many articles of one portal and gives the ids of those that were added: the others met a taken slug, source
/// id, number or id, and nothing was done about them. Head revisions must be appended in the same transaction.
pub async fn insert_many(tx: &mut Tx, articles: &[Article]) -> Result<Vec<ArticleId>, StoreError> {
    let Some(portal) = one_portal(articles.iter().map(|a| a.portal))? else {
        return Ok(Vec::new());
    };
    let insert = query(INSERT_MANY)
        .bind(portal.as_uuid())
        .bind(each(articles, |a| a.id.as_uuid()))
        .bind(each(articles, |a| a.number))
        .bind(each(articles, |a| a.locale.as_str()))
        .bind(each(articles, |a| a.translation_group.as_uuid()))
        .bind(each(articles, |a| a.slug.as_str()))
        .bind(each(articles, |a| a.category.map(|c| c.as_uuid())))
        .bind(each(articles, |a| a.audience.as_str()))
        .bind(each(articles, |a| a.status.as_str()))
        .bind(each(articles, |a| a.head_revision))
        .bind(each(articles, |a| a.published_revision))
        .bind(each(articles, |a| a.row_version))
        .bind(each(articles, |a| a.source_id.as_deref()))
        .bind(each(articles, |a| a.created_at.to_sqlx()))
        .bind(each(articles, |a| a.updated_at.to_sqlx()))
        .bind(each(articles, |a| a.published_at.map(ToSqlx::to_sqlx)))
        .bind(each(articles, |a| {
            a.translated_from.map(|t| t.article.as_uuid())
        }))
        .bind(each(articles, |a| a.translated_from.map(|t| t.revision)))
        .bind(each(articles, |a| a.purged_at.map(ToSqlx::to_sqlx)));
    let rows = tx.fetch_all(insert).await?;
    rows.iter()
        .map(|row| Ok(ArticleId::from_uuid(col::<Uuid>(row, "id")?)))
        .collect()
}

/// Saves many locked articles of one portal, each with the row version it was read at.
///
/// # Errors
/// [`StoreError::Stale`] when one of them is not at that version; [`StoreError::Conflict`] with
/// `constraint::ARTICLE_SLUG` when a slug is taken: the transaction is over.
pub async fn save_many(tx: &mut Tx, articles: &[(Article, i64)]) -> Result<(), StoreError> {
    let Some(portal) = one_portal(articles.iter().map(|(a, _)| a.portal))? else {
        return Ok(());
    };
    let save = query(SAVE_MANY)
        .bind(portal.as_uuid())
        .bind(each(articles, |(a, _)| a.id.as_uuid()))
        .bind(each(articles, |(_, old_row_version)| *old_row_version))
        .bind(each(articles, |(a, _)| a.locale.as_str()))
        .bind(each(articles, |(a, _)| a.translation_group.as_uuid()))
        .bind(each(articles, |(a, _)| a.slug.as_str()))
        .bind(each(articles, |(a, _)| a.category.map(|c| c.as_uuid())))
        .bind(each(articles, |(a, _)| a.audience.as_str()))
        .bind(each(articles, |(a, _)| a.status.as_str()))
        .bind(each(articles, |(a, _)| a.head_revision))
        .bind(each(articles, |(a, _)| a.published_revision))
        .bind(each(articles, |(a, _)| a.row_version))
        .bind(each(articles, |(a, _)| a.source_id.as_deref()))
        .bind(each(articles, |(a, _)| a.updated_at.to_sqlx()))
        .bind(each(articles, |(a, _)| a.published_at.map(ToSqlx::to_sqlx)))
        .bind(each(articles, |(a, _)| {
            a.translated_from.map(|t| t.article.as_uuid())
        }))
        .bind(each(articles, |(a, _)| {
            a.translated_from.map(|t| t.revision)
        }))
        .bind(each(articles, |(a, _)| a.purged_at.map(ToSqlx::to_sqlx)))
        .bind(each(articles, |(a, _)| a.created_at.to_sqlx()));
    if tx.execute(save).await? != articles.len() as u64 {
        return Err(StoreError::Stale {
            table: "articles",
            id: articles[0].0.id.as_uuid(),
        });
    }
    Ok(())
}
