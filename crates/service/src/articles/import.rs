//! Import a batch of articles by their source ids, in one transaction.
//!
//! The batch carries an idempotency key: a client that lost the answer sends the same batch again
//! and gets the outcome of the first time. A bad article is reported and stops nothing.

use serde::{Deserialize, Serialize};

use crate::{Context, Result};

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
#[derive(Debug, Clone, Default)]
pub struct ImportBatch {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// The articles.
    pub items: Vec<ImportItem>,
    /// Required: the batch may have to be sent again.
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

/// Imports a batch.
///
/// # Errors
/// `invalid_fields`, `too_large`, `missing_scope` (`articles:publish` for published ones,
/// `categories:write` for new categories), the idempotency ones.
pub async fn import(_ctx: &Context, _batch: ImportBatch) -> Result<ImportOutcome> {
    todo!()
}
