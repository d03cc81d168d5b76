//! Rules made ready for one analyzer: their words as the index calls them.

use std::collections::HashSet;

use cairn_domain::ids::ArticleId;

use crate::analyzer::Analyzer;
use crate::cut::plain;
use crate::rules::SearchRules;

/// Most words of one side of a rule; what follows is not looked at.
const RULE_WORDS_MAX: usize = 16;

/// The rules of one unit, as stems.
#[derive(Debug, Default)]
pub(crate) struct Taught {
    pub(crate) synonyms: Vec<TaughtSynonym>,
    /// In plain letters.
    pub(crate) stop_words: HashSet<String>,
    /// Sorted stems of a whole query, and what stands first for it.
    pub(crate) pins: Vec<(Vec<String>, Vec<ArticleId>)>,
    pub(crate) keywords: Vec<(Vec<String>, ArticleId)>,
}

/// Stems that follow each other, and what they also mean.
#[derive(Debug)]
pub(crate) struct TaughtSynonym {
    pub(crate) words: Vec<String>,
    pub(crate) means: Vec<Vec<String>>,
}

impl Taught {
    pub(crate) fn new(rules: &SearchRules, analyzer: &mut Analyzer) -> Self {
        let mut taught = Self::default();
        for word in &rules.stop_words {
            let (words, _) = analyzer.query_words(&plain(word), RULE_WORDS_MAX);
            taught.stop_words.extend(words.into_iter().map(|w| w.raw));
        }
        for synonym in &rules.synonyms {
            let words = stems(analyzer, &synonym.words);
            let means: Vec<_> = synonym
                .means
                .iter()
                .map(|means| stems(analyzer, means))
                .filter(|means| !means.is_empty() && *means != words)
                .collect();
            if !words.is_empty() && !means.is_empty() {
                taught.synonyms.push(TaughtSynonym { words, means });
            }
        }
        for pin in &rules.pins {
            let stems = sorted(stems(analyzer, &pin.query));
            if !stems.is_empty() {
                taught.pins.push((stems, pin.articles.clone()));
            }
        }
        for keywords in &rules.keywords {
            for words in &keywords.words {
                let stems = sorted(stems(analyzer, words));
                if !stems.is_empty() {
                    taught.keywords.push((stems, keywords.article));
                }
            }
        }
        taught
    }
}

/// The stems of a text, stop words left out.
fn stems(analyzer: &mut Analyzer, text: &str) -> Vec<String> {
    let (words, _) = analyzer.query_words(&plain(text), RULE_WORDS_MAX);
    words.into_iter().filter_map(|word| word.stem).collect()
}

/// Each stem once, in one order.
pub(crate) fn sorted(mut stems: Vec<String>) -> Vec<String> {
    stems.sort_unstable();
    stems.dedup();
    stems
}
