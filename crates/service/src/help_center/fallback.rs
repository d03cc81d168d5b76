//! Readers whose language an article is not written in: the nearest one it is written in, and what a
//! translation says when its original moved on.

use cairn_domain::article::Article;
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::slug::lookup_form;

use crate::app::Dependency;
use crate::help_center::{ArticlePage, HelpCenter, Page};
use crate::{Result, address};

/// What a slug of another locale leads to.
#[derive(Debug, Clone)]
pub enum FallbackLookup {
    /// The article in another locale, shown at the address that was asked for.
    Found(Box<Page<ArticlePage>>),
    /// It is written in the reader's locale, or the slug has another spelling: go to this path.
    Moved(String),
    /// No locale has it.
    Missing,
}

/// The original of a translation, which has moved on since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Its locale.
    pub locale: Locale,
    /// Its path, from the root of the host.
    pub path: String,
}

impl HelpCenter {
    /// What a slug that no article of this locale has leads to along the other locales: the translation
    /// into this one, else the article in the nearest of the others.
    pub async fn fallback(&self, reader: &Locale, slug: &str) -> Result<FallbackLookup> {
        let store = &self.app.store;
        let form = lookup_form(slug);
        let chain = chain(&self.portal, reader);
        let found =
            cairn_store::help_center::elsewhere(store, self.portal.id, &chain, &form).await?;
        let distance = |locale: &Locale| chain.iter().position(|l| l == locale);
        // Stable: of one locale, who stands at the slug now comes before who once did.
        let nearest = found
            .into_iter()
            .min_by_key(|e| distance(&e.locale).unwrap_or(usize::MAX));
        let Some(nearest) = nearest else {
            return Ok(FallbackLookup::Missing);
        };
        let translations =
            cairn_store::help_center::translations(store, self.portal.id, nearest.group).await?;
        let moved = |slug: &str| {
            Ok(FallbackLookup::Moved(address::article(
                &self.base, reader, slug,
            )))
        };
        if let Some((_, _, slug)) = translations.iter().find(|(_, l, _)| l == reader) {
            return moved(slug.as_str());
        }
        if nearest.slug.as_str() != slug {
            return moved(nearest.slug.as_str());
        }
        let best = translations
            .iter()
            .filter_map(|(_, locale, slug)| Some((distance(locale)?, locale, slug)))
            .min_by_key(|(distance, _, _)| *distance);
        let Some((_, locale, slug)) = best else {
            return Ok(FallbackLookup::Missing);
        };
        let article =
            cairn_store::help_center::article(store, self.portal.id, locale, slug.as_str()).await?;
        // Taken from readers in this very moment.
        let Some(article) = article else {
            return Ok(FallbackLookup::Missing);
        };
        let mut page = self.page(reader, article).await?;
        page.content.shown_at = address::article(&self.base, reader, nearest.slug.as_str());
        page.depends_on.push(Dependency::Article(nearest.id));
        // An article that comes may take the slug in the reader's locale: any of them may be the one.
        page.depends_on.push(Dependency::Articles(self.portal.id));
        // A redirect goes before it.
        page.depends_on.push(Dependency::Links(self.portal.id));
        Ok(FallbackLookup::Found(Box::new(page)))
    }

    /// The original of a translation, when readers may see it and it has moved on.
    pub(super) async fn behind(&self, article: &Article) -> Result<Option<Behind>> {
        let Some(from) = article.translated_from else {
            return Ok(None);
        };
        let source =
            cairn_store::help_center::source(&self.app.store, self.portal.id, from.article).await?;
        Ok(source
            .filter(|source| from.revision < source.revision)
            .map(|source| Behind {
                path: address::article(&self.base, &source.locale, source.slug.as_str()),
                locale: source.locale,
            }))
    }
}

/// The portal's locales from the nearest to a wanted one to the farthest: itself, its language, the
/// default, the others in the portal's order.
pub(super) fn chain(portal: &Portal, wanted: &Locale) -> Vec<Locale> {
    let of_language = portal
        .locales
        .iter()
        .find(|l| l.as_str() == wanted.language());
    let own = portal.locales.iter().find(|l| *l == wanted);
    let mut chain: Vec<Locale> = Vec::with_capacity(portal.locales.len());
    for locale in own.into_iter().chain(of_language).chain(&portal.locales) {
        if !chain.contains(locale) {
            chain.push(locale.clone());
        }
    }
    chain
}
