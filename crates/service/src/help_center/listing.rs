//! The pages that list: home and category.

use std::collections::HashMap;

use cairn_domain::category::Category;
use cairn_domain::ids::CategoryId;
use cairn_domain::locale::Locale;
use cairn_domain::slug::lookup_form;
use cairn_store::articles::Face;
use cairn_store::help_center::PublicListItem;

use crate::app::Dependency;
use crate::categories::{preorder, with_children};
use crate::help_center::{ArticleLink, CategoryLink, CategoryPage, HelpCenter, HomePage, Page};
use crate::{Result, address};

/// Articles named under a category on the first page.
const TOP_ARTICLES_MAX: usize = 3;
/// Articles named under each topic below the one whose page it is.
const GROUP_ARTICLES_MAX: usize = 5;
/// Articles that changed recently on the first page.
const RECENT_MAX: i64 = 6;
/// Articles outside the tree on the first page.
const UNCATEGORISED_MAX: usize = 50;
/// Articles read to fill the first page, and the topics below another.
const HOME_READ_MAX: i64 = 2_000;
/// Articles on one page of a category.
pub(crate) const CATEGORY_PAGE_SIZE: usize = 100;
/// Articles of one category that have pages.
const CATEGORY_READ_MAX: i64 = 10_000;

impl HelpCenter {
    /// The first page.
    pub async fn home(&self, locale: &Locale) -> Result<Page<HomePage>> {
        let store = &self.app.store;
        let (head, _) = cairn_store::outbox::head(store, self.portal.id).await?;
        let tree = self.app.tree(self.portal.id).await?;
        let counts = self.counts(locale).await?;
        let standing_out = self.standing_out(locale, &tree).await?;
        let nodes = preorder(&tree, None, &counts);
        let items =
            cairn_store::help_center::listing(store, self.portal.id, locale, None, HOME_READ_MAX)
                .await?;
        let recent = cairn_store::help_center::recently_updated(
            store,
            self.portal.id,
            locale,
            None,
            RECENT_MAX,
        )
        .await?;
        let mut categories = Vec::new();
        for node in nodes
            .iter()
            .filter(|n| n.depth == 0 && n.article_count_with_children > 0)
        {
            let below = with_children(&tree, node.category.id);
            let mut category = category_link(
                &self.base,
                locale,
                &node.category,
                node.article_count_with_children,
            );
            let inside = items
                .iter()
                .filter(|i| i.category.is_some_and(|c| below.contains(&c)));
            category.articles = inside
                .take(TOP_ARTICLES_MAX)
                .map(|i| link(&self.base, locale, i.clone(), &tree))
                .collect();
            categories.push(category);
        }
        let uncategorised: Vec<_> = items
            .iter()
            .filter(|i| i.category.is_none())
            .take(UNCATEGORISED_MAX)
            .map(|i| link(&self.base, locale, i.clone(), &tree))
            .collect();
        let content = HomePage {
            categories,
            recent: recent
                .into_iter()
                .map(|i| link(&self.base, locale, i, &tree))
                .collect(),
            read_most: standing_out.read_most,
            often_asked: standing_out.often_asked,
            uncategorised,
            article_count: counts.values().sum(),
        };
        // Any change of an article may change a count or a list here.
        let mut depends_on = vec![
            Dependency::Portal(self.portal.id),
            Dependency::Uncategorised(self.portal.id),
            Dependency::Popular(self.portal.id),
        ];
        depends_on.extend(tree.iter().map(|c| Dependency::Category(c.id)));
        let read_most = content.read_most.iter().map(|read| &read.link);
        let in_topics = content.categories.iter().flat_map(|c| &c.articles);
        let shown = in_topics
            .chain(&content.recent)
            .chain(&content.uncategorised)
            .chain(read_most);
        depends_on.extend(shown.map(|a| Dependency::Article(a.id)));
        Ok(Page {
            content,
            depends_on,
            read_at: standing_out.indexed.map_or(head, |pos| pos.min(head)),
        })
    }

