//! Results of the search page that a reader may open, so that opening one can be counted without script and cookie.
//!
//! The links of a search page carry a mark (`?s=…`): the query's name in this process, the same for everybody who
//! searches for the same words, so that it is no name of a person, and no words stand in addresses that people share.
//! The opening of a result is counted when
//!
//! - the mark is that of a query searched for here within the last [`CLICKABLE_MINUTES`],
//! - the path is that of a result which was shown, and
//! - the query was searched for more often than this result was opened since.
//!
//! So a shared link, a reload or a crawler that follows an old address adds nothing beyond the searches there were. A
//! restart forgets all marks.

use std::collections::{HashMap, VecDeque};

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::{CLICKABLE_MINUTES, CLICKABLE_QUERIES_MAX, CLICKABLE_RESULTS_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::search_count::KeptQuery;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Shown;

/// Bytes of a mark: enough that no two queries of a process meet.
const MARK_BYTES: usize = 8;

/// A query whose results may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clickable {
    pub(crate) portal: PortalId,
    pub(crate) locale: Locale,
    pub(crate) query: KeptQuery,
}

struct Recent {
    of: Clickable,
    /// When it was last searched for.
    at: Timestamp,
    searches: u32,
    results: Vec<OpenResult>,
}

struct OpenResult {
    path: Box<str>,
    article: ArticleId,
    opened: u32,
}

/// The queries that were searched for lately.
///
/// *Invariant:* each key of `recent` stands in `order` exactly once, where it was when it was last put there.
pub(super) struct Clickables {
    secret: [u8; 32],
    recent: HashMap<[u8; MARK_BYTES], Recent>,
    order: VecDeque<([u8; MARK_BYTES], Timestamp)>,
}

