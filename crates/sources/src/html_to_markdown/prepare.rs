//! Brings a tree down to what has one meaning in Markdown: paragraphs, headings, lists, quotes,
//! code, simple tables. Text goes out as letters, so that the converter escapes nothing.

use std::collections::HashSet;

use crate::markup::{Element, Node, attribute, descendants, has_class, is, text_of};

use super::letters::push_markup;
use super::{NESTING_MAX, callouts, code, inline, raw, tables};

/// Elements that are dropped with what is in them.
pub(super) const DROPPED: &[&str] = &[
    "script", "style", "template", "head", "title", "meta", "link", "base", "noembed", "noframes",
    "param", "col", "colgroup", "datalist", "area",
];
/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "noscript",
    "ol",
    "optgroup",
    "option",
    "p",
    "pre",
    "search",
    "section",
    "select",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "caption",
];

/// Whether an element stands on lines of its own.
pub(super) fn is_block(element: &Element) -> bool {
    BLOCKS.contains(&element.name.as_str())
}

/// Whether something that stands on lines of its own is anywhere in it.
pub(super) fn has_block(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Element(element) => {
            !DROPPED.contains(&element.name.as_str())
                && (is_block(element) || has_block(&element.children))
        }
        Node::Text(_) => false,
    })
}

/// Prepared HTML.
pub(super) fn prepare(nodes: &[Node]) -> String {
    let mut flow = Flow {
        fragments: fragments(nodes),
        ..Flow::default()
    };
    flow.nodes(nodes);
    flow.out
}

/// The anchors that links of the same text lead to.
fn fragments(nodes: &[Node]) -> HashSet<String> {
    let mut found = HashSet::new();
    descendants(nodes, &mut |element| {
        if let Some(name) = attribute(element, "href").and_then(|href| href.strip_prefix('#')) {
            found.insert(name.to_owned());
        }
    });
    found
}

/// Writes blocks.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) out: String,
    /// Anchors worth keeping.
    fragments: HashSet<String>,
    /// Lists and quotes around.
    nesting: usize,
    /// What goes around every run of words: start and end tags of links and emphasis that hold blocks.
    around: Vec<(String, String)>,
    /// The next run is the first of a list item, which needs no paragraph.
    is_tight: bool,
    /// Anchors to be written with the next words.
    anchors: Vec<String>,
}

