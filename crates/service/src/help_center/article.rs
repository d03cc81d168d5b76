//! The page of an article.

use cairn_domain::article::Article;
use cairn_domain::category::{Category, path_to_root};
use cairn_domain::ids::CategoryId;
use cairn_domain::locale::Locale;
use cairn_domain::revision::Staged;
use cairn_domain::slug::lookup_form;
use cairn_markdown::{RENDERER_VERSION, SafeHtml, StoredHtml};
use cairn_store::help_center::PublicArticle;

use crate::app::Dependency;
use crate::articles::write::{self, Outline};
use crate::help_center::listing::{category_link, link};
use crate::help_center::questions::questions;
use crate::help_center::{ArticleLink, ArticleLookup, ArticlePage, HelpCenter, Page};
use crate::{Result, address};

/// Neighbours that stand beside an article; of a larger category those around it.
const SIBLINGS_MAX: usize = 24;
/// Articles of a category that are looked at to find the neighbours.
const SIBLINGS_READ_MAX: i64 = 2_000;
/// Related articles below an article.
const RELATED_MAX: usize = 3;
/// Nearest titles on a page that is not there.
const NEAREST_MAX: usize = 3;
/// Longest excerpt that is made from a body, in characters.
const EXCERPT_CHARS_MAX: usize = 200;

impl HelpCenter {
    /// What a slug leads to; a miss is as cheap as a hit.
    pub async fn article(&self, locale: &Locale, slug: &str) -> Result<ArticleLookup> {
        let store = &self.app.store;
        let form = lookup_form(slug);
        if let Some(found) =
            cairn_store::help_center::article(store, self.portal.id, locale, &form).await?
        {
            if form != slug {
                return Ok(ArticleLookup::Moved(address::article(
                    &self.base, locale, &form,
                )));
            }
            return Ok(ArticleLookup::Found(Box::new(
                self.page(locale, found).await?,
            )));
        }
        if let Some(to) =
            cairn_store::help_center::redirect_of(store, self.portal.id, locale, &form).await?
        {
            return Ok(ArticleLookup::Moved(address::article(
                &self.base,
                &to.locale,
                to.slug.as_str(),
            )));
        }
        Ok(ArticleLookup::Missing)
    }

    /// Articles whose titles come closest to a slug that leads nowhere.
    pub async fn nearest_to(&self, locale: &Locale, slug: &str) -> Vec<ArticleLink> {
        let words = lookup_form(slug).replace('-', " ");
        self.nearest(locale, &words, NEAREST_MAX).await
    }

