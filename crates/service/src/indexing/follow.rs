//! The follower: reads each portal's feed and keeps index and pages right.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use cairn_domain::category::{Category, path_to_root};
use cairn_domain::event::{Event, Subject};
use cairn_domain::feed::{Epoch, Position};
use cairn_domain::ids::{ArticleId, EventId, PortalId};
use cairn_domain::limits::{FOLLOW_EVENTS_MAX, IDEMPOTENCY_HOURS, OUTBOX_HOURS};
use cairn_domain::operation::Operation;
use cairn_store::articles::IndexRow;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Dependency};
use crate::categories::with_children;
use crate::indexing::{document, repair};
use crate::{Error, Result};

/// How often the feed is looked at when nothing rings: writes of other processes are seen by it.
const POLL: Duration = Duration::from_millis(40);
/// How long the follower waits after a failure before it tries again.
const RETRY: Duration = Duration::from_millis(500);
/// How often the epoch is read again and old rows are pruned.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Articles loaded and indexed at once: bounds memory, not correctness.
const LOAD_MAX: usize = 200;

/// How far a portal's index has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// Position.
    pub pos: i64,
    /// The event there.
    pub event: Option<EventId>,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It applied so many events; there may be more.
    Advanced(usize),
    /// There was nothing to do.
    CaughtUp,
}

