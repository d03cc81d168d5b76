//! Where redirects lead, as callers name it, and what of the portal that is.

use std::collections::{HashMap, HashSet};

use cairn_domain::category::Category;
use cairn_domain::field_error::FieldError;
use cairn_domain::ids::{ArticleId, CategoryId};
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::redirect::{RedirectTarget, TargetUrl};
use cairn_domain::slug::lookup_form;
use cairn_store::Tx;

use crate::articles::ArticleRef;
use crate::help_center::address_of;
use crate::{Context, Result};

/// A target as a caller names it; the field stays with it, for what is only found out later.
pub(super) struct Named {
    field: String,
    what: What,
}

enum What {
    Article(ArticleRef),
    Source(Locale, String),
    Category(String),
    Url(TargetUrl),
}

impl Named {
    pub(super) fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let what = if let Some(named) = text.strip_prefix("article:") {
            article(field, named)?
        } else if let Some(named) = text.strip_prefix("category:") {
            if named.trim().is_empty() || named.contains('\0') {
                return Err(FieldError::new(
                    field,
                    "required",
                    format!(
                        "{field} names no category; write category: and its id, slug or names from the top with slashes between"
                    ),
                ));
            }
            What::Category(named.to_owned())
        } else {
            What::Url(TargetUrl::parse(field, text)?)
        };
        Ok(Self {
            field: field.to_owned(),
            what,
        })
    }

    fn unknown(&self, what: &str) -> FieldError {
        let field = &self.field;
        FieldError::new(
            field,
            "unknown_target",
            format!("{field} names no {what} of this portal"),
        )
    }
}

/// An id, `portal~number`, or `LOCALE:SOURCE_ID`.
fn article(field: &str, named: &str) -> Result<What, FieldError> {
    if let Some((locale, source_id)) = named.split_once(':') {
        let locale = Locale::parse(field, locale)?;
        if source_id.is_empty() || source_id.contains('\0') {
            return Err(FieldError::new(
                field,
                "required",
                format!("{field} names no article; write article:LOCALE: and the id of its source"),
            ));
        }
        return Ok(What::Source(locale, source_id.to_owned()));
    }
    Ok(What::Article(ArticleRef::parse(field, named)?))
}

/// What the portal has of what redirects name, looked up in a handful of reads for all of them.
#[derive(Default)]
struct Found {
    ids: HashSet<ArticleId>,
    numbers: HashMap<i64, ArticleId>,
    sources: HashMap<(Locale, String), ArticleId>,
    slugs: HashMap<(Locale, String), ArticleId>,
}

/// The targets, in order: what is named is looked up in the portal, and an address of one of its pages
/// is taken for the article or category that stands there.
pub(super) async fn resolve(
    ctx: &Context,
    tx: &mut Tx,
    portal: &Portal,
    named: impl Iterator<Item = &Named>,
) -> Result<Vec<Result<RedirectTarget, FieldError>>> {
    let named: Vec<&Named> = named.collect();
    let public_url = &ctx.app.settings.public_url;
    let tree = cairn_store::categories::list_in(tx, portal.id).await?;
    let pages: Vec<Option<Page>> = named
        .iter()
        .map(|n| match &n.what {
            What::Url(url) => Some(Page::of(portal, public_url, url)),
            _ => None,
        })
        .collect();
    let found = look_up(tx, portal, &named, &pages).await?;
    let target = |(named, page): (&&Named, &Option<Page>)| match (&named.what, page) {
        (What::Url(url), Some(page)) => Ok(page.target(url, &found, &tree)),
        (What::Url(url), None) => Ok(RedirectTarget::Url(url.clone())),
        (What::Category(text), _) => category(text, &tree)
            .map(RedirectTarget::Category)
            .ok_or_else(|| named.unknown("category")),
        (What::Article(reference), _) => {
            let id = match reference {
                ArticleRef::Id(id) => found.ids.get(id),
                ArticleRef::Number { portal: p, number } if *p == portal.slug.as_str() => {
                    found.numbers.get(number)
                }
                ArticleRef::Number { .. } | ArticleRef::Slug { .. } => None,
            };
            id.map(|id| RedirectTarget::Article(*id))
                .ok_or_else(|| named.unknown("article"))
        }
        (What::Source(locale, source_id), _) => found
            .sources
            .get(&(locale.clone(), source_id.clone()))
            .map(|id| RedirectTarget::Article(*id))
            .ok_or_else(|| named.unknown("article")),
    };
    Ok(named.iter().zip(&pages).map(target).collect())
}

