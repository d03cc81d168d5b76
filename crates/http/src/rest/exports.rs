//! `/api/v1/article-exports`, `/revision-exports` and `/portal-exports`: everything a portal holds,
//! page by page, so that it can be written down elsewhere.

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use cairn_domain::attachment::FileDigest;
use cairn_service::articles::{
    self, ExportArticles, ExportRevision, ExportedArticle, ExportedHistory, LinkRow, LinkTarget,
    OldSlug, RememberedFile,
};
use cairn_service::portals::{self, AttachmentRow, ExportPortal, PortalNumbers, RedirectRow};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::List;
use super::portal_words::{PortalContact, PortalNotice};
use super::revisions::ActorRef;
use super::time::Time;
use crate::extract::query::query_input;
use crate::extract::{Authed, QueryParams};
use crate::problem::Problem;

query_input! {
    /// Which page.
    pub(crate) struct ExportQuery {
        /// Portal slug or id; may be left out when the key reaches one portal.
        portal: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out. A page ends earlier when its texts are large.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

query_input! {
    /// Which page of what a portal has besides articles.
    pub(crate) struct PortalExportQuery {
        /// Portal slug or id; may be left out when the key reaches one portal.
        portal: Option<String>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// The revision of another article from which one was translated.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranslatedFromRef {
    /// Which article.
    article: Uuid,
    /// Which revision of it.
    revision: i32,
}

/// A slug an article had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldSlugItem {
    /// In which language.
    locale: String,
    /// The slug.
    slug: String,
    /// When the article left it.
    created_at: Time,
}

impl From<OldSlug> for OldSlugItem {
    fn from(old: OldSlug) -> Self {
        Self {
            locale: old.locale.to_string(),
            slug: old.slug,
            created_at: old.left_at.into(),
        }
    }
}

/// The live row of an article, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleRow {
    /// Its id.
    id: Uuid,
    /// Short number, unique in its portal.
    number: i64,
    /// Its id in the system it came from.
    #[schema(required = true)]
    source_id: Option<String>,
    /// Language (BCP 47).
    locale: String,
    /// Shared with its translations.
    translation_group: Uuid,
    /// What it was translated from.
    #[schema(required = true)]
    translated_from: Option<TranslatedFromRef>,
    /// Path segment of its public address.
    slug: String,
    /// Id of its category.
    #[schema(required = true)]
    category: Option<Uuid>,
    /// `public` or `internal`.
    audience: String,
    /// `draft`, `published` or `archived`.
    status: String,
    /// Newest saved revision.
    head_revision: i32,
    /// What readers see; null while it is not published.
    #[schema(required = true)]
    published_revision: Option<i32>,
    /// Raised by every change.
    row_version: i64,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
    /// When it was last published.
    #[schema(required = true)]
    published_at: Option<Time>,
    /// When its text was erased.
    #[schema(required = true)]
    purged_at: Option<Time>,
    /// Slugs it had.
    old_slugs: Vec<OldSlugItem>,
}

impl ArticleRow {
    fn new(article: cairn_domain::article::Article, old_slugs: Vec<OldSlug>) -> Self {
        Self {
            id: article.id.as_uuid(),
            number: article.number,
            source_id: article.source_id,
            locale: article.locale.to_string(),
            translation_group: article.translation_group.as_uuid(),
            translated_from: article.translated_from.map(|from| TranslatedFromRef {
                article: from.article.as_uuid(),
                revision: from.revision,
            }),
            slug: article.slug.to_string(),
            category: article.category.map(|c| c.as_uuid()),
            audience: article.audience.as_str().to_owned(),
            status: article.status.as_str().to_owned(),
            head_revision: article.head_revision,
            published_revision: article.published_revision,
            row_version: article.row_version,
            created_at: article.created_at.into(),
            updated_at: article.updated_at.into(),
            published_at: article.published_at.map(Time::from),
            purged_at: article.purged_at.map(Time::from),
            old_slugs: old_slugs.into_iter().map(OldSlugItem::from).collect(),
        }
    }
}

/// An article as it leaves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedItem {
    /// Its row.
    #[serde(flatten)]
    article: ArticleRow,
    /// Which revision the text is: the published one, the head while readers see nothing.
    revision: i32,
    /// Title.
    title: String,
    /// Markdown, to the byte.
    body: String,
    /// Summary; may be empty.
    excerpt: String,
    /// Tags in the order given.
    tags: Vec<String>,
    /// Who is named as the author.
    #[schema(required = true)]
    author: Option<String>,
    /// Front matter that means nothing to Cairn, as JSON in text, to the byte.
    #[schema(required = true)]
    front_matter: Option<String>,
    /// Names of its categories from the top down.
    category_path: Vec<String>,
    /// Name of the folder, archive or export it was imported from.
    #[schema(required = true)]
    source: Option<String>,
    /// Path of its file there.
    #[schema(required = true)]
    path: Option<String>,
    /// Key it shares with its translations in that source.
    #[schema(required = true)]
    translation_key: Option<String>,
    /// How many articles its translation group has, itself included.
    translations: i64,
    /// One key for its translation group, should any of its articles have one.
    #[schema(required = true)]
    group_key: Option<String>,
    /// The source of that key.
    #[schema(required = true)]
    group_key_source: Option<String>,
    /// Addresses of the site before that lead to it.
    old_urls: Vec<OldUrlItem>,
}

