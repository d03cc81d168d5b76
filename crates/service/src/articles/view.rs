//! What reading articles gives, from which each door makes its own form.

use std::sync::Arc;

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::category::Category;
use cairn_domain::ids::CategoryId;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::scope::Scope;
use cairn_search::Hit;
use cairn_store::articles::{ArticleSummary as StoredSummary, Face};

use crate::articles::translations::{TranslationView, translation_view};
use crate::search::article_of;
use crate::{Context, Result, address};

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
    /// What it is a translation of.
    pub translation: Option<TranslationView>,
    /// What sanitising takes out when it is shown, and which pictures have no alternative text; empty
    /// on plain reads.
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
    /// With a query, when asked for: how the score came about, as the engine tells it.
    pub explanation: Option<serde_json::Value>,
}

/// What the caller reads of articles: heads, or what is published.
pub(crate) fn face(ctx: &Context) -> Face {
    if ctx.caller.scopes.contains(Scope::ArticlesWrite) {
        Face::Authoring
    } else {
        Face::Published
    }
}

/// The whole view of an article.
pub(crate) async fn view(
    ctx: &Context,
    portal: Arc<Portal>,
    article: Article,
    staged: Staged,
    revision: i32,
) -> Result<ArticleView> {
    let article = as_seen(ctx, article);
    let category = label(ctx, &article).await?;
    let url = url(ctx, &portal, &article);
    let translation = translation_view(ctx, &article).await?;
    Ok(ArticleView {
        portal,
        article,
        staged,
        revision,
        category,
        url,
        translation,
        warnings: Vec::new(),
    })
}

/// One article of a list.
pub(crate) async fn summary(
    ctx: &Context,
    portal: &Arc<Portal>,
    row: StoredSummary,
) -> Result<ArticleSummary> {
    let article = as_seen(ctx, row.article);
    Ok(ArticleSummary {
        category: label(ctx, &article).await?,
        url: url(ctx, portal, &article),
        portal: Arc::clone(portal),
        article,
        title: row.title,
        excerpt: row.excerpt,
        tags: row.tags,
        author: row.author,
        snippet_html: None,
        snippet: None,
        score: None,
        explanation: None,
    })
}

/// One hit of a search.
pub(crate) async fn hit_summary(
    ctx: &Context,
    portal: &Arc<Portal>,
    hit: Hit,
) -> Result<ArticleSummary> {
    let article = article_of(portal, &hit);
    Ok(ArticleSummary {
        category: label(ctx, &article).await?,
        url: url(ctx, portal, &article),
        portal: Arc::clone(portal),
        article,
        title: hit.title,
        excerpt: hit.excerpt,
        tags: hit.tags,
        author: None,
        snippet_html: Some(hit.snippet.html),
        snippet: Some(hit.snippet.text),
        score: Some(hit.score),
        explanation: hit.explanation,
    })
}

/// Readers are not told that something newer is being written.
fn as_seen(ctx: &Context, mut article: Article) -> Article {
    if face(ctx) == Face::Published {
        article.head_revision = article.published_revision.unwrap_or(article.head_revision);
        article.updated_at = article.published_at.unwrap_or(article.updated_at);
    }
    article
}

async fn label(ctx: &Context, article: &Article) -> Result<Option<CategoryLabel>> {
    let Some(id) = article.category else {
        return Ok(None);
    };
    let find = |tree: &[Category]| {
        tree.iter().find(|c| c.id == id).map(|c| CategoryLabel {
            id,
            slug: c.slug.as_str().to_owned(),
            name: c.name.clone(),
        })
    };
    if let Some(label) = find(&ctx.app.tree(article.portal).await?) {
        return Ok(Some(label));
    }
    // Another process may have made it a moment ago.
    ctx.app.forget_tree(article.portal);
    Ok(find(&ctx.app.tree(article.portal).await?))
}

/// The public address, while readers can open it.
fn url(ctx: &Context, portal: &Portal, article: &Article) -> Option<String> {
    let is_live = article.status == Status::Published && article.audience == Audience::Public;
    is_live.then(|| {
        let base = address::base(portal);
        ctx.app.public_url(&address::article(
            &base,
            &article.locale,
            article.slug.as_str(),
        ))
    })
}
