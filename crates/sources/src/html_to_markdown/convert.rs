//! The converter, with handlers for what Markdown writes in more than one way.

use htmd::element_handler::{HandlerResult, Handlers};
use htmd::options::{BulletListMarker, HeadingStyle, LinkStyle, Options};
use htmd::{Element, HtmlToMarkdown};

use super::letters::{CELL, Mark, ROW, push_markup, push_text_char};

/// Text with letters from prepared HTML with letters.
pub(super) struct Converter(HtmlToMarkdown);

impl Converter {
    /// Made once for many articles.
    pub(super) fn new() -> Self {
        let options = Options {
            heading_style: HeadingStyle::Atx,
            link_style: LinkStyle::Inlined,
            bullet_list_marker: BulletListMarker::Dash,
            ul_bullet_spacing: 1,
            ol_number_spacing: 1,
            ..Options::default()
        };
        let converter = HtmlToMarkdown::builder()
            .options(options)
            .add_handler(vec!["strong"], |h: &dyn Handlers, e: Element<'_>| {
                marked(h, &e, Mark::Strong)
            })
            .add_handler(vec!["em"], |h: &dyn Handlers, e: Element<'_>| {
                marked(h, &e, Mark::Emphasis)
            })
            .add_handler(vec!["del"], |h: &dyn Handlers, e: Element<'_>| {
                marked(h, &e, Mark::Strike)
            })
            .add_handler(vec!["br"], line_break)
            .add_handler(vec!["tbody"], |h: &dyn Handlers, e: Element<'_>| {
                Some(h.walk_children(e.node))
            })
            .add_handler(vec!["tr"], |h: &dyn Handlers, e: Element<'_>| {
                separated(h, &e, ROW)
            })
            .add_handler(vec!["td"], |h: &dyn Handlers, e: Element<'_>| {
                separated(h, &e, CELL)
            })
            .add_handler(vec!["table"], table)
            .build();
        Self(converter)
    }

    /// Converts.
    pub(super) fn convert(&self, html: &str) -> String {
        // Reading from a string cannot fail.
        self.0.convert(html).unwrap_or_default()
    }
}

/// Blanks stand outside the marks, where Markdown wants them.
fn marked(handlers: &dyn Handlers, element: &Element<'_>, mark: Mark) -> Option<HandlerResult> {
    let content = handlers.walk_children(element.node).content;
    let words = content.trim();
    if words.is_empty() {
        return Some(content.into());
    }
    let (before, after) = content.split_once(words)?;
    let (begins, ends) = (mark.letter(true), mark.letter(false));
    Some(format!("{before}{begins}{words}{ends}{after}").into())
}

fn line_break(_: &dyn Handlers, _: Element<'_>) -> Option<HandlerResult> {
    let mut out = String::new();
    push_markup("\\\n", &mut out);
    Some(out.into())
}

fn separated(handlers: &dyn Handlers, element: &Element<'_>, by: char) -> Option<HandlerResult> {
    let content = handlers.walk_children(element.node).content;
    Some(format!("{by}{}", content.trim()).into())
}

/// A table whose first row is its head. Its cells hold one line each; the converter's own way
/// aligns columns with blanks, which makes a megabyte of one long cell and many rows.
fn table(handlers: &dyn Handlers, element: Element<'_>) -> Option<HandlerResult> {
    let content = handlers.walk_children(element.node).content;
    let rows: Vec<Vec<&str>> = content
        .split(ROW)
        .skip(1)
        .map(|row| row.split(CELL).skip(1).collect())
        .collect();
    let columns = rows
        .iter()
        .map(Vec::len)
        .max()
        .filter(|columns| *columns > 0)?;
    let mut out = String::from("\n\n");
    for (number, row) in rows.iter().enumerate() {
        out.push('|');
        for column in 0..columns {
            out.push(' ');
            cell(row.get(column).copied().unwrap_or_default(), &mut out);
            out.push_str(" |");
        }
        out.push('\n');
        if number == 0 {
            out.push('|');
            out.push_str(&" --- |".repeat(columns));
            out.push('\n');
        }
    }
    out.push('\n');
    Some(out.into())
}

/// One cell: bars are escaped in whatever alphabet they come, line breaks are elements.
fn cell(content: &str, out: &mut String) {
    let mut letters = [String::new(), String::new(), String::new()];
    push_text_char('|', &mut letters[0]);
    push_markup("|", &mut letters[1]);
    push_markup("\\\n", &mut letters[2]);
    let mut bar = String::new();
    push_markup("\\|", &mut bar);
    let mut line_break = String::new();
    push_markup("<br>", &mut line_break);
    let [text_bar, markup_bar, broken] = letters;
    let content = content.trim().replace(&broken, &line_break);
    let content = content.replace(&markup_bar, &bar).replace(&text_bar, &bar);
    out.push_str(&content.replace('|', "\\|").replace('\n', " "));
}
