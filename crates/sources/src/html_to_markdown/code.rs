//! Code: its text to the byte, its language by the class names of the usual highlighters.

use crate::markup::{Element, Node, attribute, elements};

use super::letters::push_markup;

/// Longest name of a language.
const LANGUAGE_BYTES_MAX: usize = 31;

/// Writes a block of code.
pub(super) fn block(language: &str, text: &str, out: &mut String) {
    out.push_str("<pre><code class=\"language-");
    out.push_str(language);
    out.push_str("\">");
    // A parser eats the first line end after <pre>, not after <code>.
    escaped(text.trim_end_matches(['\n', '\r']), out);
    out.push_str("</code></pre>");
}

/// Writes code between words.
pub(super) fn span(text: &str, out: &mut String) {
    out.push_str("<code>");
    escaped(text, out);
    out.push_str("</code>");
}

/// Code must come out as it is: only what HTML itself would read is written as letters.
fn escaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '\r', '\0']) {
        out.push_str(&rest[..at]);
        match rest.as_bytes().get(at) {
            Some(b'\r' | 0) => {}
            _ => push_markup(&rest[at..=at], out),
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// The text of code: line breaks of HTML are line ends.
pub(super) fn text(nodes: &[Node]) -> String {
    let mut out = String::new();
    gather(nodes, &mut out);
    out
}

fn gather(nodes: &[Node], out: &mut String) {
    for node in nodes {
        match node {
            // A letter of the converter's alphabets has no business in code either.
            Node::Text(text) => out.extend(text.chars().map(|c| match c {
                '\u{10F000}'..='\u{10F1FF}' => '\u{fffd}',
                c => c,
            })),
            Node::Element(element) => match element.name.as_str() {
                "br" => out.push('\n'),
                "script" | "style" => {}
                "div" | "p" | "li" | "tr" => {
                    // Highlighters put each line into an element of its own.
                    if !out.is_empty() && !out.ends_with('\n') {
                        out.push('\n');
                    }
                    gather(&element.children, out);
                    if !out.ends_with('\n') {
                        out.push('\n');
                    }
                }
                _ => gather(&element.children, out),
            },
        }
    }
}

/// The language of a `pre`, empty when it says none.
pub(super) fn language(pre: &Element) -> String {
    let inner = elements(&pre.children).find(|element| element.name == "code");
    let found = inner.and_then(said).or_else(|| said(pre));
    found.unwrap_or_default()
}

fn said(element: &Element) -> Option<String> {
    for name in ["data-language", "data-lang", "lang-name"] {
        if let Some(language) = attribute(element, name).and_then(named) {
            return Some(language);
        }
    }
    let classes = attribute(element, "class")?;
    let mut classes = classes
        .split([' ', ';', '\t', '\n'])
        .map(str::trim)
        .peekable();
    while let Some(class) = classes.next() {
        for prefix in [
            "language-",
            "lang-",
            "highlight-source-",
            "highlight-",
            "brush:",
        ] {
            if let Some(rest) = class.strip_prefix(prefix) {
                let rest = if rest.is_empty() {
                    classes.peek().copied().unwrap_or("")
                } else {
                    rest
                };
                if let Some(language) = named(rest) {
                    return Some(language);
                }
            }
        }
    }
    None
}

fn named(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+#_.-".contains(&byte);
    let fits = (1..=LANGUAGE_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain);
    let says_nothing = ["none", "plain", "plaintext", "text", "nohighlight"].contains(&&*name);
    (fits && !says_nothing).then_some(name)
}
