//! Raw HTML into tokens: text, start tags, end tags and what no reader sees.
//!
//! It follows the tag states of the HTML standard and nothing more: it decides no tree. An
//! unfinished tag makes the rest of its piece text, so the work stays linear and no later words
//! can slip into an attribute.

/// One token of a piece of raw HTML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Words, entities not decoded.
    Text(&'a str),
    /// A start tag.
    Start(StartTag<'a>),
    /// An end tag's name, in lower case.
    End(String),
    /// A comment, declaration, instruction or CDATA section.
    Hidden,
}

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StartTag<'a> {
    /// In lower case.
    pub(crate) name: String,
    /// Names in lower case, values as written; at most [`ATTRIBUTES_MAX`].
    pub(crate) attributes: Vec<(String, &'a str)>,
    /// Whether it ends in `/>`.
    pub(crate) closes_itself: bool,
}

/// Attributes kept of one tag.
const ATTRIBUTES_MAX: usize = 32;

/// Walks a piece of raw HTML.
pub(crate) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `html`.
    pub(crate) fn of(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// Leaves out everything up to and including `</name …>`; all of the rest when it never comes.
    pub(crate) fn skip_past_end_of(&mut self, name: &str) -> bool {
        let mut from = 0;
        while let Some(at) = self.rest[from..].find("</") {
            let after = from + at + 2;
            let candidate = self.rest.as_bytes().get(after..after + name.len());
            let next = self.rest.as_bytes().get(after + name.len());
            let ends = next.is_none_or(|byte| b" \t\n\x0c\r/>".contains(byte));
            if ends && candidate.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
                let end = self.rest[after..].find('>').map(|end| after + end + 1);
                self.rest = end.map_or("", |end| &self.rest[end..]);
                return true;
            }
            from = after;
        }
        self.rest = "";
        false
    }

    fn hidden(&mut self, end: Option<usize>) -> Option<Token<'a>> {
        self.rest = end.map_or("", |end| &self.rest[end..]);
        Some(Token::Hidden)
    }

    fn text(&mut self, length: usize) -> Option<Token<'a>> {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(Token::Text(text))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest;
        if rest.is_empty() {
            return None;
        }
        let Some(open) = rest.find('<') else {
            return self.text(rest.len());
        };
        if open > 0 {
            return self.text(open);
        }
        let past = |needle: &str, from: usize| {
            let tail = rest.get(from..)?;
            tail.find(needle).map(|at| from + at + needle.len())
        };
        match rest.as_bytes().get(1) {
            Some(b'!') if rest.starts_with("<!-->") => self.hidden(Some(5)),
            Some(b'!') if rest.starts_with("<!--->") => self.hidden(Some(6)),
            Some(b'!') if rest.starts_with("<!--") => {
                let ends = [past("-->", 4), past("--!>", 4)];
                self.hidden(ends.into_iter().flatten().min())
            }
            Some(b'!') if rest.starts_with("<![CDATA[") => self.hidden(past("]]>", 9)),
            Some(b'!') => self.hidden(past(">", 2)),
            Some(b'?') => self.hidden(past("?>", 2)),
            Some(b'/') => match rest.as_bytes().get(2) {
                Some(letter) if letter.is_ascii_alphabetic() => match tag(rest, 2) {
                    Some((tag, length)) => {
                        self.rest = &rest[length..];
                        Some(Token::End(tag.name))
                    }
                    None => self.text(rest.len()),
                },
                Some(_) => self.hidden(past(">", 2)),
                None => self.text(rest.len()),
            },
            Some(letter) if letter.is_ascii_alphabetic() => match tag(rest, 1) {
                Some((tag, length)) => {
                    self.rest = &rest[length..];
                    Some(Token::Start(tag))
                }
                None => self.text(rest.len()),
            },
            _ => self.text(1),
        }
    }
}

