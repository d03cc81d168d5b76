//! Front matter: the block of `key: value` lines between two `---` at the head of a file.
//!
//! [`parse`] reads a strict subset of YAML; [`write`] writes what reads back as the same entries and
//! the same JSON, so that a file can leave and come back. [`entries_of`] takes apart a JSON object.

mod json;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use json::entries_of;
pub use read::parse;
pub use write::write;

pub(crate) use json::json_text;

/// What stands in front of the body, and where the body is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// Byte offset of the body in the file.
    pub body_start: usize,
    /// Line of the file in which the body begins, from 1.
    pub body_line: usize,
}

/// One `key: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As written, without quotes.
    pub key: String,
    /// Where, from 1; 0 where it comes from no file.
    pub line: usize,
    /// What.
    pub value: Value,
}

/// The value of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One scalar; nothing after the colon is null.
    Scalar(Scalar),
    /// An inline or a block list.
    List(Vec<Scalar>),
    /// An object, or a list that holds more than scalars: JSON without space between its parts.
    Json(String),
}

/// One scalar. What a plain `true` or `7` is depends on its key: a truth value or a number where the
/// key means nothing to Cairn, plain text where it does ([`Scalar::text`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes it.
    Number(String),
    /// Anything else, and whatever stood in quotes.
    Text(String),
}

/// Why a block cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Fault {
    /// Where, from 1.
    pub line: usize,
    /// Why, and the way out.
    pub reason: String,
}

impl Fault {
    fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

impl Entry {
    /// An entry that comes from no file.
    pub fn new(key: impl Into<String>, value: Value) -> Self {
        Self {
            key: key.into(),
            line: 0,
            value,
        }
    }
}

impl Value {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Scalar::Text(text.into()))
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter();
        Self::List(texts.map(|text| Scalar::Text(text.into())).collect())
    }
}

impl Scalar {
    /// The words of it, whatever they would mean as JSON; None for null.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Null => None,
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Number(text) | Self::Text(text) => Some(text),
        }
    }
}