/// An address of the site before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OldUrlItem {
    /// Percent-decoded path.
    path: String,
    /// The query it needs, as written; empty: any.
    query: String,
}

impl From<ExportedArticle> for ExportedItem {
    fn from(exported: ExportedArticle) -> Self {
        let row = exported.row;
        let (source, path) = row.file.unzip();
        let (group_key, group_key_source) = row.group_key.unzip();
        Self {
            article: ArticleRow::new(row.article, row.old_slugs),
            revision: row.revision,
            title: row.staged.title,
            body: row.staged.body,
            excerpt: row.staged.excerpt,
            tags: row.staged.tags,
            author: row.staged.author,
            front_matter: row.staged.front_matter,
            category_path: exported.category_path,
            source,
            path,
            translation_key: row.translation_key,
            translations: row.translations,
            group_key,
            group_key_source,
            old_urls: row
                .redirected_from
                .into_iter()
                .map(|from| OldUrlItem {
                    path: from.path,
                    query: from.query,
                })
                .collect(),
        }
    }
}

/// A revision as it leaves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedRevision {
    /// 1, 2, 3…
    revision: i32,
    /// Title then.
    title: String,
    /// Markdown then, to the byte.
    body: String,
    /// Summary then; may be empty.
    excerpt: String,
    /// Tags then.
    tags: Vec<String>,
    /// Author then.
    #[schema(required = true)]
    author: Option<String>,
    /// Front matter then, as JSON in text, to the byte.
    #[schema(required = true)]
    front_matter: Option<String>,
    /// By whom.
    actor: ActorRef,
    /// With which API key.
    #[schema(required = true)]
    key: Option<Uuid>,
    /// Why; may be empty.
    message: String,
    /// When.
    created_at: Time,
    /// When its text was erased.
    #[schema(required = true)]
    purged_at: Option<Time>,
    /// Where its links lead, while it is the head or published.
    links: Vec<ExportedLink>,
}

/// Where a link of a body leads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedLink {
    /// As the body says it.
    address: String,
    /// The source in which files are looked for.
    #[schema(required = true)]
    source: Option<String>,
    /// What it names.
    path: String,
    /// Whether it is only shown, not followed.
    is_image: bool,
    /// `article`, `attachment`, or `redirect` for what the redirect at this address says; null while nothing is there.
    #[schema(required = true)]
    target_kind: Option<String>,
    /// Which article or attachment.
    #[schema(required = true)]
    target_id: Option<Uuid>,
}

