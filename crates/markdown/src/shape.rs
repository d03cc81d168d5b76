//! The event pass: gives headings, notes, alerts, tables, tasks, code, pictures and links the markup
//! that the pages style, and hands raw HTML on in order. Nothing here is trusted: the sanitiser
//! reads the result as if a stranger had written it.

use crate::autolinks;
use crate::code::Highlighter;
use crate::events::{Spanned, ends, inline_text};
use crate::headings::{Heading, NOTE_MARK_PREFIX, NOTE_PREFIX, Outline, split_own_id};
use crate::limits::{HTML_BYTES_MAX, HTML_NODES_MAX, LimitExceeded, check};
use crate::links::{self, Verdict};
use crate::options::{Labels, RenderOptions};
use crate::raw_html::{RawHtml, refusal, write_anchors};
use crate::removed::{Removed, quoted};
use crate::text::escape_into;
use pulldown_cmark::{
    Alignment, BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Tag, TagEnd,
};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// HTML that still has to be sanitised, and what was learned on the way.
pub(crate) struct Shaped {
    pub(crate) html: String,
    pub(crate) headings: Vec<Heading>,
    pub(crate) removed: Removed,
}

/// Shapes the events of `body`.
pub(crate) fn shape(
    body: &str,
    events: &[Spanned<'_>],
    options: &RenderOptions,
) -> Result<Shaped, LimitExceeded> {
    let mut shaper = Shaper::new(body, events, options);
    shaper.write(0..events.len())?;
    shaper.notes()?;
    let nodes = shaper.out.len() / 2 + shaper.raw.nodes;
    check("html_nodes_max", HTML_NODES_MAX, nodes)?;
    let mut html = String::with_capacity(body.len() * 2);
    pulldown_cmark::html::push_html(&mut html, shaper.out.into_iter());
    check("html_bytes_max", HTML_BYTES_MAX, html.len())?;
    Ok(Shaped {
        html,
        headings: shaper.headings,
        removed: shaper.removed,
    })
}

struct Shaper<'a, 'e> {
    body: &'a str,
    events: &'e [Spanned<'a>],
    ends: Vec<usize>,
    outline: Outline,
    labels: &'e Labels,
    hidden_heading: Option<usize>,
    /// The text that ends in the `{#own-id}` of the heading it stands in.
    own_id_at: Option<usize>,
    demoted_by: u8,
    out: Vec<Event<'a>>,
    raw: RawHtml,
    removed: Removed,
    highlighter: Highlighter,
    headings: Vec<Heading>,
    links: Vec<bool>, // whether each open link is written
    alignments: Vec<Alignment>,
    cell: usize,
    in_table_head: bool,
    has_table_body: bool,
    definitions: HashMap<CowStr<'a>, usize>,
    numbers: HashMap<CowStr<'a>, usize>,
    marks: Vec<usize>,                 // how often each note was referred to
    waiting: VecDeque<(usize, usize)>, // number and event of notes not yet written
    /// Positions without a later end tag of such an element in their container.
    unclosed_before: HashMap<&'static str, usize>,
}

