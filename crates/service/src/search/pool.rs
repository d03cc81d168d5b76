//! Search off the async threads: a bounded number runs, a bounded number waits, the rest is told so.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Places for searches.
pub(crate) struct SearchPool {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl SearchPool {
    /// `threads` run at once, `queue_max` more may wait.
    pub(crate) fn new(threads: usize, queue_max: usize) -> Self {
        let threads = threads.max(1);
        Self {
            admitted: Arc::new(Semaphore::new(threads + queue_max)),
            running: Arc::new(Semaphore::new(threads)),
        }
    }

    /// Runs a search on a thread of its own, or turns it away at once when too many wait.
    pub(crate) async fn run<T, F>(&self, search: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        // Admission is refused, never waited for: overload gets a fast answer.
        let Ok(_admitted) = Arc::clone(&self.admitted).try_acquire_owned() else {
            metrics::counter!("cairn_search_overloaded_total").increment(1);
            return Err(Error::overloaded("search"));
        };
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let result = search();
            drop(running);
            result
        })
        .await
        .map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_is_turned_away_at_once() {
        let pool = Arc::new(SearchPool::new(1, 0));
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let (started, is_running) = tokio::sync::oneshot::channel();
        let busy = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                pool.run(move || {
                    started.send(()).ok();
                    gate.recv().ok();
                })
                .await
            }
        });
        is_running.await.expect("the first one runs");
        let refused = pool.run(|| ()).await.expect_err("there is no place");
        assert_eq!(refused.code, crate::ErrorCode::Overloaded);
        open.send(()).expect("the first one waits");
        busy.await.expect("joins").expect("ends well");
        pool.run(|| ()).await.expect("there is a place again");
    }
}
