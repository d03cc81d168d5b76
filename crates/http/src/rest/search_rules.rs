//! `/api/v1/search-rules`: synonyms, stop words, pins and hidden keywords of one portal and locale.

use axum::http::StatusCode;
use axum::response::Response;
use cairn_domain::ids::ArticleId;
use cairn_domain::search_rules::{KeywordsRule, PinRule, SynonymRule};
use cairn_service::search_rules::{
    self, GetSearchRules, NewSynonym, PutOutcome, PutSearchRules, SearchRulesView,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::articles::tagged;
use super::time::Time;
use crate::etag;
use crate::extract::body::BodyRules;
use crate::extract::input::{Faults, JsonValue, json_input, plain, read_object, required};
use crate::extract::query::query_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, QueryParams, VersionIfMatch};
use crate::problem::Problem;

query_input! {
    /// Which rules.
    pub(crate) struct RulesQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// One of the portal's locales.
        locale: Option<String>,
    }
}

/// Words that mean other words: either `equal`, or `words` and `means`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Synonym {
    /// Words that all mean the same, whichever is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    equal: Option<Vec<String>>,
    /// Words that also mean others, one way.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// What they also mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<Vec<String>>,
}

impl From<SynonymRule> for Synonym {
    fn from(rule: SynonymRule) -> Self {
        match rule {
            SynonymRule::Equal { equal } => Self {
                equal: Some(equal),
                words: None,
                means: None,
            },
            SynonymRule::OneWay { words, means } => Self {
                equal: None,
                words: Some(words),
                means: Some(means),
            },
        }
    }
}

/// Articles that stand first for a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinItem {
    /// The whole query.
    query: String,
    /// Ids of the articles, first to last.
    articles: Vec<Uuid>,
}

/// Hidden keywords of an article.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeywordsItem {
    /// Id of the article.
    article: Uuid,
    /// Its keywords.
    words: Vec<String>,
}

/// An article that rules name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedArticle {
    /// Its id.
    id: Uuid,
    /// `portal~number`, for people.
    short_id: String,
}

/// The rules of search of one portal and locale.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchRules {
    /// Slug of the portal.
    portal: String,
    /// The locale.
    locale: String,
    /// Words that mean other words. The four lists can be put again as they stand.
    synonyms: Vec<Synonym>,
    /// Words that say nothing here, beside the stop words of the language.
    stop_words: Vec<String>,
    /// Articles that stand first for a query.
    pins: Vec<PinItem>,
    /// Words by which an article is found although it does not say them.
    keywords: Vec<KeywordsItem>,
    /// The articles that pins and keywords name.
    articles: Vec<NamedArticle>,
    /// Raised by every change, 1 while nobody wrote any; in quotes it is the ETag.
    row_version: i64,
    /// When they last changed; null while nobody wrote any.
    #[schema(required = true)]
    updated_at: Option<Time>,
}

