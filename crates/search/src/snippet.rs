//! The fragment of a body that speaks to a query.
//!
//! The engine's own highlighter stems every word of every body. Here a word is analysed only when
//! it begins like something that was looked for, and only the first part of a very long body is
//! looked through. Budget: 0.2 ms a hit.

use std::collections::HashMap;
use std::ops::Range;

use crate::analyzer::Analyzer;
use crate::answer::{HitSection, Snippet};
use crate::compounds::{WORD_BYTES_MAX, WORD_BYTES_MIN};
use crate::cut::Cutter;
use crate::plan::Plan;
use crate::ranking::SnippetSize;
use crate::schema::SectionMark;

/// Matches looked at per body; a word on every line adds nothing after that.
const MATCHES_MAX: usize = 1_000;
/// What a match counts that repeats a word already in the window.
const REPEAT_SHARE: f32 = 0.1;
/// What the words of the section's heading count.
const HEADING_SHARE: f32 = 0.5;

/// Finds and marks the words of one query in many bodies.
pub(crate) struct Highlighter {
    analyzer: Analyzer,
    /// Which word of the query a stem belongs to.
    stems: HashMap<String, usize>,
    weights: Vec<f32>,
    beginnings: Beginnings,
    takes_apart: bool,
    size: SnippetSize,
    buffer: String,
}

/// A word of the query found in a text.
#[derive(Debug, Clone)]
struct Match {
    bytes: Range<usize>,
    word: usize,
}

impl Highlighter {
    pub(crate) fn new(
        plan: &Plan,
        analyzer: Analyzer,
        rarity: impl Fn(&str) -> f32,
        size: &SnippetSize,
    ) -> Self {
        let mut stems = HashMap::new();
        let mut weights = Vec::with_capacity(plan.words.len());
        let mut beginnings = Beginnings::default();
        for word in &plan.words {
            let at = weights.len();
            let mut weight = 0.0f32;
            for form in &word.forms {
                weight = weight.max(form.boost * rarity(&form.stem));
                beginnings.add(&form.stem);
                stems.entry(form.stem.clone()).or_insert(at);
            }
            weights.push(weight);
        }
        Self {
            // What matches may stand at the end of a word.
            takes_apart: analyzer.takes_apart(),
            analyzer,
            stems,
            weights,
            beginnings,
            size: size.clone(),
            buffer: String::new(),
        }
    }

    /// The best fragment of `body` and the section it stands in.
    pub(crate) fn snippet(
        &mut self,
        body: &str,
        sections: &[SectionMark],
    ) -> (Snippet, Option<HitSection>) {
        let scanned = &body[..body.floor_char_boundary(self.size.scan_bytes_max)];
        let matches = self.matches(scanned);
        let headings: Vec<Vec<usize>> = sections
            .iter()
            .map(|s| match &s.heading {
                None => Vec::new(),
                Some(heading) => self.matches(heading).into_iter().map(|m| m.word).collect(),
            })
            .collect();
        let (range, focus) = match self.best_window(body, &matches, sections, &headings) {
            Some(window) => (self.around(body, window.clone()), window.start),
            None => {
                let from = self.best_heading(sections, &headings).map_or(0, |s| s.from);
                let from = from.min(body.len());
                (self.around(body, from..from), from)
            }
        };
        let section = sections[..sections.partition_point(|s| s.from <= focus)].last();
        let section = section.filter(|s| s.heading.is_some() || s.anchor.is_some());
        let section = section.map(|s| HitSection {
            heading: s.heading.clone(),
            anchor: s.anchor.clone(),
        });
        (render(body, range, &matches), section)
    }

    /// A whole text of one line, escaped for HTML, with the words that matched in `<mark>`.
    pub(crate) fn marked(&mut self, text: &str) -> String {
        let matches = self.matches(text);
        render(text, 0..text.len(), &matches).html
    }

    /// Where words of the query stand in a text, and which.
    pub(crate) fn words_in(&mut self, text: &str) -> Vec<(usize, usize)> {
        let matches = self.matches(text).into_iter();
        matches.map(|m| (m.bytes.start, m.word)).collect()
    }

