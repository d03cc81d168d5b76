//! Reads front matter: a strict subset of YAML, by hand.
//!
//! Plain and quoted scalars, `[inline, lists]` and block lists of scalars, and JSON: objects, lists in
//! lists, and numbers behind `!!int` or `!!float` where a plain one would be text. What is outside
//! the subset (block scalars, nesting by indentation, anchors, other tags) is refused with its line
//! instead of being guessed at, because a guess would end up in an article.
//!
//! Where the body begins: after the line that closes the block; one empty line right after it
//! belongs to the block and is dropped, everything else is kept to the byte. A file that does not
//! begin with `---` is body as a whole. A byte order mark in front is dropped in both cases.

use std::collections::HashSet;

use super::json::is_number;
use super::{Entry, Fault, FrontMatter, Scalar, Value};
use crate::limits::FRONT_MATTER_BLOCK_BYTES_MAX;

const BOM: &str = "\u{feff}";

/// Reads the block at the head of `text`, if there is one.
///
/// # Errors
/// The first line outside the subset.
pub fn parse(text: &str) -> Result<FrontMatter, Fault> {
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let mut lines = Lines {
        text,
        at: start,
        number: 0,
    };
    let is_fence = |line: &str| line.trim_end() == "---";
    if !lines.next().is_some_and(is_fence) {
        return Ok(FrontMatter {
            entries: Vec::new(),
            body_start: start,
            body_line: 1,
        });
    }
    let mut block = Block::default();
    loop {
        let Some(line) = lines.next() else {
            return Err(Fault::new(
                1,
                "the front matter that begins here is never closed; end it with a line ---",
            ));
        };
        if line.trim_end() == "---" || line.trim_end() == "..." {
            break;
        }
        if lines.at - start > FRONT_MATTER_BLOCK_BYTES_MAX {
            return Err(Fault::new(
                lines.number,
                format!("the front matter is longer than {FRONT_MATTER_BLOCK_BYTES_MAX} bytes"),
            ));
        }
        block.read_line(line, lines.number)?;
    }
    // One empty line after the block is its margin.
    let mut after = lines.clone();
    if after
        .next()
        .is_some_and(|line| line.trim_end_matches('\r').is_empty())
    {
        lines = after;
    }
    Ok(FrontMatter {
        entries: block.entries,
        body_start: lines.at,
        body_line: lines.number + 1,
    })
}

#[derive(Clone)]
struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next line without its `\n`.
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.number += 1;
        let (line, step) = match rest.find('\n') {
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        self.at += step;
        Some(line)
    }
}

/// The lines read so far.
#[derive(Default)]
struct Block {
    entries: Vec<Entry>,
    keys: HashSet<String>,
    /// Whether the last entry may go on as a block list: it is one, or has no value yet.
    is_open: bool,
}

impl Block {
    fn read_line(&mut self, line: &str, number: usize) -> Result<(), Fault> {
        let fault = |reason: &str| Fault::new(number, reason);
        let line = line.trim_end();
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            return Ok(());
        }
        if content == "-" || content.starts_with("- ") {
            let item = scalar(content[1..].trim_start(), number)?
                .ok_or_else(|| fault("a list item is empty; give it a value or remove it"))?;
            let entry = self
                .entries
                .last_mut()
                .ok_or_else(|| fault("a list item stands here without a key above it"))?;
            // A block list only continues a block list: an inline one ends on its line.
            match &mut entry.value {
                Value::List(items) if self.is_open => items.push(item),
                value if self.is_open => *value = Value::List(vec![item]),
                _ => {
                    return Err(fault(
                        "a list item stands here under a key that has a value",
                    ));
                }
            }
            return Ok(());
        }
        if content.len() < line.len() {
            return Err(fault(
                "nested values are not supported; write key: value at the start of the line",
            ));
        }
        let (key, rest) = key(line, number)?;
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return Err(fault("put a space after the colon of key: value"));
        }
        if !self.keys.insert(key.clone()) {
            return Err(Fault::new(
                number,
                format!("the key {key} is there twice; remove one"),
            ));
        }
        let value = value(rest.trim_start(), number)?;
        self.is_open = value.is_none();
        self.entries.push(Entry {
            key,
            line: number,
            value: value.unwrap_or(Value::Scalar(Scalar::Null)),
        });
        Ok(())
    }
}

