//! Articles: the live row, and the revision a face shows.

mod batch;
mod bulk;
mod index_rows;
mod list;
mod lookups;
mod mapping;
mod translations;

use cairn_domain::actor::Actor;
use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::revision::Staged;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query;
use sqlx::query::Query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{actor, can_be_stored, col, time, time_opt};
use crate::statement::sql;
use crate::tx::Tx;

pub use batch::{lock_many, taken_addresses};
pub use bulk::{insert_many, save_many};
pub use index_rows::{IndexRow, load_for_index, scan, scan_for_index};
pub(crate) use index_rows::{load_for_index_on, scan_for_index_on, scan_on};
pub use list::{ArticleQuery, ArticleSummary, Face, Sort, SortKey, count, list};
pub use lookups::{ids_in_categories, taken_slugs_of};
pub(crate) use mapping::{HEAD, article_columns, article_from, staged_columns, staged_from};
pub use translations::{Progress, has_translations_outside, lock_group, progress};

pub(crate) const fn batch_statements() -> &'static [(&'static str, &'static str)] {
    batch::STATEMENTS
}

pub(crate) const fn bulk_statements() -> &'static [(&'static str, &'static str)] {
    bulk::STATEMENTS
}

pub(crate) const fn list_statements() -> &'static [(&'static str, &'static str)] {
    list::STATEMENTS
}

pub(crate) const fn lookup_statements() -> &'static [(&'static str, &'static str)] {
    lookups::STATEMENTS
}

pub(crate) const fn translation_statements() -> &'static [(&'static str, &'static str)] {
    translations::STATEMENTS
}

pub(crate) const fn index_statements() -> &'static [(&'static str, &'static str)] {
    index_rows::STATEMENTS
}

/// How many `base` and `base-N` slugs are looked at to find a free one.
const TAKEN_SLUGS_MAX: i64 = 10_000;

/// An article with the columns that tell who saved the revision and when.
macro_rules! state_columns {
    () => {
        concat!(
            article_columns!(),
            ",\n       ",
            staged_columns!("r", ""),
            ",\n       r.revision, r.actor_kind, r.actor_id, r.actor_name, r.created_at as saved_at,\n       r.purged_at as text_purged_at"
        )
    };
}

macro_rules! get_by {
    ($where:literal) => {
        // $2: 0 the head, -1 the published revision, else that revision
        concat!(
            "
select ",
            state_columns!(),
            "
from articles a
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = case $2::int4
                    when 0 then a.head_revision
                    when -1 then a.published_revision
                    else $2
                  end
where a.portal_id = $1
  and ",
            $where
        )
    };
}

sql! {
    GET_BY_ID = get_by!("a.id = $3");
    GET_BY_NUMBER = get_by!("a.number = $3");
    GET_BY_SLUG = get_by!("a.locale = $3\n  and a.slug = $4");
    GET_BY_SOURCE = get_by!("a.locale = $3\n  and a.source_id = $4");

    // The one read of an article without its portal: an address that names only the article leads here once.
    FIND_PORTAL = "
select portal_id
from articles
where id = $1";

    LOCK = concat!("
select ", article_columns!(), "
from articles a
where a.portal_id = $1
  and a.id = $2
for update");

    WHICH_TAKEN = "
select exists (select 1 from articles where portal_id = $1 and locale = $2 and slug = $3) as slug_taken,
       exists (select 1 from articles where portal_id = $1 and locale = $2 and source_id = $4) as source_taken";

    // A slug that another transaction took and has not committed yet is not seen here; the unique key then refuses.
    SAVE = "
update articles a
set locale = $4, translation_group = $5, slug = $6, category_id = $7, audience = $8, status = $9,
    head_revision = $10, published_revision = $11, row_version = $12, source_id = $13,
    updated_at = $14, published_at = $15, translated_from = $16, translated_revision = $17, purged_at = $18
where a.portal_id = $1
  and a.id = $2
  and a.row_version = $3
  and not exists (
        select 1
        from articles o
        where o.portal_id = $1
          and o.locale = $4
          and o.slug = $6
          and o.id <> $2)";

    SLUG_TAKEN = "
select exists (
         select 1
         from articles
         where portal_id = $1
           and locale = $2
           and slug = $3
           and id <> $4) as taken";

    // '.' follows '-' in the C collation, so the range holds exactly what starts with "base-".
    TAKEN_SLUGS = "
select slug
from articles
where portal_id = $1
  and locale = $2
  and (slug = $3
       or (slug > $3 || '-'
           and slug < $3 || '.'
           and substr(slug, char_length($3) + 2) ~ '^[0-9]+$'))
limit $4";
}

/// An article with the text of one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleState {
    /// The live row.
    pub article: Article,
    /// The text.
    pub staged: Staged,
    /// Which revision the text is.
    pub revision: i32,
    /// Who saved that revision.
    pub actor: Actor,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// When the text of that revision was erased.
    pub text_purged_at: Option<Timestamp>,
}

