//! Values of front matter as JSON text, and JSON text as values.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, Scalar, Value};
use crate::limits::JSON_DEPTH_MAX;

impl Value {
    /// The value as JSON, for keys that mean nothing to Cairn.
    pub fn to_json(&self) -> String {
        match self {
            Self::Scalar(scalar) => scalar.to_json(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Scalar::to_json).collect();
                format!("[{}]", items.join(","))
            }
            Self::Json(text) => text.clone(),
        }
    }

    /// The value that this JSON is.
    fn of_json(text: &str) -> Result<Self, String> {
        let text = compact(text);
        if text.starts_with('[') {
            let items: Result<Vec<Box<RawValue>>, _> = serde_json::from_str(&text);
            let items = items.map_err(|error| error.to_string())?;
            let scalars = items.iter().map(|item| Scalar::of_json(item.get()));
            if let Some(scalars) = scalars.collect() {
                return Ok(Self::List(scalars));
            }
        } else if let Some(scalar) = Scalar::of_json(&text) {
            return Ok(Self::Scalar(scalar));
        }
        check(&text)?;
        Ok(Self::Json(text))
    }

    /// The JSON at the beginning of a text, and what follows it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn json_prefix(text: &str) -> Result<(Self, &str), String> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(raw)) => {
                let rest = &text[values.byte_offset()..];
                Ok((Self::of_json(raw.get())?, rest))
            }
            Some(Err(error)) => Err(error.to_string()),
            None => Err("there is no value".to_owned()),
        }
    }
}

impl Scalar {
    /// As JSON.
    pub fn to_json(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(true) => "true".to_owned(),
            Self::Bool(false) => "false".to_owned(),
            Self::Number(text) => text.clone(),
            Self::Text(text) => json_text(text),
        }
    }

    /// The scalar that this JSON is; None for objects, lists, and text that is not Unicode.
    fn of_json(text: &str) -> Option<Self> {
        match text {
            "null" => Some(Self::Null),
            "true" => Some(Self::Bool(true)),
            "false" => Some(Self::Bool(false)),
            _ if text.starts_with('"') => serde_json::from_str(text).ok().map(Self::Text),
            _ if is_number(text) => Some(Self::Number(text.to_owned())),
            _ => None,
        }
    }
}

/// Whether the text is a number as JSON writes it.
pub(super) fn is_number(text: &str) -> bool {
    let is_numeric = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    text.chars().all(is_numeric) && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// The members of a JSON object as entries, in their order; of two with one name the last counts, as
/// everywhere.
///
/// # Errors
/// Why it is not an object that front matter can hold.
pub fn entries_of(object: &str) -> Result<Vec<Entry>, String> {
    let members: Members = serde_json::from_str(object).map_err(|error| error.to_string())?;
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut entries: Vec<Entry> = Vec::with_capacity(members.0.len());
    for (key, raw) in members.0 {
        let value = Value::of_json(raw.get()).map_err(|error| format!("{key}: {error}"))?;
        match places.get(&key) {
            Some(place) => entries[*place].value = value,
            None => {
                places.insert(key.clone(), entries.len());
                entries.push(Entry::new(key, value));
            }
        }
    }
    Ok(entries)
}

/// Text as a JSON string.
pub(crate) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Refuses what is nested too deeply, or holds text that is not Unicode.
fn check(text: &str) -> Result<(), String> {
    let mut depth = 0;
    let mut deepest = 0;
    outside_strings(text, |c| match c {
        '{' | '[' => {
            depth += 1;
            deepest = deepest.max(depth);
        }
        '}' | ']' => depth -= 1,
        _ => {}
    });
    if deepest > JSON_DEPTH_MAX {
        return Err(format!(
            "it is nested {deepest} levels deep, at most {JSON_DEPTH_MAX} are allowed"
        ));
    }
    let value: Result<serde_json::Value, _> = serde_json::from_str(text);
    value.map(drop).map_err(|error| error.to_string())
}

/// JSON without the space between its parts.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for c in text.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = c == '"';
        }
        out.push(c);
    }
    out
}

fn outside_strings(text: &str, mut each: impl FnMut(char)) {
    let mut in_string = false;
    let mut escaped = false;
    for c in text.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            in_string = c == '"';
            each(c);
        }
    }
}

/// The members of an object in their order, each as it was written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
