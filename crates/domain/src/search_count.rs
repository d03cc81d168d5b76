//! What is counted of a search: its words in one form, the door it came through, and what became of it.
//!
//! Words are counted, never people. [`KeptQuery`] is the only text of a search that may reach a table, and it
//! refuses to hold what could name somebody: such a search is counted under no words at all.

use unicode_normalization::UnicodeNormalization;

use crate::limits::{
    COUNTED_QUERY_BYTES_MAX, COUNTED_QUERY_DIGITS_MAX, COUNTED_QUERY_WORDS_MAX, LOW_RESULTS_BELOW,
    QUERY_BYTES_MAX,
};

/// The door a search came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SearchSource {
    /// A reader on the search page of a help center.
    Web,
    /// A program through the REST API.
    Rest,
    /// An agent through MCP.
    Mcp,
}

impl SearchSource {
    /// All of them.
    pub const ALL: [SearchSource; 3] = [Self::Web, Self::Rest, Self::Mcp];

    /// The word in rows, requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Rest => "rest",
            Self::Mcp => "mcp",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// The shortest word of letters and digits that is taken for a key or a number of somebody, in bytes.
const CODE_BYTES_MIN: usize = 16;

/// The words of a search as they are counted: NFKC, lower case, one space between words. Empty where they are
/// not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptQuery(String);

impl KeptQuery {
    /// Under which words a search is counted; none when nothing was searched for.
    ///
    /// Words are not kept when they have an `@` or an address of the web in them, more than
    /// [`COUNTED_QUERY_DIGITS_MAX`] digits in a row (with or without separators between them), a long word of letters and
    /// digits, or are more than [`COUNTED_QUERY_WORDS_MAX`] words or [`COUNTED_QUERY_BYTES_MAX`] bytes.
    pub fn of(typed: &str) -> Option<Self> {
        if typed.len() > QUERY_BYTES_MAX {
            return Some(Self::withheld());
        }
        let text = one_form(typed);
        match text.as_str() {
            "" => None,
            text if could_name_somebody(text) => Some(Self::withheld()),
            _ => Some(Self(text)),
        }
    }

    /// What searches are counted under whose words are not kept.
    pub const fn withheld() -> Self {
        Self(String::new())
    }

    /// The words; empty when they are not kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the words are not kept.
    pub fn is_withheld(&self) -> bool {
        self.0.is_empty()
    }
}

fn one_form(typed: &str) -> String {
    let lower: String = typed
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut text = String::with_capacity(lower.len());
    for word in lower.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Whether a text in its one form could say who searched, or for whom.
fn could_name_somebody(text: &str) -> bool {
    text.len() > COUNTED_QUERY_BYTES_MAX
        || text.split(' ').count() > COUNTED_QUERY_WORDS_MAX
        || text.contains('@')
        || text.contains("://")
        || text.contains("www.")
        || has_long_number(text)
        || text.split(' ').any(is_code)
}

/// Telephone numbers, cards, accounts, orders, addresses of machines: digits, and what people write between them.
fn has_long_number(text: &str) -> bool {
    const BETWEEN: &str = " -–./()+:_#";
    let mut digits = 0;
    for c in text.chars() {
        if c.is_numeric() {
            digits += 1;
            if digits > COUNTED_QUERY_DIGITS_MAX {
                return true;
            }
        } else if !BETWEEN.contains(c) {
            digits = 0;
        }
    }
    false
}

/// Keys, tokens, ids, parcels: one long word with letters and digits.
fn is_code(word: &str) -> bool {
    word.len() >= CODE_BYTES_MIN
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
        && word.is_ascii()
}

/// What became of searches, and of their results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SearchCounts {
    /// How many searches.
    pub searches: i64,
    /// Of these, how many found nothing.
    pub zero_results: i64,
    /// Of these, how many found something, but fewer than [`LOW_RESULTS_BELOW`] articles.
    pub low_results: i64,
    /// Articles found, over all of them.
    pub results_sum: i64,
    /// How often a result was opened.
    pub clicks: i64,
}

impl SearchCounts {
    /// One search that found so many articles. A search that a filter narrowed says nothing about what is missing.
    pub fn search(found: u64, is_narrowed: bool) -> Self {
        let judged = i64::from(!is_narrowed);
        Self {
            searches: 1,
            zero_results: if found == 0 { judged } else { 0 },
            low_results: if (1..LOW_RESULTS_BELOW).contains(&found) {
                judged
            } else {
                0
            },
            results_sum: i64::try_from(found).unwrap_or(i64::MAX),
            clicks: 0,
        }
    }

