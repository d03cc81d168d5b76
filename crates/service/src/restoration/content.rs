//! What a bundle holds, in the form in which exports give it.

use cairn_domain::actor::{Actor, ActorKind};
use cairn_domain::article::{Article, Audience, Status, TranslatedFrom, validate_staged};
use cairn_domain::attachment::{Attachment, AttachmentPath, FileDigest};
use cairn_domain::category::Category;
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::ids::{
    ApiKeyId, ArticleId, AttachmentId, CategoryId, PortalId, TranslationGroupId,
};
use cairn_domain::limits::{LINKS_MAX, SLUG_BYTES_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::portal_words::{Contact, Notice};
use cairn_domain::redirect::TargetUrl;
use cairn_domain::revision::{Revision, Staged};
use cairn_domain::slug::Slug;
use cairn_store::export::{ExportRevision, OldSlug, RedirectRow};
use cairn_store::imported_files::ImportedFile;
use cairn_store::links::{LinkRow, LinkTarget};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Error, Result};

/// One batch.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Content {
    pub(super) categories: Vec<CategoryItem>,
    pub(super) attachments: Vec<AttachmentItem>,
    pub(super) redirects: Vec<RedirectItem>,
    pub(super) hosts: Vec<HostItem>,
    pub(super) articles: Vec<ArticleItem>,
    pub(super) translations: Vec<TranslationItem>,
}

impl Content {
    /// Reads a batch.
    ///
    /// # Errors
    /// `invalid_fields` with the first thing that is not as a bundle has it.
    pub(super) fn read(value: &Value) -> Result<Self> {
        if has_nul(value) {
            return Err(fault(
                "content",
                "has the character NUL, which no portal can hold",
            ));
        }
        Self::deserialize(value)
            .map_err(|error| fault("content", &format!("is not as an export gives it: {error}")))
    }
}

/// One field that is not as it must be.
pub(super) fn fault(field: &str, why: &str) -> Error {
    Error::invalid_fields(vec![FieldError::new(
        field,
        "invalid_value",
        format!("{field} {why}"),
    )])
}

