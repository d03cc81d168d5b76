//! Redirects: addresses of the site before and where they lead.
//!
//! Writers hold the portal's row (`portals::lock`), so that no two of them make a chain or a loop between them. What
//! readers ask for ([`find`]) is one look into the index of folded paths; it gives only what they may see.

use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::old_address::{AskedAddress, OldAddress};
use cairn_domain::redirect::{Redirect, RedirectTarget, TargetUrl};
use cairn_domain::slug::Slug;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{can_be_stored, col, each, locale as locale_from, time};
use crate::statement::sql;
use crate::tx::Tx;

/// Rows one look may give: spellings of one path in different cases.
const FOUND_MAX: i64 = 100;

sql! {
    // Both arrays are short. A redirect to what readers may not see is not there for them.
    FIND = "
select r.old_path, r.old_query, r.target_kind, r.target_id, r.target_url, a.locale, a.slug
from redirects r
left join articles a
  on r.target_kind = 'article'
 and a.portal_id = r.portal_id
 and a.id = r.target_id
 and a.status = 'published'
 and a.audience = 'public'
where r.portal_id = $1
  and lower(r.old_path) = any ($2)
  and r.old_query = any ($3)
  and (r.target_kind <> 'article' or a.id is not null)
order by r.old_path, r.old_query
limit $4";

    AT = "
select r.old_path, r.old_query, r.target_kind, r.target_id, r.target_url
from unnest($2::text[], $3::text[]) as k (old_path, old_query)
join redirects r
  on r.portal_id = $1
 and r.old_path = k.old_path
 and r.old_query = k.old_query";

    LEADING_TO = "
select old_path, old_query, target_kind, target_id, target_url
from redirects
where portal_id = $1
  and target_url = any ($2)";

    PUT = "
insert into redirects (portal_id, old_path, old_query, target_kind, target_id, target_url, created_at)
select $1, r.old_path, r.old_query, r.target_kind, r.target_id, r.target_url, $7
from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[])
         as r (old_path, old_query, target_kind, target_id, target_url)
on conflict (portal_id, old_path, old_query) do update
set target_kind = excluded.target_kind, target_id = excluded.target_id, target_url = excluded.target_url";

    DELETE = "
delete from redirects
where portal_id = $1
  and old_path = $2
  and old_query = $3
returning old_path, old_query, target_kind, target_id, target_url";

    COUNT = "
select count(*) as redirects
from redirects
where portal_id = $1";

    LIST = "
select old_path, old_query, target_kind, target_id, target_url, created_at
from redirects
where portal_id = $1
  and (old_path, old_query) > ($2, $3)
order by old_path, old_query
limit $4";

    ARTICLES_BY_ID = "
select id
from articles
where portal_id = $1
  and id = any ($2)";

    ARTICLES_BY_NUMBER = "
select id, number
from articles
where portal_id = $1
  and number = any ($2)";

    ARTICLES_BY_SOURCE = "
select a.id, a.locale, a.source_id
from unnest($2::text[], $3::text[]) as s (locale, source_id)
join articles a
  on a.portal_id = $1
 and a.locale = s.locale
 and a.source_id = s.source_id";

    // A live slug before a remembered one.
    ARTICLES_BY_SLUG = "
select s.locale, s.slug, a.id, 0 as age
from unnest($2::text[], $3::text[]) as s (locale, slug)
join articles a
  on a.portal_id = $1
 and a.locale = s.locale
 and a.slug = s.slug
union all
select s.locale, s.slug, h.article_id, 1
from unnest($2::text[], $3::text[]) as s (locale, slug)
join slug_history h
  on h.portal_id = $1
 and h.locale = s.locale
 and h.slug = s.slug
order by age";
}

/// A redirect as readers may follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRedirect {
    /// The address it stands at.
    pub old: OldAddress,
    /// Where it leads.
    pub target: PublicTarget,
}

/// Where a redirect leads readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicTarget {
    /// A published public article, at its present address.
    Article(Locale, Slug),
    /// A category; whether it has a page depends on the language.
    Category(CategoryId),
    /// An address.
    Url(TargetUrl),
}

/// A redirect in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRedirect {
    /// The redirect.
    pub redirect: Redirect,
    /// When it was first put.
    pub created_at: Timestamp,
}

