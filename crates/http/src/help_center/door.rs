//! One request of a reader: resolve the portal, look into the cache, else read, render and keep.
//!
//! On a hit: the portal from the application's memory, one look into the cache, no database, and no
//! allocation beyond the name of the page and the headers of the answer.

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, HOST, LOCATION, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use cairn_domain::locale::Locale;
use cairn_service::app::Dependency;
use cairn_service::help_center::{
    ArticleLink, ArticleLookup, ArticlePage, FallbackLookup, HelpCenter, Page,
};
use cairn_service::{Error, ErrorClass};

use super::address;
use super::cache::{PageKey, Reading, Stands};
use super::css::Sheet;
use super::entry::Entry;
use super::frame::{Place, frame_of_nobody, language_name};
use super::headers::{self, CachePolicy, Transport};
use super::negotiate;
use super::readers::is_person;
use super::stones::cairn;
use super::views::{
    ArticleView, CategoryView, FailedView, HomeView, Link, NotFoundView, PortalsView,
};
use super::{Pages, Room, assets, feedback, widget};
use crate::request_id::{RequestId, X_REQUEST_ID};

/// The parameter by which the opening of a search result is recognised; no part of any address.
pub(crate) const MARK: &str = "s";
/// The page may go out in several codings.
pub(super) const VARY_ENCODING: &str = "accept-encoding";
/// An article also goes out as Markdown under the same address.
const VARY_ARTICLE: &str = "accept, accept-encoding";

/// Answers a request that no other door took.
pub(crate) async fn answer(State(pages): State<Pages>, request: Request) -> Response<Body> {
    let room = &*pages.0;
    let (parts, body) = request.into_parts();
    let asked = Asked {
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
        is_read: parts.method == Method::GET && !is_prefetch(&parts.headers),
    };
    let host = asked.host(parts.uri.host());
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return match room.post(&parts, &host, body).await {
            None => room.method_not_allowed(),
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                let entry = Arc::new(room.failed(&error, &asked));
                entry.respond(&parts.method, &parts.headers).await
            }
        };
    }
    let found = match room
        .attachment(asked.path, &host, &parts.method, asked.headers)
        .await
    {
        Ok(None) => {
            room.machine(asked.path, &host, &parts.method, asked.headers)
                .await
        }
        found => found,
    };
    match found {
        Ok(Some(response)) => return response,
        Ok(None) => {}
        Err(error) => {
            let entry = Arc::new(room.failed(&error, &asked));
            return entry.respond(&parts.method, &parts.headers).await;
        }
    }
    let entry = match room.find(&asked, &host).await {
        Ok(entry) => entry,
        Err(error) => Arc::new(room.failed(&error, &asked)),
    };
    if let Some(mark) = asked.mark().filter(|_| entry.is_page()) {
        // An article is opened in the frame of the widget as well.
        let path = asked.path.replacen("/widget/articles/", "/articles/", 1);
        HelpCenter::count_click(&room.app, &mark, &path);
    }
    if let Some(reads) = entry.reads()
        && asked.is_read
        && is_person(asked.headers)
    {
        reads.count();
    }
    entry.respond(&parts.method, &parts.headers).await
}

/// What of a request decides its answer.
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    /// Whether somebody is going to read the answer: a browser that only fetches ahead counts for nothing.
    pub(super) is_read: bool,
}

/// Whether the page is fetched in case somebody wants it (`Sec-Purpose: prefetch`, also with `prerender`; before that
/// `Purpose` and `X-Moz`).
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"]
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .any(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value.starts_with(b"prefetch") || value.starts_with(b"preview")
        })
}

impl<'a> Asked<'a> {
    /// What a link of the search page carries; it decides nothing about the page.
    fn mark(&self) -> Option<String> {
        self.query
            .filter(|_| self.is_read)
            .and_then(|query| address::parameter(Some(query), MARK))
    }

    /// The host without its port, in lower case. HTTP/2 names it in the address, HTTP/1 in a header.
    fn host(&self, of_uri: Option<&'a str>) -> Cow<'a, str> {
        let header = || self.headers.get(HOST).and_then(|h| h.to_str().ok());
        let host = of_uri.or_else(header).unwrap_or("");
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        if host.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        }
    }
}

/// What is to be shown, and how it is kept.
pub(super) enum Outcome {
    /// A page.
    Page(Box<Entry>, Vec<Dependency>, i64),
    /// It is elsewhere: a path from the root of the host, or an address of another one.
    Moved(String),
    /// Nothing is there.
    Missing(Vec<ArticleLink>),
    /// Nothing is there, and the page that says so is made already.
    Lost(Box<Entry>),
}

