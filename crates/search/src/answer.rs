//! A search and its answer, in words that any engine could speak.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_domain::article::{Audience, Status};
use cairn_domain::feed::Position;
use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;

use crate::document::Face;
use crate::rules::SearchRules;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// In which portal.
    pub portal: PortalId,
    /// For which readers; the service has decided that the caller may ask for this face.
    pub face: Face,
    /// In which locales; several lists are merged by rank, ties in this order; none means all.
    pub locales: Vec<Locale>,
    /// What the person typed. Never a syntax: every character is a word or a gap between words.
    pub text: String,
    /// What every hit must satisfy.
    pub filters: Filters,
    /// Most hits to answer.
    pub limit: usize,
    /// Hits to leave out before the first.
    pub offset: usize,
    /// Whether hits carry snippets; they cost more than the ranking.
    pub snippets: bool,
    /// Whether all hits are counted by category and tag, and by when they changed.
    pub facets: bool,
    /// Moments for that, in milliseconds since 1970: how many hits changed at each of them or later.
    pub counted_since_ms: Vec<i64>,
    /// Sections shown of each hit beside the one of its snippet.
    pub sections: usize,
    /// Whether the words are looked for as they stand, without repairing any.
    pub as_typed: bool,
    /// Whether each hit says how its score came about; for people who tune, it costs a lot.
    pub explain: bool,
    /// What operators taught the search, by locale; none for a locale that is absent.
    pub rules: BTreeMap<Locale, Arc<SearchRules>>,
}

/// What every hit must satisfy, all of them together.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Stands in this category or below it.
    pub category: Option<CategoryId>,
    /// Has this tag, whole, without regard to case.
    pub tag: Option<String>,
    /// Has this status.
    pub status: Option<Status>,
    /// Has this audience.
    pub audience: Option<Audience>,
    /// Was written by this author, whole name, without regard to case.
    pub author: Option<String>,
    /// Changed at or after this moment, in milliseconds since 1970.
    pub updated_since_ms: Option<i64>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct SearchAnswer {
    /// The asked-for stretch of the ranked list.
    pub hits: Vec<Hit>,
    /// How many documents match in all, counted inside the units.
    pub total: u64,
    /// How far the index had read: all hits are at this position or later.
    pub position: Option<Position>,
    /// How many hits stand in each category or below it, and have each tag; empty unless asked for.
    pub facets: Facets,
    /// The query with unknown words repaired, when a repair is likely.
    pub corrected: Option<String>,
    /// The words of the query that were repaired, as they were typed: no document has them.
    pub repaired: Vec<String>,
    /// How many of [`Self::total`] there are in each locale that was asked.
    pub totals: Vec<(Locale, u64)>,
    /// The query was longer than the limits; its end was not searched.
    pub truncated: bool,
}

/// Counts of the hits, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By category; a hit counts in its category and in all above it.
    pub categories: Vec<(CategoryId, u64)>,
    /// By tag, in lower case.
    pub tags: Vec<(String, u64)>,
    /// Hits that changed at each moment of the request or later, in its order; none when nothing was searched.
    pub since: Vec<u64>,
}

/// One article that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Its id.
    pub article: ArticleId,
    /// Its number in the portal.
    pub number: i64,
    /// The revision the index shows.
    pub revision: i32,
    /// The row version the index shows.
    pub row_version: i64,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its title escaped for HTML, the words that matched in `<mark>`; empty unless snippets were asked for.
    pub title_html: String,
    /// Its stored summary.
    pub excerpt: String,
    /// Its locale.
    pub locale: Locale,
    /// Comparable within one unit only.
    pub score: f32,
    /// The fragment of the body that speaks to the query; empty unless asked for.
    pub snippet: Snippet,
    /// The section in which the snippet stands, when the body has any.
    pub section: Option<HitSection>,
    /// Other sections that speak to the query, best first; as many as were asked for.
    pub sections: Vec<HitSection>,
    /// An operator put it first for this query.
    pub is_pinned: bool,
    /// How the score came about, as the engine tells it; only when asked for.
    pub explanation: Option<serde_json::Value>,
    /// When it last changed, in milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Its category and all ancestors.
    pub categories: Vec<CategoryId>,
    /// The name of its category.
    pub category_name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its status.
    pub status: Status,
    /// Its audience.
    pub audience: Audience,
    /// Who wrote it.
    pub author: Option<String>,
}

/// A section of a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitSection {
    /// Its heading.
    pub heading: Option<String>,
    /// The fragment that links to it, without `#`.
    pub anchor: Option<String>,
}

/// A fragment of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// Escaped for HTML, the words that matched in `<mark>`; no other element.
    pub html: String,
    /// The same without marks and not escaped.
    pub text: String,
}
