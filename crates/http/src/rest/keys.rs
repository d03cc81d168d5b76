//! `/api/v1/keys`: create, list, revoke. The secret leaves the server once, in the answer that made it.

use axum::extract::OriginalUri;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_service::keys::{self, CreateKey, KeyView};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::location;
use super::page::List;
use super::revisions::PageQuery;
use super::time::Time;
use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams, Segments};
use crate::problem::Problem;

/// An API key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// Its id.
    id: Uuid,
    /// What it is for.
    name: String,
    /// `full` or `scoped`.
    kind: String,
    /// Last four characters of the secret.
    hint: String,
    /// What it may do.
    scopes: Vec<String>,
    /// Slugs of the portals it is restricted to; null reaches all.
    #[schema(required = true)]
    portals: Option<Vec<String>>,
    /// When it ends.
    #[schema(required = true)]
    expires_at: Option<Time>,
    /// When it was revoked.
    #[schema(required = true)]
    revoked_at: Option<Time>,
    /// When it was made.
    created_at: Time,
}

impl From<KeyView> for ApiKey {
    fn from(view: KeyView) -> Self {
        Self {
            id: view.id.as_uuid(),
            name: view.name,
            kind: view.kind,
            hint: view.hint,
            scopes: view.scopes,
            portals: view.portals,
            expires_at: view.expires_at.map(Time::from),
            revoked_at: view.revoked_at.map(Time::from),
            created_at: view.created_at.into(),
        }
    }
}

/// A new API key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewApiKey {
    #[serde(flatten)]
    view: ApiKey,
    /// The secret `cairn_sk_…`, shown this once; null when the same request was sent again.
    #[schema(required = true)]
    key: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/keys", operation_id = "list_keys", tag = "keys",
    params(PageQuery), responses((status = 200, description = "A page of keys, newest first", body = List<ApiKey>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Response, Problem> {
    let page = keys::list(&ctx, query.limit, query.cursor).await?;
    let items = page.items.into_iter().map(ApiKey::from).collect();
    Ok(List {
        items,
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    }
    .respond(&uri))
}

json_input! {
    /// A new API key.
    pub(crate) struct CreateKeyInput {
        /// What it is for.
        name: Option<String> = required,
        /// Scopes and bundles; at least one. Nobody gives away more than they have.
        scopes: Option<Vec<String>> = required,
        /// Slugs or ids of the portals it is restricted to; left out, it reaches what its maker reaches.
        portals: Option<Vec<String>> = optional,
        /// RFC 3339 time after which it is refused.
        expires_at: Option<String> = optional,
    }
}

impl BodyRules for CreateKeyInput {}

#[utoipa::path(
    post, path = "/api/v1/keys", operation_id = "create_key", tag = "keys",
    request_body = CreateKeyInput,
    responses((status = 201, description = "The new key with its secret", body = NewApiKey, headers(("Location" = String, description = "Its address")))),
)]
pub(crate) async fn create(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<CreateKeyInput>,
) -> Result<Response, Problem> {
    let made = keys::create(
        &ctx,
        CreateKey {
            name: input.name,
            scopes: input.scopes.unwrap_or_default(),
            portals: input.portals,
            expires_at: input.expires_at,
            idempotency_key,
        },
    )
    .await?;
    let at = location(&format!("/api/v1/keys/{}", made.view.id));
    let body = NewApiKey {
        view: made.view.into(),
        key: made.secret,
    };
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, at)],
        axum::Json(body),
    )
        .into_response())
}

#[utoipa::path(
    delete, path = "/api/v1/keys/{id}", operation_id = "revoke_key", tag = "keys",
    params(("id" = Uuid, Path, description = "UUID")),
    responses((status = 200, description = "The revoked key", body = ApiKey)),
)]
pub(crate) async fn revoke(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
) -> Result<Response, Problem> {
    let view = keys::revoke(&ctx, &id, idempotency_key).await?;
    Ok(axum::Json(ApiKey::from(view)).into_response())
}
