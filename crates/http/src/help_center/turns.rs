//! Turns at rendering: of many requests for a page that is not in the cache, one does the work.
//!
//! Pages share a fixed number of queues by the hash of their name, so that nothing grows. Whoever has
//! waited long enough goes ahead anyway: a slow database must not turn a queue into a wall.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::cache::PageKey;

/// Queues; two pages meet in one by chance.
const QUEUES: usize = 256;
/// Longest wait for another request's work.
const WAIT_MAX: Duration = Duration::from_millis(200);

/// The queues.
pub(crate) struct Turns {
    queues: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            queues: (0..QUEUES).map(|_| Mutex::new(())).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Turns {
    /// Waits until nobody else renders this page; nothing when the wait was too long.
    pub(crate) async fn take(&self, key: &PageKey) -> Option<MutexGuard<'_, ()>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % QUEUES as u64).unwrap_or(0);
        let queue = self.queues.get(hash)?;
        tokio::time::timeout(WAIT_MAX, queue.lock()).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_domain::ids::PortalId;

    #[tokio::test]
    async fn the_second_waits_for_the_first_but_not_for_ever() {
        let turns = Turns::default();
        let key = PageKey {
            portal: PortalId::INSTANCE,
            path: "/en".into(),
            query: "".into(),
            page: 1,
            is_markdown: false,
        };
        let first = turns.take(&key).await;
        assert!(first.is_some());
        assert!(turns.take(&key).await.is_none(), "the wait is bounded");
        drop(first);
        assert!(turns.take(&key).await.is_some());
    }
}
