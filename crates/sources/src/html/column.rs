//! The main column of a page. Readability finds it; what it found is then taken whole from our own
//! tree, because it also tidies, and takes tables and lists of links out of an article.

use std::collections::HashSet;

use dom_smoothie::{Config, Readability};

use crate::markup::{
    Element, Node, attribute, descendants, elements, first, has_class, numbered, parse_html,
    text_of,
};

/// The attribute that tells elements through the other parser and back.
const NUMBER: &str = "data-cairn-number";
/// Most elements of a page whose column is looked for; larger pages are taken by their elements.
const ELEMENTS_MAX: usize = 50_000;
/// Fewest words of a page that is an article.
const WORDS_MIN: usize = 12;
/// Largest share of an article's words that are links, in percent.
const LINK_PERCENT_MAX: usize = 70;
/// Smallest share of the words that readability found which must come back, in percent.
const FOUND_PERCENT_MIN: usize = 60;

/// The nodes of the column, or why there is none.
pub(super) fn column(nodes: &[Node]) -> Result<Vec<Node>, &'static str> {
    let mut column = match (readable(nodes), marked(nodes)) {
        (Some(found), Some(marked)) => {
            let (wide, narrow) = (count(&text_of(&found)), count(&text_of(&marked)));
            // On short pages readability takes what stands beside the article too.
            let is_within = narrow <= wide && narrow * 100 >= wide * FOUND_PERCENT_MIN;
            if is_within { marked } else { found }
        }
        (Some(found), None) => found,
        (None, Some(marked)) => marked,
        (None, None) => nodes.to_vec(),
    };
    without_navigation(&mut column);
    let words = count(&text_of(&column));
    if words < WORDS_MIN {
        return Err("it has no text of its own; it was left out");
    }
    if linked_words(&column) * 100 > words * LINK_PERCENT_MAX {
        return Err("it is a list of links and no article; it was left out");
    }
    Ok(column)
}

fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// What readability takes for the column, whole.
fn readable(nodes: &[Node]) -> Option<Vec<Node>> {
    let config = Config {
        keep_classes: true,
        max_elements_to_parse: ELEMENTS_MAX,
        ..Config::default()
    };
    let html = numbered(nodes, NUMBER);
    let mut readability = Readability::new(html.as_str(), None, Some(config)).ok()?;
    let found = readability.parse().ok()?;
    let found = parse_html(&found.content).ok()?;
    let mut numbers = HashSet::new();
    topmost(&found, &mut numbers);
    let mut number = 0;
    let mut column = Vec::new();
    take(nodes, &numbers, &mut number, &mut column);
    let (kept, wanted) = (count(&text_of(&column)), count(&text_of(&found)));
    (wanted > 0 && kept * 100 >= wanted * FOUND_PERCENT_MIN).then_some(column)
}

/// The numbers of the outermost elements that have one.
fn topmost(nodes: &[Node], numbers: &mut HashSet<usize>) {
    for element in elements(nodes) {
        match attribute(element, NUMBER).and_then(|number| number.parse().ok()) {
            Some(number) => {
                numbers.insert(number);
            }
            None => topmost(&element.children, numbers),
        }
    }
}

/// Takes the elements with these numbers, in the order of the page.
fn take(nodes: &[Node], numbers: &HashSet<usize>, number: &mut usize, column: &mut Vec<Node>) {
    for node in nodes {
        let Node::Element(element) = node else {
            continue;
        };
        *number += 1;
        if numbers.contains(number) {
            column.push(node.clone());
            *number += count_below(&element.children);
        } else {
            take(&element.children, numbers, number, column);
        }
    }
}

fn count_below(nodes: &[Node]) -> usize {
    elements(nodes)
        .map(|element| 1 + count_below(&element.children))
        .sum()
}

/// What the page itself marks as its content: its only article, its main part, else its body.
fn marked(nodes: &[Node]) -> Option<Vec<Node>> {
    let is_main =
        |element: &Element| element.name == "main" || attribute(element, "role") == Some("main");
    let mut articles = 0;
    descendants(nodes, &mut |element| {
        articles += usize::from(element.name == "article")
    });
    let article = first(nodes, &|element| element.name == "article").filter(|_| articles == 1);
    let found = article.or_else(|| first(nodes, &is_main));
    let found = found.or_else(|| first(nodes, &|element| element.name == "body"))?;
    Some(found.children.clone())
}

/// Takes out what belongs to the site, not to the article.
fn without_navigation(nodes: &mut Vec<Node>) {
    nodes.retain(|node| !matches!(node, Node::Element(element) if is_navigation(element)));
    for node in nodes {
        if let Node::Element(element) = node {
            without_navigation(&mut element.children);
        }
    }
}

fn is_navigation(element: &Element) -> bool {
    let role = attribute(element, "role").unwrap_or_default();
    ["nav", "footer", "form", "head"].contains(&element.name.as_str())
        || ["navigation", "search", "contentinfo", "complementary"].contains(&role)
        || [
            "breadcrumb",
            "breadcrumbs",
            "sidebar",
            "pagination",
            "share",
            "article-votes",
            "article-relatives",
        ]
        .iter()
        .any(|class| has_class(element, class))
}

fn linked_words(nodes: &[Node]) -> usize {
    elements(nodes)
        .map(|element| {
            if element.name == "a" && attribute(element, "href").is_some() {
                count(&text_of(&element.children))
            } else {
                linked_words(&element.children)
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html_to_markdown::markdown_of;

    #[test]
    fn hostile_pages_have_a_column_or_none_and_break_nothing() {
        let Some(shared) = std::env::var_os("CAIRN_SHARED") else {
            println!("skipped: CAIRN_SHARED names no folder with corpora/html.jsonl");
            return;
        };
        let path = std::path::Path::new(&shared).join("corpora/html.jsonl");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: there is no corpora/html.jsonl");
            return;
        };
        let filler =
            "<p>These words are here so that the page has a text of its own, for a reader.</p>";
        let (mut lines, mut columns) = (0, 0);
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let input = value["input"].as_str().unwrap();
            let page =
                format!("<html><body><article>{filler}{input}{filler}</article></body></html>");
            if let Ok(column) = column(&parse_html(&page).unwrap()) {
                assert!(!markdown_of(&column).is_empty());
                columns += 1;
            }
            lines += 1;
        }
        println!("{lines} pages, {columns} with a column");
        assert_eq!(lines, 15_389);
        assert!(columns > 14_000, "{columns}");
    }
}
