//! XML as a strict reader sees it.

use cairn_tests::Answer;
use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with its own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// Every element of a document in the order they begin; a document that is not well-formed is a failure.
#[track_caller]
pub(super) fn elements(answer: &Answer) -> Vec<Element> {
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    let allowed =
        |c: char| matches!(c, '\t' | '\n') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    assert!(text.chars().all(allowed), "a character no XML may hold");
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    reader.config_mut().expand_empty_elements = true;
    let mut all: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let event = reader
            .read_event()
            .unwrap_or_else(|e| panic!("{e} at {} in {text}", reader.buffer_position()));
        match event {
            Event::Start(start) => {
                let attributes = start.attributes().map(|a| {
                    let a = a.expect("an attribute");
                    let value = a.normalized_value(quick_xml::XmlVersion::Explicit1_0);
                    (
                        text_of(a.key.as_ref()),
                        value.expect("references resolve").into_owned(),
                    )
                });
                open.push(all.len());
                all.push(Element {
                    name: text_of(start.name().as_ref()),
                    attributes: attributes.collect(),
                    text: String::new(),
                });
            }
            Event::End(_) => {
                open.pop().expect("what ends was open");
            }
            Event::Text(found) => {
                if let Some(at) = open.last() {
                    all[*at].text.push_str(&text_of(found.as_ref()));
                }
            }
            Event::GeneralRef(reference) => {
                let name = text_of(reference.as_ref());
                let c = match name.as_str() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "#39" => '\'',
                    other => panic!("&{other}; is known to nobody"),
                };
                all[*open.last().expect("text is inside")].text.push(c);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} never end");
    all
}

fn text_of(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8(bytes.as_ref().to_vec()).expect("UTF-8")
}

/// The texts of every element of this name.
pub(super) fn texts(elements: &[Element], name: &str) -> Vec<String> {
    let of_name = elements.iter().filter(|e| e.name == name);
    of_name.map(|e| e.text.clone()).collect()
}
