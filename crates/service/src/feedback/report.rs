//! What authors are told: the answers one by one, newest first, and summed up by article.
//!
//! Who may read them is who writes articles: the list says what to mend next, and readers wrote it to them alone.

use std::sync::Arc;

use cairn_domain::feedback::{Feedback, FeedbackKind};
use cairn_domain::ids::{ArticleId, FeedbackId};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_store::feedback::{self as stored, FeedbackFilter, FeedbackSums};
use jiff::Timestamp;
use serde::Serialize;

use crate::authorize::Purpose;
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, address, authorize, cursor};

/// Which answers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListFeedback {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Id of one article; all when absent.
    pub article: Option<String>,
    /// `helpful`, `unhelpful` or `mistake`; all when absent.
    pub kind: Option<String>,
    /// From this time on (RFC 3339).
    pub since: Option<String>,
    /// 1 to 100; 20 when absent.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackItem {
    /// Its id.
    pub id: FeedbackId,
    /// About which article.
    pub article: ArticleId,
    /// The article's title now.
    pub title: String,
    /// The article's public address now.
    pub url: String,
    /// In which locale it was read.
    pub locale: Locale,
    /// Which revision readers saw then.
    pub revision: i32,
    /// What was said.
    pub said: Feedback,
    /// When.
    pub at: Timestamp,
}

/// A page of answers.
#[derive(Debug, Clone)]
pub struct FeedbackPage {
    /// The answers.
    pub items: Vec<FeedbackItem>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// That no answers are taken, where that is so.
    pub notice: Option<String>,
}

/// Which articles.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReportFeedback {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// One locale; all when absent.
    pub locale: Option<String>,
    /// From this time on (RFC 3339).
    pub since: Option<String>,
    /// 1 to 100; 20 when absent.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// One article with its answers summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleFeedback {
    /// Which.
    pub article: ArticleId,
    /// Its title now.
    pub title: String,
    /// Its public address now.
    pub url: String,
    /// Its locale.
    pub locale: Locale,
    /// The sums.
    pub sums: FeedbackSums,
    /// When the last of them came.
    pub last_at: Timestamp,
}

/// A page of the report.
#[derive(Debug, Clone)]
pub struct FeedbackReport {
    /// The articles, those with the most complaints first.
    pub items: Vec<ArticleFeedback>,
    /// All answers together, whatever the page shows.
    pub totals: FeedbackSums,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// That no answers are taken, where that is so.
    pub notice: Option<String>,
}

/// Lists what readers said, newest first.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(ctx: &Context, query: ListFeedback) -> Result<FeedbackPage> {
    authorize::operation(ctx, Operation::ListFeedback)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    let article = query.article.as_deref().and_then(|text| {
        let id = text.parse::<ArticleId>().ok();
        if id.is_none() {
            input.errors.add(
                "article",
                "invalid_id",
                "article must be the UUID of an article",
            );
        }
        id
    });
    let kind = query.kind.as_deref().and_then(|text| {
        let words = FeedbackKind::ALL.iter().map(|k| k.as_str());
        input.word("kind", text, FeedbackKind::parse, words)
    });
    let since = input.time("since", query.since.as_deref());
    input.finish()?;
    let filter = FeedbackFilter {
        portal: portal.id,
        article,
        kind,
        locale: None,
        since,
    };
    let binding = ("feedback", portal.id, &query);
    let after = match &query.cursor {
        Some(cursor) => Some(cursor::decode::<FeedbackId>(&binding, cursor)?),
        None => None,
    };
    let mut found = stored::list(&ctx.app.store, &filter, after, page_limit(limit)).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = match found.last().filter(|_| has_more) {
        Some(last) => Some(cursor::encode(&binding, &last.id)?),
        None => None,
    };
    let items = found.into_iter().map(|one| FeedbackItem {
        url: url(ctx, &portal, &one.locale, &one.slug),
        id: one.id,
        article: one.article,
        title: one.title,
        locale: one.locale,
        revision: one.revision,
        said: one.said,
        at: one.at,
    });
    Ok(FeedbackPage {
        items: items.collect(),
        next_cursor,
        notice: notice(ctx),
    })
}

/// Reports the answers of a portal by article.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn report(ctx: &Context, query: ReportFeedback) -> Result<FeedbackReport> {
    authorize::operation(ctx, Operation::ReportFeedback)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    let locale = input.locale(query.locale.as_deref());
    let since = input.time("since", query.since.as_deref());
    input.finish()?;
    let filter = FeedbackFilter {
        portal: portal.id,
        article: None,
        kind: None,
        locale,
        since,
    };
    let binding = ("feedback by article", portal.id, &query);
    let after = match &query.cursor {
        Some(cursor) => Some(cursor::decode::<(i64, ArticleId)>(&binding, cursor)?),
        None => None,
    };
    let store = &ctx.app.store;
    let mut found = stored::by_article(store, &filter, after, page_limit(limit)).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = match found.last().filter(|_| has_more) {
        Some(last) => Some(cursor::encode(&binding, &(last.complaints, last.article))?),
        None => None,
    };
    let totals = stored::totals(store, &filter).await?;
    let items = found.into_iter().map(|one| ArticleFeedback {
        url: url(ctx, &portal, &one.locale, &one.slug),
        article: one.article,
        title: one.title,
        locale: one.locale,
        sums: one.sums,
        last_at: one.last_at,
    });
    Ok(FeedbackReport {
        items: items.collect(),
        totals,
        next_cursor,
        notice: notice(ctx),
    })
}

fn url(ctx: &Context, portal: &Arc<Portal>, locale: &Locale, slug: &str) -> String {
    let path = address::article(&address::base(portal), locale, slug);
    ctx.app.public_url(&path)
}

fn notice(ctx: &Context) -> Option<String> {
    (!ctx.app.answers.is_on())
        .then(|| "readers are not asked, because the setting feedback_days is 0".to_owned())
}
