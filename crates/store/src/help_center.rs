//! What readers of the public help center see: published, audience public, nothing else.
//!
//! Every statement here names both conditions itself, so that no caller can forget them. All of them use the replica
//! pool: pages are cached and purged by the feed, and each answer says at which feed position it was read.

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, CategoryId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::revision::Staged;
use cairn_domain::slug::Slug;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::articles::{HEAD, article_columns, article_from, staged_columns, staged_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{can_be_stored, col, each, locale as locale_from, time};
use crate::statement::sql;

/// The columns of [`PublicListItem`]. Readers are told when the article was last published: the row's own time also
/// moves with drafts they may not know about.
macro_rules! item_columns {
    () => {
        "a.id, a.number, a.slug, a.category_id, coalesce(a.published_at, a.updated_at) as readers_updated_at,
       r.title, r.excerpt"
    };
}

macro_rules! public_articles {
    () => {
        "
from articles a
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = a.published_revision
where a.portal_id = $1
  and a.locale = $2
  and a.status = 'published'
  and a.audience = 'public'"
    };
}

sql! {
    // The page in one statement: unique slug, then primary keys.
    ARTICLE = concat!("
select ", article_columns!(), ",
       ", staged_columns!("r", ""), ",
       d.html, d.rendered_with, d.outline, f.pos as feed_pos
from articles a
join portal_feed f
  on f.portal_id = a.portal_id
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = a.published_revision
left join renderings d
  on d.portal_id = a.portal_id
 and d.article_id = a.id
 and d.revision = a.published_revision
where a.portal_id = $1
  and a.locale = $2
  and a.slug = $3
  and a.status = 'published'
  and a.audience = 'public'");

    REDIRECT_OF = "
select a.locale, a.slug
from slug_history h
join articles a
  on a.portal_id = h.portal_id
 and a.id = h.article_id
where h.portal_id = $1
  and h.locale = $2
  and h.slug = $3
  and a.status = 'published'
  and a.audience = 'public'";

    LISTING = concat!("
select ", item_columns!(), public_articles!(), "
  and ($3::uuid[] is null or a.category_id = any ($3))
order by a.number, a.id
limit $4");

    RECENT = concat!("
select ", item_columns!(), public_articles!(), "
  and ($3::uuid[] is null or a.category_id = any ($3))
order by readers_updated_at desc, a.id desc
limit $4");

    // The renderings say how long a text is; a text whose rendering is to come does not.
    NAMED = concat!("
select ", item_columns!(), ", (d.outline::jsonb ->> 'word_count')::int8 as word_count
from unnest($3::uuid[]) with ordinality as n (id, place)
join articles a
  on a.portal_id = $1
 and a.locale = $2
 and a.id = n.id
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = a.published_revision
left join renderings d
  on d.portal_id = a.portal_id
 and d.article_id = a.id
 and d.revision = a.published_revision
where a.status = 'published'
  and a.audience = 'public'
order by n.place
limit $4");

    TRANSLATIONS = "
select a.id, a.locale, a.slug
from articles a
where a.portal_id = $1
  and a.translation_group = $2
  and a.status = 'published'
  and a.audience = 'public'
order by a.locale, a.id";

    // What a translation was made from, as far as readers may see it.
    SOURCE = "
select a.locale, a.slug, a.published_revision
from articles a
where a.portal_id = $1
  and a.id = $2
  and a.status = 'published'
  and a.audience = 'public'";

    // A slug in other languages: those that stand at it now before those that once did.
    ELSEWHERE = "
select a.id, a.locale, a.slug, a.translation_group, 0 as age
from articles a
where a.portal_id = $1
  and a.locale = any ($2)
  and a.slug = $3
  and a.status = 'published'
  and a.audience = 'public'
union all
select a.id, a.locale, a.slug, a.translation_group, 1
from slug_history h
join articles a
  on a.portal_id = h.portal_id
 and a.id = h.article_id
where h.portal_id = $1
  and h.locale = any ($2)
  and h.slug = $3
  and a.status = 'published'
  and a.audience = 'public'
order by age";

    // In which languages there is something for readers in these categories.
    CATEGORY_LOCALES = "
select distinct a.locale
from articles a
where a.portal_id = $1
  and a.category_id = any ($2)
  and a.status = 'published'
  and a.audience = 'public'";
}

/// Everything the article page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicArticle {
    /// The live row.
    pub article: Article,
    /// The published text.
    pub staged: Staged,
    /// The stored HTML and the version of the renderer that made it.
    pub html: Option<(String, i32)>,
    /// Headings as JSON text, made with the HTML.
    pub outline: Option<String>,
    /// The portal's feed position this was read at.
    pub feed_pos: i64,
}

/// Where a remembered slug leads now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The article's language now.
    pub locale: Locale,
    /// The article's slug now.
    pub slug: Slug,
}

/// What a translation was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSource {
    /// Its language.
    pub locale: Locale,
    /// Its slug.
    pub slug: Slug,
    /// Its published revision.
    pub revision: i32,
}

/// An article that stands, or once stood, at a slug in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its id.
    pub id: ArticleId,
    /// Its language.
    pub locale: Locale,
    /// Its slug now.
    pub slug: Slug,
    /// The articles that say the same.
    pub group: TranslationGroupId,
}

/// An article in a public list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicListItem {
    /// Its id.
    pub id: ArticleId,
    /// Short number.
    pub number: i64,
    /// Path segment.
    pub slug: Slug,
    /// Published title.
    pub title: String,
    /// Published excerpt; may be empty.
    pub excerpt: String,
    /// Where it hangs in the tree.
    pub category: Option<CategoryId>,
    /// When it was last published.
    pub updated_at: Timestamp,
}

