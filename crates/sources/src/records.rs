//! Records of an API dump: JSON files with lists of objects, and their fields, each read with a
//! fault that names the file, the record and the field.

use std::io::Read as _;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::article::Fault;
use crate::tree::Tree;

/// Largest JSON file of a dump, in bytes; dumps are paged, a page of 100 articles has about 2 MB.
const JSON_FILE_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// The value of one JSON file.
///
/// # Errors
/// Why it cannot be read, with its line.
pub(crate) fn read_json(tree: &mut Tree, path: &str) -> Result<Value, Fault> {
    let text = tree.read_text(path, JSON_FILE_BYTES_MAX)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).map_err(|error| {
        let reason = format!("it is not JSON: {error}; dump it again");
        Fault::at(path, error.line().max(1), reason)
    })
}

/// The first bytes of a file as text, for telling what it is; nothing when it cannot be read.
pub(crate) fn head(tree: &mut Tree, path: &str, bytes: u64) -> String {
    let mut head = Vec::new();
    let Ok(reader) = tree.reader(path) else {
        return String::new();
    };
    // What is cut or broken is looked at as far as it goes.
    let _ = reader.take(bytes).read_to_end(&mut head);
    String::from_utf8_lossy(&head).into_owned()
}

/// Lists of records in a file, each with the name of its list. A file that is one list, or one
/// record, is called after itself: `articles-2.json`, `translations/360001.json` and
/// `360001/translations.json` are told by the first of the known names in their path, from the end.
pub(crate) fn lists(path: &str, value: Value, known: &[&str]) -> Vec<(String, Vec<Value>)> {
    let named = || {
        let stem = path
            .strip_suffix(".json")
            .unwrap_or(path)
            .to_ascii_lowercase();
        let segments: Vec<&str> = stem.rsplit('/').collect();
        let is_named = |segment: &str, name: &str| {
            let rest = segment.strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        let found = segments.iter().find_map(|segment| {
            known
                .iter()
                .find(|name| is_named(segment, name))
                .map(|name| (*name).to_owned())
        });
        found.unwrap_or_default()
    };
    match value {
        Value::Array(records) => vec![(named(), records)],
        Value::Object(mut fields) => {
            let mut lists = Vec::new();
            for name in known {
                if let Some(Value::Array(_)) = fields.get(*name)
                    && let Some(Value::Array(records)) = fields.remove(*name)
                {
                    lists.push(((*name).to_owned(), records));
                }
                // One record, as the address of a single one answers: `{"article": {…}}`.
                let single = singular(name);
                if let Some(Value::Object(_)) = fields.get(&single)
                    && let Some(record) = fields.remove(&single)
                {
                    lists.push(((*name).to_owned(), vec![record]));
                }
            }
            if lists.is_empty() {
                match fields.remove("data") {
                    Some(Value::Array(records)) => lists.push((named(), records)),
                    _ if fields.contains_key("id") => {
                        lists.push((named(), vec![Value::Object(fields)]));
                    }
                    _ => {}
                }
            }
            lists
        }
        _ => Vec::new(),
    }
}

fn singular(name: &str) -> String {
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.strip_suffix('s').unwrap_or(name).to_owned(),
    }
}

