//! `/api/v1/redirects`: where the addresses of the site before lead.

use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use cairn_service::redirects::{
    self, DeleteRedirect, ListRedirects, NewRedirect, PutRedirect, PutRedirects, RedirectView,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Schema;

use super::page::List;
use super::time::Time;
use crate::extract::body::BodyRules;
use crate::extract::input::{Faults, JsonValue, json_input, plain, read_object, required};
use crate::extract::query::query_input;
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams};
use crate::problem::Problem;

/// One redirect.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redirect {
    /// The address of the site before: path and query, percent-encoded, without its host.
    old_url: String,
    /// Where it leads: `article:<id>`, `category:<id>`, a path of the portal or an http address. Can be
    /// put again as it stands.
    target: String,
    /// When it was first put.
    created_at: Time,
}

impl From<RedirectView> for Redirect {
    fn from(view: RedirectView) -> Self {
        Self {
            old_url: view.old_url,
            target: view.target,
            created_at: view.created_at.into(),
        }
    }
}

query_input! {
    /// Which redirects.
    pub(crate) struct RedirectsQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/redirects", operation_id = "list_redirects", tag = "redirects",
    params(RedirectsQuery),
    responses((status = 200, description = "A page of redirects in the order of their addresses", body = List<Redirect>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<RedirectsQuery>,
) -> Result<Response, Problem> {
    let page = redirects::list(
        &ctx,
        ListRedirects {
            portal: query.portal,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let list = List {
        items: page.items.into_iter().map(Redirect::from).collect(),
        total: None,
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}

json_input! {
    /// One redirect to put.
    pub(crate) struct RedirectInput {
        /// A path of the site before, with its query where that tells pages apart, or a whole address of it, whose host is left out.
        old_url: Option<String> = required,
        /// `article:<id or portal~number>`, `article:LOCALE:SOURCE_ID`, `category:<id, slug or NAME/NAME>`, a path of the portal, or an http address.
        target: Option<String> = required,
    }
}

impl JsonValue for NewRedirect {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: RedirectInput = read_object(value, at, faults)?;
        let old_url = required(input.old_url, at, "old_url", faults);
        let target = required(input.target, at, "target", faults);
        Some(NewRedirect {
            old_url: old_url?,
            target: target?,
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<RedirectInput as utoipa::PartialSchema>::schema())
    }
}

json_input! {
    /// Up to 1,000 redirects; all of them are put, or none.
    pub(crate) struct RedirectsInput {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String> = optional,
        /// The redirects; one that is there gets the new target.
        redirects: Option<Vec<NewRedirect>> = required,
    }
}

impl BodyRules for RedirectsInput {}

/// What became of one redirect.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutItem {
    /// `created`, `updated` or `unchanged`.
    result: &'static str,
    /// The address of the site before, in its one form.
    old_url: String,
    /// Where it leads in one hop: what was itself redirected is replaced by where that leads.
    target: String,
}

impl From<PutRedirect> for PutItem {
    fn from(put: PutRedirect) -> Self {
        Self {
            result: put.result.as_str(),
            old_url: put.old_url,
            target: put.target,
        }
    }
}

/// What became of the redirects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutOutcome {
    /// One entry for each, in order.
    results: Vec<PutItem>,
}

#[utoipa::path(
    post, path = "/api/v1/redirects", operation_id = "put_redirects", tag = "redirects",
    request_body = RedirectsInput,
    responses((status = 200, description = "What became of each redirect", body = PutOutcome)),
)]
pub(crate) async fn put(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<RedirectsInput>,
) -> Result<Response, Problem> {
    let put = redirects::put(
        &ctx,
        PutRedirects {
            portal: input.portal,
            redirects: input.redirects.unwrap_or_default(),
            idempotency_key,
        },
    )
    .await?;
    let results = put.into_iter().map(PutItem::from).collect();
    Ok(axum::Json(PutOutcome { results }).into_response())
}

query_input! {
    /// Which redirect.
    pub(crate) struct RedirectQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Its address, in any spelling that means the same.
        old_url: Option<String>,
    }
}

/// A redirect that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedRedirect {
    /// The address of the site before.
    old_url: String,
    /// Where it led.
    target: String,
}

#[utoipa::path(
    delete, path = "/api/v1/redirects", operation_id = "delete_redirect", tag = "redirects",
    params(RedirectQuery),
    responses((status = 200, description = "The redirect that is gone", body = DeletedRedirect)),
)]
pub(crate) async fn delete(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<RedirectQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
) -> Result<Response, Problem> {
    let gone = redirects::delete(
        &ctx,
        DeleteRedirect {
            portal: query.portal,
            old_url: query.old_url,
            idempotency_key,
        },
    )
    .await?;
    let body = DeletedRedirect {
        old_url: gone.old_url,
        target: gone.target,
    };
    Ok(axum::Json(body).into_response())
}
