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
}

/// Up to [`cairn_domain::limits::IMPORT_BATCH_ARTICLES_MAX`] articles.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportBatch {
    /// Portal slug or id.
    pub portal: Option<String>,
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
