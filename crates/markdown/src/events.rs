//! Markdown into a bounded list of events: the one place that calls the parser.
//!
//! Text that the parser hands over in pieces is joined, and so are the lines of an HTML block, so
//! that later passes see whole words and whole tags.

use crate::limits::{
    BODY_BYTES_MAX, DEPTH_MAX, EVENTS_MAX, FOOTNOTE_MARKS_MAX, LimitExceeded, check,
};
use pulldown_cmark::{CowStr, Event, Options, Parser, TagEnd};
use std::ops::Range;

/// An event and the bytes of the body it came from.
pub(crate) type Spanned<'a> = (Event<'a>, Range<usize>);

/// The Markdown that articles are written in.
pub(crate) fn dialect() -> Options {
    // Heading attributes, wikilinks, metadata blocks and definition lists stay off: the first emit
    // any attribute, the second guess targets, the third vanish, the fourth change ordinary prose.
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
}

/// Parses `body`, refusing it as soon as it costs too much.
pub(crate) fn parse(body: &str, options: Options) -> Result<Vec<Spanned<'_>>, LimitExceeded> {
    check("body_bytes_max", BODY_BYTES_MAX, body.len())?;
    if options.contains(Options::ENABLE_FOOTNOTES) {
        check(
            "footnote_marks_max",
            FOOTNOTE_MARKS_MAX,
            body.matches("[^").count(),
        )?;
    }
    let mut events: Vec<Spanned<'_>> = Vec::new();
    let mut run = String::new(); // the joined text of the last event, while pieces keep coming
    let mut depth = 0_usize;
    for (event, at) in Parser::new_ext(body, options).into_offset_iter() {
        match &event {
            Event::Start(_) => {
                depth += 1;
                check("depth_max", DEPTH_MAX, depth)?;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some((last, last_at)) = events.last_mut()
            && let Some(piece) = continues(last, &event)
        {
            if run.is_empty() {
                run.push_str(words(last));
            }
            run.push_str(piece);
            last_at.end = last_at.end.max(at.end);
            continue;
        }
        settle(&mut events, &mut run);
        events.push((event, at));
        check("events_max", EVENTS_MAX, events.len())?;
    }
    settle(&mut events, &mut run);
    Ok(events)
}

fn continues<'e>(last: &Event<'_>, next: &'e Event<'_>) -> Option<&'e str> {
    match (last, next) {
        (Event::Text(_), Event::Text(piece)) | (Event::Html(_), Event::Html(piece)) => Some(piece),
        _ => None,
    }
}

fn words<'e>(event: &'e Event<'_>) -> &'e str {
    match event {
        Event::Text(words) | Event::Html(words) => words,
        _ => "",
    }
}

fn settle(events: &mut [Spanned<'_>], run: &mut String) {
    if run.is_empty() {
        return;
    }
    if let Some((last, _)) = events.last_mut() {
        let whole = CowStr::from(std::mem::take(run));
        match last {
            Event::Text(words) | Event::Html(words) => *words = whole,
            _ => {}
        }
    }
}

/// For each start event the index of its end; for all others their own index.
pub(crate) fn ends(events: &[Spanned<'_>]) -> Vec<usize> {
    let mut ends: Vec<usize> = (0..events.len()).collect();
    let mut open = Vec::new();
    for (index, (event, _)) in events.iter().enumerate() {
        match event {
            Event::Start(_) => open.push(index),
            Event::End(_) => {
                if let Some(end) = open.pop().and_then(|start: usize| ends.get_mut(start)) {
                    *end = index;
                }
            }
            _ => {}
        }
    }
    ends
}

/// Whether the start opens a block that the reader sees as its own paragraph.
pub(crate) fn is_block(end: &TagEnd) -> bool {
    !matches!(
        end,
        TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Link
            | TagEnd::Image
    )
}

/// The readable text between two indices: code kept, images by their alternative text, no URLs.
pub(crate) fn inline_text(events: &[Spanned<'_>], range: Range<usize>) -> String {
    let mut text = String::new();
    for (event, _) in events.get(range).unwrap_or_default() {
        match event {
            Event::Text(t) | Event::Code(t) | Event::InlineMath(t) | Event::DisplayMath(t) => {
                text.push_str(t);
            }
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}