impl From<LinkRow> for ExportedLink {
    fn from(row: LinkRow) -> Self {
        let (target_kind, target_id) = match row.target {
            None => (None, None),
            Some(LinkTarget::Article(id)) => (Some("article".to_owned()), Some(id.as_uuid())),
            Some(LinkTarget::Attachment(id)) => (Some("attachment".to_owned()), Some(id.as_uuid())),
            Some(LinkTarget::Redirect) => (Some("redirect".to_owned()), None),
        };
        Self {
            address: row.address,
            source: row.source,
            path: row.path,
            is_image: row.is_image,
            target_kind,
            target_id,
        }
    }
}

/// What an import remembers of an article.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RememberedItem {
    /// Name of the folder, archive or export.
    source: String,
    /// Path in it; empty when the source has no files.
    path: String,
    /// Key it shares with its translations there.
    #[schema(required = true)]
    translation_key: Option<String>,
    /// SHA-256 of what the file said, in hexadecimal digits.
    digest: String,
    /// Head revision right after.
    revision: i32,
    /// Category right after.
    #[schema(required = true)]
    category: Option<Uuid>,
    /// Status right after.
    status: String,
    /// Audience right after.
    audience: String,
    /// Slug right after.
    slug: String,
    /// When.
    imported_at: Time,
}

impl From<RememberedFile> for RememberedItem {
    fn from(file: RememberedFile) -> Self {
        Self {
            source: file.source,
            path: file.path,
            translation_key: file.translation_key,
            digest: FileDigest(file.digest).to_string(),
            revision: file.revision,
            category: file.category.map(|c| c.as_uuid()),
            status: file.status.as_str().to_owned(),
            audience: file.audience.as_str().to_owned(),
            slug: file.slug,
            imported_at: file.imported_at.into(),
        }
    }
}

impl From<ExportRevision> for ExportedRevision {
    fn from(exported: ExportRevision) -> Self {
        let revision = exported.revision;
        Self {
            revision: revision.number,
            title: revision.staged.title,
            body: revision.staged.body,
            excerpt: revision.staged.excerpt,
            tags: revision.staged.tags,
            author: revision.staged.author,
            front_matter: revision.staged.front_matter,
            actor: revision.actor.into(),
            key: revision.key.map(|k| k.as_uuid()),
            message: revision.message,
            created_at: revision.created_at.into(),
            purged_at: exported.purged_at.map(Time::from),
            links: exported.links.into_iter().map(ExportedLink::from).collect(),
        }
    }
}

/// An article with the next of its revisions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    /// Its row as it is now.
    #[serde(flatten)]
    article: ArticleRow,
    /// What an import remembers of it.
    #[schema(required = true)]
    imported_file: Option<RememberedItem>,
    /// Oldest first; an article whose texts are large goes on on the next page.
    revisions: Vec<ExportedRevision>,
}

impl From<ExportedHistory> for HistoryItem {
    fn from(exported: ExportedHistory) -> Self {
        Self {
            article: ArticleRow::new(exported.article, exported.old_slugs),
            imported_file: exported.file.map(RememberedItem::from),
            revisions: exported
                .revisions
                .into_iter()
                .map(ExportedRevision::from)
                .collect(),
        }
    }
}

/// The row of a portal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalRow {
    /// Its id.
    id: Uuid,
    /// First segment of its path addresses.
    slug: String,
    /// What readers see.
    name: String,
    /// Hostnames it answers at.
    hostnames: Vec<String>,
    /// Locales; the first is the default.
    locales: Vec<String>,
    /// CSS hex colour.
    #[schema(required = true)]
    accent: Option<String>,
    /// What readers are told above the pages; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<PortalNotice>,
    /// How readers reach a person; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    contact: Option<PortalContact>,
    /// Raised by every change.
    row_version: i64,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

