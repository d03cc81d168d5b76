//! The cache of rendered pages, kept right by the feed.
//!
//! An entry is named by (portal, path, page, variant); the path carries base and locale, and the
//! renderer is the process's own, because the cache lives and dies with it. The cache is bounded by
//! bytes.
//!
//! A purge does not walk the entries. Each portal has a [`Ledger`]: the position at which each
//! dependency last changed, and a count of purges. An entry remembers the count at which it was last
//! found right: while the count stands still, a hit is one comparison; when it moved, the entry's
//! dependencies are looked up once, and the entry is dropped if one of them changed after the position
//! it was read at. The ledger is bounded: when it is full it is emptied, and everything read before the
//! newest position it knew is taken for stale (the floor).
//!
//! A miss (404) or a move (301) depends on what is *not* there, which no dependency can name: it is
//! right only while nothing at all was purged in its portal since before it was read.
//!
//! *Invariant:* the application renews what it keeps of a portal in memory before it purges
//! [`Dependency::Portal`]; the count of those purges, taken before a request resolves its portal and
//! compared when the page is stored, keeps pages of the old name out.

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
    /// Of a list; 1 elsewhere.
    pub(crate) page: u32,
    pub(crate) is_markdown: bool,
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
    /// The ledger's count when the entry was last found right.
    right_at: AtomicU64,
}

#[derive(Default)]
struct Ledger {
    purges: AtomicU64,
    changed: Mutex<Changed>,
}

#[derive(Default)]
struct Changed {
    at: HashMap<Dependency, i64>,
    floor: i64,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Changed> {
        // A panic while the map was held leaves it usable: at worst a purge is noted twice.
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changed {
    fn is_right(&self, dependencies: &[Dependency], read_at: i64) -> bool {
        read_at >= self.floor
            && dependencies
                .iter()
                .all(|d| self.at.get(d).is_none_or(|pos| read_at >= *pos))
    }

    fn note(&mut self, stale: &[Dependency], pos: i64, entries_max: usize) {
        for dependency in stale {
            let at = self.at.entry(*dependency).or_insert(pos);
            *at = pos.max(*at);
        }
        if self.at.len() > entries_max {
            let newest = self.at.values().copied().max().unwrap_or(pos);
            self.floor = self.floor.max(newest);
            self.at = HashMap::new();
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
                    let bytes = key.path.len() + dependencies + kept.entry.bytes_max();
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

    /// The entry, if it is there and right.
    pub(crate) fn get(&self, key: &PageKey) -> Option<Arc<Entry>> {
        let (kept, cache) = match self.pages.get(key) {
            Some(kept) => (kept, &self.pages),
            None => (self.misses.get(key)?, &self.misses),
        };
        let purges = kept.ledger.purges.load(Ordering::Acquire);
        if kept.right_at.load(Ordering::Acquire) == purges {
            return Some(Arc::clone(&kept.entry));
        }
        let Stands::On(on, read_at) = &kept.stands else {
            cache.invalidate(key);
            return None;
        };
        let changed = kept.ledger.lock();
        if changed.is_right(on, *read_at) {
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
                if !changed.is_right(on, *read_at) {
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
        changed.note(stale, pos, self.ledger_entries_max);
        ledger.purges.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, StatusCode};
    use cairn_domain::ids::{ArticleId, CategoryId};
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

    fn has(cache: &PageCache, path: &str) -> bool {
        cache.get(&key(path)).is_some()
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
    fn a_page_read_before_a_purge_is_not_stored_after_it() {
        let cache = PageCache::new(1 << 20);
        let reading = cache.begin(PORTAL, cache.before());
        cache.purge(PORTAL, &[article(7)], 11);
        cache.put(
            &reading,
            key("/old"),
            page(),
            Stands::On(vec![article(7)], 10),
        );
        assert!(!has(&cache, "/old"));
        cache.put(
            &reading,
            key("/new"),
            page(),
            Stands::On(vec![article(7)], 11),
        );
        assert!(has(&cache, "/new"), "it was read at the change or after");
    }

    #[test]
    fn a_purge_that_arrives_late_does_not_touch_a_newer_page() {
        let cache = PageCache::new(1 << 20);
        store(&cache, "/a", 20);
        cache.purge(PORTAL, &[article(7)], 15);
        assert!(has(&cache, "/a"));
        // Purges may come out of order: the newest position counts.
        cache.purge(PORTAL, &[article(7)], 21);
        cache.purge(PORTAL, &[article(7)], 19);
        store(&cache, "/b", 20);
        assert!(!has(&cache, "/a") && !has(&cache, "/b"));
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
        // A writer raises a version and purges it; readers read the version, render and store.
        // Whatever is found afterwards must be the last version.
        let cache = Arc::new(PageCache::new(1 << 20));
        let head = Arc::new(std::sync::atomic::AtomicI64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let reading = cache.begin(PORTAL, cache.before());
                        let pos = head.load(Ordering::SeqCst);
                        let entry = Entry::kept(StatusCode::OK, HeaderMap::new(), pos.to_string());
                        cache.put(
                            &reading,
                            key("/a"),
                            Arc::new(entry),
                            Stands::On(vec![article(7)], pos),
                        );
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let pos = head.fetch_add(1, Ordering::SeqCst) + 1;
                    cache.purge(PORTAL, &[article(7)], pos);
                }
            });
        });
        if let Some(entry) = cache.get(&key("/a")) {
            let last = Entry::kept(StatusCode::OK, HeaderMap::new(), "2000");
            assert_eq!(format!("{:?}", entry), format!("{last:?}"));
        }
    }
}
