//! The last step, the only one whose markup is trusted: icons, heading anchors, focusable boxes,
//! lazy pictures, task boxes.
//!
//! Why content cannot forge it: the input is the sanitiser's own output after it stopped changing,
//! so it is the serialisation of a tree of listed elements. There, `<` and `>` occur in tags and
//! nowhere else (text and attribute values carry `&lt;` and `&gt;`), every value is in double quotes,
//! and svg, use, input, tabindex, role, rel and loading cannot occur at all, since the policy lists none
//! of them. This pass reads tags only, and for certain tags writes constants of this file, labels of
//! the caller (escaped), and ids and words of the very element (already escaped). There is no
//! placeholder or marker that an author could imitate: an author who writes `<aside class="alert
//! tip">` by hand gets what `> [!TIP]` gets, one constant icon.

use crate::headings::Heading;
use crate::links::{self, Link};
use crate::options::Labels;
use crate::serialised::Serialised;
use crate::text::{decode_entities, escape_into};
use std::collections::{HashMap, HashSet};

/// The symbols that a page's icon sprite must hold for the rendered articles.
pub const ICONS: &[&str] = &["link", "down", "info", "tip", "warn"];

/// Longest text in a name that is made of a heading's words, in bytes of HTML.
const NAME_BYTES_MAX: usize = 300;

/// Most pictures named for their missing words.
const WORDLESS_MAX: usize = 20;

/// The finished HTML and the links in it.
pub(crate) struct Assembled {
    pub(crate) html: String,
    pub(crate) links: Vec<Link>,
    /// Addresses of pictures whose words are missing, each once.
    pub(crate) pictures_without_words: Vec<String>,
}

/// Finishes sanitised HTML. `clean` must come from [`crate::policy::clean_until_stable`].
pub(crate) fn assemble(clean: &str, headings: &[Heading], labels: &Labels) -> Assembled {
    let mut assembly = Assembly {
        labels,
        words: headings
            .iter()
            .map(|heading| (heading.id.as_str(), heading.text.as_str()))
            .collect(),
        out: String::with_capacity(clean.len() * 5 / 4),
        links: Vec::new(),
        pictures_without_words: Vec::new(),
        ids: HashSet::new(),
        anchors: Vec::new(),
        asides: Vec::new(),
        alerts: HashMap::new(),
        inside_links: 0,
        tables: 0,
        pictures: 0,
        last_heading: String::new(),
    };
    let mut rest = clean;
    while let Some(open) = rest.find('<') {
        let (text, tail) = rest.split_at(open);
        assembly.out.push_str(text);
        let end = tail.find('>').map_or(tail.len(), |end| end + 1);
        let (tag, tail) = tail.split_at(end);
        rest = assembly.tag(tag, tail);
    }
    assembly.out.push_str(rest);
    Assembled {
        html: assembly.out,
        links: assembly.links,
        pictures_without_words: assembly.pictures_without_words,
    }
}

struct Assembly<'a> {
    labels: &'a Labels,
    words: HashMap<&'a str, &'a str>,
    out: String,
    links: Vec<Link>,
    pictures_without_words: Vec<String>,
    ids: HashSet<&'a str>,
    anchors: Vec<Option<(&'a str, String)>>, // of open headings: id and name
    asides: Vec<bool>,                       // of open asides: whether it is an alert
    alerts: HashMap<&'a str, usize>,
    inside_links: usize,
    tables: usize,
    pictures: usize,
    last_heading: String,
}

