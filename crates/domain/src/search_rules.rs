//! Rules of search: what an operator teaches the search of one portal and locale.
//!
//! They are one small document, read and replaced as a whole. Words are kept as they were written;
//! how a search compares them is for the locale's analyzer to say, so that what only an analyzer
//! could tell apart is not refused here.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::field_error::FieldErrors;
use crate::ids::ArticleId;
use crate::limits::{
    KEYWORDS_OF_ARTICLE_MAX, PINNED_ARTICLES_MAX, RULE_WORDS_CHARS_MAX, SEARCH_RULES_MAX,
    SYNONYMS_OF_RULE_MAX,
};
use crate::slug::lookup_form;
use crate::text::check_required_text;

/// The version of rules that nobody wrote yet: empty ones.
pub const FIRST_VERSION: i64 = 1;

/// The rules of one portal and locale; `A` is how an article is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet<A> {
    /// Words that mean other words.
    pub synonyms: Vec<SynonymRule>,
    /// Words that say nothing here, beside the stop words of the language.
    pub stop_words: Vec<String>,
    /// Articles that stand first for a query.
    pub pins: Vec<PinRule<A>>,
    /// Words by which an article is found although it does not say them.
    pub keywords: Vec<KeywordsRule<A>>,
}

/// Words that mean other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SynonymRule {
    /// Words that all mean the same, whichever is asked for.
    Equal {
        /// Two or more, each one or several words.
        equal: Vec<String>,
    },
    /// Words that also mean others, and not the other way round.
    OneWay {
        /// One or several words.
        words: String,
        /// What they also mean, each one or several words.
        means: Vec<String>,
    },
}

/// Articles that stand first for a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinRule<A> {
    /// The whole query.
    pub query: String,
    /// The articles, first to last.
    pub articles: Vec<A>,
}

/// Hidden keywords of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeywordsRule<A> {
    /// The article.
    pub article: A,
    /// Its keywords, each one or several words.
    pub words: Vec<String>,
}

impl<A> Default for RuleSet<A> {
    fn default() -> Self {
        Self {
            synonyms: Vec::new(),
            stop_words: Vec::new(),
            pins: Vec::new(),
            keywords: Vec::new(),
        }
    }
}

impl<A: Clone + PartialEq> RuleSet<A> {
    /// The rules of this set that the other one has not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        fn left<T: Clone + PartialEq>(of: &[T], without: &[T]) -> Vec<T> {
            let is_left = |rule: &&T| !without.contains(rule);
            of.iter().filter(is_left).cloned().collect()
        }
        Self {
            synonyms: left(&self.synonyms, &other.synonyms),
            stop_words: left(&self.stop_words, &other.stop_words),
            pins: left(&self.pins, &other.pins),
            keywords: left(&self.keywords, &other.keywords),
        }
    }
}

impl<A> RuleSet<A> {
    /// Checks everything that needs no look at the articles; fields are named as in the request.
    pub fn validate(&self, errors: &mut FieldErrors) {
        self.check_synonyms(errors);
        if fits(
            errors,
            "stop_words",
            self.stop_words.len(),
            SEARCH_RULES_MAX,
        ) {
            let mut seen = Seen::default();
            for (at, word) in self.stop_words.iter().enumerate() {
                let field = format!("stop_words.{at}");
                check_words(errors, &field, word);
                if word.split_whitespace().nth(1).is_some() {
                    errors.add(
                        &field,
                        "several_words",
                        format!("{field} has several words; a stop word is one word, so list each by itself"),
                    );
                }
                seen.note(errors, &field, folded(word));
            }
        }
        if fits(errors, "pins", self.pins.len(), SEARCH_RULES_MAX) {
            let mut seen = Seen::default();
            for (at, pin) in self.pins.iter().enumerate() {
                let query = format!("pins.{at}.query");
                check_words(errors, &query, &pin.query);
                seen.note(errors, &query, folded(&pin.query));
                let articles = format!("pins.{at}.articles");
                has_some(errors, &articles, pin.articles.len(), 1);
                fits(errors, &articles, pin.articles.len(), PINNED_ARTICLES_MAX);
            }
        }
        if fits(errors, "keywords", self.keywords.len(), SEARCH_RULES_MAX) {
            for (at, keywords) in self.keywords.iter().enumerate() {
                let field = format!("keywords.{at}.words");
                check_list(errors, &field, &keywords.words, 1, KEYWORDS_OF_ARTICLE_MAX);
            }
        }
    }

    fn check_synonyms(&self, errors: &mut FieldErrors) {
        if !fits(errors, "synonyms", self.synonyms.len(), SEARCH_RULES_MAX) {
            return;
        }
        let mut seen = Seen::default();
        for (at, rule) in self.synonyms.iter().enumerate() {
            match rule {
                SynonymRule::Equal { equal } => {
                    let field = format!("synonyms.{at}.equal");
                    check_list(errors, &field, equal, 2, SYNONYMS_OF_RULE_MAX);
                }
                SynonymRule::OneWay { words, means } => {
                    let field = format!("synonyms.{at}.words");
                    check_words(errors, &field, words);
                    let form = folded(words);
                    seen.note(errors, &field, form.clone());
                    let field = format!("synonyms.{at}.means");
                    check_list(errors, &field, means, 1, SYNONYMS_OF_RULE_MAX);
                    for (n, meaning) in means.iter().enumerate() {
                        if !form.is_empty() && folded(meaning) == form {
                            let field = format!("{field}.{n}");
                            let why = format!(
                                "{field} is the same as synonyms.{at}.words; words mean themselves anyway, so take it away"
                            );
                            errors.add(field, "means_itself", why);
                        }
                    }
                }
            }
        }
    }
}

