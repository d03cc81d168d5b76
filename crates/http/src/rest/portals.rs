//! `/api/v1/portals`: list, get, create, update.

use axum::extract::{OriginalUri, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use cairn_service::portals::{self, WriteContact, WriteNotice, WritePortal};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::{location, tagged};
use super::page::List;
use super::portal_words::{PortalContact, PortalNotice};
use super::time::Time;
use crate::HttpState;
use crate::etag;
use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::{
    Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams, Segments, VersionIfMatch,
};
use crate::problem::Problem;

/// A brand's help center.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Portal {
    /// Its id.
    id: Uuid,
    /// First segment of its path addresses.
    slug: String,
    /// What readers see.
    name: String,
    /// Hostnames it answers at the root of.
    hostnames: Vec<String>,
    /// Locales in the order readers are offered them.
    locales: Vec<String>,
    /// The first of them.
    default_locale: String,
    /// CSS hex colour.
    #[schema(required = true)]
    accent: Option<String>,
    /// What readers are told above the pages.
    #[schema(required = true)]
    notice: Option<PortalNotice>,
    /// How readers reach a person.
    #[schema(required = true)]
    contact: Option<PortalContact>,
    /// Public address on this server.
    url: String,
    /// Raised by every change; in quotes it is the ETag.
    row_version: i64,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl Portal {
    fn of(portal: &cairn_domain::portal::Portal, state: &HttpState) -> Self {
        Self {
            id: portal.id.as_uuid(),
            slug: portal.slug.to_string(),
            name: portal.name.clone(),
            hostnames: portal.hostnames.clone(),
            locales: portal.locales.iter().map(ToString::to_string).collect(),
            default_locale: portal.default_locale().to_string(),
            accent: portal.accent.clone(),
            notice: portal.notice.as_ref().map(PortalNotice::from),
            contact: portal.contact.as_ref().map(PortalContact::from),
            url: format!("{}/{}", state.app.settings().public_url, portal.slug),
            row_version: portal.row_version,
            created_at: portal.created_at.into(),
            updated_at: portal.updated_at.into(),
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/portals", operation_id = "list_portals", tag = "portals",
    responses((status = 200, description = "All portals within reach", body = List<Portal>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    State(state): State<HttpState>,
    OriginalUri(uri): OriginalUri,
    QueryParams(NoQuery): QueryParams<NoQuery>,
) -> Result<Response, Problem> {
    let portals = portals::list(&ctx).await?;
    let items: Vec<_> = portals.iter().map(|p| Portal::of(p, &state)).collect();
    let total = i64::try_from(items.len()).ok();
    Ok(List {
        items,
        total,
        next_cursor: None,
        notice: None,
    }
    .respond(&uri))
}

#[utoipa::path(
    get, path = "/api/v1/portals/{portal}", operation_id = "get_portal", tag = "portals",
    params(("portal" = String, Path, description = "Slug or UUID")),
    responses((status = 200, description = "The portal", body = Portal, headers(("ETag" = String, description = "`\"<row_version>\"`")))),
)]
pub(crate) async fn read(
    Authed(ctx): Authed,
    State(state): State<HttpState>,
    Segments(portal): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
) -> Result<Response, Problem> {
    let portal = portals::get(&ctx, &portal).await?;
    Ok(tagged(
        StatusCode::OK,
        &etag::of_version(portal.row_version),
        Portal::of(&portal, &state),
    ))
}

json_input! {
    /// A new portal.
    pub(crate) struct CreatePortalInput {
        /// First segment of its path addresses.
        slug: Option<String> = required,
        /// What readers see.
        name: Option<String> = required,
        /// Hostnames it answers at the root of, without scheme or port.
        hostnames: Option<Vec<String>> = optional,
        /// Locales; the first is the default. `["en"]` when left out.
        locales: Option<Vec<String>> = optional,
        /// CSS hex colour.
        accent: Option<String> = optional,
        /// What readers are told above the pages.
        notice: Option<WriteNotice> = optional,
        /// How readers reach a person.
        contact: Option<WriteContact> = optional,
    }
}

impl BodyRules for CreatePortalInput {}

#[utoipa::path(
    post, path = "/api/v1/portals", operation_id = "create_portal", tag = "portals",
    request_body = CreatePortalInput,
    responses((status = 201, description = "The new portal", body = Portal, headers(
        ("ETag" = String, description = "`\"<row_version>\"`"), ("Location" = String, description = "Its address"),
    ))),
)]
pub(crate) async fn create(
    Authed(ctx): Authed,
    State(state): State<HttpState>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<CreatePortalInput>,
) -> Result<Response, Problem> {
    let portal = portals::create(
        &ctx,
        WritePortal {
            slug: input.slug,
            name: input.name,
            hostnames: input.hostnames,
            locales: input.locales,
            accent: input.accent.map(Some),
            notice: input.notice.map(Some),
            contact: input.contact.map(Some),
            expected_version: None,
            idempotency_key,
        },
    )
    .await?;
    let made = location(&format!("/api/v1/portals/{}", portal.slug));
    let mut response = tagged(
        StatusCode::CREATED,
        &etag::of_version(portal.row_version),
        Portal::of(&portal, &state),
    );
    response.headers_mut().insert(header::LOCATION, made);
    Ok(response)
}

json_input! {
    /// A change to a portal; what is left out stays as it is.
    pub(crate) struct UpdatePortalInput {
        /// First segment of its path addresses.
        slug: Option<String> = optional,
        /// What readers see.
        name: Option<String> = optional,
        /// All hostnames anew.
        hostnames: Option<Vec<String>> = optional,
        /// All locales anew; the first is the default.
        locales: Option<Vec<String>> = optional,
        /// CSS hex colour; null takes it away.
        accent: Option<Option<String>> = optional,
        /// What readers are told above the pages, whole; null takes it away.
        notice: Option<Option<WriteNotice>> = optional,
        /// How readers reach a person, whole; null takes it away.
        contact: Option<Option<WriteContact>> = optional,
    }
}

impl BodyRules for UpdatePortalInput {}

#[utoipa::path(
    patch, path = "/api/v1/portals/{portal}", operation_id = "update_portal", tag = "portals",
    params(("portal" = String, Path, description = "Slug or UUID")), request_body = UpdatePortalInput,
    responses((status = 200, description = "The portal after the change", body = Portal, headers(("ETag" = String, description = "`\"<row_version>\"`")))),
)]
pub(crate) async fn update(
    Authed(ctx): Authed,
    State(state): State<HttpState>,
    Segments(portal): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    VersionIfMatch(expected_version): VersionIfMatch,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<UpdatePortalInput>,
) -> Result<Response, Problem> {
    let command = WritePortal {
        slug: input.slug,
        name: input.name,
        hostnames: input.hostnames,
        locales: input.locales,
        accent: input.accent,
        notice: input.notice,
        contact: input.contact,
        expected_version,
        idempotency_key,
    };
    let portal = portals::update(&ctx, &portal, command)
        .await
        .map_err(|e| Problem::from(e).without_revisions())?;
    Ok(tagged(
        StatusCode::OK,
        &etag::of_version(portal.row_version),
        Portal::of(&portal, &state),
    ))
}
