//! Articles near an article.

use std::sync::Arc;

use cairn_domain::operation::Operation;
use cairn_search::{Face, RelatedRequest};
use cairn_store::articles::Which;

use crate::articles::ArticleRef;
use crate::articles::get::find;
use crate::articles::view::{ArticleSummary, hit_summary};
use crate::text_input::Input;
use crate::{Context, Result, authorize};

/// Articles of one answer when nothing else is asked for.
const RELATED: usize = 5;
/// Most articles of one answer.
pub(crate) const RELATED_MAX: usize = 20;

/// How many are asked for.
#[derive(Debug, Clone, Default)]
pub struct ListRelated {
    /// 1 to [`RELATED_MAX`], default 5.
    pub limit: Option<i64>,
}

/// The published articles that say what a published article says, nearest first.
///
/// # Errors
/// `not_found`, `invalid_fields`, `missing_scope`, `overloaded`.
pub async fn list_related(
    ctx: &Context,
    reference: &ArticleRef,
    query: ListRelated,
) -> Result<Vec<ArticleSummary>> {
    authorize::operation(ctx, Operation::ListRelatedArticles)?;
    let mut input = Input::default();
    let limit = input.limit_of(query.limit, RELATED, RELATED_MAX);
    input.finish()?;
    let (portal, state) = find(ctx, reference, None, Which::Published).await?;
    let request = RelatedRequest {
        portal: portal.id,
        face: Face::Published,
        locale: state.article.locale.clone(),
        article: state.article.id,
        limit,
    };
    let index = Arc::clone(&ctx.app.index);
    let hits = ctx
        .app
        .searches
        .run(move || index.related(&request))
        .await??;
    let mut items = Vec::with_capacity(hits.len());
    for hit in hits {
        items.push(hit_summary(ctx, &portal, hit).await?);
    }
    Ok(items)
}
