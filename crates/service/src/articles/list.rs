//! List articles with filters, or search them when there is a query.

use std::sync::Arc;

use cairn_domain::article::{Audience, Status};
use cairn_domain::category::Category;
use cairn_domain::ids::{ArticleId, CategoryId};
use cairn_domain::limits::{SEARCH_OFFSET_MAX, SOURCE_ID_BYTES_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::slug::lookup_form;
use cairn_store::articles::{
    ArticleKey, ArticleQuery, ArticleState, ArticleSummary as StoredSummary, Face, Sort, SortKey,
    Which,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::articles::view::{ArticleSummary, face, summary};
use crate::authorize::Purpose;
use crate::categories::with_children;
use crate::search::{Found, Query, run};
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, authorize, cursor};

/// The orders a list can have, as callers write them.
const SORTS: [(&str, Sort); 8] = [
    ("-updated_at", Sort::UpdatedDesc),
    ("updated_at", Sort::UpdatedAsc),
    ("-created_at", Sort::CreatedDesc),
    ("created_at", Sort::CreatedAsc),
    ("title", Sort::TitleAsc),
    ("-title", Sort::TitleDesc),
    ("number", Sort::NumberAsc),
    ("-number", Sort::NumberDesc),
];

/// Filters of a list, as the caller wrote them.
#[derive(Debug, Clone, Default, Serialize)]
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
    #[serde(skip)]
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

/// Filters, read and checked.
struct Filters {
    category: Option<CategoryId>,
    status: Option<Status>,
    locale: Option<Locale>,
    tag: Option<String>,
    author: Option<String>,
    audience: Option<Audience>,
    updated_since: Option<Timestamp>,
    sort: Sort,
    limit: usize,
}

/// Lists articles: titles and snippets, never bodies.
///
/// # Errors
/// `invalid_fields`, `invalid_cursor`, `portal_required`, `missing_scope`, `overloaded`.
pub async fn list(ctx: &Context, query: ListArticles) -> Result<ArticlePage> {
    authorize::operation(ctx, Operation::ListArticles)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let tree = ctx.app.tree(portal.id).await?;
    let filters = parse(&query, &tree)?;
    if query.slug.is_some() || query.source_id.is_some() {
        return by_key(ctx, &portal, &query, filters).await;
    }
    if query.q.is_some() {
        return by_words(ctx, &portal, query, filters).await;
    }
    let binding = ("articles", portal.id, face(ctx) == Face::Authoring, &query);
    let after = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<(SortKey, ArticleId)>(&binding, c))
        .transpose()?;
    let mut stored = ArticleQuery {
        portal: portal.id,
        face: face(ctx),
        categories: filters.category.map(|id| with_children(&tree, id)),
        status: filters.status,
        locale: filters.locale,
        tag: filters.tag,
        author: filters.author,
        audience: filters.audience,
        updated_since: filters.updated_since,
        sort: filters.sort,
        after,
        limit: page_limit(filters.limit),
    };
    let mut rows = cairn_store::articles::list(&ctx.app.store, &stored).await?;
    let more = rows.len() > filters.limit;
    rows.truncate(filters.limit);
    let next_cursor = match rows.last() {
        Some(last) if more => Some(cursor::encode(
            &binding,
            &(sort_key(filters.sort, last), last.article.id),
        )?),
        _ => None,
    };
    stored.after = None;
    let total = if more || query.cursor.is_some() {
        cairn_store::articles::count(&ctx.app.store, &stored).await?
    } else {
        i64::try_from(rows.len()).unwrap_or(i64::MAX)
    };
    Ok(ArticlePage {
        items: summaries(ctx, &portal, rows).await?,
        total,
        next_cursor,
        notice: None,
    })
}

/// Where an article stands in an order.
fn sort_key(sort: Sort, row: &StoredSummary) -> SortKey {
    match sort {
        Sort::UpdatedDesc | Sort::UpdatedAsc => SortKey::Time(row.article.updated_at),
        Sort::CreatedDesc | Sort::CreatedAsc => SortKey::Time(row.article.created_at),
        Sort::TitleDesc | Sort::TitleAsc => SortKey::Title(row.title.clone()),
        Sort::NumberDesc | Sort::NumberAsc => SortKey::Number(row.article.number),
    }
}

fn summary_of(state: ArticleState) -> StoredSummary {
    StoredSummary {
        body_bytes: i32::try_from(state.staged.body.len()).unwrap_or(i32::MAX),
        article: state.article,
        title: state.staged.title,
        excerpt: state.staged.excerpt,
        tags: state.staged.tags,
        author: state.staged.author,
    }
}

async fn summaries(
    ctx: &Context,
    portal: &Arc<Portal>,
    rows: Vec<StoredSummary>,
) -> Result<Vec<ArticleSummary>> {
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(summary(ctx, portal, row).await?);
    }
    Ok(items)
}

