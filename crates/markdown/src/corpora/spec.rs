//! The CommonMark and GFM specifications: before the sanitiser the HTML agrees, after the whole
//! road the words and the addresses do, but for two committed lists with a reason a line.

use super::{Line, check_list, lines, listed, ran};
use crate::RenderOptions;
use crate::links::{percent_decoded, prefix_fragment};
use crate::render::{render, unsanitised, without_sanitiser};
use crate::tags::{Token, Tokens};
use crate::text::decode_entities;
use pulldown_cmark::Options;

const GFM_DIFFERS: &str = include_str!("../../tests/data/gfm-differs.txt");
const PIPELINE_DIFFERS: &str = include_str!("../../tests/data/pipeline-differs.txt");

#[test]
fn commonmark_html_equals_the_specification() {
    let Some(all) = lines("markdown-spec.jsonl") else {
        return;
    };
    let mut count = 0;
    for line in all.iter().filter(|line| line.src.starts_with("commonmark")) {
        count += 1;
        let html = without_sanitiser(&line.input);
        let expected = line.expected.as_deref().expect("a reference");
        assert_eq!(
            normal(&html),
            normal(expected),
            "{}: {:?}",
            line.id,
            line.input
        );
    }
    ran("CommonMark before sanitising", count, 655);
}

#[test]
fn gfm_html_equals_the_specification_but_for_a_list() {
    let Some(all) = lines("markdown-spec.jsonl") else {
        return;
    };
    let gfm = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut count = 0;
    let mut differ = Vec::new();
    for line in all.iter().filter(|line| line.src.starts_with("gfm")) {
        count += 1;
        let html = unsanitised(&line.input, gfm).expect("within the limits");
        let expected = line.expected.as_deref().expect("a reference");
        if normal(&html) != normal(expected) {
            differ.push((line.id.clone(), detail(line, &html)));
        }
    }
    ran("GFM before sanitising", count, 43);
    check_list("gfm-differs.txt", &differ, &listed(GFM_DIFFERS));
}

#[test]
fn after_the_whole_road_words_and_addresses_agree_but_for_a_list() {
    let Some(all) = lines("markdown-spec.jsonl") else {
        return;
    };
    let mut differ = Vec::new();
    for line in &all {
        let html = render(&line.input, &RenderOptions::default()).expect("within the limits");
        let html = html.html.into_string();
        let expected = line.expected.as_deref().expect("a reference");
        if words(&html) != words(expected) || addresses(&html) != addresses(expected) {
            differ.push((line.id.clone(), detail(line, &html)));
        }
    }
    ran("specification after the whole road", all.len(), 698);
    check_list("pipeline-differs.txt", &differ, &listed(PIPELINE_DIFFERS));
}

fn detail(line: &Line, html: &str) -> String {
    let expected = line.expected.as_deref().unwrap_or_default();
    format!(
        "  input    {:?}\n  wanted   {expected:?}\n  rendered {html:?}",
        line.input
    )
}

const INLINE: &[&str] = &[
    "a", "b", "code", "del", "em", "i", "img", "span", "strong", "sup", "u", "input",
];

/// HTML with what carries no meaning taken out: blanks beside blocks, `/>`, the order of
/// attributes, the spelling of entities.
fn normal(html: &str) -> String {
    let mut out = String::new();
    let mut in_pre = 0_usize;
    let trim = |out: &mut String| out.truncate(out.trim_end().len());
    for token in Tokens::of(html) {
        match token {
            Token::Text(text) if in_pre > 0 => out.push_str(&decode_entities(text)),
            Token::Text(text) => {
                let text = decode_entities(text).replace(['\n', '\t'], " ");
                let blank = out.is_empty() || out.ends_with([' ', '\u{2}']);
                out.push_str(if blank { text.trim_start() } else { &text });
            }
            Token::Start(mut tag) => {
                let is_block = !INLINE.contains(&tag.name.as_str());
                if is_block && in_pre == 0 {
                    trim(&mut out);
                }
                in_pre += usize::from(tag.name == "pre");
                tag.attributes.sort();
                out.push_str(&format!("\u{1}{}", tag.name));
                for (name, value) in &tag.attributes {
                    out.push_str(&format!(" {name}={:?}", decode_entities(value)));
                }
                out.push(if is_block { '\u{2}' } else { '\u{3}' });
            }
            Token::End(name) => {
                let is_block = !INLINE.contains(&name.as_str());
                if is_block && in_pre == 0 {
                    trim(&mut out);
                }
                in_pre -= usize::from(name == "pre" && in_pre > 0);
                out.push_str(&format!("\u{1}/{name}"));
                out.push(if is_block { '\u{2}' } else { '\u{3}' });
            }
            Token::Hidden => out.push_str("\u{1}hidden\u{3}"),
        }
    }
    out.trim().to_owned()
}

/// What a reader reads, blanks aside. The name of a code block's language is ours, not the author's.
fn words(html: &str) -> String {
    let mut words = String::new();
    let mut tokens = Tokens::of(html);
    let mut last = String::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => words.push_str(&decode_entities(text)),
            Token::Start(tag) => {
                if tag.name == "figcaption" && last == "figure-code" {
                    tokens.skip_past_end_of("figcaption");
                }
                let is_code = tag.attributes == [("class".to_owned(), "code")];
                last = format!("{}{}", tag.name, if is_code { "-code" } else { "" });
            }
            _ => {}
        }
    }
    words.retain(|c| !c.is_whitespace() && c != '\u{fffd}');
    words
}

/// The addresses of links and pictures in order, in one spelling; heading anchors are ours.
fn addresses(html: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    for token in Tokens::of(html) {
        let Token::Start(tag) = token else { continue };
        let value = |wanted: &str| {
            let found = tag.attributes.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| decode_entities(value).into_owned())
        };
        if tag.name == "use" || value("class").as_deref() == Some("anchor") {
            continue;
        }
        let address = value("href").or(value("src"));
        addresses.extend(address.map(|address| {
            let decoded = percent_decoded(&address).into_owned();
            prefix_fragment(decoded.into()).into_owned()
        }));
    }
    addresses
}
