//! One search from request to answer.

use std::cmp::Reverse;
use std::sync::Arc;

use cairn_domain::feed::Position;
use cairn_domain::ids::ArticleId;
use cairn_domain::limits::{PAGE_SIZE_MAX, SEARCH_OFFSET_MAX};
use cairn_domain::locale::Locale;
use tantivy::schema::{Field, Value};
use tantivy::{DocAddress, TantivyDocument, Term};

use crate::answer::{Facets, Hit, SearchAnswer, SearchRequest, Snippet};
use crate::collect::{Collected, Ranked, Top};
use crate::error::SearchError;
use crate::explain::explain;
use crate::facets::{self, Counts};
use crate::feedback::by_feedback;
use crate::plan::{Manner, Plan, plan};
use crate::portal::Portal;
use crate::query::{query, without_pin};
use crate::ranking::SnippetSize;
use crate::rerank::by_second_look;
use crate::room::Inner;
use crate::schema::Card;
use crate::snippet::Highlighter;
use crate::unit::Opened;

/// Values of one facet that are told; more help nobody to choose.
const FACETS_MAX: usize = 100;

/// One unit's part of the answer.
pub(crate) struct UnitResult {
    pub(crate) locale: Locale,
    pub(crate) opened: Arc<Opened>,
    pub(crate) plan: Plan,
    pub(crate) found: Collected,
}

/// What was found in all units that were asked, before anything of it is read.
pub(crate) struct FoundHits {
    pub(crate) position: Position,
    pub(crate) results: Vec<UnitResult>,
    /// The asked-for stretch: unit and document.
    pub(crate) chosen: Vec<(usize, Ranked)>,
}

impl FoundHits {
    pub(crate) fn total(&self) -> u64 {
        self.results.iter().map(|r| r.found.total).sum()
    }

    pub(crate) fn corrected(&self) -> Option<String> {
        self.results.iter().find_map(|r| r.plan.corrected.clone())
    }

    pub(crate) fn repaired(&self) -> Vec<String> {
        let corrected = self.results.iter().find(|r| r.plan.corrected.is_some());
        corrected.map_or_else(Vec::new, |r| r.plan.repaired.clone())
    }

    pub(crate) fn totals(&self) -> Vec<(Locale, u64)> {
        let totals = self.results.iter();
        totals.map(|r| (r.locale.clone(), r.found.total)).collect()
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.results.iter().any(|r| r.plan.truncated)
    }

    /// A highlighter for each unit, made when the first hit of it is shown.
    pub(crate) fn highlighters(&self) -> Vec<Option<Highlighter>> {
        self.results.iter().map(|_| None).collect()
    }
}

impl UnitResult {
    /// What another way of looking found.
    pub(crate) fn new(locale: Locale, opened: Arc<Opened>, plan: Plan, found: Collected) -> Self {
        Self {
            locale,
            opened,
            plan,
            found,
        }
    }

    pub(crate) fn highlighter(&self, size: &SnippetSize) -> Highlighter {
        let rarity = |stem: &str| rarity(&self.opened, stem);
        Highlighter::new(&self.plan, self.opened.analyzer.for_search(), rarity, size)
    }
}

pub(crate) fn search(
    room: &Inner,
    portal: &Portal,
    request: &SearchRequest,
) -> Result<SearchAnswer, SearchError> {
    let found = find(room, portal, request)?;
    let mut highlighters = found.highlighters();
    let mut hits = Vec::with_capacity(found.chosen.len());
    for (at, ranked) in &found.chosen {
        let result = &found.results[*at];
        let size = &room.definition.ranking.snippet;
        let highlighter = request
            .snippets
            .then(|| &mut *highlighters[*at].get_or_insert_with(|| result.highlighter(size)));
        let mut hit = hit(result, *ranked, highlighter, request.sections)?;
        if request.explain {
            let explanation = explain(result, &room.definition.ranking, *ranked);
            hit.explanation = Some(explanation.map_err(SearchError::engine("explain a hit"))?);
        }
        hits.push(hit);
    }
    Ok(SearchAnswer {
        hits,
        total: found.total(),
        position: Some(found.position),
        facets: facets_of(&found.results),
        corrected: found.corrected(),
        repaired: found.repaired(),
        totals: found.totals(),
        truncated: found.is_truncated(),
    })
}

