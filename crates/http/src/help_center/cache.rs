//! The cache of rendered pages, kept right by the feed.
//!
//! An entry is named by (portal, path, page, variant); the path carries base and locale, and the
//! renderer is the process's own, because the cache lives and dies with it. The cache is bounded by
//! bytes.
//!
//! A purge does not walk the entries. Each portal has a [`Ledger`]: a count of purges, and for each
//! dependency the position at which it last changed and the purge that said so. An entry remembers the
//! count at which it was last found right: while the count stands still, a hit is one comparison; when
//! it moved, the entry's dependencies are looked up once.
//!
//! An entry is stale when one of its dependencies changed after the position it was read at (its rows
//! are older), or was purged after its reading began (what the application keeps in memory, names and
//! trees, may have been older than its rows). The second rule needs the application to renew its memory
//! *before* it purges; it drops a fresh page now and then, and that is its whole price.
//!
//! The ledger is bounded: when it is full it is emptied, and everything read before is taken for stale
//! (the floor). A miss (404) or a move (301) depends on what is *not* there, which no dependency can
//! name: it is right only while nothing at all was purged in its portal since before it was read.
//!
//! A portal is resolved from memory before its ledger is known; a count of all purges of
//! [`Dependency::Portal`], taken before and compared when the page is stored, covers that gap.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use cairn_domain::ids::PortalId;
use cairn_service::app::{Dependency, PurgeListener};

use super::entry::Entry;

/// Most dependencies whose last change one portal's ledger remembers.
const LEDGER_ENTRIES_MAX: usize = 65_536;
/// The part of the memory that misses and moves may take: one of this many.
const MISSES_SHARE: u64 = 8;

/// The name of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    pub(crate) portal: PortalId,
    /// As the client wrote it: another spelling is another entry, and mostly a move.
    pub(crate) path: Box<str>,
    /// Of what is no page: where an old address leads may depend on it. Empty for pages.
    pub(crate) query: Box<str>,
    /// Of a list; 1 elsewhere.
    pub(crate) page: u32,
    pub(crate) is_markdown: bool,
}

impl PageKey {
    /// The name of what stands here when it is no page.
    pub(crate) fn with_query(&self, query: Option<&str>) -> Self {
        Self {
            query: query.unwrap_or_default().into(),
            ..self.clone()
        }
    }
}

/// What makes an entry stale.
#[derive(Debug)]
pub(crate) enum Stands {
    /// These, when they change after the position it was read at.
    On(Vec<Dependency>, i64),
    /// Any change in the portal.
    OnEverything,
}

struct Kept {
    entry: Arc<Entry>,
    stands: Stands,
    ledger: Arc<Ledger>,
    /// The ledger's count when its reading began.
    begun_at: u64,
    /// The ledger's count when the entry was last found right.
    right_at: AtomicU64,
}

#[derive(Default)]
struct Ledger {
    purges: AtomicU64,
    changed: Mutex<Changed>,
}

/// When something changed: the position of the feed, and the number of the purge that said so.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    pos: i64,
    purge: u64,
}

impl Change {
    fn is_covered(self, read_at: i64, begun_at: u64) -> bool {
        read_at >= self.pos && begun_at >= self.purge
    }

    fn later(self, other: Self) -> Self {
        Self {
            pos: self.pos.max(other.pos),
            purge: self.purge.max(other.purge),
        }
    }
}

