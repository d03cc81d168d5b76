//! Search counts: sums by day of what was searched for, and which results were opened.
//!
//! Sums are added to, never set, so that several servers may write the same row; rows are taken in the order of their
//! keys, so that two of them cannot wait for each other. How many rows a portal gets for a day is bounded here: who
//! searches for something new every time fills no disk.

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::COUNTED_QUERIES_PER_DAY_MAX;
use cairn_domain::locale::Locale;
use cairn_domain::search_count::{KeptQuery, SearchCounts, SearchSource};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::prune;
use crate::row::{can_be_stored, col, each, locale as locale_from};
use crate::statement::sql;
use crate::tx::Tx;

/// Most rows of opened results one portal gets for a day.
const CLICK_ROWS_PER_DAY_MAX: i64 = COUNTED_QUERIES_PER_DAY_MAX;

sql! {
    // Whether a day is full; looks at no more rows than make it so.
    ROWS_OF_DAY = "
select (select count(*)
        from (select 1 from search_counts where portal_id = $1 and day = $2 limit $3) as c) as counts,
       (select count(*)
        from (select 1 from search_clicks where portal_id = $1 and day = $2 limit $4) as k) as clicks";

    // $10: the day is full, so that what is new in it stands under the empty query.
    ADD = "
insert into search_counts as c (portal_id, day, locale, source, query, searches, zero_results, low_results, results_sum, clicks)
select $1, $2, n.locale, n.source, case when $10 and k.query is null then '' else n.query end as query,
       sum(n.searches)::int8, sum(n.zero_results)::int8, sum(n.low_results)::int8, sum(n.results_sum)::int8,
       sum(n.clicks)::int8
from unnest($3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $11::int8[])
         as n (locale, source, query, searches, zero_results, low_results, results_sum, clicks)
left join search_counts k
  on k.portal_id = $1
 and k.day = $2
 and k.locale = n.locale
 and k.source = n.source
 and k.query = n.query
group by 3, 4, 5
order by 3, 4, 5
on conflict (portal_id, day, locale, source, query) do update
set searches = c.searches + excluded.searches, zero_results = c.zero_results + excluded.zero_results,
    low_results = c.low_results + excluded.low_results, results_sum = c.results_sum + excluded.results_sum,
    clicks = c.clicks + excluded.clicks";

    // What is opened of a query that stands under no words, or has no row any more, is no result of anything.
    ADD_CLICKS = "
insert into search_clicks as c (portal_id, day, locale, query, article_id, clicks)
select $1, $2, n.locale, n.query, n.article_id, n.clicks
from unnest($3::text[], $4::text[], $5::uuid[], $6::int8[]) as n (locale, query, article_id, clicks)
join search_counts k
  on k.portal_id = $1
 and k.day = $2
 and k.locale = n.locale
 and k.source = 'web'
 and k.query = n.query
order by n.locale, n.query, n.article_id
on conflict (portal_id, day, locale, query, article_id) do update
set clicks = c.clicks + excluded.clicks";

    PRUNE_COUNTS = "
delete from search_counts
where portal_id = $1
  and ctid = any (array(select ctid from search_counts where portal_id = $1 and day < $2 limit $3))";

    PRUNE_CLICKS = "
delete from search_clicks
where portal_id = $1
  and ctid = any (array(select ctid from search_clicks where portal_id = $1 and day < $2 limit $3))";

    // $6: what the list is ordered by, and so what is in it. $7 and $8: the place behind which the page begins.
    REPORT = "
with summed as (
    select query,
           sum(searches)::int8 as searches,
           sum(zero_results)::int8 as zero_results,
           sum(low_results)::int8 as low_results,
           sum(results_sum)::int8 as results_sum,
           sum(clicks)::int8 as clicks,
           coalesce(sum(searches) filter (where source = 'web'), 0)::int8 as web_searches,
           coalesce(sum(searches - zero_results) filter (where source = 'web'), 0)::int8 as web_found
    from search_counts
    where portal_id = $1
      and day between $2 and $3
      and ($4::text is null or locale = $4)
      and ($5::text is null or source = $5)
      and query <> ''
    group by query
),
ranked as (
    select s.*,
           case $6::text
               when 'top' then searches
               when 'zero' then zero_results
               when 'low' then low_results
               when 'unclicked' then case when clicks = 0 then web_found else 0 end
           end as rank
    from summed s
)
select query, searches, zero_results, low_results, results_sum, clicks, web_searches, rank
from ranked
where rank > 0
  and ($7::int8 is null or rank < $7 or (rank = $7 and query > $8::text))
order by rank desc, query
limit $9";

    TOTALS = "
select coalesce(sum(searches), 0)::int8 as searches,
       coalesce(sum(zero_results), 0)::int8 as zero_results,
       coalesce(sum(low_results), 0)::int8 as low_results,
       coalesce(sum(results_sum), 0)::int8 as results_sum,
       coalesce(sum(clicks), 0)::int8 as clicks,
       coalesce(sum(searches) filter (where source = 'web'), 0)::int8 as web_searches,
       coalesce(sum(searches) filter (where query = ''), 0)::int8 as withheld
from search_counts
where portal_id = $1
  and day between $2 and $3
  and ($4::text is null or locale = $4)
  and ($5::text is null or source = $5)";

    OPENED = "
select query, article_id, clicks
from (
    select query, article_id, sum(clicks)::int8 as clicks,
           row_number() over (partition by query order by sum(clicks) desc, article_id) as place
    from search_clicks
    where portal_id = $1
      and day between $2 and $3
      and ($4::text is null or locale = $4)
      and query = any ($5)
    group by query, article_id
) as o
where place <= $6
order by query, place";

    // For the first pages of a portal, in each language: what readers searched for on several days and found.
    OFTEN_ASKED = "
select locale, query
from (
    select locale, query,
           row_number() over (partition by locale order by sum(searches) desc, query) as place
    from search_counts
    where portal_id = $1
      and day between $2 and $3
      and source = 'web'
      and locale <> ''
      and query <> ''
    group by locale, query
    having sum(searches) >= $4
       and count(*) >= $5
       and sum(zero_results) < sum(searches)
) as o
where place <= $6
order by locale, place";
}

