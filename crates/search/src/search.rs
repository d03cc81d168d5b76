//! One search from request to answer.

use std::sync::Arc;

use cairn_domain::ids::ArticleId;
use cairn_domain::limits::{PAGE_SIZE_MAX, SEARCH_OFFSET_MAX};
use cairn_domain::locale::Locale;
use tantivy::schema::Value;
use tantivy::{TantivyDocument, Term};

use crate::analyzer::Analyzer;
use crate::answer::{Hit, SearchAnswer, SearchRequest, Snippet};
use crate::collect::{Collected, Ranked, Top};
use crate::error::SearchError;
use crate::plan::{Plan, plan};
use crate::portal::Portal;
use crate::query::query;
use crate::room::Inner;
use crate::schema::Card;
use crate::snippet::Highlighter;
use crate::unit::Opened;

/// One unit's part of the answer.
struct UnitResult {
    locale: Locale,
    opened: Arc<Opened>,
    analyzer: Analyzer,
    plan: Plan,
    found: Collected,
}

pub(crate) fn search(
    room: &Inner,
    portal: &Portal,
    request: &SearchRequest,
) -> Result<SearchAnswer, SearchError> {
    // Invariant: one snapshot serves the whole search; whatever is swapped meanwhile, hits, count
    // and position belong together.
    let live = portal.live()?;
    let limit = request.limit.min(PAGE_SIZE_MAX);
    let offset = request.offset.min(SEARCH_OFFSET_MAX);
    let locales = if request.locales.is_empty() {
        live.locales()
    } else {
        request.locales.clone()
    };

    let mut results: Vec<UnitResult> = Vec::with_capacity(locales.len());
    for locale in locales {
        let Some(slot) = live.unit(&locale, request.face) else {
            continue;
        };
        if results.iter().any(|r| r.locale == locale) {
            continue;
        }
        let opened = room.open_slot(slot)?;
        let result = search_unit(room, opened, locale, request, offset + limit)
            .map_err(SearchError::engine("search"))?;
        results.push(result);
    }
    let total = results.iter().map(|r| r.found.total).sum();
    let corrected = results.iter().find_map(|r| r.plan.corrected.clone());
    let truncated = results.iter().any(|r| r.plan.truncated);
    let chosen = merge(&results, offset, limit);
    let mut highlighters: Vec<Option<Highlighter>> = results.iter().map(|_| None).collect();
    let mut hits = Vec::with_capacity(chosen.len());
    for (at, ranked) in chosen {
        let result = &results[at];
        let highlighter = if request.snippets {
            Some(&mut *highlighters[at].get_or_insert_with(|| {
                Highlighter::new(
                    &result.plan,
                    result.analyzer.clone(),
                    |stem| rarity(&result.opened, stem),
                    &room.definition.ranking.snippet,
                )
            }))
        } else {
            None
        };
        hits.push(hit(result, ranked, highlighter)?);
    }
    Ok(SearchAnswer {
        hits,
        total,
        position: Some(live.position),
        corrected,
        truncated,
    })
}

fn search_unit(
    room: &Inner,
    opened: Arc<Opened>,
    locale: Locale,
    request: &SearchRequest,
    count: usize,
) -> tantivy::Result<UnitResult> {
    let ranking = &room.definition.ranking;
    let mut analyzer = opened.analyzer.clone();
    let plan = plan(&request.text, &opened, &mut analyzer, ranking)?;
    let found = match query(&plan, &opened.fields, ranking, &request.filters) {
        None => Collected {
            best: Vec::new(),
            total: 0,
        },
        Some(query) => opened.searcher.search(&*query, &Top { count })?,
    };
    Ok(UnitResult {
        locale,
        opened,
        analyzer,
        plan,
        found,
    })
}

/// Merges the ranked lists of several units: first all firsts, in the order of the locales, then
/// all seconds. Scores of different units have nothing in common, ranks do.
fn merge(results: &[UnitResult], offset: usize, limit: usize) -> Vec<(usize, Ranked)> {
    let mut merged: Vec<(usize, usize, Ranked)> = results
        .iter()
        .enumerate()
        .flat_map(|(unit, r)| {
            r.found
                .best
                .iter()
                .enumerate()
                .map(move |(rank, ranked)| (rank, unit, *ranked))
        })
        .collect();
    merged.sort_by_key(|(rank, unit, _)| (*rank, *unit));
    merged
        .into_iter()
        .skip(offset)
        .take(limit)
        .map(|(_, unit, ranked)| (unit, ranked))
        .collect()
}

/// How much a word tells, for choosing a snippet: the fewer documents have it the more.
fn rarity(opened: &Opened, stem: &str) -> f32 {
    let term = Term::from_field_text(opened.fields.all, stem);
    let having = opened.searcher.doc_freq(&term).unwrap_or_default() as f32;
    let all = opened.searcher.num_docs() as f32;
    (1.0 + all / (having + 1.0)).ln()
}

fn hit(
    result: &UnitResult,
    ranked: Ranked,
    highlighter: Option<&mut Highlighter>,
) -> Result<Hit, SearchError> {
    let opened = &result.opened;
    let document: TantivyDocument = opened
        .searcher
        .doc(ranked.address)
        .map_err(SearchError::engine("read a hit"))?;
    let text = |field| {
        document
            .get_first(field)
            .and_then(|v| v.as_str())
            .unwrap_or_default()
    };
    let card: Card = serde_json::from_str(text(opened.fields.card))
        .map_err(SearchError::engine("read a hit's card"))?;
    let (snippet, section) = match highlighter {
        None => (Snippet::default(), None),
        Some(highlighter) => highlighter.snippet(text(opened.fields.body), &card.sections),
    };
    Ok(Hit {
        article: ArticleId::from_uuid(uuid::Uuid::from_u64_pair(ranked.id.0, ranked.id.1)),
        number: card.number,
        revision: card.revision,
        row_version: card.row_version,
        source_id: card.source_id,
        slug: card.slug,
        title: card.title,
        excerpt: card.excerpt,
        locale: result.locale.clone(),
        score: ranked.score,
        snippet,
        section,
        updated_at_ms: card.updated_at_ms,
        categories: card.categories,
        category_name: card.category_name,
        tags: card.tags,
        status: card.status,
        audience: card.audience,
        author: card.author,
    })
}
