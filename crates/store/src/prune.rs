//! Deleting what is too old, in pieces, so that nobody waits for it.

use cairn_domain::ids::PortalId;
use sqlx::{Encode, Postgres, Type, query};

use crate::error::StoreError;
use crate::pool::Store;

/// Rows one statement deletes.
const ROWS_MAX: i64 = 10_000;

/// Runs a statement that deletes rows of a portal (`$1`) from before a time or day (`$2`), at most so many (`$3`), until
/// none are left; how many rows. Primary pool.
pub(crate) async fn in_pieces<T>(
    store: &Store,
    delete: &'static str,
    portal: PortalId,
    before: T,
) -> Result<u64, StoreError>
where
    T: for<'q> Encode<'q, Postgres> + Type<Postgres> + Copy + Send + 'static,
{
    let mut deleted = 0;
    loop {
        let done = query(delete)
            .bind(portal.as_uuid())
            .bind(before)
            .bind(ROWS_MAX)
            .execute(store.primary())
            .await?;
        deleted += done.rows_affected();
        if done.rows_affected() < ROWS_MAX.unsigned_abs() {
            return Ok(deleted);
        }
    }
}
