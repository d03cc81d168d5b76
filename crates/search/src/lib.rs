//! Room search: finds articles by what people type.
//!
//! The database is the truth and every directory here may be deleted while the process is down: an
//! index that is missing, damaged or of another fingerprint has no [`SearchRoom::checkpoint`] and is
//! built again. An index **unit** is (portal, locale, face); no statistic, dictionary or count crosses
//! it. The room refuses to know who may read what (the service chooses the face), to read Markdown,
//! and to show a type of its engine.
//!
//! Budget on the help center of 8,471 articles, one thread: 1 ms for a search, 2 ms for its ten
//! snippets, 1,500 articles a second for a rebuild.

mod analyzer;
mod answer;
mod apply;
mod collect;
mod compounds;
mod config;
mod cut;
mod definition;
mod document;
mod embedded;
mod entries;
mod erase;
mod error;
mod expand;
mod explain;
mod facets;
mod feedback;
mod gather;
mod generation;
mod manifest;
mod memory;
mod passages;
mod plan;
mod portal;
mod query;
mod ranking;
mod related;
pub mod relevance;
mod rerank;
mod room;
mod rules;
mod schema;
mod search;
mod sections;
mod snippet;
mod suggest;
mod syntax;
mod taught;
mod traces;
mod unit;
mod writer;

pub use answer::{Facets, Filters, Hit, HitSection, SearchAnswer, SearchRequest, Snippet};
pub use config::SearchConfig;
pub use document::{ArticleChange, Face, IndexDocument, SectionText, UnitKey, content_hash};
pub use entries::{IndexEntry, UnitStats};
pub use erase::Erased;
pub use error::SearchError;
pub use generation::Generation;
pub use passages::{Passage, PassageAnswer};
pub use plan::QUERY_TOKENS_MAX;
pub use related::RelatedRequest;
pub use room::SearchRoom;
pub use rules::{Keywords, Pin, SearchRules, Synonym};
pub use suggest::SuggestRequest;
pub use syntax::{NamedFilters, take_filters};
