//! Upkeep: what has to be done now and then by every process that serves. One task of the owner does it.
//!
//! Every few seconds what was counted is written down; every few minutes the first pages look at what is read most and
//! often asked; once a day what is older than the settings say is deleted. None of it is anything a reader waits for,
//! and what fails is logged and tried again.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use crate::days::day_of;
use crate::{App, Result};

/// How long sums wait in memory: what a process that is killed loses.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

impl App {
    /// Does what has to be done now and then until cancelled, and then writes down what was counted.
    ///
    /// Not cancellation-safe: a flush that is dropped loses the sums it had taken.
    pub async fn run_upkeep(self: Arc<Self>, cancel: CancellationToken) {
        let mut pruned_on: Option<Date> = None;
        let (mut searches, mut reads, mut popular) = <(Outage, Outage, Outage)>::default();
        loop {
            let today = day_of(self.now());
            if pruned_on != Some(today) {
                self.prune().await;
                pruned_on = Some(today);
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(FLUSH_EVERY) => {}
            }
            searches.note(
                self.flush_search_counts().await,
                "search counts could not be written and wait in memory",
            );
            reads.note(
                self.flush_read_counts().await,
                "read counts could not be written and wait in memory",
            );
            if cancel.is_cancelled() {
                return;
            }
            popular.note(
                self.renew_popular().await,
                "what is read most and often asked could not be read; first pages show what they showed",
            );
        }
    }

    /// Deletes what is older than the settings say.
    async fn prune(&self) {
        let pruned = [
            ("search counts", self.prune_search_counts().await),
            ("read counts", self.prune_read_counts().await),
            ("answers of readers", self.prune_feedback().await),
        ];
        for (of, rows) in pruned {
            match rows {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, of, "what is older than its setting was deleted"),
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    of,
                    "what is older than its setting could not be deleted; the next try is in a day"
                ),
            }
        }
    }
}

/// Whether something fails just now; it is said once.
#[derive(Default)]
struct Outage(bool);

impl Outage {
    fn note(&mut self, done: Result<()>, what: &str) {
        if let Err(error) = &done
            && !self.0
        {
            tracing::warn!(error = error as &dyn std::error::Error, "{what}");
        }
        self.0 = done.is_err();
    }
}
