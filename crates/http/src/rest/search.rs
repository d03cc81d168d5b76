//! `/api/v1/search`: published articles by words.

use axum::extract::OriginalUri;
use axum::response::Response;
use cairn_service::search::{self, Search};

use super::page::List;
use super::wire::ArticleItem;
use crate::extract::query::{Words, query_input};
use crate::extract::{Authed, QueryParams};
use crate::problem::Problem;

query_input! {
    /// A search.
    pub(crate) struct SearchQuery {
        /// The words.
        q: Words,
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Locale; the portal's default when left out.
        locale: Option<String>,
        /// Category id, slug or case-insensitive name; what hangs below it is included.
        category: Option<String>,
        /// Tag, exact.
        tag: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/search", operation_id = "search_articles", tag = "search",
    params(SearchQuery), responses((status = 200, description = "A page of hits, best first", body = List<ArticleItem>)),
)]
pub(crate) async fn search(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<SearchQuery>,
) -> Result<Response, Problem> {
    let page = search::search(
        &ctx,
        Search {
            q: query.q.0.unwrap_or_default(),
            portal: query.portal,
            locale: query.locale,
            category: query.category,
            tag: query.tag,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let list = List {
        items: page.items.into_iter().map(ArticleItem::from).collect(),
        total: Some(i64::try_from(page.total).unwrap_or(i64::MAX)),
        next_cursor: page.next_cursor,
        notice: page.notice,
    };
    Ok(list.respond(&uri))
}
