//! The report: how often each article was opened.
//!
//! Who may read it is who writes articles, as with the report of searches.

use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_store::read_counts::{self as stored, ReadSpan};
use jiff::civil::Date;
use serde::Serialize;

use crate::authorize::Purpose;
use crate::days::{self, day_of};
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, address, authorize, cursor};

/// Which report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReportReads {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// One language; all when absent.
    pub locale: Option<String>,
    /// First day, such as 2026-11-01; 29 days before `to` when absent.
    pub from: Option<String>,
    /// Last day; today (UTC) when absent.
    pub to: Option<String>,
    /// 1 to 100; 20 when absent.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// An article and how often it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadArticle {
    /// Which.
    pub article: ArticleId,
    /// Its title now.
    pub title: String,
    /// Its public address now.
    pub url: String,
    /// Its locale.
    pub locale: Locale,
    /// How often.
    pub reads: i64,
}

/// A page of the report.
#[derive(Debug, Clone)]
pub struct ReadReport {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The articles, those that were opened most first.
    pub items: Vec<ReadArticle>,
    /// All reads together, whatever the page shows.
    pub reads: i64,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// That nothing is counted, where that is so.
    pub notice: Option<String>,
}

/// Reports the reads of a portal by article.
///
/// What was read in the last seconds may still be missing.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn report(ctx: &Context, query: ReportReads) -> Result<ReadReport> {
    authorize::operation(ctx, Operation::ReportReads)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    let locale = input.locale(query.locale.as_deref());
    let today = day_of(ctx.app.now());
    let (from, to) = days::reported(
        &mut input,
        query.from.as_deref(),
        query.to.as_deref(),
        today,
    );
    input.finish()?;
    let span = ReadSpan {
        portal: portal.id,
        from,
        to,
        locale,
    };
    let binding = ("reads", portal.id, &query);
    let after = match &query.cursor {
        Some(cursor) => Some(cursor::decode::<(i64, ArticleId)>(&binding, cursor)?),
        None => None,
    };
    let store = &ctx.app.store;
    let mut found = stored::report(store, &span, after, page_limit(limit)).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = match found.last().filter(|_| has_more) {
        Some(last) => Some(cursor::encode(&binding, &(last.reads, last.article))?),
        None => None,
    };
    let reads = stored::total(store, &span).await?;
    let base = address::base(&portal);
    let items = found.into_iter().map(|one| ReadArticle {
        url: ctx
            .app
            .public_url(&address::article(&base, &one.locale, &one.slug)),
        article: one.article,
        title: one.title,
        locale: one.locale,
        reads: one.reads,
    });
    Ok(ReadReport {
        from,
        to,
        items: items.collect(),
        reads,
        next_cursor,
        notice: (!ctx.app.reads.is_on())
            .then(|| "reads are not counted, because the setting read_counts_days is 0".to_owned()),
    })
}
