//! What stands inside a paragraph: words, emphasis, links, pictures, films (as links to them), and
//! the elements that Markdown has no sign for and the renderer lets through.

use crate::markup::{Element, Node, attribute, descendants, first, text_of};

use super::letters::{push_markup, push_text};
use super::prepare::DROPPED;
use super::{NESTING_MAX, code};

/// Longest address, in bytes; the renderer allows no longer one.
const ADDRESS_BYTES_MAX: usize = 4_096;
/// Elements that stay as HTML.
const KEPT: &[&str] = &[
    "abbr", "bdi", "bdo", "cite", "dfn", "ins", "kbd", "mark", "q", "rp", "rt", "ruby", "samp",
    "small", "sub", "sup", "time", "u", "var",
];

/// Prepared words of some nodes, without blanks and line breaks at their ends.
pub(super) fn write<'a>(nodes: impl Iterator<Item = &'a Node>) -> String {
    let mut words = Words::default();
    for node in nodes {
        words.node(node, 0);
    }
    words.finish()
}

/// The same in one line, for headings and titles.
pub(super) fn write_one_line(nodes: &[Node]) -> String {
    let mut words = Words {
        is_one_line: true,
        ..Words::default()
    };
    for node in nodes {
        words.node(node, 0);
    }
    words.finish()
}

#[derive(Default)]
struct Words {
    out: String,
    is_one_line: bool,
    in_link: bool,
    /// Something was written on this line.
    is_begun: bool,
}

impl Words {
    fn text(&mut self, text: &str) {
        let text = if self.is_begun {
            text
        } else {
            text.trim_start_matches(is_blank)
        };
        self.is_begun |= !text.is_empty();
        push_text(text, &mut self.out);
    }

    fn line_break(&mut self) {
        let end = self.out.trim_end_matches(is_blank).len();
        self.out.truncate(end);
        self.out.push_str("<br>");
        self.is_begun = false;
    }

    fn finish(self) -> String {
        let mut words = self.out.trim_matches(is_blank);
        while let Some(rest) = words.strip_prefix("<br>") {
            words = rest.trim_start_matches(is_blank);
        }
        while let Some(rest) = words.strip_suffix("<br>") {
            words = rest.trim_end_matches(is_blank);
        }
        words.to_owned()
    }

    fn nodes(&mut self, nodes: &[Node], depth: usize) {
        for node in nodes {
            self.node(node, depth + 1);
        }
    }

    fn node(&mut self, node: &Node, depth: usize) {
        let element = match node {
            Node::Text(text) => return self.text(text),
            Node::Element(element) => element,
        };
        let name = element.name.as_str();
        if DROPPED.contains(&name) {
            return;
        }
        self.is_begun |= ["img", "image", "code", "tt", "svg", "math"].contains(&name);
        match name {
            "br" if self.is_one_line => self.out.push(' '),
            "br" => self.line_break(),
            "wbr" => {}
            "img" | "image" => self.out.push_str(&picture(element, None)),
            "iframe" | "embed" => self.film(element, attribute(element, "src")),
            "video" | "audio" => self.video(element, depth),
            "object" => {
                self.film(element, attribute(element, "data"));
                self.nodes(&element.children, depth);
            }
            "input" => self.input(element),
            "a" => self.link(element, depth),
            "code" | "tt" => self.code(element, depth),
            "svg" | "math" => self.text(&text_of(&element.children)),
            // A block where only words may stand: kept apart from its neighbours.
            _ if super::prepare::is_block(element) => {
                self.out.push(' ');
                self.nodes(&element.children, depth);
                self.out.push(' ');
            }
            _ => self.emphasised(element, depth),
        }
    }

    fn emphasised(&mut self, element: &Element, depth: usize) {
        let name = element.name.as_str();
        if name != "a"
            && let Some(id) = attribute(element, "id").filter(|_| element.children.is_empty())
        {
            anchor(id, &mut self.out);
            return;
        }
        let tags = tags_of(element).filter(|_| depth < NESTING_MAX);
        let Some((start, end)) = tags else {
            return self.nodes(&element.children, depth);
        };
        // `<b>a</b><b>b</b>` is one run of bold.
        if self.out.ends_with(&end) && !end.is_empty() {
            self.out.truncate(self.out.len() - end.len());
        } else {
            self.out.push_str(&start);
        }
        let before = self.out.len();
        self.nodes(&element.children, depth);
        if self.out.len() == before && self.out.ends_with(&start) {
            self.out.truncate(before - start.len());
        } else {
            self.out.push_str(&end);
        }
    }

    fn link(&mut self, element: &Element, depth: usize) {
        if let Some(name) = attribute(element, "name").or(attribute(element, "id"))
            && !self.is_one_line
        {
            anchor(name, &mut self.out);
        }
        let tags = tags_of(element).filter(|_| !self.in_link && depth < NESTING_MAX);
        let Some((start, end)) = tags else {
            return self.nodes(&element.children, depth);
        };
        let outer = self.out.len();
        self.out.push_str(&start);
        let before = self.out.len();
        self.in_link = true;
        self.nodes(&element.children, depth);
        self.in_link = false;
        let is_empty = self
            .out
            .get(before..)
            .unwrap_or_default()
            .trim_matches(is_blank)
            .is_empty();
        if is_empty {
            // A link without words is seen by nobody; the blanks in it may part two words.
            let blanks = self.out.split_off(before);
            self.out.truncate(outer);
            self.out.push_str(&blanks);
        } else {
            self.out.push_str(&end);
        }
    }

