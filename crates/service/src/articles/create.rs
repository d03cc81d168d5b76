//! Create an article: a draft, unless asked otherwise and allowed.

use crate::articles::view::ArticleView;
use crate::{Context, Result};

/// A new article, as the caller wrote it.
#[derive(Debug, Clone, Default)]
pub struct CreateArticle {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Required.
    pub title: Option<String>,
    /// Required, Markdown.
    pub body: Option<String>,
    /// Summary for lists.
    pub excerpt: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Author's name.
    pub author: Option<String>,
    /// Category id, slug or name.
    pub category: Option<String>,
    /// Locale; the portal's default when absent.
    pub locale: Option<String>,
    /// Slug; made from the title when absent.
    pub slug: Option<String>,
    /// `draft` (default) or `published` (needs `articles:publish`).
    pub status: Option<String>,
    /// `public` (default) or `internal`.
    pub audience: Option<String>,
    /// Id or `portal~number` of an article this one translates.
    pub translation_of: Option<String>,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// Why, for the revision list.
    pub message: Option<String>,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
}

/// Creates an article.
///
/// # Errors
/// `invalid_fields`, `portal_required`, `missing_scope`, `slug_taken`, `content_limit`,
/// `idempotency_mismatch`, `idempotency_in_flight`.
pub async fn create(_ctx: &Context, _command: CreateArticle) -> Result<ArticleView> {
    todo!()
}