impl<'a, 'e> Shaper<'a, 'e> {
    fn new(body: &'a str, events: &'e [Spanned<'a>], options: &'e RenderOptions) -> Self {
        let outline = Outline::read(events);
        let title = options.hide_first_heading_equal_to.as_deref();
        let hidden_heading = title.and_then(|title| outline.first_that_repeats(title, events));
        let top = outline.top_level(|index| Some(index) != hidden_heading);
        let mut definitions = HashMap::new();
        for (index, (event, _)) in events.iter().enumerate() {
            if let Event::Start(Tag::FootnoteDefinition(label)) = event {
                definitions.entry(label.clone()).or_insert(index);
            }
        }
        Self {
            body,
            events,
            ends: ends(events),
            outline,
            labels: &options.labels,
            hidden_heading,
            own_id_at: None,
            demoted_by: u8::from(top == Some(1)),
            out: Vec::with_capacity(events.len() + 16),
            raw: RawHtml::default(),
            removed: Removed::default(),
            highlighter: Highlighter::default(),
            headings: Vec::new(),
            links: Vec::new(),
            alignments: Vec::new(),
            cell: 0,
            in_table_head: false,
            has_table_body: false,
            definitions,
            numbers: HashMap::new(),
            marks: Vec::new(),
            waiting: VecDeque::new(),
            unclosed_before: HashMap::new(),
        }
    }

    fn html(&mut self, html: impl Into<CowStr<'a>>) {
        self.out.push(Event::Html(html.into()));
    }

    fn end_of(&self, start: usize) -> usize {
        self.ends.get(start).copied().unwrap_or(start)
    }

    fn event(&self, index: usize) -> Option<&'e Event<'a>> {
        self.events.get(index).map(|(event, _)| event)
    }

    fn write(&mut self, range: Range<usize>) -> Result<(), LimitExceeded> {
        let mut index = range.start;
        while index < range.end {
            let Some((event, at)) = self.events.get(index) else {
                break;
            };
            index = match event {
                Event::Start(tag) => self.start(index, tag)?,
                Event::End(end) => {
                    self.end(*end);
                    index + 1
                }
                Event::Text(text) => {
                    self.text(index, text, at.start);
                    index + 1
                }
                Event::Html(html) => {
                    self.raw_html(html)?;
                    index + 1
                }
                Event::InlineHtml(html) => match self.raw_html(html)? {
                    Some(name) => self.after_dropped(name, index, range.end),
                    None => index + 1,
                },
                Event::FootnoteReference(label) => {
                    self.note_mark(label);
                    index + 1
                }
                // The item carries it: see task_of.
                Event::TaskListMarker(_) => index + 1,
                other => {
                    self.out.push(other.clone());
                    index + 1
                }
            };
        }
        Ok(())
    }

    /// Opens a container and gives the index to go on with.
    fn start(&mut self, index: usize, tag: &Tag<'a>) -> Result<usize, LimitExceeded> {
        let end = self.end_of(index);
        match tag {
            Tag::HtmlBlock => return Ok(index + 1),
            Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_) => return Ok(end + 1),
            Tag::Heading { .. } => {
                if self.hidden_heading == Some(index) {
                    self.anchors_of(index)?;
                    return Ok(end + 1);
                }
                self.heading(index);
            }
            Tag::BlockQuote(Some(kind)) => {
                self.raw.enter();
                return self.alert(index, *kind);
            }
            Tag::CodeBlock(kind) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.as_ref(),
                    CodeBlockKind::Indented => "",
                };
                let code = inline_text(self.events, index..end);
                let mut figure = String::with_capacity(code.len() * 2);
                self.raw.nodes += self.highlighter.write(info, &code, &mut figure);
                self.html(figure);
                return Ok(end + 1);
            }
            Tag::List(None) if self.task_of(index + 1).is_some() => {
                self.html("\n<ul class=\"tasks\">\n");
            }
            Tag::Item => match self.task_of(index) {
                Some(true) => self.html("<li class=\"task done\">"),
                Some(false) => self.html("<li class=\"task open\">"),
                None => self.out.push(Event::Start(Tag::Item)),
            },
            Tag::Table(alignments) => {
                self.alignments.clone_from(alignments);
                self.has_table_body = false;
                self.html("<table>");
            }
            Tag::TableHead => {
                (self.in_table_head, self.cell) = (true, 0);
                self.html("<thead><tr>");
            }
            Tag::TableRow => {
                self.cell = 0;
                let first = !std::mem::replace(&mut self.has_table_body, true);
                self.html(if first { "<tbody>\n<tr>" } else { "<tr>" });
            }
            Tag::TableCell => self.cell_start(),
            Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            } => self.link(*link_type, dest_url, title),
            Tag::Image {
                dest_url, title, ..
            } => {
                self.picture(index..end, dest_url, title);
                return Ok(end + 1);
            }
            Tag::Paragraph => {
                if let Some(next) = self.captioned_picture(index, end) {
                    return Ok(next);
                }
                self.out.push(Event::Start(Tag::Paragraph));
            }
            other => self.out.push(Event::Start(other.clone())),
        }
        self.raw.enter();
        Ok(index + 1)
    }

    fn end(&mut self, end: TagEnd) {
        if end == TagEnd::HtmlBlock {
            return;
        }
        let mut closing = String::new();
        self.raw.leave(&mut closing);
        if !closing.is_empty() {
            self.html(closing);
        }
        match end {
            TagEnd::Table => {
                let body = if self.has_table_body { "</tbody>" } else { "" };
                self.html(format!("{body}</table>\n"));
            }
            TagEnd::TableHead => {
                self.in_table_head = false;
                self.html("</tr></thead>\n");
            }
            TagEnd::TableRow => self.html("</tr>\n"),
            TagEnd::TableCell => {
                self.cell += 1;
                let closing = if self.in_table_head { "</th>" } else { "</td>" };
                self.html(closing);
            }
            TagEnd::BlockQuote(Some(_)) => self.html("</aside>\n"),
            TagEnd::Heading(level) => {
                let level = self.level(level as u8);
                self.out.push(Event::End(TagEnd::Heading(level)));
            }
            TagEnd::Link => {
                if self.links.pop() == Some(true) {
                    self.out.push(Event::End(TagEnd::Link));
                }
            }
            other => self.out.push(Event::End(other)),
        }
    }

    fn level(&self, level: u8) -> HeadingLevel {
        let level = usize::from(level + self.demoted_by).min(6);
        HeadingLevel::try_from(level).unwrap_or(HeadingLevel::H6)
    }

    fn heading(&mut self, index: usize) {
        let Some(heading) = self.outline.at(index) else {
            return;
        };
        let level = self.level(heading.level);
        let heading = Heading {
            level: level as u8,
            ..heading.clone()
        };
        let last = self.end_of(index).saturating_sub(1);
        if let Some(Event::Text(text)) = self.event(last)
            && split_own_id(text).1.is_some()
        {
            self.own_id_at = Some(last);
        }
        self.out.push(Event::Start(Tag::Heading {
            level,
            id: Some(CowStr::from(heading.id.clone())),
            classes: Vec::new(),
            attrs: Vec::new(),
        }));
        self.headings.push(heading);
    }

    /// What stays of a heading whose words are not shown: its id and the anchors written in it.
    fn anchors_of(&mut self, index: usize) -> Result<(), LimitExceeded> {
        let Some(heading) = self.outline.at(index) else {
            return Ok(());
        };
        let mut anchors = format!("<a id=\"{}\"></a>", heading.id);
        self.raw.nodes += 1;
        for inner in index..self.end_of(index) {
            if let Some(Event::InlineHtml(html)) = self.event(inner) {
                self.raw.nodes += write_anchors(html, &mut anchors);
            }
        }
        anchors.push('\n');
        self.html(anchors);
        Ok(())
    }

    /// `> [!WARNING]` with its kind as title, or with the bold words that stand alone on its first line.
    fn alert(&mut self, index: usize, kind: BlockQuoteKind) -> Result<usize, LimitExceeded> {
        let (class, label) = match kind {
            BlockQuoteKind::Note => ("note", &self.labels.note),
            BlockQuoteKind::Tip => ("tip", &self.labels.tip),
            BlockQuoteKind::Important => ("important", &self.labels.important),
            BlockQuoteKind::Warning => ("warning", &self.labels.warning),
            BlockQuoteKind::Caution => ("caution", &self.labels.caution),
        };
        let mut opening = format!("<aside class=\"alert {class}\">\n<b>");
        let starts_bold = matches!(
            (self.event(index + 1), self.event(index + 2)),
            (
                Some(Event::Start(Tag::Paragraph)),
                Some(Event::Start(Tag::Strong))
            )
        );
        let bold_end = self.end_of(index + 2);
        if starts_bold {
            let rest = match self.event(bold_end + 1) {
                Some(Event::SoftBreak | Event::HardBreak) => Some(true),
                Some(Event::End(TagEnd::Paragraph)) => Some(false),
                _ => None,
            };
            if let Some(has_more) = rest {
                self.html(opening);
                self.raw.enter();
                self.write(index + 3..bold_end)?;
                let mut closing = String::new();
                self.raw.leave(&mut closing);
                closing.push_str("</b>\n");
                self.html(closing);
                if has_more {
                    self.out.push(Event::Start(Tag::Paragraph));
                    self.raw.enter();
                }
                return Ok(bold_end + 2);
            }
        }
        escape_into(label, &mut opening);
        opening.push_str("</b>\n");
        self.html(opening);
        Ok(index + 1)
    }

    /// Whether the item that starts at `index` is a task, and whether it is done.
    fn task_of(&self, index: usize) -> Option<bool> {
        let Some(Event::Start(Tag::Item)) = self.event(index) else {
            return None;
        };
        let marker = match self.event(index + 1) {
            Some(Event::Start(Tag::Paragraph)) => self.event(index + 2),
            other => other,
        };
        match marker {
            Some(Event::TaskListMarker(done)) => Some(*done),
            _ => None,
        }
    }

    fn cell_start(&mut self) {
        let class = match self.alignments.get(self.cell) {
            Some(Alignment::Center) => " class=\"a-mid\"",
            Some(Alignment::Right) => " class=\"a-end\"",
            _ => "",
        };
        if self.in_table_head {
            self.html(format!("<th scope=\"col\"{class}>"));
        } else {
            self.html(format!("<td{class}>"));
        }
    }

    fn link(&mut self, link_type: LinkType, target: &CowStr<'a>, title: &CowStr<'a>) {
        let address = match link_type {
            LinkType::Email => format!("mailto:{target}"),
            _ => target.to_string(),
        };
        // A link inside a link would be torn apart by every HTML parser.
        let is_nested = self.raw.is_inside("a");
        let kept = match links::judge(&address) {
            Verdict::Keep(kept) if !is_nested => Some(self.fragment(&kept)),
            Verdict::Keep(_) => None,
            Verdict::Refuse(what) => {
                self.removed.say(refusal(&what, false));
                None
            }
        };
        self.links.push(kept.is_some());
        if let Some(kept) = kept {
            self.out.push(Event::Start(Tag::Link {
                link_type: LinkType::Inline,
                dest_url: CowStr::from(kept),
                title: title.clone(),
                id: CowStr::Borrowed(""),
            }));
        }
    }

    /// `#Some%20Words` leads to the heading that other tools would have given that id.
    fn fragment(&self, target: &str) -> String {
        let Some(name) = target.strip_prefix('#') else {
            return target.to_owned();
        };
        let decoded = links::percent_decoded(name);
        let by_words = format!("h-{}", crate::headings::slug(&decoded));
        if !self.outline.has_id(&format!("h-{name}")) && self.outline.has_id(&by_words) {
            return format!("#{by_words}");
        }
        links::prefix_fragment(target.into()).into_owned()
    }

    /// A picture alone in its paragraph, with a title: the title becomes its caption.
    fn captioned_picture(&mut self, index: usize, end: usize) -> Option<usize> {
        let Some(Event::Start(Tag::Image {
            dest_url, title, ..
        })) = self.event(index + 1)
        else {
            return None;
        };
        let picture_end = self.end_of(index + 1);
        if title.is_empty() || picture_end + 1 != end {
            return None;
        }
        self.html("<figure>");
        self.picture(index + 1..picture_end, dest_url, "");
        let mut caption = String::from("<figcaption>");
        escape_into(title, &mut caption);
        caption.push_str("</figcaption></figure>\n");
        self.html(caption);
        Some(end + 1)
    }

    fn picture(&mut self, range: Range<usize>, source: &str, title: &str) {
        let words = inline_text(self.events, range);
        let source = match links::judge_image(source) {
            Verdict::Keep(kept) if !kept.is_empty() => kept,
            verdict => {
                if let Verdict::Refuse(what) = verdict {
                    self.removed.say(refusal(&what, true));
                }
                self.out.push(Event::Text(CowStr::from(words)));
                return;
            }
        };
        let mut html = String::from("<img src=\"");
        links::escape_address_into(&source, &mut html);
        html.push_str("\" alt=\"");
        escape_into(&words, &mut html);
        if !title.is_empty() {
            html.push_str("\" title=\"");
            escape_into(title, &mut html);
        }
        html.push_str("\">");
        // Inline, so that a picture in a paragraph starts no new line.
        self.out.push(Event::InlineHtml(CowStr::from(html)));
    }

    fn text(&mut self, index: usize, text: &CowStr<'a>, at: usize) {
        let text = if self.own_id_at == Some(index) {
            CowStr::from(split_own_id(text).0.to_owned())
        } else {
            text.clone()
        };
        if self.links.contains(&true) || self.raw.is_inside("a") {
            self.out.push(Event::Text(text));
            return;
        }
        let before = self
            .body
            .get(..at)
            .and_then(|head| head.chars().next_back());
        let found = autolinks::find(&text, before);
        if found.is_empty() {
            self.out.push(Event::Text(text));
            return;
        }
        let mut done = 0;
        let piece = |range: Range<usize>| {
            let piece = text.get(range).unwrap_or_default();
            Event::Text(CowStr::from(piece.to_owned()))
        };
        for bare in found {
            self.out.push(piece(done..bare.at.start));
            self.out.push(Event::Start(Tag::Link {
                link_type: LinkType::Inline,
                dest_url: CowStr::from(bare.target),
                title: CowStr::Borrowed(""),
                id: CowStr::Borrowed(""),
            }));
            self.out.push(piece(bare.at.clone()));
            self.out.push(Event::End(TagEnd::Link));
            done = bare.at.end;
        }
        self.out.push(piece(done..text.len()));
    }

    fn raw_html(&mut self, html: &str) -> Result<Option<&'static str>, LimitExceeded> {
        let mut out = String::new();
        let open = self.raw.write(html, &mut out, &mut self.removed)?;
        if !out.is_empty() {
            self.html(out);
        }
        Ok(open)
    }

    /// Behind the end tag of an inline element that is dropped with its content, when it has one in
    /// the same container; else right behind its start.
    fn after_dropped(&mut self, name: &'static str, index: usize, end: usize) -> usize {
        if self
            .unclosed_before
            .get(name)
            .is_some_and(|until| index < *until)
        {
            return index + 1;
        }
        let closing = format!("</{name}");
        let mut depth = 0_usize;
        for next in index + 1..end {
            match self.event(next) {
                Some(Event::Start(_)) => depth += 1,
                Some(Event::End(_)) if depth == 0 => {
                    self.unclosed_before.insert(name, next);
                    return index + 1;
                }
                Some(Event::End(_)) => depth -= 1,
                Some(Event::InlineHtml(html)) if depth == 0 => {
                    let head = html.get(..closing.len());
                    if head.is_some_and(|head| head.eq_ignore_ascii_case(&closing)) {
                        return next + 1;
                    }
                }
                _ => {}
            }
        }
        self.unclosed_before.insert(name, end);
        index + 1
    }

    fn note_mark(&mut self, label: &CowStr<'a>) {
        let Some(definition) = self.definitions.get(label).copied() else {
            let text = format!("[^{label}]");
            return self.out.push(Event::Text(CowStr::from(text)));
        };
        let number = match self.numbers.get(label) {
            Some(number) => *number,
            None => {
                let number = self.numbers.len() + 1;
                self.numbers.insert(label.clone(), number);
                self.marks.push(0);
                self.waiting.push_back((number, definition));
                number
            }
        };
        if self.links.contains(&true) || self.raw.is_inside("a") {
            self.html(format!("<sup class=\"fn\">{number}</sup>"));
            return;
        }
        let Some(mark) = self.marks.get_mut(number - 1) else {
            return;
        };
        *mark += 1;
        let id = mark_id(number, *mark);
        let mut html = format!(
            "<sup class=\"fn\"><a id=\"{id}\" href=\"#{NOTE_PREFIX}{number}\" aria-label=\""
        );
        escape_into(
            &self.labels.footnote.replace("{}", &number.to_string()),
            &mut html,
        );
        html.push_str(&format!("\">{number}</a></sup>"));
        self.out.push(Event::InlineHtml(CowStr::from(html)));
    }

    /// The notes that the text refers to, in the order of their marks; notes may refer to notes.
    fn notes(&mut self) -> Result<(), LimitExceeded> {
        if !self.waiting.is_empty() {
            let mut opening = String::from("<section class=\"notes\" aria-label=\"");
            escape_into(&self.labels.footnotes, &mut opening);
            opening.push_str("\"><ol>\n");
            self.html(opening);
            let mut written = Vec::new();
            while let Some((number, definition)) = self.waiting.pop_front() {
                self.html(format!("<li id=\"{NOTE_PREFIX}{number}\">"));
                self.raw.enter();
                self.note(definition)?;
                let mut closing = String::new();
                self.raw.leave(&mut closing);
                self.html(closing);
                // Marks inside later notes are not known yet: the place is filled at the end.
                written.push((number, self.out.len()));
                self.html("");
                self.html("</li>\n");
            }
            for (number, place) in written {
                let links = self.links_back(number);
                if let Some(event) = self.out.get_mut(place) {
                    *event = Event::Html(CowStr::from(links));
                }
            }
            self.html("</ol></section>\n");
        }
        let mut unused: Vec<_> = self.definitions.iter().collect();
        unused.retain(|(label, _)| !self.numbers.contains_key(*label));
        unused.sort_by_key(|(_, index)| **index);
        for (label, _) in unused {
            let label = quoted(label);
            self.removed
                .say(format!("the note [^{label}]; nothing refers to it"));
        }
        Ok(())
    }

    /// The blocks of a note; a single paragraph stands without its element, as in a tight list.
    fn note(&mut self, definition: usize) -> Result<(), LimitExceeded> {
        let end = self.end_of(definition);
        let is_paragraph = matches!(
            self.event(definition + 1),
            Some(Event::Start(Tag::Paragraph))
        );
        let inner = definition + 1..end;
        if is_paragraph && self.end_of(definition + 1) + 1 == end {
            return self.write(inner.start + 1..inner.end - 1);
        }
        self.write(inner)
    }

    fn links_back(&self, number: usize) -> String {
        let mut html = String::new();
        let marks = self.marks.get(number - 1).copied().unwrap_or(0);
        for mark in 1..=marks {
            html.push_str(" <a href=\"#");
            html.push_str(&mark_id(number, mark));
            html.push_str("\" aria-label=\"");
            escape_into(&self.labels.back_to_text, &mut html);
            if mark > 1 {
                html.push_str(&format!(" ({mark})"));
            }
            html.push_str("\">");
            escape_into(&self.labels.back, &mut html);
            if mark > 1 {
                html.push_str(&format!(" ({mark})"));
            }
            html.push_str("</a>");
        }
        html
    }
}

fn mark_id(number: usize, mark: usize) -> String {
    if mark == 1 {
        return format!("{NOTE_MARK_PREFIX}{number}");
    }
    format!("{NOTE_MARK_PREFIX}{number}-{mark}")
}