impl<'a> Assembly<'a> {
    /// Writes one tag and what belongs to it; gives the text to go on with.
    fn tag(&mut self, tag: &'a str, rest: &'a str) -> &'a str {
        if let Some(name) = tag.strip_prefix("</") {
            self.end(name.trim_end_matches('>'));
            return rest;
        }
        let tag = Serialised::of(tag);
        match tag.name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(&tag, rest),
            "a" => {
                self.inside_links += 1;
                self.open(&tag, &[]);
                if let Some(target) = tag.value("href") {
                    let target = decode_entities(target);
                    if links::is_external(&target) {
                        self.reopen(" rel=\"noopener\"");
                    }
                    if !crate::policy::is_footnote_id(target.trim_start_matches('#')) {
                        self.links.push(Link {
                            target: target.into_owned(),
                            is_image: false,
                        });
                    }
                }
            }
            "img" => self.picture(&tag),
            "pre" => {
                self.open(&tag, &[]);
                self.reopen(" tabindex=\"0\"");
            }
            "table" => self.table(&tag),
            "aside" => self.aside(&tag),
            "li" if matches!(tag.value("class"), Some("task done" | "task open")) => {
                self.open(&tag, &[]);
                return self.task(tag.value("class") == Some("task done"), rest);
            }
            _ => self.open(&tag, &[]),
        }
        rest
    }

    /// Writes a start tag without the attributes named in `without` and without an id that is taken.
    fn open(&mut self, tag: &Serialised<'a>, without: &[&str]) {
        self.out.push('<');
        self.out.push_str(tag.name);
        for (name, value) in tag.attributes() {
            let taken = name == "id" && !self.ids.insert(value);
            if !taken && !without.contains(&name) {
                self.attribute(name, value);
            }
        }
        self.out.push('>');
    }

    fn attribute(&mut self, name: &str, escaped: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.out.push_str(escaped);
        self.out.push('"');
    }

    /// Adds constant attributes to the tag just written.
    fn reopen(&mut self, attributes: &str) {
        debug_assert!(self.out.ends_with('>'));
        self.out.pop();
        self.out.push_str(attributes);
        self.out.push('>');
    }

    fn icon(&mut self, symbol: &'static str) {
        debug_assert!(ICONS.contains(&symbol));
        self.out
            .push_str("<svg class=\"i\" aria-hidden=\"true\"><use href=\"#");
        self.out.push_str(symbol);
        self.out.push_str("\"></use></svg>");
    }

    fn heading(&mut self, tag: &Serialised<'a>, rest: &str) {
        // The page's title is its only h1.
        let name = if tag.name == "h1" { "h2" } else { tag.name };
        let id = tag.value("id").filter(|id| !self.ids.contains(id));
        self.open(&Serialised { name, ..*tag }, &[]);
        let known = id.and_then(|id| self.words.get(id)).copied();
        let mut words = String::new();
        match known {
            Some(known) => escape_into(known.get(..).unwrap_or_default(), &mut words),
            None => words = text_until(rest, tag.name),
        }
        let words = cut(&words);
        self.last_heading.clear();
        self.last_heading.push_str(words);
        let mut label = String::new();
        escape_into(&self.labels.anchor, &mut label);
        let label = label.replace("{}", words);
        self.anchors.push(id.map(|id| (id, label)));
    }

    fn picture(&mut self, tag: &Serialised<'a>) {
        let Some(source) = tag.value("src") else {
            // Refused: the words stand for the picture.
            let words = tag.value("alt").unwrap_or_default();
            self.out.push_str(&words.replace("&quot;", "\""));
            return;
        };
        let source = decode_entities(source).into_owned();
        let words = tag.value("alt").unwrap_or_default();
        if words.trim().is_empty()
            && self.pictures_without_words.len() < WORDLESS_MAX
            && !self.pictures_without_words.contains(&source)
        {
            self.pictures_without_words.push(source.clone());
        }
        self.links.push(Link {
            target: source,
            is_image: true,
        });
        self.open(tag, &[]);
        if tag.value("alt").is_none() {
            self.reopen(" alt=\"\"");
        }
        // The first is likely in view when the page opens.
        if self.pictures > 0 {
            self.reopen(" loading=\"lazy\"");
        }
        self.reopen(" decoding=\"async\"");
        self.pictures += 1;
    }

    /// A table scrolls in a box of its own, which the keyboard must reach and a name must tell apart.
    fn table(&mut self, tag: &Serialised<'a>) {
        self.tables += 1;
        let mut name = String::new();
        match tag.value("aria-label") {
            Some(own) => name.push_str(own),
            None => {
                escape_into(&self.labels.table, &mut name);
                name.push_str(&format!(" {}", self.tables));
                if !self.last_heading.is_empty() {
                    name.push_str(": ");
                    name.push_str(&self.last_heading);
                }
            }
        }
        self.out
            .push_str("<div class=\"table\" tabindex=\"0\" role=\"region\"");
        self.attribute("aria-label", &name);
        self.out.push('>');
        self.open(tag, &["aria-label"]);
    }

    fn aside(&mut self, tag: &Serialised<'a>) {
        let kind = tag
            .value("class")
            .and_then(|class| class.strip_prefix("alert "));
        let (icon, label) = match kind {
            Some("note") => ("info", &self.labels.note),
            Some("tip") => ("tip", &self.labels.tip),
            Some("important") => ("info", &self.labels.important),
            Some("warning") => ("warn", &self.labels.warning),
            Some("caution") => ("warn", &self.labels.caution),
            _ => {
                self.asides.push(false);
                return self.open(tag, &[]);
            }
        };
        let mut name = String::new();
        escape_into(label, &mut name);
        // Landmarks of one kind need different names.
        let count = self.alerts.entry(kind.unwrap_or_default()).or_insert(0);
        *count += 1;
        if *count > 1 {
            name.push_str(&format!(" {count}"));
        }
        self.asides.push(true);
        self.open(tag, &["aria-label"]);
        self.out.pop();
        self.attribute("aria-label", tag.value("aria-label").unwrap_or(&name));
        self.out.push('>');
        self.icon(icon);
        self.out.push_str("<div>");
    }

    fn task(&mut self, is_done: bool, rest: &'a str) -> &'a str {
        // In a loose list the box belongs to the first line, which is a paragraph.
        let inner = rest.trim_start_matches('\n');
        let rest = match inner.strip_prefix("<p>") {
            Some(inner) => {
                self.out.push_str("<p>");
                inner
            }
            None => rest,
        };
        self.out.push_str("<input type=\"checkbox\" disabled=\"\"");
        if is_done {
            self.out.push_str(" checked=\"\"");
        }
        let mut name = String::new();
        escape_into(&self.labels.task, &mut name);
        self.attribute("aria-label", &name);
        self.out.push_str("> ");
        rest
    }

    fn end(&mut self, name: &str) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                if let Some(Some((id, label))) = self.anchors.pop()
                    && self.inside_links == 0
                {
                    self.out.push_str("<a class=\"anchor\"");
                    self.attribute("href", &format!("#{id}"));
                    self.attribute("aria-label", &label);
                    self.out.push('>');
                    self.icon("link");
                    self.out.push_str("</a>");
                }
            }
            "a" => self.inside_links = self.inside_links.saturating_sub(1),
            "summary" => self.icon("down"),
            "aside" if self.asides.pop() == Some(true) => self.out.push_str("</div>"),
            _ => {}
        }
        let name = if name == "h1" { "h2" } else { name };
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        if name == "table" {
            self.out.push_str("</div>");
        }
    }
}

/// The text up to the heading's end, made fit for an attribute.
fn text_until(rest: &str, name: &str) -> String {
    let closing = format!("</{name}>");
    // A window keeps headings inside headings linear.
    let mut window = rest.len().min(NAME_BYTES_MAX * 4);
    while !rest.is_char_boundary(window) {
        window -= 1;
    }
    let inner = rest.get(..window).unwrap_or_default();
    let inner = inner.split(closing.as_str()).next().unwrap_or_default();
    let mut words = String::new();
    let mut is_tag = false;
    for c in inner.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            '"' if !is_tag => words.push_str("&quot;"),
            '\n' if !is_tag => words.push(' '),
            c if !is_tag => words.push(c),
            _ => {}
        }
    }
    words.trim().to_owned()
}

/// Cuts escaped text, never inside an entity or a character.
fn cut(escaped: &str) -> &str {
    if escaped.len() <= NAME_BYTES_MAX {
        return escaped;
    }
    let mut end = NAME_BYTES_MAX;
    while !escaped.is_char_boundary(end) {
        end -= 1;
    }
    let head = &escaped[..end];
    match head.rfind('&') {
        Some(entity) if !head[entity..].contains(';') => &head[..entity],
        _ => head,
    }
}
