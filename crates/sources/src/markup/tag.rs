//! One tag of HTML: its name and its attributes, as browsers read them.

use super::entities::decoded;
use super::{Element, MARKUP_ATTRIBUTES_MAX};

/// A tag and where it ends in the text that began with its `<`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Without children.
    pub(super) element: Element,
    /// `</name>`.
    pub(super) is_end: bool,
    /// `<name/>`.
    pub(super) closes_itself: bool,
    /// Bytes up to and with its `>`.
    pub(super) length: usize,
}

/// Why there is no tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoTag {
    /// The `<` is text.
    Text,
    /// The tag has no end in the whole rest.
    Unfinished,
}

/// The tag at the start of `text`, which begins with `<`.
pub(super) fn tag(text: &str) -> Result<Tag, NoTag> {
    let bytes = text.as_bytes();
    let is_end = bytes.get(1) == Some(&b'/');
    let start = if is_end { 2 } else { 1 };
    if !bytes.get(start).is_some_and(u8::is_ascii_alphabetic) {
        return Err(NoTag::Text);
    }
    let name_end = start + run(&bytes[start..], |byte| !b" \t\r\n\x0c/>".contains(&byte));
    let mut element = Element {
        name: text[start..name_end].to_ascii_lowercase(),
        ..Element::default()
    };
    let mut at = name_end;
    let mut closes_itself = false;
    loop {
        match bytes.get(at) {
            None => return Err(NoTag::Unfinished),
            Some(b'>') => break,
            Some(byte) if byte.is_ascii_whitespace() => at += 1,
            Some(b'/') => {
                closes_itself = bytes.get(at + 1) == Some(&b'>');
                at += 1;
            }
            Some(_) => at = attribute(text, at, &mut element)?,
        }
    }
    Ok(Tag {
        element,
        is_end,
        closes_itself,
        length: at + 1,
    })
}

fn run(bytes: &[u8], goes_on: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| goes_on(**byte)).count()
}

fn attribute(text: &str, at: usize, element: &mut Element) -> Result<usize, NoTag> {
    let bytes = text.as_bytes();
    // A name may begin with `=`; that one belongs to it.
    let name_end = at + 1 + run(&bytes[at + 1..], |byte| !b" \t\r\n\x0c/>=".contains(&byte));
    let mut value_at = name_end + run(&bytes[name_end..], |byte| byte.is_ascii_whitespace());
    let (value, end) = if bytes.get(value_at) == Some(&b'=') {
        value_at += 1;
        value_at += run(&bytes[value_at..], |byte| byte.is_ascii_whitespace());
        match bytes.get(value_at) {
            Some(quote @ (b'"' | b'\'')) => {
                let inner = value_at + 1;
                let length = run(&bytes[inner..], |byte| byte != *quote);
                if inner + length >= bytes.len() {
                    return Err(NoTag::Unfinished);
                }
                (&text[inner..inner + length], inner + length + 1)
            }
            _ => {
                let rest = &bytes[value_at..];
                let length = run(rest, |byte| !byte.is_ascii_whitespace() && byte != b'>');
                (&text[value_at..value_at + length], value_at + length)
            }
        }
    } else {
        ("", name_end)
    };
    let name = text[at..name_end].to_ascii_lowercase();
    let is_new = || element.attributes.iter().all(|(known, _)| *known != name);
    if element.attributes.len() < MARKUP_ATTRIBUTES_MAX && is_new() {
        let value = decoded(value).into_owned();
        element.attributes.push((name, value));
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, name: &str, attributes: &[(&str, &str)], length: usize) {
        let tag = tag(text).expect(text);
        assert_eq!(tag.element.name, name, "{text}");
        let found: Vec<_> = tag
            .element
            .attributes
            .iter()
            .map(|(n, v)| (&**n, &**v))
            .collect();
        assert_eq!(found, attributes, "{text}");
        assert_eq!(tag.length, length, "{text}");
    }

    #[test]
    fn attributes_are_read_as_browsers_do() {
        check("<a>", "a", &[], 3);
        check("<A HREF=x>y", "a", &[("href", "x")], 10);
        check(
            "<a href='x>' b c=\"&amp;\" >",
            "a",
            &[("href", "x>"), ("b", ""), ("c", "&")],
            26,
        );
        check("<br/>", "br", &[], 5);
        check("<a href=x/y/>", "a", &[("href", "x/y/")], 13);
        check("<a =b>", "a", &[("=b", "")], 6);
        check(
            "<ac:link ac:anchor=\"é\">",
            "ac:link",
            &[("ac:anchor", "é")],
            24,
        );
        check("<a b=1 b=2>", "a", &[("b", "1")], 11);
    }

    #[test]
    fn what_is_no_tag_says_why() {
        for text in ["<", "< a>", "<3", "</>", "<é>"] {
            assert_eq!(tag(text), Err(NoTag::Text), "{text}");
        }
        for text in ["<a", "<a href=\"x>", "<a href='", "<a b=", "</a"] {
            assert_eq!(tag(text), Err(NoTag::Unfinished), "{text}");
        }
    }
}
