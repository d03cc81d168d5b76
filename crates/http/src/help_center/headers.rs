//! The headers of public pages: safe by the table in `docs`, cacheable by everybody, no cookies.
//!
//! Times: a browser asks every time and mostly gets 304 (`max-age=0`); a shared cache may answer for a
//! minute, and for a day while we are down. Our own cache is purged by the feed, the minute is only
//! what a CDN without purging may lag behind. A miss is kept ten seconds, suggestions half a minute, a move a minute, a
//! file a day.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CachePolicy {
    /// A page that everybody sees alike.
    Page,
    /// Nothing is there now.
    Miss,
    /// It is called otherwise now.
    Move,
    /// Depends on who asks.
    Negotiated,
    /// What comes near to a few letters: the same for everybody, and soon something else.
    Suggestions,
    /// The script that other sites embed under an address that stays.
    Widget,
    /// Not to be kept.
    Never,
    /// A file that a page shows: the same bytes as long as it is there.
    File,
    /// Never changes under its address.
    Immutable,
}

/// A page: a browser asks every time; a shared cache answers by itself for a minute, for one more while
/// it asks for a fresh one, and for a day while we are down (RFC 9111, RFC 5861).
const PAGE_KEPT: &str =
    "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400";
/// A miss: ten seconds, because what is missing may be published any moment.
const MISS_KEPT: &str = "public, max-age=0, s-maxage=10";
/// A move: a minute.
const MOVE_KEPT: &str = "public, max-age=60, s-maxage=60";
/// What depends on who asks, or on more of the request than caches compare.
const NEGOTIATED_KEPT: &str = "private, no-cache";
/// Suggestions: half a minute.
const SUGGESTIONS_KEPT: &str = "public, max-age=30, s-maxage=30";
/// The script that other sites embed: an hour, and a day more while a fresh one is asked for or we are down.
const WIDGET_KEPT: &str =
    "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=86400";
/// What nobody keeps.
const NEVER_KEPT: &str = "private, no-store";
/// A file: a day, and one more while a fresh one is asked for or we are down.
const FILE_KEPT: &str = "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=86400";
/// What never changes: a year, the longest there is.
const IMMUTABLE_KEPT: &str = "public, max-age=31536000, immutable";

impl CachePolicy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Page => PAGE_KEPT,
            Self::Miss => MISS_KEPT,
            Self::Move => MOVE_KEPT,
            Self::Negotiated => NEGOTIATED_KEPT,
            Self::Suggestions => SUGGESTIONS_KEPT,
            Self::Widget => WIDGET_KEPT,
            Self::Never => NEVER_KEPT,
            Self::File => FILE_KEPT,
            Self::Immutable => IMMUTABLE_KEPT,
        }
    }
}

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
pub(crate) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Every feature a page of ours could be asked for, switched off.
const ALL_OFF: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";
/// For answers that are not pages: nothing may be loaded or run.
pub(crate) const POLICY_OF_DATA: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// The Strict-Transport-Security of this server, if it is reached over https.
#[derive(Debug, Clone)]
pub(crate) struct Transport(Option<HeaderValue>);

impl Transport {
    pub(crate) fn new(public_url: &str, include_subdomains: bool) -> Self {
        Self(public_url.starts_with("https://").then(|| {
            HeaderValue::from_static(if include_subdomains {
                "max-age=31536000; includeSubDomains"
            } else {
                "max-age=31536000"
            })
        }))
    }
}

/// The headers every answer of this door carries.
pub(crate) fn common(transport: &Transport, policy: HeaderValue, cache: CachePolicy) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    if let Transport(Some(hsts)) = transport {
        headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    let constant = HeaderValue::from_static;
    headers.insert(X_CONTENT_TYPE_OPTIONS, constant("nosniff"));
    headers.insert(OPENER_POLICY, constant("same-origin"));
    headers.insert(RESOURCE_POLICY, constant("same-site"));
    headers.insert(REFERRER_POLICY, constant("strict-origin-when-cross-origin"));
    headers.insert(PERMISSIONS_POLICY, constant(ALL_OFF));
    headers.insert(CACHE_CONTROL, constant(cache.as_str()));
    headers
}

/// Adds what an HTML page says of itself.
pub(crate) fn html(headers: &mut HeaderMap, lang: &str, vary: &'static str) {
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    language(headers, lang);
    headers.insert(VARY, HeaderValue::from_static(vary));
}

/// Adds what the Markdown of an article says of itself: `url` is the page it is the source of.
pub(crate) fn markdown(headers: &mut HeaderMap, lang: &str, url: &str, vary: &'static str) {
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/markdown; charset=utf-8"),
    );
    language(headers, lang);
    headers.insert(VARY, HeaderValue::from_static(vary));
    if let Ok(link) = HeaderValue::from_str(&format!("<{url}>; rel=\"canonical\"")) {
        headers.insert(axum::http::header::LINK, link);
    }
}

fn language(headers: &mut HeaderMap, lang: &str) {
    if let Ok(lang) = HeaderValue::from_str(lang) {
        headers.insert(CONTENT_LANGUAGE, lang);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_carries_the_headers_of_the_table_and_hsts_only_over_https() {
        let sheet = super::super::css::Sheets::new(&[]).of(None);
        let plain = Transport::new("http://127.0.0.1:8080", true);
        let headers = common(&plain, sheet.policy.clone(), CachePolicy::Page);
        for (name, want) in [
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-site"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            (
                "cache-control",
                "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400",
            ),
        ] {
            assert_eq!(headers[name], want);
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.ends_with("'; script-src 'self'; connect-src 'self'; img-src 'self' https:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"));
        assert!(!headers.contains_key("strict-transport-security"));
        assert!(!headers.contains_key("set-cookie"));
        let safe = Transport::new("https://help.example.com", false);
        let headers = common(&safe, POLICY_OF_DATA, CachePolicy::Miss);
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
    }
}
