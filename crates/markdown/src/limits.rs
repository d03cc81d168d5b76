//! The limits of rendering, and the one error that names them.
//!
//! All of them count work (bytes, events, depth, nodes), never time. They refuse early: each is
//! checked before the step whose cost it bounds.

use std::fmt;

/// Longest body, in bytes of Markdown.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most parser events of one body; a full 2 MiB of ordinary prose makes about a quarter of them.
pub const EVENTS_MAX: usize = 500_000;
/// Deepest nesting of Markdown (quotes, lists, emphasis).
pub const DEPTH_MAX: usize = 100;
/// Deepest nesting of raw HTML elements; the sanitiser's cost grows faster than the depth.
pub const HTML_DEPTH_MAX: usize = 256;
/// Most elements handed to the sanitiser.
pub const HTML_NODES_MAX: usize = 250_000;
/// Longest HTML handed to the sanitiser, in bytes.
pub const HTML_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most occurrences of `[^` in a body; the parser looks at them more than once (pulldown-cmark#1076).
pub const FOOTNOTE_MARKS_MAX: usize = 1_000;
/// Most bytes of code coloured in one body; what comes after stays plain.
pub(crate) const HIGHLIGHT_BYTES_MAX: usize = 64 * 1024;
/// What even the smallest coloured block takes of that, in bytes.
pub(crate) const HIGHLIGHT_BLOCK_BYTES: usize = 64;
/// Longest line of code that is still coloured, in bytes.
pub(crate) const HIGHLIGHT_LINE_BYTES_MAX: usize = 1_000;
/// Most sentences in [`crate::Rendered::removed`].
pub(crate) const REMOVED_MAX: usize = 20;

/// A body asks for more work than one article may cost. The caller can fix it; nothing was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Stable name of the limit, for example `body_bytes_max`.
    pub limit: &'static str,
    /// The most that is allowed.
    pub max: u64,
    /// What was found, or the first count past the maximum where counting stopped there.
    pub actual: u64,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, way_out) = match self.limit {
            "body_bytes_max" => ("bytes of Markdown", "split the article"),
            "events_max" => ("Markdown elements", "split the article"),
            "depth_max" => (
                "levels of Markdown nesting",
                "take quotes and lists out of each other",
            ),
            "html_depth_max" => ("levels of HTML nesting", "close the tags that stay open"),
            "html_nodes_max" => ("HTML elements", "split the article"),
            "html_bytes_max" => ("bytes of HTML", "split the article"),
            "footnote_marks_max" => ("uses of [^", "use fewer notes or split the article"),
            other => (other, "make the article smaller"),
        };
        write!(
            f,
            "the body has {} {what} but {} are allowed ({}); {way_out}",
            self.actual, self.max, self.limit
        )
    }
}

impl std::error::Error for LimitExceeded {}

/// `Err` when `actual` is past `max`.
pub(crate) fn check(limit: &'static str, max: usize, actual: usize) -> Result<(), LimitExceeded> {
    if actual <= max {
        return Ok(());
    }
    Err(LimitExceeded {
        limit,
        max: max as u64,
        actual: actual as u64,
    })
}
