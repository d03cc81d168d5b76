//! One portal's index: what readers see now, what writers have committed, and loading both.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwapOption;
use cairn_domain::feed::Position;
use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;

use crate::config::SearchConfig;
use crate::definition::Definition;
use crate::document::Face;
use crate::error::SearchError;
use crate::manifest::{Manifest, UnitState};
use crate::unit::{self, UnitId, UnitSlot, unit_dir};

/// A portal as the room holds it.
pub(crate) struct Portal {
    pub(crate) id: PortalId,
    pub(crate) dir: PathBuf,
    /// What searches see: all units of the portal change at once.
    pub(crate) live: ArcSwapOption<Live>,
    /// Held by whoever changes the index.
    write: Mutex<WriteState>,
    /// A generation is being built.
    pub(crate) building: AtomicBool,
    /// Generations that serve no more and may still be read.
    retired: Mutex<Vec<Weak<GenerationDir>>>,
}

/// One consistent view of a portal. A search holds it from beginning to end.
pub(crate) struct Live {
    pub(crate) generation: Arc<GenerationDir>,
    pub(crate) position: Position,
    pub(crate) units: BTreeMap<UnitId, Arc<UnitSlot>>,
    /// See [`WriteState::erased`].
    pub(crate) erased: i64,
}

impl Live {
    /// The unit that answers for a locale and face: its own, or the public one as long as they
    /// are the same.
    pub(crate) fn unit(&self, locale: &Locale, face: Face) -> Option<&Arc<UnitSlot>> {
        self.units
            .get(&(locale.clone(), face))
            .or_else(|| self.units.get(&(locale.clone(), Face::Public)))
    }

    /// All locales that have a unit.
    pub(crate) fn locales(&self) -> Vec<Locale> {
        let mut locales: Vec<Locale> = self
            .units
            .keys()
            .map(|(locale, _)| locale.clone())
            .collect();
        locales.dedup();
        locales
    }
}

/// What has been committed, possibly ahead of the manifest.
#[derive(Default)]
pub(crate) struct WriteState {
    pub(crate) units: BTreeMap<UnitId, CommittedUnit>,
    /// Up to which position of the feed what was deleted is gone from the files as well. A new
    /// generation starts at 0: it does not know what its scan saw.
    pub(crate) erased: i64,
}

/// A unit after its last commit.
#[derive(Clone)]
pub(crate) struct CommittedUnit {
    pub(crate) slot: Arc<UnitSlot>,
    pub(crate) opstamp: u64,
    pub(crate) documents: u64,
}

impl WriteState {
    pub(crate) fn manifest_units(&self) -> Vec<UnitState> {
        self.units
            .iter()
            .map(|((locale, face), unit)| UnitState {
                face: *face,
                locale: locale.clone(),
                opstamp: unit.opstamp,
                documents: unit.documents,
            })
            .collect()
    }

    pub(crate) fn slots(&self) -> BTreeMap<UnitId, Arc<UnitSlot>> {
        self.units
            .iter()
            .map(|(id, unit)| (id.clone(), Arc::clone(&unit.slot)))
            .collect()
    }
}

/// The directory of a generation, removed when it is retired and its last reader has left.
pub(crate) struct GenerationDir {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    retired: AtomicBool,
}

impl GenerationDir {
    pub(crate) fn new(portal: &Path, number: u64) -> Arc<Self> {
        Arc::new(Self {
            number,
            path: portal.join(format!("gen-{number}")),
            retired: AtomicBool::new(false),
        })
    }

    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }
}

impl Drop for GenerationDir {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Acquire) {
            remove_dir(&self.path);
        }
    }
}

/// Removes a directory; what cannot be removed is logged and tried again at the next start.
pub(crate) fn remove_dir(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "an old index directory stays behind");
    }
}

