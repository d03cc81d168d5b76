//! `/api/v1/read-reports`: how often readers opened each article, in sums without people.

use axum::extract::OriginalUri;
use axum::response::Response;
use cairn_service::reads::{self, ReadArticle, ReadReport, ReportReads};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::link_to_next;
use crate::extract::query::query_input;
use crate::extract::{Authed, QueryParams};
use crate::problem::Problem;

query_input! {
    /// Which reads.
    pub(crate) struct ReadReportQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// One locale; all of them when left out.
        locale: Option<String>,
        /// First day (UTC), such as 2026-11-01; 29 days before `to` when left out.
        from: Option<String>,
        /// Last day (UTC); today when left out.
        to: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// An article with its reads summed up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadItem {
    /// Which.
    article: Uuid,
    /// Its title now.
    title: String,
    /// Its public address now.
    url: String,
    /// Its locale.
    locale: String,
    /// How often its page was opened in a browser.
    reads: i64,
}

impl From<ReadArticle> for ReadItem {
    fn from(one: ReadArticle) -> Self {
        Self {
            article: one.article.as_uuid(),
            title: one.title,
            url: one.url,
            locale: one.locale.to_string(),
            reads: one.reads,
        }
    }
}

/// All reads of these days together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadTotals {
    /// How many.
    reads: i64,
}

/// A page of a report of reads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadsReport {
    /// First day.
    #[schema(format = "date")]
    from: String,
    /// Last day.
    #[schema(format = "date")]
    to: String,
    /// The articles, those that were opened most first.
    items: Vec<ReadItem>,
    /// Everything together, whatever the page shows.
    totals: ReadTotals,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// That nothing is counted, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<String>,
}

impl From<ReadReport> for ReadsReport {
    fn from(report: ReadReport) -> Self {
        Self {
            from: report.from.to_string(),
            to: report.to.to_string(),
            items: report.items.into_iter().map(ReadItem::from).collect(),
            totals: ReadTotals {
                reads: report.reads,
            },
            next_cursor: report.next_cursor,
            notice: report.notice,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/read-reports", operation_id = "report_reads", tag = "articles",
    params(ReadReportQuery),
    responses((status = 200, description = "A page of articles with how often they were opened, and the sum over all", body = ReadsReport)),
)]
pub(crate) async fn report(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<ReadReportQuery>,
) -> Result<Response, Problem> {
    let report = reads::report(
        &ctx,
        ReportReads {
            portal: query.portal,
            locale: query.locale,
            from: query.from,
            to: query.to,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let next = report.next_cursor.clone();
    let report = axum::Json(ReadsReport::from(report));
    Ok(link_to_next(report, &uri, next.as_deref()))
}
