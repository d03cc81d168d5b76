//! A reader's answer to "did this answer your question?" and a report of a mistake: two forms without script.
//!
//! `POST {article}/feedback` takes them and leads back to `{article}#thanks`, where the page of everybody holds the thanks
//! and the fragment alone shows them: nothing of a page depends on who answered, so that it stays in every cache, and no
//! token stands in it. What another site makes a browser post is refused instead by what the browser itself says of where
//! the form stood.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST, LOCATION, ORIGIN, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use cairn_domain::feedback::FeedbackReason;
use cairn_domain::limits::{FEEDBACK_BODY_BYTES_MAX, FEEDBACK_WORDS_CHARS_MAX};
use cairn_domain::locale::Locale;
use cairn_service::Error;
use cairn_service::feedback::{FeedbackTaken, GivenFeedback};
use cairn_service::help_center::{ArticlePage, HelpCenter};

use super::css::Sheet;
use super::entry::Entry;
use super::frame::{Frame, Place};
use super::headers::{self, CachePolicy};
use super::html::Drawing;
use super::messages::Messages;
use super::stones::cairn;
use super::{Room, address};
use crate::peer::Peer;

/// The last segment of the address that answers are posted to.
pub(crate) const WORD: &str = "feedback";
/// What a browser's form sends.
const FORM: &str = "application/x-www-form-urlencoded";
const FETCH_SITE: &str = "sec-fetch-site";

/// The forms below an article.
pub(crate) struct FeedbackForm {
    pub(crate) action: String,
    /// The locale of the page, where it is not the article's own.
    pub(crate) shown: Option<String>,
    /// Word and label of each reason.
    pub(crate) reasons: [(&'static str, &'static str); 4],
    pub(crate) chars_max: usize,
}

impl FeedbackForm {
    /// The forms of an article, where readers are asked.
    pub(crate) fn of(place: &Place<'_>, page: &ArticlePage) -> Option<Self> {
        place.takes_feedback.then(|| Self {
            action: format!("{}/{WORD}", page.path),
            shown: (page.locale != *place.locale).then(|| place.locale.to_string()),
            reasons: reasons(place.m),
            chars_max: FEEDBACK_WORDS_CHARS_MAX,
        })
    }
}

fn reasons(m: &'static Messages) -> [(&'static str, &'static str); 4] {
    [
        FeedbackReason::Missing,
        FeedbackReason::Unclear,
        FeedbackReason::Wrong,
        FeedbackReason::OffTopic,
    ]
    .map(|reason| {
        let label = match reason {
            FeedbackReason::Missing => &m.feedback_missing,
            FeedbackReason::Unclear => &m.feedback_unclear,
            FeedbackReason::Wrong => &m.feedback_wrong,
            FeedbackReason::OffTopic => &m.feedback_off_topic,
        };
        (reason.as_str(), label.as_str())
    })
}

/// Why an answer was not taken, and the way back.
#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedView {
    frame: Frame,
    cairn: Drawing,
    heading: &'static str,
    sentence: &'static str,
    back: Option<String>,
}

/// What a request to post an answer names.
struct Target {
    center: HelpCenter,
    locale: Locale,
    slug: String,
}

impl Room {
    /// The answer to a post; nothing where nothing is posted to.
    pub(crate) async fn post(
        &self,
        parts: &Parts,
        host: &str,
        body: Body,
    ) -> Option<Result<Response<Body>, Error>> {
        if parts.method != Method::POST {
            return None;
        }
        let target = match self.target(parts.uri.path(), host).await {
            Ok(target) => target?,
            Err(error) => return Some(Err(error)),
        };
        Some(self.take(&target, parts, body).await)
    }

    async fn target(&self, path: &str, host: &str) -> Result<Option<Target>, Error> {
        let Some(below) = self.below(path, host).await? else {
            return Ok(None);
        };
        let [locale, articles, slug, word] = below.rest() else {
            return Ok(None);
        };
        if articles != "articles" || word != WORD || !below.center.takes_feedback() {
            return Ok(None);
        }
        let (locale, slug) = (below.center.locale(locale), slug.as_ref().to_owned());
        Ok(locale.map(|locale| Target {
            slug,
            center: below.center,
            locale,
        }))
    }

