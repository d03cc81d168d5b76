//! What a source gives: articles, files, old addresses, and what it knows of its portal.

use cairn_domain::portal_words::{Contact, Notice};

/// One article as its source has it. Text is kept to the byte; what the source does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceArticle {
    /// Path of its file in the source, with `/`; made up, and the same on every run, where the
    /// source has no files. Relative links of the body start from it.
    pub path: String,
    /// Line of the file in which the body begins, from 1; for what is said about the body.
    pub body_line: usize,
    /// Its id in the source; unique with its locale.
    pub source_id: String,
    /// Locale, a BCP 47 tag; none: the one the importer was told.
    pub locale: Option<String>,
    /// Articles with the same key are translations of each other.
    pub translation_key: Option<String>,
    /// Title.
    pub title: String,
    /// Path segment; none: made from the title.
    pub slug: Option<String>,
    /// Markdown.
    pub body: String,
    /// Summary for lists.
    pub excerpt: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Author's name.
    pub author: Option<String>,
    /// Names of the categories from the top down.
    pub category_path: Vec<String>,
    /// `published`, `draft` or `archived`; none: the one the importer was told.
    pub status: Option<String>,
    /// `public` or `internal`; none: public.
    pub audience: Option<String>,
    /// RFC 3339.
    pub created_at: Option<String>,
    /// When readers last saw it change, RFC 3339.
    pub updated_at: Option<String>,
    /// Its addresses at the old site: a path, with its query where that matters, or a whole URL.
    pub old_urls: Vec<String>,
    /// What else the source says of it and Cairn keeps: a JSON object in text, in the source's order.
    pub front_matter: Option<String>,
}

/// A file that articles show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path in the source, with `/`: what links in bodies resolve to.
    pub path: String,
    /// The name to offer it under.
    pub name: String,
}

/// An address of the old site that is no article's own: of a category, or one that led elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldAddress {
    /// Path, with its query where that matters.
    pub old_url: String,
    /// Where it leads: `article:LOCALE:SOURCE_ID`, `category:NAME/NAME`, or an address.
    pub target: String,
}

/// What a source knows of its portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourcePortal {
    /// Path segment.
    pub slug: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Locales, the default first.
    pub locales: Vec<String>,
    /// Accent colour.
    pub accent: Option<String>,
    /// What readers are told above the pages.
    pub notice: Option<Notice>,
    /// How readers reach a person.
    pub contact: Option<Contact>,
    /// The tree, parents before children.
    pub categories: Vec<SourceCategory>,
}

/// A category as its source has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceCategory {
    /// Names from the top down, its own last.
    pub path: Vec<String>,
    /// Path segment.
    pub slug: Option<String>,
    /// One or two sentences.
    pub description: String,
    /// Order among its siblings.
    pub position: Option<i32>,
}

/// Why one file cannot become an article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{path}:{line}: {reason}")]
pub struct Fault {
    /// The file.
    pub path: String,
    /// Where in it, from 1.
    pub line: usize,
    /// Why, and the way out.
    pub reason: String,
}

impl Fault {
    /// A fault at a line of a file.
    pub fn at(path: &str, line: usize, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            reason: reason.into(),
        }
    }
}
