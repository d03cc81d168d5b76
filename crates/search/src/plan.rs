//! From what a person typed to what is looked for: our own data, no engine's query.
//!
//! The rules, each measured: words are joined by OR and never dropped; a word is repaired only when
//! (nearly) no document has it; the last word may be unfinished; a compound is also looked for by its
//! parts, an unknown word as two, two neighbours as one.

use std::collections::HashSet;

use cairn_domain::ids::ArticleId;
use cairn_domain::limits::QUERY_BYTES_MAX;

use crate::analyzer::{Analyzer, QueryWord};
use crate::cut::{is_han, plain};
use crate::expand;
use crate::ranking::Ranking;
use crate::syntax::{Wanted, wanted};
use crate::taught::{Taught, sorted};
use crate::unit::Opened;

/// Most words of a query that are searched; what follows is cut off and said so. A bigram of a script
/// without spaces is half a word.
pub const QUERY_TOKENS_MAX: usize = 64;
/// Most words that must follow each other.
const PHRASE_WORDS_MAX: usize = 16;
/// Most hidden keywords that one query meets.
const LIFTED_MAX: usize = 50;

/// In what manner a query is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Whole, slips repaired.
    Asked,
    /// While somebody types: one word alone may be unfinished as well.
    Typing,
    /// As it stands: no word is repaired.
    AsTyped,
}

/// What is looked for in one unit.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) words: Vec<PlannedWord>,
    /// Words that follow each other in the query.
    pub(crate) neighbours: Vec<Neighbours>,
    /// Words of scripts that put spaces between them, each once: how long the question is.
    pub(crate) spaced_words: usize,
    /// The Han characters of the query, each once.
    pub(crate) han: Vec<char>,
    /// When every word is a stop word: the words themselves, looked up in the dictionary field.
    pub(crate) stop_words: Vec<String>,
    /// What a hit must say, word by word.
    pub(crate) phrases: Vec<Phrase>,
    /// What a hit must not say.
    pub(crate) excluded: Vec<Phrase>,
    /// What a hit must say in its title, in any order.
    pub(crate) title: Vec<String>,
    /// Articles that stand first.
    pub(crate) pinned: Vec<ArticleId>,
    /// Articles with a hidden keyword that was asked for.
    pub(crate) lifted: Vec<ArticleId>,
    pub(crate) corrected: Option<String>,
    /// The words that `corrected` has no more, as they were typed.
    pub(crate) repaired: Vec<String>,
    pub(crate) truncated: bool,
}

/// Two words of a plan that follow each other in the query, stop words left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Neighbours {
    pub(crate) one: usize,
    pub(crate) next: usize,
    /// 1 where no stop word stands between them.
    pub(crate) apart: usize,
}

/// Stems with their distances from the first: what stands between is a stop word.
pub(crate) type Phrase = Vec<(usize, String)>;

