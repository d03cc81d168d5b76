//! Waits until the index has read what was written, before a start calls itself ready.

use std::time::Instant;

use cairn_service::App;

use crate::limits::{CATCH_UP_POLL, CATCH_UP_WAIT_AGAIN, CATCH_UP_WAIT_FIRST};

/// Waits; after the longest wait the server calls itself started anyway, and `/readyz` says what is
/// missing. A first start waits longer: its content is small and all of it is meant to be found.
pub(crate) async fn catch_up(app: &App, is_first: bool) {
    let wait = if is_first {
        CATCH_UP_WAIT_FIRST
    } else {
        CATCH_UP_WAIT_AGAIN
    };
    let give_up = Instant::now() + wait;
    while !app.readiness().await.is_ready() {
        if Instant::now() >= give_up {
            tracing::warn!("the index is still catching up; /readyz says when it has");
            return;
        }
        tokio::time::sleep(CATCH_UP_POLL).await;
    }
}