impl Room {
    async fn find(&self, asked: &Asked<'_>, host: &str) -> Result<Arc<Entry>, Error> {
        // What is none of our files may be an address of the site before.
        if asked.path.starts_with("/assets/")
            && let Some(found) = self.assets.find(asked.path)
        {
            return Ok(Arc::clone(found));
        }
        if asked.path == widget::WIDGET_PATH {
            return Ok(Arc::clone(&self.widget));
        }
        if asked.path == "/favicon.ico" {
            return Ok(Arc::new(self.redirect(
                StatusCode::MOVED_PERMANENTLY,
                assets::MARK_PATH,
                CachePolicy::Move,
            )));
        }
        let first = asked.path.get(1..).and_then(|p| p.split('/').next());
        // An old address may begin with anything; no portal has the empty slug.
        let first = first.and_then(address::segment).unwrap_or_default();
        let before = self.cache.before();
        let Some((center, is_first_used)) = HelpCenter::resolve(&self.app, host, &first).await?
        else {
            return self.without_portal(asked).await;
        };
        let mut key = PageKey {
            portal: center.portal().id,
            path: asked.path.into(),
            query: "".into(),
            page: 1,
            is_markdown: negotiate::wants_markdown(asked.headers),
        };
        if asked.query.is_some() && asked.path.contains("/categories/") {
            key.page = address::page_number(asked.query);
        }
        if let Some(entry) = self.kept(asked, &key) {
            return Ok(entry);
        }
        if let Some(answer) = self.finding(asked, &center, is_first_used).await? {
            return Ok(answer);
        }
        // One request renders a page, those that came meanwhile find it in the cache.
        let _turn = self.turns.take(&key).await;
        if let Some(entry) = self.kept(asked, &key) {
            return Ok(entry);
        }
        self.misses.increment(1);
        let reading = self.cache.begin(key.portal, before);
        self.read(asked, &center, is_first_used, key, reading).await
    }

    /// What is kept: a page whatever the query, a miss or a move for this query alone.
    fn kept(&self, asked: &Asked<'_>, key: &PageKey) -> Option<Arc<Entry>> {
        let page = self.cache.page(key);
        let entry = page.or_else(|| match asked.query {
            None | Some("") => self.cache.miss(key),
            query => self.cache.miss(&key.with_query(query)),
        })?;
        self.hits.increment(1);
        Some(entry)
    }

    /// Reads, renders and keeps a page of a portal.
    async fn read(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        is_first_used: bool,
        key: PageKey,
        reading: Reading,
    ) -> Result<Arc<Entry>, Error> {
        let sheet = self.sheets.of(center.portal().accent.as_deref());
        let segments = address::segments(asked.path).unwrap_or_default();
        let rest: Vec<&str> = segments
            .iter()
            .skip(usize::from(is_first_used))
            .map(AsRef::as_ref)
            .collect();
        let (first, below) = match rest.split_first() {
            None | Some((&"", [])) if !segments.is_empty() => {
                return Ok(Arc::new(self.to_locale(asked, center, "")));
            }
            Some((&"widget", [])) => {
                return Ok(Arc::new(self.to_locale(asked, center, "/widget")));
            }
            Some((first, below)) => (*first, below),
            None => ("", &[][..]),
        };
        let found = center.locale(first);
        let has_locale = found.is_some();
        let locale = found.unwrap_or_else(|| self.default_locale(center));
        let mut outcome = if has_locale {
            self.in_locale(asked, center, &sheet, &locale, below, &key)
                .await?
        } else {
            Outcome::Missing(Vec::new())
        };
        if let Outcome::Missing(_) = outcome {
            let below_base = if is_first_used {
                asked
                    .path
                    .get(1..)
                    .and_then(|p| p.find('/').map(|at| &p[at..]))
            } else {
                Some(asked.path)
            };
            let moved = center.moved(below_base.unwrap_or("/"), asked.query).await?;
            outcome = match (moved, below) {
                (Some(to), _) => Outcome::Moved(to),
                (None, ["articles", slug] | ["articles", slug, ""])
                    if has_locale && !slug.is_empty() =>
                {
                    self.in_another_locale(asked, center, &locale, slug, &key)
                        .await?
                }
                (None, _) => outcome,
            };
        }
        let (entry, stands, key) = match outcome {
            Outcome::Page(entry, on, read_at) => (*entry, Stands::On(on, read_at), key),
            Outcome::Moved(to) => {
                let entry = self.redirect(StatusCode::MOVED_PERMANENTLY, &to, CachePolicy::Move);
                (entry, Stands::OnEverything, key.with_query(asked.query))
            }
            Outcome::Lost(entry) => (*entry, Stands::OnEverything, key.with_query(asked.query)),
            Outcome::Missing(nearest) => {
                let place = self.place(center, &locale);
                let view = NotFoundView::new(&place, &sheet, asked.path, &nearest);
                let entry = missing(&self.transport, &sheet, locale.as_str(), &view)?;
                (entry, Stands::OnEverything, key.with_query(asked.query))
            }
        };
        let shown = match &stands {
            Stands::On(on, _) => on.as_slice(),
            Stands::OnEverything => &[],
        };
        let header = self.surrogate_key.as_ref();
        let entry = Arc::new(entry.showing(header, center.portal().id, shown));
        // A name beyond the limit is not worth keeping.
        if key.path.len() + key.query.len() <= address::PATH_BYTES_MAX {
            self.cache.put(&reading, key, Arc::clone(&entry), stands);
        }
        Ok(entry)
    }

