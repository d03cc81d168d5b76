//! The HTTP doors: the authoring API (`rest`) and the public help center (`help_center`).
//!
//! A door parses, makes one service call, and formats. It decides nothing about who may do what,
//! and it reaches neither the database nor the index. MCP stands in a room of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use cairn_service::App;

pub mod etag;
pub mod extract;
mod file;
pub mod help_center;
pub mod limits;
pub mod peer;
pub mod probes;
pub mod problem;
pub mod request_id;
pub mod rest;

pub use rest::openapi::openapi_json;

/// What the HTTP doors stand on.
#[derive(Clone)]
pub struct HttpState {
    /// The application.
    pub app: Arc<App>,
    /// Renders the metrics of the process in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The public help centers and their cache.
    pub pages: help_center::Pages,
}

impl FromRef<HttpState> for Arc<App> {
    fn from_ref(state: &HttpState) -> Self {
        Arc::clone(&state.app)
    }
}

/// Everything but `/mcp`: the API, the probes, and the help centers for every other path.
pub fn router(state: HttpState) -> Router {
    let pages = help_center::router(state.pages.clone());
    rest::router(state.clone())
        .merge(probes::router(state))
        .fallback_service(pages)
}

/// What the control socket serves: the same API and probes, where the caller is the operator.
pub fn control_router(state: HttpState) -> Router {
    rest::router(state.clone())
        .layer(axum::Extension(rest::OperatorDoor))
        .merge(probes::router(state))
}
