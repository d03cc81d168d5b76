//! Bring a file: the same bytes are the same attachment, whoever brings them and however often.
//!
//! ```text
//! digest ── known? ── look at it ── vault ── begin ── claim ── row ── path ── links ── audit ── outcome ── feed ── commit
//!            │ yes                    ▲
//!            └── is it still kept? ───┘ if not, it is kept again
//! ```
//!
//! Of two who bring the same new file at once, one makes the row; the other finds it and answers with it.

use bytes::Bytes;
use cairn_attachments::{Look, ObjectName, Put, Shape};
use cairn_domain::attachment::{
    Attachment, AttachmentPath, FileDigest, check_file_name, check_source_path,
};
use cairn_domain::event::Subject;
use cairn_domain::field_error::FieldErrors;
use cairn_domain::ids::{AttachmentId, EventId, PortalId};
use cairn_domain::limits::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, IMPORT_SOURCE_CHARS_MAX};
use cairn_domain::operation::Operation;
use cairn_domain::text::check_required_text;
use cairn_store::Tx;
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::content::object_name;
use super::view::AttachmentView;
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::links::{Origin, arrived_attachment};
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, audit, authorize};

/// A file to bring.
#[derive(Debug, Clone, Default)]
pub struct NewAttachment {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// The name it is offered under; the last part of `path` when absent.
    pub name: Option<String>,
    /// The folder, archive or export it comes from; together with `path`.
    pub source: Option<String>,
    /// Its path in there: what relative links of that source mean.
    pub path: Option<String>,
    /// The bytes.
    pub bytes: Bytes,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
}

/// What bringing a file came to.
#[derive(Debug, Clone)]
pub struct Created {
    /// The attachment.
    pub view: AttachmentView,
    /// Whether it is new, rather than one the portal had.
    pub is_new: bool,
}

/// What is remembered of it.
#[derive(Serialize, Deserialize)]
struct Outcome {
    id: AttachmentId,
    is_new: bool,
}

/// Brings a file.
///
/// # Errors
/// `invalid_fields`, `too_large`, `conflict` (too many, or these bytes were erased), `missing_scope`,
/// `portal_required`, `overloaded`, `unavailable`, the idempotency ones.
pub async fn create(ctx: &Context, command: NewAttachment) -> Result<Created> {
    authorize::operation(ctx, Operation::CreateAttachment)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let (name, from) = parse(&command)?;
    let digest = FileDigest(ctx.app.workshop.digest(command.bytes.clone()).await);
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::CreateAttachment,
        &(
            digest.to_string(),
            &name,
            from.as_ref().map(|f| (&f.source, &f.path)),
        ),
    )?;
    let known = cairn_store::attachments::by_digest(&ctx.app.store, portal.id, digest).await?;
    let (candidate, found) = match known {
        Some(known) => {
            refuse_erased(&known)?;
            keep_again(ctx, &known, &command.bytes).await?;
            (known, Vec::new())
        }
        None => make(ctx, portal.id, name, digest, &command).await?,
    };

    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<Outcome>(ctx, &mut tx).await? {
        drop(tx);
        let view = super::get::find(ctx, outcome.id).await?;
        return Ok(Created {
            view,
            is_new: outcome.is_new,
        });
    }
    let (attachment, is_new) = insert(&mut tx, candidate).await?;
    let came = match &from {
        Some(from) => {
            cairn_store::attachments::keep_path(&mut tx, portal.id, from, attachment.id).await?
        }
        None => false,
    };
    let outcome = Outcome {
        id: attachment.id,
        is_new,
    };
    if is_new || came {
        let files: Vec<_> = from
            .iter()
            .map(|from| Origin {
                source: from.source.clone(),
                path: from.path.clone(),
            })
            .collect();
        arrived_attachment(&mut tx, portal.id, attachment.id, &files).await?;
        record(
            ctx,
            &mut tx,
            &idempotent,
            &attachment,
            from.as_ref(),
            &outcome,
        )
        .await?;
    } else {
        idempotent.finish(ctx, &mut tx, &outcome).await?;
    }
    tx.commit().await?;
    ctx.app.wake.notify_one();
    if is_new {
        // What was there without a row may have been swept between the put and the commit.
        for (object, bytes) in found {
            ctx.app.vault.put(&object, bytes).await?;
        }
    }
    let view = AttachmentView::new(ctx, portal, attachment);
    Ok(Created { view, is_new })
}

fn parse(command: &NewAttachment) -> Result<(String, Option<AttachmentPath>)> {
    let length = command.bytes.len();
    if length > ATTACHMENT_BYTES_MAX {
        return Err(Error::new(
            ErrorCode::TooLarge,
            format!(
                "the file has {length} bytes, at most {ATTACHMENT_BYTES_MAX} are taken; make it smaller or keep it elsewhere and link there"
            ),
        ));
    }
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let errors = &mut input.errors;
    if command.bytes.is_empty() {
        errors.add(
            "body",
            "required",
            "the body is empty; send the bytes of the file as the body of the request",
        );
    }
    let from = match (&command.source, &command.path) {
        (None, None) => None,
        (Some(source), Some(path)) => {
            check_required_text(errors, "source", source, IMPORT_SOURCE_CHARS_MAX);
            check_source_path(errors, "path", path);
            Some(AttachmentPath {
                source: source.clone(),
                path: path.clone(),
            })
        }
        (source, _) => {
            let missing = if source.is_some() { "path" } else { "source" };
            errors.add(
                missing,
                "required",
                "source and path go together: give both, or neither",
            );
            None
        }
    };
    let name = name(command, errors);
    input.finish()?;
    Ok((name, from))
}

