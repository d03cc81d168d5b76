//! Positions in the event feed: how far a portal's index, a cache or a reader has read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::EventId;

/// The life of a database: a promotion or another cluster starts a new one.
///
/// The timeline is read from the WAL file name, because the control file says it seconds late
/// after a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epoch {
    /// `system_identifier` of the cluster.
    pub system_identifier: u64,
    /// Timeline of the write-ahead log.
    pub timeline: u32,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{:x}", self.system_identifier, self.timeline)
    }
}

impl FromStr for Epoch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is not an epoch");
        let (system, timeline) = text.split_once('.').ok_or_else(bad)?;
        Ok(Self {
            system_identifier: u64::from_str_radix(system, 16).map_err(|_| bad())?,
            timeline: u32::from_str_radix(timeline, 16).map_err(|_| bad())?,
        })
    }
}

/// A place in one portal's feed. `pos` is dense: the next event is at `pos + 1`, a gap is a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// In which life of the database.
    pub epoch: Epoch,
    /// Number of the last event read; 0 before the first.
    pub pos: i64,
    /// The event at `pos`, so that a restored backup with other events is noticed.
    pub event: Option<EventId>,
}
