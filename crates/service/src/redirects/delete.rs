//! Taking a redirect away.

use cairn_domain::event::Subject;
use cairn_domain::field_error::FieldError;
use cairn_domain::old_address::OldAddress;
use cairn_domain::operation::Operation;
use serde::{Deserialize, Serialize};

use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::redirects::{audit_value, write};
use crate::text_input::Input;
use crate::{Context, Error, Result, audit, authorize, links};

/// Which redirect to take away.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeleteRedirect {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// The address of the site before, in any spelling that means the same.
    pub old_url: Option<String>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// A redirect that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedRedirect {
    /// The address of the site before.
    pub old_url: String,
    /// Where it led.
    pub target: String,
}

/// Takes a redirect away.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `not_found`, the idempotency ones.
pub async fn delete(ctx: &Context, command: DeleteRedirect) -> Result<DeletedRedirect> {
    authorize::operation(ctx, Operation::DeleteRedirect)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let old = input.errors.take(match &command.old_url {
        Some(text) => OldAddress::parse("old_url", text),
        None => Err(FieldError::new(
            "old_url",
            "required",
            "old_url is missing; name the redirect by its address",
        )),
    });
    input.finish()?;
    let old = old.ok_or_else(|| Error::internal("an address without faults is there"))?;
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::DeleteRedirect,
        &command,
    )?;
    let now = ctx.app.now();
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<DeletedRedirect>(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    cairn_store::portals::lock(&mut tx, portal.id).await?;
    let Some(gone) = cairn_store::redirects::delete(&mut tx, portal.id, &old).await? else {
        return Err(Error::not_found(format!("redirect at {}", old.to_url())));
    };
    links::arrived_redirects(&mut tx, portal.id, &[&gone.old]).await?;
    let outcome = DeletedRedirect {
        old_url: gone.old.to_url(),
        target: gone.target.to_text(),
    };
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: portal.id,
            operation: Operation::DeleteRedirect,
            subject: Subject::Redirects(portal.id),
            revision: None,
            before: Some(audit_value(&[gone])),
            after: None,
            message: "",
            at: now,
        },
    )
    .await?;
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    let event = write::event(ctx, Operation::DeleteRedirect, portal.id, now);
    cairn_store::outbox::append(&mut tx, portal.id, &[event]).await?;
    tx.commit().await?;
    ctx.app.wake.notify_one();
    Ok(outcome)
}
