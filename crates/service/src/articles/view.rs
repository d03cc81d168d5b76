//! What reading articles gives, from which each door makes its own form.

use std::sync::Arc;

use cairn_domain::article::Article;
use cairn_domain::ids::CategoryId;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;

/// The category of an article, named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryLabel {
    /// Its id.
    pub id: CategoryId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// One article, whole.
#[derive(Debug, Clone)]
pub struct ArticleView {
    /// Whose.
    pub portal: Arc<Portal>,
    /// Live fields and numbers.
    pub article: Article,
    /// The text of `revision`.
    pub staged: Staged,
    /// Which revision the text is: the head for those who may write, else the published one.
    pub revision: i32,
    /// Where it hangs.
    pub category: Option<CategoryLabel>,
    /// Public address, absolute; present while readers can open it.
    pub url: Option<String>,
    /// What sanitising takes out when it is shown; empty on plain reads.
    pub warnings: Vec<String>,
}

impl ArticleView {
    /// The strong entity tag of the full JSON article: `"<revision>.<row_version>"`, with quotes.
    pub fn etag(&self) -> String {
        format!("\"{}.{}\"", self.revision, self.article.row_version)
    }

    /// The short address `portal~number`.
    pub fn short_id(&self) -> String {
        format!("{}~{}", self.portal.slug, self.article.number)
    }
}

/// One article in a list: never its body.
#[derive(Debug, Clone)]
pub struct ArticleSummary {
    /// Whose.
    pub portal: Arc<Portal>,
    /// Live fields and numbers.
    pub article: Article,
    /// Title of the revision the caller reads.
    pub title: String,
    /// Excerpt of it.
    pub excerpt: String,
    /// Tags of it.
    pub tags: Vec<String>,
    /// Author of it.
    pub author: Option<String>,
    /// Where it hangs.
    pub category: Option<CategoryLabel>,
    /// Public address, absolute; present while readers can open it.
    pub url: Option<String>,
    /// With a query: the cut that matched, escaped HTML with `<mark>`.
    pub snippet_html: Option<String>,
    /// With a query: the same cut as text.
    pub snippet: Option<String>,
    /// With a query: its score.
    pub score: Option<f32>,
}