impl App {
    /// Follows the feed until cancelled. Failures are logged and tried again; the last commit of the
    /// index ends before this returns.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let erasing = Arc::clone(&self).run_erasures(cancel.clone());
        let erasing = tokio::spawn(cairn_store::in_bulk(erasing));
        let gathering = tokio::spawn(Arc::clone(&self).run_gathering(cancel.clone()));
        let mut next_housekeeping = tokio::time::Instant::now() + HOUSEKEEPING;
        let mut failing = false;
        while !cancel.is_cancelled() {
            let wait = match self.step().await {
                Ok(Progress::Advanced(_)) => {
                    failing = false;
                    continue;
                }
                Ok(Progress::CaughtUp) => {
                    failing = false;
                    POLL
                }
                Err(error) => {
                    // Once per outage, not twice a second.
                    if !failing {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "the follower failed and tries again"
                        );
                    }
                    failing = true;
                    RETRY
                }
            };
            if tokio::time::Instant::now() >= next_housekeeping {
                next_housekeeping = tokio::time::Instant::now() + HOUSEKEEPING;
                if let Err(error) = self.housekeeping().await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "housekeeping failed and is tried again"
                    );
                }
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.wake.notified(), if !failing => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        // A merge under way is ended with its writer.
        gathering.abort();
        if let Err(error) = erasing.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the task that erases ended before its time"
            );
        }
    }

    /// One look at every portal's feed.
    ///
    /// # Errors
    /// `unavailable` and our own faults; what was applied stays applied.
    pub async fn step(self: &Arc<Self>) -> Result<Progress> {
        let mut advanced = 0;
        for (portal, pos, event) in cairn_store::outbox::heads(&self.store).await? {
            if self.followed(portal) == Some(Followed { pos, event }) {
                continue;
            }
            let _indexing = self.indexing.lock().await;
            // Whoever held the lock may have followed further than the head seen above.
            let (pos, event) = cairn_store::outbox::head(&self.store, portal).await?;
            let head = Followed { pos, event };
            if self.followed(portal) != Some(head) {
                advanced += self.follow(portal, head).await?;
                self.warm(portal).await?;
            }
        }
        Ok(if advanced == 0 {
            Progress::CaughtUp
        } else {
            Progress::Advanced(advanced)
        })
    }

    /// Reads again what searches and pages take from memory, so that they need no database for it: it
    /// may be gone when the first of them asks.
    async fn warm(&self, portal: PortalId) -> Result<()> {
        if portal != PortalId::INSTANCE {
            self.tree(portal).await?;
            self.search_rules(portal).await?;
        }
        Ok(())
    }

    /// Steps until everything that was committed before the call is indexed, and what was erased has
    /// left the index, unless something keeps it there.
    ///
    /// # Errors
    /// As for a step.
    pub async fn settle(self: &Arc<Self>) -> Result<()> {
        while let Progress::Advanced(_) = self.step().await? {}
        self.erase_due().await?;
        Ok(())
    }

    /// How far a portal's index has read.
    pub(crate) fn followed(&self, portal: PortalId) -> Option<Followed> {
        self.followed.borrow().get(&portal).copied()
    }

    pub(crate) fn set_followed(&self, portal: PortalId, followed: Followed) {
        self.followed.send_modify(|all| {
            all.insert(portal, followed);
        });
    }

    pub(crate) fn position(&self, followed: Followed) -> Position {
        Position {
            epoch: self.known_epoch(),
            pos: followed.pos,
            event: followed.event,
        }
    }

    fn known_epoch(&self) -> Epoch {
        *self.epoch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings one portal from where it is towards `head`. The indexing lock is held by the caller.
    pub(crate) async fn follow(
        self: &Arc<Self>,
        portal: PortalId,
        head: Followed,
    ) -> Result<usize> {
        if portal == PortalId::INSTANCE {
            // Nothing of it is indexed; a portal may have been made or changed.
            self.reload_portals().await?;
            self.set_followed(portal, head);
            return Ok(0);
        }
        let Some(followed) = self.followed(portal) else {
            self.open_portal(portal).await?;
            return Ok(1);
        };
        let lost =
            followed.pos > head.pos || (followed.pos == head.pos && followed.event != head.event);
        if lost {
            tracing::warn!(portal.id = %portal, followed.pos, head.pos, "the feed is not the one that was followed; the index is repaired");
            repair::repair(self, portal).await?;
            return Ok(1);
        }
        let events =
            cairn_store::outbox::read_after(&self.store, portal, followed.pos, FOLLOW_EVENTS_MAX)
                .await?;
        let dense = events
            .iter()
            .zip(followed.pos + 1..)
            .all(|(event, pos)| event.pos == pos);
        let Some(last) = events.last().filter(|_| dense) else {
            tracing::warn!(portal.id = %portal, followed.pos, "the feed has a gap, or it was pruned; the index is repaired");
            repair::repair(self, portal).await?;
            return Ok(1);
        };
        let to = Followed {
            pos: last.pos,
            event: Some(last.id),
        };
        let count = events.len();
        self.apply(portal, &events, to).await?;
        metrics::counter!("cairn_follow_events_total").increment(count as u64);
        Ok(count)
    }

    /// First look at a portal in this process: resume where the index stands, or repair, or build.
    async fn open_portal(self: &Arc<Self>, portal: PortalId) -> Result<()> {
        let index = Arc::clone(&self.index);
        let checkpoint = blocking(move || index.checkpoint(portal)).await??;
        let Some(checkpoint) = checkpoint else {
            return crate::indexing::rebuild::build(self, portal)
                .await
                .map(|_| ());
        };
        let same_event = checkpoint.pos == 0
            || cairn_store::outbox::event_id_at(&self.store, portal, checkpoint.pos).await?
                == checkpoint.event;
        if checkpoint.epoch == self.known_epoch() && same_event {
            self.set_followed(
                portal,
                Followed {
                    pos: checkpoint.pos,
                    event: checkpoint.event,
                },
            );
            return Ok(());
        }
        tracing::info!(portal.id = %portal, "the index belongs to another life of the database; it is repaired");
        repair::repair(self, portal).await
    }

    /// Applies a run of events: pages first, because what they show is committed, then the index.
    async fn apply(
        self: &Arc<Self>,
        portal: PortalId,
        events: &[Event],
        to: Followed,
    ) -> Result<()> {
        if events
            .iter()
            .any(|e| matches!(e.subject, Subject::Category(_)))
        {
            self.forget_tree(portal);
        }
        if events
            .iter()
            .any(|e| matches!(e.subject, Subject::Portal(_)))
        {
            self.reload_portals().await?;
        }
        self.forget_changed_rules(portal, events);
        let tree = self.tree(portal).await?;
        let articles = self.affected(portal, events, &tree).await?;
        let mut changes = Vec::with_capacity(articles.len());
        let mut stale = stale_by_themselves(portal, events, &tree);
        stale.extend(self.stale_links(portal, events).await?);
        for ids in articles.chunks(LOAD_MAX) {
            let rows = cairn_store::articles::load_for_index(&self.store, portal, ids).await?;
            stale.extend(
                rows.iter()
                    .flat_map(|row| stale_by_article(portal, row, &tree)),
            );
            let tree = Arc::clone(&tree);
            let ids = ids.to_vec();
            changes.extend(blocking(move || changes_of(&ids, &rows, &tree)).await?);
        }
        self.purge(portal, &stale.into_iter().collect::<Vec<_>>(), to.pos);
        let (index, position) = (Arc::clone(&self.index), self.position(to));
        blocking(move || index.apply(portal, &changes, position)).await??;
        self.set_followed(portal, to);
        self.note_erasures(portal, events);
        Ok(())
    }

    /// Forgets the pages that a run of events made stale.
    pub(crate) async fn purge_events(
        &self,
        portal: PortalId,
        events: &[Event],
        pos: i64,
    ) -> Result<()> {
        self.forget_changed_rules(portal, events);
        let tree = self.tree(portal).await?;
        let ids = self.affected(portal, events, &tree).await?;
        let mut stale = stale_by_themselves(portal, events, &tree);
        stale.extend(self.stale_links(portal, events).await?);
        for ids in ids.chunks(LOAD_MAX) {
            let rows = cairn_store::articles::load_for_index(&self.store, portal, ids).await?;
            stale.extend(
                rows.iter()
                    .flat_map(|row| stale_by_article(portal, row, &tree)),
            );
        }
        self.purge(portal, &stale.into_iter().collect::<Vec<_>>(), pos);
        Ok(())
    }

    /// The articles whose links lead to what a run of events is about: it may have come just now.
    async fn stale_links(&self, portal: PortalId, events: &[Event]) -> Result<Vec<Dependency>> {
        let subjects = events.iter().filter_map(|event| match event.subject {
            Subject::Article(_) | Subject::Attachment(_) => Some(event.subject.uuid()),
            _ => None,
        });
        let targets: Vec<_> = subjects.collect();
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let linking = cairn_store::links::linking_to(&self.store, portal, &targets).await?;
        Ok(linking.into_iter().map(Dependency::LinksOf).collect())
    }

    /// The articles that a run of events may have changed in the index.
    pub(crate) async fn affected(
        &self,
        portal: PortalId,
        events: &[Event],
        tree: &[Category],
    ) -> Result<Vec<ArticleId>> {
        let mut articles: BTreeSet<ArticleId> = BTreeSet::new();
        let mut categories = BTreeSet::new();
        for event in events {
            match event.subject {
                Subject::Article(id) => {
                    articles.insert(id);
                }
                Subject::Category(id) => categories.extend(with_children(tree, id)),
                Subject::Portal(_)
                | Subject::Key(_)
                | Subject::Attachment(_)
                | Subject::Redirects(_) => {}
            }
        }
        if !categories.is_empty() {
            let categories: Vec<_> = categories.into_iter().collect();
            articles.extend(
                cairn_store::articles::ids_in_categories(&self.store, portal, &categories).await?,
            );
        }
        Ok(articles.into_iter().collect())
    }

    /// Reads the epoch again and prunes what nobody needs any more.
    async fn housekeeping(&self) -> Result<()> {
        let epoch = cairn_store::epoch(&self.store).await?;
        if epoch != self.known_epoch() {
            tracing::warn!(%epoch, "the database lives on another timeline; every index is looked at again");
            *self.epoch.write().unwrap_or_else(PoisonError::into_inner) = epoch;
            self.followed.send_modify(std::collections::HashMap::clear);
        }
        // Another process may have erased something while the feed of this one was repaired.
        self.look_for_erasures();
        let now = self.clock.now();
        let outbox_before = now - SignedDuration::from_hours(OUTBOX_HOURS);
        let followed: Vec<_> = self
            .followed
            .borrow()
            .iter()
            .map(|(p, f)| (*p, f.pos))
            .collect();
        for (portal, pos) in followed {
            cairn_store::outbox::prune(&self.store, portal, pos, outbox_before).await?;
        }
        cairn_store::idempotency::prune(
            &self.store,
            now - SignedDuration::from_hours(IDEMPOTENCY_HOURS),
        )
        .await?;
        Ok(())
    }
}

