//! The fields of an article as this door writes them.

use cairn_domain::actor::Caller;
use cairn_domain::article::{Article, Status};
use cairn_domain::scope::Scope;
use cairn_service::articles::{ArticleSummary, ArticleView, CategoryLabel};
use serde_json::{Map, Value};

use crate::outline::shorten;

/// Most characters of a snippet in a list.
const SNIPPET_CHARS_MAX: usize = 300;
/// Most tags of an article in a list.
const LIST_TAGS_MAX: usize = 10;

/// A JSON object that leaves out what is not there.
#[derive(Default)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    /// Sets a field.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a field when there is a value.
    pub(crate) fn set_some(&mut self, name: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// One line a field, every value as JSON: no title can look like another line.
    pub(crate) fn to_lines(&self) -> String {
        self.0
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect()
    }

    /// The object.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// An article in a list: a snippet, never the body.
pub(crate) fn summary(caller: &Caller, item: &ArticleSummary) -> Value {
    let article = &item.article;
    let mut object = Object::default();
    object
        .set("id", article.id.to_string())
        .set(
            "short_id",
            format!("{}~{}", item.portal.slug, article.number),
        )
        .set("title", item.title.as_str())
        .set("slug", article.slug.as_str())
        .set("locale", article.locale.as_str());
    place(&mut object, item.category.as_ref(), item.url.as_deref());
    object
        .set("status", article.status.as_str())
        .set("audience", article.audience.as_str())
        .set("revision", revision_read(caller, article))
        .set("updated_at", article.updated_at.to_string());
    if !item.tags.is_empty() {
        let tags: Vec<_> = item
            .tags
            .iter()
            .take(LIST_TAGS_MAX)
            .map(String::as_str)
            .collect();
        object.set("tags", tags);
    }
    let snippet = item.snippet.as_deref().unwrap_or(&item.excerpt);
    if !snippet.is_empty() {
        object.set("snippet", shorten(snippet, SNIPPET_CHARS_MAX));
    }
    object.set_some("score", item.score.map(f64::from));
    object.into_value()
}

/// Everything about an article but its body.
pub(crate) fn metadata(caller: &Caller, view: &ArticleView) -> Object {
    let article = &view.article;
    let mut object = identity(view);
    object
        .set("title", view.staged.title.as_str())
        .set("portal", view.portal.slug.as_str())
        .set("locale", article.locale.as_str());
    place(&mut object, view.category.as_ref(), None);
    object
        .set("audience", article.audience.as_str())
        .set("tags", view.staged.tags.clone());
    object.set_some("author", view.staged.author.as_deref());
    translation(&mut object, view);
    if !view.staged.excerpt.is_empty() {
        object.set("excerpt", view.staged.excerpt.as_str());
    }
    object
        .set("created_at", article.created_at.to_string())
        .set("updated_at", article.updated_at.to_string())
        .set_some("published_at", article.published_at.map(|t| t.to_string()));
    if caller.scopes.contains(Scope::ArticlesWrite) {
        object.set("has_unpublished_changes", article.has_unpublished_changes());
    }
    object
}

/// What a later call needs to name the article and its state.
pub(crate) fn identity(view: &ArticleView) -> Object {
    let mut object = Object::default();
    object
        .set("id", view.article.id.to_string())
        .set("short_id", view.short_id())
        .set("slug", view.article.slug.as_str())
        .set_some("url", view.url.as_deref())
        .set("status", view.article.status.as_str())
        .set("revision", view.revision)
        .set("etag", view.etag());
    object
}

/// What sanitising takes out, and what readers do not see yet.
pub(crate) fn consequences(object: &mut Object, view: &ArticleView) {
    object.set("warnings", view.warnings.clone());
    translation(object, view);
    if view.article.status == Status::Draft {
        object.set(
            "note",
            "saved as a draft; readers see it once status is published",
        );
    } else if view.article.has_unpublished_changes() {
        let note = format!(
            "saved as revision {}; readers see the published one until you update with status published",
            view.revision
        );
        object.set("note", note);
    }
}

/// Which article this one is a translation of, and whether that one has moved on.
fn translation(object: &mut Object, view: &ArticleView) {
    if let Some(translation) = view.translation {
        let mut of = Object::default();
        of.set("of", translation.of.to_string())
            .set("revision", translation.revision)
            .set("behind", translation.behind);
        object.set("translation", of.into_value());
    }
}

fn place(object: &mut Object, category: Option<&CategoryLabel>, url: Option<&str>) {
    object
        .set_some("url", url)
        .set_some("category", category.map(|c| c.slug.as_str()))
        .set_some("category_name", category.map(|c| c.name.as_str()));
}

/// The revision a caller reads: the head for writers, else the published one.
fn revision_read(caller: &Caller, article: &Article) -> i32 {
    if caller.scopes.contains(Scope::ArticlesWrite) {
        article.head_revision
    } else {
        article.published_revision.unwrap_or(article.head_revision)
    }
}
