//! HTML as people and editors make it: unclosed, misnested, pasted. The rules of a browser as far
//! as words and their order depend on them; what a browser would repair by copying elements is
//! closed instead, so that no input grows.

use super::entities::decoded;
use super::tag::{NoTag, tag};
use super::{Builder, Element, MARKUP_BYTES_MAX, MarkupError, Node};

/// Elements that hold nothing.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// Elements whose content is no markup.
const RAW: &[&str] = &["script", "style", "xmp", "iframe", "noembed", "noframes"];
/// The same, with character references.
const RAW_DECODED: &[&str] = &["textarea", "title"];
/// Elements that end a paragraph.
const END_PARAGRAPH: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
];
/// Elements that nothing inside them reaches over.
const WALLS: &[&str] = &[
    "td", "th", "caption", "table", "button", "object", "template",
];

/// What opening an element closes: the nearest open one of these, not looking past those.
fn closes(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match name {
        "li" => (&["li"], &["ul", "ol", "menu", "td", "th", "table"]),
        "dt" | "dd" => (&["dt", "dd"], &["dl", "td", "th", "table"]),
        "tr" => (&["tr", "caption", "colgroup"], &["table"]),
        "td" | "th" => (&["td", "th"], &["tr", "table"]),
        "thead" | "tbody" | "tfoot" => (
            &["thead", "tbody", "tfoot", "caption", "colgroup"],
            &["table"],
        ),
        "option" | "optgroup" => (&["option"], &["select"]),
        "rt" | "rp" => (&["rt", "rp"], &["ruby"]),
        "a" => (&["a"], WALLS),
        "body" => (&["head"], &["html"]),
        _ => return None,
    })
}

/// The tree of some HTML: a whole page or a piece.
///
/// # Errors
/// [`MarkupError`] past a limit.
pub(crate) fn parse_html(html: &str) -> Result<Vec<Node>, MarkupError> {
    if html.len() > MARKUP_BYTES_MAX {
        return Err(MarkupError::Bytes(html.len()));
    }
    let mut builder = Builder::default();
    let mut rest = html;
    while !rest.is_empty() {
        let next = rest.find('<').unwrap_or(rest.len());
        let (text, markup) = rest.split_at(next);
        builder.text(&decoded(text))?;
        rest = markup;
        if rest.is_empty() {
            break;
        }
        if let Some(length) = hidden(rest, &mut builder)? {
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        match tag(rest) {
            Ok(found) => {
                rest = &rest[found.length..];
                if found.is_end {
                    end(&mut builder, &found.element.name);
                } else {
                    rest = start(&mut builder, found.element, found.closes_itself, rest)?;
                }
            }
            Err(NoTag::Text) => {
                builder.text("<")?;
                rest = &rest[1..];
            }
            // Nothing behind it can be a whole tag either, as far as a reader is concerned: text.
            Err(NoTag::Unfinished) => {
                builder.text(&decoded(rest))?;
                rest = "";
            }
        }
    }
    Ok(builder.finish())
}

/// The length of a comment, a declaration or a processing instruction. `CDATA` is kept as text.
fn hidden(rest: &str, builder: &mut Builder) -> Result<Option<usize>, MarkupError> {
    if let Some(data) = rest.strip_prefix("<![CDATA[") {
        let length = data.find("]]>").unwrap_or(data.len());
        builder.text(&data[..length])?;
        return Ok(Some(9 + length + 3));
    }
    if let Some(comment) = rest.strip_prefix("<!--") {
        if let Some(length) = ["->", ">"].into_iter().find(|end| comment.starts_with(end)) {
            return Ok(Some(4 + length.len()));
        }
        let length = comment.find("-->").unwrap_or(comment.len());
        return Ok(Some(4 + length + 3));
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return Ok(Some(rest.find('>').unwrap_or(rest.len()) + 1));
    }
    Ok(None)
}

/// Opens an element; gives the rest behind it, which skips what is no markup.
fn start<'a>(
    builder: &mut Builder,
    element: Element,
    closes_itself: bool,
    rest: &'a str,
) -> Result<&'a str, MarkupError> {
    let name = element.name.clone();
    if END_PARAGRAPH.contains(&&*name) {
        close_nearest(builder, &["p"], WALLS);
    }
    if let Some((these, walls)) = closes(&name) {
        close_nearest(builder, these, walls);
    }
    // Storage formats close their own elements this way; `<div/>` opens a `div` in every browser.
    if VOID.contains(&&*name) || (closes_itself && name.contains(':')) {
        builder.leaf(element)?;
        return Ok(rest);
    }
    let is_open = builder.open(element)?;
    let is_raw = RAW.contains(&&*name);
    if !is_raw && !RAW_DECODED.contains(&&*name) {
        return Ok(rest);
    }
    let length = end_of_raw(rest, &name);
    let (content, rest) = rest.split_at(length);
    if is_raw {
        builder.text(content)?;
    } else {
        builder.text(&decoded(content))?;
    }
    if is_open {
        builder.close_to(builder.open.len() - 1);
    }
    Ok(rest)
}

