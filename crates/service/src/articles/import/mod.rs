//! Import a batch of articles by their source ids, in one transaction.
//!
//! The batch carries an idempotency key: a client that lost the answer sends the same batch again
//! and gets the outcome of the first time. A bad article is reported and stops nothing.
//!
//! What each file said is remembered with the article it made:
//!
//! ```text
//! file as before                        unchanged, whatever happened to the article
//! file changed, article as remembered   update
//! file changed, article changed too     conflict: nothing is written, unless overwrite says so
//! ```
//!
//! Budget of a batch of 500 unchanged files: eight round trips and no body read or rendered.

mod categories;
mod decide;
mod item;
mod memory;
mod plan;
mod prepare;
mod slugs;
mod translations;

use std::collections::HashMap;

use cairn_domain::article::Status;
use cairn_domain::ids::PortalId;
use cairn_domain::limits::{IMPORT_BATCH_ARTICLES_MAX, IMPORT_SOURCE_CHARS_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::scope::Scope;
use cairn_domain::text::check_required_text;

use crate::articles::import::decide::Work;
use crate::articles::import::memory::{Standing, standing};
use crate::articles::import::plan::Plan;
use crate::articles::import::prepare::{Prepared, prepare, render};
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Result, authorize};

/// The source of a batch that names none.
pub(crate) const DEFAULT_SOURCE: &str = "import";

pub use item::{ImportBatch, ImportItem, ImportOutcome, ImportResult};

/// Imports a batch.
///
/// # Errors
/// `invalid_fields`, `too_large`, `missing_scope` (`articles:publish` for published ones and for old addresses,
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
    let source = batch
        .source
        .clone()
        .unwrap_or_else(|| DEFAULT_SOURCE.to_owned());
    check_required_text(
        &mut input.errors,
        "source",
        &source,
        IMPORT_SOURCE_CHARS_MAX,
    );
    input.finish()?;
    if batch
        .items
        .iter()
        .any(|i| i.status != Status::Draft.as_str() || !i.old_urls.is_empty())
    {
        authorize::scope(ctx, Scope::ArticlesPublish)?;
    }
    let idempotent = Idempotent::new(
        batch.idempotency_key.as_deref(),
        portal.id,
        Operation::ImportArticles,
        &batch,
    )?;
    let items = prepare(batch.items, &portal).await?;
    let hints = hints(ctx, portal.id, &source, &items).await?;
    let mut numbers = Vec::new();
    for item in items.iter().flatten() {
        if !hints.contains_key(&item.name()) {
            numbers.push(ctx.app.article_number(portal.id).await?);
        }
    }
    let is_open = move |item: &Prepared| hints.get(&item.name()) != Some(&Standing::Same);
    let items = render(items, is_open).await?;

    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    let now = ctx.app.now();
    let mut work = Work {
        ctx,
        portal: portal.id,
        source,
        overwrite: batch.overwrite,
        now,
        numbers: numbers.into_iter(),
        plan: Plan::default(),
    };
    let results = work.decide(&mut tx, &portal, items).await?;
    let plan = work.plan;
    let new_categories = !plan.category_events.is_empty();
    let events = plan.save(ctx, &mut tx, portal.id, now).await?;
    let outcome = ImportOutcome { results };
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if !events.is_empty() {
        cairn_store::outbox::append(&mut tx, portal.id, &events).await?;
    }
    tx.commit().await?;
    if new_categories {
        ctx.app.forget_tree(portal.id);
    }
    ctx.app.wake.notify_one();
    Ok(outcome)
}

/// How the items that are known stand before the transaction opens: what is the same is not
/// rendered, what is new gets a number. The transaction looks again.
async fn hints(
    ctx: &Context,
    portal: PortalId,
    source: &str,
    items: &[Result<Prepared, String>],
) -> Result<HashMap<(Locale, String), Standing>> {
    let names: Vec<_> = items.iter().flatten().map(Prepared::name).collect();
    let known = cairn_store::imported_files::find(&ctx.app.store, portal, &names).await?;
    let known: HashMap<_, _> = known
        .into_iter()
        .map(|r| ((r.locale.clone(), r.source_id.clone()), r))
        .collect();
    Ok(items
        .iter()
        .flatten()
        .filter_map(|item| {
            let name = item.name();
            let standing = standing(item, source, Some(known.get(&name)?));
            Some((name, standing))
        })
        .collect())
}