/// Finds in every unit that is asked, and chooses the stretch.
pub(crate) fn find(
    room: &Inner,
    portal: &Portal,
    request: &SearchRequest,
) -> Result<FoundHits, SearchError> {
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
    let chosen = merge(&results, offset, limit);
    Ok(FoundHits {
        position: live.position,
        results,
        chosen,
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
    let mut analyzer = opened.analyzer.for_search();
    let rules = request.rules.get(&locale);
    let taught = rules.map(|rules| room.taught(request.portal, &locale, rules, &mut analyzer));
    let plan = plan(
        &request.text,
        &opened,
        &mut analyzer,
        taught.as_deref(),
        ranking,
        if request.as_typed {
            Manner::AsTyped
        } else {
            Manner::Asked
        },
    )?;
    let query = query(&plan, &opened.fields, ranking, &request.filters);
    let found = match &query {
        None => Collected::default(),
        Some(query) => {
            // The second look sees the same hits whichever page is asked for.
            let top = Top {
                count: count.max(ranking.second_look.first),
                facets: request.facets.then(|| request.counted_since_ms.clone()),
            };
            let mut found = opened.searcher.search(query, &top)?;
            by_second_look(&opened, &plan, &ranking.second_look, &mut found.best)?;
            by_feedback(
                &opened,
                &mut analyzer,
                &plan,
                &ranking.feedback,
                ranking.second_look.first,
                &mut found.best,
            )?;
            found.best.truncate(count);
            found
        }
    };
    // Its memory is the next one's: the highlighter takes it.
    drop(analyzer);
    Ok(UnitResult {
        locale,
        opened,
        plan,
        found,
    })
}

/// Counts of several units are added: an article stands in one of them.
fn facets_of(results: &[UnitResult]) -> Facets {
    let mut counts = Counts::default();
    for result in results {
        facets::add(&mut counts, result.found.counts.clone());
    }
    let Counts {
        values: [categories, tags],
        since,
    } = counts;
    let categories = categories
        .into_iter()
        .filter_map(|(id, count)| Some((id.parse().ok()?, count)));
    let mut facets = Facets {
        categories: categories.collect(),
        tags: tags.into_iter().collect(),
        since,
    };
    facets
        .categories
        .sort_unstable_by_key(|(id, count)| (Reverse(*count), *id));
    facets
        .tags
        .sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    facets.categories.truncate(FACETS_MAX);
    facets.tags.truncate(FACETS_MAX);
    facets
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

/// How much a word tells: the fewer documents have it the more.
pub(crate) fn rarity(opened: &Opened, stem: &str) -> f32 {
    let term = Term::from_field_text(opened.fields.all, stem);
    let having = opened.searcher.doc_freq(&term).unwrap_or_default();
    rarity_of(having, opened.searcher.num_docs())
}

/// How much a word tells that so many of all documents have.
pub(crate) fn rarity_of(having: u64, all: u64) -> f32 {
    (1.0 + all as f32 / (having as f32 + 1.0)).ln()
}

/// What the index keeps of a document: its card and its body.
pub(crate) fn read(
    opened: &Opened,
    address: DocAddress,
) -> Result<(Card, TantivyDocument), SearchError> {
    let document: TantivyDocument = opened
        .searcher
        .doc(address)
        .map_err(SearchError::engine("read a hit"))?;
    let card: Card = serde_json::from_str(text_of(&document, opened.fields.card))
        .map_err(SearchError::engine("read a hit's card"))?;
    Ok((card, document))
}

/// The text of a stored field.
pub(crate) fn text_of(document: &TantivyDocument, field: Field) -> &str {
    let value = document.get_first(field);
    value.and_then(|v| v.as_str()).unwrap_or_default()
}

pub(crate) fn hit(
    result: &UnitResult,
    ranked: Ranked,
    highlighter: Option<&mut Highlighter>,
    sections_max: usize,
) -> Result<Hit, SearchError> {
    let (card, document) = read(&result.opened, ranked.address)?;
    let body = text_of(&document, result.opened.fields.body);
    let (title_html, snippet, section, sections) = match highlighter {
        None => (String::new(), Snippet::default(), None, Vec::new()),
        Some(highlighter) => {
            let title = highlighter.marked(&card.title);
            let (snippet, section) = highlighter.snippet(body, &card.sections);
            let others = match sections_max {
                0 => Vec::new(),
                max => highlighter.sections(body, &card.sections, section.as_ref(), max),
            };
            (title, snippet, section, others)
        }
    };
    let article = ArticleId::from_uuid(uuid::Uuid::from_u64_pair(ranked.id.0, ranked.id.1));
    let is_pinned = result.plan.pinned.contains(&article);
    Ok(Hit {
        article,
        number: card.number,
        revision: card.revision,
        row_version: card.row_version,
        source_id: card.source_id,
        slug: card.slug,
        title: card.title,
        title_html,
        excerpt: card.excerpt,
        locale: result.locale.clone(),
        score: without_pin(ranked.score),
        snippet,
        section,
        sections,
        is_pinned,
        explanation: None,
        updated_at_ms: card.updated_at_ms,
        categories: card.categories,
        category_name: card.category_name,
        tags: card.tags,
        status: card.status,
        audience: card.audience,
        author: card.author,
    })
}