    fn code(&mut self, element: &Element, depth: usize) {
        let mut holds_more = false;
        descendants(&element.children, &mut |inner| {
            holds_more |= ["a", "img"].contains(&inner.name.as_str());
        });
        if holds_more {
            push_markup("<code>", &mut self.out);
            self.nodes(&element.children, depth);
            push_markup("</code>", &mut self.out);
            return;
        }
        let text = code::text(&element.children);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let edge = |is_edge: bool| if is_edge { " " } else { "" };
        let first_is_blank = text.starts_with(|c: char| c.is_ascii_whitespace());
        let last_is_blank = text.ends_with(|c: char| c.is_ascii_whitespace());
        self.out.push_str(edge(first_is_blank));
        if words.is_empty() {
            return;
        }
        let words = words.join(" ");
        if let Some(before) = self.out.strip_suffix("</code>") {
            self.out.truncate(before.len());
            let mut more = String::new();
            code::span(&words, &mut more);
            self.out
                .push_str(more.strip_prefix("<code>").unwrap_or(&more));
        } else {
            code::span(&words, &mut self.out);
        }
        self.out.push_str(edge(last_is_blank));
    }

    /// A film or a page within the page, as a link to it.
    fn film(&mut self, element: &Element, address: Option<&str>) {
        let Some(address) = address.and_then(|address| addressed(&watched(address))) else {
            return;
        };
        let title = attribute(element, "title").or(attribute(element, "aria-label"));
        let title = title.map(str::trim).filter(|title| !title.is_empty());
        if self.in_link {
            return push_text(title.unwrap_or_default(), &mut self.out);
        }
        self.is_begun = true;
        self.out.push_str("<a href=\"");
        self.out.push_str(&address);
        self.out.push_str("\">");
        match title {
            Some(title) => push_text(title, &mut self.out),
            None => push_text(
                &watched(attribute(element, "src").unwrap_or("↗")),
                &mut self.out,
            ),
        }
        self.out.push_str("</a>");
    }

    fn video(&mut self, element: &Element, depth: usize) {
        let inner = first(&element.children, &|inner| inner.name == "source");
        let address = attribute(element, "src").or(inner.and_then(|inner| attribute(inner, "src")));
        if let Some(address) = address {
            let film = Element {
                name: "iframe".to_owned(),
                attributes: vec![
                    ("src".to_owned(), address.to_owned()),
                    (
                        "title".to_owned(),
                        attribute(element, "title").unwrap_or_default().to_owned(),
                    ),
                ],
                children: Vec::new(),
            };
            self.film(&film, Some(address));
        }
        let rest = element.children.iter();
        for node in rest.filter(|node| !crate::markup::is(node, &["source", "track"])) {
            self.node(node, depth + 1);
        }
    }

    /// A box of a task list, in the two forms that lists know.
    fn input(&mut self, element: &Element) {
        if attribute(element, "type") != Some("checkbox") || !self.out.trim().is_empty() {
            return;
        }
        let mark = if attribute(element, "checked").is_some() {
            "[x] "
        } else {
            "[ ] "
        };
        push_markup(mark.trim_end(), &mut self.out);
        self.out.push(' ');
        self.is_begun = false;
    }
}

fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace()
}

/// What goes around the words of an element: prepared start and end tags.
pub(super) fn tags_of(element: &Element) -> Option<(String, String)> {
    let plain = |name: &str| Some((format!("<{name}>"), format!("</{name}>")));
    match element.name.as_str() {
        "strong" | "b" => plain("strong"),
        "em" | "i" => plain("em"),
        "del" | "s" | "strike" => plain("del"),
        "a" => {
            let address = addressed(attribute(element, "href")?)?;
            let title = attribute(element, "title").map(titled).unwrap_or_default();
            Some((format!("<a href=\"{address}\"{title}>"), "</a>".to_owned()))
        }
        "span" | "font" => {
            let style = attribute(element, "style")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
            let says = |words: &[&str]| words.iter().any(|word| style.contains(word));
            if says(&["line-through"]) {
                plain("del")
            } else if says(&["font-weight:bold", "font-weight:700", "font-weight:600"]) {
                plain("strong")
            } else if says(&["font-style:italic"]) {
                plain("em")
            } else if says(&["text-decoration:underline"]) {
                Some(kept("u", element))
            } else {
                None
            }
        }
        name if KEPT.contains(&name) => Some(kept(name, element)),
        _ => None,
    }
}

fn kept(name: &str, element: &Element) -> (String, String) {
    let mut start = format!("<{name}");
    for attribute_name in ["title", "datetime", "dir", "lang"] {
        if let Some(value) = attribute(element, attribute_name) {
            let value = super::raw::escaped_value(value);
            start.push_str(&format!(" {attribute_name}=\"{value}\""));
        }
    }
    start.push('>');
    let (mut begins, mut ends) = (String::new(), String::new());
    push_markup(&start, &mut begins);
    push_markup(&format!("</{name}>"), &mut ends);
    (begins, ends)
}