    /// How many words the query has.
    pub(crate) fn words(&self) -> usize {
        self.weights.len()
    }

    /// How much a word of the query tells.
    pub(crate) fn weight(&self, word: usize) -> f32 {
        self.weights[word]
    }

    /// How much of a body is looked through.
    pub(crate) fn scan_bytes_max(&self) -> usize {
        self.size.scan_bytes_max
    }

    fn matches(&mut self, text: &str) -> Vec<Match> {
        let mut matches = Vec::new();
        for cut in Cutter::new(text) {
            let word = &text[cut.from..cut.to];
            let known = if cut.unspaced {
                if self.beginnings.may_be_bigram(word.as_bytes()) {
                    self.stems.get(word).copied()
                } else {
                    None
                }
            } else if self.beginnings.may_begin(word.as_bytes())
                || self.takes_apart && self.beginnings.may_stand_in(word.as_bytes())
            {
                self.analyzer.look_up(word, &mut self.buffer, &self.stems)
            } else {
                None
            };
            if let Some(word) = known {
                matches.push(Match {
                    bytes: cut.from..cut.to,
                    word,
                });
                if matches.len() >= MATCHES_MAX {
                    break;
                }
            }
        }
        matches
    }

    /// The stretch of matches, at most a snippet long, whose words tell most; the first of equals.
    fn best_window(
        &self,
        body: &str,
        matches: &[Match],
        sections: &[SectionMark],
        headings: &[Vec<usize>],
    ) -> Option<Range<usize>> {
        let mut counts = vec![0usize; self.weights.len()];
        let mut score = 0.0f32;
        let mut best: Option<(f32, Range<usize>)> = None;
        let mut first = 0;
        let mut chars = 0;
        for (last, found) in matches.iter().enumerate() {
            if last > 0 {
                let from = matches[last - 1].bytes.start;
                chars += body[from..found.bytes.start].chars().count();
            }
            score += self.weights[found.word]
                * if counts[found.word] == 0 {
                    1.0
                } else {
                    REPEAT_SHARE
                };
            counts[found.word] += 1;
            while first < last
                && chars + body[found.bytes.clone()].chars().count() > self.size.chars_min
            {
                let left = &matches[first];
                counts[left.word] -= 1;
                score -= self.weights[left.word]
                    * if counts[left.word] == 0 {
                        1.0
                    } else {
                        REPEAT_SHARE
                    };
                chars -= body[left.bytes.start..matches[first + 1].bytes.start]
                    .chars()
                    .count();
                first += 1;
            }
            let start = matches[first].bytes.start;
            let section = sections.partition_point(|s| s.from <= start);
            let mut whole = score;
            if section > 0 {
                let mut words = headings[section - 1].clone();
                words.sort_unstable();
                words.dedup();
                whole += words
                    .iter()
                    .filter(|w| counts[**w] == 0)
                    .map(|w| self.weights[*w] * HEADING_SHARE)
                    .sum::<f32>();
            }
            if best.as_ref().is_none_or(|(score, _)| whole > score + 1e-4) {
                best = Some((whole, start..found.bytes.end));
            }
        }
        best.map(|(_, window)| window)
    }

    fn best_heading<'a>(
        &self,
        sections: &'a [SectionMark],
        headings: &[Vec<usize>],
    ) -> Option<&'a SectionMark> {
        let mut best: Option<(f32, &SectionMark)> = None;
        for (section, words) in sections.iter().zip(headings) {
            let score: f32 = words.iter().map(|w| self.weights[*w]).sum();
            if score > best.map_or(0.0, |(s, _)| s) {
                best = Some((score, section));
            }
        }
        best.map(|(_, section)| section)
    }

    /// Widens a window of matches to a snippet: from the beginning of its sentence if that is near,
    /// to the end of a word.
    fn around(&self, body: &str, window: Range<usize>) -> Range<usize> {
        let inside = body[window.clone()].chars().count();
        let room = self.size.chars_max.saturating_sub(inside);
        // A third of the room goes before the match: what follows explains more.
        let lead = back(body, window.start, room / 3);
        let start = beginning(body, lead, window.start);
        let used = body[start..window.end].chars().count();
        let end = forward(body, window.end, self.size.chars_max.saturating_sub(used));
        if end == body.len() {
            // The end of the body is near: use the room before it.
            let used = body[start..end].chars().count();
            if used < self.size.chars_min {
                let lead = back(body, start, self.size.chars_max - used);
                return beginning(body, lead, start)..end;
            }
            return start..end;
        }
        let least = forward(body, start, self.size.chars_min).max(window.end);
        let end = body[least..end]
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_whitespace())
            .map_or(end, |(at, _)| least + at);
        start..end
    }
}

