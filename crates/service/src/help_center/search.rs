//! The search page, and what is near: related articles and the nearest titles of a miss.

use cairn_domain::article::Article;
use cairn_domain::limits::SEARCH_OFFSET_MAX;
use cairn_domain::locale::Locale;
use cairn_search::{Face, Hit};
use jiff::Timestamp;

use crate::help_center::{ArticleLink, HelpCenter, SearchHit, SearchPage};
use crate::search::{Query, ask};
use crate::{Result, address};

/// Hits on one page.
const PAGE_SIZE: usize = 10;

impl HelpCenter {
    /// The page of a search. Never cached.
    pub async fn search(&self, locale: &Locale, q: &str, page: usize) -> Result<SearchPage> {
        let page = page.clamp(1, SEARCH_OFFSET_MAX / PAGE_SIZE);
        let query = self.query(locale, q, (page - 1) * PAGE_SIZE, PAGE_SIZE);
        let shown = query.q.clone();
        let (answer, _) = ask(&self.app, &self.portal, query).await?;
        let reachable = answer.total.min(SEARCH_OFFSET_MAX as u64);
        let hits = answer
            .hits
            .into_iter()
            .map(|hit| self.hit(locale, hit))
            .collect();
        Ok(SearchPage {
            q: shown,
            hits,
            total: answer.total,
            page,
            pages: usize::try_from(reachable)
                .unwrap_or(usize::MAX)
                .div_ceil(PAGE_SIZE)
                .max(1),
        })
    }

    /// Articles that share these words. What is near is a kindness: when search is busy there is none.
    pub(crate) async fn nearest(
        &self,
        locale: &Locale,
        words: &str,
        max: usize,
        but: Option<&Article>,
    ) -> Vec<ArticleLink> {
        let query = self.query(locale, words, 0, max + 1);
        let Ok((answer, _)) = ask(&self.app, &self.portal, query).await else {
            return Vec::new();
        };
        let hits = answer
            .hits
            .into_iter()
            .filter(|hit| but.is_none_or(|a| a.id != hit.article));
        hits.take(max)
            .map(|hit| self.link_of(locale, &hit))
            .collect()
    }

    fn query(&self, locale: &Locale, q: &str, offset: usize, limit: usize) -> Query {
        Query {
            face: Face::Public,
            locales: vec![locale.clone()],
            q: q.to_owned(),
            category: None,
            tag: None,
            status: None,
            audience: None,
            author: None,
            updated_since: None,
            offset,
            limit,
        }
    }

    fn hit(&self, locale: &Locale, hit: Hit) -> SearchHit {
        let link = self.link_of(locale, &hit);
        let section = hit.section.and_then(|s| Some((s.heading?, s.anchor?)));
        SearchHit {
            link,
            snippet_html: hit.snippet.html,
            section,
        }
    }

    fn link_of(&self, locale: &Locale, hit: &Hit) -> ArticleLink {
        ArticleLink {
            id: hit.article,
            title: hit.title.clone(),
            path: address::article(&self.base, locale, &hit.slug),
            excerpt: hit.excerpt.clone(),
            category: hit.category_name.clone(),
            updated_at: Timestamp::from_millisecond(hit.updated_at_ms)
                .unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}
