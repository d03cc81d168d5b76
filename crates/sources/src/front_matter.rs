//! Front matter: the block of `key: value` lines between two `---` at the head of a file.
//!
//! A strict subset of YAML, read by hand: plain and quoted scalars, `[inline, lists]` and block
//! lists of scalars. What is outside the subset (nesting, anchors, block scalars) is refused with
//! its line instead of being guessed at, because a guess would end up in an article.
//!
//! Where the body begins: after the line that closes the block; one empty line right after it
//! belongs to the block and is dropped, everything else is kept to the byte. A file that does not
//! begin with `---` is body as a whole. A byte order mark in front is dropped in both cases.

use cairn_domain::limits::FRONT_MATTER_BYTES_MAX;

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
    /// As written.
    pub key: String,
    /// Where, from 1.
    pub line: usize,
    /// What.
    pub value: Value,
}

/// The value of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing after the colon.
    Empty,
    /// One scalar.
    Scalar(Scalar),
    /// An inline or a block list.
    List(Vec<Scalar>),
}

/// One scalar: its text and whether it stood in quotes. A plain `true` or `7` is a truth value or
/// a number where the key means nothing to Cairn, and plain text where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text without its quotes.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
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
    let mut entries: Vec<Entry> = Vec::new();
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
        if lines.at - start > FRONT_MATTER_BYTES_MAX {
            return Err(Fault::new(
                lines.number,
                format!("the front matter is longer than {FRONT_MATTER_BYTES_MAX} bytes"),
            ));
        }
        read_line(line, lines.number, &mut entries)?;
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
        entries,
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

fn read_line(line: &str, number: usize, entries: &mut Vec<Entry>) -> Result<(), Fault> {
    let fault = |reason: &str| Fault::new(number, reason);
    let line = line.trim_end();
    let content = line.trim_start();
    if content.is_empty() || content.starts_with('#') {
        return Ok(());
    }
    if content == "-" || content.starts_with("- ") {
        let item = scalar(content[1..].trim_start(), number)?
            .ok_or_else(|| fault("a list item is empty; give it a value or remove it"))?;
        let entry = entries
            .last_mut()
            .ok_or_else(|| fault("a list item stands here without a key above it"))?;
        match &mut entry.value {
            Value::Empty => entry.value = Value::List(vec![item]),
            // A block list only continues a block list: an inline one ends on its line.
            Value::List(items) if entry.line < number => items.push(item),
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
    let (key, rest) = line
        .split_once(':')
        .ok_or_else(|| fault("a line of front matter is key: value, and here is no colon"))?;
    let key = key.trim_end();
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() || !key.chars().all(is_key) {
        return Err(fault(
            "a key is letters, digits, underscores, hyphens and dots",
        ));
    }
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return Err(fault("put a space after the colon of key: value"));
    }
    if entries.iter().any(|entry| entry.key == key) {
        return Err(Fault::new(
            number,
            format!("the key {key} is there twice; remove one"),
        ));
    }
    let rest = rest.trim_start();
    let value = match rest.strip_prefix('[') {
        Some(list) => Value::List(inline_list(list, number)?),
        None => scalar(rest, number)?.map_or(Value::Empty, Value::Scalar),
    };
    entries.push(Entry {
        key: key.to_owned(),
        line: number,
        value,
    });
    Ok(())
}

/// Reads one scalar that ends with the line; None when there is only a comment or nothing.
fn scalar(text: &str, number: usize) -> Result<Option<Scalar>, Fault> {
    let (scalar, rest) = match text.chars().next() {
        None | Some('#') => return Ok(None),
        Some('"' | '\'') => quoted(text, number)?,
        Some(_) => {
            let end = text
                .find(" #")
                .or_else(|| text.find("\t#"))
                .unwrap_or(text.len());
            (plain(text[..end].trim_end(), number)?, &text[end..])
        }
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(Some(scalar))
    } else {
        Err(Fault::new(
            number,
            "something follows the closing quote; put the whole value into the quotes",
        ))
    }
}

fn plain(text: &str, number: usize) -> Result<Scalar, Fault> {
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
        return Ok(Scalar {
            text: text.to_owned(),
            quoted: false,
        });
    };
    Err(Fault::new(number, reason))
}