/// Which revision of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Newest saved.
    Head,
    /// What readers see; nothing is found while the article is not published.
    Published,
    /// That one.
    Revision(i32),
}

/// How an article is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleKey {
    /// By its id.
    Id(ArticleId),
    /// By its short number.
    Number(i64),
    /// By its current slug.
    Slug {
        /// In which language.
        locale: Locale,
        /// In the form slugs are stored.
        slug: String,
    },
    /// By its id in the system it came from.
    Source {
        /// In which language.
        locale: Locale,
        /// As it was imported.
        source_id: String,
    },
}

impl ArticleKey {
    fn can_exist(&self) -> bool {
        match self {
            ArticleKey::Id(_) | ArticleKey::Number(_) => true,
            ArticleKey::Slug { slug: text, .. }
            | ArticleKey::Source {
                source_id: text, ..
            } => can_be_stored(text),
        }
    }
}

/// What became of an article that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is there.
    Yes,
    /// The slug is taken in portal and locale; nothing was added and the transaction goes on.
    SlugTaken,
    /// The source id is taken in portal and locale; nothing was added and the transaction goes on.
    SourceTaken,
}

/// What became of an article that was to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is saved.
    Yes,
    /// The slug is taken in portal and locale; nothing was saved and the transaction goes on.
    SlugTaken,
}

/// One article with the text of one revision. Primary pool.
pub async fn get(
    store: &Store,
    portal: PortalId,
    key: &ArticleKey,
    which: Which,
) -> Result<Option<ArticleState>, StoreError> {
    if !key.can_exist() {
        return Ok(None);
    }
    let row = get_query(portal, key, which)
        .fetch_optional(store.primary())
        .await?;
    row.as_ref().map(state_from).transpose()
}

/// One article with the text of its head, as this transaction sees it.
pub async fn get_in(
    tx: &mut Tx,
    portal: PortalId,
    key: &ArticleKey,
) -> Result<Option<ArticleState>, StoreError> {
    if !key.can_exist() {
        return Ok(None);
    }
    let row = tx
        .fetch_optional(get_query(portal, key, Which::Head))
        .await?;
    row.as_ref().map(state_from).transpose()
}

/// Which portal an article belongs to: what the caller may see is checked after it. Primary pool.
pub async fn find_portal_of(
    store: &Store,
    article: ArticleId,
) -> Result<Option<PortalId>, StoreError> {
    let row = query(FIND_PORTAL)
        .bind(article.as_uuid())
        .fetch_optional(store.primary())
        .await?;
    row.map(|row| Ok(PortalId::from_uuid(col(&row, "portal_id")?)))
        .transpose()
}

/// Locks an article until the transaction ends.
pub async fn lock(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
) -> Result<Option<Article>, StoreError> {
    let row = tx
        .fetch_optional(query(LOCK).bind(portal.as_uuid()).bind(article.as_uuid()))
        .await?;
    row.as_ref().map(article_from).transpose()
}

/// Adds an article. Its head revision must be appended in the same transaction.
///
/// # Errors
/// [`StoreError::Conflict`] when id or number is taken, or the category is not the portal's.
pub async fn insert(tx: &mut Tx, article: &Article) -> Result<Inserted, StoreError> {
    if !insert_many(tx, std::slice::from_ref(article))
        .await?
        .is_empty()
    {
        return Ok(Inserted::Yes);
    }
    let which = query(WHICH_TAKEN)
        .bind(article.portal.as_uuid())
        .bind(article.locale.as_str())
        .bind(article.slug.as_str())
        .bind(article.source_id.as_deref());
    let Some(row) = tx.fetch_optional(which).await? else {
        return Err(StoreError::inconsistent("articles", "slug", article.id));
    };
    // The source id first: an import that meets it updates the article instead of looking for another slug.
    if col(&row, "source_taken")? {
        return Ok(Inserted::SourceTaken);
    }
    if col(&row, "slug_taken")? {
        return Ok(Inserted::SlugTaken);
    }
    Err(StoreError::Conflict(crate::error::ConstraintName(
        crate::error::constraint::ARTICLE_NUMBER.to_owned(),
    )))
}

