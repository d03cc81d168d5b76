//! What the service hands over to be found: plain words, no Markdown, no HTML, no rights.

use std::fmt;

use cairn_domain::article::{Audience, Status};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;
use serde::{Deserialize, Serialize};

/// Who reads a unit. Each face has an index of its own, so that no count, suggestion or score of
/// one tells anything about what stands only in another.
///
/// As long as a locale's `Published` or `Authoring` documents are the same as its `Public` ones,
/// the public unit answers for them; the first difference makes a unit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Published articles of the audience public.
    Public,
    /// Published articles of every audience.
    Published,
    /// Heads of all articles, drafts included; needs `articles:write`.
    Authoring,
}

impl Face {
    /// All faces, the public one first.
    pub const ALL: [Face; 3] = [Face::Public, Face::Published, Face::Authoring];

    /// The word in directories, logs and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Face::Public => "public",
            Face::Published => "published",
            Face::Authoring => "authoring",
        }
    }
}

impl fmt::Display for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One index: nothing crosses it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitKey {
    /// Whose articles.
    pub portal: PortalId,
    /// In which locale.
    pub locale: Locale,
    /// For which readers.
    pub face: Face,
}

/// What stands under one heading, as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionText {
    /// The heading's text; `None` for what stands before the first heading.
    pub heading: Option<String>,
    /// The headings above and this one, outermost first.
    pub heading_path: Vec<String>,
    /// The fragment that links here, without `#`.
    pub anchor: Option<String>,
    /// The words below the heading, without it.
    pub text: String,
}

/// One article as one face shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDocument {
    /// Its id.
    pub article: ArticleId,
    /// Its number in the portal.
    pub number: i64,
    /// The revision this face shows.
    pub revision: i32,
    /// Counts every change of the article row.
    pub row_version: i64,
    /// Its locale, which chooses unit and analyzer.
    pub locale: Locale,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// The current slug.
    pub slug: String,
    /// The title.
    pub title: String,
    /// The stored summary.
    pub excerpt: String,
    /// The body, section by section.
    pub sections: Vec<SectionText>,
    /// Words of the file it came from. Found, never shown.
    pub address_words: String,
    /// Words of the anchors its author named. Found, never shown.
    pub anchor_words: String,
    /// Its category and all ancestors, for the filter.
    pub categories: Vec<CategoryId>,
    /// The names of its category and all ancestors, its own first.
    pub category_names: Vec<String>,
    /// Its tags; the filter compares them whole, without regard to case.
    pub tags: Vec<String>,
    /// Draft, published or archived.
    pub status: Status,
    /// Who may read it.
    pub audience: Audience,
    /// Who wrote it.
    pub author: Option<String>,
    /// When this face of it last changed, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// What an article looks like now, in every face that shows it.
///
/// Applying deletes the id in every unit of the portal, then adds `documents`; an empty list means
/// gone from everywhere.
#[derive(Debug, Clone)]
pub struct ArticleChange {
    /// The article.
    pub article: ArticleId,
    /// At most one document per face.
    pub documents: Vec<(Face, IndexDocument)>,
}

/// A hash of everything the index keeps of a document but its revision and row version, stable
/// across processes and releases: verify-index finds stale documents by it.
pub fn content_hash(document: &IndexDocument) -> u64 {
    let mut hash = Fnv::new();
    hash.bytes(document.article.as_uuid().as_bytes());
    hash.number(document.number);
    hash.text(document.locale.as_str());
    hash.optional(document.source_id.as_deref());
    hash.text(&document.slug);
    hash.text(&document.title);
    hash.text(&document.excerpt);
    hash.count(document.sections.len());
    for section in &document.sections {
        hash.optional(section.heading.as_deref());
        hash.count(section.heading_path.len());
        for heading in &section.heading_path {
            hash.text(heading);
        }
        hash.optional(section.anchor.as_deref());
        hash.text(&section.text);
    }
    hash.text(&document.address_words);
    hash.text(&document.anchor_words);
    // The order of categories and tags says nothing.
    let mut categories = document.categories.clone();
    categories.sort_unstable();
    hash.count(categories.len());
    for category in categories {
        hash.bytes(category.as_uuid().as_bytes());
    }
    hash.count(document.category_names.len());
    for name in &document.category_names {
        hash.text(name);
    }
    let mut tags: Vec<&String> = document.tags.iter().collect();
    tags.sort_unstable();
    hash.count(tags.len());
    for tag in tags {
        hash.text(tag);
    }
    hash.text(document.status.as_str());
    hash.text(document.audience.as_str());
    hash.optional(document.author.as_deref());
    hash.number(document.updated_at_ms);
    hash.finish()
}

/// FNV-1a over 8-byte words with a final mix: fast enough for bodies, and not the standard
/// library's hasher, which may change with the compiler.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.word(u64::from(*byte));
        }
    }

    fn count(&mut self, count: usize) {
        self.word(count as u64);
    }

    fn number(&mut self, number: i64) {
        self.word(number.cast_unsigned());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.word(0),
            Some(text) => {
                self.word(1);
                self.text(text);
            }
        }
    }

    fn finish(self) -> u64 {
        let mut x = self.0;
        x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        x ^ (x >> 33)
    }
}
