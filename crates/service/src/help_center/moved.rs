//! Where an address that is no page leads: the redirects of the portal, as readers may follow them.
//!
//! One look into an index answers whether there is any. Only where a redirect leads to a path of the
//! portal that is no article are further ones looked for, so that a reader takes one hop in all.

use std::collections::HashSet;

use cairn_domain::ids::CategoryId;
use cairn_domain::limits::REDIRECT_HOPS_MAX;
use cairn_domain::locale::Locale;
use cairn_domain::old_address::{AskedAddress, OldAddress};
use cairn_domain::portal::Portal;
use cairn_domain::redirect::TargetUrl;
use cairn_domain::slug::lookup_form;
use cairn_store::redirects::PublicTarget;

use crate::categories::with_children;
use crate::help_center::HelpCenter;
use crate::help_center::fallback::chain;
use crate::{Result, address};

impl HelpCenter {
    /// Where an address of the portal that is no page leads: a path from the root of the host, or an
    /// address of another one. What leads to something readers may not see leads nowhere, and so does
    /// what would lead back to where it came from.
    ///
    /// `path` begins with a slash, stands below the portal's own base, and is as the reader wrote it.
    pub async fn moved(&self, path: &str, query: Option<&str>) -> Result<Option<String>> {
        let Some(first) = AskedAddress::of(path, query) else {
            return Ok(None);
        };
        let mut seen: HashSet<String> = HashSet::new();
        seen.extend(OldAddress::parse("path", &joined(path, query)).map(|o| o.to_url()));
        let mut asked = first.clone();
        let mut last: Option<TargetUrl> = None;
        for _ in 0..REDIRECT_HOPS_MAX {
            let url = match self.leads_to(&asked, &first).await? {
                Leads::Somewhere(to) => return Ok(Some(to)),
                Leads::ToPath(url) => url,
                Leads::Nowhere => return Ok(last.map(|url| self.rooted(&url))),
            };
            if let Some(to) = self.article_at(&url).await? {
                return Ok(Some(to));
            }
            let path = url.as_str().split('#').next().unwrap_or_default();
            if !seen.insert(path.to_owned()) {
                return Ok(None);
            }
            let (path, query) = match path.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (path, None),
            };
            let Some(next) = AskedAddress::of(path, query) else {
                return Ok(Some(self.rooted(&url)));
            };
            asked = next;
            last = Some(url);
        }
        // Longer ways exist only where spellings meet in a circle.
        Ok(None)
    }

    async fn leads_to(&self, asked: &AskedAddress, first: &AskedAddress) -> Result<Leads> {
        let store = &self.app.store;
        let mut found: Vec<_> = cairn_store::redirects::find(store, self.portal.id, asked)
            .await?
            .into_iter()
            .filter_map(|redirect| Some((asked.rank(&redirect.old)?, redirect.target)))
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        for (_, target) in found {
            match target {
                PublicTarget::Article(locale, slug) => {
                    let to = address::article(&self.base, &locale, slug.as_str());
                    return Ok(Leads::Somewhere(to));
                }
                PublicTarget::Category(id) => {
                    if let Some(to) = self.category_for(id, first).await? {
                        return Ok(Leads::Somewhere(to));
                    }
                }
                PublicTarget::Url(url) if url.is_path() => return Ok(Leads::ToPath(url)),
                PublicTarget::Url(url) => return Ok(Leads::Somewhere(url.as_str().to_owned())),
            }
        }
        Ok(Leads::Nowhere)
    }

    /// The page of a category in the language of the old address, or the nearest that has one.
    async fn category_for(&self, id: CategoryId, first: &AskedAddress) -> Result<Option<String>> {
        let tree = self.app.tree(self.portal.id).await?;
        let Some(category) = tree.iter().find(|c| c.id == id) else {
            return Ok(None);
        };
        let below = with_children(&tree, id);
        let there =
            cairn_store::help_center::category_locales(&self.app.store, self.portal.id, &below)
                .await?;
        let wanted = self.locale_in(first.path());
        let nearest = chain(&self.portal, &wanted)
            .into_iter()
            .find(|l| there.contains(l));
        Ok(nearest.map(|locale| address::category(&self.base, &locale, category.slug.as_str())))
    }

    /// The locale that an old path names, as `/hc/en-us/…` and `/de/…` do; else the default.
    fn locale_in(&self, path: &str) -> Locale {
        let locales = &self.portal.locales;
        path.split('/')
            .filter_map(|segment| Locale::parse("locale", segment).ok())
            .find(|l| {
                locales
                    .iter()
                    .any(|own| own == l || own.as_str() == l.language())
            })
            .unwrap_or_else(|| self.portal.default_locale().clone())
    }

    /// Where the article stands now that stands, or once stood, at a path.
    async fn article_at(&self, url: &TargetUrl) -> Result<Option<String>> {
        let Some((locale, "articles", slug)) = address_of(&self.portal, url.as_str()) else {
            return Ok(None);
        };
        let store = &self.app.store;
        let found =
            cairn_store::help_center::elsewhere(store, self.portal.id, &[locale], &slug).await?;
        let part = url.as_str().split_once('#').map(|(_, part)| part);
        Ok(found.first().map(|article| {
            let mut to = address::article(&self.base, &article.locale, article.slug.as_str());
            if let Some(part) = part {
                to.push('#');
                to.push_str(part);
            }
            to
        }))
    }

    fn rooted(&self, url: &TargetUrl) -> String {
        format!("{}{}", self.base, url.as_str())
    }
}

/// What the redirects of one address say.
enum Leads {
    /// There is none for readers.
    Nowhere,
    /// The end of the way.
    Somewhere(String),
    /// A path of the portal, which may itself be redirected.
    ToPath(TargetUrl),
}

fn joined(path: &str, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The article or category that a path below a portal's base is the page of: locale, `articles` or
/// `categories`, slug. Whether anything stands there is another question.
pub(crate) fn address_of(portal: &Portal, path: &str) -> Option<(Locale, &'static str, String)> {
    let old = OldAddress::parse("path", path).ok()?;
    let mut segments = old.path().split('/').skip(1);
    let (locale, kind, slug) = (segments.next()?, segments.next()?, segments.next()?);
    if segments.next().is_some() {
        return None;
    }
    let kind = ["articles", "categories"]
        .into_iter()
        .find(|k| *k == kind)?;
    let locale = Locale::parse("locale", locale).ok()?;
    let slug = lookup_form(slug.strip_suffix(".md").unwrap_or(slug));
    portal
        .locales
        .contains(&locale)
        .then_some((locale, kind, slug))
}
