//! Feedback: what readers said of articles, without who said it.
//!
//! A row comes in only for an article that readers may see at that moment: the insert itself looks. How many rows a
//! portal takes in a day is bounded here, so that nobody fills the disk from many addresses.

use cairn_domain::feedback::{Feedback, FeedbackKind, FeedbackReason};
use cairn_domain::ids::{ArticleId, FeedbackId, PortalId};
use cairn_domain::limits::FEEDBACK_OF_PORTAL_PER_DAY_MAX;
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::prune;
use crate::row::{can_be_stored, col, comparable, locale as locale_from, time, word};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    // What readers see of a slug, as help_center::ARTICLE has it.
    TARGET = "
select id
from articles
where portal_id = $1
  and locale = $2
  and slug = $3
  and status = 'published'
  and audience = 'public'";

    // Rows younger than $9 count towards the limit of the portal ($10); looks at no more of them than make it full.
    // The lock: who erases the article at the same time goes first, and then there is nothing to add to.
    ADD = "
insert into feedback (portal_id, id, article_id, locale, revision, kind, reason, words, created_at)
select a.portal_id, $3, a.id, a.locale, a.published_revision, $5, $6, $7, $8
from articles a
where a.portal_id = $1
  and a.id = $2
  and a.locale = $4
  and a.status = 'published'
  and a.audience = 'public'
  and (select count(*)
       from (select 1 from feedback f where f.portal_id = $1 and f.created_at > $9 limit $10) as day) < $10
for share of a";

    // The earlier answer of the same address to the same article.
    TAKE_BACK = "
delete from feedback
where portal_id = $1
  and article_id = $2
  and id = $3";

    OF_ARTICLE = "
delete from feedback
where portal_id = $1
  and article_id = $2";

    PRUNE = "
delete from feedback
where portal_id = $1
  and ctid = any (array(select ctid from feedback where portal_id = $1 and created_at < $2 limit $3))";

    // Newest first: the ids are in the order they were made in. The title and slug are those of the head.
    LIST = "
select f.id, f.article_id, f.locale, f.revision, f.kind, f.reason, f.words, f.created_at,
       a.slug, r.title
from feedback f
join articles a
  on a.portal_id = f.portal_id
 and a.id = f.article_id
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = a.head_revision
where f.portal_id = $1
  and ($2::uuid is null or f.article_id = $2)
  and ($3::text is null or f.kind = $3)
  and ($4::timestamptz is null or f.created_at >= $4)
  and ($5::uuid is null or f.id < $5)
order by f.id desc
limit $6";

    // Those with the most complaints first; the order ends in the id.
    BY_ARTICLE = "
with summed as (
    select article_id,
           count(*) filter (where kind = 'helpful') as helpful,
           count(*) filter (where kind = 'unhelpful') as unhelpful,
           count(*) filter (where kind = 'mistake') as mistakes,
           count(*) filter (where kind <> 'helpful') as complaints,
           max(created_at) as last_at
    from feedback
    where portal_id = $1
      and ($2::timestamptz is null or created_at >= $2)
      and ($3::text is null or locale = $3)
    group by article_id
)
select s.article_id, s.helpful, s.unhelpful, s.mistakes, s.complaints, s.last_at, a.locale, a.slug, r.title
from summed s
join articles a
  on a.portal_id = $1
 and a.id = s.article_id
join revisions r
  on r.portal_id = a.portal_id
 and r.article_id = a.id
 and r.revision = a.head_revision
where ($4::int8 is null or s.complaints < $4 or (s.complaints = $4 and s.article_id > $5))
order by s.complaints desc, s.article_id
limit $6";

    TOTALS = "
select count(*) filter (where kind = 'helpful') as helpful,
       count(*) filter (where kind = 'unhelpful') as unhelpful,
       count(*) filter (where kind = 'mistake') as mistakes
from feedback
where portal_id = $1
  and ($2::timestamptz is null or created_at >= $2)
  and ($3::text is null or locale = $3)";
}

/// What a reader said, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFeedback {
    /// Its id; ids are in the order of time.
    pub id: FeedbackId,
    /// About which article.
    pub article: ArticleId,
    /// The article's slug now.
    pub slug: String,
    /// The article's title now.
    pub title: String,
    /// In which locale it was read.
    pub locale: Locale,
    /// Which revision readers saw then.
    pub revision: i32,
    /// What was said.
    pub said: Feedback,
    /// When.
    pub at: Timestamp,
}

/// How many answers of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeedbackSums {
    /// It helped.
    pub helpful: i64,
    /// It did not.
    pub unhelpful: i64,
    /// Something is wrong in it.
    pub mistakes: i64,
}

/// One article with its answers summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackOfArticle {
    /// Which.
    pub article: ArticleId,
    /// Its locale.
    pub locale: Locale,
    /// Its slug now.
    pub slug: String,
    /// Its title now.
    pub title: String,
    /// The sums.
    pub sums: FeedbackSums,
    /// What the list is ordered by: answers that did not help, and mistakes.
    pub complaints: i64,
    /// When the last of them came.
    pub last_at: Timestamp,
}

/// Which answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackFilter {
    /// Of which portal.
    pub portal: PortalId,
    /// About one article, or any.
    pub article: Option<ArticleId>,
    /// Of one kind, or any.
    pub kind: Option<FeedbackKind>,
    /// In one locale, or any; not looked at by [`list`].
    pub locale: Option<Locale>,
    /// From this time on.
    pub since: Option<Timestamp>,
}

