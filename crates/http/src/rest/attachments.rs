//! `/api/v1/attachments`: files that articles show.

use axum::extract::OriginalUri;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_service::attachments::{self, AttachmentView, ListAttachments, NewAttachment};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::location;
use super::page::List;
use super::time::Time;
use crate::extract::query::query_input;
use crate::extract::{Authed, FileBody, IdempotencyKey, NoQuery, QueryParams, Segments};
use crate::file;
use crate::problem::Problem;

/// A file of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcePath {
    /// The folder, archive or export.
    source: String,
    /// Path in it.
    path: String,
}

/// A file that articles show.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attachment {
    /// Its id.
    id: Uuid,
    /// Slug of its portal.
    portal: String,
    /// The name it is offered under.
    name: String,
    /// What it is, found by looking at its bytes.
    media_type: String,
    /// Its size, in bytes.
    byte_length: i64,
    /// Of a picture that could be read: its width as shown, in pixels.
    #[schema(required = true)]
    width: Option<i32>,
    /// Its height.
    #[schema(required = true)]
    height: Option<i32>,
    /// Widths of its smaller variants in WebP, ascending; each is at `…/<width>.webp` beside the public address.
    variant_widths: Vec<i32>,
    /// SHA-256 of its bytes, in hexadecimal digits.
    digest: String,
    /// How bodies write it.
    address: String,
    /// Where readers get it, as long as a published, public article shows it.
    url: String,
    /// The Markdown that shows it; put a description of the picture into the brackets.
    markdown: String,
    /// What is odd about it.
    warnings: Vec<String>,
    /// Where it came from; only in the answer for one attachment, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paths: Option<Vec<SourcePath>>,
    /// When it came.
    created_at: Time,
}

impl From<AttachmentView> for Attachment {
    fn from(view: AttachmentView) -> Self {
        let attachment = view.attachment;
        Self {
            id: attachment.id.as_uuid(),
            portal: view.portal.slug.to_string(),
            name: attachment.name,
            media_type: attachment.media_type,
            byte_length: attachment.byte_length,
            width: attachment.size.map(|(width, _)| width),
            height: attachment.size.map(|(_, height)| height),
            variant_widths: attachment.variant_widths,
            digest: attachment.digest.to_string(),
            address: view.address,
            url: view.url,
            markdown: view.markdown,
            warnings: view.warnings,
            paths: None,
            created_at: attachment.created_at.into(),
        }
    }
}

query_input! {
    /// What a file is called and where it comes from.
    pub(crate) struct NewAttachmentQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// The name it is offered under; the last part of `path` when left out.
        name: Option<String>,
        /// The folder, archive or export it comes from; together with `path`.
        source: Option<String>,
        /// Its path in there, with slashes: what relative links in articles of that source mean.
        path: Option<String>,
    }
}

#[utoipa::path(
    post, path = "/api/v1/attachments", operation_id = "create_attachment", tag = "attachments",
    params(NewAttachmentQuery),
    request_body(content = String, content_type = "application/octet-stream", description = "The bytes of the file, at most 20 MiB; what it is is found out here, whatever Content-Type says"),
    responses(
        (status = 201, description = "The new attachment", body = Attachment, headers(("Location" = String, description = "Its address"))),
        (status = 200, description = "The attachment that has these bytes already", body = Attachment, headers(("Location" = String, description = "Its address"))),
    ),
)]
pub(crate) async fn create(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<NewAttachmentQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    FileBody(bytes): FileBody,
) -> Result<Response, Problem> {
    let created = attachments::create(
        &ctx,
        NewAttachment {
            portal: query.portal,
            name: query.name,
            source: query.source,
            path: query.path,
            bytes,
            idempotency_key,
        },
    )
    .await?;
    let status = if created.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let at = location(&format!(
        "/api/v1/attachments/{}",
        created.view.attachment.id
    ));
    let body = axum::Json(Attachment::from(created.view));
    Ok((status, [(header::LOCATION, at)], body).into_response())
}

query_input! {
    /// Which attachments.
    pub(crate) struct AttachmentsQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// `true`: only those that neither the head nor the published revision of any article names; needs `attachments:write`.
        unreferenced: Option<bool>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/attachments", operation_id = "list_attachments", tag = "attachments",
    params(AttachmentsQuery),
    responses((status = 200, description = "A page of attachments, newest first; without a scope to write, those of published articles", body = List<Attachment>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<AttachmentsQuery>,
) -> Result<Response, Problem> {
    let page = attachments::list(
        &ctx,
        ListAttachments {
            portal: query.portal,
            unreferenced: query.unreferenced.unwrap_or(false),
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let list = List {
        items: page.items.into_iter().map(Attachment::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}

#[utoipa::path(
    get, path = "/api/v1/attachments/{id}", operation_id = "get_attachment", tag = "attachments",
    params(("id" = Uuid, Path, description = "UUID")),
    responses((status = 200, description = "The attachment", body = Attachment)),
)]
pub(crate) async fn read(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
) -> Result<Response, Problem> {
    let mut view = attachments::get(&ctx, &id).await?;
    let paths = std::mem::take(&mut view.paths).into_iter();
    let paths = paths.map(|from| SourcePath {
        source: from.source,
        path: from.path,
    });
    let attachment = Attachment {
        paths: Some(paths.collect()),
        ..Attachment::from(view)
    };
    Ok(axum::Json(attachment).into_response())
}

#[utoipa::path(
    get, path = "/api/v1/attachments/{id}/content", operation_id = "get_attachment_content", tag = "attachments",
    params(
        ("id" = Uuid, Path, description = "UUID"),
        ("Range" = Option<String>, Header, description = "One range of bytes, such as `bytes=0-1023`"),
        ("If-None-Match" = Option<String>, Header, description = "ETags the client has; answered with 304 when one still fits."),
    ),
    responses(
        (status = 200, description = "The bytes", body = String, content_type = "application/octet-stream", headers(("ETag" = String, description = "The digest, in quotes"))),
        (status = 206, description = "The range that was asked for", body = String, content_type = "application/octet-stream"),
        (status = 304, description = "They are as the client has them"),
    ),
)]
pub(crate) async fn content(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = attachments::content(&ctx, &id).await?;
    let response = file::respond(&found, &method, &headers, HeaderMap::new()).await?;
    if response.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(response);
    }
    let total = found.byte_length.unwrap_or(0);
    let mut refused = Problem::range_not_satisfiable(total).into_response();
    let said = response.headers().get(header::CONTENT_RANGE).cloned();
    if let Some(said) = said {
        refused.headers_mut().insert(header::CONTENT_RANGE, said);
    }
    Ok(refused)
}
