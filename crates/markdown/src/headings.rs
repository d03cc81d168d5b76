//! Headings: their ids, unique in the article and never equal to an id of the page around it.
//!
//! Every id of an article starts with `h-`, `fn-` or `fnref-`. Pages and icon sprites use no such
//! ids, so content can neither steal `#search` from an icon nor shadow a name that a script reads.

use crate::events::{Spanned, dialect, ends, inline_text, parse};
use crate::limits::LimitExceeded;
use crate::tags::{Token, Tokens};
use pulldown_cmark::{Event, Tag, TagEnd};
use std::collections::{HashMap, HashSet};

/// Prefix of heading ids, and of ids that authors write in raw HTML.
pub(crate) const PREFIX: &str = "h-";
/// Prefix of a footnote's id.
pub(crate) const NOTE_PREFIX: &str = "fn-";
/// Prefix of the id of a footnote's mark in the text.
pub(crate) const NOTE_MARK_PREFIX: &str = "fnref-";
/// Longest id without its prefix, in characters.
const SLUG_CHARS_MAX: usize = 80;

/// A heading of the rendered article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 2 to 6, as in the HTML: the page's title is the only `h1`.
    pub level: u8,
    /// The id in the HTML; `#` and this is the address.
    pub id: String,
    /// The words, without marks.
    pub text: String,
    /// Where the heading starts in the Markdown, in bytes.
    pub body_offset: usize,
}

/// What is known of each heading before anything is written, by the index of its start event.
pub(crate) struct Outline {
    by_event: HashMap<usize, Heading>,
    ids: HashSet<String>,
}

