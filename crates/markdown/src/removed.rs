//! What did not survive, told to the author: sentences, each once, a bounded number.

use crate::limits::REMOVED_MAX;

/// Longest quotation of an author's word inside a sentence, in characters.
const QUOTE_CHARS_MAX: usize = 60;

/// Collects the sentences of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    sentences: Vec<String>,
}

impl Removed {
    /// Adds a sentence unless it is there or the list is full.
    pub(crate) fn say(&mut self, sentence: String) {
        if self.sentences.len() < REMOVED_MAX && !self.sentences.contains(&sentence) {
            self.sentences.push(sentence);
        }
    }

    /// The list, in the order of the body.
    pub(crate) fn into_sentences(self) -> Vec<String> {
        self.sentences
    }
}

/// An author's word cut to a length that fits into a sentence, on one line.
pub(crate) fn quoted(word: &str) -> String {
    let mut short: String = word.chars().take(QUOTE_CHARS_MAX).collect();
    short = short.replace(char::is_control, " ");
    if word.chars().nth(QUOTE_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}
