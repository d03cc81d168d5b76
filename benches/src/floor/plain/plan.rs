//! The query of ap-1.0, as the probe makes it: per word the field of all words and the title at the
//! same weight; a last word also as a beginning; a word that hardly any article has also with typing
//! mistakes; neighbours within two words of each other at a tenth.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::tokenizer::TextAnalyzer;

use super::index::Plain;

const TITLE: f32 = 1.0;
const PAIRS: f32 = 0.1;
const PAIR_SLOP: u32 = 2;
const TIE: f32 = 0.05;
/// A word in so few articles may be a mistake.
const RARE_MAX: u64 = 2;
const BEGINNINGS: usize = 12;
const BEGINNING_CHARS_MIN: usize = 3;
const MISTAKES: usize = 5;

/// Queries a word may stand for, and the stem it is repaired to.
type Alternatives = (Vec<Box<dyn Query>>, Option<String>);

impl Plain {
    /// The query of what somebody typed.
    pub(super) fn plan(&self, text: &str) -> Result<Box<dyn Query>> {
        let words = tokens(&self.raw, text);
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut fixed: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for (at, word) in words.iter().enumerate() {
            let stem = self.stem_of(word);
            if stem.is_empty() {
                continue;
            }
            fixed.push(stem.clone());
            if !seen.insert(stem.clone()) {
                continue;
            }
            let is_last = at + 1 == words.len() && words.len() > 1;
            let (mut any, repaired) = self.alternatives(word, is_last)?;
            any.insert(0, self.word(&stem, 1.0));
            if let (Some(repaired), Some(last)) = (repaired, fixed.last_mut()) {
                *last = repaired;
            }
            let clause = match any.len() {
                1 => any.remove(0),
                _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(any, TIE)),
            };
            clauses.push((Occur::Should, clause));
        }
        for pair in fixed.windows(2).filter(|pair| pair[0] != pair[1]) {
            let terms = pair.iter().map(|w| Term::from_field_text(self.all, w));
            let mut near = PhraseQuery::new(terms.collect());
            near.set_slop(PAIR_SLOP);
            let near = BoostQuery::new(Box::new(near), PAIRS);
            clauses.push((Occur::Should, Box::new(near)));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    /// The words of a plan, asked of the body.
    pub(super) fn in_body(&self, query: &dyn Query) -> BooleanQuery {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        query.query_terms(&mut |term, _| {
            if term.field() == self.all
                && let Some(word) = term.value().as_str()
            {
                clauses.push((Occur::Should, boosted(self.body, word, 1.0)));
            }
        });
        BooleanQuery::new(clauses)
    }

    /// What else a word may stand for, and the stem it is taken for when no article has it.
    fn alternatives(&self, word: &str, is_last: bool) -> Result<Alternatives> {
        let mut any = Vec::new();
        let mut repaired = None;
        let chars = word.chars().count();
        let frequency = self.frequency(self.raw_body, word) + self.frequency(self.raw_title, word);
        if is_last && chars >= BEGINNING_CHARS_MIN {
            let boost = if frequency <= RARE_MAX { 0.9 } else { 0.4 };
            for longer in self.longer_words(word)? {
                any.push(self.word(&self.stem_of(&longer), boost));
            }
        }
        let beginnings = any.len();
        let distance = match chars {
            0..5 => 0,
            5..9 => 1,
            _ => 2,
        };
        if frequency <= RARE_MAX && distance > 0 && (beginnings == 0 || frequency == 0) {
            for (near, edits) in self.near_words(word, distance)? {
                let stem = self.stem_of(&near);
                let boost = match (beginnings, edits) {
                    (1.., _) => 0.3,
                    (_, 0..=1) => 0.8,
                    _ => 0.45,
                };
                any.push(self.word(&stem, boost));
                if frequency == 0 && beginnings == 0 {
                    repaired = Some(stem);
                }
            }
        }
        Ok((any, repaired))
    }

    fn word(&self, stem: &str, boost: f32) -> Box<dyn Query> {
        Box::new(BooleanQuery::new(vec![
            (Occur::Should, boosted(self.all, stem, boost)),
            (Occur::Should, boosted(self.title, stem, TITLE * boost)),
        ]))
    }

    fn frequency(&self, field: Field, word: &str) -> u64 {
        let term = Term::from_field_text(field, word);
        self.searcher.doc_freq(&term).unwrap_or_default()
    }

    fn stem_of(&self, word: &str) -> String {
        tokens(&self.stem, word)
            .into_iter()
            .next()
            .unwrap_or_default()
    }

    /// The most frequent words that begin so.
    fn longer_words(&self, beginning: &str) -> Result<Vec<String>> {
        let mut found: HashMap<String, u64> = HashMap::new();
        let mut end = beginning.as_bytes().to_vec();
        end.push(0xff);
        for segment in self.searcher.segment_readers() {
            let words = segment.inverted_index(self.raw_body)?;
            let range = words.terms().range().ge(beginning.as_bytes()).lt(&end);
            let mut stream = range.into_stream()?;
            while stream.advance() {
                let word = String::from_utf8_lossy(stream.key()).into_owned();
                *found.entry(word).or_default() += u64::from(stream.value().doc_freq);
            }
        }
        found.remove(beginning);
        let mut found: Vec<(String, u64)> = found.into_iter().collect();
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found.truncate(BEGINNINGS);
        Ok(found.into_iter().map(|(word, _)| word).collect())
    }

    /// The nearest words by typing mistakes, the more frequent ones first; a changed first letter
    /// counts once more.
    fn near_words(&self, word: &str, distance: u8) -> Result<Vec<(String, usize)>> {
        let term = Term::from_field_text(self.raw_body, word);
        let fuzzy = FuzzyTermQuery::new(term, distance, true);
        let automaton = fuzzy.automaton().context("a word has an automaton")?;
        let mut found: HashMap<String, u64> = HashMap::new();
        for segment in self.searcher.segment_readers() {
            let words = segment.inverted_index(self.raw_body)?;
            let mut stream = words.terms().search(&automaton).into_stream()?;
            while stream.advance() {
                let near = String::from_utf8_lossy(stream.key()).into_owned();
                *found.entry(near).or_default() += u64::from(stream.value().doc_freq);
            }
        }
        found.remove(word);
        let typed: Vec<char> = word.chars().collect();
        let mut found: Vec<(String, usize, u64)> = found
            .into_iter()
            .map(|(near, count)| {
                let letters: Vec<char> = near.chars().collect();
                let first = usize::from(letters.first() != typed.first());
                (near, edits(&typed, &letters) + first, count)
            })
            .collect();
        found.sort_by(|a, b| a.1.cmp(&b.1).then(b.2.cmp(&a.2)));
        found.truncate(MISTAKES);
        Ok(found.into_iter().map(|(near, d, _)| (near, d)).collect())
    }
}

fn boosted(field: Field, word: &str, boost: f32) -> Box<dyn Query> {
    let term = Term::from_field_text(field, word);
    let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(query), boost))
}