/// Counts of one query on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// In which language; none: in several at once.
    pub locale: Option<Locale>,
    /// Through which door.
    pub source: SearchSource,
    /// Its words.
    pub query: KeptQuery,
    /// What became of it.
    pub counts: SearchCounts,
}

/// Results of one query that were opened on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// In which language.
    pub locale: Option<Locale>,
    /// Its words.
    pub query: KeptQuery,
    /// Which article.
    pub article: ArticleId,
    /// How often.
    pub clicks: i64,
}

/// What a report covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Of which portal.
    pub portal: PortalId,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// One language, or all.
    pub locale: Option<Locale>,
    /// One door, or all.
    pub source: Option<SearchSource>,
}

/// Which queries a report lists, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranking {
    /// All, the most frequent first.
    Top,
    /// Those that found nothing, most often first.
    Zero,
    /// Those that found little, most often first.
    Low,
    /// Those that found something on the search page and had no result opened, the most frequent first.
    Unclicked,
}

impl Ranking {
    /// All of them.
    pub const ALL: [Ranking; 4] = [Self::Top, Self::Zero, Self::Low, Self::Unclicked];

    /// The word in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Zero => "zero",
            Self::Low => "low",
            Self::Unclicked => "unclicked",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

/// One query of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Its words.
    pub query: String,
    /// What became of it.
    pub counts: SearchCounts,
    /// Of the searches, those on the search page: only their results can be opened.
    pub web_searches: i64,
    /// What it is ordered by.
    pub rank: i64,
}

/// All searches of a report together, those without words included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// What became of them.
    pub counts: SearchCounts,
    /// Of the searches, those on the search page.
    pub web_searches: i64,
    /// Of the searches, those whose words are not kept.
    pub withheld: i64,
}

/// Adds the counts of one portal on one day.
pub async fn add(
    tx: &mut Tx,
    portal: PortalId,
    day: Date,
    counted: &[Counted],
    opened: &[Opened],
) -> Result<(), StoreError> {
    let rows_of_day = query(ROWS_OF_DAY)
        .bind(portal.as_uuid())
        .bind(day.to_sqlx())
        .bind(COUNTED_QUERIES_PER_DAY_MAX)
        .bind(CLICK_ROWS_PER_DAY_MAX);
    let there = tx
        .fetch_optional(rows_of_day)
        .await?
        .ok_or_else(|| StoreError::inconsistent("search_counts", "portal_id", portal))?;
    let room = COUNTED_QUERIES_PER_DAY_MAX - col::<i64>(&there, "counts")?;
    let rows = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    let add = query(ADD)
        .bind(portal.as_uuid())
        .bind(day.to_sqlx())
        .bind(each(counted, |c| locale_text(c.locale.as_ref())))
        .bind(each(counted, |c| c.source.as_str()))
        .bind(each(counted, |c| c.query.as_str()))
        .bind(each(counted, |c| c.counts.searches))
        .bind(each(counted, |c| c.counts.zero_results))
        .bind(each(counted, |c| c.counts.low_results))
        .bind(each(counted, |c| c.counts.results_sum))
        .bind(rows > room)
        .bind(each(counted, |c| c.counts.clicks));
    tx.execute(add).await?;
    if opened.is_empty() || col::<i64>(&there, "clicks")? >= CLICK_ROWS_PER_DAY_MAX {
        return Ok(());
    }
    let add_clicks = query(ADD_CLICKS)
        .bind(portal.as_uuid())
        .bind(day.to_sqlx())
        .bind(each(opened, |o| locale_text(o.locale.as_ref())))
        .bind(each(opened, |o| o.query.as_str()))
        .bind(each(opened, |o| o.article.as_uuid()))
        .bind(each(opened, |o| o.clicks));
    tx.execute(add_clicks).await?;
    Ok(())
}

