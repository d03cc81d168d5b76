//! Threads that stand back for readers: the runtime of work for many articles, and commands that run beside a server.
//!
//! On Linux the priority is a thread's own, and the threads it starts inherit it: so do those of the index writers.
//! Where it cannot be lowered, the work runs as everything else does.

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads of bulk work that are not blocked: more of it at once would not end sooner.
const WORKERS_MAX: usize = 2;

/// The runtime of work for many articles. Dropping it waits for nothing.
pub(crate) struct BulkRuntime(Option<Runtime>);

impl BulkRuntime {
    /// Starts its threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.min(WORKERS_MAX))
            .thread_name("cairn-bulk")
            .on_thread_start(lower_this_thread)
            .enable_all()
            .build()
            .context("cannot start threads")?;
        Ok(Self(Some(runtime)))
    }

    /// How work gets there.
    pub(crate) fn handle(&self) -> Option<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for BulkRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes this thread stand back, and those it will start.
pub(crate) fn lower_this_thread() {
    if let Err(error) = cairn_cluster::stand_back(None) {
        tracing::debug!(%error, "a thread of bulk work keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use cairn_cluster::BULK_NICENESS;
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn threads_of_bulk_work_stand_back_and_others_do_not() {
        let before = getpriority_process(None).unwrap();
        let bulk = BulkRuntime::start().unwrap();
        let handle = bulk.handle().unwrap();
        let niceness = || getpriority_process(None).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        handle.spawn(async move {
            let own = niceness();
            let blocking = tokio::task::spawn_blocking(niceness).await.unwrap();
            let started = std::thread::spawn(niceness).join().unwrap();
            tell.send([own, blocking, started]).unwrap();
        });
        let seen = told.recv().unwrap();
        assert_eq!(seen, [before.max(BULK_NICENESS); 3]);
        assert_eq!(niceness(), before);
    }
}
