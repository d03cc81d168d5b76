//! The revisions of an article.

use cairn_domain::actor::Actor;
use cairn_domain::revision::Revision;
use jiff::Timestamp;

use crate::articles::reference::ArticleRef;
use crate::{Context, Result};

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
    _ctx: &Context,
    _reference: &ArticleRef,
    _limit: Option<i64>,
    _cursor: Option<String>,
) -> Result<RevisionPage> {
    todo!()
}

/// Gets one revision with its text.
///
/// # Errors
/// `not_found`, `missing_scope`.
pub async fn get_revision(
    _ctx: &Context,
    _reference: &ArticleRef,
    _number: i32,
) -> Result<Revision> {
    todo!()
}
