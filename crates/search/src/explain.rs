//! How the score of one hit came about, word by word and field by field: for people who tune.
//!
//! The engine's own explanation of a query with alternatives gives up on some of them (0.27), so every
//! word is asked for alone.

use serde_json::{Value, json};
use tantivy::query::{EnableScoring, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, Score, Term};

use crate::collect::Ranked;
use crate::query::fields_of;
use crate::ranking::Ranking;
use crate::search::UnitResult;

/// The parts of a score, largest first.
pub(crate) fn explain(
    result: &UnitResult,
    ranking: &Ranking,
    ranked: Ranked,
) -> tantivy::Result<Value> {
    let mut parts: Vec<(Score, &str, &str)> = Vec::new();
    let mut by_words = 0.0;
    for word in &result.plan.words {
        let mut forms = Vec::with_capacity(word.forms.len());
        for form in word.forms.iter().filter(|form| form.then.is_empty()) {
            let mut of_form = 0.0;
            for (name, field, weight) in fields_of(&result.opened.fields, ranking) {
                let score = alone(result, field, &form.stem, form.boost * weight, ranked)?;
                if score > 0.0 {
                    parts.push((score, &form.stem, name));
                    of_form += score;
                }
            }
            forms.push(of_form);
        }
        let best = forms.iter().copied().fold(0.0, Score::max);
        let others = forms.iter().sum::<Score>() - best;
        by_words += best + ranking.forms.tie * others;
    }
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let words: Vec<Value> = parts
        .into_iter()
        .map(|(score, word, field)| json!({"word": word, "field": field, "score": score}))
        .collect();
    Ok(json!({
        "score": ranked.score,
        "by_words": by_words,
        "by_the_rest": ranked.score - by_words,
        "words": words,
    }))
}

/// What one stem in one field gives to the document.
fn alone(
    result: &UnitResult,
    field: Field,
    stem: &str,
    boost: Score,
    ranked: Ranked,
) -> tantivy::Result<Score> {
    let searcher = &result.opened.searcher;
    let term = Term::from_field_text(field, stem);
    let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
    let weight = query.weight(EnableScoring::enabled_from_searcher(searcher))?;
    let reader = searcher.segment_reader(ranked.address.segment_ord);
    let mut scorer = weight.scorer(reader, boost)?;
    let wanted = ranked.address.doc_id;
    if scorer.doc() < wanted {
        scorer.seek(wanted);
    }
    Ok(if scorer.doc() == wanted {
        scorer.score()
    } else {
        0.0
    })
}
