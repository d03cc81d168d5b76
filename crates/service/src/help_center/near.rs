//! What is near: suggestions while a reader types, related articles, the nearest titles of a miss.

use std::sync::Arc;

use cairn_domain::article::Article;
use cairn_domain::limits::QUERY_BYTES_MAX;
use cairn_domain::locale::Locale;
use cairn_search::{Face, RelatedRequest, SuggestRequest};

use crate::Result;
use crate::help_center::{ArticleLink, HelpCenter};
use crate::search::ask;

/// Suggestions under a search field: what fits without scrolling on a phone with its keyboard open.
const SUGGESTIONS: usize = 6;

impl HelpCenter {
    /// The articles whose titles say what a reader has typed so far, best first.
    ///
    /// # Errors
    /// `overloaded`.
    pub async fn suggest(&self, locale: &Locale, q: &str) -> Result<Vec<ArticleLink>> {
        let mut rules = self.app.search_rules(self.portal.id).await?;
        let request = SuggestRequest {
            portal: self.portal.id,
            face: Face::Public,
            rules: rules.remove(locale),
            locale: locale.clone(),
            text: q[..q.floor_char_boundary(QUERY_BYTES_MAX)].to_owned(),
            limit: SUGGESTIONS,
        };
        let index = Arc::clone(&self.app.index);
        let found = self.app.searches.run(move || index.suggest(&request));
        Ok(self.links_of(locale, &found.await??))
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
}
