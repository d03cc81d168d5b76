//! The report: what was searched for most, what found nothing or little, and what nobody opened.
//!
//! Who may read it is who writes articles: the list says what to write next, and what searches found counts drafts where
//! an author searched.

use std::collections::HashMap;

use cairn_domain::ids::ArticleId;
use cairn_domain::operation::Operation;
use cairn_domain::search_count::{SearchCounts, SearchSource};
use cairn_store::search_counts::{self as stored, Ranking, Span};
use jiff::civil::Date;
use serde::Serialize;

use crate::authorize::Purpose;
use crate::days::{self, day_of};
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, authorize, cursor};

/// Results named with each query: those that were opened most.
const OPENED_MAX: i64 = 3;

/// Which report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReportSearches {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// One language; all when absent.
    pub locale: Option<String>,
    /// `web`, `rest` or `mcp`; all when absent.
    pub source: Option<String>,
    /// First day, such as 2026-11-01; 29 days before `to` when absent.
    pub from: Option<String>,
    /// Last day; today (UTC) when absent.
    pub to: Option<String>,
    /// `top` (default), `zero`, `low` or `unclicked`.
    pub kind: Option<String>,
    /// 1 to 100; 20 when absent.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// One query, summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportedQuery {
    /// Its words, in lower case.
    pub query: String,
    /// What became of it.
    pub counts: SearchCounts,
    /// Articles found, on average.
    pub average_results: f64,
    /// Results opened for each search on the search page; absent where there was none.
    pub click_share: Option<f64>,
    /// The results that were opened most, most often first.
    pub opened: Vec<OpenedResult>,
}

/// A result that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedResult {
    /// Which article.
    pub article: ArticleId,
    /// How often.
    pub clicks: i64,
}

/// All searches of the report together.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchTotals {
    /// What became of them.
    pub counts: SearchCounts,
    /// Articles found, on average; absent where nobody searched.
    pub average_results: Option<f64>,
    /// Results opened for each search on the search page; absent where there was none.
    pub click_share: Option<f64>,
    /// Of the searches, those whose words are not kept.
    pub withheld: i64,
}

/// A page of a report.
#[derive(Debug, Clone)]
pub struct SearchReport {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The queries.
    pub items: Vec<ReportedQuery>,
    /// Everything together, whatever the list shows.
    pub totals: SearchTotals,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// That nothing is counted, where that is so.
    pub notice: Option<String>,
}

/// Reports the searches of a portal.
///
/// What was searched for in the last seconds may still be missing.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn report(ctx: &Context, query: ReportSearches) -> Result<SearchReport> {
    authorize::operation(ctx, Operation::ReportSearches)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    let locale = input.locale(query.locale.as_deref());
    let source = query.source.as_deref().and_then(|text| {
        let words = SearchSource::ALL.iter().map(|s| s.as_str());
        input.word("source", text, SearchSource::parse, words)
    });
    let ranking = query.kind.as_deref().and_then(|text| {
        let words = Ranking::ALL.iter().map(|r| r.as_str());
        input.word("kind", text, Ranking::parse, words)
    });
    let today = day_of(ctx.app.now());
    let (from, to) = days::reported(
        &mut input,
        query.from.as_deref(),
        query.to.as_deref(),
        today,
    );
    input.finish()?;
    let span = Span {
        portal: portal.id,
        from,
        to,
        locale,
        source,
    };
    let binding = ("searches", portal.id, &query);
    let after = match &query.cursor {
        Some(cursor) => Some(cursor::decode::<(i64, String)>(&binding, cursor)?),
        None => None,
    };
    let after = after.as_ref().map(|(rank, words)| (*rank, words.as_str()));
    let store = &ctx.app.store;
    let ranking = ranking.unwrap_or(Ranking::Top);
    let mut found = stored::report(store, &span, ranking, after, page_limit(limit)).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = match found.last().filter(|_| has_more) {
        Some(last) => Some(cursor::encode(&binding, &(last.rank, &last.query))?),
        None => None,
    };
    let totals = stored::totals(store, &span).await?;
    let mut opened = opened(ctx, &span, &found).await?;
    let items = found.into_iter().map(|one| ReportedQuery {
        average_results: share(one.counts.results_sum, one.counts.searches).unwrap_or(0.0),
        click_share: share(one.counts.clicks, one.web_searches),
        opened: opened.remove(&one.query).unwrap_or_default(),
        counts: one.counts,
        query: one.query,
    });
    Ok(SearchReport {
        from,
        to,
        items: items.collect(),
        totals: SearchTotals {
            average_results: share(totals.counts.results_sum, totals.counts.searches),
            click_share: share(totals.counts.clicks, totals.web_searches),
            withheld: totals.withheld,
            counts: totals.counts,
        },
        next_cursor,
        notice: (!ctx.app.counting.is_on()).then(|| {
            "searches are not counted, because the setting search_counts_days is 0".to_owned()
        }),
    })
}

/// The results that were opened, by query.
async fn opened(
    ctx: &Context,
    span: &Span,
    found: &[stored::Reported],
) -> Result<HashMap<String, Vec<OpenedResult>>> {
    let clicked: Vec<&str> = found
        .iter()
        .filter(|one| one.counts.clicks > 0)
        .map(|one| one.query.as_str())
        .collect();
    let mut by_query: HashMap<String, Vec<OpenedResult>> = HashMap::new();
    if clicked.is_empty() {
        return Ok(by_query);
    }
    for (query, article, clicks) in
        stored::opened(&ctx.app.store, span, &clicked, OPENED_MAX).await?
    {
        by_query
            .entry(query)
            .or_default()
            .push(OpenedResult { article, clicks });
    }
    Ok(by_query)
}

/// How much of one comes on one of the other, to three decimals.
fn share(of: i64, on: i64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums beyond 2^53 are no longer told apart by anybody"
    )]
    let exact = |n: i64| n as f64;
    (on > 0).then(|| (exact(of) / exact(on) * 1000.0).round() / 1000.0)
}
