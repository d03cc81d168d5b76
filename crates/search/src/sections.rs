//! Which sections of a body speak to a query.

use std::ops::Range;

use crate::answer::HitSection;
use crate::schema::SectionMark;
use crate::snippet::Highlighter;

/// What a word of the heading counts, of one in the text.
const HEADING_SHARE: f32 = 1.5;
/// What a repetition counts.
const REPEAT_SHARE: f32 = 0.05;

/// A section with its place in the body.
#[derive(Debug, Clone)]
pub(crate) struct SectionAt {
    pub(crate) bytes: Range<usize>,
    pub(crate) heading: Option<String>,
    pub(crate) anchor: Option<String>,
    pub(crate) path: Vec<String>,
}

impl Highlighter {
    /// The sections that say a word of the query, with how much they say; most first, then in the
    /// order of the body.
    pub(crate) fn shares(&mut self, body: &str, sections: &[SectionMark]) -> Vec<(SectionAt, f32)> {
        let scanned = &body[..body.floor_char_boundary(self.scan_bytes_max())];
        let matches: Vec<(usize, usize)> = self.words_in(scanned);
        let mut found = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let whole = [SectionMark::default()];
        let sections = if sections.is_empty() {
            &whole
        } else {
            sections
        };
        for (at, section) in sections.iter().enumerate() {
            let from = section.from.min(body.len());
            let to = sections
                .get(at + 1)
                .map_or(body.len(), |next| next.from.clamp(from, body.len()));
            counts.clear();
            counts.resize(self.words(), 0);
            let mut score = 0.0;
            for (word, count) in section
                .heading
                .as_deref()
                .map(|heading| self.words_in(heading))
                .unwrap_or_default()
                .into_iter()
                .map(|(_, word)| (word, HEADING_SHARE))
            {
                if counts[word] == 0 {
                    score += self.weight(word) * count;
                }
                counts[word] += 1;
            }
            let first = matches.partition_point(|(at, _)| *at < from);
            let mut said = vec![false; self.words()];
            for (_, word) in matches[first..].iter().take_while(|(at, _)| *at < to) {
                let share = if said[*word] { REPEAT_SHARE } else { 1.0 };
                said[*word] = true;
                score += self.weight(*word) * share;
            }
            if score > 0.0 {
                found.push((
                    SectionAt {
                        bytes: from..to,
                        heading: section.heading.clone(),
                        anchor: section.anchor.clone(),
                        path: section.path.clone(),
                    },
                    score,
                ));
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found
    }

    /// At most `max` sections that speak to the query and can be linked to, but not the one that is
    /// shown already.
    pub(crate) fn sections(
        &mut self,
        body: &str,
        sections: &[SectionMark],
        shown: Option<&HitSection>,
        max: usize,
    ) -> Vec<HitSection> {
        let shown = shown.and_then(|s| s.anchor.as_deref());
        self.shares(body, sections)
            .into_iter()
            .map(|(section, _)| section)
            .filter(|s| s.anchor.is_some() && s.heading.is_some() && s.anchor.as_deref() != shown)
            .take(max)
            .map(|s| HitSection {
                heading: s.heading,
                anchor: s.anchor,
            })
            .collect()
    }
}