/// What the index is to hold of these articles; those without a row are gone from everywhere.
pub(crate) fn changes_of(
    ids: &[ArticleId],
    rows: &[IndexRow],
    tree: &[Category],
) -> Vec<cairn_search::ArticleChange> {
    let each = rows.iter().map(|row| {
        crate::bulk::let_others_in();
        document::change(row, tree)
    });
    let mut changes: Vec<_> = each.collect();
    let gone = ids
        .iter()
        .filter(|id| !rows.iter().any(|row| row.article.id == **id));
    changes.extend(gone.map(|id| cairn_search::ArticleChange {
        article: *id,
        documents: Vec::new(),
    }));
    changes
}

/// Whether an event is that of an operation.
pub(crate) fn is_of(event: &Event, operation: Operation) -> bool {
    operation.row().event == Some(event.kind.as_str())
}

/// What pages depend on that the subjects of the events name.
fn stale_by_themselves(
    portal: PortalId,
    events: &[Event],
    tree: &[Category],
) -> std::collections::HashSet<Dependency> {
    let mut stale = std::collections::HashSet::new();
    for event in events {
        match event.subject {
            Subject::Article(id) => {
                stale.insert(Dependency::Article(id));
                stale.insert(Dependency::Articles(portal));
            }
            Subject::Redirects(_) => {
                stale.insert(Dependency::Links(portal));
            }
            // Who showed it is known by nobody any more: its links were cleared with it.
            Subject::Attachment(_) if is_of(event, Operation::PurgeAttachment) => {
                stale.insert(Dependency::Portal(portal));
            }
            // Who shows it is known by the links.
            Subject::Attachment(_) => {}
            // A category's name and place stand on many pages: crumbs, topics, neighbours.
            Subject::Category(id) => {
                stale.extend(
                    with_children(tree, id)
                        .into_iter()
                        .map(Dependency::Category),
                );
                stale.extend(path_to_root(tree, id).into_iter().map(Dependency::Category));
                stale.insert(Dependency::Portal(portal));
            }
            Subject::Portal(_) => {
                stale.insert(Dependency::Portal(portal));
            }
            Subject::Key(_) => {}
        }
    }
    stale
}

/// The lists and the translations an article may have joined: where it was is known by the pages that
/// show it.
fn stale_by_article(portal: PortalId, row: &IndexRow, tree: &[Category]) -> Vec<Dependency> {
    let mut stale = vec![Dependency::Translations(row.article.translation_group)];
    match row.article.category {
        Some(id) => stale.extend(path_to_root(tree, id).into_iter().map(Dependency::Category)),
        None => stale.push(Dependency::Uncategorised(portal)),
    }
    stale
}

/// Work that waits for the disk or for the processor, off the async threads.
pub(crate) async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}
