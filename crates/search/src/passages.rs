//! Passages: the sections that speak to a query, for readers that take pieces instead of pages.
//!
//! Articles are found as always; of the best ones every section is weighed by the words it says, and
//! the best sections come with the score of their article in the measure in which they hold it up.

use cairn_domain::feed::Position;

use crate::answer::{Hit, SearchRequest, Snippet};
use crate::error::SearchError;
use crate::portal::Portal;
use crate::room::Inner;
use crate::search::{find, hit, read, text_of};

/// Most passages of one article.
pub(crate) const PASSAGES_OF_ARTICLE_MAX: usize = 3;
/// Articles whose sections are looked at, at least.
const ARTICLES_MIN: usize = 10;
/// What a passage keeps of its article's score however little it says.
const ARTICLE_SHARE: f32 = 0.5;

/// What was found.
#[derive(Debug, Clone)]
pub struct PassageAnswer {
    /// Best first.
    pub passages: Vec<Passage>,
    /// Articles that match in all.
    pub total: u64,
    /// How far the index had read.
    pub position: Position,
    /// The query with unknown words repaired, when a repair is likely.
    pub corrected: Option<String>,
    /// The end of the query was not searched.
    pub truncated: bool,
}

/// A section of an article.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The article as a hit, without snippet.
    pub article: Hit,
    /// The headings above and its own, outermost first; empty for what stands before the first.
    pub heading_path: Vec<String>,
    /// The fragment that links to it, without `#`.
    pub anchor: Option<String>,
    /// The fragment of it that speaks to the query.
    pub snippet: Snippet,
    /// All its words.
    pub text: String,
    /// Comparable within one answer only.
    pub score: f32,
}

pub(crate) fn passages(
    room: &Inner,
    portal: &Portal,
    request: &SearchRequest,
) -> Result<PassageAnswer, SearchError> {
    let limit = request.limit;
    let request = SearchRequest {
        limit: limit.max(ARTICLES_MIN),
        offset: 0,
        ..request.clone()
    };
    let found = find(room, portal, &request)?;
    let mut highlighters = found.highlighters();
    let mut passages = Vec::new();
    for (at, ranked) in &found.chosen {
        let result = &found.results[*at];
        let size = &room.definition.ranking.snippet;
        let highlighter = highlighters[*at].get_or_insert_with(|| result.highlighter(size));
        let (card, document) = read(&result.opened, ranked.address)?;
        let body = text_of(&document, result.opened.fields.body);
        let shares = highlighter.shares(body, &card.sections);
        let best = shares.first().map_or(0.0, |(_, share)| *share);
        for (section, share) in shares.into_iter().take(PASSAGES_OF_ARTICLE_MAX) {
            let of_best = if best > 0.0 { share / best } else { 1.0 };
            let article = hit(result, *ranked, None, 0)?;
            let range = section.bytes.clone();
            let text = body.get(range).unwrap_or_default().trim();
            let (snippet, _) = highlighter.snippet(text, &[]);
            passages.push(Passage {
                score: article.score * (ARTICLE_SHARE + (1.0 - ARTICLE_SHARE) * of_best),
                article,
                heading_path: section.path,
                anchor: section.anchor,
                snippet,
                text: text.to_owned(),
            });
        }
    }
    // Equal scores keep the order of their articles and sections.
    passages.sort_by(|a, b| b.score.total_cmp(&a.score));
    passages.truncate(limit);
    Ok(PassageAnswer {
        passages,
        total: found.total(),
        position: found.position,
        corrected: found.corrected(),
        truncated: found.is_truncated(),
    })
}