/// The article readers find at a slug. Replica pool.
pub async fn target(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
    slug: &str,
) -> Result<Option<ArticleId>, StoreError> {
    if !can_be_stored(slug) {
        return Ok(None);
    }
    let row = query(TARGET)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(slug)
        .fetch_optional(store.replica())
        .await?;
    row.map(|row| Ok(ArticleId::from_uuid(col(&row, "id")?)))
        .transpose()
}

/// Keeps what a reader said of an article, unless readers cannot see it now, or the portal has as much as it takes in a
/// day: whether it was kept.
pub async fn add(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
    locale: &Locale,
    id: FeedbackId,
    said: &Feedback,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let day_before = at
        .checked_sub(jiff::SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MIN);
    let add = query(ADD)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(id.as_uuid())
        .bind(locale.as_str())
        .bind(said.kind.as_str())
        .bind(said.reason.map(FeedbackReason::as_str))
        .bind(said.words.as_str())
        .bind(at.to_sqlx())
        .bind(comparable(day_before))
        .bind(FEEDBACK_OF_PORTAL_PER_DAY_MAX);
    Ok(tx.execute(add).await? == 1)
}

/// Takes an earlier answer back, if it is still there.
pub async fn take_back(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
    id: FeedbackId,
) -> Result<(), StoreError> {
    let take = query(TAKE_BACK)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(id.as_uuid());
    tx.execute(take).await.map(drop)
}

/// Deletes everything readers said of an article.
pub async fn forget_article(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
) -> Result<(), StoreError> {
    let forget = query(OF_ARTICLE)
        .bind(portal.as_uuid())
        .bind(article.as_uuid());
    tx.execute(forget).await.map(drop)
}

/// Deletes what is older; how many rows. In pieces, so that nobody waits for it. Primary pool.
pub async fn prune(store: &Store, portal: PortalId, before: Timestamp) -> Result<u64, StoreError> {
    prune::in_pieces(store, PRUNE, portal, comparable(before)).await
}

/// The answers behind `after`, newest first; at most `limit`. Replica pool.
pub async fn list(
    store: &Store,
    filter: &FeedbackFilter,
    after: Option<FeedbackId>,
    limit: i64,
) -> Result<Vec<KeptFeedback>, StoreError> {
    let rows = query(LIST)
        .bind(filter.portal.as_uuid())
        .bind(filter.article.map(ArticleId::as_uuid))
        .bind(filter.kind.map(FeedbackKind::as_str))
        .bind(filter.since.map(comparable))
        .bind(after.map(FeedbackId::as_uuid))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(kept_from).collect()
}

/// The articles behind `after` (complaints and id), those with the most complaints first; at most `limit`. Replica pool.
pub async fn by_article(
    store: &Store,
    filter: &FeedbackFilter,
    after: Option<(i64, ArticleId)>,
    limit: i64,
) -> Result<Vec<FeedbackOfArticle>, StoreError> {
    let rows = query(BY_ARTICLE)
        .bind(filter.portal.as_uuid())
        .bind(filter.since.map(comparable))
        .bind(filter.locale.as_ref().map(Locale::as_str))
        .bind(after.map(|(complaints, _)| complaints))
        .bind(after.map(|(_, article)| article.as_uuid()))
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter()
        .map(|row| {
            let article = ArticleId::from_uuid(col(row, "article_id")?);
            Ok(FeedbackOfArticle {
                article,
                locale: locale_from(col(row, "locale")?, "articles", article)?,
                slug: col(row, "slug")?,
                title: col(row, "title")?,
                sums: sums_from(row)?,
                complaints: col(row, "complaints")?,
                last_at: time(row, "last_at")?,
            })
        })
        .collect()
}

/// All answers together. Replica pool.
pub async fn totals(store: &Store, filter: &FeedbackFilter) -> Result<FeedbackSums, StoreError> {
    let row = query(TOTALS)
        .bind(filter.portal.as_uuid())
        .bind(filter.since.map(comparable))
        .bind(filter.locale.as_ref().map(Locale::as_str))
        .fetch_one(store.replica())
        .await?;
    sums_from(&row)
}

fn sums_from(row: &PgRow) -> Result<FeedbackSums, StoreError> {
    Ok(FeedbackSums {
        helpful: col(row, "helpful")?,
        unhelpful: col(row, "unhelpful")?,
        mistakes: col(row, "mistakes")?,
    })
}

fn kept_from(row: &PgRow) -> Result<KeptFeedback, StoreError> {
    let id = FeedbackId::from_uuid(col(row, "id")?);
    let reason: Option<&str> = col(row, "reason")?;
    let reason = reason
        .map(|text| {
            FeedbackReason::parse(text)
                .ok_or_else(|| StoreError::inconsistent("feedback", "reason", id))
        })
        .transpose()?;
    Ok(KeptFeedback {
        article: ArticleId::from_uuid(col(row, "article_id")?),
        slug: col(row, "slug")?,
        title: col(row, "title")?,
        locale: locale_from(col(row, "locale")?, "feedback", id)?,
        revision: col(row, "revision")?,
        said: Feedback {
            kind: word(row, "feedback", "kind", id, FeedbackKind::parse)?,
            reason,
            words: col(row, "words")?,
        },
        at: time(row, "created_at")?,
        id,
    })
}
