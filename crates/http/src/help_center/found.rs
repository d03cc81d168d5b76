//! The search page as its template sees it.

use askama::Template;
use cairn_service::help_center::{CategoryLink, SearchHit, SearchPage, UpdatedWithin};

use super::address;
use super::css::Sheet;
use super::dates::Day;
use super::door::MARK;
use super::frame::{Frame, Place, direction, language_name};
use super::html::Marked;
use super::messages::{Messages, Slot, fill};
use super::views::{Link, Pager};

/// Most topics offered where nothing was found.
const TOPICS_MAX: usize = 12;

/// A way of narrowing the search, or the one that is taken.
pub(crate) struct Facet {
    path: String,
    name: String,
    /// The language of the name, where it is another than the page's.
    lang: Option<String>,
    count: u64,
    is_chosen: bool,
    is_below: bool,
}

/// A list of them under one name.
pub(crate) struct Facets {
    name: &'static str,
    rows: Vec<Facet>,
}

/// A heading of a result.
pub(crate) struct Section {
    path: String,
    title: String,
}

/// One result of a search.
pub(crate) struct Hit {
    path: String,
    title: Marked,
    category: String,
    category_path: Option<String>,
    /// Language and direction, where they are not the reader's.
    foreign: Option<(String, &'static str)>,
    snippet: Marked,
    sections: Vec<Section>,
    updated: Day,
}

impl Hit {
    fn of(place: &Place<'_>, hit: &SearchHit, path: String) -> Self {
        let sections = hit.sections.iter().map(|(title, anchor)| Section {
            path: format!("{path}#{anchor}"),
            title: title.clone(),
        });
        Self {
            title: Marked::of(&hit.title_html),
            category: hit.link.category.clone(),
            category_path: hit.topic_path.clone(),
            foreign: (hit.locale != *place.locale)
                .then(|| (hit.locale.to_string(), direction(&hit.locale))),
            snippet: Marked::of(&hit.snippet_html),
            sections: sections.collect(),
            path,
            updated: Day::of(place.m, hit.link.updated_at),
        }
    }
}

/// Words that nothing has, and the way to search for them all the same.
pub(crate) struct Unknown {
    said: Slot,
    words: String,
    path: String,
}

/// The page of a search.
#[derive(Template)]
#[template(path = "search.html")]
pub(crate) struct SearchView<'a> {
    frame: Frame,
    q: &'a str,
    /// The words that were searched for.
    understood: &'a str,
    said: Slot,
    unknown: Option<Unknown>,
    as_typed: bool,
    is_cut: bool,
    /// The topic it is narrowed to, and where it is not.
    topic: Option<(&'a str, String)>,
    /// Since when its hits changed, and where any time will do.
    since: Option<(Day, String)>,
    facets: Vec<Facets>,
    hits: Vec<Hit>,
    elsewhere: Vec<Hit>,
    /// Where else to look when nothing was found.
    topics: Vec<Link>,
    pager: Pager,
}

impl<'a> SearchView<'a> {
    /// `topics` are offered where nothing was found; `mark` is what the links to results carry, so that opening one
    /// can be counted.
    pub(crate) fn new(
        place: &Place<'_>,
        sheet: &Sheet,
        page: &'a SearchPage,
        topics: &[CategoryLink],
        mark: Option<&str>,
    ) -> Self {
        let m = place.m;
        let title = if page.q.is_empty() {
            m.search_title.clone()
        } else {
            fill(&m.search_page_title, &[&page.q])
        };
        let mut chrome = Vec::new();
        if page.pages > 1 {
            chrome.push("right");
        }
        let at = Addresses {
            search: format!("{}/search", place.home(place.locale)),
            page,
        };
        let facets = facets(place, page, &at);
        if !facets.is_empty() {
            chrome.push("filter");
        }
        let mut frame = place.frame(sheet, &title, &chrome, "");
        frame.show_find = false;
        frame.noindex = true;
        frame.description = fill(&m.home_description, &[&place.portal.name]);
        let shown = |hits: &[SearchHit]| -> Vec<Hit> {
            let marked = |path: &str| match mark {
                Some(mark) => format!("{path}?{MARK}={mark}"),
                None => path.to_owned(),
            };
            let hits = hits.iter();
            hits.map(|hit| Hit::of(place, hit, marked(&hit.link.path)))
                .collect()
        };
        let own = page.topic.as_ref().map(|topic| topic.slug.as_str());
        let updated = page.updated.map(|(span, _)| span);
        let here = format!("{}&", at.of(own, updated));
        let mut pager = Pager::new(m, &here, page.page, page.pages);
        pager.text = range(m, page);
        pager.more = &m.more_results;
        Self {
            q: &page.q,
            understood: page.corrected.as_deref().unwrap_or(&page.q),
            said: if page.total == 0 {
                m.search_nothing.clone()
            } else {
                m.results_for.around(page.total)
            },
            unknown: unknown(m, page, &at),
            as_typed: page.as_typed,
            is_cut: page.is_cut,
            topic: page
                .topic
                .as_ref()
                .map(|topic| (topic.name.as_str(), at.of(None, updated))),
            since: page
                .updated
                .map(|(_, since)| (Day::of(m, since), at.of(own, None))),
            facets,
            hits: shown(&page.hits),
            elsewhere: shown(&page.elsewhere),
            topics: topics
                .iter()
                .take(TOPICS_MAX)
                .map(|topic| {
                    let count = u64::try_from(topic.article_count).unwrap_or(0);
                    let note = m.article_count.of(count);
                    Link::to(topic.path.clone(), topic.name.clone(), note)
                })
                .collect(),
            pager,
            frame,
        }
    }
}

/// The addresses of the same search, looked at otherwise: each can be kept and handed on.
struct Addresses<'a> {
    search: String,
    page: &'a SearchPage,
}