/// Saves the live row of a locked article that was read at `old_row_version`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is not at `old_row_version`; [`StoreError::Conflict`] with
/// `constraint::ARTICLE_SLUG` when another transaction took the slug in this very moment: the transaction is over.
pub async fn save(
    tx: &mut Tx,
    article: &Article,
    old_row_version: i64,
) -> Result<Saved, StoreError> {
    let save = query(SAVE)
        .bind(article.portal.as_uuid())
        .bind(article.id.as_uuid())
        .bind(old_row_version)
        .bind(article.locale.as_str())
        .bind(article.translation_group.as_uuid())
        .bind(article.slug.as_str())
        .bind(article.category.map(|c| c.as_uuid()))
        .bind(article.audience.as_str())
        .bind(article.status.as_str())
        .bind(article.head_revision)
        .bind(article.published_revision)
        .bind(article.row_version)
        .bind(article.source_id.as_deref())
        .bind(article.updated_at.to_sqlx())
        .bind(article.published_at.map(ToSqlx::to_sqlx))
        .bind(article.translated_from.map(|t| t.article.as_uuid()))
        .bind(article.translated_from.map(|t| t.revision))
        .bind(article.purged_at.map(ToSqlx::to_sqlx));
    if tx.execute(save).await? == 1 {
        return Ok(Saved::Yes);
    }
    let taken = query(SLUG_TAKEN)
        .bind(article.portal.as_uuid())
        .bind(article.locale.as_str())
        .bind(article.slug.as_str())
        .bind(article.id.as_uuid());
    if let Some(row) = tx.fetch_optional(taken).await?
        && col(&row, "taken")?
    {
        return Ok(Saved::SlugTaken);
    }
    Err(StoreError::Stale {
        table: "articles",
        id: article.id.as_uuid(),
    })
}

/// Which of `base` and `base-N` are live in portal and locale; at most 10,000, in no order.
pub async fn taken_slugs(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
    base: &str,
) -> Result<Vec<String>, StoreError> {
    let taken = query(TAKEN_SLUGS)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(base)
        .bind(TAKEN_SLUGS_MAX);
    let rows = tx.fetch_all(taken).await?;
    rows.iter().map(|row| col(row, "slug")).collect()
}

fn get_query<'q>(
    portal: PortalId,
    key: &ArticleKey,
    which: Which,
) -> Query<'q, Postgres, PgArguments> {
    let sql = match key {
        ArticleKey::Id(_) => GET_BY_ID,
        ArticleKey::Number(_) => GET_BY_NUMBER,
        ArticleKey::Slug { .. } => GET_BY_SLUG,
        ArticleKey::Source { .. } => GET_BY_SOURCE,
    };
    let revision = match which {
        Which::Head => 0,
        Which::Published => -1,
        // No revision is below 1; what a caller makes up finds nothing.
        Which::Revision(number) => number.max(1),
    };
    let query: Query<'q, Postgres, PgArguments> =
        query(sql).bind::<Uuid>(portal.as_uuid()).bind(revision);
    match key {
        ArticleKey::Id(id) => query.bind(id.as_uuid()),
        ArticleKey::Number(number) => query.bind(*number),
        ArticleKey::Slug { locale, slug } => query.bind(locale.as_str()).bind(slug),
        ArticleKey::Source { locale, source_id } => query.bind(locale.as_str()).bind(source_id),
    }
}

fn state_from(row: &PgRow) -> Result<ArticleState, StoreError> {
    let article = article_from(row)?;
    let id = article.id;
    Ok(ArticleState {
        article,
        staged: staged_from(row, &HEAD)?,
        revision: col(row, "revision")?,
        actor: actor(row, "revisions", id)?,
        saved_at: time(row, "saved_at")?,
        text_purged_at: time_opt(row, "text_purged_at")?,
    })
}
