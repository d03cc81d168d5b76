//! The headings of a body, for callers that read long ones in pieces.

use cairn_markdown::Heading;

/// The headings in order, with the levels of the Markdown and the ids of the page. A body beyond
/// the rendering limits has none. Work grows with the body: call it off the async threads for long ones.
pub fn outline(body: &str) -> Vec<Heading> {
    cairn_markdown::headings(body).unwrap_or_default()
}
