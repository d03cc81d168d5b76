//! Signals: the first asks for an orderly end, the second ends at once.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a process that was told twice (128 + SIGINT).
const TOLD_TWICE: i32 = 130;

/// A token that is cancelled by the first SIGTERM, SIGINT or SIGHUP. The second one ends the
/// process: Postgres then ends by its parent-death signal and recovers at the next start.
pub(crate) fn on_signal() -> Result<CancellationToken> {
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
        interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        hangup: signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?,
    };
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping: requests under way are finished; a second signal ends at once");
        stop.cancel();
        signals.next().await;
        tracing::warn!("ended at once by a second signal");
        std::process::exit(TOLD_TWICE);
    });
    Ok(token)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
