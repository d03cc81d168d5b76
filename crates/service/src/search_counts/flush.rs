//! Writing the sums down, and taking old ones away; [`crate::upkeep`] says when.
//!
//! Budget: one transaction of three short statements for each portal and day that was searched in, and none where nobody
//! searched.

use std::sync::PoisonError;

use cairn_store::{StoreError, search_counts};

use super::{Counting, pending::Batch};
use crate::days::kept_from;
use crate::{App, Result};

impl App {
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
