//! The help center inside another site: pages for a narrow frame, and who may show it.
//!
//! `/widget.js` makes the button and the frame; `{base}/widget` leads to the reader's locale, and below
//! `{base}/{locale}/widget` are a first page, articles, searches and suggestions whose links stay in the frame. These
//! pages alone may be framed, by the origins of the settings and nobody else; they are kept and purged like any other.

use std::sync::Arc;

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use cairn_domain::locale::Locale;
use cairn_service::Error;
use cairn_service::help_center::{
    ArticleLink, ArticleLookup, ArticlePage, FallbackLookup, HelpCenter, HomePage, Page, SearchPage,
};

use super::assets::sized;
use super::css::Sheet;
use super::dates::Day;
use super::door::{Asked, MARK, Outcome, VARY_ENCODING, render};
use super::entry::Entry;
use super::frame::{Frame, Place, direction};
use super::headers::{self, CachePolicy, Transport};
use super::html::{Framed, Marked};
use super::messages::Slot;
use super::scripts::{FRAMED, WIDGET};
use super::{Room, address};

/// Where the script is that a site embeds; it stays the same, so that nobody has to change their pages.
pub(crate) const WIDGET_PATH: &str = "/widget.js";
/// Lists of the first page, and articles of each.
const LISTS_MAX: usize = 8;
const LIST_ARTICLES_MAX: usize = 3;
/// The frame and its script are for other sites.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");

/// Whether this may stand in the settings as an origin that shows the widget: `https://app.example`, with a port or a
/// `*.` before the host where need be, or `*` for everybody.
pub fn is_widget_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else {
        return text == "*";
    };
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    matches!(scheme, "http" | "https")
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && host.chars().all(is_plain)
}

/// The sources of `frame-ancestors`: pages of our own origin, and those of the settings.
pub(crate) fn ancestors(origins: &[String]) -> String {
    let mut out = String::from("'self'");
    for origin in origins.iter().filter(|origin| is_widget_origin(origin)) {
        out.push(' ');
        out.push_str(origin);
    }
    out
}

/// The script that a site embeds.
pub(crate) fn script(transport: &Transport) -> Entry {
    let mut headers = headers::common(transport, headers::POLICY_OF_DATA, CachePolicy::Widget);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/javascript; charset=utf-8"),
    );
    headers.insert(RESOURCE_POLICY, CROSS_ORIGIN);
    Entry::kept(StatusCode::OK, headers, WIDGET.text.as_bytes())
}

impl Room {
    /// A page in the frame; `below` is what stands after `widget` in its address.
    pub(super) async fn framed(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
        below: &[&str],
    ) -> Result<Outcome, Error> {
        let place = Place::new(center, locale);
        let sheet = self.sheets.framed(center.portal().accent.as_deref());
        let found = match below {
            [] => {
                let page = center.home(locale).await?;
                let view = FirstView::new(&place, &sheet, &page.content);
                let entry = self.kept_in_frame(&sheet, locale, render(&view)?);
                return Ok(Outcome::Page(
                    Box::new(entry),
                    page.depends_on,
                    page.read_at,
                ));
            }
            ["articles", slug] if !slug.is_empty() => match center.article(locale, slug).await? {
                ArticleLookup::Found(page) => Found::Page(page),
                ArticleLookup::Moved(path) => Found::Moved(path),
                ArticleLookup::Missing => match center.fallback(locale, slug).await? {
                    FallbackLookup::Found(page) => Found::Page(page),
                    FallbackLookup::Moved(path) => Found::Moved(path),
                    FallbackLookup::Missing => Found::Nothing,
                },
            },
            _ => Found::Nothing,
        };
        match found {
            Found::Page(page) => {
                let canonical = place.within(&page.content.shown_at);
                if !address::is_canonical(asked.path, &canonical) {
                    return Ok(Outcome::Moved(canonical));
                }
                let view = ReadView::new(&place, &sheet, &page.content);
                let entry = self
                    .kept_in_frame(&sheet, locale, render(&view)?)
                    .counting(center.read_counter(page.content.id));
                Ok(Outcome::Page(
                    Box::new(entry),
                    page.depends_on,
                    page.read_at,
                ))
            }
            Found::Moved(path) => Ok(Outcome::Moved(place.within(&path))),
            Found::Nothing => {
                let view = LostView::new(&place, &sheet);
                let headers = self.frame_headers(&sheet, locale, CachePolicy::Miss);
                let entry = Entry::kept(StatusCode::NOT_FOUND, headers, render(&view)?);
                Ok(Outcome::Lost(Box::new(entry)))
            }
        }
    }

