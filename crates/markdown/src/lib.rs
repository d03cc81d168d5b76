//! Markdown in, safe HTML and plain text out: the only room that knows pulldown-cmark, ammonia and syntect.
//!
//! An article body takes one road: parse into bounded events, shape the events (headings, notes,
//! alerts, tables, code, links), sanitise with a closed policy until nothing changes any more, then
//! assemble: add the markup only we may write (icons, heading anchors, focusable boxes).
//! [`SafeHtml`] has no constructor outside this crate, so HTML that has not taken that road cannot
//! reach a page.
//!
//! The room refuses to read files, fetch anything, know portals or articles, or measure time: every
//! limit counts work, so that a busy machine answers like an idle one.

#![doc = include_str!("../README.md")]

mod anchors;
mod assemble;
mod autolinks;
mod code;
#[cfg(test)]
mod constructs;
#[cfg(test)]
mod corpora;
mod events;
mod headings;
mod limits;
mod links;
mod options;
mod policy;
mod raw_html;
mod removed;
mod render;
mod safe_html;
mod sections;
mod serialised;
mod shape;
mod tags;
mod targets;
mod text;

pub use anchors::anchors;
pub use assemble::ICONS;
pub use headings::{Heading, headings};
pub use limits::{
    BODY_BYTES_MAX, DEPTH_MAX, EVENTS_MAX, FOOTNOTE_MARKS_MAX, HTML_BYTES_MAX, HTML_DEPTH_MAX,
    HTML_NODES_MAX, LimitExceeded,
};
pub use links::{Link, percent_decoded};
pub use options::{Labels, RenderOptions};
pub use render::{Rendered, render, without_sanitiser};
pub use safe_html::{RENDERER_VERSION, SafeHtml, StaleHtml, StoredHtml};
pub use sections::{Section, sections};
pub use targets::{AddressParts, FileTarget, Target};
pub use text::{excerpt, plain_text};
