//! HTML inside Markdown, for what Markdown cannot say: one line, listed elements only, so that
//! neither a blank line nor a quote mark can end it early. The renderer judges it again.

use crate::markup::{Element, Node, attribute};

use super::code;
use super::prepare::DROPPED;

/// Elements that stay; all others lose their tags.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
];
/// Of these, what may stand inside a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins", "kbd", "mark",
    "q", "s", "samp", "small", "strong", "sub", "sup", "u", "var",
];
/// Attributes that stay.
const ATTRIBUTES: &[&str] = &[
    "alt", "colspan", "datetime", "dir", "height", "href", "id", "lang", "open", "rowspan",
    "scope", "src", "start", "title", "value", "width",
];

/// One line of HTML.
pub(super) fn html(nodes: &[Node]) -> String {
    let mut out = String::new();
    write(nodes, ELEMENTS, false, &mut out);
    out
}

/// One line of HTML with nothing in it that breaks lines.
pub(super) fn html_inline(nodes: &[Node]) -> String {
    let mut out = String::new();
    write(nodes, INLINE, false, &mut out);
    out
}

fn write(nodes: &[Node], allowed: &[&str], is_code: bool, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => words(text, is_code, out),
            Node::Element(element) => part(element, allowed, is_code, out),
        }
    }
}

fn part(element: &Element, allowed: &[&str], is_code: bool, out: &mut String) {
    let name = element.name.as_str();
    if DROPPED.contains(&name) {
        return;
    }
    if name == "pre" {
        out.push_str("<pre>");
        words(&code::text(&element.children), true, out);
        out.push_str("</pre>");
        return;
    }
    if let Some(address) =
        attribute(element, "src").filter(|_| ["iframe", "video", "audio"].contains(&name))
    {
        let title = attribute(element, "title").filter(|title| !title.trim().is_empty());
        let address = escaped_value(address);
        out.push_str(&format!("<a href=\"{address}\">"));
        words(title.unwrap_or(&address), false, out);
        out.push_str("</a>");
        return;
    }
    if !allowed.contains(&name) {
        // Words of neighbouring blocks must not run together.
        let is_block = super::prepare::is_block(element);
        if is_block {
            out.push(' ');
        }
        write(&element.children, allowed, is_code, out);
        if is_block {
            out.push(' ');
        }
        return;
    }
    out.push('<');
    out.push_str(name);
    for (attribute, value) in &element.attributes {
        if ATTRIBUTES.contains(&attribute.as_str()) {
            out.push_str(&format!(" {attribute}=\"{}\"", escaped_value(value)));
        }
    }
    out.push('>');
    if ["br", "hr", "img"].contains(&name) {
        return;
    }
    write(&element.children, allowed, is_code || name == "code", out);
    out.push_str(&format!("</{name}>"));
}

/// Words, with line ends as blanks, or as references in code.
fn words(text: &str, is_code: bool, out: &mut String) {
    let mut was_blank = out.ends_with(' ');
    for c in text.chars() {
        let is_blank = c.is_ascii_whitespace();
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' if is_code => out.push_str("&#10;"),
            '\r' if is_code => {}
            '\0' => {}
            _ if is_blank && !is_code => {
                if !was_blank {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
        was_blank = is_blank;
    }
}

/// A value between double quotes, in one line.
pub(super) fn escaped_value(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
