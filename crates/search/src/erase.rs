//! Erasure: what was deleted leaves the files too.
//!
//! A deleted document is only marked: its words and its stored text stay in their segment until a
//! merge rewrites it, and a merge comes when it comes. Here every segment of the portal that holds a
//! deleted document is rewritten, and whatever no manifest names is removed. It answers only when
//! nothing is left: not while a new generation is being built, whose scan may have seen what was
//! erased since, and not while somebody still reads an old one.
//!
//! Budget: every segment with a deleted document is read and written once, so the price follows the
//! size of the portal, not of what was erased.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::SearchError;
use crate::portal::{CommittedUnit, Portal, remove_unnamed};
use crate::room::Inner;
use crate::unit::{UnitSlot, unit_dir};
use crate::writer::rewrite;

/// Whether an erasure came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// No file holds what was deleted.
    Done,
    /// Not yet, and why; to be asked again.
    NotYet(&'static str),
}

impl Inner {
    pub(crate) fn erase(&self, portal: &Portal, up_to: i64) -> Result<Erased, SearchError> {
        let mut write = portal.write();
        if portal.building.load(Ordering::Acquire) {
            return Ok(Erased::NotYet("a new index of the portal is being built"));
        }
        if portal.is_old_one_read() {
            return Ok(Erased::NotYet("an old index of the portal is still read"));
        }
        let Some(live) = portal.live.load_full() else {
            return Ok(Erased::NotYet("the portal has no index yet"));
        };
        if live.position.pos < up_to {
            return Ok(Erased::NotYet("the index has not read so far yet"));
        }
        let generation = Arc::clone(&live.generation);
        let position = live.position;
        drop(live);
        let ids: Vec<_> = write.units.keys().cloned().collect();
        for id in ids {
            // Merges under way end first: what they rewrite may be older than a deletion.
            self.writers
                .close(&(portal.id, generation.number, id.clone()));
            let dir = unit_dir(&generation.path, &id);
            let (opstamp, documents) = rewrite(&dir, &id, &self.definition, &self.config)?;
            // Searches open the new files; the old ones go with those that are under way.
            let slot = UnitSlot::closed(id.clone(), dir);
            let unit = CommittedUnit {
                slot,
                opstamp,
                documents,
            };
            write.units.insert(id, unit);
        }
        remove_unnamed(&generation, &write);
        portal.remove_other_generations(&generation);
        write.erased = position.pos;
        self.publish(portal, &write, &generation, position)?;
        self.definition.forget_words();
        Ok(Erased::Done)
    }
}
