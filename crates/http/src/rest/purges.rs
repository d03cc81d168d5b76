//! `/api/v1/purges` and what is erased below the address of its subject.

use axum::extract::OriginalUri;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_service::purges::{self, PurgeRequest, PurgeView};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::{by_id, location};
use super::page::List;
use super::revisions::number_of;
use super::time::Time;
use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::query::query_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams, Segments};
use crate::problem::Problem;

/// One erasure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Purge {
    /// Its id.
    id: Uuid,
    /// Slug of the portal.
    portal: String,
    /// `article`, `revision` or `attachment`.
    kind: &'static str,
    /// Id of the article or attachment.
    subject_id: Uuid,
    /// Of a revision, which.
    #[schema(required = true)]
    revision: Option<i32>,
    /// Why.
    message: String,
    /// When it was asked for; from then on nobody reads it.
    requested_at: Time,
    /// When its bytes were gone from everything the server keeps; null until then.
    #[schema(required = true)]
    finished_at: Option<Time>,
}

impl From<PurgeView> for Purge {
    fn from(view: PurgeView) -> Self {
        let purge = view.purge;
        Self {
            id: purge.id.as_uuid(),
            portal: view.portal.slug.to_string(),
            kind: purge.subject.kind(),
            subject_id: purge.subject.uuid(),
            revision: purge.subject.revision(),
            message: purge.message,
            requested_at: purge.requested_at.into(),
            finished_at: purge.finished_at.map(Time::from),
        }
    }
}

json_input! {
    /// Why something is erased.
    pub(crate) struct PurgeInput {
        /// What stands in the audit when nothing else is left to tell.
        message: Option<String> = required,
    }
}

impl BodyRules for PurgeInput {}

fn request(input: PurgeInput, IdempotencyKey(idempotency_key): IdempotencyKey) -> PurgeRequest {
    PurgeRequest {
        message: input.message,
        idempotency_key,
    }
}

fn made(view: PurgeView) -> Response {
    let at = location(&format!("/api/v1/purges/{}", view.purge.id));
    let body = axum::Json(Purge::from(view));
    (StatusCode::CREATED, [(header::LOCATION, at)], body).into_response()
}

#[utoipa::path(
    post, path = "/api/v1/articles/{id}/purges", operation_id = "purge_article", tag = "purges",
    params(("id" = Uuid, Path, description = "UUID")), request_body = PurgeInput,
    responses((status = 201, description = "The erasure", body = Purge, headers(("Location" = String, description = "Its address")))),
)]
pub(crate) async fn article(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    key: IdempotencyKey,
    JsonBody(input): JsonBody<PurgeInput>,
) -> Result<Response, Problem> {
    let reference = by_id(&id)?;
    let view = purges::purge_article(&ctx, &reference, request(input, key)).await?;
    Ok(made(view))
}

#[utoipa::path(
    post, path = "/api/v1/articles/{id}/revisions/{revision}/purges", operation_id = "purge_revision", tag = "purges",
    params(
        ("id" = Uuid, Path, description = "UUID"),
        ("revision" = i32, Path, description = "1, 2, 3…; neither the head nor what readers see"),
    ),
    request_body = PurgeInput,
    responses((status = 201, description = "The erasure", body = Purge, headers(("Location" = String, description = "Its address")))),
)]
pub(crate) async fn revision(
    Authed(ctx): Authed,
    Segments((id, revision)): Segments<(String, String)>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    key: IdempotencyKey,
    JsonBody(input): JsonBody<PurgeInput>,
) -> Result<Response, Problem> {
    let reference = by_id(&id)?;
    let number = number_of(&revision)?;
    let view = purges::purge_revision(&ctx, &reference, number, request(input, key)).await?;
    Ok(made(view))
}

#[utoipa::path(
    post, path = "/api/v1/attachments/{id}/purges", operation_id = "purge_attachment", tag = "purges",
    params(("id" = Uuid, Path, description = "UUID")), request_body = PurgeInput,
    responses((status = 201, description = "The erasure", body = Purge, headers(("Location" = String, description = "Its address")))),
)]
pub(crate) async fn attachment(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    key: IdempotencyKey,
    JsonBody(input): JsonBody<PurgeInput>,
) -> Result<Response, Problem> {
    let view = purges::purge_attachment(&ctx, &id, request(input, key)).await?;
    Ok(made(view))
}

query_input! {
    /// Which erasures.
    pub(crate) struct PurgesQuery {
        /// Portal slug or id.
        portal: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/purges", operation_id = "list_purges", tag = "purges",
    params(PurgesQuery), responses((status = 200, description = "A page of erasures, newest first", body = List<Purge>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<PurgesQuery>,
) -> Result<Response, Problem> {
    let page = purges::list(&ctx, query.portal.as_deref(), query.limit, query.cursor).await?;
    Ok(List {
        items: page.items.into_iter().map(Purge::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    }
    .respond(&uri))
}

#[utoipa::path(
    get, path = "/api/v1/purges/{id}", operation_id = "get_purge", tag = "purges",
    params(("id" = Uuid, Path, description = "UUID")),
    responses((status = 200, description = "The erasure", body = Purge)),
)]
pub(crate) async fn read(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
) -> Result<Response, Problem> {
    let view = purges::get(&ctx, &id).await?;
    Ok(axum::Json(Purge::from(view)).into_response())
}