    /// The page of an article for readers of `reader`, who may be shown one of another locale.
    pub(super) async fn page(
        &self,
        reader: &Locale,
        found: PublicArticle,
    ) -> Result<Page<ArticlePage>> {
        // What is related comes from the index, which may lag behind the rows: the page is as old as
        // the older of the two, so that a title taken from readers meanwhile is not kept.
        let indexed = self.app.followed(self.portal.id).map_or(0, |f| f.pos);
        let read_at = found.feed_pos.min(indexed);
        let PublicArticle {
            article,
            staged,
            html,
            outline,
            ..
        } = found;
        let (html, outline) = shown(&staged, html, outline).await?;
        let (targets, linked) = self.targets(&article).await?;
        let html = html.with_targets(&targets);
        let tree = self.app.tree(self.portal.id).await?;
        let mut siblings = self.siblings(reader, &article, &tree).await?;
        // What stands around a text of another language is in the reader's, as far as there is any.
        let mut locale = reader;
        if siblings.is_empty() && article.locale != *reader {
            locale = &article.locale;
            siblings = self.siblings(locale, &article, &tree).await?;
        }
        let at = siblings.iter().position(|s| s.id == article.id);
        let previous = at
            .and_then(|at| at.checked_sub(1))
            .and_then(|at| siblings.get(at))
            .cloned();
        let next = at.and_then(|at| siblings.get(at + 1)).cloned();
        let related = if *locale == article.locale {
            self.related(&article, RELATED_MAX).await
        } else {
            self.nearest(locale, &staged.title, RELATED_MAX).await
        };
        let translations = cairn_store::help_center::translations(
            &self.app.store,
            self.portal.id,
            article.translation_group,
        )
        .await?;
        let behind = self.behind(&article).await?;
        let crumbs: Vec<_> = article
            .category
            .map(|id| self.crumbs(locale, id, &tree))
            .unwrap_or_default();

        let mut depends_on = vec![
            Dependency::Portal(self.portal.id),
            Dependency::Article(article.id),
            Dependency::Translations(article.translation_group),
        ];
        depends_on.extend(translations.iter().map(|t| Dependency::Article(t.0)));
        depends_on.extend(
            article
                .translated_from
                .map(|t| Dependency::Article(t.article)),
        );
        depends_on.extend(crumbs.iter().map(|c| Dependency::Category(c.id)));
        if article.category.is_none() {
            depends_on.push(Dependency::Uncategorised(self.portal.id));
        }
        depends_on.extend(linked);
        let siblings = window(siblings, at);
        let beside = siblings.iter().chain(&related);
        depends_on.extend(beside.map(|a| Dependency::Article(a.id)));

        let path = address::article(&self.base, &article.locale, article.slug.as_str());
        let excerpt = if staged.excerpt.is_empty() {
            cairn_markdown::excerpt(&staged.body, EXCERPT_CHARS_MAX).unwrap_or_default()
        } else {
            staged.excerpt
        };
        let word_count = outline.word_count;
        let headings = outline.headings();
        let questions = questions(&staged.body, &headings);
        let content = ArticlePage {
            id: article.id,
            number: article.number,
            title: staged.title,
            excerpt,
            html,
            body: staged.body,
            word_count,
            headings,
            author: staged.author,
            tags: staged.tags,
            revision: article.published_revision.unwrap_or(article.head_revision),
            updated_at: article.published_at.unwrap_or(article.updated_at),
            url: self.absolute(&path),
            questions,
            shown_at: path.clone(),
            path,
            locale: article.locale,
            behind,
            crumbs,
            siblings,
            previous,
            next,
            related,
            translations: translations
                .into_iter()
                .map(|(_, locale, slug)| {
                    let path = address::article(&self.base, &locale, slug.as_str());
                    (locale, path)
                })
                .collect(),
        };
        Ok(Page {
            content,
            depends_on,
            read_at,
        })
    }

    async fn siblings(
        &self,
        locale: &Locale,
        article: &Article,
        tree: &[Category],
    ) -> Result<Vec<ArticleLink>> {
        let Some(category) = article.category else {
            return Ok(Vec::new());
        };
        let items = cairn_store::help_center::listing(
            &self.app.store,
            self.portal.id,
            locale,
            Some(&[category]),
            SIBLINGS_READ_MAX,
        )
        .await?;
        Ok(items
            .into_iter()
            .map(|item| link(&self.base, locale, item, tree))
            .collect())
    }

    /// Categories from the top down to this one.
    pub(crate) fn crumbs(
        &self,
        locale: &Locale,
        id: CategoryId,
        tree: &[Category],
    ) -> Vec<crate::help_center::CategoryLink> {
        let mut path = path_to_root(tree, id);
        path.reverse();
        path.iter()
            .filter_map(|id| tree.iter().find(|c| c.id == *id))
            .map(|c| category_link(&self.base, locale, c, 0))
            .collect()
    }
}

/// The stored HTML while the renderer is the one that made it; else the text is rendered again.
async fn shown(
    staged: &Staged,
    html: Option<(String, i32)>,
    outline: Option<String>,
) -> Result<(SafeHtml, Outline)> {
    if let (Some((html, rendered_with)), Some(outline)) = (html, outline)
        && u32::try_from(rendered_with) == Ok(RENDERER_VERSION)
        && let Ok(html) = (StoredHtml {
            html,
            rendered_with: RENDERER_VERSION,
        })
        .trade()
        && let Ok(outline) = serde_json::from_str(&outline)
    {
        return Ok((html, outline));
    }
    let rendered = write::render(staged).await?;
    let outline = Outline::of(&rendered);
    Ok((rendered.html, outline))
}

/// The neighbours around the article.
fn window(siblings: Vec<ArticleLink>, at: Option<usize>) -> Vec<ArticleLink> {
    if siblings.len() <= SIBLINGS_MAX {
        return siblings;
    }
    let start = at
        .unwrap_or(0)
        .saturating_sub(SIBLINGS_MAX / 2)
        .min(siblings.len() - SIBLINGS_MAX);
    siblings
        .into_iter()
        .skip(start)
        .take(SIBLINGS_MAX)
        .collect()
}
