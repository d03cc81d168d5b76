//! `/api/v1/article-imports`: a batch of articles by their source ids, in one transaction; and
//! `/api/v1/imported-files`: which file became which article.

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use cairn_domain::limits::IMPORT_BATCH_BYTES_MAX;
use cairn_service::articles::{self, ImportBatch, ImportItem, ImportResult, ListImportedFiles};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::page::List;
use super::time::Time;
use crate::extract::body::BodyRules;
use crate::extract::input::{Faults, JsonValue, json_input, plain, read_object, required};
use crate::extract::query::query_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams};
use crate::problem::Problem;

json_input! {
    /// One article to import.
    pub(crate) struct ImportItemInput {
        /// Its id in the system it came from; unique in portal and locale.
        source_id: Option<String> = required,
        /// Title.
        title: Option<String> = required,
        /// Markdown, kept to the byte.
        body: Option<String> = required,
        /// Summary for lists.
        excerpt: Option<String> = optional,
        /// Tags.
        tags: Option<Vec<String>> = optional,
        /// Author's name.
        author: Option<Option<String>> = optional,
        /// Names of the categories from the top down; missing ones are created.
        category_path: Option<Vec<String>> = optional,
        /// Locale.
        locale: Option<String> = required,
        /// `published`, `draft` or `archived`.
        status: Option<String> = required,
        /// Front matter that means nothing to Cairn, as a JSON object in text.
        front_matter: Option<Option<String>> = optional,
        /// The file it comes from, relative to the root of the source, with slashes.
        path: Option<Option<String>> = optional,
        /// `public` or `internal`; left out: public when it is new, else as it is.
        audience: Option<Option<String>> = optional,
        /// The slug it wants; a taken one gets a number. Left out: made from the title when it is new.
        slug: Option<Option<String>> = optional,
        /// Articles of one source with one key are translations of each other.
        translation_key: Option<Option<String>> = optional,
        /// When it was made, an RFC 3339 time.
        created_at: Option<Option<String>> = optional,
        /// When what readers see was last changed, an RFC 3339 time.
        updated_at: Option<Option<String>> = optional,
        /// Addresses of the old site that lead to it from now on.
        old_urls: Option<Vec<String>> = optional,
    }
}

impl JsonValue for ImportItem {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: ImportItemInput = read_object(value, at, faults)?;
        // All five are asked for before the first missing one ends it.
        let source_id = required(input.source_id, at, "source_id", faults);
        let title = required(input.title, at, "title", faults);
        let body = required(input.body, at, "body", faults);
        let locale = required(input.locale, at, "locale", faults);
        let status = required(input.status, at, "status", faults);
        Some(ImportItem {
            source_id: source_id?,
            title: title?,
            body: body?,
            excerpt: input.excerpt.unwrap_or_default(),
            tags: input.tags.unwrap_or_default(),
            author: input.author.flatten(),
            category_path: input.category_path.unwrap_or_default(),
            locale: locale?,
            status: status?,
            front_matter: input.front_matter.flatten(),
            path: input.path.flatten(),
            audience: input.audience.flatten(),
            slug: input.slug.flatten(),
            translation_key: input.translation_key.flatten(),
            created_at: input.created_at.flatten(),
            updated_at: input.updated_at.flatten(),
            old_urls: input.old_urls.unwrap_or_default(),
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<ImportItemInput as utoipa::PartialSchema>::schema())
    }
}

json_input! {
    /// Up to 500 articles; a bad one is reported and stops nothing.
    pub(crate) struct ImportInput {
        /// Portal slug or id.
        portal: Option<String> = required,
        /// The folder, archive or export they come from, by a name that stays the same from one import to the next;
        /// `import` when left out.
        source: Option<String> = optional,
        /// `true`: let the file win where file and article both changed since the last import.
        overwrite: Option<bool> = optional,
        /// The articles.
        items: Option<Vec<ImportItem>> = required,
    }
}

impl BodyRules for ImportInput {
    const BYTES_MAX: usize = IMPORT_BATCH_BYTES_MAX;
}

/// What became of one article.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "result")]
pub(crate) enum ImportedItem {
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

impl From<ImportResult> for ImportedItem {
    fn from(result: ImportResult) -> Self {
        match result {
            ImportResult::Created { id, slug } => Self::Created { id, slug },
            ImportResult::Updated { id, slug } => Self::Updated { id, slug },
            ImportResult::Unchanged { id, slug } => Self::Unchanged { id, slug },
            ImportResult::Conflict { id, slug, reason } => Self::Conflict { id, slug, reason },
            ImportResult::Failed { reason } => Self::Failed { reason },
        }
    }
}

/// What became of the batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportOutcome {
    /// One entry for each article, in order.
    results: Vec<ImportedItem>,
}

#[utoipa::path(
    post, path = "/api/v1/article-imports", operation_id = "import_articles", tag = "articles",
    request_body = ImportInput,
    responses((status = 200, description = "What became of each article", body = ImportOutcome)),
)]
pub(crate) async fn import(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<ImportInput>,
) -> Result<Response, Problem> {
    let items = input.items.ok_or_else(|| {
        Problem::invalid_field(
            "items",
            "required",
            "items is missing; give 1 to 500 articles",
        )
    })?;
    let outcome = articles::import(
        &ctx,
        ImportBatch {
            portal: input.portal,
            source: input.source,
            overwrite: input.overwrite.unwrap_or(false),
            items,
            idempotency_key,
        },
    )
    .await?;
    let results = outcome
        .results
        .into_iter()
        .map(ImportedItem::from)
        .collect();
    Ok(axum::Json(ImportOutcome { results }).into_response())
}

query_input! {
    /// Which imported files.
    pub(crate) struct ImportedQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// The folder, archive or export they came from; all of them when left out.
        source: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

/// A file of an import and the article it became.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedFile {
    /// The article.
    article_id: Uuid,
    /// Its id in the system it came from.
    #[schema(required = true)]
    source_id: Option<String>,
    /// Its locale now.
    locale: String,
    /// The folder, archive or export it came from.
    source: String,
    /// The file, relative to the root of the source; null when the source has no files.
    #[schema(required = true)]
    path: Option<String>,
    /// Articles of one source with one key are translations of each other.
    #[schema(required = true)]
    translation_key: Option<String>,
    /// Newest saved revision of the article.
    head_revision: i32,
    /// `draft`, `published` or `archived`, now.
    status: String,
    /// Whether its text, category, status, audience or slug were changed here since the last import.
    is_changed: bool,
    /// When it was last imported with something new.
    imported_at: Time,
}

impl From<articles::ImportedFile> for ImportedFile {
    fn from(file: articles::ImportedFile) -> Self {
        Self {
            article_id: file.article.as_uuid(),
            source_id: file.source_id,
            locale: file.locale.to_string(),
            source: file.source,
            path: file.path,
            translation_key: file.translation_key,
            head_revision: file.head_revision,
            status: file.status.as_str().to_owned(),
            is_changed: file.is_changed,
            imported_at: file.imported_at.into(),
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/imported-files", operation_id = "list_imported_files", tag = "articles",
    params(ImportedQuery), responses((status = 200, description = "A page of imported files", body = List<ImportedFile>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<ImportedQuery>,
) -> Result<Response, Problem> {
    let page = articles::list_imported(
        &ctx,
        ListImportedFiles {
            portal: query.portal,
            source: query.source,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let list = List {
        items: page.items.into_iter().map(ImportedFile::from).collect(),
        total: page.total,
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}
