//! Sums in memory, waiting to be written. Bounded: when there are too many different queries, further ones are counted
//! without their words.

use std::collections::{BTreeMap, HashMap};

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::{CLICKABLE_RESULTS_MAX, COUNTED_QUERIES_WAITING_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::search_count::{KeptQuery, SearchCounts, SearchSource};
use cairn_store::search_counts::{Counted, Opened};
use jiff::civil::Date;

/// What sums are kept apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) portal: PortalId,
    pub(super) day: Date,
    /// None: several at once.
    pub(super) locale: Option<Locale>,
    pub(super) source: SearchSource,
    pub(super) query: KeptQuery,
}

#[derive(Debug, Default)]
struct Sums {
    counts: SearchCounts,
    opened: HashMap<ArticleId, i64>,
}

/// The sums of one portal on one day.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) counted: Vec<Counted>,
    pub(super) opened: Vec<Opened>,
}

/// Sums that are not written yet.
///
/// *Invariant:* at most [`COUNTED_QUERIES_WAITING_MAX`] keys, and one more for each portal, day, language and door.
#[derive(Debug, Default)]
pub(super) struct Pending(HashMap<Key, Sums>);

impl Pending {
    /// Adds to the sums of a query, and of one of its results when that was opened.
    pub(super) fn add(
        &mut self,
        mut key: Key,
        counts: SearchCounts,
        opened: impl IntoIterator<Item = ArticleId>,
    ) {
        if self.0.len() >= COUNTED_QUERIES_WAITING_MAX && !self.0.contains_key(&key) {
            key.query = KeptQuery::withheld();
        }
        // Which results searches without words led to says nothing.
        let is_withheld = key.query.is_withheld();
        let sums = self.0.entry(key).or_default();
        sums.counts.add(counts);
        for article in opened.into_iter().filter(|_| !is_withheld) {
            sums.opened(article, 1);
        }
    }

    /// Everything, by portal and day; nothing stays.
    pub(super) fn take(&mut self) -> BTreeMap<(PortalId, Date), Batch> {
        let mut batches: BTreeMap<_, Batch> = BTreeMap::new();
        for (key, sums) in std::mem::take(&mut self.0) {
            let batch = batches.entry((key.portal, key.day)).or_default();
            for (article, clicks) in sums.opened {
                batch.opened.push(Opened {
                    locale: key.locale.clone(),
                    query: key.query.clone(),
                    article,
                    clicks,
                });
            }
            batch.counted.push(Counted {
                locale: key.locale,
                source: key.source,
                query: key.query,
                counts: sums.counts,
            });
        }
        batches
    }

    /// Takes back what could not be written.
    pub(super) fn put_back(&mut self, portal: PortalId, day: Date, batch: Batch) {
        let key = |locale, source, query| Key {
            portal,
            day,
            locale,
            source,
            query,
        };
        for one in batch.counted {
            let key = key(one.locale, one.source, one.query);
            self.add(key, one.counts, None);
        }
        for one in batch.opened {
            let key = key(one.locale, SearchSource::Web, one.query);
            if let Some(sums) = self.0.get_mut(&key) {
                sums.opened(one.article, one.clicks);
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Sums {
    fn opened(&mut self, article: ArticleId, clicks: i64) {
        if self.opened.len() < CLICKABLE_RESULTS_MAX || self.opened.contains_key(&article) {
            *self.opened.entry(article).or_default() += clicks;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(portal: u128, words: &str) -> Key {
        Key {
            portal: PortalId::from_uuid(uuid::Uuid::from_u128(portal)),
            day: jiff::civil::date(2026, 11, 14),
            locale: Some(Locale::parse("locale", "en").unwrap()),
            source: SearchSource::Web,
            query: KeptQuery::of(words).unwrap(),
        }
    }

    #[test]
    fn many_different_queries_take_bounded_memory_and_no_search_is_lost() {
        let mut pending = Pending::default();
        let many = COUNTED_QUERIES_WAITING_MAX * 3;
        for i in 0..many {
            let words: String = format!("{i:05}")
                .bytes()
                .map(|b| char::from(b + 49))
                .collect();
            pending.add(key(1, &words), SearchCounts::search(0, false), None);
        }
        assert_eq!(pending.len(), COUNTED_QUERIES_WAITING_MAX + 1);
        // One that is there goes on being counted.
        pending.add(key(1, "aaaaa"), SearchCounts::search(5, false), None);
        let batches = pending.take();
        let counted: Vec<_> = batches.values().flat_map(|b| &b.counted).collect();
        let searches: i64 = counted.iter().map(|c| c.counts.searches).sum();
        assert_eq!(searches, i64::try_from(many).unwrap() + 1);
        let known = counted
            .iter()
            .find(|c| c.query.as_str() == "aaaaa")
            .unwrap();
        assert_eq!(known.counts.searches, 2);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn what_could_not_be_written_is_added_to_what_came_meanwhile() {
        let mut pending = Pending::default();
        let article = ArticleId::from_uuid(uuid::Uuid::from_u128(7));
        pending.add(key(1, "a"), SearchCounts::search(1, false), None);
        pending.add(key(1, "a"), SearchCounts::click(), Some(article));
        let mut taken = pending.take();
        pending.add(key(1, "a"), SearchCounts::search(1, false), None);
        let ((portal, day), batch) = taken.pop_first().unwrap();
        pending.put_back(portal, day, batch);
        let batch = pending.take().pop_first().unwrap().1;
        assert_eq!(batch.counted.len(), 1);
        assert_eq!(batch.counted[0].counts.searches, 2);
        assert_eq!(batch.counted[0].counts.clicks, 1);
        assert_eq!(batch.opened[0].clicks, 1);
    }
}