/// The byte `chars` characters before `at`.
fn back(text: &str, at: usize, chars: usize) -> usize {
    text[..at]
        .char_indices()
        .rev()
        .take(chars)
        .last()
        .map_or(at, |(start, _)| start)
}

/// The byte `chars` characters after `at`.
fn forward(text: &str, at: usize, chars: usize) -> usize {
    text[at..]
        .char_indices()
        .nth(chars)
        .map_or(text.len(), |(offset, _)| at + offset)
}

/// A good place to begin between `lead` and `at`: a line, a sentence, a word, else `lead`.
fn beginning(text: &str, lead: usize, at: usize) -> usize {
    if lead == 0 {
        return 0;
    }
    let stretch = &text[lead..at];
    if let Some(line) = stretch.rfind('\n') {
        return lead + line + 1;
    }
    for mark in [". ", "? ", "! ", "。", "؟ "] {
        if let Some(end) = stretch.rfind(mark) {
            return lead + end + mark.len();
        }
    }
    let is_inside_word = text[..lead]
        .chars()
        .next_back()
        .is_some_and(char::is_alphanumeric);
    match stretch.char_indices().find(|(_, c)| c.is_whitespace()) {
        Some((gap, c)) if is_inside_word => lead + gap + c.len_utf8(),
        _ => lead,
    }
}

/// Writes a fragment: white space made single, what cannot be seen left out, matches marked.
fn render(body: &str, range: Range<usize>, matches: &[Match]) -> Snippet {
    let mut snippet = Snippet::default();
    let mut marks = matches
        .iter()
        .map(|m| m.bytes.clone())
        .filter(|m| m.start >= range.start && m.end <= range.end)
        .peekable();
    let is_cut = |before: &str| {
        before.chars().next_back().is_some_and(|c| c != '\n')
            && !before.trim_end().ends_with(['.', '?', '!', '。'])
    };
    if is_cut(&body[..range.start]) {
        snippet.text.push('…');
        snippet.html.push('…');
    }
    let mut marked_until: Option<usize> = None;
    let mut is_gap = true;
    for (offset, c) in body[range.clone()].char_indices() {
        let at = range.start + offset;
        if let Some(end) = marked_until
            && at >= end
            // Bigrams overlap: a mark that begins inside or right at the end goes on.
            && marks.peek().is_none_or(|m| m.start > at)
        {
            snippet.html.push_str("</mark>");
            marked_until = None;
        }
        while let Some(mark) = marks.next_if(|m| m.start <= at) {
            if marked_until.is_none() {
                snippet.html.push_str("<mark>");
            }
            marked_until = Some(marked_until.unwrap_or(0).max(mark.end));
        }
        if c.is_whitespace() {
            if !is_gap {
                snippet.text.push(' ');
                snippet.html.push(' ');
            }
            is_gap = true;
            continue;
        }
        if c.is_control() || is_direction_mark(c) {
            continue;
        }
        is_gap = false;
        snippet.text.push(c);
        match c {
            '&' => snippet.html.push_str("&amp;"),
            '<' => snippet.html.push_str("&lt;"),
            '>' => snippet.html.push_str("&gt;"),
            '"' => snippet.html.push_str("&quot;"),
            '\'' => snippet.html.push_str("&#39;"),
            _ => snippet.html.push(c),
        }
    }
    if marked_until.is_some() {
        snippet.html.push_str("</mark>");
    }
    for out in [&mut snippet.text, &mut snippet.html] {
        out.truncate(out.trim_end().len());
        if range.end < body.len() && !body[range.end..].trim().is_empty() {
            out.push('…');
        }
    }
    snippet
}