/// Reads a quoted scalar and gives what follows it.
fn quoted(text: &str, number: usize) -> Result<(Scalar, &str), Fault> {
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
            c if c == quote => {
                let scalar = Scalar {
                    text: out,
                    quoted: true,
                };
                return Ok((scalar, &text[at + 1..]));
            }
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
            let after = after.trim_start();
            if after.is_empty() || after.starts_with('#') {
                return Ok(items);
            }
            return Err(Fault::new(
                number,
                "something follows the list; a list ends its line",
            ));
        }
        let (item, after) = match rest.chars().next().ok_or_else(open)? {
            '"' | '\'' => quoted(rest, number)?,
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

impl Value {
    /// The value as JSON, for keys that mean nothing to Cairn.
    pub fn to_json(&self) -> String {
        match self {
            Self::Empty => "null".to_owned(),
            Self::Scalar(scalar) => scalar.to_json(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Scalar::to_json).collect();
                format!("[{}]", items.join(","))
            }
        }
    }
}

impl Scalar {
    fn to_json(&self) -> String {
        if !self.quoted {
            match self.text.as_str() {
                "true" | "false" => return self.text.clone(),
                "null" | "~" => return "null".to_owned(),
                _ => {}
            }
            // Only what reads back as it was written is a number: 007 and 1.10 stay text.
            let integer = self
                .text
                .parse::<i64>()
                .is_ok_and(|n| n.to_string() == self.text);
            let float = || {
                let float = self.text.parse::<f64>().ok().filter(|f| f.is_finite());
                float.is_some_and(|f| f.to_string() == self.text)
            };
            if integer || float() {
                return self.text.clone();
            }
        }
        json_text(&self.text)
    }
}

