//! Tables: those that Markdown can write (one line a cell, no spans), those it cannot, and those
//! that only put things beside each other.

use crate::markup::{Element, Node, attribute, elements, is};

use super::inline;
use super::prepare::has_block;

/// Most columns of a table that is written as Markdown.
const COLUMNS_MAX: usize = 64;

/// What a table is.
pub(super) enum Table<'a> {
    /// Columns of a page, or one box: its cells one after the other.
    Layout,
    /// A caption and rows, the head first.
    Simple {
        caption: Option<&'a Element>,
        rows: Vec<Row<'a>>,
    },
    /// With spans or blocks in its cells: stays HTML.
    Complex,
}

/// A row.
pub(super) struct Row<'a> {
    cells: Vec<&'a Element>,
}

/// What kind of table it is.
pub(super) fn read(table: &Element) -> Table<'_> {
    let rows = rows(table);
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let caption = elements(&table.children).find(|element| element.name == "caption");
    let role = attribute(table, "role").unwrap_or_default();
    let is_simple = rows
        .iter()
        .flat_map(|row| &row.cells)
        .all(|cell| is_simple(cell));
    // Editors write the role on tables of data too: only one that holds blocks is a layout.
    let is_layout = ["presentation", "none"].contains(&role) && !is_simple;
    let is_box = rows.len() == 1 && columns == 1;
    if columns == 0 || is_box || is_layout {
        return Table::Layout;
    }
    if !is_simple || columns > COLUMNS_MAX {
        return Table::Complex;
    }
    Table::Simple { caption, rows }
}

/// All cells, for a table that is none; what stands outside of cells counts as one.
pub(super) fn cells(table: &Element) -> Vec<&Element> {
    let rows = rows(table);
    let cells: Vec<&Element> = rows.into_iter().flat_map(|row| row.cells).collect();
    if cells.is_empty() { vec![table] } else { cells }
}

fn rows(table: &Element) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    gather(table, &mut rows);
    rows
}

fn gather<'a>(element: &'a Element, rows: &mut Vec<Row<'a>>) {
    for child in elements(&element.children) {
        match child.name.as_str() {
            "tr" => {
                let cells = elements(&child.children);
                let cells: Vec<_> = cells
                    .filter(|cell| ["td", "th"].contains(&cell.name.as_str()))
                    .collect();
                if !cells.is_empty() {
                    rows.push(Row { cells });
                }
            }
            "thead" | "tbody" | "tfoot" => gather(child, rows),
            _ => {}
        }
    }
}

/// Whether a cell fits into one line: no spans, at most paragraphs, which become line breaks.
fn is_simple(cell: &Element) -> bool {
    let spans =
        |name| attribute(cell, name).is_some_and(|span| !["", "0", "1"].contains(&span.trim()));
    if spans("colspan") || spans("rowspan") {
        return false;
    }
    cell.children.iter().all(|node| match node {
        Node::Element(block) if ["p", "div"].contains(&block.name.as_str()) => {
            !has_block(&block.children)
        }
        Node::Element(element) => {
            !super::prepare::is_block(element) && !has_block(&element.children)
        }
        Node::Text(_) => true,
    })
}

/// Writes a simple table. Without a head of its own it gets an empty one: a head is what makes a
/// table in Markdown.
pub(super) fn write(rows: &[Row<'_>], out: &mut String) {
    let is_head = |row: &Row<'_>| row.cells.iter().all(|cell| cell.name == "th");
    let has_head = rows.first().is_some_and(is_head);
    out.push_str("<table>");
    if !has_head {
        out.push_str("<tr><td></td></tr>");
    }
    for row in rows {
        out.push_str("<tr>");
        for cell in &row.cells {
            out.push_str("<td>");
            let words = content(cell);
            // Heads of rows are bold where the head of the table is not theirs.
            let is_row_head = cell.name == "th" && !is_head(row) && !words.is_empty();
            let words = if is_row_head && !words.contains("<strong>") {
                format!("<strong>{words}</strong>")
            } else {
                words
            };
            out.push_str(&words);
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

fn content(cell: &Element) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut run: Vec<&Node> = Vec::new();
    for node in &cell.children {
        if is(node, &["p", "div"]) {
            lines.push(inline::write(run.drain(..)));
            lines.push(inline::write(std::iter::once(node)));
        } else {
            run.push(node);
        }
    }
    lines.push(inline::write(run.drain(..)));
    lines.retain(|line| !line.trim().is_empty());
    lines.join("<br>")
}
