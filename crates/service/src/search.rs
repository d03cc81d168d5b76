//! Search, as callers with a credential see it.

use crate::articles::view::ArticleSummary;
use crate::{Context, Result};

/// A search, as the caller wrote it.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The words.
    pub q: String,
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Locale; the portal's default when absent.
    pub locale: Option<String>,
    /// Category id, slug or name; children included.
    pub category: Option<String>,
    /// Tag, exact.
    pub tag: Option<String>,
    /// 1 to 100, default 20.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    pub cursor: Option<String>,
}

/// One page of results.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// The hits, best first, each with snippet and score.
    pub items: Vec<ArticleSummary>,
    /// How many articles matched.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// Something the caller should know, such as a cut query.
    pub notice: Option<String>,
}

/// Searches published articles.
///
/// # Errors
/// `invalid_fields`, `invalid_cursor`, `portal_required`, `missing_scope`, `overloaded`.
pub async fn search(_ctx: &Context, _query: Search) -> Result<SearchPage> {
    todo!()
}
