//! The public face of a portal: published, public articles and nothing else.
//!
//! A [`HelpCenter`] cannot reach drafts, heads or internal articles: it has no way to ask for them.
//! Every page comes with what it depends on and the feed position it was read at, so that a cache
//! of pages can be kept right by the feed.

mod article;
mod attachment;
mod canonical;
mod counting;
mod fallback;
mod feed;
mod feedback;
mod listing;
mod moved;
mod near;
mod popular;
mod questions;
mod search;
mod sitemap;
mod texts;

use std::sync::Arc;

use cairn_domain::ids::{ArticleId, CategoryId};
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_markdown::{Heading, SafeHtml};
use jiff::Timestamp;

use crate::app::Dependency;
use crate::{App, Result, address};

pub use crate::reads::ReadCounter;
pub use crate::search::UpdatedWithin;
pub use fallback::{Behind, FallbackLookup};
pub use feed::FeedPage;
pub(crate) use moved::address_of;
pub use questions::Question;
pub use search::{ReaderSearch, SearchHit, SearchPage, TopicCount};
pub use sitemap::{SitemapLimits, SitemapPlan, SitemapUrl};
pub use texts::{FullText, TextList};

/// The public face of one portal.
#[derive(Clone)]
pub struct HelpCenter {
    pub(crate) app: Arc<App>,
    pub(crate) portal: Arc<Portal>,
    pub(crate) base: String,
}

/// A page and what it stands on.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What to show.
    pub content: T,
    /// What makes it stale.
    pub depends_on: Vec<Dependency>,
    /// Position of the portal's feed it was read at, or before.
    pub read_at: i64,
}

/// An article in a list.
#[derive(Debug, Clone)]
pub struct ArticleLink {
    /// Its id.
    pub id: ArticleId,
    /// Title.
    pub title: String,
    /// Its path, from the root of the host.
    pub path: String,
    /// Excerpt; may be empty.
    pub excerpt: String,
    /// Name of its category; may be empty.
    pub category: String,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A category in a list.
#[derive(Debug, Clone)]
pub struct CategoryLink {
    /// Its id.
    pub id: CategoryId,
    /// Name.
    pub name: String,
    /// Its path, from the root of the host.
    pub path: String,
    /// One sentence; may be empty.
    pub description: String,
    /// Published public articles of the locale in it and below.
    pub article_count: i64,
    /// Its first articles.
    pub articles: Vec<ArticleLink>,
}

/// The page of an article.
#[derive(Debug, Clone)]
pub struct ArticlePage {
    /// Its id.
    pub id: ArticleId,
    /// Number in the portal.
    pub number: i64,
    /// Title.
    pub title: String,
    /// Excerpt; one is made from the body when none was written.
    pub excerpt: String,
    /// The rendered body.
    pub html: SafeHtml,
    /// The Markdown body, for the `.md` variant.
    pub body: String,
    /// Headings of the body, in order.
    pub headings: Vec<Heading>,
    /// Words in the body.
    pub word_count: usize,
    /// Author's name.
    pub author: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Published revision.
    pub revision: i32,
    /// When it last changed for readers.
    pub updated_at: Timestamp,
    /// Its own locale: another one than the reader's where it is not translated.
    pub locale: Locale,
    /// Where it is shown: [`ArticlePage::path`], or the address the reader asked for in their locale.
    pub shown_at: String,
    /// What it was translated from, when that has moved on since.
    pub behind: Option<Behind>,
    /// Its path, from the root of the host.
    pub path: String,
    /// Absolute address, the canonical one.
    pub url: String,
    /// What it answers, when it is a list of questions.
    pub questions: Vec<Question>,
    /// Categories from the top down.
    pub crumbs: Vec<CategoryLink>,
    /// Articles of the same category, in the order readers see, itself among them.
    pub siblings: Vec<ArticleLink>,
    /// The one before.
    pub previous: Option<ArticleLink>,
    /// The one after.
    pub next: Option<ArticleLink>,
    /// Articles that share its words.
    pub related: Vec<ArticleLink>,
    /// The same article in other locales: locale and path.
    pub translations: Vec<(Locale, String)>,
}

/// What a slug leads to.
#[derive(Debug, Clone)]
pub enum ArticleLookup {
    /// The page.
    Found(Box<Page<ArticlePage>>),
    /// It is called otherwise now: go to this path.
    Moved(String),
    /// Nothing in this locale.
    Missing,
}

/// An article that is read much.
#[derive(Debug, Clone)]
pub struct ReadMost {
    /// The article.
    pub link: ArticleLink,
    /// Words in its body, where that is known.
    pub word_count: Option<usize>,
}

/// The first page.
#[derive(Debug, Clone)]
pub struct HomePage {
    /// Top categories with articles of the locale.
    pub categories: Vec<CategoryLink>,
    /// Changed recently.
    pub recent: Vec<ArticleLink>,
    /// Read most, most first.
    pub read_most: Vec<ReadMost>,
    /// Words that are often searched for, most often first.
    pub often_asked: Vec<String>,
    /// Articles outside the tree.
    pub uncategorised: Vec<ArticleLink>,
    /// Articles of the locale over all.
    pub article_count: i64,
}

/// The page of a category.
#[derive(Debug, Clone)]
pub struct CategoryPage {
    /// The category.
    pub category: CategoryLink,
    /// Categories from the top down, itself last.
    pub crumbs: Vec<CategoryLink>,
    /// Categories below it.
    pub children: Vec<CategoryLink>,
    /// Its articles, a page of them.
    pub articles: Vec<ArticleLink>,
    /// All top categories, for the start side.
    pub topics: Vec<CategoryLink>,
    /// Number of this page, from 1.
    pub page: usize,
    /// Number of pages.
    pub pages: usize,
    /// The category in the locales in which it has a page, itself among them: locale and path.
    pub translations: Vec<(Locale, String)>,
}

impl HelpCenter {
    /// The help center that answers at this host (at the root) or under the first path segment.
    ///
    /// `host` is the Host header without port; `first_segment` the percent-decoded first segment
    /// of the path. Gives the help center and whether the segment was used up.
    pub async fn resolve(
        app: &Arc<App>,
        host: &str,
        first_segment: &str,
    ) -> Result<Option<(HelpCenter, bool)>> {
        let directory = app.portals();
        if let Some(portal) = directory.by_hostname(&host.to_ascii_lowercase()) {
            return Ok(Some((
                HelpCenter {
                    app: Arc::clone(app),
                    portal,
                    base: String::new(),
                },
                false,
            )));
        }
        Ok(directory
            .by_slug(first_segment)
            .map(|portal| (Self::below_slug(app, portal), true)))
    }

    /// The help centers a visitor of the bare root may be led to: all portals, by slug.
    pub async fn all(app: &Arc<App>) -> Result<Vec<HelpCenter>> {
        let directory = app.portals();
        Ok(directory
            .all()
            .iter()
            .map(|portal| Self::below_slug(app, Arc::clone(portal)))
            .collect())
    }

    fn below_slug(app: &Arc<App>, portal: Arc<Portal>) -> HelpCenter {
        let base = address::base(&portal);
        HelpCenter {
            app: Arc::clone(app),
            portal,
            base,
        }
    }

    /// The portal.
    pub fn portal(&self) -> &Arc<Portal> {
        &self.portal
    }

    /// Path prefix of every address: empty on a hostname of its own, else `/slug`, percent-encoded.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The portal's locale that a segment of the path names.
    pub fn locale(&self, segment: &str) -> Option<Locale> {
        let locale = Locale::parse("locale", segment).ok()?;
        self.portal.locales.contains(&locale).then_some(locale)
    }
}
