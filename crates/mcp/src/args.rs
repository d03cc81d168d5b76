//! Arguments of a tool: one table says what they are, and from it come both the JSON Schema that
//! clients read and the check of what they send.
//!
//! Agents send what they are used to: numbers as text, empty text for "nothing", lists as JSON in
//! text. All that is understood. What is not understood is refused with every fault in one answer,
//! an unknown name with the valid ones and the nearest of them.

use std::collections::BTreeMap;

use cairn_domain::article::{Edit, Expected};
use cairn_domain::field_error::FieldError;
use cairn_service::articles::ArticleRef;
use cairn_service::{Error, Result};
use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

use crate::nearest::nearest;

/// What an argument is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Text; empty text means unset unless the argument is required.
    Text,
    /// An article: UUID, `portal~number` or public address; never empty.
    Article,
    /// One of these words, in any case.
    Word(&'static [&'static str]),
    /// A whole number in this range.
    Integer(i64, i64),
    /// The revision a change was made against: a number, or an entity tag `7.12`.
    Expected,
    /// Yes or no.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of find/replace pairs.
    Edits,
}

/// One argument of a tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arg {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) kind: Kind,
    /// Whether a call without it is refused.
    pub(crate) is_required: bool,
    /// One line for the agent.
    pub(crate) about: &'static str,
}

/// An argument that may be left out.
pub(crate) const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Arg {
    Arg {
        name,
        kind,
        is_required: false,
        about,
    }
}

/// An argument that must be there.
pub(crate) const fn required(name: &'static str, kind: Kind, about: &'static str) -> Arg {
    Arg {
        name,
        kind,
        is_required: true,
        about,
    }
}

/// Other names that agents use for an argument, taken where the tool has the second name only.
const ALIASES: [(&str, &str); 4] = [
    ("q", "query"),
    ("updated_since", "updated_after"),
    ("article_id", "id"),
    ("parent_id", "parent"),
];

/// Longest piece of a refused value that an error repeats, in characters.
const QUOTE_CHARS_MAX: usize = 60;

/// The JSON Schema (2020-12) of a tool's arguments: plain types only, nothing beyond the table.
pub(crate) fn schema(args: &[Arg]) -> JsonObject {
    let mut properties = Map::new();
    for arg in args {
        let mut property = match arg.kind {
            Kind::Text | Kind::Article => json!({"type": "string"}),
            Kind::Word(words) => json!({"type": "string", "enum": words}),
            Kind::Integer(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
            Kind::Expected => json!({"type": "integer", "minimum": 1}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Kind::Words(words) => {
                json!({"type": "array", "items": {"type": "string", "enum": words}})
            }
            Kind::Edits => json!({"type": "array", "items": {
                "type": "object",
                "properties": {"find": {"type": "string"}, "replace": {"type": "string"}},
                "required": ["find", "replace"],
                "additionalProperties": false,
            }}),
        };
        property["description"] = arg.about.into();
        properties.insert(arg.name.to_owned(), property);
    }
    let needed: Vec<_> = args
        .iter()
        .filter(|a| a.is_required)
        .map(|a| a.name)
        .collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !needed.is_empty() {
        schema.insert("required".to_owned(), json!(needed));
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// A value that was understood.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    Text(String),
    Article(ArticleRef),
    Integer(i64),
    Expected(Expected),
    Flag(bool),
    Texts(Vec<String>),
    Edits(Vec<Edit>),
}

/// Everything that was wrong, in the order of the tool's table.
#[derive(Debug, Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        self.0.push(FieldError::new(field, code, message));
    }
}

/// The arguments of one call, understood.
#[derive(Debug, Default)]
pub(crate) struct Args {
    values: BTreeMap<&'static str, Given>,
    faults: Faults,
}

impl Args {
    /// Reads the arguments of a call by the tool's table.
    pub(crate) fn read(tool: &str, table: &'static [Arg], given: Option<JsonObject>) -> Self {
        let mut args = Self::default();
        let mut given = given.unwrap_or_default();
        for (alias, name) in ALIASES {
            let known = |name: &str| table.iter().any(|a| a.name == name);
            if known(name)
                && !known(alias)
                && !given.contains_key(name)
                && let Some(value) = given.remove(alias)
            {
                given.insert(name.to_owned(), value);
            }
        }
        for arg in table {
            let value = given.remove(arg.name).unwrap_or(Value::Null);
            let faults_before = args.faults.0.len();
            match read_one(&mut args.faults, arg, value) {
                Some(value) => {
                    args.values.insert(arg.name, value);
                }
                None if arg.is_required && args.faults.0.len() == faults_before => {
                    args.faults.add(
                        arg.name,
                        "required",
                        format!("{} is missing; {tool} needs it: {}", arg.name, arg.about),
                    );
                }
                None => {}
            }
        }
        for name in given.keys() {
            args.faults
                .add(quote(name), "unknown_field", unknown(tool, table, name));
        }
        args
    }

    /// Ends the reading: fine, or everything that was wrong.
    ///
    /// # Errors
    /// `invalid_fields` with all of them.
    pub(crate) fn check(&mut self) -> Result<()> {
        let faults = std::mem::take(&mut self.faults.0);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(faults))
        }
    }

    /// Ends the reading with a fault that only the tool can see.
    pub(crate) fn refuse(field: &str, code: &str, message: impl Into<String>) -> Error {
        Error::invalid_fields(vec![FieldError::new(field, code, message)])
    }

    /// Notes a fault that only the tool can see.
    pub(crate) fn fault(&mut self, field: &str, code: &str, message: impl Into<String>) {
        self.faults.add(field, code, message);
    }

    /// Whether a value was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A text or a word.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.values.remove(name) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        match self.values.remove(name) {
            Some(Given::Integer(number)) => Some(number),
            _ => None,
        }
    }

    /// Yes or no; no when unset.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        matches!(self.values.remove(name), Some(Given::Flag(true)))
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        match self.values.remove(name) {
            Some(Given::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// Find/replace pairs.
    pub(crate) fn edits(&mut self, name: &str) -> Option<Vec<Edit>> {
        match self.values.remove(name) {
            Some(Given::Edits(edits)) => Some(edits),
            _ => None,
        }
    }

    /// The revision a change was made against.
    pub(crate) fn expected(&mut self, name: &str) -> Option<Expected> {
        match self.values.remove(name) {
            Some(Given::Expected(expected)) => Some(expected),
            _ => None,
        }
    }

    /// The article a call is about.
    ///
    /// # Errors
    /// `invalid_fields` when it is not there; a required one is, after [`Args::check`].
    pub(crate) fn article(&mut self, name: &str) -> Result<ArticleRef> {
        match self.values.remove(name) {
            Some(Given::Article(reference)) => Ok(reference),
            _ => Err(Self::refuse(
                name,
                "required",
                format!("{name} is missing; name an article"),
            )),
        }
    }
}

fn unknown(tool: &str, table: &[Arg], name: &str) -> String {
    let names: Vec<_> = table.iter().map(|a| a.name).collect();
    let meant = match nearest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean {meant}? "),
        None => String::new(),
    };
    let name = quote(name);
    format!(
        "{name} is not an argument of {tool}; {meant}it takes {}",
        names.join(", ")
    )
}