    /// The results of a search in the frame.
    pub(super) async fn search_in_frame(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
    ) -> Result<Entry, Error> {
        let place = Place::new(center, locale);
        let sheet = self.sheets.framed(center.portal().accent.as_deref());
        let page = center
            .search(locale, &super::finding::wanted(asked.query))
            .await?;
        let mark = if asked.is_read {
            center.count_search(locale, &page)
        } else {
            None
        };
        let html = render(&FoundView::new(&place, &sheet, &page, mark.as_deref()))?;
        let headers = self.frame_headers(&sheet, locale, CachePolicy::Never);
        Ok(Entry::once(StatusCode::OK, headers, html))
    }

    fn kept_in_frame(&self, sheet: &Sheet, locale: &Locale, html: String) -> Entry {
        let headers = self.frame_headers(sheet, locale, CachePolicy::Page);
        Entry::kept(StatusCode::OK, headers, html)
    }

    fn frame_headers(
        &self,
        sheet: &Sheet,
        locale: &Locale,
        cache: CachePolicy,
    ) -> axum::http::HeaderMap {
        let mut headers = headers::common(&self.transport, sheet.policy.clone(), cache);
        headers::html(&mut headers, locale.as_str(), VARY_ENCODING);
        headers.insert(RESOURCE_POLICY, CROSS_ORIGIN);
        headers
    }
}

/// What the slug of a framed article leads to.
enum Found {
    Page(Box<Page<ArticlePage>>),
    Moved(String),
    Nothing,
}

impl Place<'_> {
    /// The path of an article, inside the frame.
    pub(super) fn within(&self, path: &str) -> String {
        within(self.base, &self.portal.locales, path).unwrap_or_else(|| path.to_owned())
    }

    /// The frame of a page in the frame of the widget.
    fn inside(&self, sheet: &Sheet, title: &str, body: &str) -> Frame {
        let mut frame = self.frame(sheet, title, &[], body);
        frame.home = format!("{}/widget", self.home(self.locale));
        frame.search = format!("{}/search", frame.home);
        frame
    }
}

/// The path of an article of this portal, inside the frame; nothing for other paths.
pub(crate) fn within(base: &str, locales: &[Locale], path: &str) -> Option<String> {
    let below = path.strip_prefix(base)?.strip_prefix('/')?;
    let (locale, article) = below.split_once('/')?;
    let is_ours = locales.iter().any(|l| l.as_str() == locale);
    (is_ours && article.starts_with("articles/"))
        .then(|| format!("{base}/{locale}/widget/{article}"))
}

/// A link in the frame.
struct Inside {
    path: String,
    title: String,
}

impl Inside {
    fn of(place: &Place<'_>, link: &ArticleLink) -> Self {
        Self {
            path: place.within(&link.path),
            title: link.title.clone(),
        }
    }
}

/// Some articles under one name.
struct List {
    name: String,
    articles: Vec<Inside>,
}

/// The first page in the frame.
#[derive(Template)]
#[template(path = "widget/home.html")]
struct FirstView {
    frame: Frame,
    framed: &'static str,
    q: &'static str,
    is_first: bool,
    outside: String,
    lists: Vec<List>,
}

impl FirstView {
    fn new(place: &Place<'_>, sheet: &Sheet, page: &HomePage) -> Self {
        let some = |links: &[ArticleLink]| -> Vec<Inside> {
            let links = links.iter().take(LIST_ARTICLES_MAX);
            links.map(|link| Inside::of(place, link)).collect()
        };
        let mut lists: Vec<List> = page
            .categories
            .iter()
            .map(|topic| List {
                name: topic.name.clone(),
                articles: some(&topic.articles),
            })
            .filter(|list| !list.articles.is_empty())
            .take(LISTS_MAX)
            .collect();
        if !page.uncategorised.is_empty() && lists.len() < LISTS_MAX {
            lists.push(List {
                name: place.m.articles.clone(),
                articles: some(&page.uncategorised),
            });
        }
        Self {
            frame: place.inside(sheet, "", ""),
            framed: &FRAMED.path,
            q: "",
            is_first: true,
            outside: place.home(place.locale),
            lists,
        }
    }
}

/// An article in the frame.
#[derive(Template)]
#[template(path = "widget/article.html")]
struct ReadView<'a> {
    frame: Frame,
    framed: &'static str,
    q: &'static str,
    is_first: bool,
    outside: String,
    title: &'a str,
    foreign: Option<(&'a str, &'static str)>,
    updated: Day,
    html: Framed,
}

