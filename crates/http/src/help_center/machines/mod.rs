//! What the help center tells machines: heads of pages, sitemaps, feeds, and texts for programs that read.
//!
//! One road of its own beside that of pages (see [`super::door`]): an address of one of these documents
//! is recognised by its name, made from published public articles only, kept in the cache of pages and
//! purged like one. What is too large to be kept is streamed page by page from the database, so that
//! memory is bounded whatever a portal holds.

pub(crate) mod atom;
mod card;
mod colour;
pub(crate) mod data;
mod flow;
pub(crate) mod head;
pub(crate) mod llms;
pub(crate) mod opensearch;
mod robots;
mod sitemap;
pub(crate) mod xml;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use cairn_domain::ids::CategoryId;
use cairn_domain::locale::Locale;
use cairn_service::Error;
use cairn_service::app::Dependency;
use cairn_service::help_center::{HelpCenter, Page, SitemapLimits};

use super::cache::{PageKey, Stands};
use super::entry::Entry;
use super::headers::{self, CachePolicy, RESOURCE_POLICY};
use super::{Room, address};
use flow::{Gathered, gather};

pub(crate) use sitemap::{BYTES_MAX as SITEMAP_BYTES_MAX, URLS_MAX as SITEMAP_URLS_MAX};

const XML: &str = "application/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const NO_INDEX: HeaderName = HeaderName::from_static("x-robots-tag");

/// A document of a portal, as its address names it.
#[derive(Debug, PartialEq, Eq)]
enum Document {
    Robots,
    SitemapIndex,
    SitemapPages(usize),
    SitemapArticles(i64),
    /// Of the portal, or of the category with this slug.
    Feed(Locale, Option<String>),
    /// The list of texts.
    Texts(Locale),
    /// Every text.
    FullTexts(Locale),
    OpenSearch(Locale),
    /// The picture of the portal, or of a category.
    Card(Option<CategoryId>),
}

/// A document that was made.
struct Made {
    media_type: &'static str,
    body: Written,
    depends_on: Vec<Dependency>,
    read_at: i64,
}

enum Written {
    Whole(Bytes),
    Flowing(Body),
}

impl Made {
    fn of<T>(page: &Page<T>, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            media_type,
            body: Written::Whole(body.into()),
            depends_on: page.depends_on.clone(),
            read_at: page.read_at,
        }
    }

    fn gathered<T>(page: &Page<T>, media_type: &'static str, gathered: Gathered) -> Self {
        match gathered {
            Gathered::Whole(text) => Self::of(page, media_type, text),
            Gathered::Flowing(body) => Self {
                body: Written::Flowing(body),
                ..Self::of(page, media_type, Bytes::new())
            },
        }
    }

    /// A document made of what is in memory of a portal: as new as the memory, whatever the feed is at.
    fn of_portal(center: &HelpCenter, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            media_type,
            body: Written::Whole(body.into()),
            depends_on: vec![Dependency::Portal(center.portal().id)],
            read_at: i64::MAX,
        }
    }
}

/// What stands behind a word and before an ending.
fn between<'a>(name: &'a str, before: &str, ending: &str) -> Option<&'a str> {
    name.strip_prefix(before)?.strip_suffix(ending)
}

/// A number in its one spelling: no sign, no leading zero.
fn number<N: std::str::FromStr + ToString>(text: &str) -> Option<N> {
    text.parse().ok().filter(|n: &N| n.to_string() == text)
}

impl Document {
    /// The document at these segments below the portal's base; the locales are the portal's, the first
    /// of them the default.
    fn named(rest: &[&str], locales: &[Locale]) -> Option<Self> {
        let locale = |tag: &str| locales.iter().find(|l| l.as_str() == tag).cloned();
        match rest {
            ["robots.txt"] => Some(Self::Robots),
            ["sitemap.xml"] => Some(Self::SitemapIndex),
            ["llms.txt"] => locales.first().cloned().map(Self::Texts),
            ["llms-full.txt"] => locales.first().cloned().map(Self::FullTexts),
            [tag, "llms.txt"] => locale(tag).map(Self::Texts),
            [tag, "llms-full.txt"] => locale(tag).map(Self::FullTexts),
            [tag, "opensearch.xml"] => locale(tag).map(Self::OpenSearch),
            ["cards", "portal.png"] => Some(Self::Card(None)),
            ["cards", name] => {
                let id = name.strip_suffix(".png")?.parse().ok()?;
                Some(Self::Card(Some(id)))
            }
            [tag, "feed.atom"] => locale(tag).map(|l| Self::Feed(l, None)),
            [tag, "categories", name] => {
                let slug = name.strip_suffix(".atom")?;
                locale(tag).map(|l| Self::Feed(l, Some(slug.to_owned())))
            }
            [name] => between(name, "sitemap-pages-", ".xml")
                .and_then(number)
                .map(Self::SitemapPages)
                .or_else(|| {
                    between(name, "sitemap-articles-", ".xml")
                        .and_then(number)
                        .map(Self::SitemapArticles)
                }),
            _ => None,
        }
    }
}