fn read_one(faults: &mut Faults, arg: &Arg, value: Value) -> Option<Given> {
    if value.is_null() {
        return None;
    }
    let Arg {
        name,
        kind,
        is_required,
        ..
    } = *arg;
    match kind {
        Kind::Text => {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                other => return wrong(faults, name, "text", &other),
            };
            // Clients fill arguments they do not need with empty text.
            (is_required || !text.is_empty()).then_some(Given::Text(text))
        }
        Kind::Article => {
            let Value::String(text) = value else {
                return wrong(
                    faults,
                    name,
                    "an article's UUID, portal~number or public address",
                    &value,
                );
            };
            match ArticleRef::parse_or_url(name, text.trim()) {
                Ok(reference) => Some(Given::Article(reference)),
                Err(fault) => {
                    faults.0.push(fault);
                    None
                }
            }
        }
        Kind::Word(words) => {
            let Value::String(text) = value else {
                return wrong(
                    faults,
                    name,
                    &format!("one of {}", words.join(", ")),
                    &value,
                );
            };
            if text.is_empty() {
                return None;
            }
            word(faults, name, words, &text).map(|w| Given::Text(w.to_owned()))
        }
        Kind::Integer(min, max) => {
            if is_empty_text(&value) {
                return None;
            }
            match whole(&value) {
                Some(number) if (min..=max).contains(&number) => Some(Given::Integer(number)),
                Some(_) => {
                    faults.add(
                        name,
                        "out_of_range",
                        format!("{name} must be {min} to {max}, got {}", shown(&value)),
                    );
                    None
                }
                None => wrong(faults, name, "a whole number", &value),
            }
        }
        Kind::Expected => {
            if is_empty_text(&value) {
                return None;
            }
            let expected = expected(&value);
            if expected.is_none() {
                faults.add(
                    name,
                    "invalid_value",
                    format!(
                        "{name} must be the revision that get_article gave, such as 7, got {}",
                        shown(&value)
                    ),
                );
            }
            expected.map(Given::Expected)
        }
        Kind::Flag => match value {
            Value::Bool(flag) => Some(Given::Flag(flag)),
            Value::String(text) if text.is_empty() => None,
            Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => {
                Some(Given::Flag(true))
            }
            Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => {
                Some(Given::Flag(false))
            }
            other => wrong(faults, name, "true or false", &other),
        },
        Kind::Texts => texts(faults, name, value).map(Given::Texts),
        Kind::Words(words) => {
            let given = texts(faults, name, value)?;
            let known = given
                .iter()
                .filter_map(|text| word(faults, name, words, text))
                .map(str::to_owned);
            Some(Given::Texts(known.collect()))
        }
        Kind::Edits => edits(faults, name, value).map(Given::Edits),
    }
}

