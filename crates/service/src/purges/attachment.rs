//! Erase an attachment: its name and paths at once, its bytes and variants right after.

use cairn_domain::event::Subject;
use cairn_domain::ids::EventId;
use cairn_domain::operation::Operation;
use cairn_domain::purge::PurgeSubject;
use cairn_store::outbox::NewEvent;

use crate::attachments::{find_portal_of, not_found, parse_id};
use crate::idempotency::Idempotent;
use crate::purges::{NewPurge, Outcome, PurgeRequest, PurgeView, conclude, outcomes, reason};
use crate::{Context, Error, Result, audit, authorize};

/// Erases an attachment. From the answer on no address gives it; pages that showed it name an address
/// where nothing is. The same bytes are refused when they are sent again.
///
/// # Errors
/// `not_found`, `missing_scope`, `invalid_fields` (a reason is needed), `purged` when it was erased
/// already, the idempotency ones.
pub async fn purge_attachment(ctx: &Context, id: &str, request: PurgeRequest) -> Result<PurgeView> {
    authorize::operation(ctx, Operation::PurgeAttachment)?;
    let id = parse_id(id)?;
    let portal = find_portal_of(ctx, id).await?;
    let message = reason(&request)?;
    let idempotent = Idempotent::new(
        request.idempotency_key.as_deref(),
        portal.id,
        Operation::PurgeAttachment,
        &(id, &request),
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<Outcome>(ctx, &mut tx).await? {
        drop(tx);
        return outcome.replay(ctx, portal).await;
    }
    let Some(locked) = cairn_store::attachments::lock(&mut tx, portal.id, id).await? else {
        return Err(not_found());
    };
    if locked.purged_at.is_some() {
        return Err(Error::purged("this attachment"));
    }
    let now = ctx.app.now();
    cairn_store::attachments::entomb(&mut tx, portal.id, id, now).await?;
    cairn_store::purges::blank_audit(&mut tx, portal.id, id.as_uuid(), None).await?;
    outcomes::redact(&mut tx, portal.id, id.as_uuid(), &[locked.name]).await?;
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: portal.id,
            operation: Operation::PurgeAttachment,
            subject: Subject::Attachment(id),
            revision: None,
            before: None,
            after: None,
            message: &message,
            at: now,
        },
    )
    .await?;
    let row = Operation::PurgeAttachment.row();
    let event = NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(now)),
        kind: row.event.unwrap_or(row.name).to_owned(),
        subject: Subject::Attachment(id),
        revision: None,
        at: now,
    };
    let new = NewPurge {
        subject: PurgeSubject::Attachment(id),
        message,
        at: now,
    };
    conclude(ctx, tx, portal, &idempotent, new, event).await
}
