//! List attachments, newest first.

use std::sync::Arc;

use cairn_domain::ids::AttachmentId;
use cairn_domain::operation::Operation;
use cairn_domain::scope::Scope;
use cairn_store::articles::Face;
use cairn_store::attachments::ListQuery;
use serde::Serialize;

use super::view::{AttachmentView, face};
use crate::authorize::Purpose;
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, authorize, cursor};

/// Filters of a list, as the caller wrote them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListAttachments {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Only those that no head and no published revision names (needs `attachments:write`).
    pub unreferenced: bool,
    /// 1 to 100, default 20.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct AttachmentPage {
    /// The attachments.
    pub items: Vec<AttachmentView>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Lists attachments.
///
/// # Errors
/// `invalid_fields`, `invalid_cursor`, `portal_required`, `missing_scope`.
pub async fn list(ctx: &Context, query: ListAttachments) -> Result<AttachmentPage> {
    authorize::operation(ctx, Operation::ListAttachments)?;
    if query.unreferenced {
        authorize::scope(ctx, Scope::AttachmentsWrite)?;
    }
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    input.finish()?;
    let binding = (
        "attachments",
        portal.id,
        face(ctx) == Face::Authoring,
        &query,
    );
    let after = query
        .cursor
        .as_deref()
        .map(|cursor| cursor::decode::<AttachmentId>(&binding, cursor))
        .transpose()?;
    let wanted = ListQuery {
        face: face(ctx),
        unreferenced: query.unreferenced,
        after,
        limit: page_limit(limit),
    };
    let mut rows = cairn_store::attachments::list(&ctx.app.store, portal.id, wanted).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last() {
        Some(last) if more => Some(cursor::encode(&binding, &last.id)?),
        _ => None,
    };
    let items = rows
        .into_iter()
        .map(|row| AttachmentView::new(ctx, Arc::clone(&portal), row))
        .collect();
    Ok(AttachmentPage { items, next_cursor })
}
