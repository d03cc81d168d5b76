//! Read counts: how often each article was opened, in sums by day.
//!
//! Sums are added to, never set, so that several servers may write the same row; rows are taken in the order of their
//! keys, so that two of them cannot wait for each other. A portal gets at most one row for each of its articles and
//! day: what is no article of it is never counted.

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::prune;
use crate::row::{col, each, locale as locale_from};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    ADD = "
insert into read_counts as c (portal_id, day, article_id, reads)
select $1, $2, n.article_id, n.reads
from unnest($3::uuid[], $4::int8[]) as n (article_id, reads)
join articles a
  on a.portal_id = $1
 and a.id = n.article_id
order by n.article_id
on conflict (portal_id, day, article_id) do update
set reads = c.reads + excluded.reads";

    PRUNE = "
delete from read_counts
where portal_id = $1
  and ctid = any (array(select ctid from read_counts where portal_id = $1 and day < $2 limit $3))";

    // Those that were read most first; the order ends in the id. The title and slug are those of the head.
    REPORT = "
with summed as (
    select article_id, sum(reads)::int8 as reads
    from read_counts
    where portal_id = $1
      and day between $2 and $3
    group by article_id
)
select s.article_id, s.reads, a.locale, a.slug, r.title
from summed s
join articles a
  on a.portal_id = $1
 and a.id = s.article_id
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = a.head_revision
where ($4::text is null or a.locale = $4)
  and ($5::int8 is null or s.reads < $5 or (s.reads = $5 and s.article_id > $6))
order by s.reads desc, s.article_id
limit $7";

    // What is listed, added up.
    TOTAL = "
select coalesce(sum(c.reads), 0)::int8 as reads
from read_counts c
join articles a
  on a.portal_id = c.portal_id
 and a.id = c.article_id
where c.portal_id = $1
  and c.day between $2 and $3
  and ($4::text is null or a.locale = $4)";

    // For the first pages of a portal, in each language: of what readers may see now. Pages look again when they show it.
    READ_MOST = "
select locale, article_id
from (
    select a.locale, c.article_id,
           row_number() over (partition by a.locale order by sum(c.reads) desc, c.article_id) as place
    from read_counts c
    join articles a
      on a.portal_id = c.portal_id
     and a.id = c.article_id
    where c.portal_id = $1
      and c.day between $2 and $3
      and a.status = 'published'
      and a.audience = 'public'
    group by a.locale, c.article_id
    having sum(c.reads) >= $4
) as m
where place <= $5
order by locale, place";
}

/// Reads of one article that are to be added to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArticleReads {
    /// Which article.
    pub article: ArticleId,
    /// How many.
    pub reads: i64,
}

/// What a report covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSpan {
    /// Of which portal.
    pub portal: PortalId,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// One language; all when absent.
    pub locale: Option<Locale>,
}

/// One article of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedReads {
    /// Which article.
    pub article: ArticleId,
    /// How often it was opened.
    pub reads: i64,
    /// Its language.
    pub locale: Locale,
    /// Its slug now.
    pub slug: String,
    /// Its title now.
    pub title: String,
}

/// Adds the reads of one portal to a day.
pub async fn add(
    tx: &mut Tx,
    portal: PortalId,
    day: Date,
    reads: &[ArticleReads],
) -> Result<(), StoreError> {
    let add = query(ADD)
        .bind(portal.as_uuid())
        .bind(day.to_sqlx())
        .bind(each(reads, |r| r.article.as_uuid()))
        .bind(each(reads, |r| r.reads));
    tx.execute(add).await?;
    Ok(())
}

/// Deletes what is older than a day; how many rows. In pieces, so that nobody waits for it. Primary pool.
pub async fn prune(store: &Store, portal: PortalId, before: Date) -> Result<u64, StoreError> {
    prune::in_pieces(store, PRUNE, portal, before.to_sqlx()).await
}

/// The articles of a report behind `after` (reads and id); at most `limit`. Replica pool.
pub async fn report(
    store: &Store,
    span: &ReadSpan,
    after: Option<(i64, ArticleId)>,
    limit: i64,
) -> Result<Vec<ReportedReads>, StoreError> {
    let rows = query(REPORT)
        .bind(span.portal.as_uuid())
        .bind(span.from.to_sqlx())
        .bind(span.to.to_sqlx())
        .bind(span.locale.as_ref().map(Locale::as_str))
        .bind(after.map(|(reads, _)| reads))
        .bind(after.map(|(_, article)| article.as_uuid()))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(reported_from).collect()
}

/// All reads of a report together. Replica pool.
pub async fn total(store: &Store, span: &ReadSpan) -> Result<i64, StoreError> {
    let row = query(TOTAL)
        .bind(span.portal.as_uuid())
        .bind(span.from.to_sqlx())
        .bind(span.to.to_sqlx())
        .bind(span.locale.as_ref().map(Locale::as_str))
        .fetch_one(store.replica())
        .await?;
    col(&row, "reads")
}

/// Of each language of a portal the public articles that were read most in these days, most first: those with `min` reads
/// or more, at most `max`. Replica pool.
pub async fn read_most(
    store: &Store,
    portal: PortalId,
    (from, to): (Date, Date),
    min: i64,
    max: i64,
) -> Result<Vec<(Locale, ArticleId)>, StoreError> {
    let rows = query(READ_MOST)
        .bind(portal.as_uuid())
        .bind(from.to_sqlx())
        .bind(to.to_sqlx())
        .bind(min)
        .bind(max)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            let locale = locale_from(col(row, "locale")?, "articles", article)?;
            Ok((locale, article))
        })
        .collect()
}

fn reported_from(row: &PgRow) -> Result<ReportedReads, StoreError> {
    let article = ArticleId::from_uuid(col(row, "article_id")?);
    Ok(ReportedReads {
        article,
        reads: col(row, "reads")?,
        locale: locale_from(col(row, "locale")?, "articles", article)?,
        slug: col(row, "slug")?,
        title: col(row, "title")?,
    })
}