fn word(
    faults: &mut Faults,
    name: &str,
    words: &[&'static str],
    text: &str,
) -> Option<&'static str> {
    let found = words
        .iter()
        .find(|w| w.eq_ignore_ascii_case(text.trim()))
        .copied();
    if found.is_none() {
        faults.add(
            name,
            "invalid_value",
            format!(
                "{name} must be one of {}, got {}",
                words.join(", "),
                shown(&text.into())
            ),
        );
    }
    found
}

/// A whole number, also as text and as `20.0`.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and within 2^53: exact"
            )]
            number
                .as_f64()
                .filter(|f| f.fract() == 0.0 && f.abs() < 9.0e15)
                .map(|f| f as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn expected(value: &Value) -> Option<Expected> {
    if let Some(number) = whole(value) {
        return i32::try_from(number)
            .ok()
            .filter(|n| *n > 0)
            .map(Expected::Revision);
    }
    let (revision, row_version) = value.as_str()?.trim().trim_matches('"').split_once('.')?;
    Some(Expected::Exact {
        revision: revision.parse().ok().filter(|n| *n > 0)?,
        row_version: row_version.parse().ok().filter(|n| *n > 0)?,
    })
}

/// A list; JSON in text is understood, because agents write lists that way.
fn list(value: Value) -> std::result::Result<Vec<Value>, Value> {
    match value {
        Value::Array(items) => Ok(items),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Array(items)) => Ok(items),
            _ => Err(Value::String(text)),
        },
        other => Err(other),
    }
}

fn texts(faults: &mut Faults, name: &str, value: Value) -> Option<Vec<String>> {
    if is_empty_text(&value) {
        return None;
    }
    let items = match list(value) {
        Ok(items) => items,
        Err(other) => {
            return wrong(
                faults,
                name,
                "a list of texts such as [\"a\", \"b\"]",
                &other,
            );
        }
    };
    let mut texts = Vec::with_capacity(items.len());
    for (i, item) in items.into_iter().enumerate() {
        match item {
            Value::String(text) => texts.push(text),
            other => {
                wrong::<()>(faults, &format!("{name}.{i}"), "text", &other);
            }
        }
    }
    Some(texts)
}

fn edits(faults: &mut Faults, name: &str, value: Value) -> Option<Vec<Edit>> {
    const FORM: &str = "a list of {\"find\": \"…\", \"replace\": \"…\"}";
    if is_empty_text(&value) {
        return None;
    }
    let items = match list(value) {
        Ok(items) => items,
        Err(other) => return wrong(faults, name, FORM, &other),
    };
    let mut edits = Vec::with_capacity(items.len());
    for (i, item) in items.into_iter().enumerate() {
        let at = format!("{name}.{i}");
        let Value::Object(mut pair) = item else {
            wrong::<()>(faults, &at, "an object with find and replace", &item);
            continue;
        };
        let mut part = |key: &str| match pair.remove(key) {
            Some(Value::String(text)) => Some(text),
            Some(other) => wrong(faults, &format!("{at}.{key}"), "text", &other),
            None => {
                faults.add(
                    format!("{at}.{key}"),
                    "required",
                    format!("{at}.{key} is missing; each edit has find and replace"),
                );
                None
            }
        };
        let (find, replace) = (part("find"), part("replace"));
        for key in pair.keys() {
            let key = quote(key);
            faults.add(
                format!("{at}.{key}"),
                "unknown_field",
                format!("{at}.{key} is not known; an edit has find and replace and nothing else"),
            );
        }
        if let (Some(find), Some(replace)) = (find, replace) {
            edits.push(Edit { find, replace });
        }
    }
    Some(edits)
}

fn wrong<T>(faults: &mut Faults, name: &str, wanted: &str, got: &Value) -> Option<T> {
    faults.add(
        name,
        "invalid_type",
        format!("{name} must be {wanted}, got {}", shown(got)),
    );
    None
}

fn is_empty_text(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

/// A refused value, short enough to repeat.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("{:?}", quote(text)),
        other => other.to_string(),
    }
}

