//! The documents of a run: each output once, with the names of the lines that led to it.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::stage::Finding;

/// How many findings a failure shows.
const SHOWN_MAX: usize = 12;
/// How many characters of a document a failure shows.
const SHOWN_CHARS_MAX: usize = 400;

/// Unique outputs, in the order of their first line.
#[derive(Default)]
pub(super) struct Documents {
    bodies: Vec<Body>,
    numbers: HashMap<String, usize>,
}

struct Body {
    html: String,
    first: String,
    lines: usize,
}

impl Documents {
    /// Adds what a line became.
    pub(super) fn add(&mut self, line: &str, html: &str) {
        if let Some(number) = self.numbers.get(html) {
            self.bodies[*number].lines += 1;
            return;
        }
        self.numbers.insert(html.to_owned(), self.bodies.len());
        self.bodies.push(Body {
            html: html.to_owned(),
            first: line.to_owned(),
            lines: 1,
        });
    }

    /// How many unique ones there are.
    pub(super) fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Their HTML, in order.
    pub(super) fn html(&self) -> Vec<String> {
        self.bodies.iter().map(|body| body.html.clone()).collect()
    }

    /// Findings with what they were found in, for a failure's message.
    pub(super) fn shown(&self, findings: &[Finding]) -> String {
        let mut text = String::new();
        for Finding { document, what } in findings.iter().take(SHOWN_MAX) {
            let body = &self.bodies[*document];
            let html: String = body.html.chars().take(SHOWN_CHARS_MAX).collect();
            let (first, lines) = (&body.first, body.lines);
            writeln!(text, "{first} ({lines} lines alike): {what}\n  {html:?}").expect("memory");
        }
        if findings.len() > SHOWN_MAX {
            writeln!(text, "and {} more", findings.len() - SHOWN_MAX).expect("memory");
        }
        text
    }
}