/// Where `</name` is, in any case.
fn end_of_raw(text: &str, name: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].find("</").map(|at| from + at) {
        let found = text.as_bytes().get(at + 2..at + 2 + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return at;
        }
        from = at + 2;
    }
    text.len()
}

fn end(builder: &mut Builder, name: &str) {
    let walls: &[&str] = match name {
        "td" | "th" | "tr" | "thead" | "tbody" | "tfoot" | "caption" | "colgroup" => &["table"],
        "table" | "body" | "html" | "button" | "object" | "template" => &[],
        _ => WALLS,
    };
    close_nearest(builder, &[name], walls);
}

/// Closes the nearest open element of these names and everything in it.
fn close_nearest(builder: &mut Builder, names: &[&str], walls: &[&str]) {
    for depth in (0..builder.open.len()).rev() {
        let open = builder.open[depth].name.as_str();
        if names.contains(&open) {
            builder.close_to(depth);
            return;
        }
        if walls.contains(&open) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::MARKUP_DEPTH_MAX;
    use std::fmt::Write as _;

    fn shown(nodes: &[Node]) -> String {
        let mut out = String::new();
        for node in nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => {
                    let inner = shown(&element.children);
                    let _ = write!(out, "({} {inner})", element.name);
                }
            }
        }
        out
    }

    fn check(html: &str, wanted: &str) {
        assert_eq!(shown(&parse_html(html).unwrap()), wanted, "{html}");
    }

    #[test]
    fn what_is_left_out_is_closed_as_in_a_browser() {
        check("<ul><li>a<li>b</ul>c", "(ul (li a)(li b))c");
        check("<p>a<p>b<div>c</div>", "(p a)(p b)(div c)");
        check(
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "(table (tr (td a)(td b))(tr (td c)))",
        );
        check("<td><p>a</td>b", "(td (p a))b");
        check(
            "<ul><li>a<ul><li>b</ul><li>c</ul>",
            "(ul (li a(ul (li b)))(li c))",
        );
        check("<b>a<i>b</b>c</i>d", "(b a(i b))cd");
        check("<dl><dt>a<dd>b<dt>c</dl>", "(dl (dt a)(dd b)(dt c))");
        check("<a href=x>a<a href=y>b", "(a a)(a b)");
        check("a<br>b<img src=x>c</p>", "a(br )b(img )c");
    }

    #[test]
    fn what_is_no_markup_stays_text() {
        check("a < b && c <3 <é>", "a < b && c <3 <é>");
        check("a <b href=\"x", "a <b href=\"x");
        check("x<!-- <b>a</b> -->y<!doctype html>z<?php a ?>", "xyz");
        check("<!-->a", "a");
        check("a<!-- never closed", "a");
        check("<![CDATA[a <b> &amp;]]>c", "a <b> &amp;c");
        check("<script>a<b</b>'</SCRIPT>c", "(script a<b</b>')c");
        check("<title>a &amp; <b></title>", "(title a & <b>)");
        check("<p>&lt;b&gt;", "(p <b>)");
    }

    #[test]
    fn the_tree_is_bounded_and_its_cost_is_linear() {
        let deep = format!("{}x{}", "<div>".repeat(300_000), "</div>".repeat(300_000));
        let mut nodes = &parse_html(&deep).unwrap()[..];
        let mut depth = 0;
        while let Some(Node::Element(element)) = nodes.first() {
            depth += 1;
            nodes = &element.children;
        }
        assert_eq!(depth, MARKUP_DEPTH_MAX);
        for piece in [
            "<a <a",
            "<b id=1>",
            "<!--",
            "<a b=\"<a b='",
            "</x",
            "&amp",
            "<p>",
            "<td>",
        ] {
            let html = piece.repeat(1_000_000 / piece.len());
            assert!(
                matches!(parse_html(&html), Ok(_) | Err(MarkupError::Nodes)),
                "{piece}"
            );
        }
        let many = format!(
            "<a {}>x",
            (0..200_000).map(|n| format!("a{n} ")).collect::<String>()
        );
        assert_eq!(shown(&parse_html(&many).unwrap()), "(a x)");
        assert!(parse_html(&"x".repeat(MARKUP_BYTES_MAX + 1)).is_err());
        assert_eq!(parse_html(&"<br>".repeat(400_001)), Err(MarkupError::Nodes));
    }
}
