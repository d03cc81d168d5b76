//! Get what is known of one attachment.

use std::sync::Arc;

use cairn_domain::ids::AttachmentId;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_store::articles::Face;

use super::view::{AttachmentView, PATHS_SHOWN_MAX, face};
use crate::{Context, Error, Result, authorize};

/// Gets an attachment named by its id.
///
/// # Errors
/// `not_found` for everything the caller may not see, `missing_scope`.
pub async fn get(ctx: &Context, id: &str) -> Result<AttachmentView> {
    authorize::operation(ctx, Operation::GetAttachment)?;
    let mut view = find(ctx, parse(id)?).await?;
    let (store, attachment) = (&ctx.app.store, &view.attachment);
    view.paths = cairn_store::attachments::paths_of(
        store,
        attachment.portal,
        attachment.id,
        PATHS_SHOWN_MAX,
    )
    .await?;
    Ok(view)
}

pub(crate) fn parse(id: &str) -> Result<AttachmentId> {
    id.parse().map_err(|_| not_found())
}

pub(crate) fn not_found() -> Error {
    Error::not_found("such attachment")
}

/// Finds an attachment within reach; what is out of reach reads like what does not exist.
pub(crate) async fn find(ctx: &Context, id: AttachmentId) -> Result<AttachmentView> {
    let portal = portal_of(ctx, id).await?;
    let found = cairn_store::attachments::find(&ctx.app.store, portal.id, id, face(ctx)).await?;
    let Some(attachment) = found else {
        // Readers cannot tell what was erased from what was never shown.
        let is_author = face(ctx) == Face::Authoring;
        if is_author && cairn_store::attachments::is_erased(&ctx.app.store, portal.id, id).await? {
            return Err(Error::purged("this attachment"));
        }
        return Err(not_found());
    };
    Ok(AttachmentView::new(ctx, portal, attachment))
}

pub(crate) async fn portal_of(ctx: &Context, id: AttachmentId) -> Result<Arc<Portal>> {
    let portal = cairn_store::attachments::find_portal_of(&ctx.app.store, id).await?;
    portal
        .filter(|portal| ctx.caller.reach.contains(*portal))
        .and_then(|portal| ctx.app.portals().by_id(portal))
        .ok_or_else(not_found)
}
