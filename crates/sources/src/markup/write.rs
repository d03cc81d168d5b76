//! A tree as HTML again, every element closed, for a parser that is not ours.

use super::{Element, Node};

/// Elements that have no end tag.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Writes some nodes. Each element gets its number in document order under this attribute.
pub(crate) fn numbered(nodes: &[Node], attribute: &str) -> String {
    let mut out = String::new();
    let mut number = 0;
    write(nodes, attribute, &mut number, &mut out);
    out
}

fn write(nodes: &[Node], attribute: &str, number: &mut usize, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => escaped(text, out),
            Node::Element(element) => part(element, attribute, number, out),
        }
    }
}

fn part(element: &Element, attribute: &str, number: &mut usize, out: &mut String) {
    // Names come from documents; what could end a tag early is left out with its element's tags.
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte))
    };
    *number += 1;
    let name = element.name.as_str();
    if !is_name(name) {
        return write(&element.children, attribute, number, out);
    }
    out.push_str(&format!("<{name} {attribute}=\"{number}\""));
    for (key, value) in &element.attributes {
        if is_name(key) && key != attribute {
            out.push_str(&format!(" {key}=\""));
            escaped(value, out);
            out.push('"');
        }
    }
    out.push('>');
    if VOID.contains(&name) {
        return;
    }
    if ["script", "style"].contains(&name) {
        // Only data is worth anything to the other parser, and it must not end early.
        if !super::text_of(&element.children).contains("</") {
            out.push_str(&super::text_of(&element.children));
        }
    } else {
        write(&element.children, attribute, number, out);
    }
    out.push_str(&format!("</{name}>"));
}

fn escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\0' => {}
            c => out.push(c),
        }
    }
}
