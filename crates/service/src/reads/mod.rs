//! Reads: how often readers open each article, in sums that know no people.
//!
//! A page of an article holds a [`ReadCounter`], and a read is one addition to it: no lock, no memory, no database, also
//! where the page comes from a cache. What counters hold is written down every few seconds and once more at the end
//! ([`flush`]), under the day it is written on. A process that is killed loses what it had not written yet.
//!
//! Nothing here sees who reads. Whether a request is somebody who reads is the door's to say.

mod flush;
mod report;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_store::read_counts::ArticleReads;

pub use report::{ReadArticle, ReadReport, ReportReads, report};

/// Counts the reads of one article.
#[derive(Debug, Clone)]
pub struct ReadCounter(Arc<AtomicU64>);

impl ReadCounter {
    /// Somebody reads it.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The counters of a process: one for each article of which it has a page in memory, or had a moment ago.
pub(crate) struct Reads {
    /// How many days counts are kept; 0: nothing is counted.
    days: u32,
    counters: Mutex<HashMap<(PortalId, ArticleId), ReadCounter>>,
    /// One flush at a time: what it could not write comes back before the next one takes.
    flushing: tokio::sync::Mutex<()>,
}

impl Reads {
    pub(crate) fn new(days: u32) -> Self {
        Self {
            days,
            counters: Mutex::default(),
            flushing: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.days > 0
    }

    /// The counter of an article; none where nothing is counted.
    pub(crate) fn of(&self, portal: PortalId, article: ArticleId) -> Option<ReadCounter> {
        self.is_on()
            .then(|| self.lock().entry((portal, article)).or_default().clone())
    }

    /// What was counted, by portal; counters that no page holds any more are let go.
    fn take(&self) -> BTreeMap<PortalId, Vec<ArticleReads>> {
        let mut taken: BTreeMap<_, Vec<_>> = BTreeMap::new();
        self.lock().retain(|(portal, article), counter| {
            // Whoever holds it alone knows that nobody adds to it any more.
            let (reads, is_held) = match Arc::get_mut(&mut counter.0) {
                Some(alone) => (*alone.get_mut(), false),
                None => (counter.0.swap(0, Ordering::Relaxed), true),
            };
            if reads > 0 {
                taken.entry(*portal).or_default().push(ArticleReads {
                    article: *article,
                    reads: i64::try_from(reads).unwrap_or(i64::MAX),
                });
            }
            is_held
        });
        taken
    }

    /// Takes back what could not be written.
    fn put_back(&self, portal: PortalId, reads: &[ArticleReads]) {
        let mut counters = self.lock();
        for one in reads {
            let counter = counters.entry((portal, one.article)).or_default();
            let reads = u64::try_from(one.reads).unwrap_or(0);
            counter.0.fetch_add(reads, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(PortalId, ArticleId), ReadCounter>> {
        // A panic while they were held leaves them usable: at worst some reads are missing.
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ReadCounter {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const PORTAL: PortalId = PortalId::from_uuid(Uuid::from_u128(1));
    const ARTICLE: ArticleId = ArticleId::from_uuid(Uuid::from_u128(2));

    fn taken(reads: &Reads) -> i64 {
        reads.take().values().flatten().map(|one| one.reads).sum()
    }

    #[test]
    fn no_read_is_lost_or_counted_twice_however_reading_and_writing_meet() {
        const EACH: i64 = 20_000;
        let reads = Reads::new(1);
        let mut written = 0;
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..EACH {
                            // A page that is made and dropped for each read is the worst there is.
                            reads.of(PORTAL, ARTICLE).unwrap().count();
                        }
                    })
                })
                .collect();
            while readers.iter().any(|reader| !reader.is_finished()) {
                written += taken(&reads);
            }
        });
        written += taken(&reads);
        assert_eq!(written, 4 * EACH);
    }

    #[test]
    fn a_counter_lives_as_long_as_a_page_and_until_it_is_written() {
        let reads = Reads::new(1);
        let page = reads.of(PORTAL, ARTICLE).unwrap();
        page.count();
        assert_eq!(taken(&reads), 1);
        assert_eq!(reads.lock().len(), 1);
        page.count();
        drop(page);
        let waiting = reads.take();
        assert_eq!(reads.lock().len(), 0);
        // It could not be written.
        for (portal, of_portal) in &waiting {
            reads.put_back(*portal, of_portal);
        }
        assert_eq!(taken(&reads), 1);
        assert_eq!((taken(&reads), reads.lock().len()), (0, 0));
        assert!(Reads::new(0).of(PORTAL, ARTICLE).is_none());
    }
}
