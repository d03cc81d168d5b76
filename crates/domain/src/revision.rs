//! Revisions: numbered saved states of an article, append-only, each holding every staged field.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::ids::{ApiKeyId, ArticleId, PortalId};

/// The fields that are staged: kept whole in each revision, shown to readers only once published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// Shown as the page's heading.
    pub title: String,
    /// Markdown, kept to the byte.
    pub body: String,
    /// One or two sentences for lists; empty means none was written.
    pub excerpt: String,
    /// Free words, in the order given.
    pub tags: Vec<String>,
    /// Who is named as the author.
    pub author: Option<String>,
    /// Front matter that came with an import and means nothing to Cairn, as JSON text.
    pub front_matter: Option<String>,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Whose.
    pub portal: PortalId,
    /// Of which article.
    pub article: ArticleId,
    /// 1, 2, 3…
    pub number: i32,
    /// What was saved.
    pub staged: Staged,
    /// By whom.
    pub actor: Actor,
    /// With which key.
    pub key: Option<ApiKeyId>,
    /// Why, in the author's words.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// When its text was erased.
    #[serde(default)]
    pub purged_at: Option<Timestamp>,
}
