//! The headings of a body, as an agent sees them: where each stands, counted in characters.

use cairn_service::{Error, Heading, Result};
use serde_json::{Value, json};

/// Most headings in one answer; the rest is said to be left out.
const HEADINGS_MAX: usize = 150;
/// Most characters of a heading's words in an outline.
const TEXT_CHARS_MAX: usize = 120;
/// Bodies above this many bytes are read off the async threads.
const INLINE_BYTES_MAX: usize = 32 * 1024;

/// A heading and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Level in the Markdown, 1 to 6.
    pub(crate) level: u8,
    /// The anchor on the public page.
    pub(crate) id: String,
    /// The words.
    pub(crate) text: String,
    /// Byte of the body where it starts.
    pub(crate) byte: usize,
    /// Character of the body where it starts.
    pub(crate) offset: usize,
}

/// Reads the headings of a body. A body beyond the rendering limits has none.
///
/// # Errors
/// `internal` when the thread that reads it dies.
pub(crate) async fn read(body: &str) -> Result<Vec<Place>> {
    let headings = if body.len() <= INLINE_BYTES_MAX {
        cairn_service::articles::outline(body)
    } else {
        let owned = body.to_owned();
        tokio::task::spawn_blocking(move || cairn_service::articles::outline(&owned))
            .await
            .map_err(Error::internal)?
    };
    Ok(place(body, headings))
}

/// Counts characters up to each heading, in one walk over the body.
pub(crate) fn place(body: &str, mut headings: Vec<Heading>) -> Vec<Place> {
    headings.retain(|h| body.is_char_boundary(h.body_offset));
    headings.sort_by_key(|h| h.body_offset);
    let (mut byte, mut offset) = (0, 0);
    headings
        .into_iter()
        .map(|h| {
            offset += body[byte..h.body_offset].chars().count();
            byte = h.body_offset;
            Place {
                level: h.level,
                id: h.id,
                text: h.text,
                byte,
                offset,
            }
        })
        .collect()
}

/// The heading that `section` names (anchor with or without `#` and `h-`, or its words), and the
/// byte where its section ends: at the next heading of the same or a higher level.
pub(crate) fn section(body: &str, places: &[Place], section: &str) -> Option<(usize, usize)> {
    let wanted = section.trim().trim_start_matches('#');
    let at = places
        .iter()
        .position(|p| p.id == wanted || p.id.strip_prefix("h-") == Some(wanted))
        .or_else(|| {
            places
                .iter()
                .position(|p| p.text.to_lowercase() == wanted.to_lowercase())
        })?;
    let level = places[at].level;
    let end = places[at + 1..]
        .iter()
        .find(|p| p.level <= level)
        .map_or(body.len(), |p| p.byte);
    Some((places[at].byte, end))
}

/// The outline of the part between two bytes, and whether headings were left out.
pub(crate) fn to_json(places: &[Place], start: usize, end: usize) -> (Vec<Value>, bool) {
    let mut within = places.iter().filter(|p| (start..end).contains(&p.byte));
    let shown = within
        .by_ref()
        .take(HEADINGS_MAX)
        .map(|p| {
            json!({"level": p.level, "section": p.id, "text": shorten(&p.text, TEXT_CHARS_MAX), "offset": p.offset})
        })
        .collect();
    (shown, within.next().is_some())
}

/// The first characters of a text, with `…` when something was left out.
pub(crate) fn shorten(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(level: u8, id: &str, text: &str, body_offset: usize) -> Heading {
        Heading {
            level,
            id: id.to_owned(),
            text: text.to_owned(),
            body_offset,
        }
    }

    #[test]
    fn offsets_are_characters_and_sections_end_where_the_next_equal_one_begins() {
        let body = "größe\n\n# A\n\na\n\n## B\n\nb\n\n# C\n\nc\n";
        let at = |needle: &str| body.find(needle).expect("stands there");
        let headings = vec![
            heading(1, "h-a", "A", at("# A")),
            heading(2, "h-b", "B", at("## B")),
            heading(1, "h-c", "C", at("# C")),
        ];
        let places = place(body, headings);
        assert_eq!(places[0].byte, 9);
        assert_eq!(places[0].offset, 7);
        let part = |name: &str| section(body, &places, name).map(|(s, e)| &body[s..e]);
        assert_eq!(part("a"), Some("# A\n\na\n\n## B\n\nb\n\n"));
        assert_eq!(part("#h-b"), Some("## B\n\nb\n\n"));
        assert_eq!(part("C"), Some("# C\n\nc\n"));
        assert_eq!(part("z"), None);
        let (outline, more) = to_json(&places, at("## B"), body.len());
        assert_eq!(outline.len(), 2);
        assert!(!more);
    }

    #[test]
    fn a_long_outline_is_cut_and_said_so() {
        let body = "# x\n".repeat(400);
        let headings = (0..400)
            .map(|i| heading(1, &format!("h-{i}"), &"x".repeat(500), i * 4))
            .collect();
        let places = place(&body, headings);
        let (outline, more) = to_json(&places, 0, body.len());
        assert!(more && outline.len() == HEADINGS_MAX);
        assert!(serde_json::to_string(&outline).expect("serialises").len() < 40_000);
    }
}
