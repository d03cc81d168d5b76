//! `/api/v1/reindexes` and `/api/v1/index-verifications`: building an index anew, and checking one.

use axum::response::{IntoResponse, Response};
use cairn_service::indexing;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams};
use crate::problem::Problem;

json_input! {
    /// Which index.
    pub(crate) struct IndexInput {
        /// Portal slug or id; left out, every portal within reach.
        portal: Option<String> = optional,
    }
}

impl BodyRules for IndexInput {
    const MAY_BE_EMPTY: bool = true;
}

/// What a reindex did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reindexed {
    /// Portals rebuilt.
    portals: usize,
    /// Articles read.
    articles: u64,
    /// How long it took, in milliseconds.
    elapsed_ms: u64,
}

#[utoipa::path(
    post, path = "/api/v1/reindexes", operation_id = "reindex", tag = "index",
    request_body = IndexInput,
    responses((status = 200, description = "What was rebuilt", body = Reindexed)),
)]
pub(crate) async fn reindex(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    // A reindex ends in the same state however often it is asked for; the key is checked, not needed.
    IdempotencyKey(_key): IdempotencyKey,
    JsonBody(input): JsonBody<IndexInput>,
) -> Result<Response, Problem> {
    let done = indexing::reindex(&ctx, input.portal.as_deref()).await?;
    let body = Reindexed {
        portals: done.portals,
        articles: done.articles,
        elapsed_ms: done.elapsed_ms,
    };
    Ok(axum::Json(body).into_response())
}

/// What differs between index and database; all zero is right.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    /// In the database, not in the index.
    missing: u64,
    /// In the index, not in the database.
    extra: u64,
    /// In both, not alike.
    stale: u64,
    /// More than once in a unit.
    duplicate: u64,
    /// The first differences, each a sentence.
    examples: Vec<String>,
}

#[utoipa::path(
    post, path = "/api/v1/index-verifications", operation_id = "verify_index", tag = "index",
    request_body = IndexInput,
    responses((status = 200, description = "What differs", body = Verification)),
)]
pub(crate) async fn verify(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(_key): IdempotencyKey,
    JsonBody(input): JsonBody<IndexInput>,
) -> Result<Response, Problem> {
    let found = indexing::verify_index(&ctx, input.portal.as_deref()).await?;
    let body = Verification {
        missing: found.missing,
        extra: found.extra,
        stale: found.stale,
        duplicate: found.duplicate,
        examples: found.examples,
    };
    Ok(axum::Json(body).into_response())
}
