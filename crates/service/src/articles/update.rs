//! Update an article against the revision it was read at.

use cairn_domain::article::{Edit, Expected};

use crate::articles::reference::ArticleRef;
use crate::articles::view::ArticleView;
use crate::{Context, Result};

/// A change, as the caller wrote it; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdateArticle {
    /// The state the change was made against; absent is `precondition_required`.
    pub expected: Option<Expected>,
    /// Title.
    pub title: Option<String>,
    /// Whole body; not together with `edits`.
    pub body: Option<String>,
    /// Passages of the body to replace.
    pub edits: Option<Vec<Edit>>,
    /// Summary for lists; empty text takes it away.
    pub excerpt: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Author; `Some(None)` takes it away.
    pub author: Option<Option<String>>,
    /// Category id, slug or name; `Some(None)` takes it out of the tree.
    pub category: Option<Option<String>>,
    /// Slug.
    pub slug: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Status; `published` publishes the head.
    pub status: Option<String>,
    /// Audience.
    pub audience: Option<String>,
    /// Why, for the revision list.
    pub message: Option<String>,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
    /// Check everything, show what would come of it, write nothing.
    pub dry_run: bool,
}

/// What an update came to.
#[derive(Debug, Clone)]
pub struct Updated {
    /// The article after the change, with its head text.
    pub view: ArticleView,
    /// Names of the fields that changed; empty when everything was so already.
    pub changed: Vec<String>,
}

/// Updates an article.
///
/// # Errors
/// `precondition_required`, `revision_conflict` (with the current revision), `invalid_fields`,
/// `edit_failed`, `not_found`, `missing_scope`, `slug_taken`, `content_limit`, the idempotency ones.
pub async fn update(
    _ctx: &Context,
    _reference: &ArticleRef,
    _command: UpdateArticle,
) -> Result<Updated> {
    todo!()
}
