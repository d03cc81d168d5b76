//! Popular: which articles of a portal are read most, and what is often asked, for its first pages.
//!
//! Both come from sums by day ([`crate::reads`], [`crate::search_counts`]) and are kept in memory for
//! [`POPULAR_MINUTES`]: no reader waits for them but the first one of a portal after a start. What is kept are ids and
//! words only; a first page shows of them what readers may see and find at the moment it is made.
//!
//! Renewal comes before the purge that tells of it, as [`crate::app::PurgeListener`] wants it, and there is no purge
//! while nothing changed: a first page stays what it was, and so does its validator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::{
    POPULAR_DAYS, POPULAR_KEPT_MAX, POPULAR_MINUTES, POPULAR_READS_MIN, POPULAR_SEARCH_DAYS_MIN,
    POPULAR_SEARCHES_MIN,
};
use cairn_domain::locale::Locale;
use cairn_store::{read_counts, search_counts};
use jiff::{SignedDuration, Timestamp};

use crate::app::Dependency;
use crate::days;
use crate::{App, Result};

/// What stands out in one language, most first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PopularOfLocale {
    /// Articles that are read most.
    pub(crate) articles: Vec<ArticleId>,
    /// Words that are searched for most.
    pub(crate) words: Vec<String>,
}

/// What stands out in a portal.
pub(crate) type Popular = HashMap<Locale, PopularOfLocale>;

struct Kept {
    popular: Arc<Popular>,
    looked_at: Timestamp,
}

/// What is known of the portals whose first pages were asked for.
#[derive(Default)]
pub(crate) struct KeptPopular(Mutex<HashMap<PortalId, Kept>>);

impl KeptPopular {
    fn lock(&self) -> MutexGuard<'_, HashMap<PortalId, Kept>> {
        // A panic while they were held leaves them usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a portal, because something in it was erased.
    pub(crate) fn forget(&self, portal: PortalId) {
        self.lock().remove(&portal);
    }

    /// The portals whose lists are too old.
    fn due(&self, now: Timestamp) -> Vec<PortalId> {
        let age = SignedDuration::from_mins(POPULAR_MINUTES);
        let kept = self.lock();
        let due = kept
            .iter()
            .filter(|(_, kept)| now.duration_since(kept.looked_at) >= age);
        due.map(|(portal, _)| *portal).collect()
    }
}

impl App {
    /// What stands out in a portal.
    pub(crate) async fn popular(&self, portal: PortalId) -> Result<Arc<Popular>> {
        if let Some(kept) = self.popular.lock().get(&portal) {
            return Ok(Arc::clone(&kept.popular));
        }
        let looked_at = self.now();
        let popular = Arc::new(self.look_at_popular(portal, looked_at).await?);
        let mut all = self.popular.lock();
        // Who looked at the same time saw the same, or a newer state that stays.
        let kept = all.entry(portal).or_insert(Kept { popular, looked_at });
        Ok(Arc::clone(&kept.popular))
    }

    /// Looks again where that is due, and lets the first pages know where something changed.
    ///
    /// # Errors
    /// `unavailable` and our own faults; what was known stays.
    pub async fn renew_popular(&self) -> Result<()> {
        for portal in self.popular.due(self.now()) {
            let looked_at = self.now();
            let popular = Arc::new(self.look_at_popular(portal, looked_at).await?);
            let before = {
                let kept = Kept {
                    popular: Arc::clone(&popular),
                    looked_at,
                };
                self.popular.lock().insert(portal, kept)
            };
            if before.is_none_or(|before| before.popular != popular) {
                // No position of the feed says so: pages of every position are stale.
                self.purge(portal, &[Dependency::Popular(portal)], 0);
            }
        }
        Ok(())
    }

    async fn look_at_popular(&self, portal: PortalId, now: Timestamp) -> Result<Popular> {
        let days = days::last(now, POPULAR_DAYS);
        let mut popular = Popular::new();
        if self.reads.is_on() {
            let read = read_counts::read_most(
                &self.store,
                portal,
                days,
                POPULAR_READS_MIN,
                POPULAR_KEPT_MAX,
            );
            for (locale, article) in read.await? {
                popular.entry(locale).or_default().articles.push(article);
            }
        }
        if self.counting.is_on() {
            let asked = search_counts::often_asked(
                &self.store,
                portal,
                days,
                (POPULAR_SEARCHES_MIN, POPULAR_SEARCH_DAYS_MIN),
                POPULAR_KEPT_MAX,
            );
            for (locale, words) in asked.await? {
                popular.entry(locale).or_default().words.push(words);
            }
        }
        Ok(popular)
    }
}
