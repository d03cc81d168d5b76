//! What is asked of an import and what became of it: items, batches, results.

use serde::{Deserialize, Serialize};

/// One article to import, as the file says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportItem {
    /// Its id in the system it came from; unique in portal and locale.
    pub source_id: String,
    /// Title.
    pub title: String,
    /// Markdown, kept to the byte.
    pub body: String,
    /// Summary for lists.
    #[serde(default)]
    pub excerpt: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Author's name.
    #[serde(default)]
    pub author: Option<String>,
    /// Names of the categories from the top down; missing ones are created.
    #[serde(default)]
    pub category_path: Vec<String>,
    /// Locale.
    pub locale: String,
    /// `published`, `draft` or `archived`.
    pub status: String,
    /// Front matter that means nothing to Cairn, as a JSON object in text.
    #[serde(default)]
    pub front_matter: Option<String>,
    /// The file it comes from, relative to the root of the source, with slashes: what links in bodies
    /// are relative to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `public` or `internal`; absent: public when it is new, else as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The slug it wants; a taken one gets a number. Absent: made from the title when it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Articles of one source with one key are translations of each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_key: Option<String>,
    /// When it was made, RFC 3339; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When what readers see was last changed, RFC 3339; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Addresses of the old site that lead to it from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old_urls: Vec<String>,
}

/// Up to [`cairn_domain::limits::IMPORT_BATCH_ARTICLES_MAX`] articles.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportBatch {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// The folder, archive or export they come from, by a name that stays the same from one import
    /// to the next; absent: `import`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Let the file win where file and article both changed since the last import.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
    /// The articles.
    pub items: Vec<ImportItem>,
    /// Required: the batch may have to be sent again.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What became of one article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum ImportResult {
    /// It is new.
    Created {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
    },
    /// It was there and changed.
    Updated {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
    },
    /// It was there, the same.
    Unchanged {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
    },
    /// File and article both changed since the last import; nothing was written for it.
    Conflict {
        /// Its id here.
        id: String,
        /// Its slug here.
        slug: String,
        /// What differs and the way out, as a sentence.
        reason: String,
    },
    /// It breaks a rule; nothing was written for it.
    Failed {
        /// Which rule, as a sentence.
        reason: String,
    },
}

/// What became of the batch, item by item, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOutcome {
    /// One entry for each item.
    pub results: Vec<ImportResult>,
}
