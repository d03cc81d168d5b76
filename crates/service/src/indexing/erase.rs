//! What was erased leaves the index of this process, and is reported as finished.
//!
//! The write itself takes the text out of the database at once. Its event makes the follower delete
//! the documents; here the files that still hold them are rewritten, and pages in memory let go.
//!
//! ```text
//! purge      commit (text gone from every table) ── event at 7
//! follower                                          reads 7, deletes the documents
//! here                                                        rewrites the files; marks it finished
//! ```
//!
//! *Invariant:* the index remembers up to which position it is clean, so a process that was killed
//! between any two of these steps goes on where it stood. Each process cleans its own index; the
//! first that is clean marks the erasure as finished.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cairn_domain::event::Event;
use cairn_domain::ids::PortalId;
use cairn_domain::operation::Operation;
use cairn_search::Erased;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Result;
use crate::app::App;
use crate::attachments::forget_bytes;
use crate::indexing::follow::{blocking, is_of};

/// How long to wait before what could not be erased yet is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Erased attachments that are looked up in one query.
const FILES_AT_ONCE: i64 = 100;

/// Erasures that the index of this process may not be clean of.
#[derive(Default)]
pub(crate) struct Erasures {
    due: Mutex<Due>,
    rung: Notify,
    /// One at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Due {
    /// Whether the database was asked.
    looked: bool,
    /// The last position that matters, by portal.
    portals: HashMap<PortalId, i64>,
    /// Whether bytes of erased attachments may still be kept.
    files: bool,
}

impl App {
    /// Erases what is due until cancelled; one that is under way is finished.
    pub(crate) async fn run_erasures(self: Arc<Self>, cancel: CancellationToken) {
        let mut failing = false;
        while !cancel.is_cancelled() {
            let waiting = match self.erase_due().await {
                Ok(waiting) => {
                    failing = false;
                    waiting
                }
                Err(error) => {
                    // Once per outage.
                    if !failing {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "what was erased is still in the index; it is tried again"
                        );
                    }
                    failing = true;
                    1
                }
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.erasures.rung.notified() => {}
                () = tokio::time::sleep(RETRY), if waiting > 0 => {}
            }
        }
    }

    /// Notes the erasures in a run of events that was applied.
    pub(crate) fn note_erasures(&self, portal: PortalId, events: &[Event]) {
        let is_of_text = |event: &&Event| {
            is_of(event, Operation::PurgeArticle) || is_of(event, Operation::PurgeRevision)
        };
        let last_text = events.iter().rev().find(is_of_text);
        let has_files = events.iter().any(|e| is_of(e, Operation::PurgeAttachment));
        if last_text.is_none() && !has_files {
            return;
        }
        let mut due = self.due();
        if let Some(last) = last_text {
            let pos = due.portals.entry(portal).or_default();
            *pos = (*pos).max(last.pos);
        }
        due.files |= has_files;
        drop(due);
        self.erasures.rung.notify_one();
    }

    /// Asks the database again before the next erasure: events may have been passed over.
    pub(crate) fn look_for_erasures(&self) {
        self.due().looked = false;
        self.erasures.rung.notify_one();
    }

    /// Erases what is due; how many portals have to wait.
    pub(crate) async fn erase_due(self: &Arc<Self>) -> Result<usize> {
        let _turn = self.erasures.turn.lock().await;
        if !std::mem::replace(&mut self.due().looked, true)
            && let Err(error) = self.look().await
        {
            self.due().looked = false;
            return Err(error);
        }
        let due: Vec<(PortalId, i64)> = self.due().portals.iter().map(|(p, n)| (*p, *n)).collect();
        let mut waiting = 0;
        for (portal, pos) in due {
            if self.erase(portal, pos).await? {
                let mut due = self.due();
                // Another may have come meanwhile.
                if due.portals.get(&portal) == Some(&pos) {
                    due.portals.remove(&portal);
                }
            } else {
                waiting += 1;
            }
        }
        if std::mem::take(&mut self.due().files)
            && let Err(error) = self.erase_files().await
        {
            self.due().files = true;
            return Err(error);
        }
        Ok(waiting)
    }

    async fn look(&self) -> Result<()> {
        let reaches = cairn_store::purges::reaches(&self.store).await?;
        let index = Arc::clone(&self.index);
        let unclean = blocking(move || {
            reaches
                .into_iter()
                .filter(|r| r.is_waiting || index.erased(r.portal).is_none_or(|e| e < r.pos))
                .collect::<Vec<_>>()
        })
        .await?;
        let mut due = self.due();
        due.files = true;
        for reach in unclean {
            let pos = due.portals.entry(reach.portal).or_default();
            *pos = (*pos).max(reach.pos);
        }
        Ok(())
    }

    /// Cleans the index of a portal of everything up to `pos`; whether that is done.
    async fn erase(&self, portal: PortalId, pos: i64) -> Result<bool> {
        let Some(followed) = self.followed(portal).filter(|f| f.pos >= pos) else {
            return Ok(false);
        };
        let index = Arc::clone(&self.index);
        let started = std::time::Instant::now();
        let erased = blocking(move || {
            if index.erased(portal).is_some_and(|e| e >= pos) {
                return Ok(Erased::Done);
            }
            index.erase(portal, followed.pos)
        })
        .await??;
        if let Erased::NotYet(why) = erased {
            tracing::debug!(portal.id = %portal, why, "what was erased has to stay in the index a moment longer");
            return Ok(false);
        }
        self.forget_pages(portal);
        let count = cairn_store::purges::finish(&self.store, portal, pos, self.clock.now()).await?;
        if count > 0 {
            let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(portal.id = %portal, erasures = count, duration_ms, "what was erased has left the index");
        }
        Ok(true)
    }

    /// Deletes the bytes of erased attachments; their pages are stale since the event was read.
    async fn erase_files(&self) -> Result<()> {
        loop {
            let waiting =
                cairn_store::attachments::erased_waiting(&self.store, FILES_AT_ONCE).await?;
            let count = waiting.len();
            for (purge, attachment) in waiting {
                forget_bytes(self, &attachment).await?;
                self.forget_pages(attachment.portal);
                let now = self.clock.now();
                cairn_store::purges::finish_one(&self.store, attachment.portal, purge, now).await?;
                tracing::info!(attachment.id = %attachment.id, "the bytes of an erased attachment are gone");
            }
            if i64::try_from(count).is_ok_and(|n| n < FILES_AT_ONCE) {
                return Ok(());
            }
        }
    }

    fn due(&self) -> std::sync::MutexGuard<'_, Due> {
        self.erasures
            .due
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