impl Document {
    /// What its headers say of it beside its type.
    fn tell(&self, headers: &mut HeaderMap) {
        if let Self::Card(_) = self {
            // To be shown by others is what it is for.
            headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
            headers.remove(VARY);
        }
        let (Self::Feed(locale, _)
        | Self::Texts(locale)
        | Self::FullTexts(locale)
        | Self::OpenSearch(locale)) = self
        else {
            return;
        };
        if let Ok(tag) = HeaderValue::from_str(locale.as_str()) {
            headers.insert(CONTENT_LANGUAGE, tag);
        }
        // The same words as the pages: those are what a search engine is to show.
        if let Self::Texts(_) | Self::FullTexts(_) = self {
            headers.insert(NO_INDEX, HeaderValue::from_static("noindex"));
        }
    }
}

impl Room {
    /// The answer to a request for a document for machines; nothing when the address is none.
    pub(crate) async fn machine(
        &self,
        path: &str,
        host: &str,
        method: &Method,
        request: &HeaderMap,
    ) -> Result<Option<Response<Body>>, Error> {
        // Nearly every request ends here.
        let may_be = [".txt", ".xml", ".atom"]
            .iter()
            .any(|end| path.ends_with(end))
            || path.contains("/cards/");
        if !may_be {
            return Ok(None);
        }
        let Some(segments) = address::segments(path) else {
            return Ok(None);
        };
        let first = segments.first().map_or("", AsRef::as_ref);
        let before = self.cache.before();
        let Some((center, is_first_used)) = HelpCenter::resolve(&self.app, host, first).await?
        else {
            return self.machine_of_all(path, method, request).await;
        };
        let rest: Vec<&str> = segments
            .iter()
            .skip(usize::from(is_first_used))
            .map(AsRef::as_ref)
            .collect();
        let Some(document) = Document::named(&rest, &center.portal().locales) else {
            return Ok(None);
        };
        let key = PageKey {
            portal: center.portal().id,
            path: path.into(),
            query: "".into(),
            page: 1,
            is_markdown: false,
        };
        if let Some(entry) = self.kept_document(&key) {
            return Ok(Some(entry.respond(method, request).await));
        }
        let turn = self.turns.take(&key).await;
        if let Some(entry) = self.kept_document(&key) {
            return Ok(Some(entry.respond(method, request).await));
        }
        self.misses.increment(1);
        let reading = self.cache.begin(key.portal, before);
        let Some(made) = self.make(&center, &document).await? else {
            return Ok(None);
        };
        let mut headers = self.headers_of_document(made.media_type);
        document.tell(&mut headers);
        if let Some(header) = &self.surrogate_key {
            header.put(&mut headers, key.portal, &made.depends_on);
        }
        let entry = match made.body {
            Written::Whole(body) => Arc::new(Entry::kept(StatusCode::OK, headers, body)),
            Written::Flowing(body) => {
                let is_head = method == Method::HEAD;
                let mut response = Response::new(if is_head { Body::empty() } else { body });
                *response.headers_mut() = headers;
                return Ok(Some(response));
            }
        };
        let stands = Stands::On(made.depends_on, made.read_at);
        self.cache.put(&reading, key, Arc::clone(&entry), stands);
        drop(turn);
        Ok(Some(entry.respond(method, request).await))
    }

    fn kept_document(&self, key: &PageKey) -> Option<Arc<Entry>> {
        let entry = self.cache.page(key)?;
        self.hits.increment(1);
        Some(entry)
    }

