//! `/api/v1/search`: published articles by words; `/passages` of them, `/suggestions` while somebody
//! types, and what is `/related` to one.

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use cairn_service::articles::ArticleRef;
use cairn_service::search::{
    self, FacetCounts, ListRelated, Passage, Search, SearchPassages, Suggest, UpdatedWithin,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::invalid;
use super::page::{List, link_to_next};
use super::wire::ArticleItem;
use crate::extract::query::{Words, query_input};
use crate::extract::{Authed, QueryParams, Segments};
use crate::problem::Problem;

query_input! {
    /// A search.
    pub(crate) struct SearchQuery {
        /// The words. `"exact words"`, `-without`, `title:word`, `category:name` and `tag:name` are followed; all else is words.
        q: Words,
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Locale; the portal's default when left out.
        locale: Option<String>,
        /// Category id, slug or case-insensitive name; what hangs below it is included.
        category: Option<String>,
        /// Tag, exact.
        tag: Option<String>,
        /// Changed at this time (RFC 3339) or later.
        updated_since: Option<String>,
        /// `true`: also count all hits by category and tag, and by when they changed.
        facets: Option<bool>,
        /// `true`: also say of each hit how its score came about; needs `articles:write`.
        explain: Option<bool>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

query_input! {
    /// A question.
    pub(crate) struct PassageQuery {
        /// The words.
        q: Words,
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Locale; all of the portal's when left out.
        locale: Option<String>,
        /// Category id, slug or case-insensitive name; what hangs below it is included.
        category: Option<String>,
        /// Tag, exact.
        tag: Option<String>,
        /// Passages, 1 to 50; 8 when left out.
        limit: Option<i64>,
    }
}

query_input! {
    /// What somebody has typed so far.
    pub(crate) struct SuggestQuery {
        /// The words; the last one may be unfinished.
        q: Words,
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Locale; the portal's default when left out.
        locale: Option<String>,
        /// Suggestions, 1 to 20; 8 when left out.
        limit: Option<i64>,
    }
}

query_input! {
    /// How many.
    pub(crate) struct RelatedQuery {
        /// Articles, 1 to 20; 5 when left out.
        limit: Option<i64>,
    }
}

/// A page of hits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchList {
    #[serde(flatten)]
    list: List<ArticleItem>,
    /// The query with unknown words repaired, when that is likely what was meant: hits are found by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    corrected: Option<String>,
    /// Counts of all hits; present when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    facets: Option<Facets>,
    /// Hits in other languages, when there are hardly any in the one asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<ArticleItem>,
}

/// Counts of all hits, the largest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// By category; a hit counts in its category and in all above it.
    categories: Vec<CategoryCount>,
    /// By tag, in lower case.
    tags: Vec<TagCount>,
    /// By when they changed.
    updated: UpdatedCounts,
}

/// Hits that changed lately; a shorter span counts in the longer ones.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct UpdatedCounts {
    /// In the last seven days.
    week: u64,
    /// In the last thirty days.
    month: u64,
    /// In the last 365 days.
    year: u64,
}

/// Hits in a category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryCount {
    /// Its id.
    id: Uuid,
    /// Its slug.
    slug: String,
    /// Its name.
    name: String,
    /// Hits in it and below.
    count: u64,
}

/// Hits with a tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagCount {
    /// The tag, in lower case.
    tag: String,
    /// Hits that have it.
    count: u64,
}

impl From<FacetCounts> for Facets {
    fn from(counts: FacetCounts) -> Self {
        let mut updated = UpdatedCounts::default();
        for (span, count) in counts.updated {
            match span {
                UpdatedWithin::Week => updated.week = count,
                UpdatedWithin::Month => updated.month = count,
                UpdatedWithin::Year => updated.year = count,
            }
        }
        Self {
            updated,
            categories: counts
                .categories
                .into_iter()
                .map(|(category, count)| CategoryCount {
                    id: category.id.as_uuid(),
                    slug: category.slug.as_str().to_owned(),
                    name: category.name,
                    count,
                })
                .collect(),
            tags: counts
                .tags
                .into_iter()
                .map(|(tag, count)| TagCount { tag, count })
                .collect(),
        }
    }
}

/// Passages that speak to a question.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassageList {
    /// Best first.
    items: Vec<PassageItem>,
    /// Articles that match in all.
    total: u64,
    /// The query with unknown words repaired, when that is likely what was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    corrected: Option<String>,
    /// Something worth knowing, such as a query that was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<String>,
}