fn tokens(analyzer: &TextAnalyzer, text: &str) -> Vec<String> {
    // A stream borrows its analyzer; the plan is made by many threads.
    let mut analyzer = analyzer.clone();
    let mut stream = analyzer.token_stream(text);
    let mut found = Vec::new();
    while let Some(token) = stream.next() {
        found.push(token.text.clone());
    }
    found
}

/// Optimal string alignment: one insertion, deletion, replacement or exchange of neighbours is one.
fn edits(one: &[char], other: &[char]) -> usize {
    let mut table = vec![vec![0_usize; other.len() + 1]; one.len() + 1];
    for (at, row) in table.iter_mut().enumerate() {
        row[0] = at;
    }
    for (at, cell) in table[0].iter_mut().enumerate() {
        *cell = at;
    }
    for i in 1..=one.len() {
        for j in 1..=other.len() {
            let replaced = table[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = least;
        }
    }
    table[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_with_exchanged_neighbours() {
        let count = |a: &str, b: &str| {
            let of = |s: &str| s.chars().collect::<Vec<_>>();
            edits(&of(a), &of(b))
        };
        assert_eq!(count("calendar", "calendar"), 0);
        assert_eq!(count("calnedar", "calendar"), 1);
        assert_eq!(count("clndar", "calendar"), 2);
        assert_eq!(count("", "abc"), 3);
    }
}
