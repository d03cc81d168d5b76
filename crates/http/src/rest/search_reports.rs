//! `/api/v1/search-reports`: what was searched for, found and opened, in sums without people.

use axum::extract::OriginalUri;
use axum::response::Response;
use cairn_domain::search_count::SearchCounts;
use cairn_service::search_counts::{
    self, OpenedResult, ReportSearches, ReportedQuery, SearchReport,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::link_to_next;
use crate::extract::query::query_input;
use crate::extract::{Authed, QueryParams};
use crate::problem::Problem;

query_input! {
    /// Which searches.
    pub(crate) struct SearchReportQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// One language; all of them together when left out.
        locale: Option<String>,
        /// `web` (the search page), `rest` or `mcp`; all of them together when left out.
        source: Option<String>,
        /// First day (UTC), such as 2026-11-01; 29 days before `to` when left out.
        from: Option<String>,
        /// Last day (UTC); today when left out.
        to: Option<String>,
        /// `top` (default): the most frequent queries; `zero`: those that found nothing; `low`: those that found one or two articles; `unclicked`: those that found something on the search page and had no result opened.
        kind: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// A result that was opened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenedItem {
    /// Which article.
    id: Uuid,
    /// How often.
    clicks: i64,
}

impl From<OpenedResult> for OpenedItem {
    fn from(opened: OpenedResult) -> Self {
        Self {
            id: opened.article.as_uuid(),
            clicks: opened.clicks,
        }
    }
}

/// One query, all its spellings together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchItem {
    /// Its words, in lower case.
    query: String,
    /// How often it was searched for.
    searches: i64,
    /// How often it found nothing, without a filter.
    zero_results: i64,
    /// How often it found one or two articles, without a filter.
    low_results: i64,
    /// Articles it found, on average.
    average_results: f64,
    /// How often one of its results was opened on the search page.
    clicks: i64,
    /// Results opened for each search on the search page; above 1 where searchers open several, null where it was never searched for there.
    #[schema(required = true)]
    click_share: Option<f64>,
    /// The results that were opened most, at most three.
    opened: Vec<OpenedItem>,
}

impl From<ReportedQuery> for SearchItem {
    fn from(one: ReportedQuery) -> Self {
        let SearchCounts {
            searches,
            zero_results,
            low_results,
            clicks,
            ..
        } = one.counts;
        Self {
            query: one.query,
            searches,
            zero_results,
            low_results,
            average_results: one.average_results,
            clicks,
            click_share: one.click_share,
            opened: one.opened.into_iter().map(OpenedItem::from).collect(),
        }
    }
}

/// All searches of these days together, those without words included.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// How many searches.
    searches: i64,
    /// How many found nothing.
    zero_results: i64,
    /// How many found one or two articles.
    low_results: i64,
    /// Articles found, on average; null where nobody searched.
    #[schema(required = true)]
    average_results: Option<f64>,
    /// How many results were opened on the search page.
    clicks: i64,
    /// Results opened for each search on the search page; null where there was none.
    #[schema(required = true)]
    click_share: Option<f64>,
    /// Searches whose words are not kept, because they could name somebody, were too long, or were too many in one day.
    withheld: i64,
}

/// A page of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Report {
    /// First day.
    #[schema(format = "date")]
    from: String,
    /// Last day.
    #[schema(format = "date")]
    to: String,
    /// The queries, in the order of what the report is about.
    items: Vec<SearchItem>,
    /// Everything together.
    totals: Totals,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// That nothing is counted, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<String>,
}

impl From<SearchReport> for Report {
    fn from(report: SearchReport) -> Self {
        let SearchCounts {
            searches,
            zero_results,
            low_results,
            clicks,
            ..
        } = report.totals.counts;
        Self {
            from: report.from.to_string(),
            to: report.to.to_string(),
            items: report.items.into_iter().map(SearchItem::from).collect(),
            totals: Totals {
                searches,
                zero_results,
                low_results,
                average_results: report.totals.average_results,
                clicks,
                click_share: report.totals.click_share,
                withheld: report.totals.withheld,
            },
            next_cursor: report.next_cursor,
            notice: report.notice,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/search-reports", operation_id = "report_searches", tag = "search",
    params(SearchReportQuery),
    responses((status = 200, description = "A page of queries with their counts, and the sums over all searches", body = Report)),
)]
pub(crate) async fn report(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<SearchReportQuery>,
) -> Result<Response, Problem> {
    let report = search_counts::report(
        &ctx,
        ReportSearches {
            portal: query.portal,
            locale: query.locale,
            source: query.source,
            from: query.from,
            to: query.to,
            kind: query.kind,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let next = report.next_cursor.clone();
    let report = axum::Json(Report::from(report));
    Ok(link_to_next(report, &uri, next.as_deref()))
}