impl Flow {
    /// Writes some nodes as blocks: what is inline between two blocks is a paragraph.
    pub(super) fn nodes(&mut self, nodes: &[Node]) {
        let mut run: Vec<&Node> = Vec::new();
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            at += 1;
            match node {
                Node::Element(element) if element.name == "li" => {
                    self.run(&mut run);
                    // Items without a list around them, as pasted text has them.
                    let rest = nodes.get(at..).unwrap_or_default();
                    let more = rest
                        .iter()
                        .take_while(|node| is_blank(node) || is(node, &["li"]));
                    let end = at + more.count();
                    self.items(nodes.get(at - 1..end).unwrap_or_default());
                    at = end;
                }
                Node::Element(element) if DROPPED.contains(&element.name.as_str()) => {}
                Node::Element(element) if is_block(element) => {
                    self.run(&mut run);
                    self.block(element);
                }
                Node::Element(element) if has_block(&element.children) => {
                    self.run(&mut run);
                    self.around(element);
                }
                // Two line breaks are how old pages part paragraphs.
                Node::Element(element) if element.name == "br" && ends_in_break(&run) => {
                    self.run(&mut run);
                }
                _ => run.push(node),
            }
        }
        self.run(&mut run);
    }

    /// A run of words as one paragraph.
    fn run(&mut self, run: &mut Vec<&Node>) {
        let nodes = std::mem::take(run);
        if nodes.iter().all(|node| is_blank(node)) {
            return;
        }
        let words = inline::write(nodes.iter().copied());
        self.paragraph(&words);
    }

    /// One paragraph of prepared words.
    fn paragraph(&mut self, words: &str) {
        if words.trim().is_empty() {
            return;
        }
        let is_tight = std::mem::take(&mut self.is_tight);
        self.out.push_str(if is_tight { "" } else { "<p>" });
        self.write_anchors();
        for (start, _) in &self.around {
            self.out.push_str(start);
        }
        self.out.push_str(words);
        for (_, end) in self.around.iter().rev() {
            self.out.push_str(end);
        }
        self.out.push_str(if is_tight { "" } else { "</p>" });
    }

    fn write_anchors(&mut self) {
        for anchor in std::mem::take(&mut self.anchors) {
            inline::anchor(&anchor, &mut self.out);
        }
    }

    /// A line of HTML on its own.
    pub(super) fn raw_line(&mut self, html: &str) {
        self.is_tight = false;
        self.out.push_str("<p>");
        push_markup(html, &mut self.out);
        self.out.push_str("</p>");
    }

    /// An inline element with blocks in it: links and emphasis go around each run of words.
    fn around(&mut self, element: &Element) {
        let tags = inline::tags_of(element).filter(|_| self.around.len() < NESTING_MAX);
        let is_around = tags.is_some();
        if let Some(tags) = tags {
            self.around.push(tags);
        }
        self.nodes(&element.children);
        if is_around {
            self.around.pop();
        }
    }

    fn block(&mut self, element: &Element) {
        let is_heading = matches!(
            element.name.as_str(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
        );
        if !is_heading
            && let Some(id) = attribute(element, "id").filter(|id| self.fragments.contains(*id))
        {
            self.anchors.push(id.to_owned());
        }
        if let Some(alert) = callouts::kind(element) {
            self.alert(element, alert);
            return;
        }
        match element.name.as_str() {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(element),
            "hr" => self.raw_line("---"),
            "pre" => self.code(element),
            "ul" | "ol" | "menu" | "dir" => self.list(element),
            "blockquote" => self.quote(&element.children),
            "table" => self.table(element),
            "details" => self.details(element),
            "dt" | "legend" => {
                let strong = ("<strong>".to_owned(), "</strong>".to_owned());
                self.around.push(strong);
                self.nodes(&element.children);
                self.around.pop();
            }
            "figure" => self.figure(element),
            _ => self.nodes(&element.children),
        }
    }

    fn heading(&mut self, element: &Element) {
        let words = inline::write_one_line(&element.children);
        if words.trim().is_empty() {
            return;
        }
        self.is_tight = false;
        let name = &element.name;
        self.out.push_str(&format!("<{name}>"));
        let own = attribute(element, "id").filter(|id| inline::is_plain_anchor(id));
        let inner = inline::first_anchor(&element.children);
        let id = own.or(inner.filter(|id| inline::is_plain_anchor(id)));
        for anchor in std::mem::take(&mut self.anchors) {
            inline::anchor(&anchor, &mut self.out);
        }
        for (start, _) in &self.around {
            self.out.push_str(start);
        }
        self.out.push_str(words.trim());
        for (_, end) in self.around.iter().rev() {
            self.out.push_str(end);
        }
        if let Some(id) = id {
            self.out.push(' ');
            push_markup(&format!("{{#{id}}}"), &mut self.out);
        }
        self.out.push_str(&format!("</{name}>"));
    }

    fn code(&mut self, element: &Element) {
        self.is_tight = false;
        if !self.anchors.is_empty() {
            self.out.push_str("<p>");
            self.write_anchors();
            self.out.push_str("</p>");
        }
        code::block(
            &code::language(element),
            &code::text(&element.children),
            &mut self.out,
        );
        // Pictures in code have no place in a fence; they follow it.
        descendants(&element.children, &mut |inner| {
            if inner.name == "img" {
                let words = inline::write(std::iter::once(&Node::Element(inner.clone())));
                self.paragraph(&words);
            }
        });
    }

    /// Items without a list around them.
    fn items(&mut self, items: &[Node]) {
        if self.nesting >= NESTING_MAX {
            for node in items {
                match node {
                    Node::Element(item) if item.name == "li" => self.nodes(&item.children),
                    _ => self.nodes(std::slice::from_ref(node)),
                }
            }
            return;
        }
        self.out.push_str("<ul>");
        self.nesting += 1;
        self.items_inside(items);
        self.nesting -= 1;
        self.is_tight = false;
        self.out.push_str("</ul>");
    }

    fn list(&mut self, element: &Element) {
        if self.nesting >= NESTING_MAX {
            return self.items(&element.children);
        }
        let name = if element.name == "ol" { "ol" } else { "ul" };
        // Two lists in a row would be read as one, and go on counting.
        if self.out.ends_with(&format!("</{name}>")) {
            self.raw_line("<!-- -->");
        }
        let start = attribute(element, "start").filter(|_| name == "ol");
        let start = start.and_then(|start| start.trim().parse::<u32>().ok());
        let start = start
            .filter(|start| (1..100_000_000).contains(start))
            .unwrap_or(1);
        if name == "ol" {
            self.out.push_str(&format!("<ol start={start}>"));
        } else {
            self.out.push_str("<ul>");
        }
        self.nesting += 1;
        self.items_inside(&element.children);
        self.nesting -= 1;
        self.is_tight = false;
        self.out.push_str(&format!("</{name}>"));
    }

    /// The items of a list. What stands between them, often a list of the next level, belongs to
    /// the item before.
    fn items_inside(&mut self, nodes: &[Node]) {
        let mut is_open = false;
        for node in nodes {
            if is_blank(node) || is(node, DROPPED) {
                continue;
            }
            let item = match node {
                Node::Element(element) if element.name == "li" => Some(element),
                _ => None,
            };
            if item.is_some() || !is_open {
                if is_open {
                    self.out.push_str("</li>");
                }
                self.out.push_str("<li>");
                is_open = true;
                self.is_tight = true;
            }
            match item {
                Some(item) => {
                    let id = attribute(item, "id").filter(|id| self.fragments.contains(*id));
                    self.anchors.extend(id.map(str::to_owned));
                    self.nodes(&item.children);
                }
                None => self.nodes(std::slice::from_ref(node)),
            }
            self.write_anchors();
        }
        if is_open {
            self.out.push_str("</li>");
        }
    }

    fn quote(&mut self, nodes: &[Node]) {
        if self.nesting >= NESTING_MAX {
            self.nodes(nodes);
            return;
        }
        self.nesting += 1;
        self.is_tight = false;
        // Two quotes in a row stay two.
        if self.out.ends_with("</blockquote>") {
            self.raw_line("<!-- -->");
        }
        let start = self.out.len();
        self.out.push_str("<blockquote>");
        let before = self.out.len();
        self.nodes(nodes);
        self.nesting -= 1;
        if self.out.len() == before {
            self.out.truncate(start);
        } else {
            self.out.push_str("</blockquote>");
        }
    }

    /// A callout as an alert: its kind, its own title, its words.
    fn alert(&mut self, element: &Element, alert: callouts::Alert) {
        let (title, nodes) = callouts::parts(element);
        if self.nesting >= NESTING_MAX || self.nesting > 0 && callouts::is_plain_quote(element) {
            self.nodes(&element.children);
            return;
        }
        if nodes.iter().all(|node| is_blank(node)) && title.is_none() {
            return;
        }
        self.nesting += 1;
        self.is_tight = false;
        if self.out.ends_with("</blockquote>") {
            self.raw_line("<!-- -->");
        }
        self.out.push_str("<blockquote>");
        self.raw_line(&format!("[!{}]", alert.word()));
        if let Some(title) = title {
            let words = inline::write_one_line(title);
            if !words.trim().is_empty() {
                let words = words.trim();
                let words = words.replace("<strong>", "").replace("</strong>", "");
                self.paragraph(&format!("<strong>{words}</strong>"));
            }
        }
        for node in nodes {
            self.nodes(std::slice::from_ref(node));
        }
        self.nesting -= 1;
        self.out.push_str("</blockquote>");
    }

    fn table(&mut self, element: &Element) {
        self.is_tight = false;
        if !self.anchors.is_empty() {
            self.out.push_str("<p>");
            self.write_anchors();
            self.out.push_str("</p>");
        }
        match tables::read(element) {
            tables::Table::Layout => {
                for cell in tables::cells(element) {
                    self.nodes(&cell.children);
                }
            }
            tables::Table::Simple { caption, rows } => {
                if let Some(caption) = caption {
                    let words = inline::write_one_line(&caption.children);
                    self.paragraph(&words);
                }
                tables::write(&rows, &mut self.out);
            }
            tables::Table::Complex => {
                let html = raw::html(std::slice::from_ref(&Node::Element(element.clone())));
                self.raw_line(&html);
            }
        }
    }

    fn details(&mut self, element: &Element) {
        let is_summary = |node: &&Node| is(node, &["summary"]);
        let summary = element.children.iter().find(is_summary);
        let open = if attribute(element, "open").is_some() {
            " open"
        } else {
            ""
        };
        let mut start = format!("<details{open}>");
        if let Some(Node::Element(summary)) = summary {
            start.push_str("<summary>");
            start.push_str(raw::html_inline(&summary.children).trim());
            start.push_str("</summary>");
        }
        self.raw_line(&start);
        let mut is_first = true;
        for node in &element.children {
            if is(node, &["summary"]) && std::mem::take(&mut is_first) {
                continue;
            }
            self.nodes(std::slice::from_ref(node));
        }
        self.raw_line("</details>");
    }

    /// A picture with plain words below becomes a picture with a caption.
    fn figure(&mut self, element: &Element) {
        let parts: Vec<&Node> = element
            .children
            .iter()
            .filter(|node| !is_blank(node))
            .collect();
        if let [Node::Element(picture), Node::Element(caption)] = parts[..]
            && picture.name == "img"
            && caption.name == "figcaption"
            && !has_class(element, "code")
            && caption
                .children
                .iter()
                .all(|node| matches!(node, Node::Text(_)))
            && !text_of(&caption.children).trim().is_empty()
        {
            let caption = text_of(&caption.children);
            let words = inline::picture(picture, Some(&caption));
            self.paragraph(&words);
            return;
        }
        self.nodes(&element.children);
    }
}

fn ends_in_break(run: &[&Node]) -> bool {
    let last = run.iter().rev().find(|node| !is_blank(node));
    last.is_some_and(|node| is(node, &["br"]))
}

/// Whether a node is nothing but white space.
pub(super) fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.bytes().all(|byte| byte.is_ascii_whitespace()))
}
