//! `/api/v1/articles/{id}/revisions` and `/restorations`: what was, and bringing it back.

use axum::extract::OriginalUri;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_domain::actor::Actor;
use cairn_domain::revision::Revision as Stored;
use cairn_service::articles::{self, ArticleRef, RestoreRevision, RevisionSummary};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::{by_id, invalid, location, tagged};
use super::page::List;
use super::time::Time;
use super::wire::{UpdatedArticle, json_or_text};
use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::query::query_input;
use crate::extract::{
    ArticleIfMatch, Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams, Segments,
};
use crate::problem::Problem;

/// Who did it, named as they were then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorRef {
    /// `key`, `operator` or `system`.
    kind: &'static str,
    /// The key's id; nil for operator and system.
    id: Uuid,
    /// The key's name, `operator` or `system`.
    name: String,
}

impl From<Actor> for ActorRef {
    fn from(actor: Actor) -> Self {
        Self {
            kind: actor.kind.as_str(),
            id: actor.id,
            name: actor.name,
        }
    }
}

/// One revision in a list: never its body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionItem {
    /// 1, 2, 3…
    revision: i32,
    /// Title then.
    title: String,
    /// Size of the body then, in bytes.
    body_bytes: i64,
    /// By whom.
    actor: ActorRef,
    /// Why; may be empty.
    message: String,
    /// When.
    created_at: Time,
    /// When its text was erased; null while it is there.
    #[schema(required = true)]
    purged_at: Option<Time>,
}

impl From<RevisionSummary> for RevisionItem {
    fn from(summary: RevisionSummary) -> Self {
        Self {
            revision: summary.number,
            title: summary.title,
            body_bytes: summary.body_bytes,
            actor: summary.actor.into(),
            message: summary.message,
            created_at: summary.created_at.into(),
            purged_at: summary.purged_at.map(Time::from),
        }
    }
}

/// One revision with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Revision {
    /// Of which article.
    article_id: Uuid,
    /// 1, 2, 3…
    revision: i32,
    /// Title then.
    title: String,
    /// Markdown then, to the byte.
    body: String,
    /// Summary then; may be empty.
    excerpt: String,
    /// Tags then.
    tags: Vec<String>,
    /// Author then.
    #[schema(required = true)]
    author: Option<String>,
    /// Front matter then.
    #[schema(required = true)]
    front_matter: Option<Value>,
    /// By whom.
    actor: ActorRef,
    /// Why; may be empty.
    message: String,
    /// When.
    created_at: Time,
}

impl From<Stored> for Revision {
    fn from(stored: Stored) -> Self {
        Self {
            article_id: stored.article.as_uuid(),
            revision: stored.number,
            title: stored.staged.title,
            body: stored.staged.body,
            excerpt: stored.staged.excerpt,
            tags: stored.staged.tags,
            author: stored.staged.author,
            front_matter: stored.staged.front_matter.map(json_or_text),
            actor: stored.actor.into(),
            message: stored.message,
            created_at: stored.created_at.into(),
        }
    }
}

query_input! {
    /// Which page.
    pub(crate) struct PageQuery {
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/articles/{id}/revisions", operation_id = "list_revisions", tag = "revisions",
    params(("id" = String, Path, description = "UUID or `portal~number`"), PageQuery),
    responses((status = 200, description = "A page of revisions, newest first", body = List<RevisionItem>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    Segments(id): Segments<String>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Response, Problem> {
    let reference = ArticleRef::parse("id", &id).map_err(invalid)?;
    let page = articles::list_revisions(&ctx, &reference, query.limit, query.cursor).await?;
    let list = List {
        items: page.items.into_iter().map(RevisionItem::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}

#[utoipa::path(
    get, path = "/api/v1/articles/{id}/revisions/{revision}", operation_id = "get_revision", tag = "revisions",
    params(
        ("id" = String, Path, description = "UUID or `portal~number`"),
        ("revision" = i32, Path, description = "1, 2, 3…"),
    ),
    responses((status = 200, description = "The revision", body = Revision)),
)]
pub(crate) async fn read(
    Authed(ctx): Authed,
    Segments((id, revision)): Segments<(String, String)>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
) -> Result<Response, Problem> {
    let reference = ArticleRef::parse("id", &id).map_err(invalid)?;
    let number = number_of(&revision)?;
    let revision = articles::get_revision(&ctx, &reference, number).await?;
    Ok(axum::Json(Revision::from(revision)).into_response())
}

/// The number of a revision in a path: one spelling only.
pub(super) fn number_of(text: &str) -> Result<i32, Problem> {
    let number = text
        .parse::<i32>()
        .ok()
        .filter(|n| *n > 0 && text.bytes().all(|b| b.is_ascii_digit()));
    number.ok_or_else(|| {
        Problem::invalid_field(
            "revision",
            "invalid_number",
            "revision in the path must be a number from 1 on",
        )
    })
}

json_input! {
    /// Which revision to bring back.
    pub(crate) struct RestorationInput {
        /// The old revision.
        revision: Option<i32> = required,
        /// Why, for the list of revisions.
        message: Option<String> = optional,
    }
}

impl BodyRules for RestorationInput {}

#[utoipa::path(
    post, path = "/api/v1/articles/{id}/restorations", operation_id = "restore_revision", tag = "revisions",
    params(("id" = Uuid, Path, description = "UUID")), request_body = RestorationInput,
    responses((status = 201, description = "The article with the old text as its new head", body = UpdatedArticle, headers(
        ("ETag" = String, description = "`\"<revision>.<row_version>\"`"), ("Location" = String, description = "The new revision"),
    ))),
)]
pub(crate) async fn restore(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    ArticleIfMatch(expected): ArticleIfMatch,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<RestorationInput>,
) -> Result<Response, Problem> {
    let reference = by_id(&id)?;
    let revision = input.revision.ok_or_else(|| {
        Problem::invalid_field(
            "revision",
            "required",
            "revision is missing; say which revision to bring back",
        )
    })?;
    let restore = RestoreRevision {
        revision,
        expected,
        message: input.message,
        idempotency_key,
    };
    let updated = articles::restore(&ctx, &reference, restore).await?;
    let tag = updated.view.etag();
    let article = &updated.view.article;
    let made = location(&format!(
        "/api/v1/articles/{}/revisions/{}",
        article.id, article.head_revision
    ));
    let mut response = tagged(StatusCode::CREATED, &tag, UpdatedArticle::from(updated));
    response.headers_mut().insert(header::LOCATION, made);
    Ok(response)
}