/// How much a portal has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Numbers {
    /// The next article number nobody took.
    next_number: i64,
    /// Articles, tombstones included.
    articles: i64,
    /// Their revisions.
    revisions: i64,
    /// Categories.
    categories: i64,
    /// Attachments, the erased ones too.
    attachments: i64,
    /// Redirects.
    redirects: i64,
    /// Articles that remember the file they came from.
    imported_files: i64,
    /// Slugs that articles had.
    old_slugs: i64,
}

impl From<PortalNumbers> for Numbers {
    fn from(numbers: PortalNumbers) -> Self {
        Self {
            next_number: numbers.next_number,
            articles: numbers.articles,
            revisions: numbers.revisions,
            categories: numbers.categories,
            attachments: numbers.attachments,
            redirects: numbers.redirects,
            imported_files: numbers.imported_files,
            old_slugs: numbers.old_slugs,
        }
    }
}

/// The row of a category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryRow {
    /// Its id.
    id: Uuid,
    /// The node above; null at the top.
    #[schema(required = true)]
    parent: Option<Uuid>,
    /// Path segment, unique in the portal.
    slug: String,
    /// What readers see.
    name: String,
    /// One sentence under the name.
    description: String,
    /// Order among siblings, then by name.
    position: i32,
    /// Raised by every change.
    row_version: i64,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl From<cairn_domain::category::Category> for CategoryRow {
    fn from(category: cairn_domain::category::Category) -> Self {
        Self {
            id: category.id.as_uuid(),
            parent: category.parent.map(|c| c.as_uuid()),
            slug: category.slug.to_string(),
            name: category.name,
            description: category.description,
            position: category.position,
            row_version: category.row_version,
            created_at: category.created_at.into(),
            updated_at: category.updated_at.into(),
        }
    }
}

/// Where an attachment came from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcePath {
    /// Name of the folder, archive or export.
    source: String,
    /// Path in it.
    path: String,
}

/// The row of an attachment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedAttachment {
    /// Its id.
    id: Uuid,
    /// SHA-256 of its bytes, in hexadecimal digits.
    digest: String,
    /// The name it is offered under.
    name: String,
    /// Found by looking at the bytes.
    media_type: String,
    /// Its size, in bytes.
    byte_length: i64,
    /// In pixels; null unless it is a picture that could be read.
    #[schema(required = true)]
    width: Option<i32>,
    /// In pixels.
    #[schema(required = true)]
    height: Option<i32>,
    /// Widths of its smaller variants.
    variant_widths: Vec<i32>,
    /// Who brought it.
    actor: ActorRef,
    /// When.
    created_at: Time,
    /// When its bytes were erased.
    #[schema(required = true)]
    purged_at: Option<Time>,
    /// Where it came from, by source and path.
    paths: Vec<SourcePath>,
}

impl From<AttachmentRow> for ExportedAttachment {
    fn from(row: AttachmentRow) -> Self {
        let attachment = row.attachment;
        Self {
            id: attachment.id.as_uuid(),
            digest: attachment.digest.to_string(),
            name: attachment.name,
            media_type: attachment.media_type,
            byte_length: attachment.byte_length,
            width: attachment.size.map(|(width, _)| width),
            height: attachment.size.map(|(_, height)| height),
            variant_widths: attachment.variant_widths,
            actor: attachment.actor.into(),
            created_at: attachment.created_at.into(),
            purged_at: attachment.purged_at.map(Time::from),
            paths: row
                .paths
                .into_iter()
                .map(|p| SourcePath {
                    source: p.source,
                    path: p.path,
                })
                .collect(),
        }
    }
}

/// The row of a redirect.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedRedirect {
    /// Percent-decoded.
    old_path: String,
    /// As written; empty: any.
    old_query: String,
    /// `article`, `category` or `url`.
    target_kind: String,
    /// The article or category.
    #[schema(required = true)]
    target_id: Option<Uuid>,
    /// The address.
    #[schema(required = true)]
    target_url: Option<String>,
    /// When it was put.
    created_at: Time,
}

