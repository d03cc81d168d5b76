//! The public help center: pages for readers, rendered on the server, without cookies, whole without script.
//!
//! A request takes one road (see [`door`]): portal from memory, page from the cache, and only on a miss
//! one call of the application and one template. The room refuses to decide who may read what: it holds
//! a [`cairn_service::help_center::HelpCenter`], which can reach published public articles only.
//!
//! Addresses: `{base}/{locale}`, `…/articles/{slug}` (and `.md`), `…/categories/{slug}?page=`,
//! `POST …/articles/{slug}/feedback`, `…/search?q=&topic=&exact=&page=`, `…/suggest?q=` for the script under a search field; `{base}/attachments/{id}/{name}` is a file that a page shows; `{base}` leads to the reader's locale, and `/assets/…` are files in the program.
//! What is made for machines (`{base}/robots.txt`, `sitemap.xml` and its files) takes the road of [`machines`].
//! `/widget.js` and `…/widget` are the same inside another site.
//! The Markdown of an article is its body to the byte, with nothing before it; what it is the source of
//! stands in the `Link` header.

mod address;
mod assets;
mod attachments;
mod below;
mod cache;
mod css;
mod dates;
mod door;
mod entry;
mod etag;
mod feedback;
mod finding;
mod found;
mod frame;
mod headers;
mod html;
mod icons;
mod machines;
mod messages;
mod negotiate;
mod readers;
mod scripts;
mod stones;
mod surrogate;
mod turns;
mod views;
mod widget;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderName;
use cairn_service::App;
use cairn_service::help_center::SitemapLimits;
use tokio::sync::Semaphore;

use assets::Assets;
use cache::PageCache;
use css::Sheets;
use entry::Entry;
use headers::Transport;
use turns::Turns;

pub use surrogate::{KeySeparator, SurrogateKeyHeader};
pub use widget::is_widget_origin;

/// Settings of the help center.
#[derive(Debug, Clone)]
pub struct PagesOptions {
    /// Memory that rendered pages may take, in bytes.
    pub cache_bytes_max: u64,
    /// The header that tells a CDN what an answer shows; none is sent when absent.
    pub surrogate_key: Option<SurrogateKeyHeader>,
    /// Most addresses in one file of a sitemap; never more than sitemaps.org allows.
    pub sitemap_urls_max: usize,
    /// Whether Strict-Transport-Security, sent where the public address is https, covers subdomains.
    pub hsts_includes_subdomains: bool,
    /// Origins of the pages that may show the widget, besides our own; see [`is_widget_origin`].
    pub widget_origins: Vec<String>,
    /// Header in which a proxy in front names the address of the reader; the peer of the connection when absent.
    pub client_address_header: Option<HeaderName>,
}

impl Default for PagesOptions {
    fn default() -> Self {
        Self {
            cache_bytes_max: 64 * 1024 * 1024,
            surrogate_key: Some(SurrogateKeyHeader::default()),
            sitemap_urls_max: machines::SITEMAP_URLS_MAX,
            hsts_includes_subdomains: false,
            widget_origins: Vec::new(),
            client_address_header: None,
        }
    }
}

/// The help center of all portals; a handle, cheap to clone.
#[derive(Clone)]
pub struct Pages(Arc<Room>);

struct Room {
    app: Arc<App>,
    cache: Arc<PageCache>,
    sheets: Sheets,
    assets: Assets,
    nowhere: Arc<Entry>,
    widget: Arc<Entry>,
    turns: Turns,
    sitemap_limits: SitemapLimits,
    easels: Semaphore,
    surrogate_key: Option<SurrogateKeyHeader>,
    transport: Transport,
    client_address_header: Option<HeaderName>,
    hits: metrics::Counter,
    misses: metrics::Counter,
}

impl Pages {
    /// The help center over an application; its cache is purged by the application's feed from now on.
    pub fn new(app: Arc<App>, options: PagesOptions) -> Self {
        let transport =
            Transport::new(&app.settings().public_url, options.hsts_includes_subdomains);
        let cache = Arc::new(PageCache::new(options.cache_bytes_max));
        app.on_purge(Arc::clone(&cache) as Arc<dyn cairn_service::app::PurgeListener>);
        let sheets = Sheets::new(&options.widget_origins);
        Self(Arc::new(Room {
            app,
            cache,
            nowhere: Arc::new(door::nowhere(&transport, &sheets.without_script())),
            widget: widget::ready(&transport),
            turns: Turns::default(),
            easels: Semaphore::new(machines::EASELS),
            surrogate_key: options.surrogate_key,
            sitemap_limits: machines::sitemap_limits(options.sitemap_urls_max),
            sheets,
            assets: Assets::new(&transport),
            transport,
            client_address_header: options.client_address_header,
            hits: metrics::counter!("help_center_page_cache_hits_total"),
            misses: metrics::counter!("help_center_page_cache_misses_total"),
        }))
    }
}

/// The routes of the help center: everything that no other door answers.
pub fn router(pages: Pages) -> Router {
    Router::new().fallback(door::answer).with_state(pages)
}