impl<'a> ReadView<'a> {
    fn new(place: &Place<'_>, sheet: &Sheet, page: &'a ArticlePage) -> Self {
        let mut frame = place.inside(sheet, &page.title, page.html.as_str());
        frame.canonical = Some(page.url.clone());
        Self {
            frame,
            framed: &FRAMED.path,
            q: "",
            is_first: false,
            outside: page.shown_at.clone(),
            title: &page.title,
            foreign: (page.locale != *place.locale)
                .then(|| (page.locale.as_str(), direction(&page.locale))),
            updated: Day::of(place.m, page.updated_at),
            html: Framed::of(&sized(&page.html), |path| {
                within(place.base, &place.portal.locales, path)
            }),
        }
    }
}

/// A result in the frame.
struct Hit {
    path: String,
    title: Marked,
    snippet: Marked,
}

/// The results of a search in the frame.
#[derive(Template)]
#[template(path = "widget/search.html")]
struct FoundView<'a> {
    frame: Frame,
    framed: &'static str,
    q: &'a str,
    is_first: bool,
    outside: String,
    said: Slot,
    understood: &'a str,
    hits: Vec<Hit>,
}

impl<'a> FoundView<'a> {
    fn new(place: &Place<'_>, sheet: &Sheet, page: &'a SearchPage, mark: Option<&str>) -> Self {
        let marked = |path: &str| match mark {
            Some(mark) => format!("{}?{MARK}={mark}", place.within(path)),
            None => place.within(path),
        };
        let hits = page.hits.iter().map(|hit| Hit {
            path: marked(&hit.link.path),
            title: Marked::of(&hit.title_html),
            snippet: Marked::of(&hit.snippet_html),
        });
        let search = format!("{}/search", place.home(place.locale));
        Self {
            frame: place.inside(sheet, &place.m.search_title, ""),
            framed: &FRAMED.path,
            q: &page.q,
            is_first: false,
            outside: format!("{search}?q={}", address::encode(&page.q)),
            said: if page.total == 0 {
                place.m.search_nothing.clone()
            } else {
                place.m.results_for.around(page.total)
            },
            understood: page.corrected.as_deref().unwrap_or(&page.q),
            hits: hits.collect(),
        }
    }
}

/// Nothing is at this address of the frame.
#[derive(Template)]
#[template(path = "widget/lost.html")]
struct LostView {
    frame: Frame,
    framed: &'static str,
    q: &'static str,
    is_first: bool,
    outside: String,
}

impl LostView {
    fn new(place: &Place<'_>, sheet: &Sheet) -> Self {
        Self {
            frame: place.inside(sheet, &place.m.lost_title, ""),
            framed: &FRAMED.path,
            q: "",
            is_first: false,
            outside: place.home(place.locale),
        }
    }
}

/// The script as a ready answer, made once.
pub(crate) fn ready(transport: &Transport) -> Arc<Entry> {
    Arc::new(script(transport))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_are_taken_for_origins() {
        for good in [
            "*",
            "https://app.example",
            "http://127.0.0.1:3000",
            "https://*.app.example:8443",
            "http://[::1]:80",
        ] {
            assert!(is_widget_origin(good), "{good}");
        }
        for bad in [
            "",
            "app.example",
            "https://",
            "https://app.example/",
            "https://a; script-src *",
            "https://a,https://b",
            "https://a b",
            "javascript://a",
            "'none'",
            "https://*",
        ] {
            assert!(!is_widget_origin(bad), "{bad}");
        }
        let given = ["https://app.example", "https://a; script-src *"].map(str::to_owned);
        assert_eq!(ancestors(&given), "'self' https://app.example");
        assert_eq!(ancestors(&[]), "'self'");
    }

    #[test]
    fn paths_of_articles_and_no_others_have_a_place_in_the_frame() {
        let locales = ["en", "de"].map(|t| Locale::parse("locale", t).unwrap());
        for (base, path, want) in [
            (
                "/help",
                "/help/en/articles/a#b",
                Some("/help/en/widget/articles/a#b"),
            ),
            ("", "/de/articles/a", Some("/de/widget/articles/a")),
            ("/help", "/help/fr/articles/a", None),
            ("/help", "/helpers/en/articles/a", None),
            ("/help", "/other/en/articles/a", None),
            ("/help", "/help/en/categories/a", None),
            ("/help", "https://x.example/help/en/articles/a", None),
            ("", "//x.example/en/articles/a", None),
        ] {
            assert_eq!(within(base, &locales, path).as_deref(), want, "{path}");
        }
    }
}
