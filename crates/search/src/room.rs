//! The room itself: every portal's index behind one handle. All calls block; the service makes them
//! from its own bounded threads.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use cairn_domain::feed::Position;
use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;

use crate::analyzer::Analyzer;
use crate::answer::{Hit, SearchAnswer, SearchRequest};
use crate::config::SearchConfig;
use crate::definition::{Definition, SharedDefinition};
use crate::document::{ArticleChange, UnitKey};
use crate::entries::{self, IndexEntry, UnitStats};
use crate::erase::Erased;
use crate::error::{SearchError, guard};
use crate::generation::Generation;
use crate::passages::{self, PassageAnswer};
use crate::portal::{Portal, remove_dir};
use crate::related::{self, RelatedRequest};
use crate::rules::SearchRules;
use crate::search;
use crate::suggest::{self, SuggestRequest};
use crate::taught::Taught;
use crate::unit::UnitSlot;
use crate::writer::WriterPool;

/// The search of all portals of this process.
#[derive(Clone)]
pub struct SearchRoom {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    dir: PathBuf,
    pub(crate) config: SearchConfig,
    pub(crate) definition: SharedDefinition,
    pub(crate) writers: WriterPool,
    portals: RwLock<HashMap<PortalId, Arc<OnceLock<Arc<Portal>>>>>,
    open: Mutex<Vec<Weak<UnitSlot>>>,
    taught: Mutex<HashMap<(PortalId, Locale), KnownRules>>,
    clock: AtomicU64,
}

/// Rules, and what they are as stems.
struct KnownRules {
    rules: Arc<SearchRules>,
    taught: Arc<Taught>,
}

impl SearchRoom {
    /// Opens the room over `dir` (made if missing). Portals are read when they are first asked for.
    pub fn open(dir: &Path, config: SearchConfig) -> Result<SearchRoom, SearchError> {
        std::fs::create_dir_all(dir).map_err(SearchError::io("create", dir))?;
        let definition = Arc::new(Definition::read(config.index_config_dir.as_deref())?);
        Ok(SearchRoom {
            inner: Arc::new(Inner {
                dir: dir.to_owned(),
                definition,
                writers: WriterPool::new(config.writers_open_max),
                portals: RwLock::default(),
                open: Mutex::default(),
                taught: Mutex::default(),
                clock: AtomicU64::new(0),
                config,
            }),
        })
    }

    /// The name of everything an index depends on: definition, analyzers, stop words, engine. An
    /// index of another fingerprint counts as missing.
    pub fn fingerprint(&self) -> &str {
        self.inner.definition.fingerprint()
    }

    /// How far the index of a portal has read. `None`: there is none, or it is damaged or of
    /// another fingerprint, and must be built by [`SearchRoom::begin_generation`].
    pub fn checkpoint(&self, portal: PortalId) -> Result<Option<Position>, SearchError> {
        Ok(self
            .inner
            .portal(portal)
            .live
            .load_full()
            .map(|live| live.position))
    }

    /// Brings the units of a portal up to `to` and shows it to searches at once.
    ///
    /// Durable when it returns. On an error the checkpoint stays where it was and the same changes
    /// may be applied again.
    pub fn apply(
        &self,
        portal: PortalId,
        changes: &[ArticleChange],
        to: Position,
    ) -> Result<(), SearchError> {
        let portal = self.inner.portal(portal);
        guard("apply changes", || {
            self.inner.apply_batch(&portal, changes, to)
        })
    }

    /// Rewrites what still holds bytes of deleted documents, so that what was deleted up to the
    /// position `up_to` stands in no file of the portal any more. Searches go on meanwhile; changes
    /// of this portal wait.
    pub fn erase(&self, portal: PortalId, up_to: i64) -> Result<Erased, SearchError> {
        let portal = self.inner.portal(portal);
        guard("erase what was deleted", || {
            self.inner.erase(&portal, up_to)
        })
    }

    /// Brings the segments of a portal together where that makes searches faster; how many units that were. Searches
    /// and changes go on meanwhile. Takes as long as writing the index of the portal does, so it is for a time at
    /// which nothing changes.
    pub fn gather(&self, portal: PortalId) -> Result<usize, SearchError> {
        let portal = self.inner.portal(portal);
        guard("gather segments", || self.inner.gather(&portal))
    }

    /// Up to which position what was deleted is gone from the files. `None` as for
    /// [`SearchRoom::checkpoint`].
    pub fn erased(&self, portal: PortalId) -> Option<i64> {
        let live = self.inner.portal(portal).live.load_full()?;
        Some(live.erased)
    }

    /// The places in the files of a portal that hold a text, also in deleted documents and in
    /// generations that do not serve. For tests and audits: it reads everything. `needle` is one
    /// word of lower-case letters and digits.
    pub fn traces(&self, portal: PortalId, needle: &str) -> Result<Vec<String>, SearchError> {
        let portal = self.inner.portal(portal);
        guard("look through an index", || {
            crate::traces::traces(&portal.dir, needle)
        })
    }

    /// Begins the next index of a portal, beside the live one.
    pub fn begin_generation(&self, portal: PortalId) -> Result<Generation, SearchError> {
        Generation::begin(Arc::clone(&self.inner), self.inner.portal(portal))
    }

