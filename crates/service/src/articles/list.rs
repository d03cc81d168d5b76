//! List articles with filters, or search them when there is a query.

use crate::articles::view::ArticleSummary;
use crate::{Context, Result};

/// Filters of a list, as the caller wrote them.
#[derive(Debug, Clone, Default)]
pub struct ListArticles {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Category id, slug or case-insensitive name; children included.
    pub category: Option<String>,
    /// `draft`, `published`, `archived`; readers see published ones only.
    pub status: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Tag, exact.
    pub tag: Option<String>,
    /// Author, exact.
    pub author: Option<String>,
    /// `public` or `internal`.
    pub audience: Option<String>,
    /// RFC 3339 time; changed at or after it.
    pub updated_since: Option<String>,
    /// Exact slug (with `locale`).
    pub slug: Option<String>,
    /// Exact id in the system it came from.
    pub source_id: Option<String>,
    /// Words to search for; the order is then by relevance.
    pub q: Option<String>,
    /// `-updated_at` (default), `updated_at`, `-created_at`, `created_at`, `title`, `-title`, `number`, `-number`.
    pub sort: Option<String>,
    /// 1 to 100, default 20.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct ArticlePage {
    /// The articles.
    pub items: Vec<ArticleSummary>,
    /// How many there are over all pages.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// Something the caller should know, such as a cut query.
    pub notice: Option<String>,
}

/// Lists articles: titles and snippets, never bodies.
///
/// # Errors
/// `invalid_fields`, `invalid_cursor`, `portal_required`, `missing_scope`, `overloaded`.
pub async fn list(_ctx: &Context, _query: ListArticles) -> Result<ArticlePage> {
    todo!()
}