/// Reads a tag whose name starts at `at`; gives it and where it ends, or `None` when it never does.
fn tag(html: &str, at: usize) -> Option<(StartTag<'_>, usize)> {
    let bytes = html.as_bytes();
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r');
    let until = |from: usize, stops: &dyn Fn(u8) -> bool| {
        let tail = bytes.get(from..)?;
        tail.iter()
            .position(|byte| stops(*byte))
            .map(|found| from + found)
    };
    let mut position = until(at, &|byte| is_blank(byte) || byte == b'/' || byte == b'>')?;
    let mut tag = StartTag {
        name: html.get(at..position)?.to_ascii_lowercase(),
        attributes: Vec::new(),
        closes_itself: false,
    };
    loop {
        position = until(position, &|byte| !is_blank(byte))?;
        match bytes.get(position)? {
            b'>' => return Some((tag, position + 1)),
            b'/' => {
                tag.closes_itself = bytes.get(position + 1) == Some(&b'>');
                position += 1;
                continue;
            }
            _ => {}
        }
        let name_end = until(position + 1, &|byte| {
            is_blank(byte) || matches!(byte, b'/' | b'>' | b'=')
        })?;
        let name = html.get(position..name_end)?;
        let mut value = "";
        position = until(name_end, &|byte| !is_blank(byte))?;
        if bytes.get(position) == Some(&b'=') {
            position = until(position + 1, &|byte| !is_blank(byte))?;
            let quote = *bytes.get(position)?;
            let start = position + usize::from(matches!(quote, b'"' | b'\''));
            position = match quote {
                b'"' | b'\'' => until(start, &|byte| byte == quote)?,
                _ => until(start, &|byte| is_blank(byte) || byte == b'>')?,
            };
            value = html.get(start..position)?;
            position += usize::from(matches!(quote, b'"' | b'\''));
        }
        if tag.attributes.len() < ATTRIBUTES_MAX {
            tag.attributes.push((name.to_ascii_lowercase(), value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start<'a>(name: &str, attributes: &[(&str, &'a str)], closes_itself: bool) -> Token<'a> {
        Token::Start(StartTag {
            name: name.to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
            closes_itself,
        })
    }

    fn check(html: &str, wanted: &[Token<'_>]) {
        assert_eq!(Tokens::of(html).collect::<Vec<_>>(), wanted, "{html}");
    }

    #[test]
    fn tags_are_read_as_browsers_read_them() {
        check(
            "a<B c D='e>' f=g/ h = \"i\" />j</B >",
            &[
                Token::Text("a"),
                start(
                    "b",
                    &[("c", ""), ("d", "e>"), ("f", "g/"), ("h", "i")],
                    true,
                ),
                Token::Text("j"),
                Token::End("b".into()),
            ],
        );
        check("<a/b=c>", &[start("a", &[("b", "c")], false)]);
        check("<a =b>", &[start("a", &[("=b", "")], false)]);
    }

    #[test]
    fn what_is_unfinished_is_text() {
        check("<a href=\"x", &[Token::Text("<a href=\"x")]);
        check(
            "a < b",
            &[Token::Text("a "), Token::Text("<"), Token::Text(" b")],
        );
        check("<", &[Token::Text("<")]);
        check("</", &[Token::Text("</")]);
    }

    #[test]
    fn comments_declarations_and_instructions_are_hidden() {
        for html in [
            "<!-- a -->",
            "<!-->",
            "<!--->",
            "<!-- a --!>",
            "<!doctype html>",
            "<?php echo 1 > 2 ?>",
            "<![CDATA[ <b> ]]>",
            "</ a>",
            "<!-- open",
        ] {
            check(html, &[Token::Hidden]);
        }
    }

    #[test]
    fn content_is_skipped_to_its_own_end_tag() {
        let mut tokens = Tokens::of("a</scripty></SCRIPT >b");
        assert!(tokens.skip_past_end_of("script"));
        assert_eq!(tokens.collect::<Vec<_>>(), [Token::Text("b")]);
        assert!(!Tokens::of("a").skip_past_end_of("script"));
    }
}