/// The article at a slug. Replica pool.
pub async fn article(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    slug: &str,
) -> Result<Option<PublicArticle>, StoreError> {
    if !can_be_stored(slug) {
        return Ok(None);
    }
    let row = query(ARTICLE)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(slug)
        .fetch_optional(store.replica())
        .await?;
    row.as_ref().map(article_page_from).transpose()
}

/// Where a slug that no live article has leads. Replica pool.
pub async fn redirect_of(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    slug: &str,
) -> Result<Option<Redirect>, StoreError> {
    if !can_be_stored(slug) {
        return Ok(None);
    }
    let row = query(REDIRECT_OF)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(slug)
        .fetch_optional(store.replica())
        .await?;
    row.map(|row| {
        Ok(Redirect {
            locale: locale_from(col(&row, "locale")?, "articles", portal)?,
            slug: Slug::from_stored(col(&row, "slug")?),
        })
    })
    .transpose()
}

/// The articles of some categories (all when absent), in the order they were made; at most `limit`. Replica pool.
pub async fn listing(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    categories: Option<&[CategoryId]>,
    limit: i64,
) -> Result<Vec<PublicListItem>, StoreError> {
    let rows = query(LISTING)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(categories.map(|ids| each(ids, |id| id.as_uuid())))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(item_from).collect()
}

/// The articles of some categories (all when absent) that were published last; at most `limit`. Replica pool.
pub async fn recently_updated(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    categories: Option<&[CategoryId]>,
    limit: i64,
) -> Result<Vec<PublicListItem>, StoreError> {
    let rows = query(RECENT)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(categories.map(|ids| each(ids, |id| id.as_uuid())))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(item_from).collect()
}

/// Of these articles those that readers of the locale may see, in this order, each with the number of words in it where
/// that is known; at most `limit`. Replica pool.
pub async fn named(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    articles: &[ArticleId],
    limit: i64,
) -> Result<Vec<(PublicListItem, Option<i64>)>, StoreError> {
    let rows = query(NAMED)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(each(articles, |id| id.as_uuid()))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| Ok((item_from(row)?, col(row, "word_count")?)))
        .collect()
}

/// The public translations of a group, the article itself among them. Replica pool.
pub async fn translations(
    store: &Store,
    portal: PortalId,
    group: TranslationGroupId,
) -> Result<Vec<(ArticleId, Locale, Slug)>, StoreError> {
    let rows = query(TRANSLATIONS)
        .bind(portal.as_uuid())
        .bind(group.as_uuid())
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                ArticleId::from_uuid(col(row, "id")?),
                locale_from(col(row, "locale")?, "articles", group)?,
                Slug::from_stored(col(row, "slug")?),
            ))
        })
        .collect()
}

/// The article a translation was made from: where it stands and its published revision. Replica pool.
pub async fn source(
    store: &Store,
    portal: PortalId,
    article: ArticleId,
) -> Result<Option<PublicSource>, StoreError> {
    let row = query(SOURCE)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .fetch_optional(store.replica())
        .await?;
    row.map(|row| {
        Ok(PublicSource {
            locale: locale_from(col(&row, "locale")?, "articles", article)?,
            slug: Slug::from_stored(col(&row, "slug")?),
            revision: col(&row, "published_revision")?,
        })
    })
    .transpose()
}

/// The public articles that stand at a slug in one of these locales, before those that once did. Replica pool.
pub async fn elsewhere(
    store: &Store,
    portal: PortalId,
    locales: &[Locale],
    slug: &str,
) -> Result<Vec<Elsewhere>, StoreError> {
    if !can_be_stored(slug) {
        return Ok(Vec::new());
    }
    let rows = query(ELSEWHERE)
        .bind(portal.as_uuid())
        .bind(each(locales, Locale::as_str))
        .bind(slug)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let id = ArticleId::from_uuid(col(row, "id")?);
            Ok(Elsewhere {
                id,
                locale: locale_from(col(row, "locale")?, "articles", id)?,
                slug: Slug::from_stored(col(row, "slug")?),
                group: TranslationGroupId::from_uuid(col(row, "translation_group")?),
            })
        })
        .collect()
}

/// The locales in which these categories hold something for readers, in no order. Replica pool.
pub async fn category_locales(
    store: &Store,
    portal: PortalId,
    categories: &[CategoryId],
) -> Result<Vec<Locale>, StoreError> {
    let rows = query(CATEGORY_LOCALES)
        .bind(portal.as_uuid())
        .bind(each(categories, |id| id.as_uuid()))
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| locale_from(col(row, "locale")?, "articles", portal))
        .collect()
}

fn article_page_from(row: &PgRow) -> Result<PublicArticle, StoreError> {
    let html: Option<String> = col(row, "html")?;
    let rendered_with: Option<i32> = col(row, "rendered_with")?;
    Ok(PublicArticle {
        article: article_from(row)?,
        staged: staged_from(row, &HEAD)?,
        html: html.zip(rendered_with),
        outline: col(row, "outline")?,
        feed_pos: col(row, "feed_pos")?,
    })
}

fn item_from(row: &PgRow) -> Result<PublicListItem, StoreError> {
    let category: Option<Uuid> = col(row, "category_id")?;
    Ok(PublicListItem {
        id: ArticleId::from_uuid(col(row, "id")?),
        number: col(row, "number")?,
        slug: Slug::from_stored(col(row, "slug")?),
        title: col(row, "title")?,
        excerpt: col(row, "excerpt")?,
        category: category.map(CategoryId::from_uuid),
        updated_at: time(row, "readers_updated_at")?,
    })
}
