//! The tools: one file each, with its table of arguments and the one service call it makes.

pub(crate) mod article;
pub(crate) mod create_article;
pub(crate) mod get_article;
pub(crate) mod list_articles;
pub(crate) mod list_categories;
pub(crate) mod search_passages;
pub(crate) mod update_article;

use cairn_domain::article::{Audience, Status};

/// The words of a status; a test keeps them equal to the domain's.
pub(crate) const STATUSES: &[&str] = &["draft", "published", "archived"];
/// The words of an audience; a test keeps them equal to the domain's.
pub(crate) const AUDIENCES: &[&str] = &["public", "internal"];

const _: () =
    assert!(STATUSES.len() == Status::ALL.len() && AUDIENCES.len() == Audience::ALL.len());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_domain() {
        assert!(
            Status::ALL
                .iter()
                .map(|s| s.as_str())
                .eq(STATUSES.iter().copied())
        );
        assert!(
            Audience::ALL
                .iter()
                .map(|a| a.as_str())
                .eq(AUDIENCES.iter().copied())
        );
    }
}
