//! Lists of articles: every filter, every order, paged by a key that ends in the id.
//!
//! One statement per order and page kind (first or after), so that each is static text and a page deep in the list
//! starts where the last one ended. A list of a portal with 8,471 articles by an indexed order reads `limit` rows;
//! a filter on tag or author, or the order by title, may read every article of the portal once.

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query;
use sqlx::query::Query;
use uuid::Uuid;

use super::mapping::{article_columns, article_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each};
use crate::statement::sql;

/// The rows of a face and its filters. $1 portal, $2 heads rather than what readers see, $3 status, $4 audience,
/// $5 categories, $6 locale, $7 tag, $8 author, $9 updated since.
macro_rules! filtered {
    () => {
        "
from articles a
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = case when $2 then a.head_revision else a.published_revision end
where a.portal_id = $1
  and ($2 or a.status = 'published')
  and ($3::text is null or a.status = $3)
  and ($4::text is null or a.audience = $4)
  and ($5::uuid[] is null or a.category_id = any ($5))
  and ($6::text is null or a.locale = $6)
  and ($7::text is null or r.tags @> array[$7])
  and ($8::text is null or r.author = $8)
  and ($9::timestamptz is null or a.updated_at >= $9)"
    };
}

macro_rules! listed {
    () => {
        concat!(
            "
select ",
            article_columns!(),
            ",
       r.title, r.excerpt, r.tags, r.author, octet_length(r.body) as body_bytes",
            filtered!()
        )
    };
}

/// $10 limit
macro_rules! first_page {
    ($key:literal, $direction:literal) => {
        concat!(
            listed!(),
            "\norder by ",
            $key,
            " ",
            $direction,
            ", a.id ",
            $direction,
            "\nlimit $10"
        )
    };
}

/// $10 limit, $11 and $12 key and id of the last item of the page before
macro_rules! next_page {
    ($key:literal, $direction:literal, $beyond:literal, $type:literal) => {
        concat!(
            listed!(),
            "\n  and (",
            $key,
            ", a.id) ",
            $beyond,
            " ($11::",
            $type,
            ", $12::uuid)\norder by ",
            $key,
            " ",
            $direction,
            ", a.id ",
            $direction,
            "\nlimit $10"
        )
    };
}

sql! {
    UPDATED_DESC = first_page!("a.updated_at", "desc");
    UPDATED_DESC_NEXT = next_page!("a.updated_at", "desc", "<", "timestamptz");
    UPDATED_ASC = first_page!("a.updated_at", "asc");
    UPDATED_ASC_NEXT = next_page!("a.updated_at", "asc", ">", "timestamptz");
    CREATED_DESC = first_page!("a.created_at", "desc");
    CREATED_DESC_NEXT = next_page!("a.created_at", "desc", "<", "timestamptz");
    CREATED_ASC = first_page!("a.created_at", "asc");
    CREATED_ASC_NEXT = next_page!("a.created_at", "asc", ">", "timestamptz");
    TITLE_DESC = first_page!("r.title", "desc");
    TITLE_DESC_NEXT = next_page!("r.title", "desc", "<", "text");
    TITLE_ASC = first_page!("r.title", "asc");
    TITLE_ASC_NEXT = next_page!("r.title", "asc", ">", "text");
    NUMBER_DESC = first_page!("a.number", "desc");
    NUMBER_DESC_NEXT = next_page!("a.number", "desc", "<", "int8");
    NUMBER_ASC = first_page!("a.number", "asc");
    NUMBER_ASC_NEXT = next_page!("a.number", "asc", ">", "int8");

    COUNT = concat!("\nselect count(*) as articles", filtered!());
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

    const fn statements(self) -> (&'static str, &'static str) {
        match self {
            Sort::UpdatedDesc => (UPDATED_DESC, UPDATED_DESC_NEXT),
            Sort::UpdatedAsc => (UPDATED_ASC, UPDATED_ASC_NEXT),
            Sort::CreatedDesc => (CREATED_DESC, CREATED_DESC_NEXT),
            Sort::CreatedAsc => (CREATED_ASC, CREATED_ASC_NEXT),
            Sort::TitleDesc => (TITLE_DESC, TITLE_DESC_NEXT),
            Sort::TitleAsc => (TITLE_ASC, TITLE_ASC_NEXT),
            Sort::NumberDesc => (NUMBER_DESC, NUMBER_DESC_NEXT),
            Sort::NumberAsc => (NUMBER_ASC, NUMBER_ASC_NEXT),
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

    /// The audience filter after the face had its say; none when the two exclude each other.
    fn effective_audience(&self) -> Option<Option<Audience>> {
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
/// [`StoreError::Refused`] when the key of `after` is not of the kind the order needs.
pub async fn list(store: &Store, q: &ArticleQuery) -> Result<Vec<ArticleSummary>, StoreError> {
    let Some(audience) = q.effective_audience() else {
        return Ok(Vec::new());
    };
    let (first, next) = q.sort.statements();
    let statement = match &q.after {
        None => bind_filters(query(first), q, audience).bind(q.limit),
        Some((key, id)) => {
            let query = bind_filters(query(next), q, audience).bind(q.limit);
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
    let row = bind_filters(query(COUNT), q, audience)
        .fetch_one(store.primary())
        .await?;
    col(&row, "articles")
}

type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

fn bind_filters<'q>(
    query: PgQuery<'q>,
    q: &ArticleQuery,
    audience: Option<Audience>,
) -> PgQuery<'q> {
    let categories: Option<Vec<Uuid>> = q
        .categories
        .as_deref()
        .map(|ids| each(ids, |id| id.as_uuid()));
    query
        .bind(q.portal.as_uuid())
        .bind(q.face == Face::Authoring)
        .bind(q.status.map(Status::as_str))
        .bind(audience.map(Audience::as_str))
        .bind(categories)
        .bind(q.locale.as_ref().map(Locale::as_str))
        .bind(q.tag.as_deref())
        .bind(q.author.as_deref())
        .bind(q.updated_since.map(ToSqlx::to_sqlx))
}

fn bind_key<'q>(query: PgQuery<'q>, sort: Sort, key: &SortKey) -> Result<PgQuery<'q>, StoreError> {
    use Sort::{
        CreatedAsc, CreatedDesc, NumberAsc, NumberDesc, TitleAsc, TitleDesc, UpdatedAsc,
        UpdatedDesc,
    };
    match (sort, key) {
        (UpdatedDesc | UpdatedAsc | CreatedDesc | CreatedAsc, SortKey::Time(time)) => {
            Ok(query.bind(time.to_sqlx()))
        }
        (TitleDesc | TitleAsc, SortKey::Title(title)) => Ok(query.bind(title.as_str())),
        (NumberDesc | NumberAsc, SortKey::Number(number)) => Ok(query.bind(*number)),
        _ => Err(StoreError::Refused(
            "the cursor belongs to another order; start again from the first page".to_owned(),
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
