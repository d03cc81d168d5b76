//! The floor server: bare axum in front of the plain plan, one worker, the search on it.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::index::Plain;

#[derive(Deserialize)]
struct Asked {
    q: String,
    /// 1 for snippets.
    #[serde(default)]
    snip: u8,
}

/// Serves until it is killed; prints its port.
pub(super) fn serve(plain: Plain) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let router = Router::new()
            .route("/search", get(search))
            .with_state(Arc::new(plain));
        crate::floor::serve(router).await
    })
}

async fn search(State(plain): State<Arc<Plain>>, Query(asked): Query<Asked>) -> Response {
    match plain.answer(&asked.q, asked.snip == 1) {
        Ok(answer) => Json(answer).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
