//! Search off the async threads: a bounded number runs, a bounded number waits, the rest is told so.
//!
//! The threads are the pool's own and stay: what a search leaves in the caches of a core and of the allocator is there
//! for the next one. Threads that come and go cost a search a quarter of its time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, oneshot};

use crate::{Error, Result};

/// A search, ready to run; it sends its answer itself.
type Job = Box<dyn FnOnce() + Send>;

/// Places for searches.
pub(crate) struct SearchPool {
    admitted: Arc<Semaphore>,
    queue: Sender<Job>,
}

impl SearchPool {
    /// `threads` run at once, `queue_max` more may wait. The threads end with the pool.
    ///
    /// # Errors
    /// `internal` when the system gives no thread.
    pub(crate) fn new(threads: usize, queue_max: usize) -> Result<Self> {
        let threads = threads.max(1);
        let (queue, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new()
                .name(format!("cairn-search-{number}"))
                .spawn(move || work(&jobs))
                .map_err(Error::internal)?;
        }
        Ok(Self {
            admitted: Arc::new(Semaphore::new(threads + queue_max)),
            queue,
        })
    }

    /// Runs a search on a thread of the pool, or turns it away at once when too many wait.
    pub(crate) async fn run<T, F>(&self, search: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        // Admission is refused, never waited for: overload gets a fast answer.
        let Ok(admitted) = Arc::clone(&self.admitted).try_acquire_owned() else {
            metrics::counter!("cairn_search_overloaded_total").increment(1);
            return Err(Error::overloaded("search"));
        };
        let (answer, answered) = oneshot::channel();
        let job = move || {
            // Whoever asked may be gone: then nobody waits for it.
            let found = (!answer.is_closed()).then(|| catch_unwind(AssertUnwindSafe(search)));
            drop(admitted);
            // The hook tells of a panic; whoever asked sees that no answer comes.
            if let Some(Ok(found)) = found {
                answer.send(found).ok();
            }
        };
        // A job that cannot be given away is dropped, and so nobody waits for its answer.
        self.queue.send(Box::new(job)).ok();
        answered.await.map_err(Error::internal)
    }
}

/// Runs one search after the other until the pool is gone.
fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else {
            return;
        };
        job();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_is_turned_away_at_once() {
        let pool = Arc::new(SearchPool::new(1, 0).unwrap());
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

    #[tokio::test]
    async fn a_search_that_panics_fails_alone() {
        let pool = SearchPool::new(1, 0).unwrap();
        let failed = pool.run(|| panic!("on purpose")).await;
        let failed: crate::Error = failed.map(|(): ()| ()).expect_err("nothing was found");
        assert_eq!(failed.code, crate::ErrorCode::Internal);
        assert_eq!(pool.run(|| 1).await.expect("there is a place again"), 1);
    }
}