/// The redirects that may stand for an address, in no order of how well they fit. Replica pool.
pub async fn find(
    store: &Store,
    portal: PortalId,
    asked: &AskedAddress,
) -> Result<Vec<PublicRedirect>, StoreError> {
    let rows = query(FIND)
        .bind(portal.as_uuid())
        .bind(asked.folded_paths())
        .bind(asked.queries().to_vec())
        .bind(FOUND_MAX)
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(public_from).collect()
}

/// The redirects that stand exactly at these addresses.
pub async fn at(
    tx: &mut Tx,
    portal: PortalId,
    addresses: &[&OldAddress],
) -> Result<Vec<Redirect>, StoreError> {
    let at = query(AT)
        .bind(portal.as_uuid())
        .bind(each(addresses, |a| a.path()))
        .bind(each(addresses, |a| a.query()));
    tx.fetch_all(at).await?.iter().map(redirect_from).collect()
}

/// The redirects that lead to one of these addresses.
pub async fn leading_to(
    tx: &mut Tx,
    portal: PortalId,
    urls: &[String],
) -> Result<Vec<Redirect>, StoreError> {
    let leading = query(LEADING_TO).bind(portal.as_uuid()).bind(urls);
    tx.fetch_all(leading)
        .await?
        .iter()
        .map(redirect_from)
        .collect()
}

/// Adds redirects, or gives those that are there another target. No address may stand twice among them.
pub async fn put_many(
    tx: &mut Tx,
    portal: PortalId,
    redirects: &[Redirect],
    now: Timestamp,
) -> Result<(), StoreError> {
    if redirects.is_empty() {
        return Ok(());
    }
    let put = query(PUT)
        .bind(portal.as_uuid())
        .bind(each(redirects, |r| r.old.path()))
        .bind(each(redirects, |r| r.old.query()))
        .bind(each(redirects, |r| kind(&r.target)))
        .bind(each(redirects, |r| target_id(&r.target)))
        .bind(each(redirects, |r| target_url(&r.target)))
        .bind(now.to_sqlx());
    tx.execute(put).await?;
    Ok(())
}

/// Takes a redirect away; what it was, or nothing when there was none.
pub async fn delete(
    tx: &mut Tx,
    portal: PortalId,
    old: &OldAddress,
) -> Result<Option<Redirect>, StoreError> {
    let delete = query(DELETE)
        .bind(portal.as_uuid())
        .bind(old.path())
        .bind(old.query());
    let row = tx.fetch_optional(delete).await?;
    row.as_ref().map(redirect_from).transpose()
}

/// How many redirects the portal has.
pub async fn count(tx: &mut Tx, portal: PortalId) -> Result<i64, StoreError> {
    let row = tx
        .fetch_optional(query(COUNT).bind(portal.as_uuid()))
        .await?
        .ok_or_else(|| StoreError::inconsistent("redirects", "portal_id", portal))?;
    col(&row, "redirects")
}

/// Redirects in the order of their addresses, those behind `after`; at most `limit`. Primary pool.
pub async fn list(
    store: &Store,
    portal: PortalId,
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<ListedRedirect>, StoreError> {
    // Every path begins with a slash, so that nothing stands before the empty text.
    let (path, old_query) = after.unwrap_or_default();
    if !can_be_stored(path) || !can_be_stored(old_query) {
        return Ok(Vec::new());
    }
    let rows = query(LIST)
        .bind(portal.as_uuid())
        .bind(path)
        .bind(old_query)
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ListedRedirect {
                redirect: redirect_from(row)?,
                created_at: time(row, "created_at")?,
            })
        })
        .collect()
}

/// Those of these articles that are the portal's.
pub async fn articles_by_id(
    tx: &mut Tx,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<ArticleId>, StoreError> {
    let by_id = query(ARTICLES_BY_ID)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()));
    tx.fetch_all(by_id).await?.iter().map(article_id).collect()
}

/// The portal's articles with these numbers.
pub async fn articles_by_number(
    tx: &mut Tx,
    portal: PortalId,
    numbers: &[i64],
) -> Result<Vec<(i64, ArticleId)>, StoreError> {
    let by_number = query(ARTICLES_BY_NUMBER)
        .bind(portal.as_uuid())
        .bind(numbers);
    let rows = tx.fetch_all(by_number).await?;
    rows.iter()
        .map(|row| Ok((col(row, "number")?, article_id(row)?)))
        .collect()
}

