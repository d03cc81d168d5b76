//! Markup that may go into a template as it is: five kinds, each made in one place.
//!
//! A template escapes everything else, and no template says `|safe`. What is added here must be safe
//! by how it is made, not by who calls it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use askama::filters::HtmlSafe;
use cairn_service::SafeHtml;

/// A rendered body: the sanitiser made it.
#[derive(Debug, Clone)]
pub(crate) struct Body<'a>(pub(crate) Cow<'a, SafeHtml>);

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl HtmlSafe for Body<'_> {}

/// A rendered body for the frame of the widget: its links to articles stay there, fragments stay on the page, all others
/// leave the frame by the page's `base`.
#[derive(Debug, Clone)]
pub(crate) struct Framed(String);

impl Framed {
    /// `within` gives the address inside the frame of a path that has one: made of the same characters, so that what the
    /// sanitiser escaped stays escaped.
    pub(crate) fn of(html: &SafeHtml, within: impl Fn(&str) -> Option<String>) -> Self {
        const LINK: &str = "<a ";
        const ADDRESS: &str = " href=\"";
        let mut out = String::with_capacity(html.as_str().len() + 1_024);
        let mut rest = html.as_str();
        // A `<` in a text comes escaped: this one begins a link.
        while let Some(at) = rest.find(LINK) {
            let (before, link) = rest.split_at(at);
            out.push_str(before);
            let tag = &link[..link.find('>').unwrap_or(link.len())];
            let found = tag.find(ADDRESS).and_then(|at| {
                let from = at + ADDRESS.len();
                Some((from, from + tag[from..].find('"')?))
            });
            rest = &link[tag.len()..];
            let Some((from, to)) = found else {
                out.push_str(tag);
                continue;
            };
            let address = &tag[from..to];
            let inside = within(address);
            if inside.is_some() || address.starts_with('#') {
                out.push_str("<a target=\"_self\"");
                out.push_str(&tag[LINK.len() - 1..from]);
                out.push_str(inside.as_deref().unwrap_or(address));
                out.push_str(&tag[to..]);
            } else {
                out.push_str(tag);
            }
        }
        out.push_str(rest);
        Self(out)
    }
}

impl fmt::Display for Framed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Framed {}

/// The style block: our own files and a checked colour, nothing of a reader or an author.
#[derive(Debug, Clone)]
pub(crate) struct Css(pub(crate) Arc<str>);

impl fmt::Display for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Css {}

/// Drawings made of constants and numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawing(pub(crate) String);

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Drawing {}

/// JSON inside a `script` element of a data type: `<`, `>` and `&` are written as escapes, so that no
/// text can end the element or open a comment in it.
#[derive(Debug, Clone)]
pub(crate) struct Data(String);

impl Data {
    pub(crate) fn of(value: &serde_json::Value) -> Self {
        let json = value.to_string();
        let mut out = String::with_capacity(json.len());
        for c in json.chars() {
            // All of these stand only inside JSON strings, where an escape means the same.
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    out.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                _ => out.push(c),
            }
        }
        Self(out)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Data {}

/// A cut of an article with its hits marked: text, character references and bare `<mark>` elements.
///
/// The cut comes escaped; this type does not take anybody's word for it and escapes every `<` and `>`
/// that is not exactly a mark's. Marks are closed in the order they were opened.
#[derive(Debug, Clone)]
pub(crate) struct Marked(String);

impl Marked {
    pub(crate) fn of(escaped: &str) -> Self {
        let mut out = String::with_capacity(escaped.len());
        let mut open = 0_usize;
        let mut rest = escaped;
        while let Some(at) = rest.find(['<', '>']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("<mark>") {
                open += 1;
                out.push_str("<mark>");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("</mark>") {
                if open > 0 {
                    open -= 1;
                    out.push_str("</mark>");
                }
                rest = after;
            } else {
                out.push_str(if rest.starts_with('<') {
                    "&lt;"
                } else {
                    "&gt;"
                });
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
        for _ in 0..open {
            out.push_str("</mark>");
        }
        Self(out)
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Marked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_the_data_block() {
        let data = Data::of(&serde_json::json!({"headline": "</script><!--<script>&\u{2028}"}));
        let text = data.to_string();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["headline"], "</script><!--<script>&\u{2028}");
    }

    #[test]
    fn only_bare_marks_pass_a_snippet() {
        for (given, want) in [
            ("a <mark>b</mark> &lt;c&gt;", "a <mark>b</mark> &lt;c&gt;"),
            ("<mark onclick=x>b</mark>", "&lt;mark onclick=x&gt;b"),
            ("<script>1</script>", "&lt;script&gt;1&lt;/script&gt;"),
            ("<mark>open", "<mark>open</mark>"),
            ("</mark>x <", "x &lt;"),
        ] {
            assert_eq!(Marked::of(given).to_string(), want);
        }
    }
}
