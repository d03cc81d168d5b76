//! Everything the public address answers: REST, probes and help centers from one room, MCP from the
//! other.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use cairn_http::HttpState;
use cairn_mcp::McpOptions;
use serde_json::json;

/// The addresses of MCP: two spellings of one, because clients write both, and one below /api.
const MCP_PATHS: [&str; 3] = ["/mcp", "/mcp/", "/api/mcp"];
/// What has limits of its own, longer than an ordinary request's.
const LONG_PATHS: [&str; 5] = [
    "/api/v1/article-batches",
    "/api/v1/article-imports",
    "/api/v1/attachments",
    "/api/v1/reindexes",
    "/api/v1/index-verifications",
];

/// The router of the public address.
pub(crate) fn public_router(
    state: HttpState,
    mcp: McpOptions,
    request_timeout: Duration,
) -> Router {
    let tools = cairn_mcp::router_service(state.app.clone(), mcp);
    let mut router = cairn_http::router(state);
    for path in MCP_PATHS {
        router = router.route_service(path, tools.clone());
    }
    router.layer(middleware::from_fn_with_state(request_timeout, within))
}

/// Cuts off a request that takes too long; its transaction is rolled back with it.
async fn within(State(timeout): State<Duration>, request: Request, next: Next) -> Response {
    if LONG_PATHS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => timed_out(timeout),
    }
}

fn timed_out(timeout: Duration) -> Response {
    let seconds = timeout.as_secs();
    let problem = json!({
        "type": "about:blank",
        "title": "A part of the server is out of reach",
        "status": 503,
        "code": "unavailable",
        "detail": format!("the request took longer than {seconds} seconds and was cut off; ask again later"),
    });
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::RETRY_AFTER, "1"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (
        StatusCode::SERVICE_UNAVAILABLE,
        headers,
        problem.to_string(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_cut_off() {
        let slow = || std::future::pending::<()>();
        let soon = || tokio::time::sleep(Duration::from_millis(60));
        let router = Router::new()
            .route("/slow", get(slow))
            .route(LONG_PATHS[0], get(soon))
            .layer(middleware::from_fn_with_state(
                Duration::from_millis(20),
                within,
            ));
        let ask = |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request)
        };
        let answer = ask("/slow").await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        assert_eq!(ask(LONG_PATHS[0]).await.unwrap().status(), StatusCode::OK);
    }
}
