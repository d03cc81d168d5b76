//! `/api/v1/feedback` and `/api/v1/feedback-reports`: what readers said of articles, one by one and summed up.

use axum::extract::OriginalUri;
use axum::response::Response;
use cairn_service::feedback::{
    self, ArticleFeedback, FeedbackItem, FeedbackSums, ListFeedback, ReportFeedback,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{List, link_to_next};
use super::time::Time;
use crate::extract::query::query_input;
use crate::extract::{Authed, QueryParams};
use crate::problem::Problem;

query_input! {
    /// Which answers.
    pub(crate) struct FeedbackQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// UUID of one article; all of them when left out.
        article: Option<String>,
        /// `helpful`, `unhelpful` or `mistake`; all of them when left out.
        kind: Option<String>,
        /// From this time on (RFC 3339).
        since: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// What one reader said of an article; who it was is not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answer {
    /// Its id.
    id: Uuid,
    /// About which article.
    article: Uuid,
    /// The article's title now.
    title: String,
    /// The article's public address now.
    url: String,
    /// In which locale it was read.
    locale: String,
    /// Which revision readers saw then.
    revision: i32,
    /// `helpful`, `unhelpful` or `mistake`.
    kind: &'static str,
    /// Why it did not help: `missing`, `unclear`, `wrong` or `off_topic`; null where none was chosen.
    #[schema(required = true)]
    reason: Option<&'static str>,
    /// In the reader's own words; may be empty.
    words: String,
    /// When.
    created_at: Time,
}

impl From<FeedbackItem> for Answer {
    fn from(item: FeedbackItem) -> Self {
        Self {
            id: item.id.as_uuid(),
            article: item.article.as_uuid(),
            title: item.title,
            url: item.url,
            locale: item.locale.to_string(),
            revision: item.revision,
            kind: item.said.kind.as_str(),
            reason: item.said.reason.map(|reason| reason.as_str()),
            words: item.said.words,
            created_at: item.at.into(),
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/feedback", operation_id = "list_feedback", tag = "feedback",
    params(FeedbackQuery), responses((status = 200, description = "A page of answers, newest first", body = List<Answer>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<FeedbackQuery>,
) -> Result<Response, Problem> {
    let page = feedback::list(
        &ctx,
        ListFeedback {
            portal: query.portal,
            article: query.article,
            kind: query.kind,
            since: query.since,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    Ok(List {
        items: page.items.into_iter().map(Answer::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: page.notice,
    }
    .respond(&uri))
}

query_input! {
    /// Which articles.
    pub(crate) struct FeedbackReportQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// One locale; all of them when left out.
        locale: Option<String>,
        /// From this time on (RFC 3339).
        since: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// How many answers of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerSums {
    /// It helped.
    helpful: i64,
    /// It did not.
    unhelpful: i64,
    /// Something in it is wrong.
    mistakes: i64,
}

impl From<FeedbackSums> for AnswerSums {
    fn from(sums: FeedbackSums) -> Self {
        Self {
            helpful: sums.helpful,
            unhelpful: sums.unhelpful,
            mistakes: sums.mistakes,
        }
    }
}

/// An article with its answers summed up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnsweredArticle {
    /// Which.
    article: Uuid,
    /// Its title now.
    title: String,
    /// Its public address now.
    url: String,
    /// Its locale.
    locale: String,
    /// How many answers of each kind.
    answers: AnswerSums,
    /// When the last of them came.
    last_at: Time,
}

impl From<ArticleFeedback> for AnsweredArticle {
    fn from(one: ArticleFeedback) -> Self {
        Self {
            article: one.article.as_uuid(),
            title: one.title,
            url: one.url,
            locale: one.locale.to_string(),
            answers: one.sums.into(),
            last_at: one.last_at.into(),
        }
    }
}

/// A page of the report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerReport {
    /// The articles, those with the most complaints (did not help, mistakes) first.
    items: Vec<AnsweredArticle>,
    /// All answers together, whatever the page shows.
    totals: AnswerSums,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// That readers are not asked, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/feedback-reports", operation_id = "report_feedback", tag = "feedback",
    params(FeedbackReportQuery),
    responses((status = 200, description = "A page of articles with their answers summed up, and the sums over all", body = AnswerReport)),
)]
pub(crate) async fn report(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<FeedbackReportQuery>,
) -> Result<Response, Problem> {
    let report = feedback::report(
        &ctx,
        ReportFeedback {
            portal: query.portal,
            locale: query.locale,
            since: query.since,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let next = report.next_cursor.clone();
    let report = axum::Json(AnswerReport {
        items: report
            .items
            .into_iter()
            .map(AnsweredArticle::from)
            .collect(),
        totals: report.totals.into(),
        next_cursor: report.next_cursor,
        notice: report.notice,
    });
    Ok(link_to_next(report, &uri, next.as_deref()))
}
