//! What stands around every request under `/api`: request id, span, time limit, headers, metrics,
//! and the body of problems.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cairn_domain::operation::Operation;
use cairn_service::{App, bulk};
use tracing::Instrument as _;

use super::operations::Operations;
use super::span;
use crate::limits::time_max;
use crate::problem::Problem;
use crate::request_id::{RequestId, X_REQUEST_ID};

/// Nothing in an answer of the API may run, be framed or be sniffed.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What the shell needs.
#[derive(Clone)]
pub(super) struct Shell {
    pub(super) app: Arc<App>,
    pub(super) operations: Arc<Operations>,
}

/// Handles one request of the API.
///
/// Cancellation: when time runs out the handler's future is dropped. A transaction that was open
/// rolls back; one that was committing is the `outcome_unknown` that a write's problem says.
pub(super) async fn around(
    State(shell): State<Shell>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers(), &shell.app);
    let operation = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| shell.operations.get(request.method(), path.as_str()));
    request.extensions_mut().insert(id.clone());
    let span = span::of(operation, &id.0);
    let answered = async {
        let run = run(&shell.app, operation, next, request);
        match tokio::time::timeout(time_max(operation), run).await {
            Ok(response) => response,
            Err(_) => {
                tracing::warn!("request timed out");
                Problem::timed_out(operation.is_some_and(|o| o.row().is_write())).into_response()
            }
        }
    };
    let mut response = answered.instrument(span.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = with_request_id(response, &problem, &id);
    }
    set_headers(response.headers_mut(), &id);
    measure(operation, &response, started, &span);
    response
}

/// Runs the handler: what is about many articles stands back for readers, the reading of its body included.
async fn run(app: &App, operation: Option<Operation>, next: Next, request: Request) -> Response {
    if !operation.is_some_and(bulk::is_bulk) {
        return next.run(request).await;
    }
    let work = next.run(request).instrument(tracing::Span::current());
    match app.in_bulk(work).await {
        Ok(response) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The problem again, now that the request id is known; headers set meanwhile (`Allow`) stay.
fn with_request_id(response: Response, problem: &Problem, id: &RequestId) -> Response {
    let (parts, _) = response.into_parts();
    let mut written = problem.respond(&id.0);
    for (name, value) in &parts.headers {
        if !written.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            written.headers_mut().append(name, value.clone());
        }
    }
    written
}

fn set_headers(headers: &mut HeaderMap, id: &RequestId) {
    const FIXED: [(HeaderName, &str); 5] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Authorization, X-API-Key"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(X_REQUEST_ID, id.header());
}

fn measure(
    operation: Option<Operation>,
    response: &Response,
    started: Instant,
    span: &tracing::Span,
) {
    let name = operation.map_or(span::UNKNOWN, |o| o.row().name);
    let took = started.elapsed();
    let status = response.status().as_u16();
    let duration_ms = took.as_secs_f64() * 1_000.0;
    span.record("status", status);
    span.record("duration_ms", duration_ms);
    // The log tells what changed and what failed; reads are told when asked for.
    let loud = response.status().is_server_error() || operation.is_some_and(|o| o.row().is_write());
    span.in_scope(|| match loud {
        true => tracing::info!(operation = name, status, duration_ms, "request answered"),
        false => tracing::debug!(operation = name, status, duration_ms, "request answered"),
    });
    metrics::counter!("cairn_http_requests_total", "operation" => name, "status" => status.to_string()).increment(1);
    metrics::histogram!("cairn_http_request_duration_seconds", "operation" => name)
        .record(took.as_secs_f64());
}