impl Outline {
    /// Reads all headings. Levels are those of the source here.
    pub(crate) fn read(events: &[Spanned<'_>]) -> Self {
        let mut outline = Self {
            by_event: HashMap::new(),
            ids: HashSet::new(),
        };
        let ends = ends(events);
        let mut next_number: HashMap<String, usize> = HashMap::new();
        for (index, (event, at)) in events.iter().enumerate() {
            let Event::Start(Tag::Heading { level, .. }) = event else {
                continue;
            };
            let end = ends.get(index).copied().unwrap_or(index);
            let whole = inline_text(events, index..end);
            let (text, own_id) = split_own_id(&whole);
            let base = match slug(own_id.unwrap_or(text)) {
                slug if slug.is_empty() => "section".to_owned(),
                slug => slug,
            };
            let mut id = format!("{PREFIX}{base}");
            let number = next_number.entry(base.clone()).or_insert(1);
            while !outline.ids.insert(id.clone()) {
                *number += 1;
                id = format!("{PREFIX}{base}-{number}");
            }
            let heading = Heading {
                level: *level as u8,
                id,
                text: text.trim().to_owned(),
                body_offset: at.start,
            };
            outline.by_event.insert(index, heading);
        }
        outline
    }

    /// The heading whose start event is at `index`.
    pub(crate) fn at(&self, index: usize) -> Option<&Heading> {
        self.by_event.get(&index)
    }

    /// The first heading, when nothing a reader sees stands before it and it says what `title` says.
    pub(crate) fn first_that_repeats(&self, title: &str, events: &[Spanned<'_>]) -> Option<usize> {
        let mut shown = events.iter().enumerate();
        let (index, heading) = shown.find_map(|(index, (event, _))| match event {
            Event::Start(Tag::Heading { .. }) => Some((index, self.at(index))),
            Event::Start(Tag::Paragraph | Tag::HtmlBlock)
            | Event::End(TagEnd::Paragraph | TagEnd::HtmlBlock)
            | Event::SoftBreak
            | Event::HardBreak => None,
            Event::Text(words) if words.trim().is_empty() => None,
            Event::Html(html) | Event::InlineHtml(html) if !shows_something(html) => None,
            _ => Some((index, None)),
        })?;
        let words = heading.map(|heading| folded(&heading.text))?;
        let is_same = !words.is_empty()
            && (folded(title) == words
                || crate::plain_text(title).is_ok_and(|title| folded(&title) == words));
        is_same.then_some(index)
    }

    /// Whether a heading carries this id.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// The smallest level among the headings that `counts` accepts.
    pub(crate) fn top_level(&self, counts: impl Fn(usize) -> bool) -> Option<u8> {
        let counted = self.by_event.iter().filter(|(index, _)| counts(**index));
        counted.map(|(_, heading)| heading.level).min()
    }
}

/// The headings of a body in order, with the levels of the Markdown (1 to 6) and the ids of the page.
///
/// # Errors
/// [`LimitExceeded`] as in [`crate::plain_text`].
pub fn headings(body: &str) -> Result<Vec<Heading>, LimitExceeded> {
    let events = parse(body, dialect())?;
    let mut headings: Vec<_> = Outline::read(&events).by_event.into_values().collect();
    headings.sort_by_key(|heading| heading.body_offset);
    Ok(headings)
}

/// Words for comparing: single blanks, lower case.
fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Whether a piece of raw HTML shows anything by itself: words, or an element that is not only a
/// place or a box.
fn shows_something(html: &str) -> bool {
    let mut tokens = Tokens::of(html);
    tokens.any(|token| match token {
        Token::Text(words) => !words.trim().is_empty(),
        Token::Start(tag) => !["a", "br", "center", "div", "p", "span"].contains(&&*tag.name),
        Token::End(_) | Token::Hidden => false,
    })
}

/// Splits `Words {#own-id}`: authors pin an address that outlives a new wording.
pub(crate) fn split_own_id(text: &str) -> (&str, Option<&str>) {
    let trimmed = text.trim_end();
    let Some(open) = trimmed.rfind("{#") else {
        return (text, None);
    };
    let Some(id) = trimmed[open + 2..].strip_suffix('}') else {
        return (text, None);
    };
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    if id.is_empty() || !id.chars().all(plain) {
        return (text, None);
    }
    (trimmed[..open].trim_end(), Some(id))
}

/// Lower-case letters and digits of any script with single dashes between words. Not unique.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut chars = 0;
    for c in text.chars() {
        if chars >= SLUG_CHARS_MAX {
            break;
        }
        if c.is_alphanumeric() || c == '_' {
            slug.extend(
                c.to_lowercase()
                    .filter(|c| c.is_alphanumeric() || *c == '_'),
            );
            chars += 1;
        } else if (c.is_whitespace() || c == '-' || c == '.' || c == '/')
            && !slug.is_empty()
            && !slug.ends_with('-')
        {
            slug.push('-');
            chars += 1;
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_slug_keeps_the_words_of_any_script() {
        for (text, wanted) in [
            ("Before you start", "before-you-start"),
            ("A & B -- C", "a-b-c"),
            ("What's new?", "whats-new"),
            ("Über uns", "über-uns"),
            ("قبل أن تبدأ", "قبل-أن-تبدأ"),
            ("返金 手順", "返金-手順"),
            ("v1.2", "v1-2"),
            ("!!!", ""),
        ] {
            assert_eq!(slug(text), wanted);
        }
    }

    #[test]
    fn ids_are_unique_also_when_a_number_is_already_taken() {
        let events = parse("# a\n\n# a\n\n# a-2\n\n# a\n", dialect()).unwrap();
        let outline = Outline::read(&events);
        let mut headings: Vec<_> = outline.by_event.values().collect();
        headings.sort_by_key(|heading| heading.body_offset);
        let ids: Vec<_> = headings.iter().map(|heading| heading.id.as_str()).collect();
        assert_eq!(ids, ["h-a", "h-a-2", "h-a-2-2", "h-a-3"]);
    }

    #[test]
    fn an_own_id_is_split_off_and_braces_in_words_stay() {
        assert_eq!(split_own_id("Pay {#pay}"), ("Pay", Some("pay")));
        assert_eq!(split_own_id("Hello {name}"), ("Hello {name}", None));
        assert_eq!(split_own_id("{#a b}"), ("{#a b}", None));
    }
}
