//! The revisions of an article.

use cairn_domain::actor::Actor;
use cairn_domain::operation::Operation;
use cairn_domain::revision::Revision;
use cairn_store::articles::Which;
use jiff::Timestamp;

use crate::articles::get::{find, not_found};
use crate::articles::reference::ArticleRef;
use crate::text_input::{Input, page_limit};
use crate::{Context, Error, Result, authorize, cursor};

/// One revision in a list: never its body.
#[derive(Debug, Clone)]
pub struct RevisionSummary {
    /// 1, 2, 3…
    pub number: i32,
    /// Title then.
    pub title: String,
    /// Size of the body then, in bytes.
    pub body_bytes: i64,
    /// By whom.
    pub actor: Actor,
    /// Why.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// When its text was erased.
    pub purged_at: Option<Timestamp>,
}

/// One page of revisions, newest first.
#[derive(Debug, Clone)]
pub struct RevisionPage {
    /// The revisions.
    pub items: Vec<RevisionSummary>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Lists the revisions of an article, newest first.
///
/// # Errors
/// `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list_revisions(
    ctx: &Context,
    reference: &ArticleRef,
    limit: Option<i64>,
    cursor: Option<String>,
) -> Result<RevisionPage> {
    authorize::operation(ctx, Operation::ListRevisions)?;
    let mut input = Input::default();
    let limit = input.limit(limit);
    input.finish()?;
    let (portal, state) = find(ctx, reference, None, Which::Head).await?;
    let binding = ("revisions", portal.id, state.article.id);
    let before = cursor
        .as_deref()
        .map(|c| cursor::decode::<i32>(&binding, c))
        .transpose()?;
    let mut rows = cairn_store::revisions::list(
        &ctx.app.store,
        portal.id,
        state.article.id,
        before,
        page_limit(limit),
    )
    .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last() {
        Some(last) if more => Some(cursor::encode(&binding, &last.number)?),
        _ => None,
    };
    let items = rows
        .into_iter()
        .map(|r| RevisionSummary {
            number: r.number,
            title: r.title,
            body_bytes: i64::from(r.body_bytes),
            actor: r.actor,
            message: r.message,
            created_at: r.created_at,
            purged_at: r.purged_at,
        })
        .collect();
    Ok(RevisionPage { items, next_cursor })
}

/// Gets one revision with its text.
///
/// # Errors
/// `not_found`, `missing_scope`.
pub async fn get_revision(ctx: &Context, reference: &ArticleRef, number: i32) -> Result<Revision> {
    authorize::operation(ctx, Operation::GetRevision)?;
    let (portal, state) = find(ctx, reference, None, Which::Head).await?;
    let found =
        cairn_store::revisions::get(&ctx.app.store, portal.id, state.article.id, number).await?;
    let revision = found.ok_or_else(not_found)?;
    if revision.purged_at.is_some() {
        return Err(Error::purged(format!("revision {number}")));
    }
    Ok(revision)
}
