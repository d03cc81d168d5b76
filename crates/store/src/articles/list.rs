//! Lists of articles: every filter, every order, paged by a key that ends in the id.
//!
//! Statements are static text: one per order, page kind (first or next) and depth. A *flat* list is decided by the
//! article rows alone: the page is cut first, along an index, and only its rows meet their revisions. A *deep* list asks
//! the revisions too (tag, author, order by title) and may read every article of the portal once.

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query;
use sqlx::query::Query;
use uuid::Uuid;

use super::mapping::{article_columns, article_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{can_be_stored, col, comparable, each};
use crate::statement::sql;

/// The articles of a face and the filters on their live rows. $1 portal, $2 heads rather than what readers see,
/// $3 status, $4 audience, $5 categories, $6 locale, $7 updated since.
///
/// With known values the server folds the `case` away. Without them (the plan of a statement used often) it takes a
/// `case` for a coin toss, where it takes five `or`s for a filter that lets nothing through: then it would read and
/// sort the whole portal for every page.
macro_rules! live {
    () => {
        "
where a.portal_id = $1
  and a.purged_at is null
  and ($2 or a.status = 'published')
  and case
        when $3::text is null
         and $4::text is null
         and $5::uuid[] is null
         and $6::text is null
         and $7::timestamptz is null
        then true
        else ($3 is null or a.status = $3)
         and ($4 is null or a.audience = $4)
         and ($5 is null or a.category_id = any ($5))
         and ($6 is null or a.locale = $6)
         and ($7 is null or a.updated_at >= $7)
      end"
    };
}

/// The revision the face shows.
macro_rules! shown {
    () => {
        "
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = case when $2 then a.head_revision else a.published_revision end"
    };
}

/// The filters on the revision. $8 tag, $9 author.
macro_rules! staged {
    () => {
        "
  and ($8::text is null or r.tags @> array[$8])
  and ($9::text is null or r.author = $9)"
    };
}

macro_rules! columns {
    () => {
        concat!(
            "
select ",
            article_columns!(),
            ",
       r.title, r.excerpt, r.tags, r.author, octet_length(r.body) as body_bytes"
        )
    };
}

macro_rules! ordered {
    ($key:literal, $direction:literal) => {
        concat!("\norder by ", $key, " ", $direction, ", a.id ", $direction)
    };
}

/// $8 limit; `$beyond` is what keeps the pages before away.
macro_rules! flat {
    ($key:literal, $direction:literal, $beyond:expr) => {
        concat!(
            columns!(),
            "\nfrom (\nselect ",
            article_columns!(),
            "\nfrom articles a",
            live!(),
            $beyond,
            ordered!($key, $direction),
            "\nlimit $8\n) a",
            shown!(),
            ordered!($key, $direction)
        )
    };
}

/// $10 limit; `$beyond` is what keeps the pages before away.
macro_rules! deep {
    ($key:literal, $direction:literal, $beyond:expr) => {
        concat!(
            columns!(),
            "\nfrom articles a",
            shown!(),
            live!(),
            staged!(),
            $beyond,
            ordered!($key, $direction),
            "\nlimit $10"
        )
    };
}

sql! {
    UPDATED_DESC = flat!("a.updated_at", "desc", "");
    UPDATED_DESC_NEXT = flat!("a.updated_at", "desc", "\n  and (a.updated_at, a.id) < ($9::timestamptz, $10::uuid)");
    UPDATED_ASC = flat!("a.updated_at", "asc", "");
    UPDATED_ASC_NEXT = flat!("a.updated_at", "asc", "\n  and (a.updated_at, a.id) > ($9::timestamptz, $10::uuid)");
    CREATED_DESC = flat!("a.created_at", "desc", "");
    CREATED_DESC_NEXT = flat!("a.created_at", "desc", "\n  and (a.created_at, a.id) < ($9::timestamptz, $10::uuid)");
    CREATED_ASC = flat!("a.created_at", "asc", "");
    CREATED_ASC_NEXT = flat!("a.created_at", "asc", "\n  and (a.created_at, a.id) > ($9::timestamptz, $10::uuid)");
    NUMBER_DESC = flat!("a.number", "desc", "");
    NUMBER_DESC_NEXT = flat!("a.number", "desc", "\n  and (a.number, a.id) < ($9::int8, $10::uuid)");
    NUMBER_ASC = flat!("a.number", "asc", "");
    NUMBER_ASC_NEXT = flat!("a.number", "asc", "\n  and (a.number, a.id) > ($9::int8, $10::uuid)");

    DEEP_UPDATED_DESC = deep!("a.updated_at", "desc", "");
    DEEP_UPDATED_DESC_NEXT = deep!("a.updated_at", "desc", "\n  and (a.updated_at, a.id) < ($11::timestamptz, $12::uuid)");
    DEEP_UPDATED_ASC = deep!("a.updated_at", "asc", "");
    DEEP_UPDATED_ASC_NEXT = deep!("a.updated_at", "asc", "\n  and (a.updated_at, a.id) > ($11::timestamptz, $12::uuid)");
    DEEP_CREATED_DESC = deep!("a.created_at", "desc", "");
    DEEP_CREATED_DESC_NEXT = deep!("a.created_at", "desc", "\n  and (a.created_at, a.id) < ($11::timestamptz, $12::uuid)");
    DEEP_CREATED_ASC = deep!("a.created_at", "asc", "");
    DEEP_CREATED_ASC_NEXT = deep!("a.created_at", "asc", "\n  and (a.created_at, a.id) > ($11::timestamptz, $12::uuid)");
    DEEP_NUMBER_DESC = deep!("a.number", "desc", "");
    DEEP_NUMBER_DESC_NEXT = deep!("a.number", "desc", "\n  and (a.number, a.id) < ($11::int8, $12::uuid)");
    DEEP_NUMBER_ASC = deep!("a.number", "asc", "");
    DEEP_NUMBER_ASC_NEXT = deep!("a.number", "asc", "\n  and (a.number, a.id) > ($11::int8, $12::uuid)");
    DEEP_TITLE_DESC = deep!("r.title", "desc", "");
    DEEP_TITLE_DESC_NEXT = deep!("r.title", "desc", "\n  and (r.title, a.id) < ($11::text, $12::uuid)");
    DEEP_TITLE_ASC = deep!("r.title", "asc", "");
    DEEP_TITLE_ASC_NEXT = deep!("r.title", "asc", "\n  and (r.title, a.id) > ($11::text, $12::uuid)");

    COUNT = concat!("\nselect count(*) as articles\nfrom articles a", live!());
    DEEP_COUNT = concat!("\nselect count(*) as articles\nfrom articles a", shown!(), live!(), staged!());
}

/// Through whose eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Face {
    /// Published, audience public; titles and tags of the published revision.
    Public,
    /// Published, every audience; titles and tags of the published revision.
    Published,
    /// Everything; titles and tags of the head.
    Authoring,
}

