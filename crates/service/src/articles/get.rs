//! Get one article.

use crate::articles::reference::ArticleRef;
use crate::articles::view::ArticleView;
use crate::{Context, Result};

/// Which state of the article.
#[derive(Debug, Clone, Default)]
pub struct GetArticle {
    /// The article; for [`ArticleRef::Slug`] without portal the caller's portal is used.
    pub portal: Option<String>,
    /// A certain revision (needs `articles:write`); else head for writers, published for readers.
    pub revision: Option<i32>,
    /// Ask for what readers see even though the caller may write.
    pub published: bool,
}

/// Gets one article.
///
/// # Errors
/// `not_found` for everything the caller may not see, `missing_scope`.
pub async fn get(
    _ctx: &Context,
    _reference: &ArticleRef,
    _query: GetArticle,
) -> Result<ArticleView> {
    todo!()
}