    /// At the root of a host that is no portal's: all of them are named, or the only one answers.
    async fn machine_of_all(
        &self,
        path: &str,
        method: &Method,
        request: &HeaderMap,
    ) -> Result<Option<Response<Body>>, Error> {
        let centers = HelpCenter::all(&self.app).await?;
        let entry = match (path, centers.as_slice()) {
            ("/robots.txt", centers) => {
                let headers = self.headers_of_document(TEXT);
                Entry::kept(StatusCode::OK, headers, robots::robots(centers))
            }
            ("/sitemap.xml" | "/llms.txt" | "/llms-full.txt", [center]) => self.redirect(
                StatusCode::FOUND,
                &format!("{}{path}", center.root()),
                CachePolicy::Negotiated,
            ),
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(entry).respond(method, request).await))
    }

    async fn make(&self, center: &HelpCenter, document: &Document) -> Result<Option<Made>, Error> {
        let limits = self.sitemap_limits;
        let made = match document {
            Document::Robots => {
                let robots = robots::robots(std::slice::from_ref(center));
                Made::of_portal(center, TEXT, robots)
            }
            Document::OpenSearch(locale) => {
                let description = opensearch::description(center, locale);
                Made::of_portal(center, opensearch::MEDIA_TYPE, description)
            }
            Document::Feed(locale, category) => {
                let Some(page) = center.feed(locale, category.as_deref()).await? else {
                    return Ok(None);
                };
                let feed = atom::feed(center, locale, &page.content);
                Made::of(&page, atom::MEDIA_TYPE, feed)
            }
            Document::Texts(locale) => {
                let page = center.text_list(locale).await?;
                Made::of(&page, TEXT, llms::list(center, locale, &page.content))
            }
            Document::Card(category) => {
                let Some(picture) = self.card(center, *category).await? else {
                    return Ok(None);
                };
                Made::of_portal(center, card::MEDIA_TYPE, picture)
            }
            Document::FullTexts(locale) => {
                let page = center.begun().await?;
                let texts = llms::Texts::begin(center.clone(), locale.clone());
                Made::gathered(&page, TEXT, gather(texts).await?)
            }
            Document::SitemapIndex => {
                let page = center.sitemap(limits).await?;
                Made::of(&page, XML, sitemap::index(center, &page.content))
            }
            Document::SitemapPages(file) => {
                let Some(page) = center.sitemap_pages(*file, limits).await? else {
                    return Ok(None);
                };
                Made::of(&page, XML, sitemap::pages(center, &page.content))
            }
            Document::SitemapArticles(from) => {
                let rows = sitemap::Articles::first_rows(center, limits);
                let mut page = center.sitemap_articles(*from, rows).await?;
                let first = std::mem::take(&mut page.content);
                if first.is_empty() {
                    return Ok(None);
                }
                let file = sitemap::Articles::begin(center.clone(), limits, first);
                Made::gathered(&page, XML, gather(file).await?)
            }
        };
        Ok(Some(made))
    }

    /// Drawn off the async threads, a few at a time.
    async fn card(
        &self,
        center: &HelpCenter,
        category: Option<CategoryId>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let seed = match category {
            None => center.portal().id.to_string(),
            Some(id) if center.has_category(id).await? => id.to_string(),
            Some(_) => return Ok(None),
        };
        let _place = self.easels.acquire().await.map_err(Error::internal)?;
        let portal = Arc::clone(center.portal());
        let drawn = tokio::task::spawn_blocking(move || card::draw(&portal, &seed));
        drawn.await.map_err(Error::internal)
    }

    fn headers_of_document(&self, media_type: &'static str) -> HeaderMap {
        let mut headers =
            headers::common(&self.transport, headers::POLICY_OF_DATA, CachePolicy::Page);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers
    }
}

/// Pictures drawn at once; each takes 5 MB while it is.
pub(crate) const EASELS: usize = 2;

/// How large one file of a sitemap may be.
pub(crate) fn sitemap_limits(urls_max: usize) -> SitemapLimits {
    SitemapLimits {
        urls_max: urls_max.min(SITEMAP_URLS_MAX),
        bytes_max: SITEMAP_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_one_name() {
        let [en, de] = ["en", "de"].map(|l| Locale::parse("locale", l).unwrap());
        let locales = [en.clone(), de.clone()];
        for (rest, want) in [
            (&["robots.txt"][..], Some(Document::Robots)),
            (&["sitemap-pages-0.xml"], Some(Document::SitemapPages(0))),
            (
                &["sitemap-articles-17.xml"],
                Some(Document::SitemapArticles(17)),
            ),
            (&["sitemap-articles-017.xml"], None),
            (&["sitemap-articles-+1.xml"], None),
            (&["sitemap-pages--1.xml"], None),
            (&["sitemap-pages-.xml"], None),
            (&["en", "robots.txt"], None),
            (&["llms.txt"], Some(Document::Texts(en.clone()))),
            (
                &["de", "llms-full.txt"],
                Some(Document::FullTexts(de.clone())),
            ),
            (&["DE", "llms.txt"], None),
            (&["fr", "llms.txt"], None),
            (&["de", "feed.atom"], Some(Document::Feed(de.clone(), None))),
            (&["feed.atom"], None),
            (&["cards", "portal.png"], Some(Document::Card(None))),
            (&["cards", "x.png"], None),
            (
                &["de", "categories", "x.atom"],
                Some(Document::Feed(de.clone(), Some("x".to_owned()))),
            ),
            (&["de", "categories", "x"], None),
            (&["en", "opensearch.xml"], Some(Document::OpenSearch(en))),
            (&["other.xml"], None),
            (&[], None),
        ] {
            assert_eq!(Document::named(rest, &locales), want, "{rest:?}");
        }
    }
}
