//! What was published last, for those who follow a portal or a category.

use cairn_domain::locale::Locale;
use cairn_domain::slug::lookup_form;
use jiff::Timestamp;

use crate::Result;
use crate::categories::with_children;
use crate::help_center::listing::{category_link, link};
use crate::help_center::{ArticleLink, CategoryLink, HelpCenter, Page};

/// Articles in a feed.
const ENTRIES_MAX: i64 = 50;

/// A feed: articles of one locale, the one published last first.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// The category, when it is the feed of one; what is below it is counted in.
    pub category: Option<CategoryLink>,
    /// The articles.
    pub entries: Vec<ArticleLink>,
    /// When the newest of them was published; when the portal was made while there is none.
    pub updated_at: Timestamp,
}

impl HelpCenter {
    /// The feed of the portal, or of the category with this slug; `None` when there is no such category
    /// with articles for readers.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn feed(
        &self,
        locale: &Locale,
        category: Option<&str>,
    ) -> Result<Option<Page<FeedPage>>> {
        let store = &self.app.store;
        let (read_at, _) = cairn_store::outbox::head(store, self.portal.id).await?;
        let tree = self.app.tree(self.portal.id).await?;
        let of = match category {
            None => None,
            Some(slug) => {
                let form = lookup_form(slug);
                let found = tree.iter().find(|c| c.slug.as_str() == form);
                let Some(found) = found.filter(|_| form == slug) else {
                    return Ok(None);
                };
                Some(found)
            }
        };
        let below = of.map(|c| with_children(&tree, c.id));
        let items = cairn_store::help_center::recently_updated(
            store,
            self.portal.id,
            locale,
            below.as_deref(),
            ENTRIES_MAX,
        )
        .await?;
        if items.is_empty() && of.is_some() {
            return Ok(None);
        }
        let newest = items.iter().map(|i| i.updated_at).max();
        Ok(Some(Page {
            content: FeedPage {
                category: of.map(|c| category_link(&self.base, locale, c, 0)),
                entries: items
                    .into_iter()
                    .map(|item| link(&self.base, locale, item, &tree))
                    .collect(),
                updated_at: newest.unwrap_or(self.portal.created_at),
            },
            depends_on: self.everything(),
            read_at,
        }))
    }
}
