//! Import a batch of articles by their source ids, in one transaction.
//!
//! The batch carries an idempotency key: a client that lost the answer sends the same batch again
//! and gets the outcome of the first time. A bad article is reported and stops nothing.

mod categories;
mod decide;
mod item;
mod plan;
mod prepare;

use cairn_domain::article::Status;
use cairn_domain::limits::IMPORT_BATCH_ARTICLES_MAX;
use cairn_domain::operation::Operation;
use cairn_domain::scope::Scope;

use crate::articles::import::decide::Work;
use crate::articles::import::plan::Plan;
use crate::articles::import::prepare::prepare;
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Result, authorize};

pub use item::{ImportBatch, ImportItem, ImportOutcome, ImportResult};

/// Imports a batch.
///
/// # Errors
/// `invalid_fields`, `too_large`, `missing_scope` (`articles:publish` for published ones,
/// `categories:write` for new categories), the idempotency ones.
pub async fn import(ctx: &Context, batch: ImportBatch) -> Result<ImportOutcome> {
    authorize::operation(ctx, Operation::ImportArticles)?;
    let portal = authorize::portal(ctx, batch.portal.as_deref(), Purpose::Write)?;
    let mut input = Input::default();
    input.idempotency_key(batch.idempotency_key.as_deref());
    if batch.idempotency_key.is_none() {
        input.errors.add("idempotency_key", "required", "an import batch needs an Idempotency-Key, so that it can be sent again when the answer is lost");
    }
    if batch.items.is_empty() || batch.items.len() > IMPORT_BATCH_ARTICLES_MAX {
        input.errors.add(
            "items",
            "invalid_count",
            format!(
                "items needs 1 to {IMPORT_BATCH_ARTICLES_MAX} entries, got {}",
                batch.items.len()
            ),
        );
    }
    input.finish()?;
    if batch
        .items
        .iter()
        .any(|i| i.status != Status::Draft.as_str())
    {
        authorize::scope(ctx, Scope::ArticlesPublish)?;
    }
    let idempotent = Idempotent::new(
        batch.idempotency_key.as_deref(),
        portal.id,
        Operation::ImportArticles,
        &batch,
    )?;
    let prepared = prepare(batch.items, &portal).await?;
    let wanted = prepared.iter().filter(|p| p.is_ok()).count();
    let mut numbers = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        numbers.push(ctx.app.article_number(portal.id).await?);
    }

    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    let mut work = Work {
        ctx,
        portal: portal.id,
        now: ctx.app.now(),
        numbers: numbers.into_iter(),
        plan: Plan::default(),
    };
    let results = work.decide(&mut tx, prepared).await?;
    work.plan.save(&mut tx, portal.id).await?;
    let outcome = ImportOutcome { results };
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if !work.plan.events.is_empty() {
        cairn_store::outbox::append(&mut tx, portal.id, &work.plan.events).await?;
    }
    tx.commit().await?;
    if work.plan.new_categories {
        ctx.app.forget_tree(portal.id);
    }
    ctx.app.wake.notify_one();
    Ok(outcome)
}