    async fn in_locale(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        sheet: &Sheet,
        locale: &Locale,
        rest: &[&str],
        key: &PageKey,
    ) -> Result<Outcome, Error> {
        let place = self.place(center, locale);
        match rest {
            [] | [""] => {
                let canonical = place.home(locale);
                if !address::is_canonical(asked.path, &canonical) {
                    return Ok(Outcome::Moved(canonical));
                }
                let page = center.home(locale).await?;
                let html = render(&HomeView::new(&place, sheet, &page.content))?;
                let entry = self.html(sheet, locale, VARY_ENCODING, html);
                Ok(Outcome::Page(
                    Box::new(entry),
                    page.depends_on,
                    page.read_at,
                ))
            }
            ["articles", slug] | ["articles", slug, ""] if !slug.is_empty() => {
                self.article(asked, center, locale, slug, key).await
            }
            ["articles", slug, feedback::WORD] if center.takes_feedback() => {
                // Where answers are posted to, somebody who only looks is led to the question.
                Ok(match center.article(locale, slug).await? {
                    ArticleLookup::Found(page) => {
                        Outcome::Moved(format!("{}#helpful", page.content.shown_at))
                    }
                    ArticleLookup::Moved(path) => Outcome::Moved(path),
                    ArticleLookup::Missing => Outcome::Missing(Vec::new()),
                })
            }
            ["categories", slug] | ["categories", slug, ""] if !slug.is_empty() => {
                self.category(asked, center, sheet, locale, slug, key.page)
                    .await
            }
            ["widget", below @ ..] => self.framed(asked, center, locale, below).await,
            // Any spelling but the one that [`Self::finding`] took.
            ["search"] | ["search", ""] => {
                Ok(Outcome::Moved(format!("{}/search", place.home(locale))))
            }
            _ => Ok(Outcome::Missing(Vec::new())),
        }
    }

    async fn article(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
        segment: &str,
        key: &PageKey,
    ) -> Result<Outcome, Error> {
        let (slug, ending) = without_ending(segment);
        match center.article(locale, slug).await? {
            ArticleLookup::Found(page) => {
                self.article_page(asked, center, locale, &page, ending, key)
            }
            ArticleLookup::Moved(path) => Ok(Outcome::Moved(path + ending)),
            ArticleLookup::Missing => Ok(Outcome::Missing(Vec::new())),
        }
    }

    /// An article that is not there in the reader's locale: the nearest other one, or what comes close.
    async fn in_another_locale(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
        segment: &str,
        key: &PageKey,
    ) -> Result<Outcome, Error> {
        let (slug, ending) = without_ending(segment);
        match center.fallback(locale, slug).await? {
            FallbackLookup::Found(page) => {
                self.article_page(asked, center, locale, &page, ending, key)
            }
            FallbackLookup::Moved(path) => Ok(Outcome::Moved(path + ending)),
            FallbackLookup::Missing => Ok(Outcome::Missing(center.nearest_to(locale, slug).await)),
        }
    }