    /// One result that was opened.
    pub const fn click() -> Self {
        Self {
            searches: 0,
            zero_results: 0,
            low_results: 0,
            results_sum: 0,
            clicks: 1,
        }
    }

    /// Adds others to these.
    pub fn add(&mut self, other: Self) {
        let sum = |a: &mut i64, b: i64| *a = a.saturating_add(b);
        sum(&mut self.searches, other.searches);
        sum(&mut self.zero_results, other.zero_results);
        sum(&mut self.low_results, other.low_results);
        sum(&mut self.results_sum, other.results_sum);
        sum(&mut self.clicks, other.clicks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(typed: &str) -> Option<String> {
        KeptQuery::of(typed).map(|q| q.as_str().to_owned())
    }

    #[test]
    fn one_question_in_many_spellings_is_one_query() {
        for typed in [
            "Reset Password",
            "  reset\t password ",
            "RESET\u{a0}PASSWORD",
            "ｒｅｓｅｔ password",
            "reset\0password",
        ] {
            assert_eq!(kept(typed).as_deref(), Some("reset password"), "{typed:?}");
        }
        assert_eq!(kept("Größe"), kept("GRO\u{308}ße"));
        for nothing in ["", "  ", "\0\u{1}", "\u{3000}"] {
            assert_eq!(kept(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn what_could_name_somebody_is_counted_without_words() {
        let long = "word ".repeat(COUNTED_QUERY_WORDS_MAX + 1);
        for typed in [
            "invoice for jane.doe@example.com",
            "ｊａｎｅ＠example.com",
            "call 017012345",
            "+49 170 123-45",
            "4111 1111 1111 1111",
            "born 1980-05-17",
            "192.168.100.12",
            "٠١٢٣٤٥٦",
            "sk_live_51HxYz0123abcd",
            "https://example.com/reset?token=abc",
            "www.example.com",
            long.as_str(),
            &"é".repeat(COUNTED_QUERY_BYTES_MAX),
            &"x".repeat(QUERY_BYTES_MAX + 1),
        ] {
            assert_eq!(kept(typed).as_deref(), Some(""), "{typed:?}");
        }
    }

    #[test]
    fn ordinary_questions_keep_their_words() {
        for typed in [
            "error 50012",
            "iso 27001",
            "how do i cancel a sailing that was booked twice",
            "donaudampfschifffahrtsgesellschaft",
            "返金の方法を教えてください",
            "c++ & c#",
            "office 365",
            "-word title:setup \"exact phrase\"",
        ] {
            assert_eq!(kept(typed).as_deref(), Some(typed));
        }
    }

    #[test]
    fn a_search_is_nothing_low_or_fine_and_a_narrowed_one_is_not_judged() {
        let judged = |found, narrowed| {
            let c = SearchCounts::search(found, narrowed);
            (c.searches, c.zero_results, c.low_results, c.results_sum)
        };
        assert_eq!(judged(0, false), (1, 1, 0, 0));
        assert_eq!(judged(2, false), (1, 0, 1, 2));
        assert_eq!(judged(3, false), (1, 0, 0, 3));
        assert_eq!(judged(0, true), (1, 0, 0, 0));
        assert_eq!(judged(1, true), (1, 0, 0, 1));
    }
}
