//! Portals: list, get, create, update.

pub(crate) mod directory;
mod export;
mod words;

use std::sync::Arc;

use cairn_domain::actor::Reach;
use cairn_domain::event::Subject;
use cairn_domain::field_error::FieldErrors;
use cairn_domain::ids::{EventId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::{Portal, PortalFields};
use cairn_domain::scope::Scope;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::outbox::NewEvent;
use cairn_store::portals::PortalWritten;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, audit, authorize};

pub use export::{AttachmentRow, ExportPortal, PortalNumbers, PortalPage, RedirectRow, export};
pub use words::{WriteContact, WriteNotice};

/// A new portal, or a change to one; for a change what is `None` stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WritePortal {
    /// Required for a new one.
    pub slug: Option<String>,
    /// Required for a new one.
    pub name: Option<String>,
    /// Hostnames it answers at.
    pub hostnames: Option<Vec<String>>,
    /// Locales; the first is the default. `["en"]` for a new one.
    pub locales: Option<Vec<String>>,
    /// CSS hex colour; `Some(None)` takes it away.
    pub accent: Option<Option<String>>,
    /// What readers are told above the pages; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<Option<WriteNotice>>,
    /// How readers reach a person; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Option<WriteContact>>,
    /// Row version the change was made against; required for a change.
    pub expected_version: Option<i64>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What is remembered of a write.
#[derive(Serialize, Deserialize)]
struct PortalOutcome {
    portal: Portal,
}

/// Lists the portals within reach, by slug. There are few; the list has no pages.
///
/// # Errors
/// `missing_scope`.
pub async fn list(ctx: &Context) -> Result<Vec<Arc<Portal>>> {
    authorize::operation(ctx, Operation::ListPortals)?;
    let directory = ctx.app.portals();
    Ok(directory
        .all()
        .iter()
        .filter(|p| ctx.caller.reach.contains(p.id))
        .cloned()
        .collect())
}

/// Gets a portal by slug or id.
///
/// # Errors
/// `not_found`, `missing_scope`.
pub async fn get(ctx: &Context, portal: &str) -> Result<Arc<Portal>> {
    authorize::operation(ctx, Operation::GetPortal)?;
    authorize::portal(ctx, Some(portal), Purpose::Read)
}

/// Creates a portal; the credential must reach all portals.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `slug_taken`, `conflict` for a hostname, the idempotency ones.
pub async fn create(ctx: &Context, command: WritePortal) -> Result<Arc<Portal>> {
    authorize::operation(ctx, Operation::CreatePortal)?;
    if ctx.caller.reach != Reach::All {
        let mut error = Error::missing_scope(Scope::PortalsWrite);
        error.message = "this credential is restricted to some portals, so it cannot create another; use a key without that restriction".to_owned();
        return Err(error);
    }
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let fields = fields(&mut input.errors, &command, None);
    input.finish()?;
    let Some(fields) = fields else {
        return Err(Error::internal("a portal without faults has fields"));
    };
    let now = ctx.app.now();
    let id = PortalId::from_uuid(ctx.app.ids.uuid(now));
    let portal = portal(id, fields, 1, now, now);

    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        PortalId::INSTANCE,
        Operation::CreatePortal,
        &command,
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<PortalOutcome>(ctx, &mut tx).await? {
        return Ok(Arc::new(outcome.portal));
    }
    written(cairn_store::portals::insert(&mut tx, &portal).await?)?;
    finish(
        ctx,
        tx,
        &idempotent,
        Operation::CreatePortal,
        None,
        &portal,
        PortalId::INSTANCE,
    )
    .await
}

/// Changes a portal.
///
/// # Errors
/// `precondition_required`, `revision_conflict`, `not_found`, and as for a new one.
pub async fn update(ctx: &Context, named: &str, command: WritePortal) -> Result<Arc<Portal>> {
    authorize::operation(ctx, Operation::UpdatePortal)?;
    let known = authorize::portal(ctx, Some(named), Purpose::Write)?;
    let Some(expected) = command.expected_version else {
        return Err(Error::new(
            ErrorCode::PreconditionRequired,
            "a portal is changed against the version it was read at; send its ETag as If-Match",
        ));
    };
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    fields(&mut input.errors, &command, Some(&known));
    input.finish()?;

    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        known.id,
        Operation::UpdatePortal,
        &(known.id, &command),
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<PortalOutcome>(ctx, &mut tx).await? {
        return Ok(Arc::new(outcome.portal));
    }
    let Some(before) = cairn_store::portals::lock(&mut tx, known.id).await? else {
        return Err(Error::not_found(format!("portal \"{named}\"")));
    };
    if before.row_version != expected {
        let mut error = Error::stale(0, 0, before.row_version);
        error.message = format!(
            "version {expected} was expected but the portal is at {}; read it again and reapply your change",
            before.row_version
        );
        return Err(error);
    }
    // Made again from what is locked: the copy in memory may lag.
    let mut errors = FieldErrors::new();
    let fields = fields(&mut errors, &command, Some(&before));
    errors.finish().map_err(Error::invalid_fields)?;
    let Some(fields) = fields else {
        return Err(Error::internal("a portal without faults has fields"));
    };
    let portal = portal(
        before.id,
        fields,
        before.row_version + 1,
        before.created_at,
        ctx.app.now(),
    );
    written(cairn_store::portals::update(&mut tx, &portal).await?)?;
    finish(
        ctx,
        tx,
        &idempotent,
        Operation::UpdatePortal,
        Some(&before),
        &portal,
        portal.id,
    )
    .await
}

