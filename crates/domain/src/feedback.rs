//! What readers say of an article: that it helped, that it did not and why, or that something in it is wrong.
//!
//! Words are kept, people are not: there is no field here for who said it.

use crate::field_error::FieldErrors;
use crate::limits::FEEDBACK_WORDS_CHARS_MAX;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in rows, forms, requests and answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word back.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

words! {
    /// What kind of answer it is.
    FeedbackKind {
        /// The article helped.
        Helpful = "helpful",
        /// It did not.
        Unhelpful = "unhelpful",
        /// Something in it is wrong; says what.
        Mistake = "mistake",
    }
}

words! {
    /// Why an article did not help.
    FeedbackReason {
        /// Something is missing from it.
        Missing = "missing",
        /// It is hard to follow.
        Unclear = "unclear",
        /// It is not true, or no longer.
        Wrong = "wrong",
        /// It is about something else than the reader looked for.
        OffTopic = "off_topic",
    }
}

/// What a reader said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// What kind of answer.
    pub kind: FeedbackKind,
    /// Why it did not help; only with [`FeedbackKind::Unhelpful`].
    pub reason: Option<FeedbackReason>,
    /// In the reader's own words; may be empty, but for a mistake. At most [`FEEDBACK_WORDS_CHARS_MAX`] characters.
    pub words: String,
}

impl Feedback {
    /// Puts an answer together from what a form sent; faults name the form's fields.
    ///
    /// Words lose the white space around them and every control character but line feeds. A reason, and words, that do not
    /// belong to the kind are left out: a form sends what was filled in before the reader changed their mind.
    pub fn new(
        errors: &mut FieldErrors,
        kind: FeedbackKind,
        reason: Option<&str>,
        words: &str,
    ) -> Self {
        let words = clean(words);
        let chars = words.chars().count();
        if chars > FEEDBACK_WORDS_CHARS_MAX {
            errors.add(
                "words",
                "too_long",
                format!("words have {chars} characters, at most {FEEDBACK_WORDS_CHARS_MAX} are allowed; shorten them"),
            );
        }
        if kind == FeedbackKind::Mistake && words.is_empty() {
            errors.add(
                "words",
                "required",
                "words are empty; say what is wrong in the article",
            );
        }
        Self {
            reason: reason
                .and_then(FeedbackReason::parse)
                .filter(|_| kind == FeedbackKind::Unhelpful),
            words: if kind == FeedbackKind::Helpful {
                String::new()
            } else {
                words
            },
            kind,
        }
    }
}

fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !c.is_control())
        .collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: FeedbackKind, reason: Option<&str>, words: &str) -> Result<Feedback, String> {
        let mut errors = FieldErrors::new();
        let feedback = Feedback::new(&mut errors, kind, reason, words);
        errors
            .finish()
            .map(|()| feedback)
            .map_err(|faults| faults[0].code.clone())
    }

    #[test]
    fn words_are_kept_without_what_cannot_be_seen() {
        let said = of(
            FeedbackKind::Unhelpful,
            Some("unclear"),
            " \0Step 3\r\nis\tmissing\u{7} ",
        )
        .unwrap();
        assert_eq!(said.words, "Step 3\nis missing");
        assert_eq!(said.reason, Some(FeedbackReason::Unclear));
    }

    #[test]
    fn what_does_not_belong_to_the_answer_is_left_out() {
        let said = of(FeedbackKind::Helpful, Some("wrong"), "words").unwrap();
        assert_eq!((said.reason, said.words.as_str()), (None, ""));
        let said = of(FeedbackKind::Mistake, Some("wrong"), "The price").unwrap();
        assert_eq!((said.reason, said.words.as_str()), (None, "The price"));
        let made_up = of(FeedbackKind::Unhelpful, Some("because"), "").unwrap();
        assert_eq!(made_up.reason, None);
    }

    #[test]
    fn a_mistake_says_what_it_is_and_words_have_a_limit() {
        assert_eq!(
            of(FeedbackKind::Mistake, None, " \n ").unwrap_err(),
            "required"
        );
        let most = "é".repeat(FEEDBACK_WORDS_CHARS_MAX);
        assert!(of(FeedbackKind::Unhelpful, None, &most).is_ok());
        assert_eq!(
            of(FeedbackKind::Unhelpful, None, &format!("{most}x")).unwrap_err(),
            "too_long"
        );
    }
}
