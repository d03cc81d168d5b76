//! A reader of rendered HTML that trusts nothing: it accepts the serialiser's grammar and a closed
//! list, so that everything it does not know fails. A second reader is a full HTML parser: the
//! sanitiser's, with every tag let through, must find the text to be what it would write itself.

use crate::policy::{ELEMENTS, GENERIC};
use ammonia::Builder;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Attributes that only the assembly may write.
const OURS: &[(&str, &[&str])] = &[
    ("a", &["class", "rel"]),
    ("div", &["class", "tabindex", "role"]),
    ("img", &["loading", "decoding", "srcset", "sizes"]),
    ("input", &["type", "disabled", "checked"]),
    ("pre", &["tabindex"]),
    ("svg", &["class", "aria-hidden"]),
    ("use", &["href"]),
];

/// Reads the whole text; `Err` says what should not be there.
pub(super) fn audit(html: &str) -> Result<(), String> {
    let mut rest = html;
    let mut ids = HashSet::new();
    while let Some(open) = rest.find(['<', '>']) {
        if rest[open..].starts_with('>') {
            return Err(format!("a bare > at {:?}", &rest[open..]));
        }
        let end = rest[open..].find('>').ok_or("a tag without its end")?;
        let tag = &rest[open + 1..open + end];
        rest = &rest[open + end + 1..];
        let name = tag.trim_start_matches('/');
        let name = name.split(' ').next().unwrap_or_default();
        if !known(name) {
            return Err(format!("the element {name:?}"));
        }
        let attributes = if tag.starts_with('/') {
            if tag.contains(' ') {
                return Err(format!("an end tag with attributes {tag:?}"));
            }
            ""
        } else {
            &tag[name.len()..]
        };
        let mut seen = HashSet::new();
        for (attribute, value) in split(attributes)? {
            if !seen.insert(attribute) {
                return Err(format!("{attribute} twice in {tag:?}"));
            }
            one(name, attribute, value)?;
            if attribute == "id" && !ids.insert(value) {
                return Err(format!("the id {value:?} twice"));
            }
        }
    }
    Ok(())
}

fn known(element: &str) -> bool {
    ELEMENTS.iter().any(|(name, _)| *name == element)
        || OURS.iter().any(|(name, _)| *name == element)
}

fn split(attributes: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut found = Vec::new();
    let mut rest = attributes;
    while !rest.is_empty() {
        let odd = || format!("attributes {rest:?}");
        let tail = rest.strip_prefix(' ').ok_or_else(odd)?;
        let (name, tail) = tail.split_once("=\"").ok_or_else(odd)?;
        let (value, tail) = tail.split_once('"').ok_or_else(odd)?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Err(odd());
        }
        found.push((name, value));
        rest = tail;
    }
    Ok(found)
}

fn one(element: &str, attribute: &str, value: &str) -> Result<(), String> {
    let refuse = || Err(format!("{attribute}={value:?} on <{element}>"));
    let ours = OURS.iter().find(|(name, _)| *name == element);
    let is_ours = ours.is_some_and(|(_, names)| names.contains(&attribute));
    let listed = ELEMENTS.iter().find(|(name, _)| *name == element);
    let is_listed = listed.is_some_and(|(_, names)| names.contains(&attribute));
    if attribute.starts_with("on") || !(is_ours || is_listed || GENERIC.contains(&attribute)) {
        return refuse();
    }
    match attribute {
        "href" if element == "use" => {
            let symbol = value.trim_start_matches('#');
            if !crate::ICONS.contains(&symbol) {
                return refuse();
            }
        }
        "href" | "src" => {
            // The serialiser writes these entities only; whatever else looks like one is text.
            let address = value.replace("&amp;", "&");
            let address: String = address.chars().filter(|c| *c > ' ').collect();
            let address = address.to_lowercase();
            let head = address.split(['/', '?', '#']).next().unwrap_or_default();
            let fits = match head.split_once(':') {
                Some((scheme, _)) => ["http", "https", "mailto", "tel"].contains(&scheme),
                None => !address.starts_with("//") && !address.starts_with('\\'),
            };
            if !fits || address.starts_with("/\\") {
                return refuse();
            }
        }
        "id" if !["h-", "fn-", "fnref-"].iter().any(|p| value.starts_with(p)) => return refuse(),
        _ => {}
    }
    Ok(())
}

static OPEN: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (element, names) in ELEMENTS.iter().chain(OURS) {
        attributes.entry(element).or_default().extend(*names);
    }
    let mut builder = Builder::empty();
    builder
        .tags(attributes.keys().copied().collect())
        .tag_attributes(attributes)
        .generic_attributes(GENERIC.iter().copied().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .link_rel(None);
    builder
});

/// Whether an HTML parser reads the text as it is written: parsed and written again, it is the same.
pub(super) fn parses_as_written(html: &str) -> Result<(), String> {
    let again = OPEN.clean(html).to_string();
    if again == html {
        return Ok(());
    }
    Err(format!("written {html:?}\nparsed  {again:?}"))
}

#[test]
fn the_audit_finds_what_it_is_for() {
    for html in [
        "<p onclick=\"x\">a</p>",
        "<script>x</script>",
        "<a href=\"javascript:x\">a</a>",
        "<a href=\"java\nscript:x\">a</a>",
        "<img src=\"data:x\">",
        "<q cite=\"javascript:x\">a</q>",
        "<a href=\"//x\">a</a>",
        "<p id=\"search\">a</p>",
        "<p id=\"h-a\">a</p><p id=\"h-a\">a</p>",
        "<svg onload=\"x\"></svg>",
        "<use href=\"x.svg#a\"></use>",
        "<p a='b'>",
        "<p",
        "a > b",
    ] {
        assert!(audit(html).is_err(), "{html}");
    }
    assert!(parses_as_written("<p><p>a</p></p>").is_err());
}
