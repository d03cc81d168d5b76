//! Once a day, and an hour after the start: files that no attachment has are taken away.

use std::sync::Arc;
use std::time::Duration;

use cairn_service::{App, attachments};
use tokio_util::sync::CancellationToken;

/// After the start there is other work.
const FIRST_WAIT: Duration = Duration::from_secs(3_600);
/// Between two sweeps.
const WAIT: Duration = Duration::from_secs(24 * 3_600);

/// Sweeps until told to stop.
///
/// Not cancellation-safe: between a file's deletion and the second look it must not be dropped, so a sweep under way is
/// ended first; the owner waits for it as long as for its other tasks.
pub(super) async fn sweep_daily(app: Arc<App>, stop: CancellationToken) {
    let mut wait = FIRST_WAIT;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = WAIT;
        // Told to stop in the middle, it ends its sweep: what it does to one file is not to be torn.
        match attachments::sweep(&app).await {
            Ok(swept) => tracing::info!(
                seen = swept.seen,
                deleted = swept.deleted,
                "files without an attachment were swept"
            ),
            Err(error) => tracing::warn!(
                error = error.to_string(),
                "sweeping files without an attachment ended early; the next one is in a day"
            ),
        }
    }
}
