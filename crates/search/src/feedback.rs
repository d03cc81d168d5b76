//! The third look, for questions: what the best hits say is looked for too.
//!
//! Whoever asks in a whole sentence has no single page in mind, and uses words that the right pages may
//! not have. The words that tell most of the first hits stand for the topic; a hit that has them too
//! moves up (pseudo-relevance feedback, RM3 without a second search: Lavrenko and Croft 2001, Abdul-Jaleel
//! et al. 2004). Where the first hit is far ahead of the others the topic is one page, and little is added.

use std::collections::HashMap;

use tantivy::query::{EnableScoring, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Score, TantivyDocument, Term};

use crate::analyzer::Analyzer;
use crate::collect::Ranked;
use crate::cut::plain;
use crate::plan::Plan;
use crate::ranking::Feedback;
use crate::schema::Card;
use crate::search::text_of;
use crate::unit::Opened;

/// What a word of a title counts, of one of the text.
const TITLE_TIMES: f32 = 2.0;
/// How far the first hit is ahead is told by its distance from this one.
const RUNNER_UP: usize = 4;
/// Bytes of a word, at most, with what stands around it: how much of a body is looked at.
const WORD_BYTES: usize = 12;

/// Adds to the scores of the first `first` hits and puts them in order again. The rest stays behind them.
pub(crate) fn by_feedback(
    opened: &Opened,
    analyzer: &mut Analyzer,
    plan: &Plan,
    ranking: &Feedback,
    first: usize,
    best: &mut [Ranked],
) -> tantivy::Result<()> {
    let first = first.min(best.len());
    let best = &mut best[..first];
    if ranking.boost == 0.0 || plan.spaced_words < ranking.from_words || !plan.pinned.is_empty() {
        return Ok(());
    }
    let Some((leader, runner_up)) = best.first().zip(best.get(RUNNER_UP)) else {
        return Ok(());
    };
    let evenness = (runner_up.score / leader.score).clamp(0.0, 1.0);
    let words = telling(opened, analyzer, ranking, best)?;
    let boost = ranking.boost * evenness;
    add(opened, &words, boost, best)?;
    best.sort_unstable();
    Ok(())
}

/// The words that tell most of the first hits, with their shares: together 1.
fn telling(
    opened: &Opened,
    analyzer: &mut Analyzer,
    ranking: &Feedback,
    best: &[Ranked],
) -> tantivy::Result<Vec<(Term, f32)>> {
    let read = &best[..ranking.documents.min(best.len())];
    let scores: Score = read.iter().map(|ranked| ranked.score).sum();
    let mut counted: HashMap<String, f32> = HashMap::new();
    for ranked in read {
        let document: TantivyDocument = opened.searcher.doc(ranked.address)?;
        let card: Card = serde_json::from_str(text_of(&document, opened.fields.card))?;
        let body = text_of(&document, opened.fields.body);
        let body = &body[..body.floor_char_boundary(WORD_BYTES * ranking.words_read)];
        let mut own: HashMap<String, f32> = HashMap::new();
        let mut all = 0.0;
        for (text, times) in [(card.title.as_str(), TITLE_TIMES), (body, 1.0)] {
            let (words, _) = analyzer.query_words(&plain(text), ranking.words_read);
            for stem in words.into_iter().filter_map(|word| word.stem) {
                *own.entry(stem).or_default() += times;
                all += times;
            }
        }
        for (stem, count) in own {
            *counted.entry(stem).or_default() += ranked.score / scores * count / all;
        }
    }
    let documents = opened.searcher.num_docs() as f32;
    let mut words = Vec::with_capacity(counted.len());
    for (stem, share) in counted {
        let term = Term::from_field_text(opened.fields.all, &stem);
        let having = opened.searcher.doc_freq(&term)? as f32;
        // The engine's own, so that a word tells here what it tells in a query.
        let rarity = (1.0 + (documents - having + 0.5).max(0.0) / (having + 0.5)).ln();
        words.push((share * rarity, stem, term));
    }
    words.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    words.truncate(ranking.words);
    let sum: f32 = words.iter().map(|(tells, ..)| tells).sum();
    let shares = words
        .into_iter()
        .map(|(tells, _, term)| (term, tells / sum.max(f32::MIN_POSITIVE)));
    Ok(shares.collect())
}

/// Scores the hits by these words too.
fn add(
    opened: &Opened,
    words: &[(Term, f32)],
    boost: Score,
    best: &mut [Ranked],
) -> tantivy::Result<()> {
    // Postings are walked forwards: by segment and document.
    best.sort_unstable_by_key(|ranked| ranked.address);
    for (term, share) in words {
        let query = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
        let weight = query.weight(EnableScoring::enabled_from_searcher(&opened.searcher))?;
        for of_segment in best.chunk_by_mut(|a, b| a.address.segment_ord == b.address.segment_ord) {
            let Some(ord) = of_segment.first().map(|ranked| ranked.address.segment_ord) else {
                continue;
            };
            let reader = opened.searcher.segment_reader(ord);
            let mut scorer = weight.scorer(reader, boost * share)?;
            for ranked in of_segment {
                let wanted = ranked.address.doc_id;
                if scorer.doc() < wanted {
                    scorer.seek(wanted);
                }
                if scorer.doc() == wanted {
                    ranked.score += scorer.score();
                }
            }
        }
    }
    Ok(())
}