fn quote(text: &str) -> String {
    if text.chars().count() <= QUOTE_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(QUOTE_CHARS_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Arg] = &[
        required("id", Kind::Article, "the article"),
        optional("query", Kind::Text, "words"),
        optional("limit", Kind::Integer(1, 100), "how many"),
        optional(
            "status",
            Kind::Word(&["draft", "published"]),
            "where it stands",
        ),
        optional("expected_revision", Kind::Expected, "from get_article"),
        optional("dry_run", Kind::Flag, "write nothing"),
        optional("tags", Kind::Texts, "labels"),
        optional(
            "clear",
            Kind::Words(&["author", "category"]),
            "what to empty",
        ),
        optional("edits", Kind::Edits, "passages"),
    ];

    fn read(json: Value) -> Args {
        Args::read("a_tool", TABLE, json.as_object().cloned())
    }

    fn faults(json: Value) -> Vec<(String, String)> {
        let error = read(json).check().expect_err("something is wrong");
        assert_eq!(error.code.as_str(), "invalid_fields");
        error
            .fields
            .into_iter()
            .map(|f| (f.field, f.code))
            .collect()
    }

    #[test]
    fn what_agents_are_used_to_is_understood() {
        let mut args = read(json!({
            "article_id": "help~42", "q": "", "limit": "20", "status": "Published", "dry_run": "true",
            "expected_revision": "\"7.12\"", "tags": "[\"a\", \"b\"]", "clear": null,
            "edits": [{"find": "x", "replace": ""}],
        }));
        args.check().expect("all is understood");
        assert_eq!(
            args.article("id").expect("an article"),
            ArticleRef::Number {
                portal: "help".to_owned(),
                number: 42
            }
        );
        assert_eq!(args.text("query"), None, "empty text is unset");
        assert_eq!(args.integer("limit"), Some(20));
        assert_eq!(args.text("status").as_deref(), Some("published"));
        assert!(args.flag("dry_run"));
        assert_eq!(
            args.expected("expected_revision"),
            Some(Expected::Exact {
                revision: 7,
                row_version: 12
            })
        );
        assert_eq!(
            args.texts("tags"),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(args.texts("clear"), None);
        let edit = Edit {
            find: "x".to_owned(),
            replace: String::new(),
        };
        assert_eq!(args.edits("edits"), Some(vec![edit]));
        let mut args =
            read(json!({"id": "help~1", "limit": 5.0, "expected_revision": 3, "query": 404}));
        args.check().expect("numbers are numbers");
        assert_eq!(args.integer("limit"), Some(5));
        assert_eq!(
            args.expected("expected_revision"),
            Some(Expected::Revision(3))
        );
        assert_eq!(args.text("query").as_deref(), Some("404"));
    }

    #[test]
    fn every_fault_comes_in_one_answer() {
        let found = faults(json!({
            "id": "", "limit": 5000, "status": "gone", "expected_revision": 0, "dry_run": 3, "tags": [1],
            "clear": ["title"], "edits": [{"find": "a"}, {"find": "a", "replace": "b", "all": true}, 5],
            "quer": "x",
        }));
        let want = [
            ("id", "required"),
            ("limit", "out_of_range"),
            ("status", "invalid_value"),
            ("expected_revision", "invalid_value"),
            ("dry_run", "invalid_type"),
            ("tags.0", "invalid_type"),
            ("clear", "invalid_value"),
            ("edits.0.replace", "required"),
            ("edits.1.all", "unknown_field"),
            ("edits.2", "invalid_type"),
            ("quer", "unknown_field"),
        ];
        let found: Vec<_> = found
            .iter()
            .map(|(f, c)| (f.as_str(), c.as_str()))
            .collect();
        assert_eq!(found, want);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_valid_ones_and_the_nearest() {
        let error = read(json!({"id": "help~1", "quer": "x"}))
            .check()
            .expect_err("unknown");
        assert_eq!(
            error.message,
            "quer is not an argument of a_tool; did you mean query? it takes id, query, limit, status, \
             expected_revision, dry_run, tags, clear, edits"
        );
    }

    #[test]
    fn a_missing_article_is_said_once_and_an_empty_one_too() {
        assert_eq!(
            faults(json!({})),
            [("id".to_owned(), "required".to_owned())]
        );
        assert_eq!(
            faults(json!({"id": "  "})),
            [("id".to_owned(), "required".to_owned())]
        );
        assert_eq!(
            faults(json!({"id": 42})),
            [("id".to_owned(), "invalid_type".to_owned())]
        );
        assert_eq!(
            faults(json!({"id": "42"})),
            [("id".to_owned(), "invalid_id".to_owned())]
        );
    }

    #[test]
    fn numbers_out_of_any_range_are_refused_without_panic() {
        for number in [
            json!(1e300),
            json!(-1),
            json!(u64::MAX),
            json!("99999999999999999999"),
            json!(1.5),
        ] {
            assert_eq!(
                faults(json!({"id": "help~1", "limit": number})).len(),
                1,
                "{number}"
            );
        }
    }
}