/// Text as a JSON string.
pub(crate) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `key=json` of every entry, and the body.
    fn read(text: &str) -> Result<(String, &str), String> {
        let block = parse(text).map_err(|fault| fault.to_string())?;
        let entries = block.entries.iter();
        let entries: Vec<String> = entries
            .map(|e| format!("{}={}", e.key, e.value.to_json()))
            .collect();
        Ok((entries.join(" "), &text[block.body_start..]))
    }

    #[test]
    fn what_is_in_the_subset_reads_as_yaml_reads_it() {
        for (text, entries, body) in [
            ("no block", "", "no block"),
            ("", "", ""),
            ("--- \na: 1\n---\nx", "a=1", "x"),
            ("---\n---\n", "", ""),
            ("---\n---", "", ""),
            ("----\na: 1\n---\n", "", "----\na: 1\n---\n"),
            ("---\na: b c\n---\n\n\nx\n", r#"a="b c""#, "\nx\n"),
            ("---\na: b\n---\n \nx", r#"a="b""#, " \nx"),
            ("---\r\na: b\r\n---\r\n\r\nx\r\n", r#"a="b""#, "x\r\n"),
            ("\u{feff}---\na: b\n---\nx", r#"a="b""#, "x"),
            ("\u{feff}x", "", "x"),
            ("---\na: b\n...\nx", r#"a="b""#, "x"),
            ("---\n# c\n\na: b # c\n---\n", r#"a="b""#, ""),
            ("---\na: b#c\n---\n", r#"a="b#c""#, ""),
            (
                "---\na: \"x # \\\"y\\\" \\u00e9\\n\" # c\n---\n",
                r#"a="x # \"y\" é\n""#,
                "",
            ),
            ("---\na: \"\\ud83d\\ude00\"\n---\n", r#"a="😀""#, ""),
            ("---\na: 'it''s \\n'\n---\n", r#"a="it's \\n""#, ""),
            ("---\na: ''\n---\n", r#"a="""#, ""),
            ("---\na:\nb: ~\nc: null\n---\n", "a=null b=null c=null", ""),
            (
                "---\na: true\nb: \"true\"\nc: -7\nd: 007\ne: 1.5\nf: 1.10\n---\n",
                r#"a=true b="true" c=-7 d="007" e=1.5 f="1.10""#,
                "",
            ),
            (
                "---\na: 1e3\nb: inf\nc: 99999999999999999999\n---\n",
                r#"a="1e3" b="inf" c="99999999999999999999""#,
                "",
            ),
            (
                "---\na: [x, \"y, z\", 'w', 3]\nb: []\nc: [ ]\nd: [x,]\n---\n",
                r#"a=["x","y, z","w",3] b=[] c=[] d=["x"]"#,
                "",
            ),
            (
                "---\na:\n- x\n  - \"y\"\n# c\n- 3\nb: c\n---\n",
                r#"a=["x","y",3] b="c""#,
                "",
            ),
            (
                "---\nms.date: 2024-01-02\nurl: https://x/y\n---\n",
                r#"ms.date="2024-01-02" url="https://x/y""#,
                "",
            ),
            ("---\nüber: größe\n---\n", r#"über="größe""#, ""),
        ] {
            let read = read(text);
            assert_eq!(read, Ok((entries.to_owned(), body)), "{text:?}");
        }
    }

    #[test]
    fn what_is_outside_the_subset_is_refused_with_its_line() {
        for (text, line, part) in [
            ("---\na: b\n", 1, "never closed"),
            ("---", 1, "never closed"),
            ("---\na: 1\na: 2\n---\n", 3, "twice"),
            ("---\na\n---\n", 2, "no colon"),
            ("---\na:b\n---\n", 2, "space after the colon"),
            ("---\na: |\n  x\n---\n", 2, "quotes"),
            ("---\na: >-\n---\n", 2, "quotes"),
            ("---\na: {b: c}\n---\n", 2, "quotes"),
            ("---\na: &x y\n---\n", 2, "quotes"),
            ("---\na: *x\n---\n", 2, "quotes"),
            ("---\na: @x\n---\n", 2, "quotes"),
            ("---\na: b: c\n---\n", 2, "colon followed by a space"),
            ("---\na: b:\n---\n", 2, "colon"),
            ("---\na: \"b\n---\n", 2, "not closed"),
            ("---\na: \"b\\", 2, "not closed"),
            ("---\na: \"b\" c\n---\n", 2, "closing quote"),
            ("---\na: \"\\q\"\n---\n", 2, "escape"),
            ("---\na: \"\\ud800\"\n---\n", 2, "escape"),
            ("---\na: \"\\u12\"\n---\n", 2, "escape"),
            ("---\na: 'b\n---\n", 2, "not closed"),
            ("---\na: [b\n---\n", 2, "not closed"),
            ("---\na: [b, [c]]\n---\n", 2, "lists in lists"),
            ("---\na: [b c] d\n---\n", 2, "follows the list"),
            ("---\na: [\"b\" c]\n---\n", 2, "comma"),
            ("---\na: [,]\n---\n", 2, "empty"),
            ("---\nok: 1\n- x\n---\n", 3, "has a value"),
            ("---\n- x\n---\n", 2, "without a key"),
            ("---\na:\n-\n---\n", 3, "empty"),
            ("---\na:\n  b: c\n---\n", 3, "nested"),
            ("---\n: c\n---\n", 2, "a key is"),
            ("---\na b: c\n---\n", 2, "a key is"),
        ] {
            let fault = parse(text).expect_err(text);
            assert_eq!(fault.line, line, "{text:?}: {fault}");
            assert!(fault.reason.contains(part), "{text:?}: {fault}");
        }
    }

    #[test]
    fn a_block_has_a_largest_size() {
        let text = format!("---\n{}", "# filler\n".repeat(FRONT_MATTER_BYTES_MAX / 8));
        assert!(parse(&text).unwrap_err().reason.contains("longer than"));
    }

    #[test]
    fn the_line_of_the_body_is_counted() {
        assert_eq!(parse("x").unwrap().body_line, 1);
        assert_eq!(parse("---\na: b\n---\nx").unwrap().body_line, 4);
        assert_eq!(parse("---\na: b\n---\n\nx").unwrap().body_line, 5);
    }

    #[test]
    fn no_cut_of_a_block_panics() {
        let text = "---\nä: \"\\ud83d\\ude00\" # c\nb: ['x''y', \"z\"]\nc:\n  - é\n---\n\nbody";
        let cuts = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
        for at in cuts {
            let _ = parse(&text[..at]);
            let _ = parse(&text[at..]);
        }
    }
}
