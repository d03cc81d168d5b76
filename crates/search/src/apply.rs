//! Changes reach the units here, and nowhere else: delete the id everywhere, add it where it
//! belongs, commit, write the manifest, swap the readers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use cairn_domain::feed::Position;
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;

use crate::document::{ArticleChange, Face, IndexDocument, content_hash};
use crate::error::SearchError;
use crate::manifest::Manifest;
use crate::portal::{CommittedUnit, GenerationDir, Live, Portal, WriteState};
use crate::room::Inner;
use crate::unit::{Opened, UnitId, UnitSlot, clone_unit, unit_dir};
use crate::writer::{Committed, UnitWriter};

/// Units that commit at the same time: a commit mostly waits for the disk.
const COMMITS_AT_ONCE_MAX: usize = 4;

/// The last change of each article, in the order of the batch.
pub(crate) fn last_of_each(changes: &[ArticleChange]) -> Vec<&ArticleChange> {
    let mut seen = HashSet::with_capacity(changes.len());
    let mut last: Vec<&ArticleChange> = changes
        .iter()
        .rev()
        .filter(|change| seen.insert(change.article))
        .collect();
    last.reverse();
    last
}

/// The faces that can no longer be answered by the public unit of a locale after this change,
/// because it shows them something else.
pub(crate) fn differing_faces(change: &ArticleChange) -> Vec<UnitId> {
    let locales: BTreeSet<&Locale> = change.documents.iter().map(|(_, d)| &d.locale).collect();
    let mut differing = Vec::new();
    for locale in locales {
        let shown = |face: Face| {
            change
                .documents
                .iter()
                .find(|(f, d)| *f == face && d.locale == *locale)
                .map(|(_, d)| d)
        };
        let public = shown(Face::Public);
        for face in [Face::Published, Face::Authoring] {
            if !same(public, shown(face)) {
                differing.push((locale.clone(), face));
            }
        }
    }
    differing
}

fn same(one: Option<&IndexDocument>, other: Option<&IndexDocument>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            (one.article, one.revision, one.row_version)
                == (other.article, other.revision, other.row_version)
                && content_hash(one) == content_hash(other)
        }
        _ => false,
    }
}

/// What one unit has to do in this batch.
#[derive(Default)]
struct Work<'a> {
    delete: Vec<ArticleId>,
    add: Vec<&'a IndexDocument>,
}