    fn article_page(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
        page: &Page<ArticlePage>,
        ending: &'static str,
        key: &PageKey,
    ) -> Result<Outcome, Error> {
        let content = &page.content;
        let canonical = format!("{}{ending}", content.shown_at);
        if !address::is_canonical(asked.path, &canonical) {
            return Ok(Outcome::Moved(canonical));
        }
        let vary = if ending.is_empty() {
            VARY_ARTICLE
        } else {
            VARY_ENCODING
        };
        let entry = if key.is_markdown || !ending.is_empty() {
            // A cache that does not read `Vary` would give the Markdown to browsers.
            let cache = if ending.is_empty() {
                CachePolicy::Negotiated
            } else {
                CachePolicy::Page
            };
            let mut headers = headers::common(&self.transport, headers::POLICY_OF_DATA, cache);
            headers::markdown(&mut headers, content.locale.as_str(), &content.url, vary);
            Entry::kept(StatusCode::OK, headers, content.body.clone())
        } else {
            let place = self.place(center, locale);
            let sheet = self.sheets.of_article(center.portal().accent.as_deref());
            let html = render(&ArticleView::new(&place, &sheet, content))?;
            self.html(&sheet, locale, vary, html)
                .counting(center.read_counter(content.id))
        };
        Ok(Outcome::Page(
            Box::new(entry),
            page.depends_on.clone(),
            page.read_at,
        ))
    }

    async fn category(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        sheet: &Sheet,
        locale: &Locale,
        slug: &str,
        number: u32,
    ) -> Result<Outcome, Error> {
        let number = usize::try_from(number).unwrap_or(1);
        let Some(page) = center.category(locale, slug, number).await? else {
            return Ok(Outcome::Missing(Vec::new()));
        };
        let content = &page.content;
        let canonical = &content.category.path;
        if content.page != number || !address::is_canonical(asked.path, canonical) {
            let to = if content.page > 1 {
                format!("{canonical}?page={}", content.page)
            } else {
                canonical.clone()
            };
            return Ok(Outcome::Moved(to));
        }
        let place = self.place(center, locale);
        let html = render(&CategoryView::new(&place, sheet, content))?;
        let entry = self.html(sheet, locale, VARY_ENCODING, html);
        Ok(Outcome::Page(
            Box::new(entry),
            page.depends_on,
            page.read_at,
        ))
    }

