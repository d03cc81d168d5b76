//! Writing reads down, and taking old ones away; [`crate::upkeep`] says when.
//!
//! Budget: one transaction of one statement for each portal that was read in, and none where nobody read.

use cairn_store::{StoreError, read_counts};

use crate::days::{day_of, kept_from};
use crate::{App, Result};

impl App {
    /// Writes down what was counted before the call, under today.
    ///
    /// # Errors
    /// `unavailable` and our own faults; what was not written waits for the next time.
    pub async fn flush_read_counts(&self) -> Result<()> {
        let _flushing = self.reads.flushing.lock().await;
        let today = day_of(self.now());
        let mut waiting = self.reads.take();
        while let Some((portal, reads)) = waiting.pop_first() {
            let written = async {
                let mut tx = self.store.begin().await?;
                read_counts::add(&mut tx, portal, today, &reads).await?;
                tx.commit().await
            };
            if let Err(error) = written.await {
                // What may have been written is not written again: better a few too few than twice.
                if !matches!(error, StoreError::OutcomeUnknown(_)) {
                    self.reads.put_back(portal, &reads);
                }
                for (portal, reads) in &waiting {
                    self.reads.put_back(*portal, reads);
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Deletes counts that are older than the setting says; all of them where nothing is to be counted. Gives how many
    /// rows.
    ///
    /// # Errors
    /// `unavailable` and our own faults.
    pub async fn prune_read_counts(&self) -> Result<u64> {
        let before = kept_from(self.now(), self.reads.days);
        let mut rows = 0;
        for portal in self.portals().all() {
            rows += read_counts::prune(&self.store, portal.id, before).await?;
        }
        Ok(rows)
    }
}
