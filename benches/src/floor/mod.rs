//! Floors: the least programs that give the same answers, to hold Cairn's numbers against. None of
//! them checks a credential, a portal or a precondition: a ratio of 1 is out of reach.

pub(crate) mod busy;
pub(crate) mod curve;
pub(crate) mod engine;
pub(crate) mod http;
pub(crate) mod parts;
pub(crate) mod plain;
pub(crate) mod search;

use anyhow::Result;
use axum::Router;
use axum::serve::ListenerExt;
use serde_json::json;

use crate::out;

/// Serves on a free port until it is killed; prints the port.
async fn serve(router: Router) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    out::line(&json!({"port": listener.local_addr()?.port()}).to_string());
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, router).await?;
    Ok(())
}
