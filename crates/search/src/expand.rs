//! What the dictionary of one unit knows: how many documents have a word, which words begin with
//! it, and which it may be a slip of.
//!
//! Words of removed documents stay in the dictionary until a merge; here a word counts only with a
//! live document, so that a suggestion never tells what was taken away.

use std::cmp::Reverse;
use std::collections::HashMap;

use tantivy::query::FuzzyTermQuery;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Term};

use crate::unit::Opened;

/// Shortest half of a word that was written as one.
const HALF_CHARS_MIN: usize = 3;
/// Longest word that is cut in two.
const HALVES_CHARS_MAX: usize = 40;

/// A word of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) raw: String,
    /// Edits away from what was typed; 0 for a completion.
    pub(crate) distance: usize,
    pub(crate) documents: u64,
}

/// Live documents that have this word, exact up to `enough`.
pub(crate) fn documents_with(opened: &Opened, raw: &str, enough: u64) -> tantivy::Result<u64> {
    let term = Term::from_field_text(opened.fields.raw, raw);
    let mut documents = 0;
    for reader in opened.searcher.segment_readers() {
        let inverted = reader.inverted_index(opened.fields.raw)?;
        if !reader.has_deletes() {
            documents += u64::from(inverted.doc_freq(&term)?);
            continue;
        }
        let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != tantivy::TERMINATED && documents < enough {
            if !reader.is_deleted(postings.doc()) {
                documents += 1;
            }
            postings.advance();
        }
    }
    Ok(documents)
}

/// The most frequent words that begin with `raw`, itself left out.
pub(crate) fn completions(
    opened: &Opened,
    raw: &str,
    max: usize,
) -> tantivy::Result<Vec<Candidate>> {
    let mut found = Found::default();
    let mut beyond = raw.as_bytes().to_vec();
    beyond.push(0xff);
    for reader in opened.searcher.segment_readers() {
        let inverted = reader.inverted_index(opened.fields.raw)?;
        let mut stream = inverted
            .terms()
            .range()
            .ge(raw.as_bytes())
            .lt(&beyond)
            .into_stream()?;
        while stream.advance() {
            if stream.key() != raw.as_bytes() {
                found.count(stream.key(), stream.value().doc_freq);
            }
        }
    }
    let mut candidates: Vec<Candidate> = found.words().collect();
    candidates.sort_by(|a, b| (Reverse(a.documents), &a.raw).cmp(&(Reverse(b.documents), &b.raw)));
    first_live(opened, candidates, max)
}

/// The two known words that a word is made of, of several splits the one whose rarer word is the most
/// frequent; none when no document has both halves.
pub(crate) fn halves(
    opened: &Opened,
    raw: &str,
    from_chars: usize,
) -> tantivy::Result<Vec<String>> {
    let chars = raw.chars().count();
    if chars < from_chars || chars > HALVES_CHARS_MAX {
        return Ok(Vec::new());
    }
    let mut best: Option<(u64, usize)> = None;
    let cuts = raw.char_indices().map(|(at, _)| at);
    for at in cuts
        .skip(HALF_CHARS_MIN)
        .take(chars + 1 - 2 * HALF_CHARS_MIN)
    {
        let (one, next) = raw.split_at(at);
        let documents = documents_with(opened, one, u64::MAX)?;
        if documents == 0 || best.is_some_and(|(least, _)| documents <= least) {
            continue;
        }
        let least = documents.min(documents_with(opened, next, u64::MAX)?);
        if least > best.map_or(0, |(least, _)| least) {
            best = Some((least, at));
        }
    }
    Ok(best.map_or_else(Vec::new, |(_, at)| {
        let (one, next) = raw.split_at(at);
        vec![one.to_owned(), next.to_owned()]
    }))
}

/// Words within `edits` slips of `raw` (a transposition is one), nearest and then most frequent
/// first. A changed first letter counts as one more.
pub(crate) fn repairs(
    opened: &Opened,
    raw: &str,
    edits: u8,
    max: usize,
) -> tantivy::Result<Vec<Candidate>> {
    let term = Term::from_field_text(opened.fields.raw, raw);
    let automaton = FuzzyTermQuery::new(term, edits, true).automaton()?;
    let mut found = Found::default();
    for reader in opened.searcher.segment_readers() {
        let inverted = reader.inverted_index(opened.fields.raw)?;
        let mut stream = inverted.terms().search(&automaton).into_stream()?;
        while stream.advance() {
            if stream.key() != raw.as_bytes() {
                found.count(stream.key(), stream.value().doc_freq);
            }
        }
    }
    let typed: Vec<char> = raw.chars().collect();
    let mut candidates: Vec<Candidate> = found
        .words()
        .map(|mut candidate| {
            let known: Vec<char> = candidate.raw.chars().collect();
            candidate.distance =
                distance(&typed, &known) + usize::from(typed.first() != known.first());
            candidate
        })
        .collect();
    candidates.sort_by(|a, b| {
        (a.distance, Reverse(a.documents), &a.raw).cmp(&(b.distance, Reverse(b.documents), &b.raw))
    });
    first_live(opened, candidates, max)
}

/// Document counts summed over segments.
#[derive(Default)]
struct Found(HashMap<Vec<u8>, u64>);

impl Found {
    fn count(&mut self, key: &[u8], documents: u32) {
        match self.0.get_mut(key) {
            Some(sum) => *sum += u64::from(documents),
            None => {
                self.0.insert(key.to_vec(), u64::from(documents));
            }
        }
    }

    fn words(self) -> impl Iterator<Item = Candidate> {
        self.0.into_iter().filter_map(|(key, documents)| {
            let raw = String::from_utf8(key).ok()?;
            Some(Candidate {
                raw,
                distance: 0,
                documents,
            })
        })
    }
}

/// The first `max` that a live document has. Without deletions that is all of them.
fn first_live(
    opened: &Opened,
    candidates: Vec<Candidate>,
    max: usize,
) -> tantivy::Result<Vec<Candidate>> {
    if !opened
        .searcher
        .segment_readers()
        .iter()
        .any(|r| r.has_deletes())
    {
        return Ok(candidates.into_iter().take(max).collect());
    }
    let mut live = Vec::with_capacity(max);
    for candidate in candidates {
        if live.len() >= max {
            break;
        }
        if documents_with(opened, &candidate.raw, 1)? > 0 {
            live.push(candidate);
        }
    }
    Ok(live)
}

/// Optimal string alignment distance: insert, delete, change, swap neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before = vec![0usize; width];
    let mut above: Vec<usize> = (0..width).collect();
    let mut row = vec![0usize; width];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..width {
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row[j] = best;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_swapped_are_one_slip() {
        let d = |a: &str, b: &str| {
            distance(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        for (a, b, want) in [
            ("", "", 0),
            ("", "ab", 2),
            ("outlook", "oultook", 1),
            ("outlook", "outlok", 1),
            ("exchange", "exhcange", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(d(a, b), want, "{a} {b}");
            assert_eq!(d(b, a), want, "{b} {a}");
        }
    }
}