impl From<SearchRulesView> for SearchRules {
    fn from(view: SearchRulesView) -> Self {
        let pin = |pin: PinRule<ArticleId>| PinItem {
            query: pin.query,
            articles: pin.articles.iter().map(|id| id.as_uuid()).collect(),
        };
        let keywords = |keywords: KeywordsRule<ArticleId>| KeywordsItem {
            article: keywords.article.as_uuid(),
            words: keywords.words,
        };
        let named = |(id, number): (ArticleId, i64)| NamedArticle {
            id: id.as_uuid(),
            short_id: format!("{}~{number}", view.portal.slug),
        };
        Self {
            portal: view.portal.slug.to_string(),
            locale: view.locale.to_string(),
            articles: view.articles.into_iter().map(named).collect(),
            synonyms: view.rules.synonyms.into_iter().map(Synonym::from).collect(),
            stop_words: view.rules.stop_words,
            pins: view.rules.pins.into_iter().map(pin).collect(),
            keywords: view.rules.keywords.into_iter().map(keywords).collect(),
            row_version: view.row_version,
            updated_at: view.updated_at.map(Time::from),
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/search-rules", operation_id = "get_search_rules", tag = "search",
    params(RulesQuery),
    responses((status = 200, description = "The rules; empty ones at version 1 where nobody wrote any", body = SearchRules, headers(("ETag" = String, description = "`\"<row_version>\"`")))),
)]
pub(crate) async fn read(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<RulesQuery>,
) -> Result<Response, Problem> {
    let which = GetSearchRules {
        portal: query.portal,
        locale: query.locale,
    };
    let view = search_rules::get(&ctx, which).await?;
    let tag = etag::of_version(view.row_version);
    Ok(tagged(StatusCode::OK, &tag, SearchRules::from(view)))
}

json_input! {
    /// Words that mean other words: either `equal`, or `words` and `means`.
    pub(crate) struct SynonymInput {
        /// Two to ten that all mean the same, whichever is asked for; each one or several words.
        equal: Option<Vec<String>> = optional,
        /// One or several words that also mean others, and not the other way round.
        words: Option<String> = optional,
        /// What they also mean, up to ten; each one or several words.
        means: Option<Vec<String>> = optional,
    }
}

impl JsonValue for NewSynonym {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: SynonymInput = read_object(value, at, faults)?;
        Some(NewSynonym {
            equal: input.equal,
            words: input.words,
            means: input.means,
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<SynonymInput as utoipa::PartialSchema>::schema())
    }
}

json_input! {
    /// Articles that stand first for a query.
    pub(crate) struct PinInput {
        /// The whole query; case, accents, endings, order and stop words do not count.
        query: Option<String> = required,
        /// Up to ten articles of the portal and locale, first to last: id, `portal~number`, slug, `LOCALE:SOURCE_ID` or public address.
        articles: Option<Vec<String>> = required,
    }
}

impl JsonValue for PinRule<String> {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: PinInput = read_object(value, at, faults)?;
        let query = required(input.query, at, "query", faults);
        let articles = required(input.articles, at, "articles", faults);
        Some(PinRule {
            query: query?,
            articles: articles?,
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<PinInput as utoipa::PartialSchema>::schema())
    }
}

json_input! {
    /// Hidden keywords of an article.
    pub(crate) struct KeywordsInput {
        /// An article of the portal and locale: id, `portal~number`, slug, `LOCALE:SOURCE_ID` or public address.
        article: Option<String> = required,
        /// Up to fifty keywords; one of several words counts when all of them are asked for.
        words: Option<Vec<String>> = required,
    }
}

impl JsonValue for KeywordsRule<String> {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: KeywordsInput = read_object(value, at, faults)?;
        let article = required(input.article, at, "article", faults);
        let words = required(input.words, at, "words", faults);
        Some(KeywordsRule {
            article: article?,
            words: words?,
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<KeywordsInput as utoipa::PartialSchema>::schema())
    }
}

json_input! {
    /// All rules of search of a portal and locale; they replace those that are there. Up to 1,000 of each kind.
    pub(crate) struct SearchRulesInput {
        /// Words that mean other words.
        synonyms: Option<Vec<NewSynonym>> = required,
        /// Words that say nothing here, beside the stop words of the language.
        stop_words: Option<Vec<String>> = required,
        /// Articles that stand first for a query.
        pins: Option<Vec<PinRule<String>>> = required,
        /// Words by which an article is found although it does not say them.
        keywords: Option<Vec<KeywordsRule<String>>> = required,
    }
}

impl BodyRules for SearchRulesInput {}

/// What became of the rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutRules {
    /// `updated`, or `unchanged` when the same rules were there.
    result: &'static str,
    /// The locale in its one spelling.
    locale: String,
    /// Groups of equal words, and words that mean others.
    synonyms: usize,
    /// Stop words.
    stop_words: usize,
    /// Queries with articles that stand first.
    pins: usize,
    /// Articles with hidden keywords.
    keywords: usize,
    /// The version they are at; in quotes it is the ETag.
    row_version: i64,
    /// When they last changed; null while nobody wrote any.
    #[schema(required = true)]
    updated_at: Option<Time>,
}

impl From<PutOutcome> for PutRules {
    fn from(put: PutOutcome) -> Self {
        Self {
            result: if put.is_changed {
                "updated"
            } else {
                "unchanged"
            },
            locale: put.locale.to_string(),
            synonyms: put.counts.synonyms,
            stop_words: put.counts.stop_words,
            pins: put.counts.pins,
            keywords: put.counts.keywords,
            row_version: put.row_version,
            updated_at: put.updated_at.map(Time::from),
        }
    }
}

#[utoipa::path(
    put, path = "/api/v1/search-rules", operation_id = "put_search_rules", tag = "search",
    params(RulesQuery), request_body = SearchRulesInput,
    responses((status = 200, description = "How many rules there are now", body = PutRules, headers(("ETag" = String, description = "`\"<row_version>\"`")))),
)]
pub(crate) async fn put(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<RulesQuery>,
    VersionIfMatch(expected_version): VersionIfMatch,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<SearchRulesInput>,
) -> Result<Response, Problem> {
    let command = PutSearchRules {
        portal: query.portal,
        locale: query.locale,
        synonyms: input.synonyms,
        stop_words: input.stop_words,
        pins: input.pins,
        keywords: input.keywords,
        expected_version,
        idempotency_key,
    };
    let put = search_rules::put(&ctx, command)
        .await
        .map_err(|e| Problem::from(e).without_revisions())?;
    let tag = etag::of_version(put.row_version);
    Ok(tagged(StatusCode::OK, &tag, PutRules::from(put)))
}