impl RuleSet<ArticleId> {
    /// Checks that no article stands twice where one place is meant: in a pin, or with two lists of
    /// keywords. Two ways to name an article are the same article.
    pub fn validate_articles(&self, errors: &mut FieldErrors) {
        for (at, pin) in self.pins.iter().enumerate() {
            let mut seen = Seen::default();
            for (n, article) in pin.articles.iter().enumerate() {
                seen.note(errors, &format!("pins.{at}.articles.{n}"), *article);
            }
        }
        let mut seen = Seen::default();
        for (at, keywords) in self.keywords.iter().enumerate() {
            seen.note(errors, &format!("keywords.{at}.article"), keywords.article);
        }
    }
}

/// How words are compared for doublets: case and the width of spaces do not count.
pub fn folded(words: &str) -> String {
    let spaced: Vec<_> = words.split_whitespace().collect();
    lookup_form(&spaced.join(" "))
}

/// What was there already, and in which field.
struct Seen<K>(HashMap<K, String>);

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Seen<K> {
    fn note(&mut self, errors: &mut FieldErrors, field: &str, key: K) {
        if let Some(first) = self.0.get(&key) {
            let why =
                format!("{field} is the same as {first}; put both into one, or keep one of them");
            errors.add(field, "duplicate", why);
        } else {
            self.0.insert(key, field.to_owned());
        }
    }
}

/// A list of words of one rule: its number, each of them, and no doublets.
fn check_list(errors: &mut FieldErrors, field: &str, words: &[String], min: usize, max: usize) {
    has_some(errors, field, words.len(), min);
    if !fits(errors, field, words.len(), max) {
        return;
    }
    let mut seen = Seen::default();
    for (n, one) in words.iter().enumerate() {
        let field = format!("{field}.{n}");
        check_words(errors, &field, one);
        seen.note(errors, &field, folded(one));
    }
}

fn has_some(errors: &mut FieldErrors, field: &str, count: usize, min: usize) {
    if count < min {
        errors.add(
            field,
            "too_few",
            format!("{field} has {count} entries, at least {min} are needed; take the rule away if it is over"),
        );
    }
}

fn fits(errors: &mut FieldErrors, field: &str, count: usize, max: usize) -> bool {
    if count > max {
        errors.add(
            field,
            "too_many",
            format!("{field} has {count} entries, at most {max} are kept; join or drop some"),
        );
    }
    count <= max
}

/// Words a person could type and a search could find.
fn check_words(errors: &mut FieldErrors, field: &str, words: &str) {
    check_required_text(errors, field, words, RULE_WORDS_CHARS_MAX);
    if !words.trim().is_empty() && !words.chars().any(char::is_alphanumeric) {
        errors.add(
            field,
            "no_word",
            format!("{field} has no letter and no digit, so no search could find it; write a word"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: &RuleSet<&str>) -> Vec<(String, String)> {
        let mut errors = FieldErrors::new();
        rules.validate(&mut errors);
        let faults = errors.finish().err().unwrap_or_default();
        faults.into_iter().map(|f| (f.field, f.code)).collect()
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|w| (*w).to_owned()).collect()
    }

    fn equal(list: &[&str]) -> SynonymRule {
        SynonymRule::Equal { equal: words(list) }
    }

    fn one_way(from: &str, list: &[&str]) -> SynonymRule {
        SynonymRule::OneWay {
            words: from.to_owned(),
            means: words(list),
        }
    }

    #[test]
    fn rules_as_people_write_them_pass() {
        let rules = RuleSet {
            synonyms: vec![
                equal(&["credit card", "creditcard", "信用卡"]),
                equal(&["mobile", "cell phone"]),
                // A word may be equal to different words in different senses.
                equal(&["mobile", "portable"]),
                one_way("cc", &["credit card"]),
                one_way("C++", &["c plus plus"]),
            ],
            stop_words: words(&["please", "s'il"]),
            pins: vec![PinRule {
                query: "refund policy?".to_owned(),
                articles: vec!["a", "b"],
            }],
            keywords: vec![KeywordsRule {
                article: "a",
                words: words(&["money back", "money-back"]),
            }],
        };
        assert_eq!(faults(&rules), []);
    }

    #[test]
    fn every_fault_is_named_where_it_stands() {
        let long = "x".repeat(RULE_WORDS_CHARS_MAX + 1);
        let rules = RuleSet {
            synonyms: vec![
                equal(&["alone"]),
                equal(&["Same", "  same "]),
                one_way("a", &[]),
                one_way("A", &["b", " a"]),
                one_way("", &["…", &long]),
                equal(&["a"; SYNONYMS_OF_RULE_MAX + 1]),
            ],
            stop_words: words(&["two words", "n\0l", "it", "IT"]),
            pins: vec![PinRule {
                query: " ".to_owned(),
                articles: vec![],
            }],
            keywords: vec![KeywordsRule {
                article: "a",
                words: vec![],
            }],
        };
        let want = [
            ("synonyms.0.equal", "too_few"),
            ("synonyms.1.equal.1", "duplicate"),
            ("synonyms.2.means", "too_few"),
            ("synonyms.3.words", "duplicate"),
            ("synonyms.3.means.1", "means_itself"),
            ("synonyms.4.words", "required"),
            ("synonyms.4.means.0", "no_word"),
            ("synonyms.4.means.1", "too_long"),
            ("synonyms.5.equal", "too_many"),
            ("stop_words.0", "several_words"),
            ("stop_words.1", "nul_character"),
            ("stop_words.3", "duplicate"),
            ("pins.0.query", "required"),
            ("pins.0.articles", "too_few"),
            ("keywords.0.words", "too_few"),
        ];
        let want = want.map(|(field, code)| (field.to_owned(), code.to_owned()));
        assert_eq!(faults(&rules), want);
    }
}
