//! What came from an import: which file became which article, and whether somebody changed it here since.
//!
//! A client that holds the source sees from it which files are gone.

use cairn_domain::article::Status;
use cairn_domain::ids::ArticleId;
use cairn_domain::limits::IMPORT_SOURCE_CHARS_MAX;
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::text::check_text;
use cairn_store::imported_files::ListedFile;
use jiff::Timestamp;
use serde::Serialize;

use crate::authorize::Purpose;
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, authorize, cursor};

/// Which files are asked for, as the caller wrote it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListImportedFiles {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// The folder, archive or export; all of them when absent.
    pub source: Option<String>,
    /// 1 to 100, default 20.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// A file and the article it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFile {
    /// The article.
    pub article: ArticleId,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// Its locale now.
    pub locale: Locale,
    /// The folder, archive or export.
    pub source: String,
    /// Path in it; none when the source has no files.
    pub path: Option<String>,
    /// Files with one key are translations of each other.
    pub translation_key: Option<String>,
    /// Head revision now.
    pub head_revision: i32,
    /// Status now.
    pub status: Status,
    /// Whether text, category, status, audience or slug were changed here since the last import.
    pub is_changed: bool,
    /// When it was last imported with something new.
    pub imported_at: Timestamp,
}

impl From<ListedFile> for ImportedFile {
    fn from(listed: ListedFile) -> Self {
        let file = listed.file;
        let is_changed = file.revision != listed.head_revision
            || file.category != listed.category
            || file.status != listed.status
            || file.audience != listed.audience
            || file.slug != listed.slug;
        Self {
            article: file.article,
            source_id: listed.source_id,
            locale: listed.locale,
            source: file.source,
            path: (!file.path.is_empty()).then_some(file.path),
            translation_key: file.translation_key,
            head_revision: listed.head_revision,
            status: listed.status,
            is_changed,
            imported_at: file.imported_at,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct ImportedFilePage {
    /// The files.
    pub items: Vec<ImportedFile>,
    /// How many there are over all pages; on the first page alone, because counting reads all of them.
    pub total: Option<i64>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Lists what was imported, in the order of the articles' ids, which is the order they were made in.
///
/// # Errors
/// `invalid_fields`, `invalid_cursor`, `portal_required`, `missing_scope`.
pub async fn list_imported(ctx: &Context, query: ListImportedFiles) -> Result<ImportedFilePage> {
    authorize::operation(ctx, Operation::ListImportedFiles)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    if let Some(source) = input.not_empty("source", query.source.as_deref()) {
        check_text(&mut input.errors, "source", source, IMPORT_SOURCE_CHARS_MAX);
    }
    input.finish()?;
    let binding = ("imported files", portal.id, &query);
    let after = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<ArticleId>(&binding, c))
        .transpose()?;
    let (store, source) = (&ctx.app.store, query.source.as_deref());
    let wanted = page_limit(limit);
    let mut rows =
        cairn_store::imported_files::list(store, portal.id, source, after, wanted).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last() {
        Some(last) if more => Some(cursor::encode(&binding, &last.file.article)?),
        _ => None,
    };
    let total = match (after, more) {
        (Some(_), _) => None,
        (None, true) => Some(cairn_store::imported_files::count(store, portal.id, source).await?),
        (None, false) => i64::try_from(rows.len()).ok(),
    };
    Ok(ImportedFilePage {
        items: rows.into_iter().map(ImportedFile::from).collect(),
        total,
        next_cursor,
    })
}
