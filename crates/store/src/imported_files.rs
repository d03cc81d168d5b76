//! What an import remembers: from which file an article came, and what both were when they were last the same.
//!
//! Budget: four round trips for a batch of 500, whatever it says: find, the translations of what changed, the lock, put.
//! A batch in which no file changed needs the first one only.

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgArguments, PgExecutor, PgRow, Postgres};
use sqlx::query;
use sqlx::query::Query;
use uuid::Uuid;

use crate::articles::{article_columns, article_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, locale, time, word};
use crate::statement::sql;
use crate::tx::Tx;

/// The columns of [`file_from`], of `imported_files f`.
macro_rules! file_columns {
    () => {
        "f.article_id, f.source, f.path, f.translation_key, f.digest, f.revision as file_revision,
       f.category_id as file_category_id, f.status as file_status, f.audience as file_audience, f.slug as file_slug,
       f.imported_at"
    };
}

sql! {
    // Articles without a memory are found too: somebody else made them under the same id.
    FIND = concat!("
select a.id, a.slug, a.locale, a.source_id, a.purged_at is not null as is_purged, ", file_columns!(), "
from unnest($2::text[], $3::text[]) as s (locale, source_id)
join articles a
  on a.portal_id = $1
 and a.locale = s.locale
 and a.source_id = s.source_id
left join imported_files f
  on f.portal_id = a.portal_id
 and f.article_id = a.id");

    TRANSLATIONS = concat!("
with keyed as (
    select distinct f.translation_key, a.translation_group
    from imported_files f
    join articles a
      on a.portal_id = f.portal_id
     and a.id = f.article_id
    where f.portal_id = $1
      and f.source = $2
      and f.translation_key = any($3)
)
select k.translation_key as of_key, coalesce(f.source = $2 and f.translation_key = k.translation_key, false) as is_keyed,
       ", article_columns!(), "
from keyed k
join articles a
  on a.portal_id = $1
 and a.translation_group = k.translation_group
left join imported_files f
  on f.portal_id = a.portal_id
 and f.article_id = a.id
where a.purged_at is null
order by a.number");

    PUT_MANY = "
insert into imported_files (portal_id, article_id, source, path, translation_key, digest, revision, category_id, status,
                            audience, slug, imported_at)
select $1, u.*
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::int4[], $8::uuid[], $9::text[],
            $10::text[], $11::text[], $12::timestamptz[]) as u
on conflict (portal_id, article_id) do update
set source = excluded.source, path = excluded.path, translation_key = excluded.translation_key,
    digest = excluded.digest, revision = excluded.revision, category_id = excluded.category_id,
    status = excluded.status, audience = excluded.audience, slug = excluded.slug, imported_at = excluded.imported_at";

    // $2 the source, or null for all of them; $3 the article after which the page begins, or null
    // Lateral, so that each article is looked up: as a join the planner walks along all articles up to the page.
    LIST = concat!("
select a.source_id, a.head_revision, a.slug, a.category_id, ", file_columns!(), ",
       a.locale, a.status, a.audience
from imported_files f
cross join lateral (
        select w.source_id, w.head_revision, w.slug, w.category_id, w.locale, w.status, w.audience
        from articles w
        where w.portal_id = f.portal_id
          and w.id = f.article_id
        offset 0) as a
where f.portal_id = $1
  and ($2::text is null or f.source = $2)
  and ($3::uuid is null or f.article_id > $3)
order by f.article_id
limit $4");

    OF_ARTICLES = concat!("
select ", file_columns!(), "
from imported_files f
where f.portal_id = $1
  and f.article_id = any ($2)
order by f.article_id");

    COUNT = "
select count(*) as files
from imported_files
where portal_id = $1
  and ($2::text is null or source = $2)";
}

/// A file that became an article, and the article right after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFile {
    /// Which article.
    pub article: ArticleId,
    /// The folder, archive or export it came from.
    pub source: String,
    /// Path in the source, with slashes; empty when the source has no files.
    pub path: String,
    /// Files with one key are translations of each other.
    pub translation_key: Option<String>,
    /// SHA-256 of what the file said.
    pub digest: [u8; 32],
    /// Head revision of the article right after.
    pub revision: i32,
    /// Its category right after.
    pub category: Option<CategoryId>,
    /// Its status right after.
    pub status: Status,
    /// Its audience right after.
    pub audience: Audience,
    /// Its slug right after.
    pub slug: String,
    /// When.
    pub imported_at: Timestamp,
}

/// An article that an import names by its source id, with what is remembered of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Its id.
    pub article: ArticleId,
    /// Its language.
    pub locale: Locale,
    /// Its id in the system it came from.
    pub source_id: String,
    /// Its slug now.
    pub slug: String,
    /// Whether its text was erased.
    pub is_purged: bool,
    /// Its file; none when no import made it.
    pub file: Option<ImportedFile>,
}

/// An article in the translation group of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedTranslation {
    /// The key.
    pub key: String,
    /// Whether its own file says that key; else it was joined by hand.
    pub is_keyed: bool,
    /// The article.
    pub article: Article,
}

/// An imported article in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// What is remembered.
    pub file: ImportedFile,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// Its language now.
    pub locale: Locale,
    /// Its head revision now.
    pub head_revision: i32,
    /// Its category now.
    pub category: Option<CategoryId>,
    /// Its status now.
    pub status: Status,
    /// Its audience now.
    pub audience: Audience,
    /// Its slug now.
    pub slug: String,
}

/// The articles with these source ids. Primary pool; those without an article are left out.
pub async fn find(
    store: &Store,
    portal: PortalId,
    sources: &[(Locale, String)],
) -> Result<Vec<Remembered>, StoreError> {
    let rows = find_query(portal, sources)
        .fetch_all(store.primary())
        .await?;
    rows.iter().map(remembered_from).collect()
}

