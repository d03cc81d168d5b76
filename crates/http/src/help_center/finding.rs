//! Finding: the search page and the suggestions under a search field. Both are answered from the index for this one
//! request and kept nowhere but in the reader's browser.

use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use cairn_domain::locale::Locale;
use cairn_service::help_center::{ArticleLink, HelpCenter, ReaderSearch, UpdatedWithin};
use cairn_service::{Error, ErrorClass};
use serde_json::json;

use super::door::{Asked, VARY_ENCODING, render};
use super::entry::Entry;
use super::found::SearchView;
use super::frame::Place;
use super::headers::{self, CachePolicy};
use super::messages::Messages;
use super::{Room, address};

/// The parameter of a search whose words a page of ours offered: to follow it is no question of a reader's own.
pub(super) const OFFERED: &str = "offered";
/// When to ask again where too many searches wait, in seconds.
const RETRY_S: u64 = 1;

impl Room {
    /// The answer to a search or to what somebody has typed so far; nothing when the address is neither.
    pub(super) async fn finding(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        is_first_used: bool,
    ) -> Result<Option<Arc<Entry>>, Error> {
        if !asked.path.ends_with("/search") && !asked.path.ends_with("/suggest") {
            return Ok(None);
        }
        let segments = address::segments(asked.path).unwrap_or_default();
        let rest = segments.get(usize::from(is_first_used)..);
        let (first, is_framed, word) = match rest {
            Some([first, word]) => (first, false, word),
            Some([first, widget, word]) if widget == "widget" => (first, true, word),
            _ => return Ok(None),
        };
        let Some(locale) = center.locale(first).filter(|l| l.as_str() == first) else {
            return Ok(None);
        };
        let entry = match word.as_ref() {
            "search" if is_framed => self.search_in_frame(asked, center, &locale).await?,
            "search" => self.search_page(asked, center, &locale).await?,
            _ => self.suggestions(asked, center, &locale, is_framed).await?,
        };
        Ok(Some(Arc::new(entry)))
    }

    async fn search_page(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
    ) -> Result<Entry, Error> {
        let place = Place::new(center, locale);
        let sheet = self.sheets.of(center.portal().accent.as_deref());
        let page = center.search(locale, &wanted(asked.query)).await?;
        let mark = if asked.is_read {
            center.count_search(locale, &page)
        } else {
            None
        };
        // Where there is nothing to show, topics are a way on. A kindness: without them the page still stands.
        let topics =
            if page.total_everywhere.max(page.total_any_time) == 0 && page.elsewhere.is_empty() {
                center.topics(locale).await.unwrap_or_default()
            } else {
                Vec::new()
            };
        let view = SearchView::new(&place, &sheet, &page, &topics, mark.as_deref());
        let html = render(&view)?;
        let mut headers =
            headers::common(&self.transport, sheet.policy.clone(), CachePolicy::Never);
        headers::html(&mut headers, locale.as_str(), VARY_ENCODING);
        Ok(Entry::once(StatusCode::OK, headers, html))
    }

    /// The titles that say what was typed, as a script shows them; when search is busy, none and a status that says so.
    async fn suggestions(
        &self,
        asked: &Asked<'_>,
        center: &HelpCenter,
        locale: &Locale,
        is_framed: bool,
    ) -> Result<Entry, Error> {
        let q = address::parameter(asked.query, "q").unwrap_or_default();
        let found = if q.trim().is_empty() {
            Ok(Vec::new())
        } else {
            center.suggest(locale, &q).await
        };
        let (status, cache, mut items) = match found {
            Ok(items) => (StatusCode::OK, CachePolicy::Suggestions, items),
            Err(error) if error.code.class() == ErrorClass::Unavailable => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                (status, CachePolicy::Never, Vec::new())
            }
            Err(error) => return Err(error),
        };
        if is_framed {
            let place = Place::new(center, locale);
            for item in &mut items {
                item.path = place.within(&item.path);
            }
        }
        let mut headers = headers::common(&self.transport, headers::POLICY_OF_DATA, cache);
        headers::html(&mut headers, locale.as_str(), VARY_ENCODING);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if status != StatusCode::OK {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_S));
        }
        let body = suggested(Messages::of(locale), &items).to_string();
        Ok(Entry::once(status, headers, body))
    }
}

/// What the address of a search page asks for: `q`, `topic`, `updated`, `exact`, `page`, `offered`.
pub(super) fn wanted(query: Option<&str>) -> ReaderSearch {
    ReaderSearch {
        q: address::parameter(query, "q").unwrap_or_default(),
        topic: address::parameter(query, "topic").filter(|slug| !slug.is_empty()),
        updated: address::parameter(query, "updated").and_then(|w| UpdatedWithin::parse(&w)),
        as_typed: address::parameter(query, "exact").is_some_and(|value| value == "1"),
        is_offered: address::parameter(query, OFFERED).is_some(),
        page: usize::try_from(address::page_number(query)).unwrap_or(1),
    }
}

/// The suggestions, and the sentence in which a screen reader tells how many there are.
fn suggested(m: &Messages, items: &[ArticleLink]) -> serde_json::Value {
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let items = items
        .iter()
        .map(|item| json!({"title": item.title, "topic": item.category, "path": item.path}));
    json!({"said": m.suggestions.of(count), "items": items.collect::<Vec<_>>()})
}
