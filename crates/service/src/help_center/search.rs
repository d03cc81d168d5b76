//! The search page, and what is near: related articles and the nearest titles of a miss.

use std::sync::Arc;

use cairn_domain::article::Article;
use cairn_domain::limits::SEARCH_OFFSET_MAX;
use cairn_domain::locale::Locale;
use cairn_search::{Face, Hit, RelatedRequest, take_filters};
use jiff::Timestamp;

use crate::help_center::{ArticleLink, HelpCenter, SearchHit, SearchPage};
use crate::search::{ELSEWHERE_MAX, FacetCounts, LITTLE, Query, ask, named, other_locales};
use crate::{Result, address};

/// Sections of a hit beside that of its snippet.
const SECTIONS: usize = 1;
/// Categories by which a search may be narrowed.
const CATEGORIES_MAX: usize = 12;

/// Hits on one page.
const PAGE_SIZE: usize = 10;

impl HelpCenter {
    /// The page of a search. Never cached.
    pub async fn search(&self, locale: &Locale, q: &str, page: usize) -> Result<SearchPage> {
        let page = page.clamp(1, SEARCH_OFFSET_MAX / PAGE_SIZE);
        let query = self.query(locale, q, (page - 1) * PAGE_SIZE, PAGE_SIZE);
        let shown = query.q.clone();
        let mut query = query;
        query.facets = true;
        query.sections = SECTIONS;
        let (answer, _) = ask(&self.app, &self.portal, query).await?;
        let others = other_locales(&self.portal, locale);
        let mut elsewhere = Vec::new();
        if answer.total < LITTLE && page == 1 && !others.is_empty() {
            let mut query = self.query(locale, q, 0, ELSEWHERE_MAX);
            query.locales = others;
            let (answer, _) = ask(&self.app, &self.portal, query).await?;
            elsewhere = answer.hits;
        }
        let tree = self.app.tree(self.portal.id).await?;
        let counts = named(answer.facets, &tree);
        let reachable = answer.total.min(SEARCH_OFFSET_MAX as u64);
        let hits = answer.hits.into_iter().map(|hit| self.hit(hit)).collect();
        Ok(SearchPage {
            corrected: answer.corrected,
            categories: narrowing(&shown, counts),
            elsewhere: elsewhere.into_iter().map(|hit| self.hit(hit)).collect(),
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
    ) -> Vec<ArticleLink> {
        let query = self.query(locale, words, 0, max);
        let Ok((answer, _)) = ask(&self.app, &self.portal, query).await else {
            return Vec::new();
        };
        self.links_of(locale, &answer.hits)
    }

    /// Articles that say what this one says, in its language. As above, none when search is busy.
    pub(crate) async fn related(&self, article: &Article, limit: usize) -> Vec<ArticleLink> {
        let request = RelatedRequest {
            portal: self.portal.id,
            face: Face::Public,
            locale: article.locale.clone(),
            article: article.id,
            limit,
        };
        let index = Arc::clone(&self.app.index);
        let found = self.app.searches.run(move || index.related(&request));
        let Ok(Ok(hits)) = found.await else {
            return Vec::new();
        };
        self.links_of(&article.locale, &hits)
    }

    fn links_of(&self, locale: &Locale, hits: &[Hit]) -> Vec<ArticleLink> {
        hits.iter().map(|hit| self.link_of(locale, hit)).collect()
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
            facets: false,
            sections: 0,
            explain: false,
        }
    }

    fn hit(&self, hit: Hit) -> SearchHit {
        let link = self.link_of(&hit.locale, &hit);
        let sections = hit.section.into_iter().chain(hit.sections);
        SearchHit {
            link,
            snippet_html: hit.snippet.html,
            sections: sections
                .filter_map(|s| Some((s.heading?, s.anchor?)))
                .take(SECTIONS + 1)
                .collect(),
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

/// The categories to which a search may be narrowed: those that part its hits, by the words that name
/// them; none when a category was named already.
fn narrowing(q: &str, counts: FacetCounts) -> Vec<(String, String, u64)> {
    if take_filters(q).category.is_some() {
        return Vec::new();
    }
    let categories = counts.categories.into_iter();
    let named = categories.map(|(category, count)| {
        let words = format!("{q} category:{}", category.slug);
        (category.name, words, count)
    });
    named.take(CATEGORIES_MAX).collect()
}
