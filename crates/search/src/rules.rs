//! What an operator taught the search of one portal and locale: applied when a query is planned, so
//! that a change needs no reindex.
//!
//! Rules only lead to what a unit holds: a pinned article that a reader may not see is not there.

use cairn_domain::ids::ArticleId;

/// The rules of one portal and locale. Words are written as people type them; how they are compared
/// is for the locale's analyzer to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRules {
    /// Words that also mean other words, one direction each: two-way synonyms are two of them.
    pub synonyms: Vec<Synonym>,
    /// Words that say nothing here, beside the stop words of the language.
    pub stop_words: Vec<String>,
    /// Articles that stand first for a query.
    pub pins: Vec<Pin>,
    /// Words by which an article is found although it does not say them.
    pub keywords: Vec<Keywords>,
}

/// Where the first words are asked for, the others are looked for as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synonym {
    /// One or several words; several must follow each other.
    pub words: String,
    /// What they also mean; each one or several words that must follow each other.
    pub means: Vec<String>,
}

/// Articles that stand first when exactly these words are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The whole query; case, accents, endings, order and stop words do not count.
    pub query: String,
    /// The articles, first to last.
    pub articles: Vec<ArticleId>,
}

/// Hidden keywords of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keywords {
    /// The article.
    pub article: ArticleId,
    /// Keywords; one of several words counts when all of them are asked for.
    pub words: Vec<String>,
}
