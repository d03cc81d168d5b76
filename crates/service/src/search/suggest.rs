//! Suggestions while somebody types.

use std::sync::Arc;

use cairn_domain::limits::QUERY_BYTES_MAX;
use cairn_domain::operation::Operation;
use cairn_search::{Face, SuggestRequest};

use crate::articles::view::{ArticleSummary, hit_summary};
use crate::authorize::Purpose;
use crate::text_input::Input;
use crate::{Context, Result, authorize};

/// Suggestions of one answer when nothing else is asked for.
const SUGGESTIONS: usize = 8;
/// Most suggestions of one answer.
pub(crate) const SUGGESTIONS_MAX: usize = 20;

/// What somebody has typed so far.
#[derive(Debug, Clone, Default)]
pub struct Suggest {
    /// The words; the last one may be unfinished.
    pub q: String,
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Locale; the portal's default when absent.
    pub locale: Option<String>,
    /// 1 to [`SUGGESTIONS_MAX`], default 8.
    pub limit: Option<i64>,
}

/// The published articles whose titles say what was typed, best first.
///
/// # Errors
/// `invalid_fields`, `portal_required`, `missing_scope`, `overloaded`.
pub async fn suggest(ctx: &Context, query: Suggest) -> Result<Vec<ArticleSummary>> {
    authorize::operation(ctx, Operation::SuggestArticles)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit_of(query.limit, SUGGESTIONS, SUGGESTIONS_MAX);
    let locale = input.locale(query.locale.as_deref());
    input.finish()?;
    let mut text = query.q;
    text.truncate(text.floor_char_boundary(QUERY_BYTES_MAX));
    let locale = locale.unwrap_or_else(|| portal.default_locale().clone());
    let mut rules = ctx.app.search_rules(portal.id).await?;
    let request = SuggestRequest {
        portal: portal.id,
        face: Face::Published,
        rules: rules.remove(&locale),
        locale,
        text,
        limit,
    };
    let index = Arc::clone(&ctx.app.index);
    let hits = ctx
        .app
        .searches
        .run(move || index.suggest(&request))
        .await??;
    let mut items = Vec::with_capacity(hits.len());
    for hit in hits {
        items.push(hit_summary(ctx, &portal, hit).await?);
    }
    Ok(items)
}