/// Whether this can be a segment of an address as it stands. Slugs come as they were, also those that
/// would be made otherwise today.
fn is_slug(text: &str) -> bool {
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"/\\?#%<>\"'&.".contains(c);
    !text.is_empty() && text.len() <= SLUG_BYTES_MAX && text.chars().all(is_plain)
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(k, v)| k.contains('\0') || has_nul(v)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A portal.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortalItem {
    pub(super) id: Uuid,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) hostnames: Vec<String>,
    pub(super) locales: Vec<String>,
    pub(super) accent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<Notice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<Contact>,
    pub(super) row_version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoryItem {
    id: Uuid,
    parent: Option<Uuid>,
    slug: String,
    name: String,
    description: String,
    position: i32,
    row_version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl CategoryItem {
    pub(super) fn into_category(self, portal: PortalId) -> Result<Category> {
        if !is_slug(&self.slug) {
            return Err(fault("content.categories", "has a slug that is none"));
        }
        Ok(Category {
            portal,
            id: CategoryId::from_uuid(self.id),
            parent: self.parent.map(CategoryId::from_uuid),
            slug: Slug::from_stored(self.slug),
            name: self.name,
            description: self.description,
            position: self.position,
            row_version: self.row_version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorItem {
    kind: ActorKind,
    id: Uuid,
    name: String,
}

impl From<ActorItem> for Actor {
    fn from(item: ActorItem) -> Self {
        Self {
            kind: item.kind,
            id: item.id,
            name: item.name,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttachmentItem {
    id: Uuid,
    digest: String,
    name: String,
    media_type: String,
    byte_length: i64,
    width: Option<i32>,
    height: Option<i32>,
    variant_widths: Vec<i32>,
    actor: ActorItem,
    created_at: Timestamp,
    purged_at: Option<Timestamp>,
    paths: Vec<PathItem>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathItem {
    source: String,
    path: String,
}

impl AttachmentItem {
    pub(super) fn into_attachment(
        self,
        portal: PortalId,
    ) -> Result<(Attachment, Vec<AttachmentPath>)> {
        let digest = FileDigest::parse(&self.digest)
            .ok_or_else(|| fault("content.attachments", "has a digest that is none"))?;
        let paths = self.paths.into_iter().map(|p| AttachmentPath {
            source: p.source,
            path: p.path,
        });
        let attachment = Attachment {
            portal,
            id: AttachmentId::from_uuid(self.id),
            digest,
            name: self.name,
            media_type: self.media_type,
            byte_length: self.byte_length,
            size: self.width.zip(self.height),
            variant_widths: self.variant_widths,
            actor: self.actor.into(),
            created_at: self.created_at,
            purged_at: self.purged_at,
        };
        Ok((attachment, paths.collect()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedirectItem {
    old_path: String,
    old_query: String,
    target_kind: String,
    target_id: Option<Uuid>,
    target_url: Option<String>,
    created_at: Timestamp,
}

impl RedirectItem {
    pub(super) fn into_row(self) -> Result<RedirectRow> {
        let is_one = match self.target_kind.as_str() {
            "article" | "category" => self.target_id.is_some() && self.target_url.is_none(),
            "url" => {
                let url = self.target_url.as_deref();
                self.target_id.is_none()
                    && url.is_some_and(|url| TargetUrl::parse("target_url", url).is_ok())
            }
            _ => false,
        };
        if !is_one || !self.old_path.starts_with('/') {
            return Err(fault(
                "content.redirects",
                "has a redirect that leads nowhere",
            ));
        }
        Ok(RedirectRow {
            old_path: self.old_path,
            old_query: self.old_query,
            target_kind: self.target_kind,
            target_id: self.target_id,
            target_url: self.target_url,
            created_at: self.created_at,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostItem {
    pub(super) source: String,
    pub(super) host: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TranslationItem {
    id: Uuid,
    article: Uuid,
    revision: i32,
}

impl TranslationItem {
    pub(super) fn into_row(self) -> (ArticleId, TranslatedFrom) {
        let from = TranslatedFrom {
            article: ArticleId::from_uuid(self.article),
            revision: self.revision,
        };
        (ArticleId::from_uuid(self.id), from)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TranslatedFromItem {
    #[expect(
        dead_code,
        reason = "comes with the translations, once every article is there"
    )]
    article: Uuid,
    #[expect(
        dead_code,
        reason = "comes with the translations, once every article is there"
    )]
    revision: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArticleItem {
    id: Uuid,
    number: i64,
    source_id: Option<String>,
    locale: Locale,
    translation_group: Uuid,
    #[expect(
        dead_code,
        reason = "comes with the translations, once every article is there"
    )]
    translated_from: Option<TranslatedFromItem>,
    slug: String,
    category: Option<Uuid>,
    audience: Audience,
    status: Status,
    head_revision: i32,
    published_revision: Option<i32>,
    row_version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    published_at: Option<Timestamp>,
    purged_at: Option<Timestamp>,
    old_slugs: Vec<OldSlugItem>,
    imported_file: Option<ImportedFileItem>,
    revisions: Vec<RevisionItem>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OldSlugItem {
    locale: Locale,
    slug: String,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportedFileItem {
    source: String,
    path: String,
    translation_key: Option<String>,
    digest: String,
    revision: i32,
    category: Option<Uuid>,
    status: Status,
    audience: Audience,
    slug: String,
    imported_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevisionItem {
    revision: i32,
    title: String,
    body: String,
    excerpt: String,
    tags: Vec<String>,
    author: Option<String>,
    front_matter: Option<String>,
    actor: ActorItem,
    key: Option<Uuid>,
    message: String,
    created_at: Timestamp,
    purged_at: Option<Timestamp>,
    links: Vec<LinkItem>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkItem {
    address: String,
    source: Option<String>,
    path: String,
    is_image: bool,
    target_kind: Option<String>,
    target_id: Option<Uuid>,
}

impl LinkItem {
    /// Where it leads, if anywhere; none when that cannot be.
    fn target(&self) -> Option<Option<LinkTarget>> {
        match (self.target_kind.as_deref(), self.target_id) {
            (None, None) => Some(None),
            (Some("article"), Some(id)) => {
                Some(Some(LinkTarget::Article(ArticleId::from_uuid(id))))
            }
            (Some("attachment"), Some(id)) => {
                Some(Some(LinkTarget::Attachment(AttachmentId::from_uuid(id))))
            }
            (Some("redirect"), None) => Some(Some(LinkTarget::Redirect)),
            _ => None,
        }
    }
}

/// An article with some of its revisions, as it is to be.
pub(super) struct Wanted {
    pub(super) article: Article,
    pub(super) old_slugs: Vec<OldSlug>,
    pub(super) file: Option<ImportedFile>,
    /// In the order of their numbers, without a gap.
    pub(super) revisions: Vec<ExportRevision>,
    pub(super) links: Vec<LinkRow>,
}

impl ArticleItem {
    /// The article of a portal, checked where the database would refuse it.
    pub(super) fn into_wanted(self, portal: PortalId) -> Result<Wanted> {
        let wrong = |why: &str| fault("content.articles", &format!("has {}, which {why}", self.id));
        let id = ArticleId::from_uuid(self.id);
        let is_published = self.status == Status::Published;
        if self.head_revision < 1
            || self.number < 1
            || self.row_version < 1
            || !is_slug(&self.slug)
            || !self.old_slugs.iter().all(|old| is_slug(&old.slug))
            || self.published_revision.is_some() != is_published
            || self
                .published_revision
                .is_some_and(|r| !(1..=self.head_revision).contains(&r))
            || (self.purged_at.is_some() && self.status != Status::Archived)
        {
            return Err(wrong("no article can be"));
        }
        let numbers = self.revisions.iter().map(|r| r.revision);
        let is_run = numbers
            .clone()
            .zip(numbers.skip(1))
            .all(|(a, b)| a + 1 == b);
        let fits = |r: &RevisionItem| (1..=self.head_revision).contains(&r.revision);
        if self.revisions.is_empty() || !is_run || !self.revisions.iter().all(fits) {
            return Err(wrong("has revisions that do not follow each other"));
        }
        let file = match self.imported_file {
            None => None,
            Some(item) => Some(ImportedFile {
                article: id,
                source: item.source,
                path: item.path,
                translation_key: item.translation_key,
                digest: FileDigest::parse(&item.digest)
                    .ok_or_else(|| wrong("has a file whose digest is none"))?
                    .0,
                revision: item.revision,
                category: item.category.map(CategoryId::from_uuid),
                status: item.status,
                audience: item.audience,
                slug: item.slug,
                imported_at: item.imported_at,
            }),
        };
        let article = Article {
            portal,
            id,
            number: self.number,
            locale: self.locale,
            translation_group: TranslationGroupId::from_uuid(self.translation_group),
            slug: Slug::from_stored(self.slug),
            category: self.category.map(CategoryId::from_uuid),
            audience: self.audience,
            status: self.status,
            head_revision: self.head_revision,
            published_revision: self.published_revision,
            row_version: self.row_version,
            source_id: self.source_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
            published_at: self.published_at,
            translated_from: None,
            purged_at: self.purged_at,
        };
        let old_slugs = self.old_slugs.into_iter().map(|old| OldSlug {
            locale: old.locale,
            slug: old.slug,
            left_at: old.created_at,
        });
        let mut links = Vec::new();
        let mut revisions = Vec::with_capacity(self.revisions.len());
        for item in self.revisions {
            let (revision, of_it) = item.into_revision(portal, id)?;
            revisions.push(revision);
            links.extend(of_it);
        }
        Ok(Wanted {
            article,
            old_slugs: old_slugs.collect(),
            file,
            revisions,
            links,
        })
    }
}

impl RevisionItem {
    fn into_revision(
        self,
        portal: PortalId,
        article: ArticleId,
    ) -> Result<(ExportRevision, Vec<LinkRow>)> {
        let number = self.revision;
        if self.links.len() > LINKS_MAX {
            return Err(fault(
                "content.articles",
                &format!("has more than {LINKS_MAX} links in revision {number} of {article}"),
            ));
        }
        let mut links = Vec::with_capacity(self.links.len());
        for link in self.links {
            let target = link.target().ok_or_else(|| {
                fault(
                    "content.articles",
                    &format!("has a link in revision {number} of {article} that leads to no kind of thing"),
                )
            })?;
            links.push(LinkRow {
                article,
                revision: number,
                address: link.address,
                source: link.source,
                path: link.path,
                is_image: link.is_image,
                target,
            });
        }
        let revision = Revision {
            portal,
            article,
            number,
            staged: Staged {
                title: self.title,
                body: self.body,
                excerpt: self.excerpt,
                tags: self.tags,
                author: self.author,
                front_matter: self.front_matter,
            },
            actor: self.actor.into(),
            key: self.key.map(ApiKeyId::from_uuid),
            message: self.message,
            created_at: self.created_at,
            purged_at: self.purged_at,
        };
        // What was erased has no title.
        if revision.purged_at.is_none() {
            let mut errors = FieldErrors::new();
            validate_staged(&mut errors, &revision.staged);
            if let Some(error) = errors
                .finish()
                .err()
                .and_then(|errors| errors.into_iter().next())
            {
                return Err(fault(
                    "content.articles",
                    &format!(
                        "has revision {number} of {article} that no article can have: {}",
                        error.message
                    ),
                ));
            }
        }
        let revision = ExportRevision {
            revision,
            purged_at: self.purged_at,
            links: Vec::new(),
        };
        Ok((revision, links))
    }
}