/// The key of a line, and what follows its colon.
fn key(line: &str, number: usize) -> Result<(String, &str), Fault> {
    let no_colon = || {
        Fault::new(
            number,
            "a line of front matter is key: value, and here is no colon",
        )
    };
    if line.starts_with(['"', '\'']) {
        let (key, rest) = quoted(line, number)?;
        let rest = rest.trim_start().strip_prefix(':').ok_or_else(no_colon)?;
        return Ok((key, rest));
    }
    let (key, rest) = line.split_once(':').ok_or_else(no_colon)?;
    let key = key.trim_end();
    if !is_key(key) {
        return Err(Fault::new(
            number,
            "a key is letters, digits, underscores, hyphens and dots; put others into quotes",
        ));
    }
    Ok((key.to_owned(), rest))
}

/// Whether a key may stand without quotes.
pub(super) fn is_key(key: &str) -> bool {
    let is_fine = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !key.is_empty() && key.chars().all(is_fine)
}

/// What follows a colon; None when there is only a comment or nothing.
fn value(text: &str, number: usize) -> Result<Option<Value>, Fault> {
    let read = match text.chars().next() {
        Some('[') => inline_list(&text[1..], number).map(Value::List),
        Some('{') => Err(Fault::new(
            number,
            "a value in braces is JSON, as in {\"a\": [1, 2]}; anything else goes into quotes",
        )),
        _ => return Ok(scalar(text, number)?.map(Value::Scalar)),
    };
    // A list of more than scalars, or an object.
    read.or_else(|fault| match Value::json_prefix(text) {
        Ok((value, rest)) if is_end(rest) => Ok(value),
        Ok(_) => Err(Fault::new(
            number,
            "something follows the value; a value ends its line",
        )),
        Err(_) => Err(fault),
    })
    .map(Some)
}

/// Whether nothing but a comment follows.
fn is_end(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with('#')
}

/// Reads one scalar that ends with the line; None when there is only a comment or nothing.
fn scalar(text: &str, number: usize) -> Result<Option<Scalar>, Fault> {
    let (scalar, rest) = match text.chars().next() {
        None | Some('#') => return Ok(None),
        Some('"' | '\'') => {
            let (text, rest) = quoted(text, number)?;
            (Scalar::Text(text), rest)
        }
        Some(_) => {
            let end = text
                .find(" #")
                .or_else(|| text.find("\t#"))
                .unwrap_or(text.len());
            (plain(text[..end].trim_end(), number)?, &text[end..])
        }
    };
    if is_end(rest) {
        Ok(Some(scalar))
    } else {
        Err(Fault::new(
            number,
            "something follows the closing quote; put the whole value into the quotes",
        ))
    }
}

fn plain(text: &str, number: usize) -> Result<Scalar, Fault> {
    let tagged = ["!!int ", "!!float "]
        .into_iter()
        .find_map(|tag| text.strip_prefix(tag));
    if let Some(tagged) = tagged.map(str::trim).filter(|text| is_number(text)) {
        return Ok(Scalar::Number(tagged.to_owned()));
    }
    let reserved = text
        .chars()
        .next()
        .is_some_and(|c| "|>{}&*!%@`],?".contains(c));
    let reason = if reserved {
        "a plain value cannot begin with this character (block, nested and tagged values are not \
         supported); put it into quotes"
    } else if text.starts_with("- ") {
        "lists in lists are not supported; put the value into quotes"
    } else if text.contains(": ") || text.ends_with(':') {
        "a plain value cannot contain a colon followed by a space; put it into quotes"
    } else {
        return Ok(plain_scalar(text));
    };
    Err(Fault::new(number, reason))
}

