//! Hostile HTML, hostile Markdown and shapes made to cost: each is rendered or refused by a named
//! limit, nothing that could run is left, and a browser parses what we wrote.

use super::audit::{audit, parses_as_written};
use super::{Line, lines, ran};
use crate::events::{dialect, parse};
use crate::policy::{clean, clean_until_stable};
use crate::serialised::Serialised;
use crate::shape::shape;
use crate::{
    AddressParts, FileTarget, RenderOptions, Rendered, SafeHtml, Target, excerpt, plain_text,
    render, sections,
};
use std::collections::HashMap;

fn check(line: &Line) -> Result<bool, String> {
    let options = RenderOptions::default();
    let Ok(events) = parse(&line.input, dialect()) else {
        return Ok(false);
    };
    let Ok(shaped) = shape(&line.input, &events, &options) else {
        return Ok(false);
    };
    let clean_html = clean_until_stable(&shaped.html).ok_or("does not settle")?;
    if clean(&clean_html) != clean_html {
        return Err("no fixpoint of the cleaner".to_owned());
    }
    let rendered = render(&line.input, &options).map_err(|error| error.to_string())?;
    audit(rendered.html.as_str())?;
    parses_as_written(rendered.html.as_str())?;
    if let Some(first) = rendered.headings.first() {
        let hidden = RenderOptions {
            hide_first_heading_equal_to: Some(first.text.clone()),
            ..RenderOptions::default()
        };
        let hidden = render(&line.input, &hidden).map_err(|error| error.to_string())?;
        audit(hidden.html.as_str())?;
        parses_as_written(hidden.html.as_str())?;
        if !hidden
            .html
            .as_str()
            .contains(&format!(" id=\"{}\"", first.id))
        {
            return Err("a hidden heading took its id with it".to_owned());
        }
    }
    with_targets(&rendered, line)?;
    plain_text(&line.input).map_err(|error| error.to_string())?;
    excerpt(&line.input, 200).map_err(|error| error.to_string())?;
    for section in sections(&line.input).map_err(|error| error.to_string())? {
        let anchor = section.anchor.map(|anchor| format!(" id=\"{anchor}\""));
        if anchor.is_some_and(|anchor| !rendered.html.as_str().contains(&anchor)) {
            return Err(format!("no place for the section {:?}", section.heading));
        }
    }
    Ok(true)
}

/// New addresses change nothing but what they stand in, and hostile ones nothing at all.
fn with_targets(rendered: &Rendered, line: &Line) -> Result<(), String> {
    let html = &rendered.html;
    if html.clone().with_targets(&HashMap::new()) != *html {
        return Err("changed without a target".to_owned());
    }
    let file = |address: &str| {
        Target::File(FileTarget {
            address: address.to_owned(),
            size: Some((1200, 800)),
            variants: vec![(480, address.to_owned())],
        })
    };
    for (n, address) in ["/t/a", "https://t.example/a", &line.input]
        .iter()
        .enumerate()
    {
        let mut targets = HashMap::new();
        for (at, link) in rendered.links.iter().enumerate() {
            let key = AddressParts::of(&link.target).whole.to_owned();
            let target = match (at + n) % 2 {
                0 => Target::Page((*address).to_owned()),
                _ => file(address),
            };
            targets.insert(key, target);
        }
        let composed = html.clone().with_targets(&targets);
        audit(composed.as_str())?;
        parses_as_written(composed.as_str())?;
        let (before, after) = (without_addresses(html), without_addresses(&composed));
        if before != after {
            return Err(format!("more than addresses changed:\n{before}\n{after}"));
        }
    }
    Ok(())
}

/// The HTML without what a target may change.
fn without_addresses(html: &SafeHtml) -> String {
    let mut out = String::new();
    for piece in html.as_str().split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.rfind('<').unwrap_or(piece.len()));
        out.push_str(text);
        let ours: &[&str] = match tag.get(..3) {
            Some("<a ") => &["href", "rel"],
            Some("<im") => &["src", "width", "height", "srcset", "sizes"],
            _ => {
                out.push_str(tag);
                continue;
            }
        };
        let tag = Serialised::of(tag);
        let kept = tag.attributes().filter(|(name, _)| !ours.contains(name));
        out.push_str(&format!("<{} {:?}>", tag.name, kept.collect::<Vec<_>>()));
    }
    out
}

fn check_all(file: &str, known: usize, refused_known: &[&str]) {
    let Some(all) = lines(file) else {
        return;
    };
    let mut refused = Vec::new();
    let mut wrong = Vec::new();
    for line in &all {
        match check(line) {
            Ok(true) => {}
            Ok(false) => refused.push(line.id.as_str()),
            Err(what) => {
                let input: String = line.input.chars().take(300).collect();
                wrong.push(format!("{}: {what}\n  input {input:?}", line.id));
            }
        }
    }
    let count = wrong.len();
    wrong.truncate(12);
    assert!(count == 0, "{count} lines of {file}:\n{}", wrong.join("\n"));
    assert_eq!(refused, refused_known, "refused by a limit");
    ran(file, all.len(), known);
}

#[test]
fn hostile_html_leaves_nothing_that_runs() {
    check_all("html.jsonl", 15_389, &[]);
}

#[test]
fn hostile_markdown_leaves_nothing_that_runs() {
    check_all("markdown.jsonl", 251, &[]);
}

#[test]
fn shapes_made_to_cost_are_rendered_or_refused_by_a_limit() {
    let refused = [
        "md-dos-nested_strong",
        "md-dos-nested_quotes",
        "md-dos-nested_lists",
        "md-dos-ul_flat",
        "md-dos-footnote_self",
        "md-dos-html_nest",
        "md-dos-html_nest_table",
        "md-dos-html_nest_div",
        "md-dos-formatting_adoption",
    ];
    check_all("md-dos-2000.jsonl", 57, &refused);
}