impl Addresses<'_> {
    /// Narrowed to this topic and to what changed within this span, or to none.
    fn of(&self, topic: Option<&str>, updated: Option<UpdatedWithin>) -> String {
        let mut path = format!("{}?q={}", self.search, address::encode(&self.page.q));
        if let Some(slug) = topic {
            path.push_str(&format!("&topic={}", address::encode(slug)));
        }
        if let Some(span) = updated {
            path.push_str(&format!("&updated={}", span.as_str()));
        }
        if self.page.as_typed {
            path.push_str("&exact=1");
        }
        path
    }
}

/// Topics, languages and times, where there is a choice.
fn facets(place: &Place<'_>, page: &SearchPage, at: &Addresses<'_>) -> Vec<Facets> {
    let found = [
        topics(place, page, at),
        languages(place, page, at),
        times(place, page, at),
    ];
    found.into_iter().flatten().collect()
}

fn topics(place: &Place<'_>, page: &SearchPage, at: &Addresses<'_>) -> Option<Facets> {
    if page.topic.is_none() && page.topics.len() < 2 {
        return None;
    }
    let updated = page.updated.map(|(span, _)| span);
    let all = Facet {
        path: at.of(None, updated),
        name: place.m.all_topics.clone(),
        lang: None,
        count: page.total_everywhere,
        is_chosen: page.topic.is_none(),
        is_below: false,
    };
    let topics = page.topics.iter().map(|topic| Facet {
        path: at.of(Some(&topic.slug), updated),
        name: topic.name.clone(),
        lang: None,
        count: topic.count,
        is_chosen: topic.is_chosen,
        is_below: topic.depth > 0,
    });
    Some(Facets {
        name: &place.m.topic,
        rows: [all].into_iter().chain(topics).collect(),
    })
}

fn languages(place: &Place<'_>, page: &SearchPage, at: &Addresses<'_>) -> Option<Facets> {
    if page.languages.is_empty() {
        return None;
    }
    let updated = page.updated.map(|(span, _)| span);
    let own = Facet {
        path: at.of(None, updated),
        name: language_name(place.locale),
        lang: None,
        count: page.total_everywhere,
        is_chosen: true,
        is_below: false,
    };
    let others = page.languages.iter().map(|(locale, count)| {
        let there = Addresses {
            search: format!("{}/search", place.home(locale)),
            page,
        };
        Facet {
            path: there.of(None, updated),
            name: language_name(locale),
            lang: Some(locale.to_string()),
            count: *count,
            is_chosen: false,
            is_below: false,
        }
    });
    Some(Facets {
        name: &place.m.language,
        rows: [own].into_iter().chain(others).collect(),
    })
}

/// Spans that leave some hits out and some in, and the one that is chosen.
fn times(place: &Place<'_>, page: &SearchPage, at: &Addresses<'_>) -> Option<Facets> {
    let m = place.m;
    let topic = page.topic.as_ref().map(|topic| topic.slug.as_str());
    let chosen = page.updated.map(|(span, _)| span);
    let spans = page.updated_counts.iter().filter(|(span, count)| {
        let is_choice = (1..page.total_any_time).contains(count);
        is_choice || chosen == Some(*span)
    });
    let spans: Vec<_> = spans
        .map(|(span, count)| Facet {
            path: at.of(topic, Some(*span)),
            name: match span {
                UpdatedWithin::Week => m.past_week.clone(),
                UpdatedWithin::Month => m.past_month.clone(),
                UpdatedWithin::Year => m.past_year.clone(),
            },
            lang: None,
            count: *count,
            is_chosen: chosen == Some(*span),
            is_below: false,
        })
        .collect();
    if spans.is_empty() {
        return None;
    }
    let any = Facet {
        path: at.of(topic, None),
        name: m.any_time.clone(),
        lang: None,
        count: page.total_any_time,
        is_chosen: chosen.is_none(),
        is_below: false,
    };
    Some(Facets {
        name: &m.last_updated,
        rows: [any].into_iter().chain(spans).collect(),
    })
}

/// Which of the words nothing has: what is shown was found by others.
fn unknown(m: &Messages, page: &SearchPage, at: &Addresses<'_>) -> Option<Unknown> {
    page.corrected.as_ref()?;
    let words: Vec<String> = page
        .repaired
        .iter()
        .map(|word| fill(&m.quoted, &[word]))
        .collect();
    let own = page.topic.as_ref().map(|topic| topic.slug.as_str());
    Some(Unknown {
        said: m
            .search_unknown
            .around(u64::try_from(words.len()).unwrap_or(u64::MAX)),
        words: words.join(", "),
        path: format!("{}&exact=1", at.of(own, page.updated.map(|(span, _)| span))),
    })
}

/// `1–10 of 18`.
fn range(m: &Messages, page: &SearchPage) -> String {
    let last = page.first + page.hits.len().saturating_sub(1);
    fill(
        &m.results_range,
        &[
            &page.first.to_string(),
            &last.to_string(),
            &page.total.to_string(),
        ],
    )
}
