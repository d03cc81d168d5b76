//! Looking at a tree: attributes, classes, text, elements by name.

use super::{Element, Node};

/// The value of an attribute.
pub(crate) fn attribute<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    let mut attributes = element.attributes.iter();
    attributes
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

/// Whether an element has this class, in any case.
pub(crate) fn has_class(element: &Element, class: &str) -> bool {
    let classes = attribute(element, "class").unwrap_or_default();
    classes
        .split_ascii_whitespace()
        .any(|found| found.eq_ignore_ascii_case(class))
}

/// Whether a node is an element of one of these names.
pub(crate) fn is(node: &Node, names: &[&str]) -> bool {
    matches!(node, Node::Element(element) if names.contains(&element.name.as_str()))
}

/// The elements among some nodes.
pub(crate) fn elements(nodes: &[Node]) -> impl Iterator<Item = &Element> {
    nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    })
}

/// All text, in order, as written.
pub(crate) fn text_of(nodes: &[Node]) -> String {
    let mut text = String::new();
    gather(nodes, &mut text);
    text
}

fn gather(nodes: &[Node], text: &mut String) {
    for node in nodes {
        match node {
            Node::Text(found) => text.push_str(found),
            Node::Element(element) => gather(&element.children, text),
        }
    }
}

/// Calls for every element below, in document order.
pub(crate) fn descendants<'a>(nodes: &'a [Node], each: &mut dyn FnMut(&'a Element)) {
    for element in elements(nodes) {
        each(element);
        descendants(&element.children, each);
    }
}

/// The first element below, in document order, that is wanted.
pub(crate) fn first<'a>(
    nodes: &'a [Node],
    wanted: &dyn Fn(&Element) -> bool,
) -> Option<&'a Element> {
    for element in elements(nodes) {
        if wanted(element) {
            return Some(element);
        }
        if let Some(found) = first(&element.children, wanted) {
            return Some(found);
        }
    }
    None
}

/// Changes the addresses of links and pictures. The change gets the address and whether it is a
/// picture's, and gives another one or nothing.
pub(crate) fn readdress(nodes: &mut [Node], change: &dyn Fn(&str, bool) -> Option<String>) {
    for node in nodes {
        let Node::Element(element) = node else {
            continue;
        };
        let is_picture = element.name == "img";
        for (name, value) in &mut element.attributes {
            let is_address = ["href", "src", "data-src", "data-original"].contains(&name.as_str());
            if is_address && let Some(other) = change(value, is_picture) {
                *value = other;
            }
        }
        readdress(&mut element.children, change);
    }
}
