//! The sitemap of a portal: first pages and categories, then every article, in files that stay below
//! the limits of sitemaps.org whatever the addresses are.
//!
//! Articles are parted by their numbers: a file is named after the number of its first article and is
//! read page by page from there on, so that no file is ever in memory as a whole. An article that comes
//! or goes moves the parting; a file read by yesterday's name still lists articles that are there.

use std::collections::{BTreeMap, HashMap};
use std::iter::successors;

use cairn_domain::ids::CategoryId;
use cairn_domain::limits::{CATEGORY_DEPTH_MAX, SLUG_BYTES_MAX};
use cairn_domain::locale::Locale;
use jiff::Timestamp;

use crate::app::Dependency;
use crate::help_center::{HelpCenter, Page};
use crate::{Result, address};

/// Markup around one entry, and around one of its translations, in bytes, generously.
const ENTRY_MARKUP_BYTES: usize = 160;
/// Longest tail of an address: locale, word, and a slug of bytes that are all escaped.
const PATH_BYTES: usize = 64 + SLUG_BYTES_MAX * 3;

/// How large one file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitemapLimits {
    /// Most addresses.
    pub urls_max: usize,
    /// Most bytes, not compressed.
    pub bytes_max: usize,
}

/// Which files there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapPlan {
    /// Number of files with first pages and categories, named from 0 on.
    pub page_files: usize,
    /// The number of the first article of each file with articles.
    pub article_starts: Vec<i64>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapUrl {
    /// Number of the article; 0 for other pages.
    pub number: i64,
    /// Canonical address.
    pub url: String,
    /// When it last changed for readers; none where nothing was ever published.
    pub updated_at: Option<Timestamp>,
    /// The same in every locale, itself among them: locale and address. Empty where there is one only.
    pub alternates: Vec<(Locale, String)>,
}