/// In which order. Ties are broken by the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Last changed first.
    #[default]
    UpdatedDesc,
    /// Longest unchanged first.
    UpdatedAsc,
    /// Newest first.
    CreatedDesc,
    /// Oldest first.
    CreatedAsc,
    /// By title, from the end.
    TitleDesc,
    /// By title.
    TitleAsc,
    /// Highest number first.
    NumberDesc,
    /// By number.
    NumberAsc,
}

impl Sort {
    /// All of them.
    pub const ALL: &'static [Sort] = &[
        Sort::UpdatedDesc,
        Sort::UpdatedAsc,
        Sort::CreatedDesc,
        Sort::CreatedAsc,
        Sort::TitleDesc,
        Sort::TitleAsc,
        Sort::NumberDesc,
        Sort::NumberAsc,
    ];

    /// The statements of the first and of a next page.
    const fn statements(self, deep: bool) -> (&'static str, &'static str) {
        match (self, deep) {
            (Sort::UpdatedDesc, false) => (UPDATED_DESC, UPDATED_DESC_NEXT),
            (Sort::UpdatedAsc, false) => (UPDATED_ASC, UPDATED_ASC_NEXT),
            (Sort::CreatedDesc, false) => (CREATED_DESC, CREATED_DESC_NEXT),
            (Sort::CreatedAsc, false) => (CREATED_ASC, CREATED_ASC_NEXT),
            (Sort::NumberDesc, false) => (NUMBER_DESC, NUMBER_DESC_NEXT),
            (Sort::NumberAsc, false) => (NUMBER_ASC, NUMBER_ASC_NEXT),
            (Sort::UpdatedDesc, true) => (DEEP_UPDATED_DESC, DEEP_UPDATED_DESC_NEXT),
            (Sort::UpdatedAsc, true) => (DEEP_UPDATED_ASC, DEEP_UPDATED_ASC_NEXT),
            (Sort::CreatedDesc, true) => (DEEP_CREATED_DESC, DEEP_CREATED_DESC_NEXT),
            (Sort::CreatedAsc, true) => (DEEP_CREATED_ASC, DEEP_CREATED_ASC_NEXT),
            (Sort::NumberDesc, true) => (DEEP_NUMBER_DESC, DEEP_NUMBER_DESC_NEXT),
            (Sort::NumberAsc, true) => (DEEP_NUMBER_ASC, DEEP_NUMBER_ASC_NEXT),
            (Sort::TitleDesc, _) => (DEEP_TITLE_DESC, DEEP_TITLE_DESC_NEXT),
            (Sort::TitleAsc, _) => (DEEP_TITLE_ASC, DEEP_TITLE_ASC_NEXT),
        }
    }
}