    /// Answers a search. Never waits for a writer.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchAnswer, SearchError> {
        let portal = self.inner.portal(request.portal);
        guard("search", || search::search(&self.inner, &portal, request))
    }

    /// Answers a search in passages: `limit` of them, from the best articles.
    pub fn passages(&self, request: &SearchRequest) -> Result<PassageAnswer, SearchError> {
        let portal = self.inner.portal(request.portal);
        guard("search", || {
            passages::passages(&self.inner, &portal, request)
        })
    }

    /// The articles whose titles say what somebody has typed so far, best first.
    pub fn suggest(&self, request: &SuggestRequest) -> Result<Vec<Hit>, SearchError> {
        let portal = self.inner.portal(request.portal);
        guard("suggest", || {
            suggest::suggest(&self.inner, &portal, request)
        })
    }

    /// The articles that say what an article says, nearest first.
    pub fn related(&self, request: &RelatedRequest) -> Result<Vec<Hit>, SearchError> {
        let portal = self.inner.portal(request.portal);
        guard("look for related articles", || {
            related::related(&self.inner, &portal, request)
        })
    }

    /// Every live document of a portal, once per face that shows it, duplicates included.
    pub fn entries(&self, portal: PortalId) -> Result<Vec<IndexEntry>, SearchError> {
        let portal = self.inner.portal(portal);
        guard("list an index", || entries::entries(&self.inner, &portal))
    }

    /// The units on disk of a portal; a face without one is answered by the public unit.
    pub fn list_units(&self, portal: PortalId) -> Result<Vec<UnitKey>, SearchError> {
        let live = self.inner.portal(portal).live()?;
        Ok(live
            .units
            .keys()
            .map(|(locale, face)| UnitKey {
                portal,
                locale: locale.clone(),
                face: *face,
            })
            .collect())
    }

    /// Documents, segments and bytes of each unit of a portal.
    pub fn stats(&self, portal: PortalId) -> Result<Vec<UnitStats>, SearchError> {
        let portal = self.inner.portal(portal);
        guard("measure an index", || entries::stats(&self.inner, &portal))
    }

    /// Removes everything of a portal.
    pub fn drop_portal(&self, portal: PortalId) -> Result<(), SearchError> {
        let loaded = self.inner.portal(portal);
        let mut write = loaded.write();
        self.inner.writers.close_portal(portal);
        write.units.clear();
        loaded.live.store(None);
        remove_dir(&loaded.dir);
        Ok(())
    }

    /// Ends all merges and closes all writers; for an orderly shutdown. The room stays usable.
    pub fn close_writers(&self) {
        self.inner.writers.close_all();
    }
}

impl Inner {
    /// The portal, read from disk when first asked for; others who ask meanwhile wait.
    pub(crate) fn portal(&self, id: PortalId) -> Arc<Portal> {
        let known = {
            let portals = self.portals.read().unwrap_or_else(PoisonError::into_inner);
            portals.get(&id).cloned()
        };
        let cell = known.unwrap_or_else(|| {
            let mut portals = self.portals.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(portals.entry(id).or_default())
        });
        Arc::clone(
            cell.get_or_init(|| {
                Arc::new(Portal::load(id, &self.dir, &self.definition, &self.config))
            }),
        )
    }

    /// Rules made ready for a unit's analyzer; made anew when they are other ones.
    pub(crate) fn taught(
        &self,
        portal: PortalId,
        locale: &Locale,
        rules: &Arc<SearchRules>,
        analyzer: &mut Analyzer,
    ) -> Arc<Taught> {
        let key = (portal, locale.clone());
        let known = {
            let taught = self.taught.lock().unwrap_or_else(PoisonError::into_inner);
            taught
                .get(&key)
                .filter(|known| Arc::ptr_eq(&known.rules, rules))
                .map(|known| Arc::clone(&known.taught))
        };
        known.unwrap_or_else(|| {
            let made = Arc::new(Taught::new(rules, analyzer));
            let mut taught = self.taught.lock().unwrap_or_else(PoisonError::into_inner);
            let known = KnownRules {
                rules: Arc::clone(rules),
                taught: Arc::clone(&made),
            };
            taught.insert(key, known);
            made
        })
    }

    /// A counter that orders uses; not a clock.
    pub(crate) fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that a unit was opened, and closes the least recently used ones beyond the limit.
    /// A search that holds one of them keeps it until it is done.
    pub(crate) fn opened_now(&self, slot: &Arc<UnitSlot>) {
        slot.touch(self.tick());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open
            .iter()
            .any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(slot)))
        {
            open.push(Arc::downgrade(slot));
        }
        if open.len() <= self.config.units_open_max.max(1) {
            return;
        }
        open.retain(|known| known.upgrade().is_some_and(|s| s.opened.load().is_some()));
        while open.len() > self.config.units_open_max.max(1) {
            let Some((at, oldest)) = open
                .iter()
                .enumerate()
                .filter_map(|(at, known)| Some((at, known.upgrade()?)))
                .min_by_key(|(_, s)| s.used.load(Ordering::Relaxed))
            else {
                break;
            };
            oldest.opened.store(None);
            open.swap_remove(at);
        }
    }
}
