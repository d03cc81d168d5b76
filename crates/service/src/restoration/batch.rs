//! One batch of what a portal had, in one transaction: all of it or nothing.
//!
//! The locks are taken in the order of every other write: the idempotency key, the portal, the
//! restoration, the articles by id, the feed.

use cairn_domain::ids::PortalId;
use cairn_domain::operation::Operation;
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::Content;
use super::{articles, conflict, digest, rest};
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Result, authorize};

/// A batch to restore.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RestoreContent {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// SHA-256 of the bundle's manifest, in hexadecimal digits.
    pub bundle: String,
    /// Lists of `categories`, `attachments`, `redirects`, `hosts`, `articles` and `translations`, each
    /// entry as the exports give it.
    pub content: Value,
    /// Required: the batch may have to be sent again.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredContent {
    /// Things that were written.
    pub restored: u64,
    /// Things that were there already, the same.
    pub unchanged: u64,
}

/// One batch inside its transaction.
pub(super) struct Batch<'a> {
    pub(super) ctx: &'a Context,
    pub(super) portal: PortalId,
    pub(super) now: Timestamp,
    /// Said of everything in the audit.
    pub(super) message: String,
    pub(super) audit: Vec<AuditEntry>,
    pub(super) events: Vec<NewEvent>,
    pub(super) outcome: RestoredContent,
    pub(super) new_categories: bool,
}

/// Restores a batch; what is there already must be the same.
///
/// # Errors
/// `conflict` when the portal is not being restored from this bundle or has something else already;
/// `invalid_fields`, `missing_scope`, `not_found`, the idempotency ones.
pub async fn restore_content(ctx: &Context, command: RestoreContent) -> Result<RestoredContent> {
    authorize::operation(ctx, Operation::RestoreContent)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let bundle = digest(&command.bundle)?;
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    if command.idempotency_key.is_none() {
        input.errors.add("idempotency_key", "required", "a batch needs an Idempotency-Key, so that it can be sent again when the answer is lost");
    }
    input.finish()?;
    let content = Content::read(&command.content)?;
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::RestoreContent,
        &command,
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    cairn_store::portals::lock(&mut tx, portal.id).await?;
    match cairn_store::restorations::lock(&mut tx, portal.id).await? {
        Some(there) if there.bundle == bundle && there.finished_at.is_none() => {}
        Some(there) if there.bundle == bundle => {
            return Err(conflict("the portal is restored from this bundle already"));
        }
        _ => {
            return Err(conflict(
                "the portal is not being restored from this bundle",
            ));
        }
    }
    let mut batch = Batch {
        ctx,
        portal: portal.id,
        now: ctx.app.now(),
        message: format!("Restore bundle {}", &command.bundle[..12]),
        audit: Vec::new(),
        events: Vec::new(),
        outcome: RestoredContent::default(),
        new_categories: false,
    };
    batch.restore(&mut tx, content).await?;
    let outcome = batch.outcome;
    cairn_store::audit::append_many(&mut tx, &batch.audit).await?;
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if !batch.events.is_empty() {
        cairn_store::outbox::append(&mut tx, portal.id, &batch.events).await?;
    }
    tx.commit().await?;
    if batch.new_categories {
        ctx.app.forget_tree(portal.id);
    }
    ctx.app.wake.notify_one();
    Ok(outcome)
}

impl Batch<'_> {
    async fn restore(&mut self, tx: &mut Tx, content: Content) -> Result<()> {
        rest::categories(self, tx, content.categories).await?;
        rest::attachments(self, tx, content.attachments).await?;
        rest::redirects(self, tx, content.redirects).await?;
        rest::hosts(self, tx, content.hosts).await?;
        articles::articles(self, tx, content.articles).await?;
        articles::translations(self, tx, content.translations).await
    }
}
