//! Probes: whether the process lives, whether it can serve, and what it counts.
//!
//! They need no credential and say nothing that is not about the process itself. `/healthz` is an
//! alias of `/readyz`.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use crate::HttpState;

const NO_STORE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
const NO_SNIFF: (HeaderName, HeaderValue) = (
    header::X_CONTENT_TYPE_OPTIONS,
    HeaderValue::from_static("nosniff"),
);

/// The text format of Prometheus, version 0.0.4.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn router(state: HttpState) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/healthz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(state)
}

async fn livez() -> Response {
    (
        [NO_STORE, NO_SNIFF],
        axum::Json(serde_json::json!({"status": "alive"})),
    )
        .into_response()
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    checks: Vec<CheckBody>,
}

#[derive(Serialize)]
struct CheckBody {
    name: &'static str,
    ok: bool,
    detail: String,
}

async fn readyz(State(state): State<HttpState>) -> Response {
    let readiness = state.app.readiness().await;
    let (code, status) = match readiness.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let checks = readiness.checks.into_iter().map(|c| CheckBody {
        name: c.name,
        ok: c.ok,
        detail: c.detail,
    });
    (
        code,
        [NO_STORE, NO_SNIFF],
        axum::Json(Ready {
            status,
            checks: checks.collect(),
        }),
    )
        .into_response()
}

async fn metrics(State(state): State<HttpState>) -> Response {
    let text = (state.metrics)();
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static(PROMETHEUS_TEXT),
    );
    ([kind, NO_STORE, NO_SNIFF], text).into_response()
}