    /// The page of a category; `None` when there is none with articles for readers.
    pub async fn category(
        &self,
        locale: &Locale,
        slug: &str,
        page: usize,
    ) -> Result<Option<Page<CategoryPage>>> {
        let store = &self.app.store;
        let (read_at, _) = cairn_store::outbox::head(store, self.portal.id).await?;
        let tree = self.app.tree(self.portal.id).await?;
        let form = lookup_form(slug);
        let Some(category) = tree.iter().find(|c| c.slug.as_str() == form) else {
            return Ok(None);
        };
        let counts = self.counts(locale).await?;
        let nodes = preorder(&tree, None, &counts);
        let count = |id: CategoryId| {
            nodes
                .iter()
                .find(|n| n.category.id == id)
                .map_or(0, |n| n.article_count_with_children)
        };
        if count(category.id) == 0 {
            return Ok(None);
        }
        let items = cairn_store::help_center::listing(
            store,
            self.portal.id,
            locale,
            Some(&[category.id]),
            CATEGORY_READ_MAX,
        )
        .await?;
        let pages = items.len().div_ceil(CATEGORY_PAGE_SIZE).max(1);
        if page == 0 || page > pages {
            return Ok(None);
        }
        let links = |parent: Option<CategoryId>| -> Vec<CategoryLink> {
            nodes
                .iter()
                .filter(|n| n.category.parent == parent && n.article_count_with_children > 0)
                .map(|n| {
                    category_link(
                        &self.base,
                        locale,
                        &n.category,
                        n.article_count_with_children,
                    )
                })
                .collect()
        };
        // An article that leaves the tree may be the last one of another locale.
        let mut depends_on = vec![
            Dependency::Portal(self.portal.id),
            Dependency::Uncategorised(self.portal.id),
        ];
        depends_on.extend(tree.iter().map(|c| Dependency::Category(c.id)));
        // Who is in the category is the category's affair; only what is shown is named one by one.
        let articles: Vec<_> = items
            .into_iter()
            .skip((page - 1) * CATEGORY_PAGE_SIZE)
            .take(CATEGORY_PAGE_SIZE)
            .map(|i| link(&self.base, locale, i, &tree))
            .collect();
        depends_on.extend(articles.iter().map(|a| Dependency::Article(a.id)));
        let below = with_children(&tree, category.id);
        let mut children = links(Some(category.id));
        if !children.is_empty() {
            let inside: Vec<_> = below
                .iter()
                .copied()
                .filter(|c| *c != category.id)
                .collect();
            let items = cairn_store::help_center::listing(
                store,
                self.portal.id,
                locale,
                Some(&inside),
                HOME_READ_MAX,
            )
            .await?;
            for child in &mut children {
                let inside = with_children(&tree, child.id);
                let items = items
                    .iter()
                    .filter(|i| i.category.is_some_and(|c| inside.contains(&c)));
                child.articles = items
                    .take(GROUP_ARTICLES_MAX)
                    .map(|i| link(&self.base, locale, i.clone(), &tree))
                    .collect();
                depends_on.extend(child.articles.iter().map(|a| Dependency::Article(a.id)));
            }
        }
        let there =
            cairn_store::help_center::category_locales(store, self.portal.id, &below).await?;
        let locales = self.portal.locales.iter().filter(|l| there.contains(l));
        let translations = locales
            .map(|l| {
                (
                    l.clone(),
                    address::category(&self.base, l, category.slug.as_str()),
                )
            })
            .collect();
        let content = CategoryPage {
            translations,
            category: category_link(&self.base, locale, category, count(category.id)),
            crumbs: self.crumbs(locale, category.id, &tree),
            children,
            articles,
            topics: links(None),
            page,
            pages,
        };
        Ok(Some(Page {
            content,
            depends_on,
            read_at,
        }))
    }

    /// The top topics in which something is published, in the order of the tree; no articles are named.
    pub async fn topics(&self, locale: &Locale) -> Result<Vec<CategoryLink>> {
        let tree = self.app.tree(self.portal.id).await?;
        let counts = self.counts(locale).await?;
        let nodes = preorder(&tree, None, &counts).into_iter();
        Ok(nodes
            .filter(|n| n.depth == 0 && n.article_count_with_children > 0)
            .map(|n| {
                let count = n.article_count_with_children;
                category_link(&self.base, locale, &n.category, count)
            })
            .collect())
    }

    async fn counts(&self, locale: &Locale) -> Result<HashMap<Option<CategoryId>, i64>> {
        let counts = cairn_store::categories::counts(
            &self.app.store,
            self.portal.id,
            Face::Public,
            Some(locale),
        )
        .await?;
        Ok(counts.into_iter().collect())
    }
}

/// An article of a list.
pub(crate) fn link(
    base: &str,
    locale: &Locale,
    item: PublicListItem,
    tree: &[Category],
) -> ArticleLink {
    let category = item
        .category
        .and_then(|id| tree.iter().find(|c| c.id == id));
    ArticleLink {
        id: item.id,
        path: address::article(base, locale, item.slug.as_str()),
        title: item.title,
        excerpt: item.excerpt,
        category: category.map(|c| c.name.clone()).unwrap_or_default(),
        updated_at: item.updated_at,
    }
}

/// A category of a list, its articles still to be named.
pub(crate) fn category_link(
    base: &str,
    locale: &Locale,
    category: &Category,
    article_count: i64,
) -> CategoryLink {
    CategoryLink {
        id: category.id,
        name: category.name.clone(),
        path: address::category(base, locale, category.slug.as_str()),
        description: category.description.clone(),
        article_count,
        articles: Vec::new(),
    }
}