/// What a plain text is. Only what reads back as it was written is a number: 007 and 1.10 are text.
pub(super) fn plain_scalar(text: &str) -> Scalar {
    match text {
        "true" => return Scalar::Bool(true),
        "false" => return Scalar::Bool(false),
        "null" | "~" => return Scalar::Null,
        _ => {}
    }
    let integer = text.parse::<i64>().is_ok_and(|n| n.to_string() == text);
    let float = || {
        let float = text.parse::<f64>().ok().filter(|f| f.is_finite());
        float.is_some_and(|f| f.to_string() == text)
    };
    if integer || float() {
        Scalar::Number(text.to_owned())
    } else {
        Scalar::Text(text.to_owned())
    }
}

/// Reads a quoted text and gives what follows it.
fn quoted(text: &str, number: usize) -> Result<(String, &str), Fault> {
    let open = || {
        Fault::new(
            number,
            "the quote that opens this value is not closed on its line",
        )
    };
    let mut out = String::new();
    let quote = if text.starts_with('"') { '"' } else { '\'' };
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if quote == '\'' && chars.next_if(|(_, c)| *c == '\'').is_some() => out.push('\''),
            c if c == quote => return Ok((out, &text[at + 1..])),
            '\\' if quote == '"' => {
                let (_, escape) = chars.next().ok_or_else(open)?;
                let mut digits = |count: usize| {
                    let hex: String = chars.by_ref().take(count).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&hex, 16).ok();
                    code.filter(|_| hex.len() == count)
                };
                let code = match escape {
                    'n' => Some(0x0a),
                    't' => Some(0x09),
                    'r' => Some(0x0d),
                    'b' => Some(0x08),
                    'f' => Some(0x0c),
                    '0' => Some(0x00),
                    '"' | '\\' | '/' | ' ' => Some(escape as u32),
                    'x' => digits(2),
                    'u' => match digits(4) {
                        // JSON writes characters beyond the first plane as a pair.
                        Some(high @ 0xd800..=0xdbff) => {
                            let pair = chars.next().is_some_and(|(_, c)| c == '\\')
                                && chars.next().is_some_and(|(_, c)| c == 'u');
                            let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                            let low = u32::from_str_radix(&hex, 16).ok();
                            low.filter(|low| pair && (0xdc00..=0xdfff).contains(low))
                                .map(|low| 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                        }
                        code => code,
                    },
                    'U' => digits(8),
                    _ => None,
                };
                let c = code.and_then(char::from_u32).ok_or_else(|| {
                    Fault::new(
                        number,
                        format!(
                            "\\{escape} is no escape in a quoted value; write \\\\ for a backslash"
                        ),
                    )
                })?;
                out.push(c);
            }
            c => out.push(c),
        }
    }
    Err(open())
}

/// Reads `a, "b"]`: what follows the opening bracket.
fn inline_list(text: &str, number: usize) -> Result<Vec<Scalar>, Fault> {
    let open = || Fault::new(number, "the list that opens here is not closed on its line");
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            if is_end(after) {
                return Ok(items);
            }
            return Err(Fault::new(
                number,
                "something follows the list; a list ends its line",
            ));
        }
        let (item, after) = match rest.chars().next().ok_or_else(open)? {
            '"' | '\'' => {
                let (text, after) = quoted(rest, number)?;
                (Scalar::Text(text), after)
            }
            '[' => return Err(Fault::new(number, "lists in lists are not supported")),
            ',' => return Err(Fault::new(number, "a list item is empty; remove the comma")),
            _ => {
                let end = rest.find([',', ']']).ok_or_else(open)?;
                (plain(rest[..end].trim_end(), number)?, &rest[end..])
            }
        };
        items.push(item);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.starts_with(']') => after,
            None if after.is_empty() => return Err(open()),
            None => {
                return Err(Fault::new(
                    number,
                    "put a comma between the items of a list",
                ));
            }
        };
    }
}
