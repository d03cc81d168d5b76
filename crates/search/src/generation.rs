//! Building the next index of a portal beside the live one.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_domain::feed::Position;
use cairn_domain::ids::ArticleId;

use crate::apply::{differing_faces, last_of_each};
use crate::document::{ArticleChange, Face};
use crate::error::SearchError;
use crate::manifest::sync_dir;
use crate::portal::{CommittedUnit, GenerationDir, Portal, WriteState, remove_dir};
use crate::room::Inner;
use crate::unit::{UnitId, UnitSlot, clone_unit, unit_dir};
use crate::writer::UnitWriter;

/// An index being built. Searches see nothing of it before [`Generation::finish`]; dropped
/// unfinished, it is removed.
pub struct Generation {
    room: Arc<Inner>,
    portal: Arc<Portal>,
    dir: Arc<GenerationDir>,
    writers: BTreeMap<UnitId, UnitWriter>,
    seen: HashSet<ArticleId>,
    finished: bool,
}

impl Generation {
    pub(crate) fn begin(room: Arc<Inner>, portal: Arc<Portal>) -> Result<Self, SearchError> {
        if portal.building.swap(true, Ordering::AcqRel) {
            return Err(SearchError::Busy { portal: portal.id });
        }
        let dir = GenerationDir::new(&portal.dir, portal.next_generation());
        let generation = Self {
            room,
            portal,
            dir,
            writers: BTreeMap::new(),
            seen: HashSet::new(),
            finished: false,
        };
        std::fs::create_dir_all(&generation.dir.path)
            .map_err(SearchError::io("create", &generation.dir.path))?;
        sync_dir(&generation.portal.dir)?;
        Ok(generation)
    }

    /// Adds articles; one that came before is replaced, so the scan may be followed by what changed
    /// meanwhile.
    pub fn add(&mut self, changes: &[ArticleChange]) -> Result<(), SearchError> {
        for change in last_of_each(changes) {
            for id in differing_faces(change) {
                self.part(id)?;
            }
            if !self.seen.insert(change.article) {
                for writer in self.writers.values() {
                    writer.delete(change.article);
                }
            }
            for (face, document) in &change.documents {
                let id = (document.locale.clone(), *face);
                if *face == Face::Public || self.writers.contains_key(&id) {
                    let definition = Arc::clone(&self.room.definition);
                    self.writer(&id)?.add(document, &definition)?;
                }
            }
        }
        Ok(())
    }

    fn open_writer(&self, id: &UnitId) -> Result<UnitWriter, SearchError> {
        let dir = unit_dir(&self.dir.path, id);
        UnitWriter::open(&dir, id, &self.room.definition, &self.room.config)
    }

    fn writer(&mut self, id: &UnitId) -> Result<&UnitWriter, SearchError> {
        if !self.writers.contains_key(id) {
            let writer = self.open_writer(id)?;
            self.writers.insert(id.clone(), writer);
        }
        Ok(&self.writers[id])
    }

    /// Gives a face a unit of its own: what the public unit has so far, from now on apart.
    fn part(&mut self, id: UnitId) -> Result<(), SearchError> {
        if self.writers.contains_key(&id) {
            return Ok(());
        }
        let public = (id.0.clone(), Face::Public);
        if let Some(mut writer) = self.writers.remove(&public) {
            writer.commit(&self.room.definition)?;
            writer.close()?;
            clone_unit(
                &unit_dir(&self.dir.path, &public),
                &unit_dir(&self.dir.path, &id),
            )?;
            let writer = self.open_writer(&public)?;
            self.writers.insert(public, writer);
        }
        let writer = self.open_writer(&id)?;
        self.writers.insert(id, writer);
        Ok(())
    }

    /// Commits, waits for merges, and swaps: from here on searches see this generation at `to`, and
    /// the old one is removed when its last reader has left.
    ///
    /// `to` is the position the content is known to be at; events after it are applied again by the
    /// follower, even those the old generation had seen.
    pub fn finish(mut self, to: Position) -> Result<(), SearchError> {
        let mut state = WriteState::default();
        for (id, mut writer) in std::mem::take(&mut self.writers) {
            let committed = writer.commit(&self.room.definition)?;
            // Merges leave the opstamp and the live documents alone.
            writer.close()?;
            let slot = UnitSlot::closed(id.clone(), unit_dir(&self.dir.path, &id));
            state.units.insert(
                id,
                CommittedUnit {
                    slot,
                    opstamp: committed.opstamp,
                    documents: committed.documents,
                },
            );
        }
        let portal = Arc::clone(&self.portal);
        let mut write = portal.write();
        self.room.writers.close_portal(portal.id);
        let old = portal.live.load_full();
        self.room.publish(&portal, &state, &self.dir, to)?;
        *write = state;
        self.finished = true;
        match old {
            // Its directory goes with its last reader.
            Some(old) => {
                portal.note_retired(&old.generation);
                old.generation.retire();
            }
            None => portal.remove_other_generations(&self.dir),
        }
        Ok(())
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if !self.finished {
            self.writers.clear();
            remove_dir(&self.dir.path);
        }
        self.portal.building.store(false, Ordering::Release);
    }
}