/// One record and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    path: &'a str,
    what: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Record<'a> {
    /// A record of a list.
    ///
    /// # Errors
    /// When it is no object.
    pub(crate) fn of(path: &'a str, what: &'static str, value: &'a Value) -> Result<Self, Fault> {
        match value {
            Value::Object(fields) => Ok(Self { path, what, fields }),
            other => {
                let reason = format!("one {what} is {}, an object is expected", kind(other));
                Err(Fault::at(path, 1, reason))
            }
        }
    }

    /// A record inside this one.
    ///
    /// # Errors
    /// When the field holds something else.
    pub(crate) fn inner(&self, field: &str) -> Result<Option<Self>, Fault> {
        match self.present(field) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self { fields, ..*self })),
            Some(other) => Err(self.wrong(field, other, "an object")),
        }
    }

    /// The file it stands in.
    pub(crate) fn path(&self) -> &'a str {
        self.path
    }

    fn present(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// A field as it is.
    pub(crate) fn value(&self, field: &str) -> Option<&'a Value> {
        self.present(field)
    }

    /// All fields, in their order.
    pub(crate) fn fields(&self) -> &'a Map<String, Value> {
        self.fields
    }

    /// A fault of this record.
    pub(crate) fn fault(&self, reason: &str) -> Fault {
        let id = match self.present("id") {
            Some(Value::Number(id)) => format!(" {id}"),
            Some(Value::String(id)) => format!(" {id}"),
            _ => String::new(),
        };
        Fault::at(self.path, 1, format!("{}{id}: {reason}", self.what))
    }

    fn wrong(&self, field: &str, found: &Value, expected: &str) -> Fault {
        self.fault(&format!(
            "`{field}` is {}, {expected} is expected",
            kind(found)
        ))
    }

    /// An id: a number or a text.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn id(&self, field: &str) -> Result<Option<String>, Fault> {
        match self.present(field) {
            None => Ok(None),
            Some(Value::String(id)) if id.is_empty() => Ok(None),
            Some(Value::String(id)) => Ok(Some(id.clone())),
            Some(Value::Number(id)) => Ok(Some(id.to_string())),
            Some(other) => Err(self.wrong(field, other, "a number or a text")),
        }
    }

    /// Its own id.
    ///
    /// # Errors
    /// When it has none.
    pub(crate) fn own_id(&self) -> Result<String, Fault> {
        self.id("id")?
            .ok_or_else(|| self.fault("`id` is missing; it is what tells it from others"))
    }

    /// A text.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn text(&self, field: &str) -> Result<Option<&'a str>, Fault> {
        match self.present(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(field, other, "a text")),
        }
    }

    /// A text that must say something.
    ///
    /// # Errors
    /// When it is missing or blank.
    pub(crate) fn words(&self, field: &str) -> Result<&'a str, Fault> {
        let text = self
            .text(field)?
            .map(str::trim)
            .filter(|text| !text.is_empty());
        text.ok_or_else(|| self.fault(&format!("`{field}` is missing; an article needs it")))
    }

    /// Yes or no; nothing is no.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn is(&self, field: &str) -> Result<bool, Fault> {
        match self.present(field) {
            None => Ok(false),
            Some(Value::Bool(is)) => Ok(*is),
            Some(other) => Err(self.wrong(field, other, "true or false")),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn number(&self, field: &str) -> Result<Option<i64>, Fault> {
        match self.present(field) {
            None => Ok(None),
            Some(value) => {
                let number = value.as_i64();
                number
                    .map(Some)
                    .ok_or_else(|| self.wrong(field, value, "a whole number"))
            }
        }
    }

    /// A list of texts.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn texts(&self, field: &str) -> Result<Vec<String>, Fault> {
        let Some(value) = self.present(field) else {
            return Ok(Vec::new());
        };
        let texts = value.as_array().map(|values| {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        texts
            .flatten()
            .ok_or_else(|| self.wrong(field, value, "a list of texts"))
    }

    /// A time: RFC 3339 text, or seconds since 1970.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn time(&self, field: &str) -> Result<Option<String>, Fault> {
        let Some(value) = self.present(field) else {
            return Ok(None);
        };
        let time = match value {
            Value::String(text) => text.trim().parse::<Timestamp>().ok(),
            Value::Number(seconds) => seconds
                .as_i64()
                .and_then(|seconds| Timestamp::from_second(seconds).ok()),
            _ => None,
        };
        let expected = "a time such as 2026-03-01T09:00:00Z or seconds since 1970";
        match time {
            Some(time) => Ok(Some(time.to_string())),
            None => Err(self.fault(&format!("`{field}` is {value:.60}, {expected} is expected"))),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_found_however_a_dump_was_written() {
        let known = ["articles", "categories", "translations"];
        let names = |path: &str, value: Value| -> Vec<(String, usize)> {
            let lists = lists(path, value, &known).into_iter();
            lists.map(|(name, records)| (name, records.len())).collect()
        };
        let one = |name: &str, count| vec![(name.to_owned(), count)];
        assert_eq!(
            names("x.json", json!({"articles": [1, 2], "count": 2})),
            one("articles", 2)
        );
        assert_eq!(names("d/articles-2.json", json!([1])), one("articles", 1));
        assert_eq!(
            names("translations/36.json", json!([1])),
            one("translations", 1)
        );
        assert_eq!(
            names("36/translations.json", json!({"data": [1]})),
            one("translations", 1)
        );
        assert_eq!(
            names("x.json", json!({"category": {"id": 1}})),
            one("categories", 1)
        );
        assert_eq!(
            names("articles/36.json", json!({"id": 36})),
            one("articles", 1)
        );
        assert_eq!(names("articlesque.json", json!([1])), one("", 1));
        assert_eq!(names("x.json", json!("x")), []);
    }

    #[test]
    fn a_field_of_another_kind_is_named_with_its_record() {
        let value =
            json!({"id": 7, "title": 1, "draft": "no", "at": "yesterday", "on": 1672928359});
        let record = Record::of("a.json", "article", &value).unwrap();
        let said = |fault: Fault| fault.to_string();
        assert_eq!(
            said(record.text("title").unwrap_err()),
            "a.json:1: article 7: `title` is a number, a text is expected"
        );
        assert!(said(record.is("draft").unwrap_err()).contains("`draft` is a text"));
        assert!(said(record.time("at").unwrap_err()).contains("`at` is \"yesterday\""));
        assert_eq!(
            record.time("on").unwrap().as_deref(),
            Some("2023-01-05T14:19:19Z")
        );
        assert!(said(record.words("body").unwrap_err()).contains("`body` is missing"));
        assert!(Record::of("a.json", "article", &json!([])).is_err());
    }
}
