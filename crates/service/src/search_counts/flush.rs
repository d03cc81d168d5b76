//! Writing the sums down: every few seconds, and once more when the owner ends; and taking old ones away once a day.
//!
//! Budget: one transaction of three short statements for each portal and day that was searched in, and none where nobody
//! searched.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use cairn_store::{StoreError, search_counts};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Counting, day_of, pending::Batch};
use crate::{App, Result};

/// How long sums wait in memory: what a process that is killed loses.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

impl App {
    /// Writes the sums of searches down until cancelled, and then what is left of them. Failures are logged and tried
    /// again. Takes old sums and old answers of readers away at the beginning of each day.
    ///
    /// Not cancellation-safe: a flush that is dropped loses the sums it had taken.
    pub async fn run_search_counts(self: Arc<Self>, cancel: CancellationToken) {
        let mut pruned_on: Option<Date> = None;
        let mut is_failing = false;
        loop {
            let today = day_of(self.now());
            if pruned_on != Some(today) {
                match self.prune_search_counts().await {
                    Ok(0) => {}
                    Ok(rows) => tracing::info!(rows, "old search counts were deleted"),
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "old search counts could not be deleted; the next try is in a day"
                    ),
                }
                match self.prune_feedback().await {
                    Ok(0) => {}
                    Ok(rows) => tracing::info!(rows, "old answers of readers were deleted"),
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "old answers of readers could not be deleted; the next try is in a day"
                    ),
                }
                pruned_on = Some(today);
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(FLUSH_EVERY) => {}
            }
            match self.flush_search_counts().await {
                Ok(()) => is_failing = false,
                Err(error) => {
                    // Once per outage.
                    if !is_failing {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "search counts could not be written and wait in memory"
                        );
                    }
                    is_failing = true;
                }
            }
            if cancel.is_cancelled() {
                return;
            }
        }
    }

    /// Writes down what was counted before the call.
    ///
    /// # Errors
    /// `unavailable` and our own faults; what was not written waits for the next time.
    pub async fn flush_search_counts(&self) -> Result<()> {
        let counting = &self.counting;
        let _flushing = counting.flushing.lock().await;
        let mut batches = counting.lock_pending().take();
        while let Some(((portal, day), batch)) = batches.pop_first() {
            let written = async {
                let mut tx = self.store.begin().await?;
                search_counts::add(&mut tx, portal, day, &batch.counted, &batch.opened).await?;
                tx.commit().await
            };
            match written.await {
                Ok(()) => {}
                Err(error) => {
                    // What may have been written is not written again: better a few too few than twice.
                    let batch = match error {
                        StoreError::OutcomeUnknown(_) => Batch::default(),
                        _ => batch,
                    };
                    let mut pending = counting.lock_pending();
                    pending.put_back(portal, day, batch);
                    for ((portal, day), batch) in batches {
                        pending.put_back(portal, day, batch);
                    }
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Deletes counts that are older than the setting says; all of them where nothing is to be counted. Gives how many
    /// rows.
    ///
    /// # Errors
    /// `unavailable` and our own faults.
    pub async fn prune_search_counts(&self) -> Result<u64> {
        let before = kept_from(self.now(), self.counting.days);
        let mut rows = 0;
        for portal in self.portals().all() {
            rows += search_counts::prune(&self.store, portal.id, before).await?;
        }
        Ok(rows)
    }
}

impl Counting {
    fn lock_pending(&self) -> std::sync::MutexGuard<'_, super::pending::Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first day that is kept: today is the last of so many days.
fn kept_from(now: Timestamp, days: u32) -> Date {
    if days == 0 {
        return Date::MAX;
    }
    day_of(now).saturating_sub(Span::new().days(i64::from(days) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_days_are_kept_and_today_is_one_of_them() {
        let now: Timestamp = "2026-11-14T23:59:59Z".parse().unwrap();
        assert_eq!(kept_from(now, 1).to_string(), "2026-11-14");
        assert_eq!(kept_from(now, 90).to_string(), "2026-08-17");
        assert_eq!(kept_from(now, 0), Date::MAX);
        assert!(kept_from(Timestamp::MIN, 3_650) <= day_of(Timestamp::MIN));
    }
}