/// The one article with a slug or a source id, as a list of none or one.
async fn by_key(
    ctx: &Context,
    portal: &Arc<Portal>,
    query: &ListArticles,
    filters: Filters,
) -> Result<ArticlePage> {
    let locale = filters
        .locale
        .unwrap_or_else(|| portal.default_locale().clone());
    let key = match (&query.slug, &query.source_id) {
        (Some(slug), _) => ArticleKey::Slug {
            locale,
            slug: lookup_form(slug),
        },
        (None, source_id) => ArticleKey::Source {
            locale,
            source_id: source_id.clone().unwrap_or_default(),
        },
    };
    let which = if face(ctx) == Face::Authoring {
        Which::Head
    } else {
        Which::Published
    };
    let state = cairn_store::articles::get(&ctx.app.store, portal.id, &key, which).await?;
    let matches_filters = |state: &ArticleState| {
        let article = &state.article;
        filters.status.is_none_or(|s| s == article.status)
            && filters.audience.is_none_or(|a| a == article.audience)
            && filters.category.is_none_or(|c| Some(c) == article.category)
            && query
                .source_id
                .as_ref()
                .is_none_or(|s| Some(s) == article.source_id.as_ref())
    };
    let rows: Vec<_> = state
        .filter(matches_filters)
        .map(summary_of)
        .into_iter()
        .collect();
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Ok(ArticlePage {
        items: summaries(ctx, portal, rows).await?,
        total,
        next_cursor: None,
        notice: None,
    })
}

/// The articles that match words, best first.
async fn by_words(
    ctx: &Context,
    portal: &Arc<Portal>,
    query: ListArticles,
    filters: Filters,
) -> Result<ArticlePage> {
    let binding = (
        "articles by words",
        portal.id,
        face(ctx) == Face::Authoring,
        &query,
    );
    let offset = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<usize>(&binding, c))
        .transpose()?
        .unwrap_or(0);
    let words = Query {
        face: match face(ctx) {
            Face::Authoring => cairn_search::Face::Authoring,
            _ => cairn_search::Face::Published,
        },
        // Without a locale all of the portal's are searched.
        locales: filters
            .locale
            .map_or_else(|| portal.locales.clone(), |l| vec![l]),
        q: query.q.clone().unwrap_or_default(),
        category: filters.category,
        tag: filters.tag,
        status: filters.status,
        audience: filters.audience,
        author: filters.author,
        updated_since: filters.updated_since,
        offset: offset.min(SEARCH_OFFSET_MAX),
        limit: filters.limit,
        facets: false,
        sections: 0,
        as_typed: false,
        explain: false,
    };
    let Found {
        items,
        total,
        next_offset,
        notice,
        ..
    } = run(ctx, portal, words).await?;
    let next_cursor = next_offset
        .map(|o| cursor::encode(&binding, &o))
        .transpose()?;
    Ok(ArticlePage {
        items,
        total: i64::try_from(total).unwrap_or(i64::MAX),
        next_cursor,
        notice,
    })
}

fn parse(query: &ListArticles, tree: &[Category]) -> Result<Filters> {
    let mut input = Input::default();
    let sort = match query.sort.as_deref() {
        None => Some(Sort::UpdatedDesc),
        Some(text) => {
            let find = |t: &str| {
                SORTS
                    .iter()
                    .find(|(name, _)| *name == t)
                    .map(|(_, sort)| *sort)
            };
            input.word("sort", text, find, SORTS.iter().map(|(name, _)| *name))
        }
    };
    if query.sort.is_some() && query.q.is_some() {
        input.errors.add(
            "sort",
            "conflicts_with_q",
            "a search is ordered by relevance; leave out sort or q",
        );
    }
    if let Some(source_id) = input.not_empty("source_id", query.source_id.as_deref())
        && source_id.len() > SOURCE_ID_BYTES_MAX
    {
        input.errors.add(
            "source_id",
            "too_long",
            format!("source_id has more than {SOURCE_ID_BYTES_MAX} bytes"),
        );
    }
    input.not_empty("slug", query.slug.as_deref());
    let filters = Filters {
        category: input.category("category", query.category.as_deref(), tree),
        status: input.status(query.status.as_deref()),
        locale: input.locale(query.locale.as_deref()),
        tag: input
            .not_empty("tag", query.tag.as_deref())
            .map(str::to_owned),
        author: input
            .not_empty("author", query.author.as_deref())
            .map(str::to_owned),
        audience: input.audience(query.audience.as_deref()),
        updated_since: input.time("updated_since", query.updated_since.as_deref()),
        sort: sort.unwrap_or(Sort::UpdatedDesc),
        limit: input.limit(query.limit),
    };
    input.finish()?;
    Ok(filters)
}