impl Clickables {
    pub(super) fn new(secret: [u8; 32]) -> Self {
        Self {
            secret,
            recent: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Notes that these results are shown, and gives the mark of their links. A later page of a search that is not known
    /// here has none.
    pub(super) fn show(
        &mut self,
        of: Clickable,
        now: Timestamp,
        is_search: bool,
        shown: &[Shown<'_>],
    ) -> Option<String> {
        let mark = self.mark(&of);
        if self.recent.get(&mark).is_some_and(|r| is_over(r.at, now)) {
            // It begins anew; its place in the order stays.
            if let Some(recent) = self.recent.get_mut(&mark) {
                recent.searches = 0;
                recent.results.clear();
            }
        }
        if !self.recent.contains_key(&mark) {
            if !is_search {
                return None;
            }
            self.make_room(now);
            self.order.push_back((mark, now));
        }
        let recent = self.recent.entry(mark).or_insert_with(|| Recent {
            of,
            at: now,
            searches: 0,
            results: Vec::new(),
        });
        if is_search {
            recent.at = now;
            recent.searches = recent.searches.saturating_add(1);
        }
        for one in shown {
            let is_known = recent.results.iter().any(|r| *r.path == *one.path);
            if !is_known && recent.results.len() < CLICKABLE_RESULTS_MAX {
                recent.results.push(OpenResult {
                    path: one.path.into(),
                    article: one.article,
                    opened: 0,
                });
            }
        }
        Some(mark.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// Which result of which query is opened, when that is to be counted.
    pub(super) fn open(
        &mut self,
        mark: &str,
        path: &str,
        now: Timestamp,
    ) -> Option<(Clickable, ArticleId)> {
        let recent = self.recent.get_mut(&read_mark(mark)?)?;
        if is_over(recent.at, now) {
            return None;
        }
        let searches = recent.searches;
        let result = recent.results.iter_mut().find(|r| *r.path == *path)?;
        if result.opened >= searches {
            return None;
        }
        result.opened += 1;
        Some((recent.of.clone(), result.article))
    }

    /// Lets the oldest go until there is room for one more. One that was searched for again since it was put in order is
    /// put there anew, once.
    fn make_room(&mut self, now: Timestamp) {
        let mut again = self.order.len();
        while self.recent.len() >= CLICKABLE_QUERIES_MAX {
            let Some((mark, put_at)) = self.order.pop_front() else {
                return;
            };
            let at = self.recent.get(&mark).map(|r| r.at);
            match at {
                Some(at) if at > put_at && !is_over(at, now) && again > 0 => {
                    again -= 1;
                    self.order.push_back((mark, at));
                }
                _ => {
                    self.recent.remove(&mark);
                }
            }
        }
    }

    fn mark(&self, of: &Clickable) -> [u8; MARK_BYTES] {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(of.portal.as_uuid().as_bytes());
        hash.update(of.locale.as_str());
        hash.update([0]);
        hash.update(of.query.as_str());
        let digest = hash.finalize();
        let mut mark = [0; MARK_BYTES];
        mark.copy_from_slice(&digest[..MARK_BYTES]);
        mark
    }
}

fn is_over(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > SignedDuration::from_mins(CLICKABLE_MINUTES)
}

fn read_mark(text: &str) -> Option<[u8; MARK_BYTES]> {
    let mut mark = [0; MARK_BYTES];
    if text.len() != 2 * MARK_BYTES || !text.is_ascii() {
        return None;
    }
    for (at, byte) in mark.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/help/en/articles/vpn";

    fn of(words: &str) -> Clickable {
        Clickable {
            portal: PortalId::from_uuid(uuid::Uuid::from_u128(1)),
            locale: Locale::parse("locale", "en").unwrap(),
            query: KeptQuery::of(words).unwrap(),
        }
    }

    fn shown() -> [Shown<'static>; 1] {
        [Shown {
            article: ArticleId::from_uuid(uuid::Uuid::from_u128(2)),
            path: PATH,
        }]
    }

    fn minutes(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(n)
    }

    #[test]
    fn a_result_is_opened_at_most_as_often_as_it_was_searched_for() {
        let mut all = Clickables::new([1; 32]);
        let mark = all.show(of("vpn"), minutes(0), true, &shown()).unwrap();
        let open =
            |all: &mut Clickables, path: &str, at| all.open(&mark, path, minutes(at)).is_some();
        assert!(!open(&mut all, "/help/en/articles/other", 0));
        assert!(open(&mut all, PATH, 1));
        assert!(!open(&mut all, PATH, 2), "a reload");
        assert_eq!(
            all.show(of("VPN"), minutes(3), true, &shown()),
            Some(mark.clone())
        );
        assert!(open(&mut all, PATH, 4));
        assert!(!open(&mut all, PATH, 4));
        all.show(of("vpn"), minutes(5), true, &shown());
        assert!(!open(&mut all, PATH, 5 + CLICKABLE_MINUTES + 1), "too late");
        for bad in ["", "zz", "+1+1+1+1+1+1+1+1", "éééééééé", &"0".repeat(16)] {
            assert!(all.open(bad, PATH, minutes(5)).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_later_page_of_an_unknown_search_has_no_mark_and_of_a_known_one_the_same() {
        let mut all = Clickables::new([1; 32]);
        assert_eq!(all.show(of("vpn"), minutes(0), false, &shown()), None);
        let mark = all.show(of("vpn"), minutes(0), true, &[]);
        assert_eq!(all.show(of("vpn"), minutes(0), false, &shown()), mark);
        assert!(all.open(&mark.unwrap(), PATH, minutes(0)).is_some());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        let mut all = Clickables::new([1; 32]);
        let words = |i: usize| -> String {
            format!("{i:05}")
                .bytes()
                .map(|b| char::from(b + 49))
                .collect()
        };
        let first = all.show(of(&words(0)), minutes(0), true, &shown()).unwrap();
        let second = all.show(of(&words(1)), minutes(0), true, &shown()).unwrap();
        // The first one is searched for again and outlives the second.
        all.show(of(&words(0)), minutes(1), true, &shown());
        for i in 2..=CLICKABLE_QUERIES_MAX {
            all.show(of(&words(i)), minutes(1), true, &shown());
        }
        assert_eq!(all.recent.len(), CLICKABLE_QUERIES_MAX);
        assert_eq!(all.order.len(), CLICKABLE_QUERIES_MAX);
        assert!(all.open(&first, PATH, minutes(2)).is_some());
        assert!(all.open(&second, PATH, minutes(2)).is_none());
    }
}