impl HelpCenter {
    /// Which files the sitemap has.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn sitemap(&self, limits: SitemapLimits) -> Result<Page<SitemapPlan>> {
        let store = &self.app.store;
        let (read_at, _) = cairn_store::outbox::head(store, self.portal.id).await?;
        let part = self.urls_of_file(limits);
        let article_starts = cairn_store::published::starts(
            store,
            self.portal.id,
            &self.portal.locales,
            i64::try_from(part).unwrap_or(i64::MAX),
        )
        .await?;
        let groups = self.page_groups().await?;
        Ok(Page {
            content: SitemapPlan {
                page_files: groups.len().div_ceil(self.groups_of_file(part)),
                article_starts,
            },
            depends_on: self.everything(),
            read_at,
        })
    }

    /// The first pages and categories of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn sitemap_pages(
        &self,
        file: usize,
        limits: SitemapLimits,
    ) -> Result<Option<Page<Vec<SitemapUrl>>>> {
        let store = &self.app.store;
        let (read_at, _) = cairn_store::outbox::head(store, self.portal.id).await?;
        let groups = self.page_groups().await?;
        let size = self.groups_of_file(self.urls_of_file(limits));
        let Some(groups) = groups.chunks(size).nth(file) else {
            return Ok(None);
        };
        let entries = groups.iter().flat_map(|pages| {
            let addresses: Vec<(Locale, String)> = pages
                .iter()
                .map(|(l, url, _)| (l.clone(), url.clone()))
                .collect();
            pages.iter().map(move |(_, url, updated_at)| SitemapUrl {
                number: 0,
                url: url.clone(),
                updated_at: *updated_at,
                alternates: if addresses.len() > 1 {
                    addresses.clone()
                } else {
                    Vec::new()
                },
            })
        });
        Ok(Some(Page {
            content: entries.collect(),
            depends_on: self.everything(),
            read_at,
        }))
    }

    /// Articles from a number on, at most `limit` of them.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn sitemap_articles(&self, from: i64, limit: usize) -> Result<Page<Vec<SitemapUrl>>> {
        let store = &self.app.store;
        let (read_at, _) = cairn_store::outbox::head(store, self.portal.id).await?;
        let locales = &self.portal.locales;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found =
            cairn_store::published::addresses(store, self.portal.id, locales, from, limit).await?;
        let groups: Vec<_> = found.iter().map(|a| a.group).collect();
        let of_groups =
            cairn_store::published::of_groups(store, self.portal.id, locales, &groups).await?;
        let mut translations: HashMap<_, Vec<(Locale, String)>> = HashMap::new();
        for (group, locale, slug) in of_groups {
            let url = self.article_url(&locale, slug.as_str());
            translations.entry(group).or_default().push((locale, url));
        }
        let entries = found.into_iter().map(|article| SitemapUrl {
            number: article.number,
            url: self.article_url(&article.locale, article.slug.as_str()),
            updated_at: Some(article.updated_at),
            alternates: translations
                .get(&article.group)
                .filter(|t| t.len() > 1)
                .cloned()
                .unwrap_or_default(),
        });
        Ok(Page {
            content: entries.collect(),
            depends_on: self.everything(),
            read_at,
        })
    }

    /// Addresses that fit into one file in the worst case: every entry names every locale.
    pub fn urls_of_file(&self, limits: SitemapLimits) -> usize {
        let entry = ENTRY_MARKUP_BYTES + self.root().len() + PATH_BYTES;
        // Itself, and each locale and the default as an alternate.
        let worst = entry * (self.portal.locales.len() + 2);
        limits.urls_max.min(limits.bytes_max / worst).max(1)
    }

    fn groups_of_file(&self, urls: usize) -> usize {
        (urls / self.portal.locales.len().max(1)).max(1)
    }

    /// What any change of an article or of the tree makes stale.
    pub(super) fn everything(&self) -> Vec<Dependency> {
        vec![
            Dependency::Portal(self.portal.id),
            Dependency::Articles(self.portal.id),
        ]
    }

    fn article_url(&self, locale: &Locale, slug: &str) -> String {
        format!("{}{}", self.root(), address::article("", locale, slug))
    }

    /// The first pages, then each category with something for readers: all locales of a page together.
    async fn page_groups(&self) -> Result<Vec<Vec<(Locale, String, Option<Timestamp>)>>> {
        let tree = self.app.tree(self.portal.id).await?;
        let locales = &self.portal.locales;
        let places =
            cairn_store::published::places(&self.app.store, self.portal.id, locales).await?;
        // Latest change by category, what is below counted in, and by locale; none is the first page.
        let mut latest: HashMap<Option<CategoryId>, BTreeMap<Locale, Timestamp>> = HashMap::new();
        let parents: HashMap<CategoryId, Option<CategoryId>> =
            tree.iter().map(|c| (c.id, c.parent)).collect();
        for place in places {
            let above = successors(place.category, |id| *parents.get(id).unwrap_or(&None));
            // A tree is never deeper; the rows of a broken one could go in circles.
            let above = above.take(CATEGORY_DEPTH_MAX).map(Some).chain([None]);
            for category in above {
                let at = latest
                    .entry(category)
                    .or_default()
                    .entry(place.locale.clone())
                    .or_insert(place.updated_at);
                *at = place.updated_at.max(*at);
            }
        }
        let root = self.root();
        let changed = |category: Option<CategoryId>, locale: &Locale| {
            latest.get(&category).and_then(|l| l.get(locale)).copied()
        };
        let homes = locales.iter().map(|locale| {
            let url = format!("{root}/{locale}");
            (locale.clone(), url, changed(None, locale))
        });
        let mut groups = vec![homes.collect::<Vec<_>>()];
        for category in tree.iter() {
            let pages = locales.iter().filter_map(|locale| {
                let at = changed(Some(category.id), locale)?;
                let path = address::category("", locale, category.slug.as_str());
                Some((locale.clone(), format!("{root}{path}"), Some(at)))
            });
            let pages: Vec<_> = pages.collect();
            if !pages.is_empty() {
                groups.push(pages);
            }
        }
        Ok(groups)
    }
}