/// Deletes what is older than a day; how many rows. In pieces, so that nobody waits for it. Primary pool.
pub async fn prune(store: &Store, portal: PortalId, before: Date) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for statement in [PRUNE_COUNTS, PRUNE_CLICKS] {
        deleted += prune::in_pieces(store, statement, portal, before.to_sqlx()).await?;
    }
    Ok(deleted)
}

/// The queries of a report behind `after` (what they are ordered by, and their words); at most `limit`. Replica pool.
pub async fn report(
    store: &Store,
    span: &Span,
    ranking: Ranking,
    after: Option<(i64, &str)>,
    limit: i64,
) -> Result<Vec<Reported>, StoreError> {
    if after.is_some_and(|(_, words)| !can_be_stored(words)) {
        return Ok(Vec::new());
    }
    let rows = query(REPORT)
        .bind(span.portal.as_uuid())
        .bind(span.from.to_sqlx())
        .bind(span.to.to_sqlx())
        .bind(span.locale.as_ref().map(Locale::as_str))
        .bind(span.source.map(SearchSource::as_str))
        .bind(ranking.as_str())
        .bind(after.map(|(rank, _)| rank))
        .bind(after.map(|(_, words)| words))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Reported {
                query: col(row, "query")?,
                counts: counts_from(row)?,
                web_searches: col(row, "web_searches")?,
                rank: col(row, "rank")?,
            })
        })
        .collect()
}

/// All searches of a report together. Replica pool.
pub async fn totals(store: &Store, span: &Span) -> Result<Totals, StoreError> {
    let row = query(TOTALS)
        .bind(span.portal.as_uuid())
        .bind(span.from.to_sqlx())
        .bind(span.to.to_sqlx())
        .bind(span.locale.as_ref().map(Locale::as_str))
        .bind(span.source.map(SearchSource::as_str))
        .fetch_one(store.replica())
        .await?;
    Ok(Totals {
        counts: counts_from(&row)?,
        web_searches: col(&row, "web_searches")?,
        withheld: col(&row, "withheld")?,
    })
}

/// The results of these queries that were opened most: words, article, how often; at most `max` of each. Replica pool.
pub async fn opened(
    store: &Store,
    span: &Span,
    queries: &[&str],
    max: i64,
) -> Result<Vec<(String, ArticleId, i64)>, StoreError> {
    let rows = query(OPENED)
        .bind(span.portal.as_uuid())
        .bind(span.from.to_sqlx())
        .bind(span.to.to_sqlx())
        .bind(span.locale.as_ref().map(Locale::as_str))
        .bind(queries.to_vec())
        .bind(max)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                col(row, "query")?,
                ArticleId::from_uuid(col(row, "article_id")?),
                col(row, "clicks")?,
            ))
        })
        .collect()
}

/// Of each language of a portal the words that readers searched for most in these days and found something by, most
/// first: those with `searches_min` searches or more, on `days_min` days or more; at most `max`. Replica pool.
pub async fn often_asked(
    store: &Store,
    portal: PortalId,
    (from, to): (Date, Date),
    (searches_min, days_min): (i64, i64),
    max: i64,
) -> Result<Vec<(Locale, String)>, StoreError> {
    let rows = query(OFTEN_ASKED)
        .bind(portal.as_uuid())
        .bind(from.to_sqlx())
        .bind(to.to_sqlx())
        .bind(searches_min)
        .bind(days_min)
        .bind(max)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let locale = locale_from(col(row, "locale")?, "search_counts", portal)?;
            Ok((locale, col(row, "query")?))
        })
        .collect()
}

fn locale_text(locale: Option<&Locale>) -> &str {
    locale.map_or("", Locale::as_str)
}

fn counts_from(row: &PgRow) -> Result<SearchCounts, StoreError> {
    Ok(SearchCounts {
        searches: col(row, "searches")?,
        zero_results: col(row, "zero_results")?,
        low_results: col(row, "low_results")?,
        results_sum: col(row, "results_sum")?,
        clicks: col(row, "clicks")?,
    })
}