/// The value of an item in its order: with the id, where the next page starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    /// For orders by time.
    Time(Timestamp),
    /// For orders by title.
    Title(String),
    /// For orders by number.
    Number(i64),
}

/// Which articles, in which order, from where. What is `None` does not filter.
#[derive(Debug, Clone)]
pub struct ArticleQuery {
    /// Whose.
    pub portal: PortalId,
    /// Through whose eyes.
    pub face: Face,
    /// In one of these categories, children already added.
    pub categories: Option<Vec<CategoryId>>,
    /// With this status; readers' faces only ever hold published articles.
    pub status: Option<Status>,
    /// In this language.
    pub locale: Option<Locale>,
    /// With this tag.
    pub tag: Option<String>,
    /// By this author.
    pub author: Option<String>,
    /// For this audience.
    pub audience: Option<Audience>,
    /// Changed then or later.
    pub updated_since: Option<Timestamp>,
    /// In which order.
    pub sort: Sort,
    /// After the item with this key and id; from the start when absent.
    pub after: Option<(SortKey, ArticleId)>,
    /// At most so many.
    pub limit: i64,
}

impl ArticleQuery {
    /// Everything of a portal through one face, last changed first.
    pub fn new(portal: PortalId, face: Face, limit: i64) -> Self {
        Self {
            portal,
            face,
            categories: None,
            status: None,
            locale: None,
            tag: None,
            author: None,
            audience: None,
            updated_since: None,
            sort: Sort::default(),
            after: None,
            limit,
        }
    }

    /// Whether a filter asks the revisions.
    const fn filters_staged(&self) -> bool {
        self.tag.is_some() || self.author.is_some()
    }

    /// Whether the revisions are needed to cut the page.
    const fn is_deep(&self) -> bool {
        self.filters_staged() || matches!(self.sort, Sort::TitleDesc | Sort::TitleAsc)
    }

    /// The audience filter after the face had its say; none when nothing can pass the filters.
    fn effective_audience(&self) -> Option<Option<Audience>> {
        let texts = [self.tag.as_deref(), self.author.as_deref()];
        if !texts.into_iter().flatten().all(can_be_stored) {
            return None;
        }
        match (self.face, self.audience) {
            (Face::Public, Some(Audience::Internal)) => None,
            (Face::Public, _) => Some(Some(Audience::Public)),
            (_, audience) => Some(audience),
        }
    }
}

/// An article as lists show it: no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleSummary {
    /// The live row.
    pub article: Article,
    /// Of the revision the face shows, as are the next four.
    pub title: String,
    /// One or two sentences; may be empty.
    pub excerpt: String,
    /// In the order given.
    pub tags: Vec<String>,
    /// Who is named as the author.
    pub author: Option<String>,
    /// Size of the body, in bytes.
    pub body_bytes: i32,
}

