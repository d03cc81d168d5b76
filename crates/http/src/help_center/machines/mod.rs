//! What the help center tells machines: heads of pages, sitemaps, feeds, and texts for programs that read.
//!
//! One road of its own beside that of pages (see [`super::door`]): an address of one of these documents
//! is recognised by its name, made from published public articles only, kept in the cache of pages and
//! purged like one. What is too large to be kept is streamed page by page from the database, so that
//! memory is bounded whatever a portal holds.

pub(crate) mod data;
mod flow;
pub(crate) mod head;
mod robots;
mod sitemap;
pub(crate) mod xml;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use cairn_service::Error;
use cairn_service::app::Dependency;
use cairn_service::help_center::{HelpCenter, Page, SitemapLimits};

use super::cache::{PageKey, Stands};
use super::entry::Entry;
use super::headers::{self, CachePolicy};
use super::{Room, address};
use flow::{Gathered, gather};

pub(crate) use sitemap::{BYTES_MAX as SITEMAP_BYTES_MAX, URLS_MAX as SITEMAP_URLS_MAX};

const XML: &str = "application/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// A document of a portal, as its address names it.
#[derive(Debug, PartialEq, Eq)]
enum Document {
    Robots,
    SitemapIndex,
    SitemapPages(usize),
    SitemapArticles(i64),
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
    /// The document at these segments below the portal's base.
    fn named(rest: &[&str]) -> Option<Self> {
        match rest {
            ["robots.txt"] => Some(Self::Robots),
            ["sitemap.xml"] => Some(Self::SitemapIndex),
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
        let may_be = [".txt", ".xml"].iter().any(|end| path.ends_with(end));
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
        let Some(document) = Document::named(&rest) else {
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
            ("/sitemap.xml", [center]) => self.redirect(
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
            Document::Robots => Made {
                media_type: TEXT,
                body: Written::Whole(robots::robots(std::slice::from_ref(center)).into()),
                depends_on: vec![Dependency::Portal(center.portal().id)],
                read_at: i64::MAX,
            },
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
                match gather(file).await? {
                    Gathered::Whole(text) => Made::of(&page, XML, text),
                    Gathered::Flowing(body) => Made {
                        body: Written::Flowing(body),
                        ..Made::of(&page, XML, Bytes::new())
                    },
                }
            }
        };
        Ok(Some(made))
    }

    fn headers_of_document(&self, media_type: &'static str) -> HeaderMap {
        let mut headers =
            headers::common(&self.transport, headers::POLICY_OF_DATA, CachePolicy::Page);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers
    }
}

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
            (&["other.xml"], None),
            (&[], None),
        ] {
            assert_eq!(Document::named(rest), want, "{rest:?}");
        }
    }
}
