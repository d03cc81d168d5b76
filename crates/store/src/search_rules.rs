//! Rules of search: what an operator taught the search of a portal and locale.
//!
//! A set is read in one statement with its version, so that both are of one moment. Writers hold the portal's row
//! (`portals::lock`). Rules of an erased article go with it ([`forget_article`]).

use std::collections::BTreeMap;

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::search_rules::{FIRST_VERSION, KeywordsRule, PinRule, RuleSet, SynonymRule};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::query;
use uuid::Uuid;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, locale as locale_from, time};
use crate::statement::sql;
use crate::tx::Tx;

macro_rules! get {
    () => {
        "
select s.row_version, s.updated_at, r.position, r.kind, r.words, r.means, r.article_id
from search_rule_sets s
left join search_rules r
  on r.portal_id = s.portal_id
 and r.locale = s.locale
where s.portal_id = $1
  and s.locale = $2
order by r.position, r.place"
    };
}

sql! {
    GET = get!();

    // A portal has few locales, and each of them at most a few thousand rows.
    OF_PORTAL = "
select locale, position, kind, words, means, article_id
from search_rules
where portal_id = $1
order by locale, position, place";

    PUT_SET = "
insert into search_rule_sets (portal_id, locale, row_version, updated_at)
values ($1, $2, $3, $4)
on conflict (portal_id, locale) do update
set row_version = excluded.row_version, updated_at = excluded.updated_at";

    DELETE_RULES = "
delete from search_rules
where portal_id = $1
  and locale = $2";

    INSERT_RULES = "
insert into search_rules (portal_id, locale, position, place, kind, words, means, article_id)
select $1, $2, r.position, r.place, r.kind, r.words, r.means, r.article_id
from unnest($3::int4[], $4::int4[], $5::text[], $6::text[], $7::text[], $8::uuid[])
         as r (position, place, kind, words, means, article_id)";

    // Erased articles stay as tombstones, which nothing leads to. Held, so that none is erased before the rules that
    // name it are there to be erased with it.
    ARTICLES_IN_LOCALE = "
select id
from articles
where portal_id = $1
  and locale = $2
  and id = any ($3)
  and purged_at is null
order by id
for share";

    NUMBERS = "
select id, number
from articles
where portal_id = $1
  and id = any ($2)
order by number";

    FORGET_ARTICLE = "
with gone as (
    delete from search_rules
    where portal_id = $1
      and article_id = $2
    returning locale
)
update search_rule_sets s
set row_version = s.row_version + 1, updated_at = $3
where s.portal_id = $1
  and s.locale in (select locale from gone)";

    BLANK_AUDIT = "
select purge_audit_search_rules($1, $2) as blanked";
}

/// The rules of one portal and locale as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRules {
    /// The rules.
    pub rules: RuleSet<ArticleId>,
    /// Raised by every change; [`FIRST_VERSION`] while nobody wrote any.
    pub row_version: i64,
    /// When they last changed, if ever.
    pub updated_at: Option<Timestamp>,
}

/// The rules of a portal and locale. Primary pool.
pub async fn get(
    store: &Store,
    portal: PortalId,
    locale: &Locale,
) -> Result<StoredRules, StoreError> {
    let rows = query(GET)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .fetch_all(store.primary())
        .await?;
    stored_from(portal, &rows)
}

/// The rules of a portal and locale as this transaction sees them.
pub async fn get_in(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
) -> Result<StoredRules, StoreError> {
    let get = query(GET).bind(portal.as_uuid()).bind(locale.as_str());
    stored_from(portal, &tx.fetch_all(get).await?)
}

/// The rules of a portal in every locale that has some. Primary pool: a copy that lags would be kept.
pub async fn of_portal(
    store: &Store,
    portal: PortalId,
) -> Result<BTreeMap<Locale, RuleSet<ArticleId>>, StoreError> {
    let rows = query(OF_PORTAL)
        .bind(portal.as_uuid())
        .fetch_all(store.primary())
        .await?;
    let mut all = BTreeMap::new();
    for rows in rows.chunk_by(|a, b| col::<&str>(a, "locale").ok() == col::<&str>(b, "locale").ok())
    {
        if let Some(first) = rows.first() {
            let locale = locale_from(col(first, "locale")?, "search_rules", portal)?;
            all.insert(locale, rules_from(portal, rows)?);
        }
    }
    Ok(all)
}

/// Replaces the rules of a portal and locale. The portal's row is held by the caller.
pub async fn put(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
    rules: &RuleSet<ArticleId>,
    row_version: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let set = query(PUT_SET)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(row_version)
        .bind(now.to_sqlx());
    tx.execute(set).await?;
    let delete = query(DELETE_RULES)
        .bind(portal.as_uuid())
        .bind(locale.as_str());
    tx.execute(delete).await?;
    let rows = rows_of(rules);
    if rows.is_empty() {
        return Ok(());
    }
    let insert = query(INSERT_RULES)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(each(&rows, |r| r.position))
        .bind(each(&rows, |r| r.place))
        .bind(each(&rows, |r| r.kind))
        .bind(each(&rows, |r| r.words))
        .bind(each(&rows, |r| r.means))
        .bind(each(&rows, |r| r.article.map(ArticleId::as_uuid)));
    tx.execute(insert).await?;
    Ok(())
}