#[derive(Default)]
struct Changed {
    last: HashMap<Dependency, Change>,
    floor: Change,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Changed> {
        // A panic while the map was held leaves it usable: at worst a purge is noted twice.
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changed {
    fn is_right(&self, dependencies: &[Dependency], read_at: i64, begun_at: u64) -> bool {
        self.floor.is_covered(read_at, begun_at)
            && dependencies
                .iter()
                .filter_map(|d| self.last.get(d))
                .all(|change| change.is_covered(read_at, begun_at))
    }

    fn note(&mut self, stale: &[Dependency], change: Change, entries_max: usize) {
        for dependency in stale {
            let last = self.last.entry(*dependency).or_default();
            *last = last.later(change);
        }
        if self.last.len() > entries_max {
            let all = self.last.values().copied();
            self.floor = all.fold(self.floor, Change::later);
            self.last = HashMap::new();
        }
    }
}

/// A page under way: taken before its portal is resolved and its content read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    portal_purges: u64,
}

/// A page under way in a known portal.
pub(crate) struct Reading {
    before: Before,
    ledger: Arc<Ledger>,
    purges: u64,
}

/// The cache.
pub(crate) struct PageCache {
    pages: moka::sync::Cache<PageKey, Arc<Kept>>,
    misses: moka::sync::Cache<PageKey, Arc<Kept>>,
    ledgers: RwLock<HashMap<PortalId, Arc<Ledger>>>,
    portal_purges: AtomicU64,
    ledger_entries_max: usize,
}

impl PageCache {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let bounded = |bytes_max| {
            moka::sync::Cache::builder()
                .max_capacity(bytes_max)
                .weigher(|key: &PageKey, kept: &Arc<Kept>| {
                    let dependencies = match &kept.stands {
                        Stands::On(on, _) => on.len() * size_of::<Dependency>(),
                        Stands::OnEverything => 0,
                    };
                    let name = key.path.len() + key.query.len();
                    let bytes = name + dependencies + kept.entry.bytes_max();
                    u32::try_from(bytes).unwrap_or(u32::MAX)
                })
                .build()
        };
        let misses = bytes_max / MISSES_SHARE;
        Self {
            pages: bounded(bytes_max - misses),
            misses: bounded(misses),
            ledgers: RwLock::default(),
            portal_purges: AtomicU64::new(0),
            ledger_entries_max: LEDGER_ENTRIES_MAX,
        }
    }

    /// To be called first, before the portal is resolved.
    pub(crate) fn before(&self) -> Before {
        Before {
            portal_purges: self.portal_purges.load(Ordering::Acquire),
        }
    }

    /// The page, if it is there and right.
    pub(crate) fn page(&self, key: &PageKey) -> Option<Arc<Entry>> {
        Self::get(&self.pages, key)
    }

    /// The miss or the move, if it is there and right.
    pub(crate) fn miss(&self, key: &PageKey) -> Option<Arc<Entry>> {
        Self::get(&self.misses, key)
    }

    fn get(cache: &moka::sync::Cache<PageKey, Arc<Kept>>, key: &PageKey) -> Option<Arc<Entry>> {
        let kept = cache.get(key)?;
        let purges = kept.ledger.purges.load(Ordering::Acquire);
        if kept.right_at.load(Ordering::Acquire) == purges {
            return Some(Arc::clone(&kept.entry));
        }
        let Stands::On(on, read_at) = &kept.stands else {
            cache.invalidate(key);
            return None;
        };
        let changed = kept.ledger.lock();
        if changed.is_right(on, *read_at, kept.begun_at) {
            // Under the lock, so that no purge comes between the look and the note.
            let purges = kept.ledger.purges.load(Ordering::Acquire);
            kept.right_at.store(purges, Ordering::Release);
            return Some(Arc::clone(&kept.entry));
        }
        drop(changed);
        cache.invalidate(key);
        None
    }

    /// To be called before the content is read.
    pub(crate) fn begin(&self, portal: PortalId, before: Before) -> Reading {
        let ledger = self.ledger(portal);
        let purges = ledger.purges.load(Ordering::Acquire);
        Reading {
            before,
            ledger,
            purges,
        }
    }

