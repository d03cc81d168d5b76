//! Writes front matter so that it reads back as the same entries, here and where YAML is read.

use super::json::{is_number, json_text};
use super::read::{is_key, plain_scalar};
use super::{Entry, Scalar, Value};

/// Words that YAML takes for something else than text.
const WORDS: [&str; 10] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "none",
];

/// The block with the fences around it and the empty line behind it: the body follows at once.
pub fn write(entries: &[Entry]) -> String {
    let mut out = String::from("---\n");
    for entry in entries {
        if is_plain_key(&entry.key) {
            out.push_str(&entry.key);
        } else {
            out.push_str(&json_text(&entry.key));
        }
        out.push(':');
        match &entry.value {
            Value::Scalar(Scalar::Null) => {}
            Value::Scalar(one) => {
                out.push(' ');
                out.push_str(&scalar(one));
            }
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                out.push_str(" [");
                out.push_str(&items.join(", "));
                out.push(']');
            }
            Value::Json(text) => {
                out.push(' ');
                out.push_str(text);
            }
        }
        out.push('\n');
    }
    out.push_str("---\n\n");
    out
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null | Scalar::Bool(_) => scalar.to_json(),
        Scalar::Text(text) if is_plain(text) => text.clone(),
        Scalar::Text(text) => json_text(text),
        // What a plain value would be read as text gets the tag that makes it a number.
        Scalar::Number(text) if !is_number(text) => json_text(text),
        Scalar::Number(text) if plain_scalar(text) == *scalar => text.clone(),
        Scalar::Number(text) if text.contains(['.', 'e', 'E']) => format!("!!float {text}"),
        Scalar::Number(text) => format!("!!int {text}"),
    }
}

/// Whether a key may stand without quotes.
fn is_plain_key(key: &str) -> bool {
    let first = key.chars().next();
    first.is_some_and(|c| c.is_alphanumeric() || c == '_') && is_key(key)
}

/// Whether a text may stand without quotes and is text for everybody.
fn is_plain(text: &str) -> bool {
    let is_fine = |c: char| c.is_alphanumeric() || " -_./()+".contains(c);
    text.chars().next().is_some_and(char::is_alphabetic)
        && !text.ends_with(' ')
        && text.chars().all(is_fine)
        && !WORDS.contains(&text.to_lowercase().as_str())
}
