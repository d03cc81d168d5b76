//! Segments brought together while nothing changes: after an import a unit lies in several segments of about one size,
//! and a search of them takes 1.4 times as long as of one.
//!
//! Whoever calls this chooses the moment. A unit whose largest segment holds most of it is left as it is, so that a
//! unit is written whole only after it has grown by more than half, and its merges cost no more than its commits did.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tantivy::TantivyError;

use crate::error::SearchError;
use crate::portal::Portal;
use crate::room::Inner;
use crate::unit::{UnitId, UnitSlot, unit_dir};

/// A unit whose largest segment holds at least this share of its documents is left as it is.
const LARGEST_SHARE_MIN: f64 = 0.6;
/// How often it is tried when a merge of the engine's own takes some of the segments meanwhile.
const TRIES: usize = 3;

/// Whether segments of so many live documents are worth being written as one.
fn is_scattered(segments: &[u32]) -> bool {
    let all: f64 = segments.iter().copied().map(f64::from).sum();
    let largest = segments.iter().copied().max().map_or(0.0, f64::from);
    segments.len() > 1 && largest < all * LARGEST_SHARE_MIN
}

enum Outcome {
    /// It is one segment now.
    Gathered,
    /// There was nothing to do, or it is gone.
    Left,
    /// Another merge was under way.
    Overtaken,
}

impl Inner {
    /// Brings the segments of each scattered unit of a portal together; how many units that were. Searches go on,
    /// and so do changes but for the moments at which a merge begins and its outcome is shown.
    pub(crate) fn gather(&self, portal: &Portal) -> Result<usize, SearchError> {
        let ids: Vec<UnitId> = portal.write().units.keys().cloned().collect();
        let mut gathered = 0;
        for id in ids {
            for _ in 0..TRIES {
                match self.gather_unit(portal, &id)? {
                    Outcome::Gathered => gathered += 1,
                    Outcome::Left => {}
                    Outcome::Overtaken => continue,
                }
                break;
            }
        }
        Ok(gathered)
    }

    fn gather_unit(&self, portal: &Portal, id: &UnitId) -> Result<Outcome, SearchError> {
        let (generation, merge) = {
            let write = portal.write();
            let Some(live) = portal.live.load_full() else {
                return Ok(Outcome::Left);
            };
            // The next generation is one segment for each unit.
            if portal.building.load(Ordering::Acquire) || !write.units.contains_key(id) {
                return Ok(Outcome::Left);
            }
            let generation = Arc::clone(&live.generation);
            let index =
                crate::unit::open(&unit_dir(&generation.path, id), &self.definition, &id.0)?;
            let segments = index
                .searchable_segment_metas()
                .map_err(SearchError::engine("read an index's metadata"))?;
            let sizes: Vec<u32> = segments.iter().map(|s| s.num_docs()).collect();
            if !is_scattered(&sizes) {
                return Ok(Outcome::Left);
            }
            let names: Vec<_> = segments.iter().map(|s| s.id()).collect();
            let writer = self.writer(portal.id, &generation, id)?;
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            (generation, writer.merge(&names))
        };
        match merge.wait() {
            Ok(_) => {}
            // Some of them are no segments any more; merges of a unit run one after the other, so that one is over.
            Err(TantivyError::InvalidArgument(_)) => return Ok(Outcome::Overtaken),
            Err(error) => return Err(SearchError::engine("merge segments")(error)),
        }
        let mut write = portal.write();
        let Some(live) = portal.live.load_full() else {
            return Ok(Outcome::Left);
        };
        if !Arc::ptr_eq(&live.generation, &generation) {
            return Ok(Outcome::Left);
        }
        let Some(unit) = write.units.get_mut(id) else {
            return Ok(Outcome::Left);
        };
        // The next search finds the merged segment opened; the files of the others go with their last reader.
        let dir = unit_dir(&generation.path, id);
        let slot = UnitSlot::closed(id.clone(), dir);
        self.open_slot(&slot)?;
        unit.slot = slot;
        self.publish(portal, &write, &generation, live.position)?;
        Ok(Outcome::Gathered)
    }
}

#[cfg(test)]
mod tests {
    use super::is_scattered;

    #[test]
    fn a_unit_that_mostly_lies_in_one_segment_is_left_as_it_is() {
        assert!(is_scattered(&[50, 50]));
        assert!(is_scattered(&[59, 41]));
        assert!(!is_scattered(&[60, 40]));
        assert!(!is_scattered(&[1_000, 90, 64, 3]));
        assert!(!is_scattered(&[7]) && !is_scattered(&[]));
        assert!(
            !is_scattered(&[0, 0]),
            "an empty unit has nothing to gather"
        );
    }
}