/// The last steps of both writes: audit, outcome, event, commit, memory.
async fn finish(
    ctx: &Context,
    mut tx: Tx,
    idempotent: &Idempotent<'_>,
    operation: Operation,
    before: Option<&Portal>,
    portal: &Portal,
    feed: PortalId,
) -> Result<Arc<Portal>> {
    let json = |p: &Portal| serde_json::to_value(p).map_err(Error::internal);
    let subject = Subject::Portal(portal.id);
    let at = portal.updated_at;
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: feed,
            operation,
            subject,
            revision: None,
            before: before.map(json).transpose()?,
            after: Some(json(portal)?),
            message: "",
            at,
        },
    )
    .await?;
    idempotent
        .finish(
            ctx,
            &mut tx,
            &PortalOutcome {
                portal: portal.clone(),
            },
        )
        .await?;
    let event = NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: operation
            .row()
            .event
            .unwrap_or(operation.row().name)
            .to_owned(),
        subject,
        revision: None,
        at,
    };
    cairn_store::outbox::append(&mut tx, feed, &[event]).await?;
    tx.commit().await?;
    ctx.app.reload_portals().await?;
    ctx.app.wake.notify_one();
    Ok(Arc::new(portal.clone()))
}

/// The fields after the command; what it leaves out comes from `base`.
fn fields(
    errors: &mut FieldErrors,
    command: &WritePortal,
    base: Option<&Portal>,
) -> Option<PortalFields> {
    let slug = match (&command.slug, base) {
        (Some(slug), _) => errors.take(Slug::parse("slug", slug)),
        (None, Some(base)) => Some(base.slug.clone()),
        (None, None) => {
            errors.add(
                "slug",
                "required",
                "slug is missing; it becomes the first segment of the portal's addresses",
            );
            None
        }
    };
    let name = command
        .name
        .clone()
        .or_else(|| base.map(|b| b.name.clone()))
        .unwrap_or_default();
    let locales = match (&command.locales, base) {
        (Some(locales), _) => locales
            .iter()
            .enumerate()
            .filter_map(|(i, l)| errors.take(Locale::parse(&format!("locales.{i}"), l)))
            .collect(),
        (None, Some(base)) => base.locales.clone(),
        (None, None) => errors
            .take(Locale::parse("locales", "en"))
            .into_iter()
            .collect(),
    };
    let fields = PortalFields {
        slug: slug?,
        name,
        hostnames: command
            .hostnames
            .clone()
            .or_else(|| base.map(|b| b.hostnames.clone()))
            .unwrap_or_default(),
        locales,
        accent: command
            .accent
            .clone()
            .unwrap_or_else(|| base.and_then(|b| b.accent.clone())),
        notice: match &command.notice {
            Some(notice) => notice.as_ref().map(|notice| notice.read(errors)),
            None => base.and_then(|b| b.notice.clone()),
        },
        contact: match &command.contact {
            Some(contact) => contact.as_ref().map(WriteContact::read),
            None => base.and_then(|b| b.contact.clone()),
        },
    };
    fields.validate(errors);
    Some(fields)
}

fn portal(
    id: PortalId,
    fields: PortalFields,
    row_version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> Portal {
    Portal {
        id,
        slug: fields.slug,
        name: fields.name,
        hostnames: fields.hostnames,
        locales: fields.locales,
        accent: fields.accent,
        notice: fields.notice,
        contact: fields.contact,
        row_version,
        created_at,
        updated_at,
    }
}

fn written(outcome: PortalWritten) -> Result<()> {
    match outcome {
        PortalWritten::Yes => Ok(()),
        PortalWritten::SlugTaken => Err(Error::new(
            ErrorCode::SlugTaken,
            "slug is taken by another portal; choose another",
        )),
        PortalWritten::HostnameTaken(hostname) => Err(Error::new(
            ErrorCode::Conflict,
            format!("hostname {hostname} is taken by another portal; take it away there first"),
        )),
    }
}
