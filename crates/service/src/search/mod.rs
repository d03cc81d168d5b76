//! Search, as callers with a credential see it.

mod passages;
pub(crate) mod pool;
mod related;
mod suggest;
mod updated;

use std::sync::Arc;

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::category::Category;
use cairn_domain::ids::{CategoryId, TranslationGroupId};
use cairn_domain::limits::{QUERY_BYTES_MAX, SEARCH_OFFSET_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::scope::Scope;
use cairn_domain::slug::Slug;
use cairn_search::{Facets, Filters, Hit, SearchAnswer, SearchRequest, take_filters};
use jiff::Timestamp;
use serde::Serialize;

use crate::articles::view::{ArticleSummary, hit_summary};
use crate::authorize::Purpose;
use crate::search_counts::Asked;
use crate::text_input::{Input, find_category};
use crate::{App, Context, Result, authorize, cursor};

pub use passages::{Passage, PassagePage, SearchPassages, search_passages};
pub use related::{ListRelated, list_related};
pub use suggest::{Suggest, suggest};
pub use updated::UpdatedWithin;

/// Fewer hits than this are little: other languages are asked as well.
pub(crate) const LITTLE: u64 = 3;
/// Hits in other languages that are told.
pub(crate) const ELSEWHERE_MAX: usize = 5;

/// A search, as the caller wrote it.
#[derive(Debug, Clone, Default, Serialize)]
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
    /// Changed at this time (RFC 3339) or later.
    pub updated_since: Option<String>,
    /// Also count all hits by category and tag, and by when they changed.
    pub facets: bool,
    /// Also say of each hit how its score came about (needs `articles:write`).
    pub explain: bool,
    /// 1 to 100, default 20.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
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
    /// The query with unknown words repaired, when that is likely what was meant.
    pub corrected: Option<String>,
    /// Counts of all hits; empty unless asked for.
    pub facets: FacetCounts,
    /// Hits in other languages, when there are hardly any in the one that was asked for.
    pub elsewhere: Vec<ArticleSummary>,
}

/// Counts of all hits, the largest first.
#[derive(Debug, Clone, Default)]
pub struct FacetCounts {
    /// By category; a hit counts in its category and in all above it.
    pub categories: Vec<(Category, u64)>,
    /// By tag, in lower case.
    pub tags: Vec<(String, u64)>,
    /// By when they changed: every span, the shortest first.
    pub updated: Vec<(UpdatedWithin, u64)>,
}

/// A query that is ready to be run.
pub(crate) struct Query {
    pub(crate) face: cairn_search::Face,
    pub(crate) locales: Vec<Locale>,
    pub(crate) q: String,
    pub(crate) category: Option<CategoryId>,
    pub(crate) tag: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) audience: Option<Audience>,
    pub(crate) author: Option<String>,
    pub(crate) updated_since: Option<Timestamp>,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    pub(crate) facets: bool,
    /// Sections beside that of the snippet.
    pub(crate) sections: usize,
    /// Whether no word is repaired.
    pub(crate) as_typed: bool,
    pub(crate) explain: bool,
}

/// What a query found.
pub(crate) struct Found {
    pub(crate) items: Vec<ArticleSummary>,
    pub(crate) total: u64,
    pub(crate) next_offset: Option<usize>,
    pub(crate) notice: Option<String>,
    pub(crate) corrected: Option<String>,
    pub(crate) facets: FacetCounts,
}

/// Searches published articles.
///
/// # Errors
/// `invalid_fields`, `invalid_cursor`, `portal_required`, `missing_scope`, `overloaded`.
pub async fn search(ctx: &Context, query: Search) -> Result<SearchPage> {
    authorize::operation(ctx, Operation::SearchArticles)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let tree = ctx.app.tree(portal.id).await?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    let locale = input.locale(query.locale.as_deref());
    let category = input.category("category", query.category.as_deref(), &tree);
    let tag = input
        .not_empty("tag", query.tag.as_deref())
        .map(str::to_owned);
    let updated_since = input.time("updated_since", query.updated_since.as_deref());
    input.finish()?;
    if query.explain {
        authorize::scope(ctx, Scope::ArticlesWrite)?;
    }
    let binding = ("search", portal.id, &query);
    let offset = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<usize>(&binding, c))
        .transpose()?
        .unwrap_or(0);
    let locale = locale.unwrap_or_else(|| portal.default_locale().clone());
    let words = |locales: Vec<Locale>, offset, limit| Query {
        face: cairn_search::Face::Published,
        locales,
        q: query.q.clone(),
        category,
        tag: tag.clone(),
        status: None,
        audience: None,
        author: None,
        updated_since,
        offset,
        limit,
        facets: query.facets,
        sections: 0,
        as_typed: false,
        explain: query.explain,
    };
    let offset = offset.min(SEARCH_OFFSET_MAX);
    let found = run(ctx, &portal, words(vec![locale.clone()], offset, limit)).await?;
    let others = other_locales(&portal, &locale);
    let mut elsewhere = Vec::new();
    if found.total < LITTLE && offset == 0 && !others.is_empty() {
        let words = words(others, 0, ELSEWHERE_MAX.min(limit));
        for hit in ask(&ctx.app, &portal, words).await?.0.hits {
            elsewhere.push(hit_summary(ctx, &portal, hit).await?);
        }
    }
    let next_cursor = found
        .next_offset
        .map(|o| cursor::encode(&binding, &o))
        .transpose()?;
    Ok(SearchPage {
        items: found.items,
        total: found.total,
        next_cursor,
        notice: found.notice,
        corrected: found.corrected,
        facets: found.facets,
        elsewhere,
    })
}

