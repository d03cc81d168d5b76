//! Categories: the tree of a portal, with counts.

use cairn_domain::category::Category;

use crate::{Context, Result};

/// A node of the tree in pre-order: a child follows its parent.
#[derive(Debug, Clone)]
pub struct CategoryNode {
    /// The category.
    pub category: Category,
    /// Depth below the top, from 0.
    pub depth: usize,
    /// Articles in it that the caller may read.
    pub article_count: i64,
    /// Articles in it and below.
    pub article_count_with_children: i64,
}

/// Which tree.
#[derive(Debug, Clone, Default)]
pub struct ListCategories {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Only what is below this category (id, slug or name).
    pub parent: Option<String>,
    /// Count articles of this locale only.
    pub locale: Option<String>,
    /// 1 to 100, default 20… for trees the default is 100.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    pub cursor: Option<String>,
}

/// One page of the tree.
#[derive(Debug, Clone)]
pub struct CategoryPage {
    /// Slug of the portal.
    pub portal: String,
    /// The nodes in pre-order.
    pub items: Vec<CategoryNode>,
    /// Nodes over all pages.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// A new category, or a change to one; for a change what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct WriteCategory {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// Required for a new one.
    pub name: Option<String>,
    /// Slug; made from the name when absent.
    pub slug: Option<String>,
    /// Parent (id, slug or name); `Some(None)` moves it to the top.
    pub parent: Option<Option<String>>,
    /// One sentence.
    pub description: Option<String>,
    /// Order among siblings.
    pub position: Option<i32>,
    /// Row version the change was made against; required for a change.
    pub expected_version: Option<i64>,
    /// Retrying with the same key gives the same outcome.
    pub idempotency_key: Option<String>,
}

/// Lists the tree.
///
/// # Errors
/// `portal_required`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(_ctx: &Context, _query: ListCategories) -> Result<CategoryPage> {
    todo!()
}

/// Creates a category.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `slug_taken`, the idempotency ones.
pub async fn create(_ctx: &Context, _command: WriteCategory) -> Result<Category> {
    todo!()
}

/// Changes a category named by its id.
///
/// # Errors
/// `precondition_required`, `revision_conflict`, `not_found`, and as for a new one.
pub async fn update(_ctx: &Context, _id: &str, _command: WriteCategory) -> Result<Category> {
    todo!()
}
