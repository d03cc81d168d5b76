//! `index/ranking.toml`: the weights of a query plan. Nothing here touches the index itself.

use serde::Deserialize;

/// All weights, thresholds and sizes that apply at query time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ranking {
    pub(crate) weights: Weights,
    pub(crate) typo: Typo,
    pub(crate) prefix: Prefix,
    pub(crate) forms: Forms,
    pub(crate) second_look: SecondLook,
    pub(crate) feedback: Feedback,
    pub(crate) joined: Joined,
    pub(crate) synonyms: Synonyms,
    pub(crate) keywords: KeywordBoost,
    pub(crate) correction: Correction,
    pub(crate) snippet: SnippetSize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weights {
    pub(crate) all: f32,
    pub(crate) title: f32,
    pub(crate) lead: f32,
    pub(crate) address: f32,
    pub(crate) heading: f32,
    pub(crate) topic: f32,
    pub(crate) part: f32,
    pub(crate) han_title: f32,
    pub(crate) han: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typo {
    pub(crate) rare_df_max: u64,
    pub(crate) rare_share_max: f32,
    pub(crate) one_edit_from_chars: usize,
    pub(crate) two_edits_from_chars: usize,
    pub(crate) candidates_max: usize,
    pub(crate) boost_one_edit: f32,
    pub(crate) boost_two_edits: f32,
    pub(crate) boost_beside_prefixes: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prefix {
    pub(crate) from_chars: usize,
    pub(crate) candidates_max: usize,
    pub(crate) boost_unknown_word: f32,
    pub(crate) boost_known_word: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forms {
    pub(crate) tie: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Joined {
    pub(crate) from_chars: usize,
    pub(crate) boost: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Synonyms {
    pub(crate) boost: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeywordBoost {
    pub(crate) score: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondLook {
    pub(crate) first: usize,
    pub(crate) title_share: f32,
    pub(crate) title_order: f32,
    pub(crate) address_share: f32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Feedback {
    pub(crate) boost: f32,
    pub(crate) from_words: usize,
    pub(crate) documents: usize,
    pub(crate) words: usize,
    pub(crate) words_read: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correction {
    pub(crate) df_min: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnippetSize {
    pub(crate) chars_min: usize,
    pub(crate) chars_max: usize,
    pub(crate) scan_bytes_max: usize,
}

/// Most candidates a word may be given; each costs a posting list.
const CANDIDATES_MAX: usize = 50;

/// Most words of a hit that are read for feedback.
const FEEDBACK_WORDS_READ_MAX: usize = 1_000;

/// Most hits that are looked at a second time.
const FIRST_MAX: usize = 1_000;

impl Ranking {
    /// Refuses weights that would make scores meaningless or searches endless.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, value) in [
            ("weights.all", self.weights.all),
            ("weights.title", self.weights.title),
            ("weights.lead", self.weights.lead),
            ("weights.address", self.weights.address),
            ("weights.heading", self.weights.heading),
            ("weights.topic", self.weights.topic),
            ("weights.part", self.weights.part),
            ("weights.han_title", self.weights.han_title),
            ("weights.han", self.weights.han),
            ("typo.boost_one_edit", self.typo.boost_one_edit),
            ("typo.boost_two_edits", self.typo.boost_two_edits),
            (
                "typo.boost_beside_prefixes",
                self.typo.boost_beside_prefixes,
            ),
            ("prefix.boost_unknown_word", self.prefix.boost_unknown_word),
            ("prefix.boost_known_word", self.prefix.boost_known_word),
            ("forms.tie", self.forms.tie),
            ("second_look.title_share", self.second_look.title_share),
            ("second_look.title_order", self.second_look.title_order),
            ("second_look.address_share", self.second_look.address_share),
            ("feedback.boost", self.feedback.boost),
            ("joined.boost", self.joined.boost),
            ("synonyms.boost", self.synonyms.boost),
            ("keywords.score", self.keywords.score),
        ] {
            if !(0.0..=100.0).contains(&value) {
                return Err(format!("{name} is {value}; it goes from 0 to 100"));
            }
        }
        for (name, value) in [
            ("typo.candidates_max", self.typo.candidates_max),
            ("prefix.candidates_max", self.prefix.candidates_max),
            ("feedback.documents", self.feedback.documents),
            ("feedback.words", self.feedback.words),
        ] {
            if value > CANDIDATES_MAX {
                return Err(format!("{name} is {value}; at most {CANDIDATES_MAX}"));
            }
        }
        if self.second_look.first > FIRST_MAX {
            return Err(format!(
                "second_look.first is {}; at most {FIRST_MAX}",
                self.second_look.first
            ));
        }
        if self.feedback.words_read > FEEDBACK_WORDS_READ_MAX {
            return Err(format!(
                "feedback.words_read is {}; at most {FEEDBACK_WORDS_READ_MAX}",
                self.feedback.words_read
            ));
        }
        if self.typo.one_edit_from_chars < 2
            || self.typo.two_edits_from_chars < self.typo.one_edit_from_chars
        {
            return Err(
                "typo.one_edit_from_chars is at least 2, two_edits_from_chars not below it"
                    .to_owned(),
            );
        }
        if self.joined.from_chars < 6 {
            return Err("joined.from_chars is at least 6".to_owned());
        }
        if self.prefix.from_chars < 1 {
            return Err("prefix.from_chars is at least 1".to_owned());
        }
        let size = &self.snippet;
        if size.chars_min < 20 || size.chars_max > 1_000 || size.chars_min > size.chars_max {
            return Err(
                "snippet.chars_min is at least 20, chars_max at most 1000 and not below it"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