impl From<RedirectRow> for ExportedRedirect {
    fn from(row: RedirectRow) -> Self {
        Self {
            old_path: row.old_path,
            old_query: row.old_query,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_url: row.target_url,
            created_at: row.created_at.into(),
        }
    }
}

/// A host of the old site of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceHost {
    /// Name of the folder, archive or export.
    source: String,
    /// The host.
    host: String,
}

/// A page of what a portal has besides articles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalExport {
    /// The portal.
    portal: PortalRow,
    /// How much it has.
    numbers: Numbers,
    /// From where its articles and attachments were imported, by name.
    sources: Vec<String>,
    /// Hosts of the old sites of sources.
    hosts: Vec<SourceHost>,
    /// All of them, on the first page.
    categories: Vec<CategoryRow>,
    /// The next of them, in the order of their ids.
    attachments: Vec<ExportedAttachment>,
    /// The next of them, in the order of their addresses.
    redirects: Vec<ExportedRedirect>,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/article-exports", operation_id = "export_articles", tag = "articles",
    params(ExportQuery),
    responses((status = 200, description = "A page of articles in the order of their ids", body = List<ExportedItem>)),
)]
pub(crate) async fn articles(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<ExportQuery>,
) -> Result<Response, Problem> {
    let page = articles::export(&ctx, asked(query)).await?;
    let list = List {
        items: page.items.into_iter().map(ExportedItem::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}

#[utoipa::path(
    get, path = "/api/v1/revision-exports", operation_id = "export_revisions", tag = "revisions",
    params(ExportQuery),
    responses((
        status = 200, description = "A page of articles with their revisions, in the order of ids and numbers",
        body = List<HistoryItem>,
    )),
)]
pub(crate) async fn revisions(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<ExportQuery>,
) -> Result<Response, Problem> {
    let page = articles::export_revisions(&ctx, asked(query)).await?;
    let list = List {
        items: page.items.into_iter().map(HistoryItem::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}

#[utoipa::path(
    get, path = "/api/v1/portal-exports", operation_id = "export_portal", tag = "portals",
    params(PortalExportQuery),
    responses((status = 200, description = "A page of what the portal has besides articles", body = PortalExport)),
)]
pub(crate) async fn portal(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<PortalExportQuery>,
) -> Result<Response, Problem> {
    let query = ExportPortal {
        portal: query.portal,
        cursor: query.cursor,
    };
    let page = portals::export(&ctx, query).await?;
    let portal = &page.portal;
    let body = PortalExport {
        portal: PortalRow {
            id: portal.id.as_uuid(),
            slug: portal.slug.to_string(),
            name: portal.name.clone(),
            hostnames: portal.hostnames.clone(),
            locales: portal.locales.iter().map(ToString::to_string).collect(),
            accent: portal.accent.clone(),
            notice: portal.notice.as_ref().map(PortalNotice::from),
            contact: portal.contact.as_ref().map(PortalContact::from),
            row_version: portal.row_version,
            created_at: portal.created_at.into(),
            updated_at: portal.updated_at.into(),
        },
        numbers: page.numbers.into(),
        sources: page.sources,
        hosts: page
            .hosts
            .into_iter()
            .map(|(source, host)| SourceHost { source, host })
            .collect(),
        categories: page.categories.into_iter().map(CategoryRow::from).collect(),
        attachments: page
            .attachments
            .into_iter()
            .map(ExportedAttachment::from)
            .collect(),
        redirects: page
            .redirects
            .into_iter()
            .map(ExportedRedirect::from)
            .collect(),
        next_cursor: page.next_cursor,
    };
    Ok(axum::Json(body).into_response())
}

fn asked(query: ExportQuery) -> ExportArticles {
    ExportArticles {
        portal: query.portal,
        limit: query.limit,
        cursor: query.cursor,
    }
}
