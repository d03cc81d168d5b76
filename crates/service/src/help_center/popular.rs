//! What stands out on a first page: what is read most, and what is often asked.
//!
//! What is counted says which articles and which words; whether readers may see them is asked anew for each page. Words
//! were typed by anybody, and a first page is read by everybody: only those are shown of which each one stands,
//! unrepaired and up to its ending, in one and the same public article. So no name, number or insult gets onto a page
//! that is not in the help center already in some form, however often it was searched for.

use cairn_domain::category::Category;
use cairn_domain::locale::Locale;

use crate::Result;
use crate::help_center::listing::link;
use crate::help_center::{HelpCenter, ReadMost};
use crate::search::ask;

/// Articles that are named as read most.
const READ_MOST_MAX: i64 = 6;
/// Questions that are named as often asked.
const OFTEN_ASKED_MAX: usize = 3;
/// Words of a question that is named, at most: one line.
const QUESTION_WORDS_MAX: usize = 8;
/// Length of a question that is named, in characters.
const QUESTION_CHARS: std::ops::RangeInclusive<usize> = 2..=60;

/// What stands out in one language.
pub(super) struct StandingOut {
    pub(super) read_most: Vec<ReadMost>,
    pub(super) often_asked: Vec<String>,
    /// Position of the feed that the index was at, when it was asked.
    pub(super) indexed: Option<i64>,
}

impl HelpCenter {
    /// What stands out in a language, of what readers may see now.
    pub(super) async fn standing_out(
        &self,
        locale: &Locale,
        tree: &[Category],
    ) -> Result<StandingOut> {
        let popular = self.app.popular(self.portal.id).await?;
        let Some(popular) = popular.get(locale) else {
            return Ok(StandingOut {
                read_most: Vec::new(),
                often_asked: Vec::new(),
                indexed: None,
            });
        };
        let read_most = cairn_store::help_center::named(
            &self.app.store,
            self.portal.id,
            locale,
            &popular.articles,
            READ_MOST_MAX,
        )
        .await?;
        let read_most = read_most.into_iter().map(|(item, words)| ReadMost {
            link: link(&self.base, locale, item, tree),
            word_count: words.and_then(|words| usize::try_from(words).ok()),
        });
        let mut often_asked = Vec::new();
        let mut indexed = None;
        for words in popular.words.iter().filter(|words| is_plain(words)) {
            // Taken before the index is asked: it may only be newer.
            let pos = self.app.followed(self.portal.id).map_or(0, |f| f.pos);
            indexed.get_or_insert(pos);
            if self.says(locale, words).await {
                often_asked.push(words.clone());
            }
            if often_asked.len() >= OFTEN_ASKED_MAX {
                break;
            }
        }
        Ok(StandingOut {
            read_most: read_most.collect(),
            often_asked,
            indexed,
        })
    }

    /// Whether one public article has all of these words. When search is busy, it is not known and so not said.
    async fn says(&self, locale: &Locale, words: &str) -> bool {
        let each: Vec<_> = words.split(' ').map(|w| format!("\"{w}\"")).collect();
        let mut query = self.query(locale, &each.join(" "), 0, 1);
        query.as_typed = true;
        let answer = ask(&self.app, &self.portal, query).await;
        answer.is_ok_and(|(answer, _)| answer.total > 0)
    }
}

/// Whether words are a question in words, short enough to stand in a line: without anything that search takes for an
/// instruction.
fn is_plain(words: &str) -> bool {
    let has_letters = |word: &str| word.chars().any(char::is_alphanumeric);
    QUESTION_CHARS.contains(&words.chars().count())
        && words.split(' ').count() <= QUESTION_WORDS_MAX
        && !words.contains([':', '"', '“', '”', '„'])
        && words
            .split(' ')
            .all(|word| has_letters(word) && !word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_a_few_plain_words() {
        for yes in ["vpn", "refund a cancelled sailing", "e-mail", "返金"] {
            assert!(is_plain(yes), "{yes}");
        }
        for no in [
            "",
            "x",
            "a - b",
            "-secret plan",
            "title:plan",
            "say \"hello\"",
            "one two three four five six seven eight nine",
            &"long".repeat(16),
        ] {
            assert!(!is_plain(no), "{no}");
        }
    }
}
