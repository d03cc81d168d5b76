//! In which life of the database we are: (system identifier, timeline).

use cairn_domain::feed::Epoch;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::col;
use crate::statement::sql;

sql! {
    // The timeline is the first eight hex digits of the WAL file name: after a promotion the control file says the old
    // one for seconds, the file name never does. Both functions are open to every role.
    EPOCH = "
select system_identifier,
       substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline
from pg_control_system()";
}

/// Reads the epoch. Primary pool: a standby has no current WAL position.
pub async fn epoch(store: &Store) -> Result<Epoch, StoreError> {
    let row = query(EPOCH).fetch_one(store.primary()).await?;
    let identifier: i64 = col(&row, "system_identifier")?;
    let timeline: &str = col(&row, "timeline")?;
    Ok(Epoch {
        system_identifier: identifier.cast_unsigned(),
        timeline: u32::from_str_radix(timeline, 16)
            .map_err(|_| StoreError::inconsistent("pg_walfile_name", "timeline", timeline))?,
    })
}
