//! Putting redirects: all of a request or none.

use std::collections::HashMap;

use cairn_domain::field_error::FieldErrors;
use cairn_domain::limits::REDIRECT_BATCH_MAX;
use cairn_domain::old_address::OldAddress;
use cairn_domain::operation::Operation;
use cairn_domain::redirect::Redirect;
use serde::{Deserialize, Serialize};

use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::redirects::target::{Named, resolve};
use crate::redirects::{PutRedirect, write};
use crate::text_input::Input;
use crate::{Context, Error, Result, authorize};

/// Redirects to be put.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PutRedirects {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// 1 to [`REDIRECT_BATCH_MAX`] of them.
    pub redirects: Vec<NewRedirect>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// One redirect to be put.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NewRedirect {
    /// A path of the site before, with its query where that matters, or a whole address of it.
    pub old_url: String,
    /// `article:<id or portal~number>`, `article:LOCALE:SOURCE_ID`, `category:<id, slug or
    /// NAME/NAME>`, a path of the portal, or an http address.
    pub target: String,
}

/// What is remembered of a write.
#[derive(Serialize, Deserialize)]
struct PutOutcome {
    results: Vec<PutRedirect>,
}

/// Puts redirects: adds those that are new, gives the others their target. All or none.
///
/// # Errors
/// `invalid_fields` (also for loops and unknown targets), `missing_scope`, `conflict` when the portal
/// would have too many, the idempotency ones.
pub async fn put(ctx: &Context, command: PutRedirects) -> Result<Vec<PutRedirect>> {
    authorize::operation(ctx, Operation::PutRedirects)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let wanted = read(&mut input.errors, &command.redirects);
    input.finish()?;
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::PutRedirects,
        &command,
    )?;
    let now = ctx.app.now();
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<PutOutcome>(ctx, &mut tx).await? {
        return Ok(outcome.results);
    }
    // The portal row is locked: writers of redirects take turns, so no chain and no loop between them.
    cairn_store::portals::lock(&mut tx, portal.id).await?;
    let targets = resolve(ctx, &mut tx, &portal, wanted.iter().map(|(_, n)| n)).await?;
    let mut errors = FieldErrors::new();
    let wanted: Vec<Redirect> = wanted
        .into_iter()
        .zip(targets)
        .filter_map(|((old, _), target)| {
            let target = errors.take(target)?;
            Some(Redirect { old, target })
        })
        .collect();
    errors.finish().map_err(Error::invalid_fields)?;
    let written = match write::put_many(&mut tx, portal.id, &wanted, now).await? {
        Ok(written) => written,
        Err(loops) => return Err(looped(&loops)),
    };
    let trail = written.trail(ctx, portal.id, "", now);
    let outcome = PutOutcome {
        results: written.results,
    };
    if let Some((entry, _)) = &trail {
        cairn_store::audit::append(&mut tx, entry).await?;
    }
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if let Some((_, event)) = trail {
        cairn_store::outbox::append(&mut tx, portal.id, &[event]).await?;
    }
    tx.commit().await?;
    ctx.app.wake.notify_one();
    Ok(outcome.results)
}

/// Reads what needs no look into the database, and notes every fault.
fn read(errors: &mut FieldErrors, redirects: &[NewRedirect]) -> Vec<(OldAddress, Named)> {
    if redirects.is_empty() || redirects.len() > REDIRECT_BATCH_MAX {
        errors.add(
            "redirects",
            "invalid_count",
            format!(
                "redirects needs 1 to {REDIRECT_BATCH_MAX} entries, got {}; send more in further requests",
                redirects.len()
            ),
        );
        return Vec::new();
    }
    let mut seen: HashMap<OldAddress, usize> = HashMap::new();
    let mut wanted = Vec::with_capacity(redirects.len());
    for (at, redirect) in redirects.iter().enumerate() {
        let old_field = format!("redirects.{at}.old_url");
        let old = errors.take(OldAddress::parse(&old_field, &redirect.old_url));
        let target = errors.take(Named::parse(
            &format!("redirects.{at}.target"),
            &redirect.target,
        ));
        if let Some(old) = &old
            && let Some(first) = seen.insert(old.clone(), at)
        {
            let why = format!(
                "{old_field} is the same address as redirects.{first}.old_url; keep one of them"
            );
            errors.add(old_field, "duplicate", why);
        }
        if let (Some(old), Some(target)) = (old, target) {
            wanted.push((old, target));
        }
    }
    wanted
}

fn looped(loops: &[usize]) -> Error {
    let mut errors = FieldErrors::new();
    for at in loops {
        let field = format!("redirects.{at}.target");
        let why = format!(
            "{field} leads back to redirects.{at}.old_url, over other redirects or at once; lead it to a page"
        );
        errors.add(field, "loop", why);
    }
    match errors.finish() {
        Err(faults) => Error::invalid_fields(faults),
        Ok(()) => Error::internal("a loop stands somewhere"),
    }
}
