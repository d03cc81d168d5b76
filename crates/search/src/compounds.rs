//! Takes compounds apart: `Lieferdatum` is also found as `Liefer` and `Datum`.
//!
//! The parts come from a list of words of the language (`index/compounds/`), never from what stands in
//! an index: so the same word has the same parts in every unit, and nothing that was taken away leaves
//! a trace in how other texts are read. A word is taken apart only when all of it is made of listed
//! words and the letters that join them.

use std::collections::HashSet;

/// Shortest word that is looked at, in bytes.
pub(crate) const WORD_BYTES_MIN: usize = 7;
/// Longest word that is looked at, in bytes: no language joins more.
pub(crate) const WORD_BYTES_MAX: usize = 60;
/// Shortest part, in bytes.
const PART_BYTES_MIN: usize = 3;
/// Shortest last part that may carry an ending, in bytes.
const INFLECTED_BYTES_MIN: usize = 4;
/// Most parts of one word.
const PARTS_MAX: usize = 4;
/// What joins parts; the empty one first.
const JOINTS: [&str; 7] = ["", "s", "es", "n", "en", "e", "er"];

/// The words that compounds of one language are made of.
#[derive(Debug, Default)]
pub(crate) struct Compounds {
    words: HashSet<Box<str>>,
    stems: HashSet<Box<str>>,
}

impl Compounds {
    /// Adds a lower-cased word, as it is written and in plain letters, with its stem.
    pub(crate) fn add(&mut self, word: &str, folded: String, stem: String) {
        self.words.insert(word.into());
        self.words.insert(folded.into());
        if !stem.is_empty() {
            self.stems.insert(stem.into());
        }
    }

    /// The parts of a lower-cased word from the first to the last, fewest first where there is a
    /// choice; empty when it is no compound of listed words. `stem` names the stem of a last part.
    pub(crate) fn split<'w>(
        &self,
        word: &'w str,
        stem: &mut dyn FnMut(&str) -> String,
    ) -> Vec<&'w str> {
        if !(WORD_BYTES_MIN..=WORD_BYTES_MAX).contains(&word.len()) {
            return Vec::new();
        }
        let mut best: Vec<&str> = Vec::new();
        for (at, _) in word.char_indices().skip(1) {
            let (head, tail) = word.split_at(at);
            if head.len() < PART_BYTES_MIN || tail.len() < PART_BYTES_MIN {
                continue;
            }
            // The stem of a tail costs most, so it is looked at last.
            let Some(mut parts) = self.heads(head, PARTS_MAX - 1) else {
                continue;
            };
            let is_better = best.is_empty() || parts.len() + 1 < best.len();
            let is_known = self.words.contains(tail)
                || is_better
                    && tail.len() >= INFLECTED_BYTES_MIN
                    && self.stems.contains(stem(tail).as_str());
            if is_known && is_better {
                parts.push(tail);
                best = parts;
            }
        }
        best
    }

    /// What stands before the last part, as listed words with joints between and behind them.
    fn heads<'w>(&self, text: &'w str, max: usize) -> Option<Vec<&'w str>> {
        let bare = |joint: &str| {
            let bare = text.strip_suffix(joint)?;
            (bare.len() >= PART_BYTES_MIN).then_some(bare)
        };
        let whole = JOINTS
            .iter()
            .filter_map(|joint| bare(joint))
            .find(|bare| self.words.contains(*bare));
        if let Some(whole) = whole {
            return Some(vec![whole]);
        }
        if max < 2 {
            return None;
        }
        for bare in JOINTS.iter().filter_map(|joint| bare(joint)) {
            for (at, _) in bare.char_indices().skip(1) {
                let (head, tail) = bare.split_at(at);
                if tail.len() < PART_BYTES_MIN || !self.words.contains(tail) {
                    continue;
                }
                if let Some(mut parts) = self.heads(head, max - 1) {
                    parts.push(tail);
                    return Some(parts);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compounds() -> Compounds {
        let mut compounds = Compounds::default();
        for word in [
            "liefer",
            "datum",
            "berechnung",
            "verkauf",
            "auftrag",
            "aufträge",
            "lager",
            "platz",
        ] {
            compounds.add(word, word.replace('ä', "a"), word.to_owned());
        }
        compounds
    }

    #[test]
    fn every_part_is_a_listed_word() {
        let compounds = compounds();
        let split =
            |word| compounds.split(word, &mut |tail| tail.trim_end_matches("en").to_owned());
        assert_eq!(split("lieferdatum"), ["liefer", "datum"]);
        assert_eq!(
            split("lieferdatumsberechnungen"),
            ["liefer", "datum", "berechnungen"]
        );
        assert_eq!(split("verkaufsaufträge"), ["verkauf", "aufträge"]);
        assert_eq!(split("verkaufsauftrage"), ["verkauf", "auftrage"]);
        for whole in [
            "lager",
            "lagerist",
            "datumslos",
            "platzxlager",
            "",
            "ä",
            "ßßßßßßßßß",
        ] {
            assert!(split(whole).is_empty(), "{whole}");
        }
    }

    #[test]
    fn long_repetitions_end_at_once() {
        let compounds = compounds();
        let word = "lager".repeat(12);
        assert!(compounds.split(&word, &mut str::to_owned).is_empty());
        assert!(
            compounds
                .split(&"lager".repeat(1_000), &mut str::to_owned)
                .is_empty()
        );
    }
}
