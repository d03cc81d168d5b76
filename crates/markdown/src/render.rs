//! The road from a body to a page: parse, shape, sanitise, assemble.

use crate::assemble::assemble;
use crate::events::{dialect, parse};
use crate::headings::Heading;
use crate::limits::LimitExceeded;
use crate::links::Link;
use crate::options::RenderOptions;
use crate::policy::clean_until_stable;
use crate::safe_html::SafeHtml;
use crate::shape::shape;
use crate::text::{escape_into, text_of, word_count};
use pulldown_cmark::Options;

/// An article, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// For the page, inside `div.prose`.
    pub html: SafeHtml,
    /// The headings of the Markdown, in order, for the list of contents. Headings written as raw HTML are not in it.
    pub headings: Vec<Heading>,
    /// Links and pictures in order, repeated ones repeated, as they stand in the HTML; without the
    /// renderer's own (heading anchors, footnotes).
    pub links: Vec<Link>,
    /// As [`crate::plain_text`].
    pub plain_text: String,
    /// Words for reading time; two characters of scripts without blanks count as one.
    pub word_count: usize,
    /// Addresses of pictures that have no alternative text, in order, each once, at most 20.
    pub pictures_without_words: Vec<String>,
    /// What sanitising took away, as sentences for the author; each once, at most 20.
    pub removed: Vec<String>,
}

/// Renders a body.
///
/// # Errors
/// [`LimitExceeded`] when the body costs more than an article may. Any text within the limits renders.
pub fn render(body: &str, options: &RenderOptions) -> Result<Rendered, LimitExceeded> {
    let events = parse(body, dialect())?;
    let plain_text = text_of(&events);
    let mut shaped = shape(body, &events, options)?;
    let clean = clean_until_stable(&shaped.html).unwrap_or_else(|| {
        let sentence = "all formatting: the HTML in the body does not settle when it is cleaned";
        shaped.removed.say(sentence.to_owned());
        shaped.headings.clear();
        as_paragraphs(&plain_text)
    });
    let assembled = assemble(&clean, &shaped.headings, &options.labels);
    Ok(Rendered {
        html: SafeHtml::sealed(assembled.html),
        headings: shaped.headings,
        links: assembled.links,
        pictures_without_words: assembled.pictures_without_words,
        word_count: word_count(&plain_text),
        plain_text,
        removed: shaped.removed.into_sentences(),
    })
}

/// Plain text as HTML, a paragraph a line.
fn as_paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 64);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        html.push_str("<p>");
        escape_into(line, &mut html);
        html.push_str("</p>\n");
    }
    html
}

/// CommonMark with neither extensions nor sanitiser. For tests that compare with the specification
/// and for control runs that prove a detector works; no [`SafeHtml`], so no page can show it.
#[doc(hidden)]
pub fn without_sanitiser(body: &str) -> String {
    unsanitised(body, Options::empty()).unwrap_or_default()
}

/// The parser's own HTML in the given dialect.
pub(crate) fn unsanitised(body: &str, dialect: Options) -> Result<String, LimitExceeded> {
    let events = parse(body, dialect)?;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.into_iter().map(|(event, _)| event));
    Ok(html)
}
