//! The authoring API `/api/v1`: parse, one service call, format.
//!
//! Each handler is described where it stands; the OpenAPI document, the routes and the names of
//! spans and metrics come from those descriptions and the operation table.

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::routing::{any, get};
use cairn_service::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::HttpState;
use crate::problem::Problem;

pub mod openapi;

mod articles;
mod attachments;
mod batches;
mod categories;
mod exports;
mod feedback;
mod imports;
mod indexes;
mod keys;
mod operations;
mod page;
mod portal_words;
mod portals;
mod problems;
mod purges;
mod read_reports;
mod redirects;
mod restorations;
mod revisions;
mod search;
mod search_reports;
mod search_rules;
mod shell;
mod span;
mod time;
mod wait;
mod wire;

pub use crate::extract::OperatorDoor;

/// The API, complete: routes, refusals for everything else under `/api`, and the shell around both.
pub(crate) fn router(state: HttpState) -> Router {
    let (routes, document) = routes().split_for_parts();
    let operations = Arc::new(operations::Operations::of(&document));
    let app = Arc::clone(&state.app);
    routes
        .route("/api/v1/openapi.json", get(openapi::serve))
        .route("/problems/{code}", get(problems::describe))
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*rest}", any(unknown))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(
            shell::Shell { app, operations },
            shell::around,
        ))
        .with_state(state)
}

/// The described routes.
fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(portals::list, portals::create))
        .routes(routes!(portals::read, portals::update))
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::update))
        .routes(routes!(articles::list, articles::create))
        .routes(routes!(articles::read, articles::update))
        .routes(routes!(revisions::list))
        .routes(routes!(revisions::read))
        .routes(routes!(revisions::restore))
        .routes(routes!(attachments::list, attachments::create))
        .routes(routes!(attachments::read))
        .routes(routes!(attachments::content))
        .routes(routes!(search::search))
        .routes(routes!(search::passages))
        .routes(routes!(search::suggestions))
        .routes(routes!(search::related))
        .routes(routes!(search_rules::read, search_rules::put))
        .routes(routes!(search_reports::report))
        .routes(routes!(read_reports::report))
        .routes(routes!(feedback::list))
        .routes(routes!(feedback::report))
        .routes(routes!(redirects::list, redirects::put, redirects::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(imports::import))
        .routes(routes!(imports::list))
        .routes(routes!(exports::articles))
        .routes(routes!(exports::revisions))
        .routes(routes!(exports::portal))
        .routes(routes!(restorations::portal))
        .routes(routes!(restorations::content))
        .routes(routes!(restorations::file))
        .routes(routes!(batches::batch))
        .routes(routes!(purges::article))
        .routes(routes!(purges::revision))
        .routes(routes!(purges::attachment))
        .routes(routes!(purges::list))
        .routes(routes!(purges::read))
        .routes(routes!(indexes::reindex))
        .routes(routes!(indexes::verify))
}

async fn unknown(uri: Uri) -> Problem {
    let path = uri.path();
    let hint = if path.contains("//") {
        "a segment of the path is empty; give an id there"
    } else if path.len() > 1 && path.ends_with('/') {
        "paths have no slash at the end; take it away"
    } else {
        "the API stands under /api/v1; /api/v1/openapi.json lists what is there"
    };
    Problem::new(
        ErrorCode::NotFound,
        format!("there is nothing at this path; {hint}"),
    )
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        ErrorCode::MethodNotAllowed,
        "this path does not take this method; the Allow header lists those it takes",
    )
}

/// The message of a panic goes to the log by the panic hook; outward goes nothing of it.
fn panicked(_panic: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    let error = cairn_service::Error::internal("a handler panicked");
    axum::response::IntoResponse::into_response(Problem::from(error))
}
