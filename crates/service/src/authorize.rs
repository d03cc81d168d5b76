//! Who may do what: scope and portal, decided in one place.
//!
//! A missing scope is said before anything is looked up, so that a refusal never depends on what
//! exists. A portal out of reach and a portal that does not exist read alike.

use std::sync::Arc;

use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::scope::Scope;

use crate::{Context, Error, ErrorCode, Result};

/// Refuses unless the caller has the scope of the operation.
pub(crate) fn operation(ctx: &Context, operation: Operation) -> Result<()> {
    scope(ctx, operation.row().scope)
}

/// Refuses unless the caller has the scope.
pub(crate) fn scope(ctx: &Context, scope: Scope) -> Result<()> {
    if ctx.caller.scopes.contains(scope) {
        Ok(())
    } else {
        Err(Error::missing_scope(scope))
    }
}

/// What a request without a portal falls back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reads may use the key's default portal.
    Read,
    /// Writes name their portal, unless the credential reaches just one.
    Write,
}

/// The portal a request names by slug or id, or the one it may leave unsaid.
pub(crate) fn portal(ctx: &Context, named: Option<&str>, purpose: Purpose) -> Result<Arc<Portal>> {
    let directory = ctx.app.portals();
    if let Some(named) = named {
        let found = directory
            .by_slug(named)
            .or_else(|| named.parse().ok().and_then(|id| directory.by_id(id)));
        return found
            .filter(|portal| ctx.caller.reach.contains(portal.id))
            .ok_or_else(|| Error::not_found(format!("portal \"{named}\"")));
    }
    let reachable: Vec<_> = directory
        .all()
        .iter()
        .filter(|p| ctx.caller.reach.contains(p.id))
        .collect();
    if let [only] = reachable.as_slice() {
        return Ok(Arc::clone(only));
    }
    if purpose == Purpose::Read
        && let Some(default) = ctx.caller.default_portal
        && let Some(portal) = reachable.iter().find(|p| p.id == default)
    {
        return Ok(Arc::clone(portal));
    }
    if reachable.is_empty() {
        return Err(Error::new(
            ErrorCode::PortalRequired,
            "this credential reaches no portal yet; create one first",
        ));
    }
    let slugs: Vec<_> = reachable.iter().take(50).map(|p| p.slug.as_str()).collect();
    Err(Error::new(
        ErrorCode::PortalRequired,
        format!(
            "this credential reaches several portals, so portal must name one of: {}",
            slugs.join(", ")
        ),
    ))
}