impl Portal {
    /// Reads what is on disk. Damage leaves the portal without a live index; it is never an error,
    /// because the index can always be built again.
    pub(crate) fn load(
        id: PortalId,
        root: &Path,
        definition: &Definition,
        config: &SearchConfig,
    ) -> Self {
        let dir = root.join(id.to_string());
        let portal = Self {
            id,
            dir,
            live: ArcSwapOption::empty(),
            write: Mutex::default(),
            building: AtomicBool::new(false),
            retired: Mutex::default(),
        };
        if !portal.dir.exists() {
            return portal;
        }
        match portal.read(definition, config) {
            Ok(live) => {
                let mut write = portal.write();
                *write = live.1;
                drop(write);
                portal.live.store(Some(Arc::new(live.0)));
            }
            Err(reason) => {
                tracing::warn!(portal = %id, %reason, "the search index must be rebuilt");
            }
        }
        portal
    }

    fn read(
        &self,
        definition: &Definition,
        config: &SearchConfig,
    ) -> Result<(Live, WriteState), String> {
        let manifest = Manifest::read(&self.dir)?;
        if manifest.fingerprint != definition.fingerprint() {
            return Err(format!(
                "the index was built under the definition {}, now it is {}",
                manifest.fingerprint,
                definition.fingerprint()
            ));
        }
        let generation = GenerationDir::new(&self.dir, manifest.generation);
        if !generation.path.is_dir() {
            return Err(format!("{} is missing", generation.path.display()));
        }
        let mut write = WriteState {
            erased: manifest.erased,
            ..WriteState::default()
        };
        for state in &manifest.units {
            unit::check(
                &generation.path,
                state,
                definition,
                config.validate_checksums,
            )?;
            let id = (state.locale.clone(), state.face);
            let slot = UnitSlot::closed(id.clone(), unit_dir(&generation.path, &id));
            write.units.insert(
                id,
                CommittedUnit {
                    slot,
                    opstamp: state.opstamp,
                    documents: state.documents,
                },
            );
        }
        self.remove_strays(&generation, &write);
        let live = Live {
            generation,
            position: manifest.position,
            units: write.slots(),
            erased: write.erased,
        };
        Ok((live, write))
    }

    /// Removes what a crash left: other generations, and units that no manifest names. The events
    /// that filled them are replayed.
    fn remove_strays(&self, generation: &GenerationDir, write: &WriteState) {
        remove_unnamed(generation, write);
        self.remove_other_generations(generation);
    }

    /// Notes a generation that serves no more, until its last reader has left.
    pub(crate) fn note_retired(&self, generation: &Arc<GenerationDir>) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.retain(|old| old.strong_count() > 0);
        retired.push(Arc::downgrade(generation));
    }

    /// Whether somebody still reads a generation that serves no more.
    pub(crate) fn is_old_one_read(&self) -> bool {
        let retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.iter().any(|old| old.strong_count() > 0)
    }

    /// Removes every generation but this one.
    pub(crate) fn remove_other_generations(&self, keep: &GenerationDir) {
        for path in entries(&self.dir) {
            let is_generation = path
                .file_name()
                .is_some_and(|n| n.to_string_lossy().starts_with("gen-"));
            if is_generation && path != keep.path {
                remove_dir(&path);
            }
        }
    }

    /// A number no generation on disk has.
    pub(crate) fn next_generation(&self) -> u64 {
        entries(&self.dir)
            .iter()
            .filter_map(|p| {
                p.file_name()?
                    .to_str()?
                    .strip_prefix("gen-")?
                    .parse::<u64>()
                    .ok()
            })
            .max()
            .map_or(1, |n| n.saturating_add(1))
    }

    /// Waits for its turn to change the index.
    pub(crate) fn write(&self) -> MutexGuard<'_, WriteState> {
        self.write.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn live(&self) -> Result<Arc<Live>, SearchError> {
        self.live
            .load_full()
            .ok_or(SearchError::NoIndex { portal: self.id })
    }
}

/// Removes the units of a generation that nothing names.
pub(crate) fn remove_unnamed(generation: &GenerationDir, write: &WriteState) {
    let keep: Vec<PathBuf> = write.units.values().map(|u| u.slot.dir.clone()).collect();
    for path in entries(&generation.path) {
        if !keep.contains(&path) {
            remove_dir(&path);
        }
    }
}

/// The directories in a directory.
pub(crate) fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .map(|read| {
            read.flatten()
                .map(|e| e.path())
                .filter(|p| p.is_dir())
                .collect()
        })
        .unwrap_or_default()
}
