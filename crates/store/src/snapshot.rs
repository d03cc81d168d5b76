//! A read-only transaction in which every read sees the same moment: for reindex and verify-index.

use std::fmt;

use cairn_domain::article::Article;
use cairn_domain::category::Category;
use cairn_domain::ids::{ArticleId, EventId, PortalId};
use sqlx::Transaction;
use sqlx::postgres::{PgPool, Postgres};

use crate::articles::{self, IndexRow};
use crate::error::StoreError;
use crate::{categories, outbox};

/// A statement of a snapshot may run longer than a request's, and the transaction waits while the index is written.
const BEGIN: &str = "begin isolation level repeatable read read only; \
     set local statement_timeout = '120s'; \
     set local idle_in_transaction_session_timeout = '600s'";

/// One moment of the database, on the primary. Its time is that of its first read.
///
/// It holds a connection and keeps vacuum from cleaning newer rows: finish it soon.
pub struct Snapshot(Transaction<'static, Postgres>);

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) async fn begin(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self(pool.begin_with(BEGIN).await?))
    }

    /// Where the portal's feed stood: position and the event there.
    pub async fn feed_head(
        &mut self,
        portal: PortalId,
    ) -> Result<(i64, Option<EventId>), StoreError> {
        outbox::head_on(&mut *self.0, portal).await
    }

    /// The next articles in order of their ids, with their text; at most `limit`.
    pub async fn scan_for_index(
        &mut self,
        portal: PortalId,
        after: Option<ArticleId>,
        limit: i64,
    ) -> Result<Vec<IndexRow>, StoreError> {
        articles::scan_for_index_on(&mut *self.0, portal, after, limit).await
    }

    /// The next articles in order of their ids, without their text; at most `limit`.
    pub async fn scan(
        &mut self,
        portal: PortalId,
        after: Option<ArticleId>,
        limit: i64,
    ) -> Result<Vec<Article>, StoreError> {
        articles::scan_on(&mut *self.0, portal, after, limit).await
    }

    /// Some articles with their text.
    pub async fn load_for_index(
        &mut self,
        portal: PortalId,
        ids: &[ArticleId],
    ) -> Result<Vec<IndexRow>, StoreError> {
        articles::load_for_index_on(&mut *self.0, portal, ids).await
    }

    /// The portal's categories.
    pub async fn categories(&mut self, portal: PortalId) -> Result<Vec<Category>, StoreError> {
        categories::list_on(&mut *self.0, portal).await
    }

    /// Ends it and gives the connection back.
    pub async fn finish(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}
