//! From what a person typed to what is looked for: our own data, no engine's query.
//!
//! The rules are those of the plan `ap-1.0`, each measured: words are joined by OR and never
//! dropped; a word is repaired only when (nearly) no document has it; the last word may be
//! unfinished; neighbouring words count a little more when they stand near each other.

use std::collections::HashSet;

use cairn_domain::limits::QUERY_BYTES_MAX;

use crate::analyzer::{Analyzer, QueryWord};
use crate::cut::plain;
use crate::expand;
use crate::ranking::Ranking;
use crate::unit::Opened;

/// Most words of a query that are searched; what follows is cut off and said so. A bigram of a script
/// without spaces is half a word.
pub const QUERY_TOKENS_MAX: usize = 32;

/// What is looked for in one unit.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) words: Vec<PlannedWord>,
    /// Stems that follow each other in the query, repairs included.
    pub(crate) pairs: Vec<Pair>,
    /// When every word is a stop word: the words themselves, looked up in the dictionary field.
    pub(crate) stop_words: Vec<String>,
    pub(crate) corrected: Option<String>,
    pub(crate) truncated: bool,
}

/// A word in all the forms that are accepted for it.
#[derive(Debug, PartialEq)]
pub(crate) struct PlannedWord {
    pub(crate) forms: Vec<Form>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    pub(crate) stem: String,
    pub(crate) boost: f32,
}

/// Two stems that should stand near each other.
#[derive(Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) one: String,
    pub(crate) next: String,
    pub(crate) boost: f32,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.stop_words.is_empty()
    }
}

/// Cuts a query at the byte limit, at a character.
fn cut(text: &str) -> (&str, bool) {
    if text.len() <= QUERY_BYTES_MAX {
        return (text, false);
    }
    (&text[..text.floor_char_boundary(QUERY_BYTES_MAX)], true)
}

/// Plans a query for one unit, whose dictionary decides about repairs and completions.
pub(crate) fn plan(
    text: &str,
    opened: &Opened,
    analyzer: &mut Analyzer,
    ranking: &Ranking,
) -> tantivy::Result<Plan> {
    let (text, cut_bytes) = cut(text);
    let text = plain(text);
    let (words, cut_words) = analyzer.query_words(&text, QUERY_TOKENS_MAX);
    let mut plan = Plan {
        truncated: cut_bytes || cut_words,
        ..Plan::default()
    };
    let mut stems: Vec<(String, bool)> = Vec::new();
    let mut seen = HashSet::new();
    let mut repaired: Vec<(&QueryWord, String)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(stem) = &word.stem else { continue };
        stems.push((stem.clone(), word.unspaced));
        if !seen.insert(stem.as_str()) {
            continue;
        }
        let is_last = at + 1 == words.len() && words.len() > 1;
        let expanded = expand_word(word, stem, is_last, opened, analyzer, ranking)?;
        if let Some(repair) = expanded.repair {
            if let Some(stem) = analyzer.stem_of(&repair.0)
                && let Some(last) = stems.last_mut()
            {
                last.0 = stem;
            }
            if repair.1 >= ranking.correction.df_min {
                repaired.push((word, repair.0));
            }
        }
        plan.words.push(PlannedWord {
            forms: expanded.forms,
        });
    }
    plan.pairs = stems
        .windows(2)
        .filter(|pair| pair[0].0 != pair[1].0)
        .map(|pair| {
            let unspaced = pair[0].1 || pair[1].1;
            let boost = if unspaced {
                ranking.pairs.boost_unspaced
            } else {
                ranking.pairs.boost
            };
            Pair {
                one: pair[0].0.clone(),
                next: pair[1].0.clone(),
                boost,
            }
        })
        .filter(|pair| pair.boost > 0.0)
        .collect();
    if plan.words.is_empty() {
        plan.stop_words = words.into_iter().map(|w| w.raw).collect();
        plan.stop_words.sort_unstable();
        plan.stop_words.dedup();
    } else if !repaired.is_empty() {
        plan.corrected = Some(with_repairs(&text, &repaired));
    }
    Ok(plan)
}

struct Expanded {
    forms: Vec<Form>,
    /// For a word that no document has: its best repair and how many documents have that.
    repair: Option<(String, u64)>,
}

fn expand_word(
    word: &QueryWord,
    stem: &str,
    is_last: bool,
    opened: &Opened,
    analyzer: &mut Analyzer,
    ranking: &Ranking,
) -> tantivy::Result<Expanded> {
    let mut forms = vec![Form {
        stem: stem.to_owned(),
        boost: 1.0,
    }];
    let mut repair = None;
    if word.unspaced {
        return Ok(Expanded { forms, repair });
    }
    let chars = word.raw.chars().count();
    let typo = &ranking.typo;
    let documents = expand::documents_with(opened, &word.raw, typo.rare_df_max + 1)?;
    let is_rare = documents <= typo.rare_df_max;

    let mut completions = 0;
    if is_last && chars >= ranking.prefix.from_chars {
        let boost = if is_rare {
            ranking.prefix.boost_unknown_word
        } else {
            ranking.prefix.boost_known_word
        };
        for candidate in expand::completions(opened, &word.raw, ranking.prefix.candidates_max)? {
            completions += 1;
            push(&mut forms, analyzer.stem_of(&candidate.raw), boost);
        }
    }
    let edits = match chars {
        n if n >= typo.two_edits_from_chars => 2,
        n if n >= typo.one_edit_from_chars => 1,
        _ => 0,
    };
    if is_rare && edits > 0 && (completions == 0 || documents == 0) {
        for candidate in expand::repairs(opened, &word.raw, edits, typo.candidates_max)? {
            let boost = match candidate.distance {
                _ if completions > 0 => typo.boost_beside_prefixes,
                0 | 1 => typo.boost_one_edit,
                _ => typo.boost_two_edits,
            };
            push(&mut forms, analyzer.stem_of(&candidate.raw), boost);
            if documents == 0 && completions == 0 && repair.is_none() {
                repair = Some((candidate.raw, candidate.documents));
            }
        }
    }
    Ok(Expanded { forms, repair })
}

/// Adds a form, once per stem with its highest boost; stop words are no forms.
fn push(forms: &mut Vec<Form>, stem: Option<String>, boost: f32) {
    let Some(stem) = stem.filter(|s| !s.is_empty()) else {
        return;
    };
    match forms.iter_mut().find(|form| form.stem == stem) {
        Some(form) => form.boost = form.boost.max(boost),
        None => forms.push(Form { stem, boost }),
    }
}

fn with_repairs(text: &str, repaired: &[(&QueryWord, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (word, repair) in repaired {
        out.push_str(&text[at..word.from]);
        out.push_str(repair);
        at = word.to;
    }
    out.push_str(&text[at..]);
    out
}
