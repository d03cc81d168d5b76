//! What the REST API answers to an export, as far as files need it.

use cairn_domain::portal_words::{Contact, Notice};
use serde::Deserialize;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

/// An article of `/api/v1/article-exports`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Article {
    pub(super) id: String,
    pub(super) source_id: Option<String>,
    pub(super) locale: String,
    pub(super) translation_group: String,
    pub(super) slug: String,
    pub(super) audience: String,
    pub(super) status: String,
    pub(super) created_at: String,
    pub(super) published_at: Option<String>,
    pub(super) purged_at: Option<String>,
    pub(super) old_slugs: Vec<OldSlug>,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) excerpt: String,
    pub(super) tags: Vec<String>,
    pub(super) author: Option<String>,
    pub(super) front_matter: Option<String>,
    pub(super) category_path: Vec<String>,
    pub(super) source: Option<String>,
    pub(super) path: Option<String>,
    pub(super) group_key: Option<String>,
    pub(super) group_key_source: Option<String>,
    pub(super) old_urls: Vec<OldUrl>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OldSlug {
    pub(super) locale: String,
    pub(super) slug: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OldUrl {
    pub(super) path: String,
    pub(super) query: String,
}

/// A page of `/api/v1/portal-exports`.
#[derive(Debug, Deserialize)]
pub(super) struct PortalPage {
    pub(super) portal: Portal,
    pub(super) numbers: Numbers,
    pub(super) sources: Vec<String>,
    pub(super) categories: Vec<Category>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Portal {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) locales: Vec<String>,
    pub(super) accent: Option<String>,
    pub(super) notice: Option<Notice>,
    pub(super) contact: Option<Contact>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Numbers {
    pub(super) articles: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Category {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) position: i32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attachment {
    pub(super) id: String,
    pub(super) digest: String,
    pub(super) name: String,
    pub(super) purged_at: Option<String>,
    pub(super) paths: Vec<SourcePath>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SourcePath {
    pub(super) source: String,
    pub(super) path: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Redirect {
    pub(super) old_path: String,
    pub(super) old_query: String,
    pub(super) target_kind: String,
    pub(super) target_id: Option<String>,
    pub(super) target_url: Option<String>,
}
