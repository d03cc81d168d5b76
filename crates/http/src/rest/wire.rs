//! The wire form of articles, shared by the handlers that answer with them.
//!
//! Neither rows nor the service's views go out as they are: a field here is a promise to clients.

use cairn_service::articles::{
    ArticleSummary, ArticleView, CategoryLabel, TranslationView, Updated,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::time::Time;

/// The category an article hangs in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryRef {
    /// Its id.
    id: Uuid,
    /// Its slug.
    slug: String,
    /// Its name.
    name: String,
}

impl From<CategoryLabel> for CategoryRef {
    fn from(label: CategoryLabel) -> Self {
        Self {
            id: label.id.as_uuid(),
            slug: label.slug,
            name: label.name,
        }
    }
}

/// Which article this one is a translation of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Translation {
    /// The article it was made from.
    of: Uuid,
    /// Which revision of it.
    revision: i32,
    /// Whether that article has moved on since: its head for those who may write, else what is published of it.
    behind: bool,
}

impl From<TranslationView> for Translation {
    fn from(view: TranslationView) -> Self {
        Self {
            of: view.of.as_uuid(),
            revision: view.revision,
            behind: view.behind,
        }
    }
}

/// One article, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Article {
    /// Its id; the only address that takes writes.
    id: Uuid,
    /// Short number, unique in its portal.
    number: i64,
    /// `portal~number`, a short address for reading.
    short_id: String,
    /// Slug of its portal.
    portal: String,
    /// Language (BCP 47).
    locale: String,
    /// Shared with its translations.
    translation_group: Uuid,
    /// Which article it is a translation of, and whether that one has moved on; null when of none.
    #[schema(required = true)]
    translation: Option<Translation>,
    /// Path segment of its public address.
    slug: String,
    /// Where it hangs in the tree.
    #[schema(required = true)]
    category: Option<CategoryRef>,
    /// `public` or `internal`.
    audience: String,
    /// `draft`, `published` or `archived`.
    status: String,
    /// Title of `revision`.
    title: String,
    /// Markdown of `revision`, to the byte.
    body: String,
    /// Summary for lists; may be empty.
    excerpt: String,
    /// Tags in the order given.
    tags: Vec<String>,
    /// Who is named as the author.
    #[schema(required = true)]
    author: Option<String>,
    /// Its id in the system it came from.
    #[schema(required = true)]
    source_id: Option<String>,
    /// Front matter that came with an import.
    #[schema(required = true)]
    front_matter: Option<Value>,
    /// Which revision title, body, excerpt, tags, author and front matter are of.
    revision: i32,
    /// Newest saved revision.
    head_revision: i32,
    /// What readers see; null while it is not published.
    #[schema(required = true)]
    published_revision: Option<i32>,
    /// Raised by every change.
    row_version: i64,
    /// Whether the head holds something readers do not see yet.
    has_unpublished_changes: bool,
    /// Public address; null while readers cannot open it.
    #[schema(required = true)]
    url: Option<String>,
    /// What sanitising takes out when it is shown, and pictures without alternative text; empty on plain reads.
    warnings: Vec<String>,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
    /// When it was last published.
    #[schema(required = true)]
    published_at: Option<Time>,
}

impl From<ArticleView> for Article {
    fn from(view: ArticleView) -> Self {
        let short_id = view.short_id();
        let ArticleView {
            portal,
            article,
            staged,
            revision,
            category,
            url,
            translation,
            warnings,
        } = view;
        Self {
            id: article.id.as_uuid(),
            number: article.number,
            short_id,
            portal: portal.slug.to_string(),
            translation: translation.map(Translation::from),
            translation_group: article.translation_group.as_uuid(),
            category: category.map(CategoryRef::from),
            audience: article.audience.as_str().to_owned(),
            status: article.status.as_str().to_owned(),
            title: staged.title,
            body: staged.body,
            excerpt: staged.excerpt,
            tags: staged.tags,
            author: staged.author,
            front_matter: staged.front_matter.map(json_or_text),
            revision,
            head_revision: article.head_revision,
            published_revision: article.published_revision,
            row_version: article.row_version,
            has_unpublished_changes: article.has_unpublished_changes(),
            url,
            warnings,
            created_at: article.created_at.into(),
            updated_at: article.updated_at.into(),
            published_at: article.published_at.map(Time::from),
            locale: article.locale.to_string(),
            slug: article.slug.to_string(),
            source_id: article.source_id,
        }
    }
}