/// The portal's articles that came from these sources: locale, source id, article.
pub async fn articles_by_source(
    tx: &mut Tx,
    portal: PortalId,
    sources: &[(Locale, String)],
) -> Result<Vec<(Locale, String, ArticleId)>, StoreError> {
    let by_source = query(ARTICLES_BY_SOURCE)
        .bind(portal.as_uuid())
        .bind(each(sources, |(locale, _)| locale.as_str()))
        .bind(each(sources, |(_, id)| id.as_str()));
    let rows = tx.fetch_all(by_source).await?;
    rows.iter()
        .map(|row| {
            let id = article_id(row)?;
            let locale = locale_from(col(row, "locale")?, "articles", id)?;
            Ok((locale, col(row, "source_id")?, id))
        })
        .collect()
}

/// The portal's articles at these slugs, those that stand there now before those that once did.
pub async fn articles_by_slug(
    tx: &mut Tx,
    portal: PortalId,
    slugs: &[(Locale, String)],
) -> Result<Vec<(Locale, String, ArticleId)>, StoreError> {
    let by_slug = query(ARTICLES_BY_SLUG)
        .bind(portal.as_uuid())
        .bind(each(slugs, |(locale, _)| locale.as_str()))
        .bind(each(slugs, |(_, slug)| slug.as_str()));
    let rows = tx.fetch_all(by_slug).await?;
    rows.iter()
        .map(|row| {
            let id = article_id(row)?;
            let locale = locale_from(col(row, "locale")?, "articles", id)?;
            Ok((locale, col(row, "slug")?, id))
        })
        .collect()
}

fn article_id(row: &PgRow) -> Result<ArticleId, StoreError> {
    Ok(ArticleId::from_uuid(col(row, "id")?))
}

fn kind(target: &RedirectTarget) -> &'static str {
    match target {
        RedirectTarget::Article(_) => "article",
        RedirectTarget::Category(_) => "category",
        RedirectTarget::Url(_) => "url",
    }
}

fn target_id(target: &RedirectTarget) -> Option<Uuid> {
    match target {
        RedirectTarget::Article(id) => Some(id.as_uuid()),
        RedirectTarget::Category(id) => Some(id.as_uuid()),
        RedirectTarget::Url(_) => None,
    }
}

fn target_url(target: &RedirectTarget) -> Option<&str> {
    match target {
        RedirectTarget::Url(url) => Some(url.as_str()),
        RedirectTarget::Article(_) | RedirectTarget::Category(_) => None,
    }
}

fn old_from(row: &PgRow) -> Result<OldAddress, StoreError> {
    Ok(OldAddress::from_stored(
        col(row, "old_path")?,
        col(row, "old_query")?,
    ))
}

fn redirect_from(row: &PgRow) -> Result<Redirect, StoreError> {
    let old = old_from(row)?;
    let id: Option<Uuid> = col(row, "target_id")?;
    let url: Option<String> = col(row, "target_url")?;
    let target = match (col::<&str>(row, "target_kind")?, id, url) {
        ("article", Some(id), None) => RedirectTarget::Article(ArticleId::from_uuid(id)),
        ("category", Some(id), None) => RedirectTarget::Category(CategoryId::from_uuid(id)),
        ("url", None, Some(url)) => RedirectTarget::Url(TargetUrl::from_stored(url)),
        _ => {
            return Err(StoreError::inconsistent(
                "redirects",
                "target_kind",
                old.path(),
            ));
        }
    };
    Ok(Redirect { old, target })
}

fn public_from(row: &PgRow) -> Result<PublicRedirect, StoreError> {
    let Redirect { old, target } = redirect_from(row)?;
    let target = match target {
        RedirectTarget::Article(id) => PublicTarget::Article(
            locale_from(col(row, "locale")?, "articles", id)?,
            Slug::from_stored(col(row, "slug")?),
        ),
        RedirectTarget::Category(id) => PublicTarget::Category(id),
        RedirectTarget::Url(url) => PublicTarget::Url(url),
    };
    Ok(PublicRedirect { old, target })
}