/// The locales of a portal but one, in its order.
pub(crate) fn other_locales(portal: &Portal, locale: &Locale) -> Vec<Locale> {
    let others = portal.locales.iter().filter(|l| *l != locale);
    others.cloned().collect()
}

/// Runs a query for a caller.
pub(crate) async fn run(ctx: &Context, portal: &Arc<Portal>, query: Query) -> Result<Found> {
    let (offset, limit) = (query.offset, query.limit);
    let asked = Asked::of(ctx, portal, &query);
    let (answer, notice) = ask(&ctx.app, portal, query).await?;
    if let Some(asked) = asked {
        asked.found(&ctx.app, answer.total);
    }
    let end = offset + answer.hits.len();
    let more = answer.hits.len() == limit && (end as u64) < answer.total && end < SEARCH_OFFSET_MAX;
    let mut items = Vec::with_capacity(answer.hits.len());
    for hit in answer.hits {
        items.push(hit_summary(ctx, portal, hit).await?);
    }
    let tree = ctx.app.tree(portal.id).await?;
    Ok(Found {
        items,
        total: answer.total,
        next_offset: more.then_some(end),
        notice,
        corrected: answer.corrected,
        facets: named(answer.facets, &tree),
    })
}

/// Counts with the categories as they stand now; one that is gone since is left out.
pub(crate) fn named(facets: Facets, tree: &[Category]) -> FacetCounts {
    let categories = facets.categories.into_iter();
    FacetCounts {
        categories: categories
            .filter_map(|(id, count)| Some((tree.iter().find(|c| c.id == id)?.clone(), count)))
            .collect(),
        tags: facets.tags,
        updated: UpdatedWithin::ALL
            .into_iter()
            .zip(facets.since.into_iter().chain(std::iter::repeat(0)))
            .collect(),
    }
}

/// Asks the index, off the async threads.
pub(crate) async fn ask(
    app: &Arc<App>,
    portal: &Portal,
    query: Query,
) -> Result<(SearchAnswer, Option<String>)> {
    let (request, notice) = request(app, portal, query).await?;
    let index = Arc::clone(&app.index);
    let started = std::time::Instant::now();
    let answer = app.searches.run(move || index.search(&request)).await??;
    metrics::histogram!("cairn_search_seconds").record(started.elapsed().as_secs_f64());
    Ok((answer, notice))
}

/// The request that a query is: filters that were typed go before those that were set.
pub(crate) async fn request(
    app: &Arc<App>,
    portal: &Portal,
    mut query: Query,
) -> Result<(SearchRequest, Option<String>)> {
    let (mut text, notice) = cut(query.q);
    let named = take_filters(&text);
    if let Some(category) = &named.category {
        let tree = app.tree(portal.id).await?;
        // What names no category is words.
        if let Ok(found) = find_category("q", category, &tree) {
            query.category = Some(found);
            text.clone_from(&named.text);
        }
    }
    if let Some(tag) = named
        .tag
        .filter(|_| named.category.is_none() || text == named.text)
    {
        query.tag = Some(tag);
        text = named.text;
    }
    let request = SearchRequest {
        portal: portal.id,
        face: query.face,
        locales: query.locales,
        text,
        filters: Filters {
            category: query.category,
            tag: query.tag,
            status: query.status,
            audience: query.audience,
            author: query.author,
            updated_since_ms: query.updated_since.map(Timestamp::as_millisecond),
        },
        limit: query.limit,
        offset: query.offset,
        snippets: true,
        facets: query.facets,
        counted_since_ms: UpdatedWithin::ALL
            .map(|span| span.since(app.now()).as_millisecond())
            .to_vec(),
        sections: query.sections,
        as_typed: query.as_typed,
        explain: query.explain,
        rules: app.search_rules(portal.id).await?,
    };
    Ok((request, notice))
}

/// Cuts an over-long query at a character and says so.
fn cut(mut q: String) -> (String, Option<String>) {
    if q.len() <= QUERY_BYTES_MAX {
        return (q, None);
    }
    q.truncate(q.floor_char_boundary(QUERY_BYTES_MAX));
    (
        q,
        Some(format!(
            "the query was longer than {QUERY_BYTES_MAX} bytes; only its beginning was searched for"
        )),
    )
}

/// The live fields that the index keeps of a hit. What it does not keep is not shown in lists.
pub(crate) fn article_of(portal: &Portal, hit: &Hit) -> Article {
    let updated_at =
        Timestamp::from_millisecond(hit.updated_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    Article {
        portal: portal.id,
        id: hit.article,
        number: hit.number,
        locale: hit.locale.clone(),
        translation_group: TranslationGroupId::from_uuid(hit.article.as_uuid()),
        slug: Slug::from_stored(hit.slug.clone()),
        category: hit.categories.first().copied(),
        audience: hit.audience,
        status: hit.status,
        head_revision: hit.revision,
        published_revision: (hit.status == Status::Published).then_some(hit.revision),
        row_version: hit.row_version,
        source_id: hit.source_id.clone(),
        created_at: updated_at,
        updated_at,
        published_at: (hit.status == Status::Published).then_some(updated_at),
        translated_from: None,
        purged_at: None,
    }
}