/// What a change came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpdatedArticle {
    /// The article after the change.
    #[serde(flatten)]
    article: Article,
    /// Names of the fields that changed; empty when everything was so already.
    changed: Vec<String>,
}

impl From<Updated> for UpdatedArticle {
    fn from(updated: Updated) -> Self {
        Self {
            article: updated.view.into(),
            changed: updated.changed,
        }
    }
}

/// One article in a list: never its body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleItem {
    /// Its id.
    id: Uuid,
    /// Short number, unique in its portal.
    number: i64,
    /// `portal~number`.
    short_id: String,
    /// Its id in the system it came from.
    #[schema(required = true)]
    source_id: Option<String>,
    /// Slug of its portal.
    portal: String,
    /// Language (BCP 47).
    locale: String,
    /// Shared with its translations.
    translation_group: Uuid,
    /// Path segment of its public address.
    slug: String,
    /// Where it hangs in the tree.
    #[schema(required = true)]
    category: Option<CategoryRef>,
    /// `public` or `internal`.
    audience: String,
    /// `draft`, `published` or `archived`.
    status: String,
    /// Title.
    title: String,
    /// Summary; may be empty.
    excerpt: String,
    /// Tags in the order given.
    tags: Vec<String>,
    /// Who is named as the author.
    #[schema(required = true)]
    author: Option<String>,
    /// Newest saved revision.
    head_revision: i32,
    /// What readers see; null while it is not published.
    #[schema(required = true)]
    published_revision: Option<i32>,
    /// Raised by every change.
    row_version: i64,
    /// Whether the head holds something readers do not see yet.
    has_unpublished_changes: bool,
    /// Public address; null while readers cannot open it.
    #[schema(required = true)]
    url: Option<String>,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
    /// When it was last published.
    #[schema(required = true)]
    published_at: Option<Time>,
    /// With a query: the passage that matched, as escaped HTML with `<mark>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    snippet: Option<String>,
    /// With a query: the same passage as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    snippet_text: Option<String>,
    /// With a query: how well it fits; comparable within one answer only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    score: Option<f32>,
    /// With `explain=true`: how the score came about, as the engine tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    explanation: Option<Value>,
}

impl From<ArticleSummary> for ArticleItem {
    fn from(summary: ArticleSummary) -> Self {
        let article = summary.article;
        Self {
            id: article.id.as_uuid(),
            number: article.number,
            short_id: format!("{}~{}", summary.portal.slug, article.number),
            portal: summary.portal.slug.to_string(),
            translation_group: article.translation_group.as_uuid(),
            category: summary.category.map(CategoryRef::from),
            audience: article.audience.as_str().to_owned(),
            status: article.status.as_str().to_owned(),
            title: summary.title,
            excerpt: summary.excerpt,
            tags: summary.tags,
            author: summary.author,
            head_revision: article.head_revision,
            published_revision: article.published_revision,
            row_version: article.row_version,
            has_unpublished_changes: article.has_unpublished_changes(),
            url: summary.url,
            created_at: article.created_at.into(),
            updated_at: article.updated_at.into(),
            published_at: article.published_at.map(Time::from),
            snippet: summary.snippet_html,
            snippet_text: summary.snippet,
            score: summary.score,
            explanation: summary.explanation,
            source_id: article.source_id,
            locale: article.locale.to_string(),
            slug: article.slug.to_string(),
        }
    }
}

/// Front matter is kept as JSON text; should it ever not be, it goes out as the text it is.
pub(crate) fn json_or_text(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