/// Those of these articles that are the portal's, of this locale and not erased; they stay so until the end of the
/// transaction.
pub async fn articles_in_locale(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
    ids: &[ArticleId],
) -> Result<Vec<ArticleId>, StoreError> {
    let there = query(ARTICLES_IN_LOCALE)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(each(ids, |id| id.as_uuid()));
    let rows = tx.fetch_all(there).await?;
    rows.iter()
        .map(|row| Ok(ArticleId::from_uuid(col(row, "id")?)))
        .collect()
}

/// The numbers of these articles, lowest first. Primary pool.
pub async fn numbers(
    store: &Store,
    portal: PortalId,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, i64)>, StoreError> {
    let rows = query(NUMBERS)
        .bind(portal.as_uuid())
        .bind(each(ids, |id| id.as_uuid()))
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| Ok((ArticleId::from_uuid(col(row, "id")?), col(row, "number")?)))
        .collect()
}

/// Takes an article that is erased out of every rule, and out of what the audit says of rules.
pub async fn forget_article(
    tx: &mut Tx,
    portal: PortalId,
    article: ArticleId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let forget = query(FORGET_ARTICLE)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(now.to_sqlx());
    tx.execute(forget).await?;
    let blank = query(BLANK_AUDIT)
        .bind(portal.as_uuid())
        .bind(article.as_uuid());
    tx.fetch_all(blank).await?;
    Ok(())
}

/// One row.
struct RuleRow<'a> {
    position: i32,
    place: i32,
    kind: &'static str,
    words: &'a str,
    means: Option<&'a str>,
    article: Option<ArticleId>,
}

impl<'a> RuleRow<'a> {
    /// A row that has no place yet.
    fn of(
        kind: &'static str,
        words: &'a str,
        means: Option<&'a str>,
        article: Option<ArticleId>,
    ) -> Self {
        Self {
            position: 0,
            place: 0,
            kind,
            words,
            means,
            article,
        }
    }
}

/// Every rule as its rows, in order.
fn rows_of(rules: &RuleSet<ArticleId>) -> Vec<RuleRow<'_>> {
    let synonyms = rules.synonyms.iter().map(|rule| match rule {
        SynonymRule::Equal { equal } => each(equal, |w| RuleRow::of("equal", w, None, None)),
        SynonymRule::OneWay { words, means } => {
            each(means, |m| RuleRow::of("means", words, Some(m), None))
        }
    });
    let stop_words = rules.stop_words.iter();
    let stop_words = stop_words.map(|word| vec![RuleRow::of("stop_word", word, None, None)]);
    let pins = rules.pins.iter().map(|pin| {
        each(&pin.articles, |id| {
            RuleRow::of("pin", &pin.query, None, Some(*id))
        })
    });
    let keywords = rules.keywords.iter().map(|keywords| {
        each(&keywords.words, |w| {
            RuleRow::of("keywords", w, None, Some(keywords.article))
        })
    });
    let all = synonyms.chain(stop_words).chain(pins).chain(keywords);
    (1..)
        .zip(all)
        .flat_map(|(position, rows)| {
            (1..).zip(rows).map(move |(place, row)| RuleRow {
                position,
                place,
                ..row
            })
        })
        .collect()
}

/// A set with its version. Without a row nobody wrote it; a set without rules is one row of nulls.
fn stored_from(portal: PortalId, rows: &[PgRow]) -> Result<StoredRules, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(StoredRules {
            rules: RuleSet::default(),
            row_version: FIRST_VERSION,
            updated_at: None,
        });
    };
    let has_rules = col::<Option<i32>>(first, "position")?.is_some();
    Ok(StoredRules {
        rules: rules_from(portal, if has_rules { rows } else { &[] })?,
        row_version: col(first, "row_version")?,
        updated_at: Some(time(first, "updated_at")?),
    })
}

/// The rules of rows that are in the order of their positions and places.
fn rules_from(portal: PortalId, rows: &[PgRow]) -> Result<RuleSet<ArticleId>, StoreError> {
    let mut rules = RuleSet::default();
    let position = |row: &PgRow| col::<i32>(row, "position").ok();
    for rows in rows.chunk_by(|a, b| position(a) == position(b)) {
        let Some(first) = rows.first() else { continue };
        let words: String = col(first, "words")?;
        match col::<&str>(first, "kind")? {
            "equal" => rules.synonyms.push(SynonymRule::Equal {
                equal: texts(rows, "words")?,
            }),
            "means" => rules.synonyms.push(SynonymRule::OneWay {
                words,
                means: texts(rows, "means")?,
            }),
            "stop_word" => rules.stop_words.push(words),
            "pin" => rules.pins.push(PinRule {
                query: words,
                articles: rows.iter().map(article).collect::<Result<_, _>>()?,
            }),
            "keywords" => rules.keywords.push(KeywordsRule {
                article: article(first)?,
                words: texts(rows, "words")?,
            }),
            _ => return Err(StoreError::inconsistent("search_rules", "kind", portal)),
        }
    }
    Ok(rules)
}

fn texts(rows: &[PgRow], column: &str) -> Result<Vec<String>, StoreError> {
    rows.iter().map(|row| col(row, column)).collect()
}

fn article(row: &PgRow) -> Result<ArticleId, StoreError> {
    Ok(ArticleId::from_uuid(col::<Uuid>(row, "article_id")?))
}
