//! Restore an old revision as a new one.

use cairn_domain::article::{ArticleEdit, BodyChange, Expected};
use cairn_domain::operation::Operation;
use serde::Serialize;

use crate::articles::reference::ArticleRef;
use crate::articles::translations::Asked;
use crate::articles::update::{Change, Updated, current, precondition_required, write};
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Error, Result, authorize};

/// Which revision to bring back.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RestoreRevision {
    /// The old revision.
    pub revision: i32,
    /// The state the wish was made against; absent is `precondition_required`.
    pub expected: Option<Expected>,
    /// Why; a sentence is made up when absent.
    pub message: Option<String>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// Restores an old revision as a new head. What readers see stays until it is published.
///
/// # Errors
/// As for an update; `not_found` when there is no such revision.
pub async fn restore(
    ctx: &Context,
    reference: &ArticleRef,
    command: RestoreRevision,
) -> Result<Updated> {
    authorize::operation(ctx, Operation::RestoreRevision)?;
    let (portal, current) = current(ctx, reference).await?;
    let expected = command
        .expected
        .ok_or_else(|| precondition_required(&current))?;
    let number = command.revision;
    let old = cairn_store::revisions::get(&ctx.app.store, portal.id, current.id, number).await?;
    let old = old.ok_or_else(|| Error::not_found(format!("revision {number} of this article")))?;
    if old.purged_at.is_some() {
        return Err(Error::purged(format!("revision {number}")));
    }
    let old = old.staged;
    let edit = ArticleEdit {
        title: Some(old.title),
        body: Some(BodyChange::Whole(old.body)),
        excerpt: Some(old.excerpt),
        tags: Some(old.tags),
        author: Some(old.author),
        front_matter: Some(old.front_matter),
        message: command
            .message
            .clone()
            .unwrap_or_else(|| format!("Restore revision {number}")),
        ..ArticleEdit::default()
    };
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    edit.validate(&mut input.errors);
    input.finish()?;
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::RestoreRevision,
        &(current.id, &command),
    )?;
    let change = Change {
        operation: Operation::RestoreRevision,
        edit,
        translation: Asked::default(),
        expected,
        dry_run: false,
        copies: Some(number),
    };
    write(ctx, portal, &current, change, &idempotent).await
}
