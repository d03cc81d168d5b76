//! A plan in the words of the engine. Built term by term: a query parser would read what people
//! type as syntax, and would bind the bigrams of a word into a phrase.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, PhraseQuery, Query,
    RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::answer::Filters;
use crate::plan::{Form, Plan};
use crate::ranking::Ranking;
use crate::schema::{Fields, filter_text};

/// What lifts a pinned article above everything words can score.
const PIN_SCORE: f32 = 10_000.0;

/// The score of a hit by its words alone.
pub(crate) fn without_pin(score: f32) -> f32 {
    if score < PIN_SCORE / 2.0 {
        return score;
    }
    // What is left is too coarse to mean anything; a pinned hit stands where it was put.
    0.0
}

/// The query of a plan; `None` when nothing is looked for.
pub(crate) fn query(
    plan: &Plan,
    fields: &Fields,
    ranking: &Ranking,
    filters: &Filters,
) -> Option<Box<dyn Query>> {
    if plan.is_empty() {
        return None;
    }
    let mut should: Vec<Box<dyn Query>> = Vec::new();
    for word in &plan.words {
        // One union of all fields of all words is walked faster than a union of unions.
        if let [only] = word.forms.as_slice() {
            should.extend(in_fields(only, fields, ranking));
            continue;
        }
        let forms = word.forms.iter().map(|f| form(f, fields, ranking));
        should.push(Box::new(DisjunctionMaxQuery::with_tie_breaker(
            forms.collect(),
            ranking.forms.tie,
        )));
    }
    for c in &plan.han {
        let mut text = [0; 4];
        let text: &str = c.encode_utf8(&mut text);
        for (field, weight) in [
            (fields.han_title, ranking.weights.han_title),
            (fields.han, ranking.weights.han),
        ] {
            if weight > 0.0 {
                should.push(term(field, text, weight, IndexRecordOption::WithFreqs));
            }
        }
    }
    for (articles, score, step) in [
        (&plan.pinned, PIN_SCORE, PIN_SCORE / 1_000.0),
        (&plan.lifted, ranking.keywords.score, 0.0),
    ] {
        for (at, article) in articles.iter().enumerate() {
            let term = TermQuery::new(fields.id_term(*article), IndexRecordOption::Basic);
            let score = score - step * at as f32;
            should.push(Box::new(ConstScoreQuery::new(Box::new(term), score)));
        }
    }
    for word in &plan.stop_words {
        should.push(term(fields.raw, word, 1.0, IndexRecordOption::Basic));
    }
    let words = match should.len() {
        1 => should.remove(0),
        _ => Box::new(BooleanQuery::from(
            should
                .into_iter()
                .map(|q| (Occur::Should, q))
                .collect::<Vec<_>>(),
        )),
    };
    let mut must: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, words)];
    for filter in filter_queries(fields, filters) {
        must.push((Occur::Must, Box::new(ConstScoreQuery::new(filter, 0.0))));
    }
    for stem in &plan.title {
        let title = term(fields.title, stem, 1.0, IndexRecordOption::Basic);
        must.push((Occur::Must, Box::new(ConstScoreQuery::new(title, 0.0))));
    }
    for phrase in &plan.phrases {
        let phrase = phrase_query(fields.all, phrase);
        must.push((Occur::Must, Box::new(ConstScoreQuery::new(phrase, 0.0))));
    }
    for phrase in &plan.excluded {
        // Twice, because the engine (0.27) asks what it leaves out for documents behind it, and of
        // several words only a union answers that.
        let twice = [phrase, phrase].map(|p| (Occur::Should, phrase_query(fields.all, p)));
        must.push((
            Occur::MustNot,
            Box::new(BooleanQuery::from(Vec::from(twice))),
        ));
    }
    Some(match must.len() {
        1 => must.remove(0).1,
        _ => Box::new(BooleanQuery::from(must)),
    })
}

/// Stems at their distances from the first.
fn phrase_query(field: Field, phrase: &[(usize, String)]) -> Box<dyn Query> {
    match phrase {
        [(_, stem)] => term(field, stem, 1.0, IndexRecordOption::Basic),
        _ => Box::new(PhraseQuery::new_with_offset(
            phrase
                .iter()
                .map(|(at, stem)| (*at, Term::from_field_text(field, stem)))
                .collect(),
        )),
    }
}

/// The fields in which a word scores, with their weights.
pub(crate) fn fields_of(
    fields: &Fields,
    ranking: &Ranking,
) -> impl Iterator<Item = (&'static str, Field, f32)> {
    let weights = &ranking.weights;
    [
        ("all", fields.all, weights.all),
        ("title", fields.title, weights.title),
        ("lead", fields.lead, weights.lead),
        ("address", fields.address, weights.address),
        ("heading", fields.heading, weights.heading),
        ("topic", fields.topic, weights.topic),
    ]
    .into_iter()
}

/// A form in every field that scores, each with a score of its own: a short field that says the
/// word weighs as much as a long one that repeats it.
fn in_fields(form: &Form, fields: &Fields, ranking: &Ranking) -> Vec<Box<dyn Query>> {
    let weights = &ranking.weights;
    if !form.then.is_empty() {
        let stems = std::iter::once(&form.stem).chain(&form.then);
        let phrase: Vec<_> = stems.cloned().enumerate().collect();
        let phrase = phrase_query(fields.all, &phrase);
        // Several words that stand together tell as much as one in text and title.
        let boost = form.boost * (weights.all + weights.title);
        return vec![Box::new(BoostQuery::new(phrase, boost))];
    }
    fields_of(fields, ranking)
        .filter(|(_, _, weight)| *weight > 0.0)
        .map(|(_, field, weight)| {
            let freqs = IndexRecordOption::WithFreqs;
            term(field, &form.stem, form.boost * weight, freqs)
        })
        .collect()
}

/// A form as one query.
fn form(form: &Form, fields: &Fields, ranking: &Ranking) -> Box<dyn Query> {
    let mut parts = in_fields(form, fields, ranking);
    match parts.len() {
        1 => parts.remove(0),
        _ => Box::new(BooleanQuery::from(
            parts
                .into_iter()
                .map(|part| (Occur::Should, part))
                .collect::<Vec<_>>(),
        )),
    }
}

fn term(field: Field, text: &str, boost: f32, record: IndexRecordOption) -> Box<dyn Query> {
    let query = TermQuery::new(Term::from_field_text(field, text), record);
    Box::new(BoostQuery::new(Box::new(query), boost))
}

fn filter_queries(fields: &Fields, filters: &Filters) -> Vec<Box<dyn Query>> {
    let mut queries: Vec<Box<dyn Query>> = Vec::new();
    let mut exact = |field: Field, value: Option<String>| {
        if let Some(value) = value {
            let term = Term::from_field_text(field, &value);
            queries.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
        }
    };
    exact(fields.category, filters.category.map(|c| c.to_string()));
    exact(fields.tag, filters.tag.as_deref().map(filter_text));
    exact(fields.status, filters.status.map(|s| s.as_str().to_owned()));
    exact(
        fields.audience,
        filters.audience.map(|a| a.as_str().to_owned()),
    );
    exact(fields.author, filters.author.as_deref().map(filter_text));
    if let Some(since) = filters.updated_since_ms {
        queries.push(Box::new(RangeQuery::new(
            Bound::Included(Term::from_field_i64(fields.updated_at, since)),
            Bound::Unbounded,
        )));
    }
    queries
}
