//! What is counted of readers: searches, results that are opened, and reads. Sums only; see [`crate::search_counts`] and
//! [`crate::reads`].

use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;

use crate::App;
use crate::help_center::{HelpCenter, SearchPage};
use crate::reads::ReadCounter;
use crate::search_counts::Shown;

impl HelpCenter {
    /// Counts a search that a reader made, and gives what the links of its page carry so that opening one of them can be
    /// counted.
    pub fn count_search(&self, locale: &Locale, page: &SearchPage) -> Option<String> {
        let shown: Vec<_> = page
            .hits
            .iter()
            .map(|hit| Shown {
                article: hit.link.id,
                path: &hit.link.path,
            })
            .collect();
        self.app.count_web_search(
            &self.portal,
            locale,
            &page.q,
            page.total,
            page.is_asked_first(),
            &shown,
        )
    }

    /// What counts the reads of an article of this portal; nothing where reads are not counted.
    pub fn read_counter(&self, article: ArticleId) -> Option<ReadCounter> {
        self.app.reads.of(self.portal.id, article)
    }

    /// Counts that a reader opened the result at this path, when the mark is one a search page gave lately.
    pub fn count_click(app: &App, mark: &str, path: &str) {
        app.count_click(mark, path);
    }
}