    fn place<'a>(&'a self, center: &'a HelpCenter, locale: &'a Locale) -> Place<'a> {
        Place::new(center, locale)
    }

    fn default_locale(&self, center: &HelpCenter) -> Locale {
        center.portal().default_locale().clone()
    }

    /// To the first page in the language the reader likes best.
    fn to_locale(&self, asked: &Asked<'_>, center: &HelpCenter, below: &str) -> Entry {
        let portal = center.portal();
        let liked = negotiate::locale(asked.headers, &portal.locales);
        let locale = liked.unwrap_or_else(|| portal.default_locale());
        let to = format!("{}/{locale}{below}", center.base());
        let mut entry_headers = self.redirect_headers(&to, CachePolicy::Negotiated);
        entry_headers.insert(VARY, HeaderValue::from_static("accept-language"));
        Entry::once(StatusCode::FOUND, entry_headers, "")
    }

    /// At an address that no portal answers: the root leads to the only help center or lists all.
    async fn without_portal(&self, asked: &Asked<'_>) -> Result<Arc<Entry>, Error> {
        if asked.path != "/" {
            return Ok(Arc::clone(&self.nowhere));
        }
        let centers = HelpCenter::all(&self.app).await?;
        if let [center] = centers.as_slice() {
            return Ok(Arc::new(self.to_locale(asked, center, "")));
        }
        let sheet = self.sheets.without_script();
        let locale = english();
        let mut frame = frame_of_nobody(&sheet, &locale, "");
        frame.title = frame.m.portals_title.clone();
        let portals = centers.iter().map(|center| {
            let portal = center.portal();
            let locale = portal.default_locale();
            let path = format!("{}/{locale}", center.base());
            Link::to(path, portal.name.clone(), language_name(locale))
        });
        let view = PortalsView {
            portals: portals.collect(),
            cairn: cairn("cairn"),
            frame,
        };
        let mut headers = headers::common(
            &self.transport,
            sheet.policy.clone(),
            CachePolicy::Negotiated,
        );
        headers::html(&mut headers, locale.as_str(), VARY_ENCODING);
        let entry = Entry::once(StatusCode::OK, headers, render(&view)?);
        Ok(Arc::new(entry))
    }

    fn html(&self, sheet: &Sheet, locale: &Locale, vary: &'static str, html: String) -> Entry {
        let mut headers = headers::common(&self.transport, sheet.policy.clone(), CachePolicy::Page);
        headers::html(&mut headers, locale.as_str(), vary);
        Entry::kept(StatusCode::OK, headers, html)
    }

    pub(crate) fn redirect(&self, status: StatusCode, to: &str, cache: CachePolicy) -> Entry {
        Entry::kept(status, self.redirect_headers(to, cache), "")
    }

    fn redirect_headers(&self, to: &str, cache: CachePolicy) -> HeaderMap {
        let mut headers = headers::common(&self.transport, headers::POLICY_OF_DATA, cache);
        // Paths are percent-encoded by the application, so that they are visible ASCII.
        let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        headers.insert(LOCATION, to);
        headers
    }

    fn method_not_allowed(&self) -> Response<Body> {
        let mut headers =
            headers::common(&self.transport, headers::POLICY_OF_DATA, CachePolicy::Never);
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        let mut response = Response::new(Body::from("this address answers GET and HEAD only\n"));
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        *response.headers_mut() = headers;
        response
    }

    /// The page for what went wrong on our side; it names the request, the log names the cause.
    fn failed(&self, error: &Error, asked: &Asked<'_>) -> Entry {
        let id = RequestId::of(asked.headers, &self.app);
        let request_id: &str = &id.0;
        let sheet = self.sheets.without_script();
        let locale = negotiate::spoken(asked.path, asked.headers).unwrap_or_else(english);
        let frame = frame_of_nobody(&sheet, &locale, "");
        let m = frame.m;
        let is_busy = error.code.class() == ErrorClass::Unavailable;
        let (status, heading, sentence) = if is_busy {
            tracing::warn!(
                error.code = error.code.as_str(),
                request.id = request_id,
                "a public page is out of reach"
            );
            (
                StatusCode::SERVICE_UNAVAILABLE,
                &m.busy_title,
                &m.busy_sentence,
            )
        } else {
            tracing::error!(error = ?error, request.id = request_id, "a public page failed");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                &m.failed_title,
                &m.failed_sentence,
            )
        };
        let view = FailedView {
            heading: heading.clone(),
            sentence: sentence.clone(),
            request_id: request_id.to_owned(),
            cairn: cairn("cairn"),
            frame: super::frame::Frame {
                title: heading.clone(),
                ..frame
            },
        };
        let html = view.render().unwrap_or_else(|_| heading.clone());
        let mut headers =
            headers::common(&self.transport, sheet.policy.clone(), CachePolicy::Never);
        headers::html(&mut headers, locale.as_str(), VARY_ENCODING);
        headers.insert(X_REQUEST_ID, id.header());
        if is_busy {
            let seconds = error.retry_after_s.unwrap_or(5);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Entry::once(status, headers, html)
    }
}

/// A slug and its ending; a slug holds no dot, so that the ending cannot be part of one.
fn without_ending(segment: &str) -> (&str, &'static str) {
    match segment.strip_suffix(".md") {
        Some(slug) => (slug, ".md"),
        None => (segment, ""),
    }
}

fn missing(
    transport: &Transport,
    sheet: &Sheet,
    lang: &str,
    view: &NotFoundView,
) -> Result<Entry, Error> {
    let mut headers = headers::common(transport, sheet.policy.clone(), CachePolicy::Miss);
    headers::html(&mut headers, lang, VARY_ENCODING);
    Ok(Entry::kept(StatusCode::NOT_FOUND, headers, render(view)?))
}

/// The one answer for every address where there is nothing and no portal to show around it.
pub(crate) fn nowhere(transport: &Transport, sheet: &Sheet) -> Entry {
    let locale = english();
    let mut frame = frame_of_nobody(sheet, &locale, "");
    frame.title = frame.m.lost_title.clone();
    let text = frame.title.clone();
    let view = NotFoundView::in_frame(frame, "cairn", "", &[]);
    missing(transport, sheet, locale.as_str(), &view)
        .unwrap_or_else(|_| Entry::kept(StatusCode::NOT_FOUND, HeaderMap::new(), text))
}

/// The language of pages that belong to no portal.
fn english() -> Locale {
    Locale::parse("locale", "en").expect("invariant: en is a language tag")
}

pub(super) fn render(view: &impl Template) -> Result<String, Error> {
    view.render().map_err(Error::internal)
}
