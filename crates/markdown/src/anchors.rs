//! The anchors that an author named: `<a name="…">`, `id="…"` and `{#…}`.
//!
//! Readers arrive by them and type their words, also where the text around them is in another
//! script, so the index wants to know them. What the renderer makes of headings by itself is not
//! among them: it says nothing the heading does not say.

use crate::events::{dialect, ends, inline_text, parse};
use crate::headings::split_own_id;
use crate::limits::LimitExceeded;
use crate::tags::{Token, Tokens};
use pulldown_cmark::{Event, Tag};

/// Most anchors of one body that are given.
const ANCHORS_MAX: usize = 1_000;
/// Longest anchor that is given, in bytes.
const ANCHOR_BYTES_MAX: usize = 200;

/// The named anchors of a body, in order, as written.
///
/// # Errors
/// [`LimitExceeded`] as in [`crate::plain_text`].
pub fn anchors(body: &str) -> Result<Vec<String>, LimitExceeded> {
    if !["name=", "id=", "{#"]
        .iter()
        .any(|mark| body.contains(mark))
    {
        return Ok(Vec::new());
    }
    let events = parse(body, dialect())?;
    let ends = ends(&events);
    let mut found = Vec::new();
    for (index, (event, _)) in events.iter().enumerate() {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                for token in Tokens::of(html) {
                    let Token::Start(tag) = token else { continue };
                    let named = tag
                        .attributes
                        .iter()
                        .filter(|(name, _)| name == "id" || (name == "name" && tag.name == "a"));
                    found.extend(named.map(|(_, value)| (*value).to_owned()));
                }
            }
            Event::Start(Tag::Heading { .. }) => {
                let end = ends.get(index).copied().unwrap_or(index);
                let whole = inline_text(&events, index..end);
                found.extend(split_own_id(&whole).1.map(str::to_owned));
            }
            _ => {}
        }
    }
    found.retain(|anchor| !anchor.is_empty() && anchor.len() <= ANCHOR_BYTES_MAX);
    found.truncate(ANCHORS_MAX);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_an_author_named() {
        let body = "# <a name=\"set-up\"></a>Einrichten\n\n## Made {#own-id}\n\n## Plain\n\n<div id=x>y</div>\n\n\
                    `<a name=\"code\">`\n\n<input name=\"no\">\n";
        assert_eq!(anchors(body).unwrap(), ["set-up", "own-id", "x"]);
        assert!(anchors("no anchors here").unwrap().is_empty());
    }
}
