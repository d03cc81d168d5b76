//! A portal for programs that read: the list of its articles, and the text of all of them page by page.

use std::collections::HashMap;

use cairn_domain::ids::CategoryId;
use cairn_domain::locale::Locale;
use jiff::Timestamp;

use crate::categories::preorder;
use crate::help_center::listing::link;
use crate::help_center::{ArticleLink, HelpCenter, Page};
use crate::{Result, address};

/// Most articles in the list; of more, those made first.
const LINKS_MAX: i64 = 10_000;
/// Bytes of bodies after which a page of texts ends; one article always goes.
const TEXT_PAGE_BYTES: i64 = 512 * 1024;

/// The articles of one locale by category.
#[derive(Debug, Clone)]
pub struct TextList {
    /// Names from the top down to the category, and the articles in it, in the order of the tree.
    pub sections: Vec<(Vec<String>, Vec<ArticleLink>)>,
    /// Articles outside the tree.
    pub uncategorised: Vec<ArticleLink>,
    /// Whether there are more than are listed.
    pub is_cut: bool,
}

/// An article with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullText {
    /// Its number: the order of the texts.
    pub number: i64,
    /// Title.
    pub title: String,
    /// Canonical address.
    pub url: String,
    /// When it was last published.
    pub updated_at: Timestamp,
    /// Markdown, to the byte.
    pub body: String,
}

impl HelpCenter {
    /// Nothing yet, and how it is kept right: for what is made of several reads that begin now.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn begun(&self) -> Result<Page<()>> {
        let (read_at, _) = cairn_store::outbox::head(&self.app.store, self.portal.id).await?;
        Ok(Page {
            content: (),
            depends_on: self.everything(),
            read_at,
        })
    }

    /// The articles of a locale by category.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn text_list(&self, locale: &Locale) -> Result<Page<TextList>> {
        let begun = self.begun().await?;
        let tree = self.app.tree(self.portal.id).await?;
        let items = cairn_store::help_center::listing(
            &self.app.store,
            self.portal.id,
            locale,
            None,
            LINKS_MAX + 1,
        )
        .await?;
        let is_cut = i64::try_from(items.len()).unwrap_or(i64::MAX) > LINKS_MAX;
        let shown = usize::try_from(LINKS_MAX).unwrap_or(usize::MAX);
        let mut of: HashMap<Option<CategoryId>, Vec<ArticleLink>> = HashMap::new();
        for item in items.into_iter().take(shown) {
            let category = item.category.filter(|id| tree.iter().any(|c| c.id == *id));
            let link = link(&self.base, locale, item, &tree);
            of.entry(category).or_default().push(link);
        }
        let nodes = preorder(&tree, None, &HashMap::new());
        let sections = nodes.iter().filter_map(|node| {
            let articles = of.remove(&Some(node.category.id))?;
            let crumbs = self.crumbs(locale, node.category.id, &tree);
            Some((crumbs.into_iter().map(|c| c.name).collect(), articles))
        });
        let sections = sections.collect();
        Ok(Page {
            content: TextList {
                sections,
                uncategorised: of.remove(&None).unwrap_or_default(),
                is_cut,
            },
            depends_on: begun.depends_on,
            read_at: begun.read_at,
        })
    }

    /// Articles of a locale with their texts, above a number; none at the end.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn texts(&self, locale: &Locale, after: i64) -> Result<Vec<FullText>> {
        let root = self.root();
        let found = cairn_store::published::bodies(
            &self.app.store,
            self.portal.id,
            locale,
            after,
            TEXT_PAGE_BYTES,
        )
        .await?;
        let texts = found.into_iter().map(|article| FullText {
            number: article.number,
            url: format!(
                "{root}{}",
                address::article("", locale, article.slug.as_str())
            ),
            title: article.title,
            updated_at: article.updated_at,
            body: article.body,
        });
        Ok(texts.collect())
    }
}
