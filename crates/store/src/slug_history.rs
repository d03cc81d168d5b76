//! Old slugs of articles. A live slug wins over a remembered one: whoever takes a slug releases its memory.

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{can_be_stored, col, each};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    // The last article that left the slug gets the redirect.
    KEEP = "
insert into slug_history (portal_id, locale, slug, article_id, created_at)
values ($1, $2, $3, $4, $5)
on conflict (portal_id, locale, slug) do update
set article_id = excluded.article_id, created_at = excluded.created_at";

    // Two articles of one statement never leave the same slug: it was unique among the live ones.
    KEEP_MANY = "
insert into slug_history (portal_id, locale, slug, article_id, created_at)
select $1, u.locale, u.slug, u.article_id, $5
from unnest($2::text[], $3::text[], $4::uuid[]) as u (locale, slug, article_id)
on conflict (portal_id, locale, slug) do update
set article_id = excluded.article_id, created_at = excluded.created_at";

    RELEASE = "
delete from slug_history
where portal_id = $1
  and locale = $2
  and slug = $3";

    RELEASE_MANY = "
delete from slug_history h
using unnest($2::text[], $3::text[]) as s (locale, slug)
where h.portal_id = $1
  and h.locale = s.locale
  and h.slug = s.slug";

    FIND = "
select article_id
from slug_history
where portal_id = $1
  and locale = $2
  and slug = $3";
}

/// Remembers that `article` stood at `slug` until now.
pub async fn keep(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
    slug: &str,
    article: ArticleId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let keep = query(KEEP)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(slug)
        .bind(article.as_uuid())
        .bind(at.to_sqlx());
    tx.execute(keep).await?;
    Ok(())
}

/// Remembers where many articles of a portal stood until now.
pub async fn keep_many(
    tx: &mut Tx,
    portal: PortalId,
    slugs: &[(&Locale, &str, ArticleId)],
    at: Timestamp,
) -> Result<(), StoreError> {
    if slugs.is_empty() {
        return Ok(());
    }
    let keep = query(KEEP_MANY)
        .bind(portal.as_uuid())
        .bind(each(slugs, |(locale, _, _)| locale.as_str()))
        .bind(each(slugs, |(_, slug, _)| *slug))
        .bind(each(slugs, |(_, _, article)| article.as_uuid()))
        .bind(at.to_sqlx());
    tx.execute(keep).await?;
    Ok(())
}

/// Forgets who stood at `slug`, because an article takes it; whether there was something to forget.
pub async fn release(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
    slug: &str,
) -> Result<bool, StoreError> {
    let release = query(RELEASE)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(slug);
    Ok(tx.execute(release).await? > 0)
}

/// Forgets many slugs of a portal, because live articles took them.
pub async fn release_many(
    tx: &mut Tx,
    portal: PortalId,
    slugs: &[(&Locale, &str)],
) -> Result<(), StoreError> {
    let release = query(RELEASE_MANY)
        .bind(portal.as_uuid())
        .bind(
            slugs
                .iter()
                .map(|(locale, _)| locale.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(slugs.iter().map(|(_, slug)| *slug).collect::<Vec<_>>());
    tx.execute(release).await?;
    Ok(())
}

/// Which article stood at `slug`. Primary pool.
pub async fn find(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    slug: &str,
) -> Result<Option<ArticleId>, StoreError> {
    if !can_be_stored(slug) {
        return Ok(None);
    }
    let row = query(FIND)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(slug)
        .fetch_optional(store.primary())
        .await?;
    row.map(|row| Ok(ArticleId::from_uuid(col(&row, "article_id")?)))
        .transpose()
}