/// Overrides and isolates that could turn the rest of the page around.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How words that may match begin. Stemming and folding change the end of a word, hardly ever its
/// beginning, so most words of a body are told apart by a few letters.
struct Beginnings {
    /// By first letter: the beginnings that a matching word has.
    by_letter: Box<[Vec<Box<[u8]>>; 128]>,
    /// How words begin that may stand inside another.
    inner: Vec<Box<[u8]>>,
    /// Hashes of the first characters of stems that begin beyond ASCII.
    beyond: u64,
}

/// Fewest letters by which a part of a compound is told.
const PART_BYTES: usize = 3;

/// A stem's last letters, which a word need not have (`cri` stands for `cry`).
const LOOSE_END: usize = 2;

impl Default for Beginnings {
    fn default() -> Self {
        Self {
            by_letter: Box::new([const { Vec::new() }; 128]),
            inner: Vec::new(),
            beyond: 0,
        }
    }
}

impl Beginnings {
    fn add(&mut self, stem: &str) {
        let bytes = stem.as_bytes();
        let ascii = bytes.iter().take_while(|b| b.is_ascii()).count();
        let Some(first) = bytes.first() else { return };
        if !first.is_ascii() {
            self.beyond |= bit(bytes);
            return;
        }
        let kept = ascii.min(bytes.len().saturating_sub(LOOSE_END)).max(1);
        let part = bytes.len().saturating_sub(LOOSE_END).max(PART_BYTES);
        if let Some(part) = bytes
            .get(..part.min(ascii))
            .filter(|p| p.len() >= PART_BYTES)
            && !self.inner.iter().any(|known| part.starts_with(known))
        {
            self.inner.push(part.into());
        }
        let list = &mut self.by_letter[usize::from(*first)];
        if !list.iter().any(|known| bytes.starts_with(known)) {
            list.push(bytes[..kept].into());
        }
    }

    /// Whether a word with spaces around it is worth analysing.
    fn may_begin(&self, word: &[u8]) -> bool {
        let Some(first) = word.first() else {
            return false;
        };
        if !first.is_ascii() {
            // Folding may make a plain letter of it.
            return true;
        }
        self.by_letter[usize::from(first.to_ascii_lowercase())]
            .iter()
            .any(|beginning| {
                for (at, wanted) in beginning.iter().enumerate() {
                    match word.get(at) {
                        None => return false,
                        Some(byte) if !byte.is_ascii() => return true,
                        Some(byte) if byte.to_ascii_lowercase() != *wanted => return false,
                        Some(_) => {}
                    }
                }
                true
            })
    }

    /// Whether a compound is worth taking apart: a part may begin anywhere in it.
    fn may_stand_in(&self, word: &[u8]) -> bool {
        if word.len() < WORD_BYTES_MIN || word.len() > WORD_BYTES_MAX {
            return false;
        }
        if !word.is_ascii() {
            return true;
        }
        let lower = word.to_ascii_lowercase();
        let stands = |part: &[u8]| lower.windows(part.len()).skip(1).any(|w| w == part);
        self.inner.iter().any(|part| stands(part))
    }

    /// Whether a bigram is worth looking up.
    fn may_be_bigram(&self, word: &[u8]) -> bool {
        self.beyond & bit(word) != 0
    }
}

