//! Related articles: those that say what an article says in its title and its opening words.

use std::collections::HashMap;

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, TERMINATED, Term};

use crate::answer::Hit;
use crate::collect::Top;
use crate::cut::plain;
use crate::document::Face;
use crate::error::SearchError;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::room::Inner;
use crate::search::{UnitResult, hit, rarity, read, text_of};
use crate::unit::Opened;

/// Most related articles of one answer.
pub(crate) const RELATED_MAX: usize = 20;
/// Words that are looked for, the most telling ones.
const WORDS_MAX: usize = 16;
/// What a word of the title counts, of one of the text.
const TITLE_TIMES: f32 = 3.0;
/// How much of the body is looked at, in bytes.
const BODY_BYTES_MAX: usize = 4_096;

/// Which articles are asked for.
#[derive(Debug, Clone)]
pub struct RelatedRequest {
    /// In which portal.
    pub portal: PortalId,
    /// For which readers.
    pub face: Face,
    /// In which locale.
    pub locale: Locale,
    /// Related to what; none is, when these readers cannot see it.
    pub article: ArticleId,
    /// Most articles, at most [`RELATED_MAX`].
    pub limit: usize,
}

pub(crate) fn related(
    room: &Inner,
    portal: &Portal,
    request: &RelatedRequest,
) -> Result<Vec<Hit>, SearchError> {
    let live = portal.live()?;
    let Some(slot) = live.unit(&request.locale, request.face) else {
        return Ok(Vec::new());
    };
    let opened = room.open_slot(slot)?;
    let address =
        address_of(&opened, request.article).map_err(SearchError::engine("look an article up"))?;
    let Some(address) = address else {
        return Ok(Vec::new());
    };
    let (card, document) = read(&opened, address)?;
    let body = text_of(&document, opened.fields.body);
    let body = &body[..body.floor_char_boundary(BODY_BYTES_MAX)];
    let words = telling(&opened, &card.title, body);
    let limit = request.limit.min(RELATED_MAX);
    let should: Vec<(Occur, Box<dyn Query>)> = words
        .into_iter()
        .flat_map(|(stem, weight)| {
            [opened.fields.all, opened.fields.title].map(|field| {
                let term = Term::from_field_text(field, &stem);
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                let query = BoostQuery::new(Box::new(query), weight);
                (Occur::Should, Box::new(query) as Box<dyn Query>)
            })
        })
        .collect();
    let top = Top {
        count: limit + 1,
        facets: None,
    };
    let mut found = opened
        .searcher
        .search(&BooleanQuery::from(should), &top)
        .map_err(SearchError::engine("look for related articles"))?;
    found.best.retain(|ranked| ranked.address != address);
    found.best.truncate(limit);
    let best = found.best.clone();
    let result = UnitResult::new(request.locale.clone(), opened, Plan::default(), found);
    best.into_iter()
        .map(|ranked| hit(&result, ranked, None, 0))
        .collect()
}

/// The stems that tell most of a text: often in it, seldom elsewhere.
fn telling(opened: &Opened, title: &str, body: &str) -> Vec<(String, f32)> {
    let mut analyzer = opened.analyzer.for_search();
    let mut counts: HashMap<String, f32> = HashMap::new();
    for (text, times) in [(title, TITLE_TIMES), (body, 1.0)] {
        let (words, _) = analyzer.query_words(&plain(text), BODY_BYTES_MAX);
        for stem in words.into_iter().filter_map(|word| word.stem) {
            *counts.entry(stem).or_default() += times;
        }
    }
    let mut words: Vec<(String, f32)> = counts
        .into_iter()
        .map(|(stem, count)| {
            let weight = (1.0 + count).ln() * rarity(opened, &stem);
            (stem, weight)
        })
        .collect();
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.truncate(WORDS_MAX);
    words
}

/// The live document of an article.
fn address_of(opened: &Opened, article: ArticleId) -> tantivy::Result<Option<DocAddress>> {
    let term = opened.fields.id_term(article);
    for (ord, reader) in opened.searcher.segment_readers().iter().enumerate() {
        let inverted = reader.inverted_index(opened.fields.id)?;
        let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != TERMINATED {
            if !reader.is_deleted(postings.doc()) {
                let ord = u32::try_from(ord).unwrap_or(u32::MAX);
                return Ok(Some(DocAddress::new(ord, postings.doc())));
            }
            postings.advance();
        }
    }
    Ok(None)
}
