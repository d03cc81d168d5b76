//! Search behaviour as data: reads `index/`, refuses what it cannot follow, and names the result by
//! a fingerprint. An index built under another fingerprint is never searched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use cairn_domain::locale::Locale;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::analyzer::Analyzer;
use crate::embedded;
use crate::error::SearchError;
use crate::facets::COUNTED;
use crate::ranking::Ranking;

/// Raised when the code analyses or stores differently with the same data.
const CODE_VERSION: u32 = 3;

/// `definition.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    pub(crate) version: u32,
    pub(crate) title_times_in_all: usize,
    pub(crate) lead_words: usize,
    pub(crate) token_bytes_max: usize,
    pub(crate) text: Vec<TextField>,
    pub(crate) filters: FilterFields,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextField {
    pub(crate) name: String,
    pub(crate) analyzer: AnalyzerKind,
    pub(crate) record: Record,
    pub(crate) lengths: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnalyzerKind {
    Stem,
    Raw,
    Han,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Docs,
    Freqs,
    Positions,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterFields {
    pub(crate) exact: Vec<String>,
    pub(crate) counted: Vec<String>,
    pub(crate) numbers: Vec<String>,
}

/// `analyzers/<locale>.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnalyzerShape {
    pub(crate) stemmer: Option<String>,
    pub(crate) stop_words: Option<String>,
    pub(crate) compounds: Option<String>,
    #[serde(default)]
    pub(crate) lower_case: LowerCase,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LowerCase {
    /// As Unicode says.
    #[default]
    Plain,
    /// `I` is the capital of the dotless `ı`, `İ` of `i`.
    Turkish,
}

/// The whole folder `index/`, checked.
pub(crate) struct Definition {
    pub(crate) shape: Shape,
    pub(crate) ranking: Ranking,
    analyzers: BTreeMap<String, Analyzer>,
    fingerprint: String,
}

const TEXT_FIELDS: [&str; 9] = [
    "title",
    "lead",
    "address",
    "heading",
    "topic",
    "all",
    "raw",
    "han_title",
    "han",
];
const EXACT_FIELDS: [&str; 5] = ["category", "tag", "status", "audience", "author"];
const NUMBER_FIELDS: [&str; 1] = ["updated_at"];

impl Definition {
    /// Reads the embedded folder, with the files of `folder` laid over it.
    pub(crate) fn read(folder: Option<&Path>) -> Result<Self, SearchError> {
        let files = embedded::files(folder)?;
        let shape: Shape = parse(&files, "definition.toml")?;
        check_shape(&shape)?;
        let ranking: Ranking = parse(&files, "ranking.toml")?;
        ranking
            .check()
            .map_err(|reason| SearchError::definition("ranking.toml", reason))?;

        let stop_words = lists(&files, "stopwords/");
        let compounds = lists(&files, "compounds/");
        let mut shapes = BTreeMap::new();
        let mut analyzers = BTreeMap::new();
        for path in files.keys() {
            let Some(name) = path
                .strip_prefix("analyzers/")
                .and_then(|p| p.strip_suffix(".toml"))
            else {
                continue;
            };
            let analyzer: AnalyzerShape = parse(&files, path)?;
            let words = match &analyzer.stop_words {
                None => BTreeSet::new(),
                Some(list) => stop_words.get(list).cloned().ok_or_else(|| {
                    SearchError::definition(path, format!("there is no stopwords/{list}.txt"))
                })?,
            };
            let parts = match &analyzer.compounds {
                None => BTreeSet::new(),
                Some(list) => compounds.get(list).cloned().ok_or_else(|| {
                    SearchError::definition(path, format!("there is no compounds/{list}.txt"))
                })?,
            };
            let built = Analyzer::new(&analyzer, &words, &parts, shape.token_bytes_max)
                .map_err(|reason| SearchError::definition(path, reason))?;
            analyzers.insert(name.to_owned(), built);
            shapes.insert(name.to_owned(), (analyzer, words, parts));
        }
        if !analyzers.contains_key("default") {
            return Err(SearchError::definition(
                "analyzers/default.toml",
                "it is missing",
            ));
        }
        let fingerprint = fingerprint(&shape, &shapes)?;
        Ok(Self {
            shape,
            ranking,
            analyzers,
            fingerprint,
        })
    }

    /// Sixteen bytes in hex that name everything an index depends on.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The analyzer of a locale: its own file, its language's, or the default.
    pub(crate) fn analyzer(&self, locale: &Locale) -> Analyzer {
        self.analyzers
            .get(locale.as_str())
            .or_else(|| self.analyzers.get(locale.language()))
            .or_else(|| self.analyzers.get("default"))
            .expect("the default analyzer was checked when the folder was read")
            .clone()
    }

    /// Forgets the words that searches remember of the texts they showed.
    pub(crate) fn forget_words(&self) {
        for analyzer in self.analyzers.values() {
            analyzer.forget();
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(
    files: &BTreeMap<String, String>,
    path: &str,
) -> Result<T, SearchError> {
    let text = files
        .get(path)
        .ok_or_else(|| SearchError::definition(path, "it is missing"))?;
    toml::from_str(text).map_err(|e| SearchError::definition(path, e))
}

/// The lists of words in a folder, by name.
fn lists(files: &BTreeMap<String, String>, folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    files
        .iter()
        .filter_map(|(path, text)| {
            let name = path.strip_prefix(folder)?.strip_suffix(".txt")?;
            Some((name.to_owned(), word_list(text)))
        })
        .collect()
}

/// The words of a list, one or several on a line.
fn word_list(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect()
}

fn check_shape(shape: &Shape) -> Result<(), SearchError> {
    let same = |want: &[&str], got: &[&str]| {
        want.iter().collect::<BTreeSet<_>>() == got.iter().collect::<BTreeSet<_>>()
            && want.len() == got.len()
    };
    let text: Vec<&str> = shape.text.iter().map(|f| f.name.as_str()).collect();
    let exact: Vec<&str> = shape.filters.exact.iter().map(String::as_str).collect();
    let counted: Vec<&str> = shape.filters.counted.iter().map(String::as_str).collect();
    let numbers: Vec<&str> = shape.filters.numbers.iter().map(String::as_str).collect();
    for (what, want, got) in [
        ("text fields", &TEXT_FIELDS[..], &text[..]),
        ("filters.exact", &EXACT_FIELDS[..], &exact[..]),
        ("filters.counted", &COUNTED[..], &counted[..]),
        ("filters.numbers", &NUMBER_FIELDS[..], &numbers[..]),
    ] {
        if !same(want, got) {
            return Err(SearchError::definition(
                "definition.toml",
                format!("{what} must be exactly {want:?}, not {got:?}"),
            ));
        }
    }
    if !(1..=1_000).contains(&shape.lead_words) {
        return Err(SearchError::definition(
            "definition.toml",
            "lead_words goes from 1 to 1000",
        ));
    }
    let all = shape.text.iter().find(|f| f.name == "all");
    if all.is_none_or(|f| f.record != Record::Positions) {
        return Err(SearchError::definition(
            "definition.toml",
            "the field all needs record = \"positions\", neighbouring words are found by them",
        ));
    }
    if !(1..=10).contains(&shape.title_times_in_all)
        || !(8..=1_000).contains(&shape.token_bytes_max)
    {
        return Err(SearchError::definition(
            "definition.toml",
            "title_times_in_all goes from 1 to 10, token_bytes_max from 8 to 1000",
        ));
    }
    Ok(())
}

fn fingerprint(
    shape: &Shape,
    analyzers: &BTreeMap<String, (AnalyzerShape, BTreeSet<String>, BTreeSet<String>)>,
) -> Result<String, SearchError> {
    let text = serde_json::to_vec(&(CODE_VERSION, tantivy::version_string(), shape, analyzers))
        .map_err(SearchError::engine("write the definition down"))?;
    let digest = Sha256::digest(&text);
    Ok(digest.iter().take(16).map(|b| format!("{b:02x}")).collect())
}

/// The definition as the room shares it.
pub(crate) type SharedDefinition = Arc<Definition>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_folder_is_followed() {
        let definition = Definition::read(None).unwrap();
        assert_eq!(definition.fingerprint().len(), 32);
        assert_eq!(
            definition.fingerprint(),
            Definition::read(None).unwrap().fingerprint()
        );
    }

    #[test]
    fn an_analyzer_changes_the_fingerprint_and_a_weight_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let before = Definition::read(Some(dir.path())).unwrap();
        let ranking =
            include_str!("../../../index/ranking.toml").replace("tie = 0.05", "tie = 0.1");
        std::fs::write(dir.path().join("ranking.toml"), ranking).unwrap();
        let weighted = Definition::read(Some(dir.path())).unwrap();
        assert_eq!(before.fingerprint(), weighted.fingerprint());
        std::fs::create_dir(dir.path().join("stopwords")).unwrap();
        std::fs::write(dir.path().join("stopwords/en.txt"), "the\n").unwrap();
        let stopped = Definition::read(Some(dir.path())).unwrap();
        assert_ne!(before.fingerprint(), stopped.fingerprint());
        std::fs::create_dir(dir.path().join("compounds")).unwrap();
        std::fs::write(dir.path().join("compounds/de.txt"), "wort\n").unwrap();
        let joined = Definition::read(Some(dir.path())).unwrap();
        assert_ne!(stopped.fingerprint(), joined.fingerprint());
    }

    #[test]
    fn a_file_that_cannot_be_followed_is_named() {
        for (file, text) in [
            ("definition.toml", "version = 2"),
            ("ranking.toml", "[weights]\nall = \"much\""),
            ("analyzers/en.toml", "stemmer = \"klingon\""),
            ("analyzers/en.toml", "stop_words = \"xx\""),
        ] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir(dir.path().join("analyzers")).unwrap();
            std::fs::write(dir.path().join(file), text).unwrap();
            let error = Definition::read(Some(dir.path()))
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains(file), "{error}");
        }
    }
}