async fn look_up(
    tx: &mut Tx,
    portal: &Portal,
    named: &[&Named],
    pages: &[Option<Page>],
) -> Result<Found> {
    let (mut ids, mut numbers, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    for named in named {
        match &named.what {
            What::Article(ArticleRef::Id(id)) => ids.push(*id),
            What::Article(ArticleRef::Number { number, .. }) => numbers.push(*number),
            What::Source(locale, id) => sources.push((locale.clone(), id.clone())),
            What::Article(ArticleRef::Slug { .. }) | What::Category(_) | What::Url(_) => {}
        }
    }
    let slugs: Vec<_> = pages
        .iter()
        .flatten()
        .filter_map(|page| match page {
            Page::Article(locale, slug) => Some((locale.clone(), slug.clone())),
            Page::Category(_) | Page::Elsewhere(_) => None,
        })
        .collect();
    let mut found = Found::default();
    use cairn_store::redirects as store;
    if !ids.is_empty() {
        let there = store::articles_by_id(tx, portal.id, &ids).await?;
        found.ids = there.into_iter().collect();
    }
    if !numbers.is_empty() {
        let there = store::articles_by_number(tx, portal.id, &numbers).await?;
        found.numbers = there.into_iter().collect();
    }
    if !sources.is_empty() {
        let there = store::articles_by_source(tx, portal.id, &sources).await?;
        found.sources = there.into_iter().map(|(l, s, id)| ((l, s), id)).collect();
    }
    if !slugs.is_empty() {
        for (locale, slug, id) in store::articles_by_slug(tx, portal.id, &slugs).await? {
            found.slugs.entry((locale, slug)).or_insert(id);
        }
    }
    Ok(found)
}

/// What of the portal an address is.
enum Page {
    Article(Locale, String),
    Category(String),
    /// No page of an article or a category; a path when the address is of this portal.
    Elsewhere(Option<TargetUrl>),
}

impl Page {
    fn of(portal: &Portal, public_url: &str, url: &TargetUrl) -> Self {
        let Some(path) = own_path(portal, public_url, url) else {
            return Self::Elsewhere(None);
        };
        // A part of a page is more than the page.
        let page = if path.contains('#') {
            None
        } else {
            address_of(portal, &path)
        };
        match page {
            Some((locale, "articles", slug)) => Self::Article(locale, slug),
            Some((_, _, slug)) => Self::Category(slug),
            None => Self::Elsewhere(TargetUrl::parse("target", &path).ok()),
        }
    }

    fn target(&self, url: &TargetUrl, found: &Found, tree: &[Category]) -> RedirectTarget {
        match self {
            Self::Article(locale, slug) => {
                if let Some(id) = found.slugs.get(&(locale.clone(), slug.clone())) {
                    return RedirectTarget::Article(*id);
                }
            }
            Self::Category(slug) => {
                if let Some(category) = tree.iter().find(|c| c.slug.as_str() == slug) {
                    return RedirectTarget::Category(category.id);
                }
            }
            Self::Elsewhere(Some(path)) => return RedirectTarget::Url(path.clone()),
            Self::Elsewhere(None) => {}
        }
        RedirectTarget::Url(url.clone())
    }
}

/// The address as a path of the portal; none when it is one of another host.
fn own_path(portal: &Portal, public_url: &str, url: &TargetUrl) -> Option<String> {
    let text = url.as_str();
    let below_slug = |path: &str| {
        let base = crate::address::base(portal);
        let rest = path.strip_prefix(&base)?;
        rest.starts_with('/').then(|| rest.to_owned())
    };
    if url.is_path() {
        // What was copied from the address bar begins with the portal's slug.
        let is_page = |rest: &String| address_of(portal, rest).is_some();
        return Some(
            below_slug(text)
                .filter(is_page)
                .unwrap_or_else(|| text.to_owned()),
        );
    }
    if let Some(path) = text.strip_prefix(public_url) {
        return below_slug(path);
    }
    let (_, rest) = text.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let is_own = portal.hostnames.iter().any(|h| h == host);
    is_own.then(|| path.to_owned())
}

/// A category by id, slug, or names from the top down with slashes between, in any case.
fn category(text: &str, tree: &[Category]) -> Option<CategoryId> {
    let by_id = text.parse::<CategoryId>().ok();
    let form = lookup_form(text);
    if let Some(found) = tree
        .iter()
        .find(|c| Some(c.id) == by_id || c.slug.as_str() == form)
    {
        return Some(found.id);
    }
    let mut at = None;
    for name in text.split('/') {
        let lower = name.to_lowercase();
        let found = tree
            .iter()
            .find(|c| c.parent == at && c.name.to_lowercase() == lower)?;
        at = Some(found.id);
    }
    at
}