/// One of 64 bits for the first character.
fn bit(word: &[u8]) -> u64 {
    let last = word.get(2).copied().unwrap_or_default();
    let second = word.get(1).copied().unwrap_or_default();
    1 << ((last ^ second.wrapping_mul(5)) & 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;
    use crate::plan::{Form, PlannedWord};

    fn highlighter(locale: &str, words: &[&str]) -> Highlighter {
        let definition = Definition::read(None).unwrap();
        let mut analyzer = definition.analyzer(&locale.parse().unwrap());
        let mut plan = Plan::default();
        for word in words {
            let (found, _) = analyzer.query_words(word, 32);
            for stem in found.into_iter().filter_map(|w| w.stem) {
                plan.words.push(PlannedWord {
                    forms: vec![Form::of(stem, 1.0)],
                    is_part: false,
                });
            }
        }
        Highlighter::new(&plan, analyzer, |_| 1.0, &definition.ranking.snippet)
    }

    fn mark(from: usize, heading: &str) -> SectionMark {
        SectionMark {
            from,
            heading: Some(heading.to_owned()),
            anchor: Some(heading.to_lowercase()),
            path: Vec::new(),
        }
    }

    #[test]
    fn all_forms_of_a_word_are_marked_and_everything_is_escaped() {
        let (snippet, section) = highlighter("en", &["calendar"])
            .snippet("Open <b>Calendars</b> & \"set\" the 'Calendar'.", &[]);
        assert_eq!(
            snippet.html,
            "Open &lt;b&gt;<mark>Calendars</mark>&lt;/b&gt; &amp; &quot;set&quot; the &#39;<mark>Calendar</mark>&#39;."
        );
        assert_eq!(
            snippet.text,
            "Open <b>Calendars</b> & \"set\" the 'Calendar'."
        );
        assert_eq!(section, None);
    }

    #[test]
    fn the_stretch_with_more_of_the_query_wins_and_names_its_section() {
        let filler = "Nothing here speaks to anybody. ".repeat(30);
        let body = format!("A calendar.\n{filler}\nShare your calendar with a delegate.\n{filler}");
        let second = body.find("Share").unwrap();
        let sections = [mark(0, "First"), mark(second, "Second")];
        let (snippet, section) =
            highlighter("en", &["calendar", "delegates"]).snippet(&body, &sections);
        assert!(
            snippet
                .html
                .starts_with("Share your <mark>calendar</mark> with a <mark>delegate</mark>."),
            "{}",
            snippet.html
        );
        assert!(snippet.html.ends_with('…'));
        let chars = snippet.text.chars().count();
        assert!((160..=202).contains(&chars), "{chars}");
        assert_eq!(section.unwrap().anchor.as_deref(), Some("second"));
    }

    #[test]
    fn a_match_in_a_heading_alone_shows_that_section() {
        let body = "One.\nTwo.";
        let sections = [mark(0, "Start"), mark(5, "Delegates")];
        let (snippet, section) = highlighter("en", &["delegate"]).snippet(body, &sections);
        assert!(snippet.text.contains("Two."));
        assert_eq!(section.unwrap().heading.as_deref(), Some("Delegates"));
    }

    #[test]
    fn overlapping_bigrams_make_one_mark() {
        let (snippet, _) =
            highlighter("ja", &["添付ファイル"]).snippet("この添付ファイルを削除する", &[]);
        assert_eq!(snippet.html, "この<mark>添付ファイル</mark>を削除する");
    }

    #[test]
    fn accents_do_not_hide_a_word() {
        let (snippet, _) = highlighter("fr", &["parametres"]).snippet("Les Paramètres", &[]);
        assert_eq!(snippet.html, "Les <mark>Paramètres</mark>");
    }

    #[test]
    fn any_body_is_cut_at_characters() {
        for unit in [
            "é",
            "字",
            "👩‍👩‍👧 ",
            "a\u{300}\u{301}",
            "\u{202e}x ",
            "\n",
            "<",
            "setting",
        ] {
            for count in [0, 1, 159, 160, 161, 199, 200, 201, 500] {
                let body = unit.repeat(count);
                for words in [&["setting"][..], &["字字"], &["é"], &[]] {
                    let (snippet, _) = highlighter("en", words).snippet(&body, &[mark(0, "é")]);
                    assert!(snippet.text.chars().count() <= 202, "{unit} {count}");
                    assert!(!snippet.text.contains('\u{202e}'));
                    assert_eq!(
                        snippet.html.matches("<mark>").count(),
                        snippet.html.matches("</mark>").count()
                    );
                }
            }
        }
    }
}
