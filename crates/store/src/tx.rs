//! A write transaction: read committed, with time limits, refusing to commit what did not happen.

use std::fmt;

use sqlx::Transaction;
use sqlx::postgres::{PgArguments, PgPool, PgRow, Postgres};
use sqlx::query::Query;

use crate::error::{StoreError, from_commit};

/// Opens a write transaction with its limits in one round trip. A lock is waited for at most 5 s, a statement may run
/// 30 s, a transaction may sit idle 60 s; all of it ends with the transaction.
const BEGIN: &str = "begin isolation level read committed read write; \
     set local lock_timeout = '5s'; \
     set local statement_timeout = '30s'; \
     set local idle_in_transaction_session_timeout = '60s'";

/// The `lock_timeout` of [`BEGIN`], for whoever changes it for one statement.
pub(crate) const LOCK_TIMEOUT: &str = "5s";

/// A write transaction. Dropped without [`Tx::commit`], everything in it is undone.
///
/// *Invariant:* the last statement before the commit is `outbox::append`: it takes the lock that puts the portal's
/// writes in order, so what came after it would lengthen everybody's wait. Another statement after it is refused.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The feed position is taken: only a commit may follow.
    Closing,
    /// A statement failed. Postgres would answer COMMIT with a rollback and no error, so we refuse before it can.
    Failed,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl Tx {
    pub(crate) async fn begin(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self {
            inner: pool.begin_with(BEGIN).await?,
            state: State::Open,
        })
    }

    /// Makes everything in the transaction true.
    ///
    /// Not cancellation-safe: a future dropped here leaves the outcome unknown, as a broken connection does.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the connection broke: the write may be there. Any other error: it is not.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.state == State::Failed {
            return Err(StoreError::Refused(
                "a statement of this transaction failed, so there is nothing to commit; run it again from the start"
                    .to_owned(),
            ));
        }
        self.inner.commit().await.map_err(from_commit)
    }

    /// Undoes everything, and waits until it is undone.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) async fn execute(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        self.may_run()?;
        let done = query.execute(&mut *self.inner).await;
        Ok(self.note(done)?.rows_affected())
    }

    pub(crate) async fn fetch_all(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        self.may_run()?;
        let done = query.fetch_all(&mut *self.inner).await;
        self.note(done)
    }

    pub(crate) async fn fetch_optional(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Option<PgRow>, StoreError> {
        self.may_run()?;
        let done = query.fetch_optional(&mut *self.inner).await;
        self.note(done)
    }

    /// Marks that the feed position is taken.
    pub(crate) fn close(&mut self) {
        self.state = State::Closing;
    }

    fn may_run(&self) -> Result<(), StoreError> {
        match self.state {
            State::Open => Ok(()),
            State::Closing => Err(StoreError::Refused(
                "outbox::append was not the last statement of the transaction; move it to the end"
                    .to_owned(),
            )),
            State::Failed => Err(StoreError::Refused(
                "an earlier statement of this transaction failed; run it again from the start"
                    .to_owned(),
            )),
        }
    }

    fn note<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        done.map_err(|error| {
            self.state = State::Failed;
            error.into()
        })
    }
}
