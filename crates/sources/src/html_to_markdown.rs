//! HTML of other systems as Markdown: every word in its order, with the structure Markdown has and,
//! where it has none (spans over cells, lists in cells, `<details>`, `<kbd>`), the HTML that the
//! renderer lets through.
//!
//! The road: a bounded tree ([`crate::markup`]) → *prepare* brings it down to the few elements that
//! have one meaning in Markdown → htmd converts those → *settle* escapes what the finished line
//! would otherwise mean. It refuses nothing but size: unknown elements lose their tags, scripts and
//! styles are dropped, addresses that no article may have are dropped and their words stay.

mod callouts;
mod code;
mod convert;
mod inline;
mod letters;
mod prepare;
mod raw;
mod settle;
mod tables;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use convert::Converter;

use crate::markup::{MarkupError, Node, parse_html};

/// Deepest nesting of lists, quotes and inline markup that is written; what is deeper loses its
/// markup and keeps its words. The renderer allows 100 levels in all.
const NESTING_MAX: usize = 24;

thread_local! {
    static CONVERTER: OnceCell<Converter> = const { OnceCell::new() };
}

/// Markdown that says what the HTML says.
///
/// # Errors
/// [`MarkupError`] when it is too large.
pub fn html_to_markdown(html: &str) -> Result<String, MarkupError> {
    Ok(markdown_of(&parse_html(html)?))
}

/// Markdown that says what a tree says.
pub(crate) fn markdown_of(nodes: &[Node]) -> String {
    let prepared = prepare::prepare(nodes);
    let converted = CONVERTER.with(|converter| {
        let converter = converter.get_or_init(Converter::new);
        converter.convert(&prepared)
    });
    let mut markdown = settle::settle(&converted);
    if !markdown.is_empty() {
        markdown.push('\n');
    }
    markdown
}