impl Inner {
    /// Applies a batch and moves the checkpoint. On an error nothing is shown and the checkpoint
    /// stays; the same or a later batch may be applied again.
    pub(crate) fn apply_batch(
        &self,
        portal: &Portal,
        changes: &[ArticleChange],
        to: Position,
    ) -> Result<(), SearchError> {
        let mut write = portal.write();
        let live = portal.live()?;
        let generation = &live.generation;
        let changes = last_of_each(changes);

        for change in &changes {
            for id in differing_faces(change) {
                self.part(portal.id, generation, &mut write, id)?;
            }
        }

        let mut work: BTreeMap<UnitId, Work<'_>> = BTreeMap::new();
        for (id, unit) in &write.units {
            let opened = self.open_slot(&unit.slot)?;
            for change in &changes {
                if opened.contains(change.article)? {
                    work.entry(id.clone())
                        .or_default()
                        .delete
                        .push(change.article);
                }
            }
        }
        for change in &changes {
            for (face, document) in &change.documents {
                let id = (document.locale.clone(), *face);
                // Without a unit of its own a face is the same as the public one, which gets it.
                if *face == Face::Public || write.units.contains_key(&id) {
                    work.entry(id).or_default().add.push(document);
                }
            }
        }

        let work: Vec<(UnitId, Work<'_>)> = work.into_iter().collect();
        for chunk in work.chunks(COMMITS_AT_ONCE_MAX) {
            let done: Vec<Result<Committed, SearchError>> = std::thread::scope(|scope| {
                let threads: Vec<_> = chunk
                    .iter()
                    .map(|(id, work)| {
                        scope.spawn(move || self.commit_unit(portal.id, generation, id, work))
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| {
                        thread.join().unwrap_or_else(|_| {
                            Err(SearchError::Panicked {
                                action: "commit",
                                message: "a commit thread ended".to_owned(),
                            })
                        })
                    })
                    .collect()
            });
            // What has committed is remembered before any error is returned: the next batch must
            // look for its articles there too.
            let mut failed = None;
            for ((id, _), done) in chunk.iter().zip(done) {
                match done {
                    Ok(committed) => {
                        let unit = self.committed(generation, id.clone(), committed);
                        write.units.insert(id.clone(), unit);
                    }
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        self.publish(portal, &write, generation, to)
    }

    fn commit_unit(
        &self,
        portal: PortalId,
        generation: &GenerationDir,
        id: &UnitId,
        work: &Work<'_>,
    ) -> Result<Committed, SearchError> {
        let result = (|| {
            let writer = self.writer(portal, generation, id)?;
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            for article in &work.delete {
                writer.delete(*article);
            }
            for document in &work.add {
                writer.add(document, &self.definition)?;
            }
            writer.commit(&self.definition)
        })();
        if result.is_err() {
            // Whatever it holds uncommitted must not slip into a later commit.
            let key = (portal, generation.number, id.clone());
            self.writers.discard(&key);
        }
        result
    }

    /// The writer of a unit.
    pub(crate) fn writer(
        &self,
        portal: PortalId,
        generation: &GenerationDir,
        id: &UnitId,
    ) -> Result<Arc<Mutex<UnitWriter>>, SearchError> {
        self.writers
            .get((portal, generation.number, id.clone()), || {
                let dir = unit_dir(&generation.path, id);
                UnitWriter::open(&dir, id, &self.definition, &self.config)
            })
    }

    fn committed(
        &self,
        generation: &GenerationDir,
        id: UnitId,
        committed: Committed,
    ) -> CommittedUnit {
        let dir = unit_dir(&generation.path, &id);
        let slot = UnitSlot::with(id, dir, committed.opened);
        self.opened_now(&slot);
        CommittedUnit {
            slot,
            opstamp: committed.opstamp,
            documents: committed.documents,
        }
    }

    /// Gives a face of a locale a unit of its own, as a copy of the public one before this batch.
    fn part(
        &self,
        portal: PortalId,
        generation: &Arc<GenerationDir>,
        write: &mut WriteState,
        id: UnitId,
    ) -> Result<(), SearchError> {
        if write.units.contains_key(&id) {
            return Ok(());
        }
        let dir = unit_dir(&generation.path, &id);
        let public = (id.0.clone(), Face::Public);
        let copied = match write.units.get(&public) {
            Some(unit) => {
                self.writers.close(&(portal, generation.number, public));
                clone_unit(&unit.slot.dir, &dir)?;
                Some((unit.opstamp, unit.documents))
            }
            None => None,
        };
        let (opstamp, documents) = match copied {
            Some(state) => state,
            None => {
                crate::unit::create(&dir, &self.definition, &id.0)?;
                (0, 0)
            }
        };
        let slot = UnitSlot::closed(id.clone(), dir);
        write.units.insert(
            id,
            CommittedUnit {
                slot,
                opstamp,
                documents,
            },
        );
        Ok(())
    }

    /// Writes the manifest, then swaps all readers of the portal at once.
    pub(crate) fn publish(
        &self,
        portal: &Portal,
        write: &WriteState,
        generation: &Arc<GenerationDir>,
        to: Position,
    ) -> Result<(), SearchError> {
        Manifest::new(
            self.definition.fingerprint(),
            generation.number,
            to,
            write.manifest_units(),
            write.erased,
        )
        .write(&portal.dir)?;
        portal.live.store(Some(Arc::new(Live {
            generation: Arc::clone(generation),
            position: to,
            units: write.slots(),
            erased: write.erased,
        })));
        Ok(())
    }

    /// The unit made ready for reading, opened now if it was closed.
    pub(crate) fn open_slot(&self, slot: &Arc<UnitSlot>) -> Result<Arc<Opened>, SearchError> {
        slot.touch(self.tick());
        if let Some(opened) = slot.opened.load_full() {
            return Ok(opened);
        }
        let index = crate::unit::open(&slot.dir, &self.definition, &slot.id.0)?;
        let reader = crate::unit::reader(&index)?;
        let opened = Arc::new(Opened::new(&reader, self.definition.analyzer(&slot.id.0))?);
        slot.opened.store(Some(Arc::clone(&opened)));
        self.opened_now(slot);
        Ok(opened)
    }
}
