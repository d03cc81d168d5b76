//! The body cut at its headings, for the index: each part with the words above it and the address
//! that leads to it on the page.

use crate::events::{Spanned, dialect, parse};
use crate::headings::Outline;
use crate::limits::LimitExceeded;
use crate::text::TextWriter;
use pulldown_cmark::{Event, Tag, TagEnd};

/// A heading and the text up to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading's words; none for what stands before the first heading.
    pub heading: Option<String>,
    /// The headings this one stands under, outermost first, without itself.
    pub heading_path: Vec<String>,
    /// The id of the heading in the rendered HTML.
    pub anchor: Option<String>,
    /// The text as in [`crate::plain_text`], without the heading.
    pub text: String,
}

/// Longest entry of a heading path, in characters.
const PATH_WORD_CHARS_MAX: usize = 200;

/// Cuts a body into sections. What stands before the first heading is a section only when it has words.
///
/// # Errors
/// [`LimitExceeded`] as in [`crate::plain_text`].
pub fn sections(body: &str) -> Result<Vec<Section>, LimitExceeded> {
    let events = parse(body, dialect())?;
    Ok(sections_of(&events))
}

fn sections_of(events: &[Spanned<'_>]) -> Vec<Section> {
    let outline = Outline::read(events);
    let mut sections = Vec::new();
    let mut above: Vec<(u8, String)> = Vec::new();
    let mut open = Section {
        heading: None,
        heading_path: Vec::new(),
        anchor: None,
        text: String::new(),
    };
    let mut writer = TextWriter::default();
    let mut in_heading = false;
    for (index, (event, _)) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                open.text = writer.take();
                let Some(heading) = outline.at(index) else {
                    continue;
                };
                above.retain(|(level, _)| *level < heading.level);
                let next = Section {
                    heading: Some(heading.text.clone()),
                    heading_path: above.iter().map(|(_, words)| words.clone()).collect(),
                    anchor: Some(heading.id.clone()),
                    text: String::new(),
                };
                // Cut, since every section below repeats it.
                let words = heading.text.chars().take(PATH_WORD_CHARS_MAX).collect();
                above.push((heading.level, words));
                sections.push(std::mem::replace(&mut open, next));
                in_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            _ if in_heading => {}
            _ => writer.push(event),
        }
    }
    open.text = writer.take();
    sections.push(open);
    sections.retain(|section| section.heading.is_some() || !section.text.is_empty());
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_carry_their_path_and_the_ids_of_the_page() {
        let body = "intro\n\n# A\n\na1\n\n## B\n\n- b1\n- b2\n\n# A\n\nc\n";
        let found = sections(body).unwrap();
        let short: Vec<_> = found
            .iter()
            .map(|s| {
                let path = s.heading_path.join("/");
                (
                    s.heading.as_deref(),
                    path,
                    s.anchor.as_deref(),
                    s.text.as_str(),
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                (None, String::new(), None, "intro"),
                (Some("A"), String::new(), Some("h-a"), "a1"),
                (Some("B"), "A".to_owned(), Some("h-b"), "b1\nb2"),
                (Some("A"), String::new(), Some("h-a-2"), "c"),
            ]
        );
        let html = crate::render(body, &crate::RenderOptions::default())
            .unwrap()
            .html;
        for section in found.iter().filter_map(|section| section.anchor.as_deref()) {
            assert!(
                html.as_str().contains(&format!("id=\"{section}\"")),
                "{section}"
            );
        }
    }
}
