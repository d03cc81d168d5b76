//! XML as storage formats write it: namespaced names, character references of HTML, `CDATA`.
//! Entities are never declared, expanded or fetched: a document that declares a type is read as if
//! it had not, and a name that HTML does not know stays as it is written.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::entities::decoded;
use super::{Builder, Element, MARKUP_ATTRIBUTES_MAX, MARKUP_BYTES_MAX, MarkupError, Node};

/// The tree of an XML fragment; it may have several roots.
///
/// # Errors
/// [`MarkupError`] past a limit or where it is not well-formed.
pub(crate) fn parse_xml(xml: &str) -> Result<Vec<Node>, MarkupError> {
    if xml.len() > MARKUP_BYTES_MAX {
        return Err(MarkupError::Bytes(xml.len()));
    }
    let mut reader = Reader::from_str(xml);
    let mut builder = Builder::default();
    // How many elements are open in the document; in the tree they stop at the depth limit.
    let mut skipped = 0_usize;
    loop {
        let event = reader.read_event();
        let at = reader.error_position();
        let event = event.map_err(|error| malformed(at, &error))?;
        match event {
            Event::Start(start) => {
                let is_open = builder.open(element(&start, at)?)?;
                skipped += usize::from(!is_open);
            }
            Event::Empty(start) => builder.leaf(element(&start, at)?)?,
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::End(_) => builder.close_to(builder.open.len().saturating_sub(1)),
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(data) => builder.text(&data.xml10_content())?,
            Event::GeneralRef(reference) => builder.text(&text_of_reference(&reference))?,
            Event::Eof => break,
            _ => {}
        }
    }
    if !builder.open.is_empty() {
        let open = builder.open.last().map_or("", |element| &element.name);
        let at = xml.len() as u64;
        let reason = format!("<{open}> is never closed");
        return Err(MarkupError::Malformed { at, reason });
    }
    Ok(builder.finish())
}

fn malformed(at: u64, error: &dyn std::fmt::Display) -> MarkupError {
    let reason = error.to_string();
    MarkupError::Malformed { at, reason }
}

/// What a reference in text means.
pub(super) fn text_of_reference(reference: &BytesRef<'_>) -> String {
    decoded(&format!("&{};", &**reference)).into_owned()
}

fn element(start: &BytesStart<'_>, at: u64) -> Result<Element, MarkupError> {
    let mut attributes = Vec::new();
    // Checks for repeated names compare each with each.
    let mut found = start.attributes();
    for attribute in found.with_checks(false).take(MARKUP_ATTRIBUTES_MAX) {
        let attribute = attribute.map_err(|error| malformed(at, &error))?;
        let name = attribute.key.as_ref().to_ascii_lowercase();
        attributes.push((name, decoded(&attribute.value).into_owned()));
    }
    Ok(Element {
        name: start.name().as_ref().to_ascii_lowercase(),
        attributes,
        children: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{attribute, text_of};

    #[test]
    fn names_references_and_cdata_are_read() {
        let xml = "<p>a&nbsp;&rsquo;b &amp; &#65;</p><ac:link ri:t=\"x &lt; y\"><![CDATA[<c> &amp;]]></ac:link>";
        let nodes = parse_xml(xml).unwrap();
        assert_eq!(text_of(&nodes), "a\u{a0}’b & A<c> &amp;");
        let Node::Element(link) = &nodes[1] else {
            panic!("an element")
        };
        assert_eq!(attribute(link, "ri:t"), Some("x < y"));
    }

    #[test]
    fn entities_are_never_expanded_or_fetched() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"xxxxxxxx\"><!ENTITY c \"&b;&b;\">\
                    <!ENTITY d SYSTEM \"file:///etc/passwd\">]><a>&c;&d;</a>";
        assert_eq!(text_of(&parse_xml(bomb).unwrap()), "&c;&d;");
    }

    #[test]
    fn what_is_not_well_formed_is_said_with_its_place() {
        for xml in ["<a><b></a>", "<a", "<a>", "</a>", "<a b='c>"] {
            let error = parse_xml(xml).unwrap_err().to_string();
            assert!(error.contains("not well-formed at byte"), "{xml}: {error}");
        }
        let deep = format!("{}x{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert_eq!(text_of(&parse_xml(&deep).unwrap()), "x");
    }
}
