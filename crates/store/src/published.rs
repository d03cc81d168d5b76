//! All published, public articles of a portal, in order and page by page: for what is made for machines.
//!
//! Every statement here names both conditions itself, and the locales: an article in a locale the portal no longer has
//! is reached by nobody. All of them use the replica pool. A page is bounded by rows, and by bytes where it has bodies.

use cairn_domain::ids::{CategoryId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use jiff::Timestamp;
use sqlx::query;
use sqlx::query_scalar;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, locale as locale_from, time};
use crate::statement::sql;

/// Rows of one page of bodies; the bytes bound it as well.
const BODY_PAGE_ROWS: i64 = 100;

sql! {
    // The first article of each part of so many.
    STARTS = "
select numbered.number
from (select a.number, row_number() over (order by a.number) as place
      from articles a
      where a.portal_id = $1
        and a.locale = any ($2)
        and a.status = 'published'
        and a.audience = 'public') numbered
where (numbered.place - 1) % $3 = 0
order by numbered.number";

    ADDRESSES = "
select a.number, a.locale, a.slug, a.translation_group, coalesce(a.published_at, a.updated_at) as readers_updated_at
from articles a
where a.portal_id = $1
  and a.locale = any ($2)
  and a.status = 'published'
  and a.audience = 'public'
  and a.number >= $3
order by a.number
limit $4";

    OF_GROUPS = "
select a.translation_group, a.locale, a.slug
from articles a
where a.portal_id = $1
  and a.locale = any ($2)
  and a.translation_group = any ($3)
  and a.status = 'published'
  and a.audience = 'public'
order by a.translation_group, a.locale, a.id";

    // In which categories and languages there is something for readers, and when it last changed.
    PLACES = "
select a.category_id, a.locale, max(coalesce(a.published_at, a.updated_at)) as readers_updated_at
from articles a
where a.portal_id = $1
  and a.locale = any ($2)
  and a.status = 'published'
  and a.audience = 'public'
group by a.category_id, a.locale";

    // Cut where the bodies before an article come to so many bytes: one article always goes.
    BODIES = "
select page.number, page.slug, page.title, page.body, page.readers_updated_at
from (select a.number, a.slug, r.title, r.body, coalesce(a.published_at, a.updated_at) as readers_updated_at,
             sum(octet_length(r.body)) over (order by a.number) - octet_length(r.body) as bytes_before
      from articles a
      join revisions r
        on r.portal_id = a.portal_id
       and r.article_id = a.id
       and r.revision = a.published_revision
      where a.portal_id = $1
        and a.locale = $2
        and a.status = 'published'
        and a.audience = 'public'
        and a.number > $3
      order by a.number
      limit $4) page
where page.bytes_before < $5
order by page.number";
}

/// Where an article stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress {
    /// Its number: the order of these lists.
    pub number: i64,
    /// Its language.
    pub locale: Locale,
    /// Path segment.
    pub slug: Slug,
    /// The articles that say the same.
    pub group: TranslationGroupId,
    /// When it was last published.
    pub updated_at: Timestamp,
}

/// A category and a language with something for readers in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPlace {
    /// The category; none for articles outside the tree.
    pub category: Option<CategoryId>,
    /// The language.
    pub locale: Locale,
    /// When anything in it was last published.
    pub updated_at: Timestamp,
}

/// An article with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicText {
    /// Its number: the order of these lists.
    pub number: i64,
    /// Path segment.
    pub slug: Slug,
    /// Published title.
    pub title: String,
    /// Published Markdown.
    pub body: String,
    /// When it was last published.
    pub updated_at: Timestamp,
}

/// The number of the first article of each part, when the articles of these locales are parted by so many. Replica pool.
pub async fn starts(
    store: &Store,
    portal: PortalId,
    locales: &[Locale],
    part: i64,
) -> Result<Vec<i64>, StoreError> {
    let numbers = query_scalar(STARTS)
        .bind(portal.as_uuid())
        .bind(each(locales, Locale::as_str))
        .bind(part)
        .fetch_all(store.replica())
        .await?;
    Ok(numbers)
}

/// Where the articles of these locales stand, from a number on; at most `limit`. Replica pool.
pub async fn addresses(
    store: &Store,
    portal: PortalId,
    locales: &[Locale],
    from: i64,
    limit: i64,
) -> Result<Vec<PublicAddress>, StoreError> {
    let rows = query(ADDRESSES)
        .bind(portal.as_uuid())
        .bind(each(locales, Locale::as_str))
        .bind(from)
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let number: i64 = col(row, "number")?;
            Ok(PublicAddress {
                number,
                locale: locale_from(col(row, "locale")?, "articles", number)?,
                slug: Slug::from_stored(col(row, "slug")?),
                group: TranslationGroupId::from_uuid(col(row, "translation_group")?),
                updated_at: time(row, "readers_updated_at")?,
            })
        })
        .collect()
}

/// The articles of these groups, by group. Replica pool.
pub async fn of_groups(
    store: &Store,
    portal: PortalId,
    locales: &[Locale],
    groups: &[TranslationGroupId],
) -> Result<Vec<(TranslationGroupId, Locale, Slug)>, StoreError> {
    let rows = query(OF_GROUPS)
        .bind(portal.as_uuid())
        .bind(each(locales, Locale::as_str))
        .bind(each(groups, |group| group.as_uuid()))
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let group = TranslationGroupId::from_uuid(col(row, "translation_group")?);
            Ok((
                group,
                locale_from(col(row, "locale")?, "articles", group)?,
                Slug::from_stored(col(row, "slug")?),
            ))
        })
        .collect()
}

/// In which categories and locales there is something for readers, in no order. Replica pool.
pub async fn places(
    store: &Store,
    portal: PortalId,
    locales: &[Locale],
) -> Result<Vec<PublicPlace>, StoreError> {
    let rows = query(PLACES)
        .bind(portal.as_uuid())
        .bind(each(locales, Locale::as_str))
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let category: Option<Uuid> = col(row, "category_id")?;
            Ok(PublicPlace {
                category: category.map(CategoryId::from_uuid),
                locale: locale_from(col(row, "locale")?, "articles", portal)?,
                updated_at: time(row, "readers_updated_at")?,
            })
        })
        .collect()
}

/// The articles of a locale with their text, above a number, until their bodies come to `bytes`: the one with which they
/// do is the last, so that a page is never empty before the end. Replica pool.
pub async fn bodies(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    after: i64,
    bytes: i64,
) -> Result<Vec<PublicText>, StoreError> {
    let rows = query(BODIES)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(after)
        .bind(BODY_PAGE_ROWS)
        .bind(bytes)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(PublicText {
                number: col(row, "number")?,
                slug: Slug::from_stored(col(row, "slug")?),
                title: col(row, "title")?,
                body: col(row, "body")?,
                updated_at: time(row, "readers_updated_at")?,
            })
        })
        .collect()
}