    /// Keeps an entry, unless something it stands on changed since it was read.
    pub(crate) fn put(&self, reading: &Reading, key: PageKey, entry: Arc<Entry>, stands: Stands) {
        if self.portal_purges.load(Ordering::Acquire) != reading.before.portal_purges {
            return;
        }
        let (cache, right_at) = match &stands {
            Stands::On(on, read_at) => {
                let changed = reading.ledger.lock();
                if !changed.is_right(on, *read_at, reading.purges) {
                    return;
                }
                (&self.pages, reading.ledger.purges.load(Ordering::Acquire))
            }
            // The count of before the read: a purge since then leaves it wrong from the start.
            Stands::OnEverything => (&self.misses, reading.purges),
        };
        let kept = Kept {
            entry,
            stands,
            ledger: Arc::clone(&reading.ledger),
            begun_at: reading.purges,
            right_at: AtomicU64::new(right_at),
        };
        cache.insert(key, Arc::new(kept));
    }

    fn ledger(&self, portal: PortalId) -> Arc<Ledger> {
        let ledgers = self.ledgers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledgers.get(&portal) {
            return Arc::clone(ledger);
        }
        drop(ledgers);
        let mut ledgers = self.ledgers.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(ledgers.entry(portal).or_default())
    }
}

impl PurgeListener for PageCache {
    fn purge(&self, portal: PortalId, stale: &[Dependency], pos: i64) {
        if stale.is_empty() {
            return;
        }
        if stale.iter().any(|d| matches!(d, Dependency::Portal(_))) {
            self.portal_purges.fetch_add(1, Ordering::AcqRel);
        }
        let ledger = self.ledger(portal);
        let mut changed = ledger.lock();
        let purge = ledger.purges.load(Ordering::Acquire) + 1;
        changed.note(stale, Change { pos, purge }, self.ledger_entries_max);
        // Last and under the lock: whoever sees the new count finds the change noted.
        ledger.purges.store(purge, Ordering::Release);
    }

