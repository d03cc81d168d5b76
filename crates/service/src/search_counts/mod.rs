//! Search counts: what is searched for, what is found and what is opened, in sums that know no people.
//!
//! A search only adds to numbers in memory ([`pending`]); it never waits for the database and never fails because of
//! them. A task of the owner writes them down every few seconds and once more at the end ([`flush`]). A process that is
//! killed loses what it had not written yet, which is a few seconds of sums.
//!
//! Nothing here sees who asks. What is kept of the words is decided in `domain::search_count`; how the opening of a result
//! is recognised without a cookie, in [`clickable`].

mod clickable;
mod flush;
mod pending;
mod report;

use std::sync::{Mutex, PoisonError};

use cairn_domain::article::Status;
use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::search_count::{KeptQuery, SearchCounts, SearchSource};

use crate::days::day_of;
use crate::search::Query;
use crate::{App, Context};

pub(crate) use clickable::Clickable;
pub use report::{OpenedResult, ReportSearches, ReportedQuery, SearchReport, SearchTotals, report};

use clickable::Clickables;
use pending::{Key, Pending};

/// The sums of a process that are not written yet, and the results that may be opened.
pub(crate) struct Counting {
    /// How many days counts are kept; 0: nothing is counted.
    days: u32,
    pending: Mutex<Pending>,
    clickables: Mutex<Clickables>,
    /// One flush at a time: what it could not write comes back before the next one takes.
    flushing: tokio::sync::Mutex<()>,
}

impl Counting {
    /// `secret` names queries in the links of this process.
    pub(crate) fn new(days: u32, secret: [u8; 32]) -> Self {
        Self {
            days,
            pending: Mutex::default(),
            clickables: Mutex::new(Clickables::new(secret)),
            flushing: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.days > 0
    }

    fn add(&self, key: Key, counts: SearchCounts, opened: Option<ArticleId>) {
        // A panic while the sums were held leaves them usable: at worst one is missing.
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.add(key, counts, opened);
    }
}

/// A search of a program that is to be counted.
pub(crate) struct Asked {
    key: Key,
    is_narrowed: bool,
}

impl Asked {
    /// What is counted of a search; nothing where it came through no door that counts, where it has no words, and beyond
    /// its first page.
    pub(crate) fn of(ctx: &Context, portal: &Portal, query: &Query) -> Option<Self> {
        if !ctx.app.counting.is_on() || query.offset > 0 {
            return None;
        }
        let locale = match query.locales.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        Some(Self {
            key: Key {
                portal: portal.id,
                day: day_of(ctx.app.now()),
                // A language the portal has not is no more than a text of the caller.
                locale: locale.filter(|l| portal.locales.contains(l)).cloned(),
                source: ctx.searches?,
                query: KeptQuery::of(&query.q)?,
            },
            is_narrowed: query.category.is_some()
                || query.tag.is_some()
                || query.audience.is_some()
                || query.author.is_some()
                || query.updated_since.is_some()
                || query.status.is_some_and(|s| s != Status::Published),
        })
    }

    /// Counts it, with the number of articles it found.
    pub(crate) fn found(self, app: &App, total: u64) {
        let counts = SearchCounts::search(total, self.is_narrowed);
        app.counting.add(self.key, counts, None);
    }
}

/// A result of the search page that a reader may open.
pub(crate) struct Shown<'a> {
    pub(crate) article: ArticleId,
    /// As the link has it.
    pub(crate) path: &'a str,
}

impl App {
    /// Counts a search on the search page, and gives what its links carry so that opening one can be counted.
    ///
    /// Later pages are no searches of their own; their results can be opened all the same.
    pub(crate) fn count_web_search(
        &self,
        portal: &Portal,
        locale: &Locale,
        typed: &str,
        found: u64,
        is_first_page: bool,
        shown: &[Shown<'_>],
    ) -> Option<String> {
        if !self.counting.is_on() {
            return None;
        }
        let now = self.now();
        let query = KeptQuery::of(typed)?;
        if is_first_page {
            let key = Key {
                portal: portal.id,
                day: day_of(now),
                locale: Some(locale.clone()),
                source: SearchSource::Web,
                query: query.clone(),
            };
            self.counting
                .add(key, SearchCounts::search(found, false), None);
        }
        if shown.is_empty() {
            return None;
        }
        let of = Clickable {
            portal: portal.id,
            locale: locale.clone(),
            query,
        };
        let mut clickables = self
            .counting
            .clickables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        clickables.show(of, now, is_first_page, shown)
    }

    /// Counts that a result was opened, when the mark is that of a search made here a little while ago which showed this
    /// path, and was made as often as this result was opened since.
    pub(crate) fn count_click(&self, mark: &str, path: &str) {
        if !self.counting.is_on() {
            return;
        }
        let now = self.now();
        let opened = {
            let mut clickables = self
                .counting
                .clickables
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            clickables.open(mark, path, now)
        };
        if let Some((of, article)) = opened {
            let key = Key {
                portal: of.portal,
                day: day_of(now),
                locale: Some(of.locale),
                source: SearchSource::Web,
                query: of.query,
            };
            self.counting.add(key, SearchCounts::click(), Some(article));
        }
    }
}