impl ArticleSummary {
    /// Where this item stands in an order.
    pub fn sort_key(&self, sort: Sort) -> SortKey {
        match sort {
            Sort::UpdatedDesc | Sort::UpdatedAsc => SortKey::Time(self.article.updated_at),
            Sort::CreatedDesc | Sort::CreatedAsc => SortKey::Time(self.article.created_at),
            Sort::TitleDesc | Sort::TitleAsc => SortKey::Title(self.title.clone()),
            Sort::NumberDesc | Sort::NumberAsc => SortKey::Number(self.article.number),
        }
    }
}

/// One page. Primary pool.
///
/// # Errors
/// [`StoreError::Refused`] when the key of `after` is not one that this order makes.
pub async fn list(store: &Store, q: &ArticleQuery) -> Result<Vec<ArticleSummary>, StoreError> {
    let Some(audience) = q.effective_audience() else {
        return Ok(Vec::new());
    };
    let deep = q.is_deep();
    let (first, next) = q.sort.statements(deep);
    let statement = match &q.after {
        None => bind_filters(query(first), q, audience, deep).bind(q.limit),
        Some((key, id)) => {
            let query = bind_filters(query(next), q, audience, deep).bind(q.limit);
            bind_key(query, q.sort, key)?.bind(id.as_uuid())
        }
    };
    let rows = statement.fetch_all(store.primary()).await?;
    rows.iter().map(summary_from).collect()
}

/// How many articles there are on all pages. Primary pool.
pub async fn count(store: &Store, q: &ArticleQuery) -> Result<i64, StoreError> {
    let Some(audience) = q.effective_audience() else {
        return Ok(0);
    };
    let deep = q.filters_staged();
    let count = if deep { DEEP_COUNT } else { COUNT };
    let row = bind_filters(query(count), q, audience, deep)
        .fetch_one(store.primary())
        .await?;
    col(&row, "articles")
}

type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

fn bind_filters<'q>(
    query: PgQuery<'q>,
    q: &ArticleQuery,
    audience: Option<Audience>,
    deep: bool,
) -> PgQuery<'q> {
    let categories: Option<Vec<Uuid>> = q
        .categories
        .as_deref()
        .map(|ids| each(ids, |id| id.as_uuid()));
    let query = query
        .bind(q.portal.as_uuid())
        .bind(q.face == Face::Authoring)
        .bind(q.status.map(Status::as_str))
        .bind(audience.map(Audience::as_str))
        .bind(categories)
        .bind(q.locale.as_ref().map(Locale::as_str))
        .bind(q.updated_since.map(comparable));
    if deep {
        query.bind(q.tag.as_deref()).bind(q.author.as_deref())
    } else {
        query
    }
}

fn bind_key<'q>(query: PgQuery<'q>, sort: Sort, key: &SortKey) -> Result<PgQuery<'q>, StoreError> {
    use Sort::{
        CreatedAsc, CreatedDesc, NumberAsc, NumberDesc, TitleAsc, TitleDesc, UpdatedAsc,
        UpdatedDesc,
    };
    match (sort, key) {
        (UpdatedDesc | UpdatedAsc | CreatedDesc | CreatedAsc, SortKey::Time(time)) => {
            Ok(query.bind(comparable(*time)))
        }
        (TitleDesc | TitleAsc, SortKey::Title(title)) if can_be_stored(title) => {
            Ok(query.bind(title.as_str()))
        }
        (NumberDesc | NumberAsc, SortKey::Number(number)) => Ok(query.bind(*number)),
        _ => Err(StoreError::Refused(
            "the cursor does not belong to this order; start again from the first page".to_owned(),
        )),
    }
}

fn summary_from(row: &PgRow) -> Result<ArticleSummary, StoreError> {
    Ok(ArticleSummary {
        article: article_from(row)?,
        title: col(row, "title")?,
        excerpt: col(row, "excerpt")?,
        tags: col(row, "tags")?,
        author: col(row, "author")?,
        body_bytes: col(row, "body_bytes")?,
    })
}
