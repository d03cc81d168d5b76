//! Raw HTML inside Markdown, brought into order before the sanitiser sees it.
//!
//! What comes out is well formed: listed elements only, attributes quoted, every element closed in
//! the Markdown container (paragraph, list item, quote …) that it was opened in. That does three
//! things the sanitiser cannot: it bounds the tree before an HTML parser builds it (unclosed
//! formatting is otherwise repeated in every later paragraph), it keeps `</div>` of an author from
//! closing anything but an author's `<div>`, and it can tell the author what goes.
//! It is no defence by itself: the sanitiser judges everything again.

use crate::limits::{HTML_DEPTH_MAX, LimitExceeded, check};
use crate::links::{self, Verdict};
use crate::policy;
use crate::removed::{Removed, quoted};
use crate::tags::{StartTag, Token, Tokens};
use crate::text::{decode_entities, escape_into};
use std::borrow::Cow;

/// The elements that authors have open, by Markdown container.
#[derive(Debug, Default)]
pub(crate) struct RawHtml {
    open: Vec<&'static str>,
    containers: Vec<usize>,
    /// Elements written so far.
    pub(crate) nodes: usize,
}

const VOID: &[&str] = &["br", "col", "hr", "img", "wbr"];

/// Names that only sound different.
const RENAMED: &[(&str, &str)] = &[
    ("acronym", "abbr"),
    ("article", "div"),
    ("center", "div"),
    ("footer", "div"),
    ("header", "div"),
    ("hgroup", "div"),
    ("main", "div"),
    ("nav", "div"),
    ("strike", "s"),
    ("tt", "code"),
];

/// Elements whose end tag may be left out: opening one closes an open one of the same group.
const SIBLINGS: &[&[&str]] = &[
    &["li"],
    &["dt", "dd"],
    &["p"],
    &["td", "th"],
    &["tr"],
    &["tbody", "thead", "tfoot"],
    &["rt", "rp"],
];

impl RawHtml {
    /// A Markdown container starts.
    pub(crate) fn enter(&mut self) {
        self.containers.push(self.open.len());
    }

    /// A Markdown container ends: whatever authors opened inside is closed.
    pub(crate) fn leave(&mut self, out: &mut String) {
        let floor = self.containers.pop().unwrap_or(0);
        self.close_to(floor, out);
    }

    /// Whether such an element is open anywhere around.
    pub(crate) fn is_inside(&self, name: &str) -> bool {
        self.open.contains(&name)
    }

    fn close_to(&mut self, floor: usize, out: &mut String) {
        while self.open.len() > floor {
            if let Some(name) = self.open.pop() {
                end_tag(name, out);
            }
        }
    }

    /// Writes a piece of raw HTML in order. Gives the name of an element that is dropped with its
    /// content and whose end is not in this piece.
    ///
    /// # Errors
    /// [`LimitExceeded`] when elements are nested too deeply.
    pub(crate) fn write(
        &mut self,
        html: &str,
        out: &mut String,
        removed: &mut Removed,
    ) -> Result<Option<&'static str>, LimitExceeded> {
        let mut tokens = Tokens::of(html);
        while let Some(token) = tokens.next() {
            match token {
                Token::Text(text) => words(text, out),
                Token::Hidden => {}
                Token::End(name) => self.end(&name, out),
                Token::Start(tag) => {
                    let dropped = policy::DROPPED_WITH_CONTENT.iter();
                    if let Some(name) = dropped.copied().find(|name| *name == tag.name) {
                        removed.say(format!("the element <{name}> and what was in it"));
                        let is_whole = name == "svg" && tag.closes_itself;
                        if !is_whole && !tokens.skip_past_end_of(name) {
                            return Ok(Some(name));
                        }
                        continue;
                    }
                    self.start(&tag, out, removed)?;
                }
            }
        }
        Ok(None)
    }

    fn start(
        &mut self,
        tag: &StartTag<'_>,
        out: &mut String,
        removed: &mut Removed,
    ) -> Result<(), LimitExceeded> {
        let name = renamed(&tag.name);
        let Some((name, allowed)) = policy::element(name) else {
            if tag.name != "html" && tag.name != "body" && tag.name != "head" {
                removed.say(format!("the tag <{}>; its text stays", quoted(&tag.name)));
            }
            return Ok(());
        };
        let floor = self.containers.last().copied().unwrap_or(0);
        if let Some(group) = SIBLINGS.iter().find(|group| group.contains(&name))
            && self.open.len() > floor
            && self.open.last().is_some_and(|last| group.contains(last))
        {
            self.close_to(self.open.len() - 1, out);
        }
        self.nodes += 1;
        out.push('<');
        out.push_str(name);
        let mut seen: Vec<&str> = Vec::new();
        for (attribute, value) in &tag.attributes {
            attribute_in_order(
                tag, name, allowed, attribute, value, &mut seen, out, removed,
            );
        }
        out.push('>');
        if !VOID.contains(&name) {
            self.open.push(name);
            check("html_depth_max", HTML_DEPTH_MAX, self.open.len())?;
        }
        Ok(())
    }

    fn end(&mut self, name: &str, out: &mut String) {
        let name = renamed(name);
        let floor = self.containers.last().copied().unwrap_or(0);
        let inside = self.open.get(floor..).unwrap_or_default();
        if let Some(at) = inside.iter().rposition(|open| *open == name) {
            self.close_to(floor + at, out);
        } else if name == "br" || name == "p" {
            // As in the standard: a lonely end tag of these makes an element.
            out.push_str(if name == "br" { "<br>" } else { "<p></p>" });
            self.nodes += 1;
        }
    }
}

