//! Waits until the index has read what was written, before a start calls itself ready.

use std::time::Instant;

use cairn_service::App;

use crate::limits::{CATCH_UP_POLL, CATCH_UP_WAIT};

/// Waits; after the longest wait the server serves anyway, and `/readyz` says what is missing.
pub(crate) async fn catch_up(app: &App) {
    let give_up = Instant::now() + CATCH_UP_WAIT;
    while !app.readiness().await.is_ready() {
        if Instant::now() >= give_up {
            tracing::warn!("the index has not caught up; serving what it has");
            return;
        }
        tokio::time::sleep(CATCH_UP_POLL).await;
    }
}
