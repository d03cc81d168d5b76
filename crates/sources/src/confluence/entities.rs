//! The objects of `entities.xml`, one after the other: class, id, properties, references.
//!
//! The form is that of Hibernate's generic XML: `<object class=…><id name="id">…</id><property
//! name=…>text or <id> of another object</property><collection>…</collection></object>`. A `]]>` in
//! a text is written as `]] >` by older servers and as two sections by newer ones.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::markup::{MARKUP_BYTES_MAX, decoded};

/// Most bytes between two tags: a body at its limit, and room for how it is written.
const EVENT_BYTES_MAX: u64 = 4 * MARKUP_BYTES_MAX as u64;
/// Deepest nesting of elements; the form needs five.
const DEPTH_MAX: usize = 32;
/// Most properties and references of one object that are kept.
const PROPERTIES_MAX: usize = 200;

/// One object.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub(super) class: String,
    pub(super) id: String,
    properties: BTreeMap<String, String>,
    references: BTreeMap<String, String>,
}

impl Object {
    /// A property that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.properties.get(name).map(|text| text.as_str());
        text.filter(|text| !text.trim().is_empty())
    }

    /// The id of the object that a property names.
    pub(super) fn reference(&self, name: &str) -> Option<&str> {
        self.references.get(name).map(String::as_str)
    }
}

/// Counts what is read between two events, so that none grows without end.
struct Metered<R> {
    inner: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.get() > EVENT_BYTES_MAX {
            let reason = format!("one text in it is longer than {EVENT_BYTES_MAX} bytes");
            return Err(io::Error::other(reason));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.bytes.set(self.bytes.get() + count as u64);
        self.inner.consume(count);
    }
}

/// Reads objects.
pub(super) struct Objects<R: BufRead> {
    reader: Reader<Metered<R>>,
    bytes: Rc<Cell<u64>>,
    buffer: Vec<u8>,
    with_bodies: bool,
    lines: usize,
    /// Elements open around the objects.
    outside: usize,
}

/// What is open inside an object.
enum Open {
    Object,
    Id,
    /// Its name; whether it names another object.
    Property(String, bool),
    Other,
}

impl<R: BufRead> Objects<R> {
    pub(super) fn of(reader: R, with_bodies: bool) -> Self {
        let bytes = Rc::new(Cell::new(0));
        let metered = Metered {
            inner: reader,
            bytes: Rc::clone(&bytes),
        };
        Self {
            reader: Reader::from_reader(metered),
            bytes,
            buffer: Vec::new(),
            with_bodies,
            lines: 1,
            outside: 0,
        }
    }