/// A word in all the forms that are accepted for it.
#[derive(Debug, PartialEq)]
pub(crate) struct PlannedWord {
    pub(crate) forms: Vec<Form>,
    /// What is looked for beside a word that is looked for as a whole: the part of a compound, two
    /// words as one.
    pub(crate) is_part: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Form {
    pub(crate) stem: String,
    /// Stems that must follow at once, of a synonym of several words.
    pub(crate) then: Vec<String>,
    pub(crate) boost: f32,
}

impl Form {
    pub(crate) fn of(stem: String, boost: f32) -> Self {
        Self {
            stem,
            then: Vec::new(),
            boost,
        }
    }
}

impl PlannedWord {
    fn part(forms: Vec<Form>) -> Self {
        Self {
            forms,
            is_part: true,
        }
    }
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
    taught: Option<&Taught>,
    ranking: &Ranking,
    manner: Manner,
) -> tantivy::Result<Plan> {
    let (text, cut_bytes) = cut(text);
    let text = plain(text);
    let asked = wanted(&text);
    let (mut words, cut_words) = analyzer.query_words(&asked.words, QUERY_TOKENS_MAX);
    if let Some(taught) = taught {
        for word in &mut words {
            if taught.stop_words.contains(&word.raw) {
                word.stem = None;
            }
        }
    }
    let mut plan = Plan {
        truncated: cut_bytes || cut_words,
        ..Plan::default()
    };
    let mut seen = HashSet::new();
    let mut repaired: Vec<(&QueryWord, String)> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    // Where each word of the query stands in the plan.
    let mut places: Vec<Option<usize>> = vec![None; words.len()];
    for (at, word) in words.iter().enumerate() {
        let Some(stem) = &word.stem else { continue };
        if !seen.insert(stem.clone()) {
            continue;
        }
        let is_last = at + 1 == words.len() && (manner == Manner::Typing || words.len() > 1);
        let expanded = expand_word(word, stem, is_last, manner, opened, analyzer, ranking)?;
        let is_unknown = expanded.is_unknown && expanded.repair.is_none();
        match expanded.repair {
            Some((repair, documents)) => {
                parts.extend(analyzer.parts_of_raw(&repair));
                if documents >= ranking.correction.df_min {
                    repaired.push((word, repair));
                }
            }
            None => parts.extend(word.parts.iter().cloned()),
        }
        places[at] = Some(plan.words.len());
        plan.spaced_words += usize::from(!word.unspaced);
        plan.words.push(PlannedWord {
            forms: expanded.forms,
            is_part: false,
        });
        // A slip is likelier than a missing space.
        if is_unknown {
            for half in expand::halves(opened, &word.raw, ranking.joined.from_chars)? {
                if let Some(stem) = analyzer.stem_of(&half)
                    && seen.insert(stem.clone())
                {
                    let form = Form::of(stem, ranking.joined.boost);
                    plan.words.push(PlannedWord::part(vec![form]));
                }
            }
        }
    }
    plan.neighbours = neighbours(&places);
    for part in parts {
        if ranking.weights.part > 0.0 && seen.insert(part.clone()) {
            let form = Form::of(part, ranking.weights.part);
            plan.words.push(PlannedWord::part(vec![form]));
        }
    }
    add_joined(&mut plan, &words, &mut seen, opened, analyzer, ranking)?;
    if let Some(taught) = taught {
        apply(taught, &words, &places, &mut plan, ranking);
    }
    for c in asked.words.chars().filter(|c| is_han(*c)) {
        if plan.han.len() < 2 * QUERY_TOKENS_MAX && !plan.han.contains(&c) {
            plan.han.push(c);
        }
    }
    add_conditions(&mut plan, &asked, analyzer);
    if plan.words.is_empty() {
        plan.stop_words = words.into_iter().map(|w| w.raw).collect();
        plan.stop_words.sort_unstable();
        plan.stop_words.dedup();
    } else if !repaired.is_empty() && asked.words == text {
        plan.corrected = Some(with_repairs(&text, &repaired));
        let typed = repaired.iter().map(|(word, _)| &text[word.from..word.to]);
        plan.repaired = typed.map(str::to_owned).collect();
    }
    Ok(plan)
}

/// The words that follow each other, of the places that each word of the query has in the plan.
fn neighbours(places: &[Option<usize>]) -> Vec<Neighbours> {
    let words = places.iter().enumerate();
    let words: Vec<(usize, usize)> = words
        .filter_map(|(at, place)| Some((at, (*place)?)))
        .collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs
        .map(|((at, one), (next_at, next))| Neighbours {
            one: *one,
            next: *next,
            apart: next_at - at,
        })
        .collect()
}

/// Two neighbours that the index knows as one word.
fn add_joined(
    plan: &mut Plan,
    words: &[QueryWord],
    seen: &mut HashSet<String>,
    opened: &Opened,
    analyzer: &mut Analyzer,
    ranking: &Ranking,
) -> tantivy::Result<()> {
    if ranking.joined.boost == 0.0 {
        return Ok(());
    }
    for pair in words.windows(2) {
        let [one, next] = pair else { continue };
        if one.unspaced || next.unspaced {
            continue;
        }
        let joined = format!("{}{}", one.raw, next.raw);
        if joined.chars().count() < ranking.joined.from_chars
            || expand::documents_with(opened, &joined, 1)? == 0
        {
            continue;
        }
        if let Some(stem) = analyzer.stem_of(&joined)
            && seen.insert(stem.clone())
        {
            let form = Form::of(stem, ranking.joined.boost);
            plan.words.push(PlannedWord::part(vec![form]));
        }
    }
    Ok(())
}

/// What operators taught: synonyms beside the words they stand for, pinned articles, keywords.
fn apply(
    taught: &Taught,
    words: &[QueryWord],
    places: &[Option<usize>],
    plan: &mut Plan,
    ranking: &Ranking,
) {
    let stems: Vec<(usize, &str)> = words
        .iter()
        .enumerate()
        .filter_map(|(at, word)| Some((at, word.stem.as_deref()?)))
        .collect();
    for synonym in &taught.synonyms {
        let length = synonym.words.len();
        let met = stems.windows(length).find(|window| {
            let stems = window.iter().map(|(_, stem)| *stem);
            stems.eq(synonym.words.iter().map(String::as_str))
        });
        let Some(first) = met.and_then(|window| window.first()) else {
            continue;
        };
        let forms = synonym.means.iter().filter_map(|means| {
            let (stem, then) = means.split_first()?;
            Some(Form {
                stem: stem.clone(),
                then: then.to_vec(),
                boost: ranking.synonyms.boost,
            })
        });
        // One word and its synonyms are one thing of which the best counts.
        match places[first.0].filter(|_| length == 1) {
            Some(at) => plan.words[at].forms.extend(forms),
            None => plan.words.push(PlannedWord::part(forms.collect())),
        }
    }
    let whole = sorted(stems.iter().map(|(_, stem)| (*stem).to_owned()).collect());
    if let Some((_, articles)) = taught.pins.iter().find(|(stems, _)| *stems == whole) {
        plan.pinned.clone_from(articles);
    }
    let has = |stem: &String| whole.binary_search(stem).is_ok();
    for (keywords, article) in &taught.keywords {
        if plan.lifted.len() < LIFTED_MAX
            && keywords.iter().all(has)
            && !plan.lifted.contains(article)
        {
            plan.lifted.push(*article);
        }
    }
}

/// What must and what must not stand in a hit.
fn add_conditions(plan: &mut Plan, asked: &Wanted, analyzer: &mut Analyzer) {
    plan.phrases = asked
        .phrases
        .iter()
        .filter_map(|text| phrase(text, analyzer))
        .collect();
    plan.excluded = asked
        .excluded
        .iter()
        .filter_map(|text| phrase(text, analyzer))
        .collect();
    for text in &asked.title {
        let (words, _) = analyzer.query_words(text, PHRASE_WORDS_MAX);
        plan.title.extend(words.into_iter().filter_map(|w| w.stem));
    }
}

/// The stems of words that must follow each other; none when all are stop words.
fn phrase(text: &str, analyzer: &mut Analyzer) -> Option<Phrase> {
    let (words, _) = analyzer.query_words(text, PHRASE_WORDS_MAX);
    let stems = words.into_iter().enumerate();
    let mut stems: Phrase = stems.filter_map(|(at, w)| Some((at, w.stem?))).collect();
    let first = stems.first()?.0;
    for (at, _) in &mut stems {
        *at -= first;
    }
    Some(stems)
}

struct Expanded {
    forms: Vec<Form>,
    /// For a word that no document has: its best repair and how many documents have that.
    repair: Option<(String, u64)>,
    /// No document has it, and nothing begins with it.
    is_unknown: bool,
}

fn expand_word(
    word: &QueryWord,
    stem: &str,
    is_last: bool,
    manner: Manner,
    opened: &Opened,
    analyzer: &mut Analyzer,
    ranking: &Ranking,
) -> tantivy::Result<Expanded> {
    let mut forms = vec![Form::of(stem.to_owned(), 1.0)];
    let mut repair = None;
    if word.unspaced {
        return Ok(Expanded {
            forms,
            repair,
            is_unknown: false,
        });
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
    let may_be_slip = documents == 0
        || is_rare && documents as f32 <= typo.rare_share_max * opened.searcher.num_docs() as f32;
    let may_be_slip = may_be_slip && manner != Manner::AsTyped;
    if may_be_slip && edits > 0 && (completions == 0 || documents == 0) {
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
    Ok(Expanded {
        forms,
        repair,
        is_unknown: documents == 0 && completions == 0,
    })
}

/// Adds a form, once per stem with its highest boost; stop words are no forms.
fn push(forms: &mut Vec<Form>, stem: Option<String>, boost: f32) {
    let Some(stem) = stem.filter(|s| !s.is_empty()) else {
        return;
    };
    match forms.iter_mut().find(|form| form.stem == stem) {
        Some(form) => form.boost = form.boost.max(boost),
        None => forms.push(Form::of(stem, boost)),
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