fn name(command: &NewAttachment, errors: &mut FieldErrors) -> String {
    let last = || command.path.as_deref()?.rsplit('/').next();
    let Some(name) = command.name.as_deref().or_else(last) else {
        errors.add(
            "name",
            "required",
            "name is missing; give the name the file is offered under, such as \"invoice.png\"",
        );
        return String::new();
    };
    // A path that is wrong was said to be so already.
    if command.name.is_some() {
        check_file_name(errors, "name", name);
    }
    name.to_owned()
}

fn refuse_erased(known: &Attachment) -> Result<()> {
    let Some(at) = known.purged_at else {
        return Ok(());
    };
    Err(Error::new(
        ErrorCode::Conflict,
        format!(
            "this very file was erased from the portal at {at:.0}; it is not taken again, bring another version of it"
        ),
    ))
}

/// Sees to it that the bytes of an attachment are kept: storage may have lost them, this sender has them.
async fn keep_again(ctx: &Context, known: &Attachment, bytes: &Bytes) -> Result<()> {
    let object = object_name(known.portal, known.digest);
    if ctx.app.vault.holds(&object, bytes.len() as u64).await? {
        return Ok(());
    }
    tracing::warn!(attachment.id = %known.id, "the bytes of an attachment were gone and are kept again");
    ctx.app.vault.put(&object, bytes.clone()).await?;
    if known.variant_widths.is_empty() {
        return Ok(());
    }
    let look = ctx.app.workshop.look(bytes.clone(), &known.name).await?;
    for variant in look.variants {
        let object = object.variant(variant.width);
        ctx.app.vault.put(&object, variant.bytes.into()).await?;
    }
    Ok(())
}

/// Files that were there already, without an attachment.
type Found = Vec<(ObjectName, Bytes)>;

/// Looks at a new file and keeps it with its variants.
async fn make(
    ctx: &Context,
    portal: PortalId,
    name: String,
    digest: FileDigest,
    command: &NewAttachment,
) -> Result<(Attachment, Found)> {
    check_count(ctx, portal).await?;
    let bytes = command.bytes.clone();
    let byte_length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let Look {
        media_type,
        shape,
        variants,
    } = ctx.app.workshop.look(bytes.clone(), &name).await?;
    let object = object_name(portal, digest);
    let mut files = vec![(object.clone(), bytes)];
    let mut variant_widths = Vec::with_capacity(variants.len());
    for variant in variants {
        if let Ok(width) = i32::try_from(variant.width) {
            files.push((object.variant(variant.width), variant.bytes.into()));
            variant_widths.push(width);
        }
    }
    let mut found = Found::new();
    for (object, bytes) in files {
        if ctx.app.vault.put(&object, bytes.clone()).await? == Put::Found {
            found.push((object, bytes));
        }
    }
    let now = ctx.app.now();
    let attachment = Attachment {
        portal,
        id: AttachmentId::from_uuid(ctx.app.ids.uuid(now)),
        digest,
        name,
        media_type: media_type.to_owned(),
        byte_length,
        size: size(shape),
        variant_widths,
        actor: ctx.caller.actor.clone(),
        created_at: now,
        purged_at: None,
    };
    Ok((attachment, found))
}

fn size(shape: Shape) -> Option<(i32, i32)> {
    match shape {
        Shape::Picture { width, height } | Shape::Huge { width, height } => {
            let (width, height) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
            (width > 0 && height > 0).then_some((width, height))
        }
        Shape::Opaque | Shape::Damaged => None,
    }
}

async fn check_count(ctx: &Context, portal: PortalId) -> Result<()> {
    let counts = &ctx.app.attachment_counts;
    let count = match counts.get(&portal) {
        Some(count) => count,
        None => {
            let count = cairn_store::attachments::count(&ctx.app.store, portal).await?;
            counts.insert(portal, count);
            count
        }
    };
    if count < ATTACHMENTS_MAX {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Conflict,
        format!(
            "the portal has {ATTACHMENTS_MAX} attachments, which is the most; erase those that no article names first"
        ),
    ))
}

/// The row, or the one that is there with this digest.
async fn insert(tx: &mut Tx, candidate: Attachment) -> Result<(Attachment, bool)> {
    if cairn_store::attachments::insert(tx, &candidate).await? {
        return Ok((candidate, true));
    }
    let there =
        cairn_store::attachments::by_digest_in(tx, candidate.portal, candidate.digest).await?;
    let there =
        there.ok_or_else(|| Error::internal("an attachment is there and cannot be read"))?;
    refuse_erased(&there)?;
    Ok((there, false))
}

/// The last steps of a write: audit, outcome, event.
async fn record(
    ctx: &Context,
    tx: &mut Tx,
    idempotent: &Idempotent<'_>,
    attachment: &Attachment,
    from: Option<&AttachmentPath>,
    outcome: &Outcome,
) -> Result<()> {
    let subject = Subject::Attachment(attachment.id);
    let at: Timestamp = ctx.app.now();
    let after = serde_json::json!({
        "name": attachment.name,
        "media_type": attachment.media_type,
        "byte_length": attachment.byte_length,
        "digest": attachment.digest.to_string(),
        "source": from.map(|f| &f.source),
        "path": from.map(|f| &f.path),
    });
    audit::append(
        ctx,
        tx,
        audit::Entry {
            portal: attachment.portal,
            operation: Operation::CreateAttachment,
            subject,
            revision: None,
            before: None,
            after: Some(after),
            message: "",
            at,
        },
    )
    .await?;
    idempotent.finish(ctx, tx, outcome).await?;
    let row = Operation::CreateAttachment.row();
    let event = NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: row.event.unwrap_or(row.name).to_owned(),
        subject,
        revision: None,
        at,
    };
    cairn_store::outbox::append(tx, attachment.portal, &[event]).await?;
    Ok(())
}
