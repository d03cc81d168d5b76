//! Which boxes of other systems are notes, tips and warnings: by the class names that their editors
//! and themes write.

use crate::markup::{Element, Node, attribute, first, has_class, text_of};

use super::prepare::is_blank;

/// Longest text that is still a callout, in bytes; longer boxes are layout.
const CALLOUT_BYTES_MAX: usize = 16 * 1024;

/// GitHub's five kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alert {
    Note,
    Tip,
    Important,
    Warning,
    Caution,
}

impl Alert {
    /// The word in `[!…]`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Note => "NOTE",
            Self::Tip => "TIP",
            Self::Important => "IMPORTANT",
            Self::Warning => "WARNING",
            Self::Caution => "CAUTION",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "note" | "info" | "information" | "informational" | "secondary" | "primary" => {
                Self::Note
            }
            "tip" | "hint" | "success" | "check" => Self::Tip,
            "important" | "attention" => Self::Important,
            "warning" | "warn" => Self::Warning,
            "caution" | "danger" | "error" | "critical" => Self::Caution,
            _ => return None,
        })
    }
}

/// Class names that say that a box is a callout, alone or before its kind (`callout--warning`).
const MARKERS: &[&str] = &[
    "callout",
    "alert",
    "admonition",
    "notice",
    "notification",
    "note",
    "panel",
    "markdown-alert",
    "theme-admonition",
    "confluence-information-macro",
    "message",
    "messagebox",
    "box",
    "intercom-interblocks-callout",
    "wysiwyg-callout",
];

/// The kind of callout an element is, if it is one.
pub(super) fn kind(element: &Element) -> Option<Alert> {
    let may_be = ["div", "aside", "section", "p", "blockquote"].contains(&element.name.as_str());
    let classes = attribute(element, "class").filter(|_| may_be)?;
    let mut is_marked = false;
    let mut found = None;
    for class in classes.split_ascii_whitespace().take(16) {
        let class = class.to_ascii_lowercase();
        is_marked |= MARKERS[..1].contains(&&*class)
            || [
                "alert",
                "admonition",
                "markdown-alert",
                "intercom-interblocks-callout",
            ]
            .contains(&&*class);
        let after_marker = MARKERS.iter().find_map(|marker| {
            let rest = class.strip_prefix(marker)?.trim_start_matches(['-', '_']);
            Alert::named(rest)
        });
        let alone = [
            "note",
            "tip",
            "important",
            "warning",
            "caution",
            "danger",
            "info",
        ];
        let alone = alone
            .contains(&&*class)
            .then(|| Alert::named(&class))
            .flatten();
        // BookStack, Sphinx: `callout info`, `admonition tip`.
        let second = is_marked.then(|| Alert::named(&class)).flatten();
        found = found.or(after_marker).or(alone).or(second);
    }
    let alert = found.or(is_marked.then_some(Alert::Note))?;
    let is_layout = first(&element.children, &|inner| {
        ["h1", "h2", "article", "main"].contains(&inner.name.as_str())
    });
    let is_short = text_of(&element.children).len() <= CALLOUT_BYTES_MAX;
    (is_layout.is_none() && is_short).then_some(alert)
}

/// Whether it would be a plain quote without its class.
pub(super) fn is_plain_quote(element: &Element) -> bool {
    element.name == "blockquote"
}

/// The title that a callout has of its own, and what follows.
pub(super) fn parts(element: &Element) -> (Option<&[Node]>, Vec<&Node>) {
    let nodes: Vec<&Node> = element.children.iter().collect();
    let title = nodes.iter().position(|node| !is_blank(node));
    if let Some(at) = title
        && let Some(Node::Element(first)) = nodes.get(at)
        && is_title(first)
    {
        let rest = nodes.get(at + 1..).unwrap_or_default().to_vec();
        return (Some(&first.children), rest);
    }
    (None, nodes)
}

fn is_title(element: &Element) -> bool {
    let classes = [
        "admonition-title",
        "markdown-alert-title",
        "alert-title",
        "alert-heading",
        "callout-title",
        "callout-heading",
        "title",
        "confluence-information-macro-title",
        "note-title",
        "panel-title",
        "panelheader",
    ];
    classes.into_iter().any(|class| has_class(element, class))
        || ["h3", "h4", "h5", "h6"].contains(&element.name.as_str())
}