/// As [`find`], as this transaction sees it.
pub async fn find_in(
    tx: &mut Tx,
    portal: PortalId,
    sources: &[(Locale, String)],
) -> Result<Vec<Remembered>, StoreError> {
    let rows = tx.fetch_all(find_query(portal, sources)).await?;
    rows.iter().map(remembered_from).collect()
}

/// The articles that are in the translation groups of these keys of a source, oldest first; what was erased is left out.
pub async fn translations(
    tx: &mut Tx,
    portal: PortalId,
    source: &str,
    keys: &[String],
) -> Result<Vec<KeyedTranslation>, StoreError> {
    let find = query(TRANSLATIONS)
        .bind(portal.as_uuid())
        .bind(source)
        .bind(keys.to_vec());
    let rows = tx.fetch_all(find).await?;
    rows.iter()
        .map(|row| {
            Ok(KeyedTranslation {
                key: col(row, "of_key")?,
                is_keyed: col(row, "is_keyed")?,
                article: article_from(row)?,
            })
        })
        .collect()
}

/// Remembers many files of one portal in one round trip; no article may stand in the list twice.
pub async fn put_many(
    tx: &mut Tx,
    portal: PortalId,
    files: &[ImportedFile],
) -> Result<(), StoreError> {
    if files.is_empty() {
        return Ok(());
    }
    let put = query(PUT_MANY)
        .bind(portal.as_uuid())
        .bind(each(files, |f| f.article.as_uuid()))
        .bind(each(files, |f| f.source.as_str()))
        .bind(each(files, |f| f.path.as_str()))
        .bind(each(files, |f| f.translation_key.as_deref()))
        .bind(each(files, |f| &f.digest[..]))
        .bind(each(files, |f| f.revision))
        .bind(each(files, |f| f.category.map(|c| c.as_uuid())))
        .bind(each(files, |f| f.status.as_str()))
        .bind(each(files, |f| f.audience.as_str()))
        .bind(each(files, |f| f.slug.as_str()))
        .bind(each(files, |f| f.imported_at.to_sqlx()));
    tx.execute(put).await?;
    Ok(())
}

/// A page of what came from a source, or from all of them, in the order of the articles' ids. Primary pool.
pub async fn list(
    store: &Store,
    portal: PortalId,
    source: Option<&str>,
    after: Option<ArticleId>,
    limit: i64,
) -> Result<Vec<ListedFile>, StoreError> {
    let rows = query(LIST)
        .bind(portal.as_uuid())
        .bind(source)
        .bind(after.map(|a| a.as_uuid()))
        .bind(limit)
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| {
            let file = file_from(row)?;
            let id = file.article;
            Ok(ListedFile {
                source_id: col(row, "source_id")?,
                locale: locale(col(row, "locale")?, "articles", id)?,
                head_revision: col(row, "head_revision")?,
                category: col::<Option<Uuid>>(row, "category_id")?.map(CategoryId::from_uuid),
                status: word(row, "articles", "status", id, Status::parse)?,
                audience: word(row, "articles", "audience", id, Audience::parse)?,
                slug: col(row, "slug")?,
                file,
            })
        })
        .collect()
}

/// What is remembered of some articles, in order of their ids.
pub(crate) async fn of_articles_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<ImportedFile>, StoreError> {
    let rows = query(OF_ARTICLES)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(executor)
        .await?;
    rows.iter().map(file_from).collect()
}

/// How many came from a source, or from all of them. Primary pool.
pub async fn count(
    store: &Store,
    portal: PortalId,
    source: Option<&str>,
) -> Result<i64, StoreError> {
    let row = query(COUNT)
        .bind(portal.as_uuid())
        .bind(source)
        .fetch_one(store.primary())
        .await?;
    col(&row, "files")
}

fn find_query<'q>(
    portal: PortalId,
    sources: &[(Locale, String)],
) -> Query<'q, Postgres, PgArguments> {
    query(FIND)
        .bind::<Uuid>(portal.as_uuid())
        .bind(each(sources, |(locale, _)| locale.as_str().to_owned()))
        .bind(each(sources, |(_, id)| id.clone()))
}

fn remembered_from(row: &PgRow) -> Result<Remembered, StoreError> {
    let article = ArticleId::from_uuid(col(row, "id")?);
    let is_remembered = col::<Option<Uuid>>(row, "article_id")?.is_some();
    Ok(Remembered {
        article,
        locale: locale(col(row, "locale")?, "articles", article)?,
        source_id: col(row, "source_id")?,
        slug: col(row, "slug")?,
        is_purged: col(row, "is_purged")?,
        file: is_remembered.then(|| file_from(row)).transpose()?,
    })
}

fn file_from(row: &PgRow) -> Result<ImportedFile, StoreError> {
    let article = ArticleId::from_uuid(col(row, "article_id")?);
    let digest: &[u8] = col(row, "digest")?;
    Ok(ImportedFile {
        article,
        source: col(row, "source")?,
        path: col(row, "path")?,
        translation_key: col(row, "translation_key")?,
        digest: digest
            .try_into()
            .map_err(|_| StoreError::inconsistent("imported_files", "digest", article))?,
        revision: col(row, "file_revision")?,
        category: col::<Option<Uuid>>(row, "file_category_id")?.map(CategoryId::from_uuid),
        status: word(row, "imported_files", "file_status", article, Status::parse)?,
        audience: word(
            row,
            "imported_files",
            "file_audience",
            article,
            Audience::parse,
        )?,
        slug: col(row, "file_slug")?,
        imported_at: time(row, "imported_at")?,
    })
}
