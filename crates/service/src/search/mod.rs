//! Search, as callers with a credential see it.

pub(crate) mod pool;

use std::sync::Arc;

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::{CategoryId, TranslationGroupId};
use cairn_domain::limits::{QUERY_BYTES_MAX, SEARCH_OFFSET_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::slug::Slug;
use cairn_search::{Filters, Hit, SearchAnswer, SearchRequest};
use jiff::Timestamp;
use serde::Serialize;

use crate::articles::view::{ArticleSummary, hit_summary};
use crate::authorize::Purpose;
use crate::text_input::Input;
use crate::{App, Context, Result, authorize, cursor};

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
}

/// What a query found.
pub(crate) struct Found {
    pub(crate) items: Vec<ArticleSummary>,
    pub(crate) total: u64,
    pub(crate) next_offset: Option<usize>,
    pub(crate) notice: Option<String>,
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
    input.finish()?;
    let binding = ("search", portal.id, &query);
    let offset = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<usize>(&binding, c))
        .transpose()?
        .unwrap_or(0);
    let words = Query {
        face: cairn_search::Face::Published,
        locales: vec![locale.unwrap_or_else(|| portal.default_locale().clone())],
        q: query.q.clone(),
        category,
        tag,
        status: None,
        audience: None,
        author: None,
        updated_since: None,
        offset: offset.min(SEARCH_OFFSET_MAX),
        limit,
    };
    let Found {
        items,
        total,
        next_offset,
        notice,
    } = run(ctx, &portal, words).await?;
    let next_cursor = next_offset
        .map(|o| cursor::encode(&binding, &o))
        .transpose()?;
    Ok(SearchPage {
        items,
        total,
        next_cursor,
        notice,
    })
}

/// Runs a query for a caller.
pub(crate) async fn run(ctx: &Context, portal: &Arc<Portal>, query: Query) -> Result<Found> {
    let (offset, limit) = (query.offset, query.limit);
    let (answer, notice) = ask(&ctx.app, portal, query).await?;
    let end = offset + answer.hits.len();
    let more = answer.hits.len() == limit && (end as u64) < answer.total && end < SEARCH_OFFSET_MAX;
    let mut items = Vec::with_capacity(answer.hits.len());
    for hit in answer.hits {
        items.push(hit_summary(ctx, portal, hit).await?);
    }
    Ok(Found {
        items,
        total: answer.total,
        next_offset: more.then_some(end),
        notice,
    })
}

/// Asks the index, off the async threads.
pub(crate) async fn ask(
    app: &Arc<App>,
    portal: &Portal,
    query: Query,
) -> Result<(SearchAnswer, Option<String>)> {
    let (text, notice) = cut(query.q);
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
    };
    let index = Arc::clone(&app.index);
    let started = std::time::Instant::now();
    let answer = app.searches.run(move || index.search(&request)).await??;
    metrics::histogram!("cairn_search_seconds").record(started.elapsed().as_secs_f64());
    Ok((answer, notice))
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