    fn forget(&self, portal: PortalId) {
        for cache in [&self.pages, &self.misses] {
            for (key, _) in cache {
                if key.portal == portal {
                    cache.invalidate(key.as_ref());
                }
            }
            // An invalid entry is freed by the cache's own housekeeping, which otherwise waits for use.
            cache.run_pending_tasks();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, StatusCode};
    use cairn_domain::ids::{ArticleId, CategoryId};
    use std::sync::atomic::AtomicI64;
    use uuid::Uuid;

    const PORTAL: PortalId = PortalId::from_uuid(Uuid::from_u128(1));
    const OTHER: PortalId = PortalId::from_uuid(Uuid::from_u128(2));

    fn article(n: u128) -> Dependency {
        Dependency::Article(ArticleId::from_uuid(Uuid::from_u128(n)))
    }

    fn key(path: &str) -> PageKey {
        PageKey {
            portal: PORTAL,
            path: path.into(),
            query: "".into(),
            page: 1,
            is_markdown: false,
        }
    }

    fn page() -> Arc<Entry> {
        Arc::new(Entry::kept(StatusCode::OK, HeaderMap::new(), "page"))
    }

    /// Stores a page that stands on article 7 and was read at this position.
    fn store(cache: &PageCache, path: &str, read_at: i64) {
        let reading = cache.begin(PORTAL, cache.before());
        cache.put(
            &reading,
            key(path),
            page(),
            Stands::On(vec![article(7)], read_at),
        );
    }

    #[test]
    fn what_is_forgotten_leaves_the_memory() {
        let cache = PageCache::new(1 << 20);
        let entry = page();
        let reading = cache.begin(PORTAL, cache.before());
        let stands = || Stands::On(vec![article(7)], 10);
        cache.put(&reading, key("/a"), Arc::clone(&entry), stands());
        let missing = page();
        let nothing = Stands::OnEverything;
        cache.put(&reading, key("/b"), Arc::clone(&missing), nothing);
        let kept = page();
        let other = PageKey {
            portal: OTHER,
            ..key("/c")
        };
        cache.put(&reading, other.clone(), Arc::clone(&kept), stands());
        // Stale is not gone.
        cache.purge(PORTAL, &[article(7)], 11);
        assert_eq!(Arc::strong_count(&entry), 2);
        cache.forget(PORTAL);
        // The cache frees what no reader can hold any more a moment later, while it is used.
        // That is when no thread of this program, other tests included, stands in the middle of a look into a cache.
        let began = std::time::Instant::now();
        while Arc::strong_count(&entry) + Arc::strong_count(&missing) > 2
            && began.elapsed().as_secs() < 30
        {
            cache.pages.run_pending_tasks();
            cache.misses.run_pending_tasks();
            std::thread::yield_now();
        }
        assert_eq!(
            (Arc::strong_count(&entry), Arc::strong_count(&missing)),
            (1, 1)
        );
        assert_eq!(Arc::strong_count(&kept), 2, "another portal's");
    }

    fn has(cache: &PageCache, path: &str) -> bool {
        cache.page(&key(path)).is_some() || cache.miss(&key(path)).is_some()
    }

    #[test]
    fn a_purge_drops_what_stands_on_it_and_nothing_else() {
        let cache = PageCache::new(1 << 20);
        store(&cache, "/a", 10);
        assert!(has(&cache, "/a"));
        cache.purge(PORTAL, &[article(8)], 11);
        assert!(has(&cache, "/a"), "another article changed");
        cache.purge(OTHER, &[article(7)], 12);
        assert!(has(&cache, "/a"), "another portal's feed moved");
        cache.purge(PORTAL, &[], 12);
        assert!(has(&cache, "/a"), "nothing went stale");
        cache.purge(PORTAL, &[article(7)], 13);
        assert!(!has(&cache, "/a"));
    }

    #[test]
    fn a_page_under_way_during_a_purge_is_not_stored_whatever_position_its_rows_are_of() {
        let cache = PageCache::new(1 << 20);
        let reading = cache.begin(PORTAL, cache.before());
        cache.purge(PORTAL, &[article(7)], 11);
        for read_at in [10, 11, 12] {
            let stands = Stands::On(vec![article(7)], read_at);
            cache.put(&reading, key("/a"), page(), stands);
            assert!(!has(&cache, "/a"), "read at {read_at}");
        }
    }

    #[test]
    fn a_page_whose_names_came_from_memory_goes_when_the_memory_was_renewed() {
        // Its rows are of position 50 already, its tree is not: the purge of 50 comes after.
        let cache = PageCache::new(1 << 20);
        store(&cache, "/a", 50);
        cache.purge(PORTAL, &[article(7)], 50);
        assert!(!has(&cache, "/a"));
        store(&cache, "/a", 50);
        assert!(has(&cache, "/a"));
    }

    #[test]
    fn a_page_with_rows_older_than_the_purge_is_not_stored_however_late_it_began() {
        let cache = PageCache::new(1 << 20);
        cache.purge(PORTAL, &[article(7)], 21);
        // Purges may come out of order: the newest position counts.
        cache.purge(PORTAL, &[article(7)], 19);
        store(&cache, "/a", 20);
        assert!(!has(&cache, "/a"));
        store(&cache, "/a", 21);
        assert!(has(&cache, "/a"));
    }

    #[test]
    fn a_miss_lives_until_anything_in_its_portal_changes() {
        let cache = PageCache::new(1 << 20);
        let store = |path| {
            let reading = cache.begin(PORTAL, cache.before());
            cache.put(&reading, key(path), page(), Stands::OnEverything);
        };
        store("/gone");
        assert!(has(&cache, "/gone"));
        cache.purge(OTHER, &[article(1)], 5);
        assert!(has(&cache, "/gone"));
        cache.purge(PORTAL, &[article(1)], 5);
        assert!(!has(&cache, "/gone"));
        let reading = cache.begin(PORTAL, cache.before());
        cache.purge(PORTAL, &[article(1)], 6);
        cache.put(&reading, key("/late"), page(), Stands::OnEverything);
        assert!(
            !has(&cache, "/late"),
            "it may have been read before the change"
        );
    }

    #[test]
    fn a_miss_is_kept_for_its_query_and_a_page_for_any() {
        let cache = PageCache::new(1 << 20);
        let reading = cache.begin(PORTAL, cache.before());
        let asked = key("/kb").with_query(Some("id=17"));
        cache.put(&reading, asked.clone(), page(), Stands::OnEverything);
        assert!(cache.miss(&asked).is_some());
        assert!(cache.page(&asked).is_none());
        for other in [None, Some("id=18"), Some("")] {
            assert!(cache.miss(&key("/kb").with_query(other)).is_none());
        }
        assert_eq!(key("/kb").with_query(None), key("/kb"));
    }

    #[test]
    fn a_page_under_the_portals_old_name_is_not_stored() {
        let cache = PageCache::new(1 << 20);
        let before = cache.before();
        cache.purge(PORTAL, &[Dependency::Portal(PORTAL)], 30);
        let reading = cache.begin(PORTAL, before);
        let on = vec![article(7), Dependency::Portal(PORTAL)];
        cache.put(&reading, key("/a"), page(), Stands::On(on, 31));
        assert!(!has(&cache, "/a"));
    }

    #[test]
    fn a_full_ledger_becomes_a_floor() {
        let mut cache = PageCache::new(1 << 20);
        cache.ledger_entries_max = 4;
        store(&cache, "/a", 10);
        for n in 100..104 {
            cache.purge(PORTAL, &[article(n)], 20);
        }
        assert!(has(&cache, "/a"));
        let category = Dependency::Category(CategoryId::from_uuid(Uuid::from_u128(9)));
        cache.purge(PORTAL, &[category], 21);
        assert!(!has(&cache, "/a"), "it was read below the floor");
        store(&cache, "/b", 20);
        assert!(!has(&cache, "/b"));
        store(&cache, "/c", 21);
        assert!(has(&cache, "/c"));
    }

    #[test]
    fn the_cache_stays_within_its_bytes() {
        let cache = PageCache::new(64 * 1024);
        for n in 0..1_000 {
            store(&cache, &format!("/{n}"), 1);
        }
        cache.pages.run_pending_tasks();
        assert!(cache.pages.weighted_size() <= 64 * 1024);
        assert!(cache.pages.entry_count() > 5);
    }

    #[test]
    fn no_order_of_reads_and_purges_leaves_a_stale_page() {
        // A writer commits a version, renews the memory and purges; readers read memory and rows,
        // render and store. What is found afterwards must be of the last version in both.
        const VERSIONS: i64 = 2_000;
        let cache = PageCache::new(1 << 20);
        let (rows, memory) = (AtomicI64::new(0), AtomicI64::new(0));
        let text = |rows: i64, memory: i64| format!("{rows} {memory}");
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..VERSIONS {
                        let reading = cache.begin(PORTAL, cache.before());
                        let memory = memory.load(Ordering::SeqCst);
                        let pos = rows.load(Ordering::SeqCst);
                        let body = text(pos, memory);
                        let entry = Entry::kept(StatusCode::OK, HeaderMap::new(), body);
                        let stands = Stands::On(vec![article(7)], pos);
                        cache.put(&reading, key("/a"), Arc::new(entry), stands);
                    }
                });
            }
            scope.spawn(|| {
                for pos in 1..=VERSIONS {
                    rows.store(pos, Ordering::SeqCst);
                    memory.store(pos, Ordering::SeqCst);
                    cache.purge(PORTAL, &[article(7)], pos);
                }
            });
        });
        if let Some(entry) = cache.page(&key("/a")) {
            let body = text(VERSIONS, VERSIONS);
            let last = Entry::kept(StatusCode::OK, HeaderMap::new(), body);
            assert_eq!(format!("{entry:?}"), format!("{last:?}"));
        }
    }
}