/// Writes an empty anchor for each id in a piece of raw HTML and nothing else of it; how many.
pub(crate) fn write_anchors(html: &str, out: &mut String) -> usize {
    let mut count = 0;
    for token in Tokens::of(html) {
        let Token::Start(tag) = token else {
            continue;
        };
        let value = |wanted: &str| {
            let found = tag.attributes.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| decode_entities(value))
        };
        let name = if tag.name == "a" { value("name") } else { None };
        if let Some(id) = value("id").or(name) {
            out.push_str("<a id=\"");
            if policy::is_footnote_id(&id) {
                out.push_str("h-");
            }
            escape_into(&id, out);
            out.push_str("\"></a>");
            count += 1;
        }
    }
    count
}

#[expect(
    clippy::too_many_arguments,
    reason = "one step of a loop, named for reading"
)]
fn attribute_in_order<'t>(
    tag: &'t StartTag<'_>,
    element: &str,
    allowed: &[&str],
    attribute: &'t str,
    value: &str,
    seen: &mut Vec<&'t str>,
    out: &mut String,
    removed: &mut Removed,
) {
    // Old spellings that still mean something.
    let (attribute, value) = match (element, attribute) {
        ("a", "name") if !tag.attributes.iter().any(|(name, _)| name == "id") => ("id", value),
        ("td" | "th", "align") => match value.to_ascii_lowercase().as_str() {
            "center" => ("class", "a-mid"),
            "right" => ("class", "a-end"),
            _ => return,
        },
        _ => (attribute, value),
    };
    if !policy::GENERIC.contains(&attribute) && !allowed.contains(&attribute) {
        if !matches!(
            attribute,
            "class" | "rel" | "target" | "style" | "name" | "align" | "loading" | "decoding"
        ) {
            let attribute = quoted(attribute);
            removed.say(format!("the attribute {attribute} of <{element}>"));
        }
        return;
    }
    if seen.contains(&attribute) {
        return;
    }
    seen.push(attribute);
    let decoded = decode_entities(value);
    let decoded: Cow<'_, str> = match attribute {
        "href" | "src" => {
            let verdict = match attribute {
                "href" => links::judge(&decoded),
                _ => links::judge_image(&decoded),
            };
            if let Verdict::Refuse(what) = verdict {
                removed.say(refusal(&what, attribute == "src"));
                return;
            }
            decoded
        }
        // Authors cannot take an id that the renderer gives to a note.
        "id" if policy::is_footnote_id(&decoded) => format!("h-{decoded}").into(),
        _ => decoded,
    };
    out.push(' ');
    out.push_str(attribute);
    out.push_str("=\"");
    escape_into(&decoded, out);
    out.push('"');
}

/// The sentence for an address that may not stand.
pub(crate) fn refusal(what: &str, is_image: bool) -> String {
    let what = quoted(what);
    if is_image {
        return format!("a picture from {what}; only http, https and relative addresses show");
    }
    format!("a link to {what}; only http, https, mailto, tel and relative addresses work")
}

fn renamed(name: &str) -> &str {
    let found = RENAMED.iter().find(|(old, _)| *old == name);
    found.map_or(name, |(_, new)| new)
}

fn end_tag(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text between tags: its entities stay for the HTML parser to read.
fn words(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, wanted: &str) {
        let mut raw = RawHtml::default();
        let mut out = String::new();
        raw.enter();
        raw.write(html, &mut out, &mut Removed::default()).unwrap();
        raw.leave(&mut out);
        assert_eq!(out, wanted, "{html}");
    }

    #[test]
    fn elements_are_closed_where_they_were_opened() {
        check("<b>a", "<b>a</b>");
        check("<b><i>a</b>c</i>", "<b><i>a</i></b>c");
        check("</div>a", "a");
        check("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>");
        check("<br>a</br>", "<br>a<br>");
        check("<div/>a", "<div>a</div>");
    }

    #[test]
    fn unlisted_tags_go_and_their_words_stay() {
        check("<font color=red>a</font>", "a");
        check("<script>a</script>b", "b");
        check("<svg><path d=x /></svg>b", "b");
        check("<center>a</center>", "<div>a</div>");
        check("<a b", "&lt;a b");
    }

    #[test]
    fn attributes_are_listed_ones_quoted_and_once() {
        check("<a href=x onclick=y HREF=z>", "<a href=\"x\"></a>");
        check("<a name=pay>", "<a id=\"pay\"></a>");
        check("<p id=fn-1>", "<p id=\"h-fn-1\"></p>");
        check("<td align=right>", "<td class=\"a-end\"></td>");
        check("<p title='\"<&amp;'>", "<p title=\"&quot;&lt;&amp;\"></p>");
        check("<a href='&#106;avascript:x'>a", "<a>a</a>");
    }

    #[test]
    fn deep_html_is_refused_by_name() {
        let mut raw = RawHtml::default();
        let html = "<div>".repeat(HTML_DEPTH_MAX + 1);
        let refused = raw.write(&html, &mut String::new(), &mut Removed::default());
        assert_eq!(refused.unwrap_err().limit, "html_depth_max");
        check(&"<p>a".repeat(2), "<p>a</p><p>a</p>");
    }

    #[test]
    fn what_goes_is_told() {
        let mut removed = Removed::default();
        let html = "<script>x</script><img onerror=x src=data:x><blink>a</blink><script></script>";
        RawHtml::default()
            .write(html, &mut String::new(), &mut removed)
            .unwrap();
        assert_eq!(
            removed.into_sentences(),
            [
                "the element <script> and what was in it",
                "the attribute onerror of <img>",
                "a picture from data:; only http, https and relative addresses show",
                "the tag <blink>; its text stays",
            ]
        );
    }
}
