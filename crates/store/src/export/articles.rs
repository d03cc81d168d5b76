//! Articles on their way out: the text readers see, else the head, and what leads to them.

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::revision::Staged;
use jiff::Timestamp;
use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::query;
use uuid::Uuid;

use crate::articles::{HEAD, article_columns, article_from, staged_columns, staged_from};
use crate::error::StoreError;
use crate::row::{col, each, locale, time};
use crate::statement::sql;

/// The size of a revision's text, in bytes.
macro_rules! text_bytes {
    () => {
        "(octet_length(r.title) + octet_length(r.body) + octet_length(r.excerpt)
        + coalesce(octet_length(r.front_matter), 0))::int8"
    };
}
pub(super) use text_bytes;

sql! {
    // The page is found first, so that each of its articles is looked up: as one join with a limit the planner may read
    // all revisions up to the page.
    SIZES = concat!("
select a.id, ", text_bytes!(), " as bytes
from articles a
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = coalesce(a.published_revision, a.head_revision)
where a.portal_id = $1
  and a.id = any (array(
        select w.id
        from articles w
        where w.portal_id = $1
          and w.id > $2
        order by w.id
        limit $3))
order by a.id");

    ROWS = concat!("
select ", article_columns!(), ",
       ", staged_columns!("r", ""), ",
       r.revision, f.source, f.path, f.translation_key
from articles a
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = coalesce(a.published_revision, a.head_revision)
left join imported_files f
  on f.portal_id = a.portal_id
 and f.article_id = a.id
where a.portal_id = $1
  and a.id = any ($2)
order by a.id");

    OLD_SLUGS = "
select article_id, locale, slug, created_at
from slug_history
where portal_id = $1
  and article_id = any ($2)
order by article_id, locale, slug";

    OLD_URLS = "
select target_id, old_path, old_query
from redirects
where portal_id = $1
  and target_kind = 'article'
  and target_id = any ($2)
order by target_id, old_path, old_query";

    // One key for a group: that of its oldest member that has one.
    GROUPS = "
select a.translation_group, count(*) as members,
       (array_agg(f.translation_key order by a.id) filter (where f.translation_key is not null))[1] as key,
       (array_agg(f.source order by a.id) filter (where f.translation_key is not null))[1] as source
from articles a
left join imported_files f
  on f.portal_id = a.portal_id
 and f.article_id = a.id
where a.portal_id = $1
  and a.translation_group = any ($2)
group by a.translation_group";
}

/// An article and the size of the text that would leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sized {
    /// Which.
    pub id: ArticleId,
    /// In bytes.
    pub bytes: i64,
}

/// An article as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRow {
    /// The live row.
    pub article: Article,
    /// What readers see; the head while nobody sees it.
    pub staged: Staged,
    /// Which revision that is.
    pub revision: i32,
    /// The source and the path in it from which it was imported.
    pub file: Option<(String, String)>,
    /// Its key among the translations of its source.
    pub translation_key: Option<String>,
    /// How many articles its translation group has.
    pub translations: i64,
    /// The key of the group and the source that gave it: that of the oldest member that has one.
    pub group_key: Option<(String, String)>,
    /// Where it stood before.
    pub old_slugs: Vec<OldSlug>,
    /// Redirects that lead to it.
    pub redirected_from: Vec<RedirectedFrom>,
}

/// A slug an article had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSlug {
    /// In which language.
    pub locale: Locale,
    /// The slug.
    pub slug: String,
    /// When it left it.
    pub left_at: Timestamp,
}

/// An address of the site before that leads to an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectedFrom {
    /// Decoded.
    pub path: String,
    /// As written; empty: any.
    pub query: String,
}

pub(crate) async fn sizes_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    after: Option<ArticleId>,
    limit: i64,
) -> Result<Vec<Sized>, StoreError> {
    let rows = query(SIZES)
        .bind(portal.as_uuid())
        .bind(after.map_or(Uuid::nil(), ArticleId::as_uuid))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Sized {
                id: ArticleId::from_uuid(col(row, "id")?),
                bytes: col(row, "bytes")?,
            })
        })
        .collect()
}

/// The rows with their text; what leads to them is added by the caller.
pub(crate) async fn export_rows_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<ExportRow>, StoreError> {
    let rows = query(ROWS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter().map(row_from).collect()
}

pub(crate) async fn old_slugs_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, OldSlug)>, StoreError> {
    let rows = query(OLD_SLUGS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            let old = OldSlug {
                locale: locale(col(row, "locale")?, "slug_history", article)?,
                slug: col(row, "slug")?,
                left_at: time(row, "created_at")?,
            };
            Ok((article, old))
        })
        .collect()
}

pub(crate) async fn old_urls_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, RedirectedFrom)>, StoreError> {
    let rows = query(OLD_URLS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| {
            let from = RedirectedFrom {
                path: col(row, "old_path")?,
                query: col(row, "old_query")?,
            };
            Ok((ArticleId::from_uuid(col(row, "target_id")?), from))
        })
        .collect()
}

/// Of each group: how many articles it has, its key and the source of the key.
pub(crate) async fn groups_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    groups: &[TranslationGroupId],
) -> Result<Vec<(TranslationGroupId, i64, Option<(String, String)>)>, StoreError> {
    let rows = query(GROUPS)
        .bind(portal.as_uuid())
        .bind(each(groups, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter()
        .map(|row| {
            let group = TranslationGroupId::from_uuid(col(row, "translation_group")?);
            let key: Option<String> = col(row, "key")?;
            let source: Option<String> = col(row, "source")?;
            Ok((group, col(row, "members")?, key.zip(source)))
        })
        .collect()
}

fn row_from(row: &PgRow) -> Result<ExportRow, StoreError> {
    let source: Option<String> = col(row, "source")?;
    let path: Option<String> = col(row, "path")?;
    Ok(ExportRow {
        article: article_from(row)?,
        staged: staged_from(row, &HEAD)?,
        revision: col(row, "revision")?,
        file: source.zip(path),
        translation_key: col(row, "translation_key")?,
        translations: 1,
        group_key: None,
        old_slugs: Vec::new(),
        redirected_from: Vec::new(),
    })
}

pub(crate) const fn statements() -> &'static [(&'static str, &'static str)] {
    STATEMENTS
}
