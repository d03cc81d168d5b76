//! `/api/v1/portal-restorations`, `/file-restorations` and `/content-restorations`: a portal comes
//! back from a bundle with everything it had. The bundle is checked by who sends it; what is sent is
//! in the form in which the exports gave it.

use axum::response::{IntoResponse, Response};
use cairn_domain::limits::IMPORT_BATCH_BYTES_MAX;
use cairn_service::restoration::{
    self, Counts, PortalItem, RestoreContent, RestoreFile, RestorePortal,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};

use crate::extract::body::{BodyRules, FileBody};
use crate::extract::input::{Faults, JsonValue, json_input};
use crate::extract::query::query_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams};
use crate::problem::Problem;

/// An object whose members are read further inside.
#[derive(Debug, Clone)]
pub(crate) struct Exported(Value);

impl JsonValue for Exported {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        if value.is_object() {
            return Some(Self(value));
        }
        faults.add(
            at,
            "invalid_type",
            format!("{at} must be an object, as an export gives it"),
        );
        None
    }

    fn schema(_nullable: bool) -> Schema {
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
            .into()
    }
}

impl Exported {
    fn read_as<T: DeserializeOwned>(self, field: &str) -> Result<T, Problem> {
        serde_json::from_value(self.0).map_err(|error| {
            Problem::invalid_field(
                field,
                "invalid_value",
                format!("{field} is not as an export gives it: {error}"),
            )
        })
    }
}

json_input! {
    /// The portal of a bundle.
    pub(crate) struct PortalRestorationInput {
        /// SHA-256 of the bundle's manifest, in hexadecimal digits.
        bundle: Option<String> = required,
        /// `portal` as `/api/v1/portal-exports` gives it.
        portal: Option<Exported> = required,
        /// Another slug for it.
        slug: Option<String> = optional,
        /// The next article number, above every number of the bundle.
        next_number: Option<i64> = required,
        /// When everything was sent: how many `articles`, `revisions`, `categories`, `attachments`, `redirects`, `imported_files` and `old_slugs` the bundle has.
        complete: Option<Exported> = optional,
    }
}

impl BodyRules for PortalRestorationInput {}

json_input! {
    /// A batch of what a portal had.
    pub(crate) struct ContentRestorationInput {
        /// Portal slug or id.
        portal: Option<String> = required,
        /// SHA-256 of the bundle's manifest, in hexadecimal digits.
        bundle: Option<String> = required,
        /// Lists of `categories`, `attachments`, `redirects` and `hosts` as `/api/v1/portal-exports` gives them, of `articles` as `/api/v1/revision-exports` does, and of `translations`: `id`, `article`, `revision`.
        content: Option<Exported> = required,
    }
}

impl BodyRules for ContentRestorationInput {
    const BYTES_MAX: usize = IMPORT_BATCH_BYTES_MAX;
}

query_input! {
    /// Which file of which portal.
    pub(crate) struct FileRestorationQuery {
        /// Portal slug or id.
        portal: Option<String>,
        /// SHA-256 of the bytes, in hexadecimal digits.
        digest: Option<String>,
        /// The name it is offered under.
        name: Option<String>,
    }
}

/// Where a restoration stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalRestoration {
    /// The portal.
    id: String,
    /// Its slug here.
    slug: String,
    /// `begun`, `goes_on` or `finished`.
    standing: String,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentRestoration {
    /// Things that were written.
    restored: u64,
    /// Things that were there already, the same.
    unchanged: u64,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileRestoration {
    /// Widths of the smaller variants this server made of it.
    variant_widths: Vec<i32>,
}

#[utoipa::path(
    post, path = "/api/v1/portal-restorations", operation_id = "restore_portal", tag = "portals",
    request_body = PortalRestorationInput,
    responses((status = 200, description = "Where the restoration stands", body = PortalRestoration)),
)]
pub(crate) async fn portal(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<PortalRestorationInput>,
) -> Result<Response, Problem> {
    let missing =
        |field: &str| Problem::invalid_field(field, "required", format!("{field} is missing"));
    let portal: PortalItem = input
        .portal
        .ok_or_else(|| missing("portal"))?
        .read_as("portal")?;
    let complete: Option<Counts> = match input.complete {
        Some(counts) => Some(counts.read_as("complete")?),
        None => None,
    };
    let command = RestorePortal {
        bundle: input.bundle.ok_or_else(|| missing("bundle"))?,
        portal,
        slug: input.slug,
        next_number: input.next_number.ok_or_else(|| missing("next_number"))?,
        complete,
        idempotency_key,
    };
    let restored = restoration::restore_portal(&ctx, command).await?;
    let body = PortalRestoration {
        id: restored.portal.id.to_string(),
        slug: restored.portal.slug.to_string(),
        standing: restored.standing.as_str().to_owned(),
    };
    Ok(axum::Json(body).into_response())
}

#[utoipa::path(
    post, path = "/api/v1/content-restorations", operation_id = "restore_content", tag = "portals",
    request_body = ContentRestorationInput,
    responses((status = 200, description = "What became of the batch", body = ContentRestoration)),
)]
pub(crate) async fn content(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<ContentRestorationInput>,
) -> Result<Response, Problem> {
    let content = input.content.map_or(Value::Null, |content| content.0);
    let command = RestoreContent {
        portal: input.portal,
        bundle: input.bundle.unwrap_or_default(),
        content,
        idempotency_key,
    };
    let done = restoration::restore_content(&ctx, command).await?;
    let body = ContentRestoration {
        restored: done.restored,
        unchanged: done.unchanged,
    };
    Ok(axum::Json(body).into_response())
}

#[utoipa::path(
    post, path = "/api/v1/file-restorations", operation_id = "restore_file", tag = "portals",
    params(FileRestorationQuery),
    request_body(content = String, content_type = "application/octet-stream", description = "The bytes, at most 20 MiB"),
    responses((status = 200, description = "The bytes are kept", body = FileRestoration)),
)]
pub(crate) async fn file(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<FileRestorationQuery>,
    FileBody(bytes): FileBody,
) -> Result<Response, Problem> {
    let command = RestoreFile {
        portal: query.portal,
        digest: query.digest.unwrap_or_default(),
        name: query.name.unwrap_or_default(),
        bytes,
    };
    let kept = restoration::restore_file(&ctx, command).await?;
    let body = FileRestoration {
        variant_widths: kept.variant_widths,
    };
    Ok(axum::Json(body).into_response())
}
