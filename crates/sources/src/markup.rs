//! What other systems write their articles in, as a tree: HTML as people make it, and the XML of
//! storage formats.
//!
//! The tree is bounded while it is built (bytes, depth, nodes, attributes), every step is linear,
//! and nothing is fetched, expanded or run. It keeps every word: what is not understood as markup
//! stays text. It does not know which element means what; [`crate::html_to_markdown`] does.

mod entities;
mod html;
mod read;
mod tag;
mod write;
mod xml;

pub(crate) use entities::{decoded, from_windows_1252};
pub(crate) use html::parse_html;
pub(crate) use read::{attribute, descendants, elements, first, has_class, is, readdress, text_of};
pub(crate) use write::numbered;
pub(crate) use xml::parse_xml;

/// Longest markup of one article, in bytes.
pub const MARKUP_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Deepest nesting of elements; deeper ones lose their tags and keep their text.
pub const MARKUP_DEPTH_MAX: usize = 200;
/// Most elements and texts of one article.
pub const MARKUP_NODES_MAX: usize = 400_000;
/// Most attributes of one element; further ones are left out.
pub const MARKUP_ATTRIBUTES_MAX: usize = 64;

/// Why markup cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkupError {
    /// It is longer than [`MARKUP_BYTES_MAX`].
    #[error("its markup has {0} bytes, at most {MARKUP_BYTES_MAX} are read; split the article")]
    Bytes(usize),
    /// It has more parts than [`MARKUP_NODES_MAX`].
    #[error("its markup has more than {MARKUP_NODES_MAX} elements and texts; split the article")]
    Nodes,
    /// It is not well-formed XML.
    #[error("its markup is not well-formed at byte {at}: {reason}")]
    Malformed {
        /// Where, from 0.
        at: u64,
        /// What is wrong.
        reason: String,
    },
}

/// A part of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// Text, decoded.
    Text(String),
    /// An element and what is in it.
    Element(Element),
}

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Name in lower case, with its prefix (`ac:link`).
    pub(crate) name: String,
    /// Attributes in their order, names in lower case, values decoded.
    pub(crate) attributes: Vec<(String, String)>,
    /// What is in it.
    pub(crate) children: Vec<Node>,
}

/// Builds a tree within the limits.
#[derive(Debug, Default)]
struct Builder {
    open: Vec<Element>,
    top: Vec<Node>,
    nodes: usize,
}

impl Builder {
    fn count(&mut self) -> Result<(), MarkupError> {
        self.nodes += 1;
        if self.nodes > MARKUP_NODES_MAX {
            return Err(MarkupError::Nodes);
        }
        Ok(())
    }

    fn siblings(&mut self) -> &mut Vec<Node> {
        match self.open.last_mut() {
            Some(element) => &mut element.children,
            None => &mut self.top,
        }
    }

    fn text(&mut self, text: &str) -> Result<(), MarkupError> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some(Node::Text(before)) = self.siblings().last_mut() {
            before.push_str(text);
            return Ok(());
        }
        self.count()?;
        self.siblings().push(Node::Text(text.to_owned()));
        Ok(())
    }

    /// Adds an element that cannot hold anything.
    fn leaf(&mut self, element: Element) -> Result<(), MarkupError> {
        self.count()?;
        self.siblings().push(Node::Element(element));
        Ok(())
    }

    /// Opens an element; not where it would be too deep.
    fn open(&mut self, element: Element) -> Result<bool, MarkupError> {
        if self.open.len() >= MARKUP_DEPTH_MAX {
            return Ok(false);
        }
        self.count()?;
        self.open.push(element);
        Ok(true)
    }

    /// Closes elements until only so many are open.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(element) = self.open.pop() {
                self.siblings().push(Node::Element(element));
            }
        }
    }

    fn finish(mut self) -> Vec<Node> {
        self.close_to(0);
        self.top
    }
}
