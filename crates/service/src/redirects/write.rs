//! Writing redirects inside a transaction that holds the portal's row: chains joined, loops refused.

use std::collections::HashMap;

use cairn_domain::event::Subject;
use cairn_domain::ids::{ArticleId, EventId, PortalId};
use cairn_domain::limits::REDIRECTS_MAX;
use cairn_domain::old_address::OldAddress;
use cairn_domain::operation::Operation;
use cairn_domain::redirect::{Redirect, RedirectTarget, collapse};
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;

use crate::redirects::{PutRedirect, PutResult, audit_value};
use crate::{Context, Error, ErrorCode, Result, audit, links};

/// What a write of redirects did.
pub(super) struct Written {
    /// What became of each of them, in order.
    pub(super) results: Vec<PutRedirect>,
    /// Those that were written, where they lead now; also those that led to one of them.
    pub(super) after: Vec<Redirect>,
    /// Where those of `after` that were there led before.
    pub(super) before: Vec<Redirect>,
}

impl Written {
    fn note(&mut self, old: &OldAddress, before: Option<&RedirectTarget>, after: &RedirectTarget) {
        let redirect = |target: &RedirectTarget| Redirect {
            old: old.clone(),
            target: target.clone(),
        };
        self.before.extend(before.map(redirect));
        self.after.push(redirect(after));
    }

    /// The audit entry and the event, when anything was written.
    pub(super) fn trail(
        &self,
        ctx: &Context,
        portal: PortalId,
        message: &str,
        at: Timestamp,
    ) -> Option<(AuditEntry, NewEvent)> {
        if self.after.is_empty() {
            return None;
        }
        let entry = audit::entry(
            ctx,
            audit::Entry {
                portal,
                operation: Operation::PutRedirects,
                subject: Subject::Redirects(portal),
                revision: None,
                before: (!self.before.is_empty()).then(|| audit_value(&self.before)),
                after: Some(audit_value(&self.after)),
                message,
                at,
            },
        );
        Some((entry, event(ctx, Operation::PutRedirects, portal, at)))
    }
}

/// The event of a write.
pub(super) fn event(
    ctx: &Context,
    operation: Operation,
    portal: PortalId,
    at: Timestamp,
) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: operation
            .row()
            .event
            .unwrap_or(operation.row().name)
            .to_owned(),
        subject: Subject::Redirects(portal),
        revision: None,
        at,
    }
}

/// Puts redirects; none of them may stand twice in `wanted`. A handful of reads and
/// two writes, however many.
///
/// # Errors
/// Inside: the places of those that lead back to themselves; nothing was written. Outside: `conflict`
/// when the portal would have too many, and what the database says.
pub(super) async fn put_many(
    tx: &mut Tx,
    portal: PortalId,
    wanted: &[Redirect],
    now: Timestamp,
) -> Result<Result<Written, Vec<usize>>> {
    let onward: Vec<OldAddress> = wanted.iter().filter_map(|r| r.target.as_old()).collect();
    let mut addresses: Vec<&OldAddress> = wanted.iter().map(|r| &r.old).chain(&onward).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let known: HashMap<OldAddress, RedirectTarget> =
        cairn_store::redirects::at(tx, portal, &addresses)
            .await?
            .into_iter()
            .map(|r| (r.old, r.target))
            .collect();
    let targets = match collapse(wanted, &known) {
        Ok(targets) => targets,
        Err(loops) => return Ok(Err(loops)),
    };
    let urls: Vec<String> = wanted.iter().map(|r| r.old.to_url()).collect();
    let leading = cairn_store::redirects::leading_to(tx, portal, &urls).await?;

    let mut written = Written {
        results: Vec::with_capacity(wanted.len()),
        after: Vec::new(),
        before: Vec::new(),
    };
    let mut created = 0;
    for ((redirect, target), old_url) in wanted.iter().zip(&targets).zip(urls) {
        let before = known.get(&redirect.old);
        let result = match before {
            None => PutResult::Created,
            Some(before) if before == target => PutResult::Unchanged,
            Some(_) => PutResult::Updated,
        };
        written.results.push(PutRedirect {
            result,
            old_url,
            target: target.to_text(),
        });
        created += i64::from(result == PutResult::Created);
        if result != PutResult::Unchanged {
            written.note(&redirect.old, before, target);
        }
    }
    // Those that led to an address that is itself redirected now lead on with it.
    let onward: HashMap<&OldAddress, &RedirectTarget> =
        wanted.iter().map(|r| &r.old).zip(&targets).collect();
    for before in leading {
        let through = before.target.as_old();
        let target = through.as_ref().and_then(|old| onward.get(old));
        // One that is put in the same breath has its own target.
        if let Some(target) = target.filter(|_| !onward.contains_key(&before.old)) {
            written.note(&before.old, Some(&before.target), target);
        }
    }
    if created > 0 {
        let count = cairn_store::redirects::count(tx, portal).await?;
        if count + created > REDIRECTS_MAX {
            return Err(Error::new(
                ErrorCode::Conflict,
                format!(
                    "the portal would have {} redirects, at most {REDIRECTS_MAX} are kept; delete some first",
                    count + created
                ),
            ));
        }
    }
    cairn_store::redirects::put_many(tx, portal, &written.after, now).await?;
    let addresses: Vec<&OldAddress> = written.after.iter().map(|r| &r.old).collect();
    links::arrived_redirects(tx, portal, &addresses).await?;
    Ok(Ok(written))
}

/// Leads old addresses to articles, inside a write of those articles; of two that claim one address the
/// later gets it. Audit entry and event are for the caller to append.
pub(crate) async fn put_for_articles(
    ctx: &Context,
    tx: &mut Tx,
    portal: PortalId,
    claims: &[(&OldAddress, ArticleId)],
    now: Timestamp,
) -> Result<Option<(AuditEntry, NewEvent)>> {
    if claims.is_empty() {
        return Ok(None);
    }
    let mut last: HashMap<&OldAddress, usize> = HashMap::with_capacity(claims.len());
    for (at, (old, _)) in claims.iter().enumerate() {
        last.insert(*old, at);
    }
    let wanted: Vec<Redirect> = claims
        .iter()
        .enumerate()
        .filter(|(at, (old, _))| last.get(*old) == Some(at))
        .map(|(_, (old, article))| Redirect {
            old: (*old).clone(),
            target: RedirectTarget::Article(*article),
        })
        .collect();
    match put_many(tx, portal, &wanted, now).await? {
        Ok(written) => Ok(written.trail(ctx, portal, "Import", now)),
        Err(_) => Err(Error::internal("an article leads nowhere else")),
    }
}