    /// The next object; none at the end.
    ///
    /// # Errors
    /// The line and why nothing can be read from here on.
    pub(super) fn next(&mut self) -> Result<Option<Object>, (usize, String)> {
        let mut object: Option<Object> = None;
        let mut open: Vec<Open> = Vec::new();
        let mut text = String::new();
        let with_bodies = self.with_bodies;
        loop {
            self.buffer.clear();
            self.bytes.set(0);
            let line = self.lines;
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = event.map_err(|error| (line, error.to_string()))?;
            self.lines += event.bytes().filter(|byte| *byte == b'\n').count();
            match event {
                Event::Start(start) => {
                    if object.is_none() {
                        if start.name().as_ref() == "object" {
                            object = Some(Object {
                                class: value(&start, "class"),
                                ..Object::default()
                            });
                            open.push(Open::Object);
                        } else {
                            self.outside += 1;
                        }
                        continue;
                    }
                    if open.len() >= DEPTH_MAX {
                        return Err((line, format!("it nests deeper than {DEPTH_MAX} elements")));
                    }
                    let next = opened(&start, &mut open);
                    open.push(next);
                    text.clear();
                }
                Event::Empty(_) => {}
                Event::Text(found) if object.is_some() => {
                    push(&mut text, &open, with_bodies, &found.xml10_content())
                }
                Event::CData(found) if object.is_some() => {
                    push(&mut text, &open, with_bodies, &found.xml10_content())
                }
                Event::GeneralRef(found) if object.is_some() => {
                    let found = decoded(&format!("&{};", &*found)).into_owned();
                    push(&mut text, &open, with_bodies, &found);
                }
                Event::End(_) => {
                    let Some(read) = object.as_mut() else {
                        self.outside = self.outside.saturating_sub(1);
                        continue;
                    };
                    match open.pop() {
                        Some(Open::Id) => {
                            let id = text.trim().to_owned();
                            match open.last() {
                                Some(Open::Object) => read.id = id,
                                Some(Open::Property(name, _))
                                    if read.references.len() < PROPERTIES_MAX =>
                                {
                                    read.references.insert(name.clone(), id);
                                }
                                _ => {}
                            }
                        }
                        Some(Open::Property(name, false))
                            if read.properties.len() < PROPERTIES_MAX =>
                        {
                            read.properties.insert(name, std::mem::take(&mut text));
                        }
                        Some(Open::Object) => return Ok(object),
                        _ => {}
                    }
                    text.clear();
                }
                Event::Eof if object.is_some() || self.outside > 0 => {
                    return Err((line, "it is cut off".to_owned()));
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }
}

fn push(text: &mut String, open: &[Open], with_bodies: bool, found: &str) {
    let is_body = matches!(open.last(), Some(Open::Property(name, _)) if name == "body");
    // One byte more than allowed is enough for the error about it.
    if (with_bodies || !is_body) && text.len() <= MARKUP_BYTES_MAX {
        text.push_str(found);
    }
}

fn opened(start: &BytesStart<'_>, open: &mut [Open]) -> Open {
    match start.name().as_ref() {
        "id" => {
            if let Some(Open::Property(_, is_reference)) = open.last_mut() {
                *is_reference = true;
            }
            Open::Id
        }
        "property" if matches!(open.last(), Some(Open::Object)) => {
            Open::Property(value(start, "name"), false)
        }
        // Collections say what the members say themselves.
        _ => Open::Other,
    }
}

fn value(start: &BytesStart<'_>, name: &str) -> String {
    let mut attributes = start.attributes();
    let mut attributes = attributes.with_checks(false).flatten();
    let found = attributes.find(|attribute| attribute.key.as_ref() == name);
    found.map_or_else(String::new, |attribute| {
        decoded(&attribute.value).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str, with_bodies: bool) -> (Vec<Object>, Option<(usize, String)>) {
        let mut objects = Objects::of(xml.as_bytes(), with_bodies);
        let mut found = Vec::new();
        loop {
            match objects.next() {
                Ok(Some(object)) => found.push(object),
                Ok(None) => return (found, None),
                Err(fault) => return (found, Some(fault)),
            }
        }
    }

    #[test]
    fn properties_references_and_split_sections_are_read() {
        let xml = "<?xml version=\"1.0\"?>\n<hibernate-generic datetime=\"x\">\n<object class=\"Page\" package=\"p\">\n\
            <id name=\"id\">7</id>\n<property name=\"title\"><![CDATA[A & B]]></property>\n\
            <property name=\"plain\">a &amp; b</property>\n<property name=\"none\"/>\n\
            <property name=\"space\" class=\"Space\"><id name=\"id\">9</id>\n</property>\n\
            <collection name=\"c\" class=\"java.util.List\"><element class=\"Page\"><id name=\"id\">1</id></element></collection>\n\
            <property name=\"body\"><![CDATA[a <![CDATA[b]]]]><![CDATA[> c]]></property>\n</object>\n</hibernate-generic>\n";
        let (objects, fault) = read(xml, true);
        assert_eq!(fault, None);
        let object = &objects[0];
        assert_eq!((object.class.as_str(), object.id.as_str()), ("Page", "7"));
        assert_eq!(object.text("title"), Some("A & B"));
        assert_eq!(object.text("plain"), Some("a & b"));
        assert_eq!(object.text("none"), None);
        assert_eq!(object.reference("space"), Some("9"));
        assert_eq!(object.text("body"), Some("a <![CDATA[b]]> c"));
        assert_eq!(read(xml, false).0[0].text("body"), None);
    }

    #[test]
    fn damage_is_named_with_its_line_and_what_came_before_stays() {
        let good = "<g>\n<object class=\"A\"><id name=\"id\">1</id></object>\n";
        for (bad, line) in [
            ("<object class=\"B\">\n<id>2</x>", 4),
            ("<object class=\"B\">\n<id>2", 4),
            ("<object", 3),
            ("", 3),
        ] {
            let (objects, fault) = read(&format!("{good}{bad}"), true);
            assert_eq!(objects.len(), 1, "{bad}");
            assert_eq!(fault.map(|(line, _)| line), Some(line), "{bad}");
        }
        let deep = format!("{good}<object>{}", "<a>".repeat(100));
        assert!(read(&deep, true).1.unwrap().1.contains("deeper than"));
        let bomb = "<!DOCTYPE a [<!ENTITY x \"yyyy\"><!ENTITY z SYSTEM \"file:///etc/passwd\">]><g><object class=\"A\">\
            <id name=\"id\">1</id><property name=\"t\">&x;&z;</property></object></g>";
        assert_eq!(read(bomb, true).0[0].text("t"), Some("&x;&z;"));
    }

    #[test]
    fn one_endless_text_is_refused() {
        struct Endless(bool);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if !std::mem::replace(&mut self.0, true) {
                    let start = b"<g><object class=\"A\"><property name=\"t\"><![CDATA[";
                    buffer[..start.len()].copy_from_slice(start);
                    return Ok(start.len());
                }
                buffer.fill(b'x');
                Ok(buffer.len())
            }
        }
        let mut objects = Objects::of(io::BufReader::new(Endless(false)), true);
        let (_, reason) = objects.next().unwrap_err();
        assert!(reason.contains("longer than"), "{reason}");
    }
}