/// A section of an article.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassageItem {
    /// The article.
    article: ArticleItem,
    /// The headings above and its own, outermost first; empty for what stands before the first.
    heading_path: Vec<String>,
    /// The fragment that links to it, without `#`.
    #[schema(required = true)]
    anchor: Option<String>,
    /// Its public address; null while readers cannot open it.
    #[schema(required = true)]
    url: Option<String>,
    /// The cut that speaks to the question, as escaped HTML with `<mark>`.
    snippet: String,
    /// The same cut as text.
    snippet_text: String,
    /// All its words.
    text: String,
    /// Comparable within this answer only.
    score: f32,
}

impl From<Passage> for PassageItem {
    fn from(passage: Passage) -> Self {
        Self {
            article: passage.article.into(),
            heading_path: passage.heading_path,
            anchor: passage.anchor,
            url: passage.url,
            snippet: passage.snippet_html,
            snippet_text: passage.snippet,
            text: passage.text,
            score: passage.score,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/search", operation_id = "search_articles", tag = "search",
    params(SearchQuery), responses((status = 200, description = "A page of hits, best first", body = SearchList)),
)]
pub(crate) async fn search(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<SearchQuery>,
) -> Result<Response, Problem> {
    let facets = query.facets.unwrap_or_default();
    let page = search::search(
        &ctx,
        Search {
            q: query.q.0.unwrap_or_default(),
            portal: query.portal,
            locale: query.locale,
            category: query.category,
            tag: query.tag,
            updated_since: query.updated_since,
            facets,
            explain: query.explain.unwrap_or_default(),
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let found = SearchList {
        list: List {
            items: page.items.into_iter().map(ArticleItem::from).collect(),
            total: Some(i64::try_from(page.total).unwrap_or(i64::MAX)),
            next_cursor: page.next_cursor,
            notice: page.notice,
        },
        corrected: page.corrected,
        facets: facets.then(|| page.facets.into()),
        elsewhere: page.elsewhere.into_iter().map(ArticleItem::from).collect(),
    };
    let cursor = found.list.next_cursor.clone();
    Ok(link_to_next(axum::Json(found), &uri, cursor.as_deref()))
}

#[utoipa::path(
    get, path = "/api/v1/passages", operation_id = "search_passages", tag = "search",
    params(PassageQuery), responses((status = 200, description = "Passages, best first", body = PassageList)),
)]
pub(crate) async fn passages(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<PassageQuery>,
) -> Result<Response, Problem> {
    let page = search::search_passages(
        &ctx,
        SearchPassages {
            q: query.q.0.unwrap_or_default(),
            portal: query.portal,
            locale: query.locale,
            category: query.category,
            tag: query.tag,
            limit: query.limit,
        },
    )
    .await?;
    let list = PassageList {
        items: page.items.into_iter().map(PassageItem::from).collect(),
        total: page.total,
        corrected: page.corrected,
        notice: page.notice,
    };
    Ok(axum::Json(list).into_response())
}

#[utoipa::path(
    get, path = "/api/v1/suggestions", operation_id = "suggest_articles", tag = "search",
    params(SuggestQuery), responses((status = 200, description = "Articles whose titles say what was typed, best first", body = List<ArticleItem>)),
)]
pub(crate) async fn suggestions(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<SuggestQuery>,
) -> Result<Response, Problem> {
    let articles = search::suggest(
        &ctx,
        Suggest {
            q: query.q.0.unwrap_or_default(),
            portal: query.portal,
            locale: query.locale,
            limit: query.limit,
        },
    )
    .await?;
    Ok(whole(articles, &uri))
}

#[utoipa::path(
    get, path = "/api/v1/articles/{id}/related", operation_id = "list_related_articles", tag = "search",
    params(("id" = String, Path, description = "Article id, `portal~number`, or public URL"), RelatedQuery),
    responses((status = 200, description = "The nearest published articles", body = List<ArticleItem>)),
)]
pub(crate) async fn related(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    Segments(id): Segments<String>,
    QueryParams(query): QueryParams<RelatedQuery>,
) -> Result<Response, Problem> {
    let reference = ArticleRef::parse("id", &id).map_err(invalid)?;
    let query = ListRelated { limit: query.limit };
    let articles = search::list_related(&ctx, &reference, query).await?;
    Ok(whole(articles, &uri))
}

/// A list without further pages.
fn whole(
    articles: Vec<cairn_service::articles::ArticleSummary>,
    uri: &axum::http::Uri,
) -> Response {
    let list = List {
        items: articles.into_iter().map(ArticleItem::from).collect(),
        total: None,
        next_cursor: None,
        notice: None,
    };
    list.respond(uri)
}
