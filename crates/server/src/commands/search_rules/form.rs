//! Rules of search as a file: TOML to what the server takes, and back.
//!
//! What the file means is for the server to say; here only its form is refused. A refusal of the
//! server is told in lines of the file.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toml::Spanned;

use crate::client::Refused;

/// A file of rules, with the line each of them stands at.
#[derive(Debug)]
pub(super) struct RulesFile {
    rules: Rules,
    /// Name of a rule in the request, line in the file; longer names first.
    lines: Vec<(String, usize)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    version: Option<u64>,
    #[serde(default)]
    synonyms: Vec<Spanned<Synonym>>,
    #[serde(default)]
    stop_words: Vec<Spanned<String>>,
    #[serde(default)]
    pins: Vec<Spanned<Pin>>,
    #[serde(default)]
    keywords: Vec<Spanned<Keywords>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Synonym {
    #[serde(skip_serializing_if = "Option::is_none")]
    equal: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    query: String,
    articles: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keywords {
    article: String,
    words: Vec<String>,
}

impl RulesFile {
    /// Reads a file; a byte order mark is what editors leave.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let rules: Rules = toml::from_str(text)?;
        let mut lines = Vec::new();
        note(&mut lines, text, "synonyms", &rules.synonyms);
        note(&mut lines, text, "stop_words", &rules.stop_words);
        note(&mut lines, text, "pins", &rules.pins);
        note(&mut lines, text, "keywords", &rules.keywords);
        // `pins.1` begins `pins.10` as well.
        lines.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Ok(Self { rules, lines })
    }

    /// The version the file was made from, if it says so.
    pub(super) fn version(&self) -> Option<u64> {
        self.rules.version
    }

    /// What is sent.
    pub(super) fn body(&self) -> Value {
        json!({
            "synonyms": bare(&self.rules.synonyms),
            "stop_words": bare(&self.rules.stop_words),
            "pins": bare(&self.rules.pins),
            "keywords": bare(&self.rules.keywords),
        })
    }

    /// A refusal in words of the file: `pins.3.query` is a line of it.
    pub(super) fn in_lines(&self, refused: Refused) -> anyhow::Error {
        let mut message = refused.to_string();
        for (name, line) in &self.lines {
            message = message
                .replace(&format!("{name}."), &format!("line {line} "))
                .replace(name, &format!("line {line}"));
        }
        anyhow::Error::new(refused).context(format!("the rules stay as they were: {message}"))
    }
}

fn bare<T>(items: &[Spanned<T>]) -> Vec<&T> {
    items.iter().map(Spanned::get_ref).collect()
}

fn note<T>(lines: &mut Vec<(String, usize)>, text: &str, kind: &str, items: &[Spanned<T>]) {
    for (at, item) in items.iter().enumerate() {
        let before = text.get(..item.span().start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        lines.push((format!("{kind}.{at}"), line));
    }
}

/// Rules as the server tells them.
#[derive(Debug, Deserialize)]
struct Told {
    portal: String,
    locale: String,
    row_version: u64,
    synonyms: Vec<Synonym>,
    stop_words: Vec<String>,
    pins: Vec<Pin>,
    keywords: Vec<Keywords>,
    articles: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    short_id: String,
}

/// The file of the rules that a server told; each article with its number behind it.
pub(super) fn toml_of(rules: &Value) -> Result<String> {
    let told: Told = serde_json::from_value(rules.clone())
        .context("the server answered with rules this program cannot read")?;
    let numbers: HashMap<&str, &str> = told
        .articles
        .iter()
        .map(|a| (a.id.as_str(), a.short_id.as_str()))
        .collect();
    let number = |id: &str| {
        let number = numbers.get(id).copied().unwrap_or_default();
        if number.is_empty() {
            String::new()
        } else {
            format!(" # {number}")
        }
    };
    let mut text = format!(
        "# Rules of search of {} in {}. `cairn search-rules put --help` shows what may stand here.\nversion = {}\n\nstop_words = {}\n",
        told.portal,
        told.locale,
        told.row_version,
        list(&told.stop_words)
    );
    for synonym in &told.synonyms {
        text.push_str("\n[[synonyms]]\n");
        if let Some(equal) = &synonym.equal {
            writeln!(text, "equal = {}", list(equal))?;
        }
        if let Some(words) = &synonym.words {
            writeln!(text, "words = {}", quoted(words))?;
        }
        if let Some(means) = &synonym.means {
            writeln!(text, "means = {}", list(means))?;
        }
    }
    for pin in &told.pins {
        writeln!(
            text,
            "\n[[pins]]\nquery = {}\narticles = [",
            quoted(&pin.query)
        )?;
        for id in &pin.articles {
            writeln!(text, "    {},{}", quoted(id), number(id))?;
        }
        text.push_str("]\n");
    }
    for keywords in &told.keywords {
        let article = &keywords.article;
        writeln!(
            text,
            "\n[[keywords]]\narticle = {}{}\nwords = {}",
            quoted(article),
            number(article),
            list(&keywords.words)
        )?;
    }
    Ok(text)
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SEARCH_RULES_EXAMPLE;

    #[test]
    fn what_is_shown_can_be_put() {
        let id = "018f4e2a-7b1c-7c3d-9e4f-0123456789ab";
        let told = json!({
            "portal": "help", "locale": "en", "row_version": 3, "updated_at": null,
            "synonyms": [{"equal": ["credit card", "creditcard"]}, {"words": "cc \"x\" \\", "means": ["a\nb"]}],
            "stop_words": ["s'il", "请"],
            "pins": [{"query": "refund #1", "articles": [id]}],
            "keywords": [{"article": id, "words": ["\u{1}bell"]}],
            "articles": [{"id": id, "short_id": "help~42"}],
        });
        let text = toml_of(&told).unwrap();
        assert!(text.contains("# help~42"), "{text}");
        let file = RulesFile::parse(&text).unwrap();
        assert_eq!(file.version(), Some(3));
        for list in ["synonyms", "stop_words", "pins", "keywords"] {
            assert_eq!(file.body()[list], told[list], "{text}");
        }
    }

    #[test]
    fn the_example_of_the_help_is_a_file() {
        let (_, text) = SEARCH_RULES_EXAMPLE.split_once('\n').unwrap();
        let body = RulesFile::parse(text).unwrap().body();
        assert_eq!(body["synonyms"].as_array().unwrap().len(), 2);
        assert_eq!(body["pins"][0]["articles"][0], "help~42");
    }

    #[test]
    fn what_is_no_rule_is_refused_with_its_line() {
        for bad in [
            "version = -1",
            "stopwords = []",
            "[[pins]]\nquery = \"a\"",
            "[[synonyms]]\nequals = [\"a\", \"b\"]",
            "synonyms = [\"a\"]",
        ] {
            let error = RulesFile::parse(bad).unwrap_err().to_string();
            assert!(error.contains("line "), "{error}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_lines_of_the_file() {
        let mut text = String::from("stop_words = [\"a\",\n \"b c\"]\n");
        for n in 0..11 {
            text.push_str(&format!("[[pins]]\nquery = \"{n}\"\narticles = [\"a\"]\n"));
        }
        let file = RulesFile::parse(&text).unwrap();
        let line = |name: &str| file.lines.iter().find(|(n, _)| n == name).unwrap().1;
        assert_eq!(
            (line("stop_words.1"), line("pins.0"), line("pins.10")),
            (2, 3, 33)
        );
    }
}
