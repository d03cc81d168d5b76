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
        let mut forms: Vec<Box<dyn Query>> = word
            .forms
            .iter()
            .map(|f| form(f, fields, ranking))
            .collect();
        should.push(match forms.len() {
            1 => forms.remove(0),
            _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(
                forms,
                ranking.forms.tie,
            )),
        });
    }
    for pair in &plan.pairs {
        let mut phrase = PhraseQuery::new(vec![
            Term::from_field_text(fields.all, &pair.one),
            Term::from_field_text(fields.all, &pair.next),
        ]);
        phrase.set_slop(ranking.pairs.slop);
        should.push(Box::new(BoostQuery::new(Box::new(phrase), pair.boost)));
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
    Some(match must.len() {
        1 => must.remove(0).1,
        _ => Box::new(BooleanQuery::from(must)),
    })
}

fn form(form: &Form, fields: &Fields, ranking: &Ranking) -> Box<dyn Query> {
    let freqs = IndexRecordOption::WithFreqs;
    let all = term(
        fields.all,
        &form.stem,
        form.boost * ranking.weights.all,
        freqs,
    );
    if ranking.weights.title == 0.0 {
        return all;
    }
    let title = term(
        fields.title,
        &form.stem,
        form.boost * ranking.weights.title,
        freqs,
    );
    Box::new(BooleanQuery::from(vec![
        (Occur::Should, all),
        (Occur::Should, title),
    ]))
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