/// A picture, with its words and its caption.
pub(super) fn picture(element: &Element, caption: Option<&str>) -> String {
    let alt = attribute(element, "alt").unwrap_or_default();
    let mut words = String::new();
    push_text(&one_line(alt), &mut words);
    let Some(address) = picture_address(element).and_then(addressed) else {
        return words;
    };
    let title = caption
        .or(attribute(element, "title"))
        .map(titled)
        .unwrap_or_default();
    format!("<img src=\"{address}\" alt=\"{words}\"{title}>")
}

/// Where a picture is: pages that load late say it elsewhere than in `src`.
fn picture_address(element: &Element) -> Option<&str> {
    let named = ["src", "data-src", "data-original", "data-lazy-src", "href"].into_iter();
    let found = named
        .filter_map(|name| attribute(element, name))
        .map(str::trim);
    let found = found.filter(|address| !address.is_empty()).find(|address| {
        let start = address.get(..5).unwrap_or_default();
        !start.eq_ignore_ascii_case("data:")
    });
    let set = attribute(element, "srcset").and_then(|set| set.split_ascii_whitespace().next());
    found.or(set.map(|first| first.trim_end_matches(',')))
}

/// A title as an attribute of prepared HTML.
fn titled(title: &str) -> String {
    let title = one_line(title);
    if title.is_empty() {
        return String::new();
    }
    let mut out = String::from(" title=\"");
    for (number, piece) in title.split('"').enumerate() {
        if number > 0 {
            push_markup("\\\"", &mut out);
        }
        push_text(piece, &mut out);
    }
    out.push('"');
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An address as Markdown writes it, in letters; none for what no article may point to.
fn addressed(address: &str) -> Option<String> {
    let address: String = address
        .trim()
        .chars()
        .filter(|c| !"\t\r\n".contains(*c))
        .collect();
    if address.is_empty() || address.len() > ADDRESS_BYTES_MAX || address.starts_with('\\') {
        return None;
    }
    let head = address.find([':', '/', '?', '#']).unwrap_or(address.len());
    if address.get(head..=head) == Some(":") {
        let scheme = address.get(..head).unwrap_or_default().to_ascii_lowercase();
        if !["http", "https", "mailto", "tel"].contains(&scheme.as_str()) {
            return None;
        }
    }
    let address = match address.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => address,
    };
    let mut markdown = String::with_capacity(address.len());
    for (at, c) in address.char_indices() {
        match c {
            '(' | ')' => markdown.extend(['\\', c]),
            '&' => {
                let rest = address.get(at + 1..).unwrap_or_default();
                let name = rest
                    .bytes()
                    .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#');
                let length = name.count();
                let is_reference = length > 0 && rest.as_bytes().get(length) == Some(&b';');
                markdown.push_str(if is_reference { "&amp;" } else { "&" });
            }
            c if c.is_control() => return None,
            ' ' | '<' | '>' | '"' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                markdown.push_str(&format!("%{:02X}", c as u32));
            }
            c => markdown.push(c),
        }
    }
    let mut letters = String::new();
    push_markup(&markdown, &mut letters);
    Some(letters)
}

/// The page of a film, where its address is that of a player.
fn watched(address: &str) -> String {
    let address = address.trim();
    let bare = address.split(['?', '#']).next().unwrap_or_default();
    let bare = bare
        .strip_prefix("https:")
        .or(bare.strip_prefix("http:"))
        .unwrap_or(bare);
    let id = |prefix: &str| {
        bare.strip_prefix(prefix)
            .filter(|id| !id.is_empty() && !id.contains('/'))
    };
    for player in [
        "//www.youtube.com/embed/",
        "//www.youtube-nocookie.com/embed/",
        "//youtube.com/embed/",
    ] {
        if let Some(id) = id(player) {
            return format!("https://www.youtube.com/watch?v={id}");
        }
    }
    if let Some(id) = id("//player.vimeo.com/video/") {
        return format!("https://vimeo.com/{id}");
    }
    match address.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => address.to_owned(),
    }
}

/// Writes an anchor.
pub(super) fn anchor(id: &str, out: &mut String) {
    if id.trim().is_empty() {
        return;
    }
    let id = super::raw::escaped_value(id.trim());
    push_markup(&format!("<a id=\"{id}\"></a>"), out);
}

/// Whether an id can be written behind a heading.
pub(super) fn is_plain_anchor(id: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    (1..=200).contains(&id.len()) && id.chars().all(plain)
}

/// The first anchor that stands in a heading.
pub(super) fn first_anchor(nodes: &[Node]) -> Option<&str> {
    let named = |element: &Element| {
        ["a", "span"].contains(&element.name.as_str())
            && (attribute(element, "id").is_some() || attribute(element, "name").is_some())
    };
    let found = first(nodes, &named)?;
    attribute(found, "id").or(attribute(found, "name"))
}