    async fn take(
        &self,
        target: &Target,
        parts: &Parts,
        body: Body,
    ) -> Result<Response<Body>, Error> {
        let Target {
            center,
            locale,
            slug,
        } = target;
        let m = Messages::of(locale);
        let refuse = |status, sentence: &'static str, retry_after_s| {
            self.refuse(target, parts, status, sentence, retry_after_s)
        };
        let address = center.root();
        if !is_from_here(&parts.headers, authority(parts), &address) {
            return refuse(StatusCode::FORBIDDEN, &m.refused_elsewhere, None).await;
        }
        let kind = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with(FORM.as_bytes()) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return refuse(status, &m.refused_form, None).await;
        }
        // The limit also ends a body that was begun and never finishes growing.
        let Ok(body) = axum::body::to_bytes(body, FEEDBACK_BODY_BYTES_MAX).await else {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return refuse(status, &m.refused_long, None).await;
        };
        let form = String::from_utf8_lossy(&body);
        let field = |name: &str| address::parameter(Some(&form), name);
        let shown = field("shown").and_then(|text| center.locale(&text));
        let reason = field("reason");
        let given = GivenFeedback {
            kind: &field("kind").unwrap_or_default(),
            reason: reason.as_deref(),
            words: &field("words").unwrap_or_default(),
            from: self.client(parts),
        };
        match center.take_feedback(locale, slug, given).await? {
            FeedbackTaken::Kept => {
                let shown = shown.as_ref().unwrap_or(locale);
                let back = format!("{}#thanks", center.article_path(shown, slug));
                Ok(self.see_other(&back))
            }
            FeedbackTaken::Missing => refuse(StatusCode::NOT_FOUND, &m.refused_missing, None).await,
            FeedbackTaken::Faulty(faults) => {
                let has = |code: &str| faults.iter().any(|fault| fault.code == code);
                let sentence = if has("too_long") {
                    &m.refused_long
                } else if has("required") {
                    &m.refused_empty
                } else {
                    &m.refused_choice
                };
                refuse(StatusCode::UNPROCESSABLE_ENTITY, sentence, None).await
            }
            FeedbackTaken::TooMany { retry_after_s } => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                refuse(status, &m.refused_many, Some(retry_after_s)).await
            }
        }
    }

    /// A page that says why, with the way back to the article where there is one.
    async fn refuse(
        &self,
        target: &Target,
        parts: &Parts,
        status: StatusCode,
        sentence: &'static str,
        retry_after_s: Option<u32>,
    ) -> Result<Response<Body>, Error> {
        let Target {
            center,
            locale,
            slug,
        } = target;
        let sheet: Arc<Sheet> = self.sheets.of(center.portal().accent.as_deref());
        let place = Place::new(center, locale);
        let heading = if status == StatusCode::NOT_FOUND {
            &place.m.lost_title
        } else {
            &place.m.refused_title
        };
        let mut frame = place.frame(&sheet, heading, &[], "");
        frame.noindex = true;
        let view = RefusedView {
            cairn: cairn(&center.portal().id.to_string()),
            heading,
            sentence,
            back: (status != StatusCode::NOT_FOUND).then(|| center.article_path(locale, slug)),
            frame,
        };
        let html = view.render().map_err(Error::internal)?;
        let mut headers =
            headers::common(&self.transport, sheet.policy.clone(), CachePolicy::Never);
        headers::html(&mut headers, locale.as_str(), "accept-encoding");
        if let Some(seconds) = retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let entry = Arc::new(Entry::once(status, headers, html));
        Ok(entry.respond(&parts.method, &HeaderMap::new()).await)
    }

    /// To a page, with GET.
    fn see_other(&self, to: &str) -> Response<Body> {
        let mut headers =
            headers::common(&self.transport, headers::POLICY_OF_DATA, CachePolicy::Never);
        // Paths are percent-encoded by the application, so that they are visible ASCII.
        let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        headers.insert(LOCATION, to);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        *response.headers_mut() = headers;
        response
    }

    /// The address of the reader: what the proxy in front says where it is named in the settings, else the peer.
    fn client(&self, parts: &Parts) -> Option<IpAddr> {
        match &self.client_address_header {
            Some(name) => forwarded(&parts.headers, name),
            None => parts.extensions.get::<Peer>().map(|peer| peer.0),
        }
    }
}

/// The last address that a header names: the one the nearest proxy wrote.
fn forwarded(headers: &HeaderMap, name: &HeaderName) -> Option<IpAddr> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let last = value.rsplit(',').next()?.trim();
    let bare = last
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or(last);
    bare.parse().ok().or_else(|| {
        let (address, port) = bare.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        address.parse().ok()
    })
}

/// Host and port that were asked for.
fn authority(parts: &Parts) -> &str {
    let header = || parts.headers.get(HOST).and_then(|h| h.to_str().ok());
    let of_uri = parts.uri.authority().map(|a| a.as_str());
    of_uri.or_else(header).unwrap_or("")
}

/// Whether the form stood on a page of this host, as far as the browser says: `Sec-Fetch-Site`, before that `Origin`
/// (Fetch Standard §3.2). A program that says neither carries nobody's browser along.
fn is_from_here(headers: &HeaderMap, authority: &str, own_address: &str) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Some((_, host)) = origin.to_str().ok().and_then(|o| o.split_once("://")) else {
        return false;
    };
    let own_host = own_address.split_once("://").map_or("", |(_, rest)| rest);
    let own_host = own_host.split('/').next().unwrap_or("");
    !host.is_empty()
        && (host.eq_ignore_ascii_case(authority) || host.eq_ignore_ascii_case(own_host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_forms_of_the_same_host_are_taken() {
        for (pairs, want) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://kb.example"),
                ],
                false,
            ),
            (&[("origin", "https://kb.example")], true),
            (&[("origin", "https://KB.example")], true),
            (&[("origin", "https://help.example:8443")], true),
            (&[("origin", "https://kb.example.evil.example")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
        ] {
            let got = is_from_here(
                &headers(pairs),
                "kb.example",
                "https://help.example:8443/help",
            );
            assert_eq!(got, want, "{pairs:?}");
        }
    }

    #[test]
    fn of_a_forwarded_header_the_last_address_counts() {
        let name = HeaderName::from_static("x-forwarded-for");
        for (values, want) in [
            (&["203.0.113.7"][..], Some("203.0.113.7")),
            (&["spoofed, 198.51.100.1, 203.0.113.7"], Some("203.0.113.7")),
            (&["198.51.100.1", "203.0.113.7"], Some("203.0.113.7")),
            (&["203.0.113.7:4711"], Some("203.0.113.7")),
            (&["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["unknown"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(&name, HeaderValue::from_str(value).unwrap());
            }
            let want: Option<IpAddr> = want.map(|text| text.parse().unwrap());
            assert_eq!(forwarded(&headers, &name), want, "{values:?}");
        }
    }
}
