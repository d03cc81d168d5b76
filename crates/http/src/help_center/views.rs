//! The pages as templates see them, made from what the application hands over.
//!
//! A view holds text, which the template escapes, and the few kinds of markup of [`super::html`].

use askama::Template;
use cairn_domain::locale::Locale;
use cairn_service::Heading;
use cairn_service::help_center::{
    ArticleLink, ArticlePage, CategoryLink, CategoryPage, HomePage, ReadMost,
};

use super::address;
use super::assets::sized;
use super::css::Sheet;
use super::dates::Day;
use super::feedback::FeedbackForm;
use super::finding::OFFERED;
use super::frame::{Frame, Place, direction, language_name};
use super::html::{Body, Drawing};
use super::machines::{atom, data, head};
use super::messages::{Messages, Slot, fill};
use super::stones::{cairn, cairn_of_size};

/// Words a reader takes in within a minute.
const WORDS_PER_MINUTE: usize = 200;
/// Most siblings beside an article; of more, those around it are shown.
const SIBLINGS_SHOWN_MAX: usize = 40;
/// Above this many topics the first page becomes an index in columns.
const TOPIC_CARDS_MAX: usize = 12;
/// Articles shown with a topic.
const TOPIC_ARTICLES_MAX: usize = 3;

/// A link with a quiet note behind it.
pub(crate) struct Link {
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) note: String,
    excerpt: String,
    current: bool,
}

impl Link {
    fn of(link: &ArticleLink, note: String) -> Self {
        Self {
            path: link.path.clone(),
            title: link.title.clone(),
            note,
            excerpt: link.excerpt.clone(),
            current: false,
        }
    }

    /// A link to something that is not an article.
    pub(crate) fn to(path: String, title: String, note: String) -> Self {
        Self {
            path,
            title,
            note,
            excerpt: String::new(),
            current: false,
        }
    }

    fn dated(m: &Messages, link: &ArticleLink) -> Self {
        Self::of(link, Day::of(m, link.updated_at).medium)
    }

    /// With the time it takes, where that is known.
    fn timed(m: &Messages, read: &ReadMost) -> Self {
        let note = read.word_count.map(|words| m.minutes.of(minutes(words)));
        Self::of(&read.link, note.unwrap_or_default())
    }

    fn with_topic(link: &ArticleLink) -> Self {
        Self::of(link, link.category.clone())
    }
}

/// Minutes that reading so many words takes.
fn minutes(words: usize) -> u64 {
    u64::try_from(words.div_ceil(WORDS_PER_MINUTE).max(1)).unwrap_or(u64::MAX)
}

/// A node of a trail.
pub(crate) struct Crumb {
    path: String,
    name: String,
}

fn crumbs(categories: &[CategoryLink]) -> Vec<Crumb> {
    let crumb = |c: &CategoryLink| Crumb {
        path: c.path.clone(),
        name: c.name.clone(),
    };
    categories.iter().map(crumb).collect()
}

/// A heading of the second level and those below it.
pub(crate) struct OutlineItem {
    id: String,
    text: String,
    below: Vec<OutlineItem>,
}

/// The headings as a list of two levels. A third-level heading before any second-level one, and the
/// top of an article that starts deeper, stands at the first level; deeper headings are left out.
fn outline(headings: &[Heading]) -> Vec<OutlineItem> {
    let mut out: Vec<OutlineItem> = Vec::new();
    for heading in headings.iter().filter(|h| h.level <= 3) {
        let item = OutlineItem {
            id: heading.id.clone(),
            text: heading.text.clone(),
            below: Vec::new(),
        };
        match out.last_mut() {
            Some(top) if heading.level == 3 => top.below.push(item),
            _ => out.push(item),
        }
    }
    out
}

/// The page of an article.
#[derive(Template)]
#[template(path = "article.html")]
pub(crate) struct ArticleView<'a> {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: &'a str,
    /// Language and direction of the text, where they are not the reader's.
    foreign: Option<(&'a str, &'static str)>,
    notices: Vec<Notice>,
    topic: &'a str,
    siblings: Vec<Link>,
    updated: Day,
    reading_time: String,
    outline: Vec<OutlineItem>,
    html: Body<'a>,
    related: Vec<Link>,
    previous: Option<Link>,
    next: Option<Link>,
    markdown_path: String,
    feedback: Option<FeedbackForm>,
}

impl<'a> ArticleView<'a> {
    pub(crate) fn new(place: &Place<'_>, sheet: &Sheet, page: &'a ArticlePage) -> Self {
        let m = place.m;
        let outline = outline(&page.headings);
        let markdown_path = format!("{}.md", page.path);
        let mut chrome = vec!["md"];
        if !outline.is_empty() {
            chrome.push("down");
        }
        let notices = notices(place, page);
        if !notices.is_empty() {
            chrome.push("info");
        }
        let feedback = FeedbackForm::of(place, page);
        if feedback.is_some() {
            chrome.extend(["up", "dn", "check", "mail"]);
        }
        let mut frame = place.frame(sheet, &page.title, &chrome, page.html.as_str());
        frame.description = page.excerpt.clone();
        frame.markdown = Some(markdown_path.clone());
        let own = (page.locale.clone(), page.path.clone());
        let mut pages: Vec<(Locale, String)> = vec![own];
        let others = page.translations.iter().filter(|(l, _)| *l != page.locale);
        pages.extend(others.cloned());
        let shown = (place.locale.clone(), page.shown_at.clone());
        let menu: Vec<_> = pages.iter().cloned().chain([shown]).collect();
        frame.languages = place.languages(&menu);
        // Shown in place of a translation it is none: its canonical address names its languages.
        if page.locale == *place.locale {
            frame.alternates = place.alternates(&pages);
        }
        frame.data = Some(data::of_article(place, page));
        let published = Some(page.updated_at);
        let category = page.crumbs.last().map(|c| c.id);
        frame.tell_machines(place, &page.title, page.url.clone(), category, published);
        Self {
            crumbs: crumbs(&page.crumbs),
            title: &page.title,
            foreign: (page.locale != *place.locale)
                .then(|| (page.locale.as_str(), direction(&page.locale))),
            notices,
            topic: page
                .crumbs
                .last()
                .map_or(m.articles.as_str(), |c| c.name.as_str()),
            siblings: siblings(page),
            updated: Day::of(m, page.updated_at),
            reading_time: m.reading_time.of(minutes(page.word_count)),
            outline,
            html: Body(sized(&page.html)),
            related: page.related.iter().map(Link::with_topic).collect(),
            previous: page.previous.as_ref().map(Link::with_topic),
            next: page.next.as_ref().map(Link::with_topic),
            markdown_path,
            feedback,
            frame,
        }
    }
}

/// What a reader must know of a text before they trust it.
pub(crate) struct Notice {
    title: &'static str,
    said: Slot,
    /// A language in its own words, or the link to it.
    language: String,
    lang: String,
    path: Option<String>,
}

/// That the text is in another language than the reader's, and that its original has moved on.
fn notices(place: &Place<'_>, page: &ArticlePage) -> Vec<Notice> {
    let m = place.m;
    let foreign = (page.locale != *place.locale).then(|| Notice {
        title: &m.not_translated_title,
        said: m.not_translated.clone(),
        language: language_name(&page.locale),
        lang: page.locale.to_string(),
        path: None,
    });
    let behind = page.behind.as_ref().map(|original| Notice {
        title: &m.original_changed_title,
        said: m.original_changed.clone(),
        language: language_name(&original.locale),
        lang: original.locale.to_string(),
        path: Some(original.path.clone()),
    });
    foreign.into_iter().chain(behind).collect()
}

fn siblings(page: &ArticlePage) -> Vec<Link> {
    let own = page
        .siblings
        .iter()
        .position(|s| s.id == page.id)
        .unwrap_or(0);
    let last_start = page.siblings.len().saturating_sub(SIBLINGS_SHOWN_MAX);
    let start = own.saturating_sub(SIBLINGS_SHOWN_MAX / 2).min(last_start);
    let shown = page.siblings.iter().skip(start).take(SIBLINGS_SHOWN_MAX);
    shown
        .map(|sibling| Link {
            current: sibling.id == page.id,
            ..Link::of(sibling, String::new())
        })
        .collect()
}

/// A topic on the first page.
pub(crate) struct Topic {
    path: String,
    name: String,
    description: String,
    count: i64,
    all: String,
    all_label: String,
    articles: Vec<Link>,
    cairn: Drawing,
}

impl Topic {
    fn of(m: &Messages, category: &CategoryLink) -> Self {
        let all = m
            .all_count
            .of(u64::try_from(category.article_count).unwrap_or(0));
        let articles = category.articles.iter().take(TOPIC_ARTICLES_MAX);
        Self {
            path: category.path.clone(),
            name: category.name.clone(),
            description: category.description.clone(),
            count: category.article_count,
            all_label: fill(&m.all_in, &[&category.name, &all]),
            all,
            articles: articles.map(|a| Link::of(a, String::new())).collect(),
            cairn: cairn(&category.id.to_string()),
        }
    }
}

/// The first page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomeView {
    frame: Frame,
    summit: Drawing,
    topics: Vec<Topic>,
    as_index: bool,
    articles: Vec<Link>,
    read_most: Vec<Link>,
    often_asked: Vec<Link>,
    recent: Vec<Link>,
}

impl HomeView {
    pub(crate) fn new(place: &Place<'_>, sheet: &Sheet, page: &HomePage) -> Self {
        let m = place.m;
        let mut frame = place.frame(sheet, "", &[], "");
        frame.show_find = false;
        frame.description = fill(&m.home_description, &[&place.portal.name]);
        let url = place.center.absolute(&place.home(place.locale));
        let locales = place.portal.locales.iter();
        let pages: Vec<_> = locales.map(|l| (l.clone(), place.home(l))).collect();
        frame.alternates = place.alternates(&pages);
        frame.data = Some(data::of_home(place, &url));
        frame.tell_machines(place, &place.portal.name, url, None, None);
        Self {
            frame,
            summit: cairn_of_size(&place.portal.id.to_string(), 56),
            topics: page.categories.iter().map(|c| Topic::of(m, c)).collect(),
            as_index: page.categories.len() > TOPIC_CARDS_MAX,
            articles: page
                .uncategorised
                .iter()
                .map(|a| Link::dated(m, a))
                .collect(),
            read_most: page.read_most.iter().map(|r| Link::timed(m, r)).collect(),
            often_asked: page
                .often_asked
                .iter()
                .map(|words| {
                    let search = format!("{}/search", place.home(place.locale));
                    let path = format!("{search}?q={}&{OFFERED}=1", address::encode(words));
                    Link::to(path, words.clone(), String::new())
                })
                .collect(),
            recent: page.recent.iter().map(|a| Link::dated(m, a)).collect(),
        }
    }
}

/// Links to the pages around this one.
pub(crate) struct Pager {
    pub(crate) pages: usize,
    pub(crate) text: String,
    /// What the way on is called.
    pub(crate) more: &'static str,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

impl Pager {
    /// `path` is what the number is put behind, ending in `?` or `&`.
    pub(crate) fn new(m: &'static Messages, path: &str, page: usize, pages: usize) -> Self {
        let to = |page: usize| format!("{path}page={page}");
        Self {
            pages,
            text: fill(&m.page_of, &[&page.to_string(), &pages.to_string()]),
            more: &m.page_next,
            previous: (page > 1).then(|| to(page - 1)),
            next: (page < pages).then(|| to(page + 1)),
        }
    }
}

/// A category below another, with its first articles.
pub(crate) struct Group {
    id: String,
    path: String,
    name: String,
    description: String,
    articles: Vec<Link>,
    has_more: bool,
    all: String,
    all_label: String,
}

/// The page of a category.
#[derive(Template)]
#[template(path = "category.html")]
pub(crate) struct CategoryView<'a> {
    frame: Frame,
    topics: Vec<Link>,
    crumbs: Vec<Crumb>,
    name: &'a str,
    description: &'a str,
    cairn: Drawing,
    articles: Vec<Link>,
    groups: Vec<Group>,
    pager: Pager,
}

impl<'a> CategoryView<'a> {
    pub(crate) fn new(place: &Place<'_>, sheet: &Sheet, page: &'a CategoryPage) -> Self {
        let m = place.m;
        let own = &page.category;
        let chrome: &[&str] = if page.pages > 1 { &["right"] } else { &[] };
        let mut frame = place.frame(sheet, &own.name, chrome, "");
        let titles = page.articles.iter().map(|a| a.title.as_str());
        let names = page.children.iter().map(|c| c.name.as_str());
        frame.description = head::described(&own.description, titles.chain(names));
        let number = if page.page > 1 {
            format!("?page={}", page.page)
        } else {
            String::new()
        };
        let url = place.center.absolute(&own.path) + &number;
        // The second page of a list is there in another language only by chance.
        if page.page == 1 {
            frame.alternates = place.alternates(&page.translations);
        }
        frame.languages = place.languages(&page.translations);
        let feed = atom::path_of_category(&own.path);
        frame
            .links
            .push(head::HeadLink::feed(frame.title.clone(), feed));
        frame.data = Some(data::of_category(place, page, &url));
        frame.tell_machines(place, &own.name, url, Some(own.id), None);
        let top = page.crumbs.first().map_or(own.id, |c| c.id);
        let above = page.crumbs.len().saturating_sub(1);
        Self {
            topics: page
                .topics
                .iter()
                .map(|c| Link {
                    current: c.id == top,
                    ..Link::to(c.path.clone(), c.name.clone(), String::new())
                })
                .collect(),
            crumbs: crumbs(page.crumbs.get(..above).unwrap_or_default()),
            name: &own.name,
            description: &own.description,
            cairn: cairn(&own.id.to_string()),
            articles: page.articles.iter().map(|a| Link::dated(m, a)).collect(),
            groups: page.children.iter().map(|c| group(m, c)).collect(),
            pager: Pager::new(m, &format!("{}?", own.path), page.page, page.pages),
            frame,
        }
    }
}

fn group(m: &Messages, category: &CategoryLink) -> Group {
    let count = u64::try_from(category.article_count).unwrap_or(0);
    let shown = u64::try_from(category.articles.len()).unwrap_or(0);
    let all = m.all_count.of(count);
    Group {
        id: format!("c-{}", category.id),
        path: category.path.clone(),
        name: category.name.clone(),
        description: category.description.clone(),
        articles: category
            .articles
            .iter()
            .map(|a| Link::dated(m, a))
            .collect(),
        has_more: count > shown,
        all_label: fill(&m.all_in, &[&category.name, &all]),
        all,
    }
}

/// Nothing is at this address.
#[derive(Template)]
#[template(path = "not_found.html")]
pub(crate) struct NotFoundView {
    frame: Frame,
    cairn: Drawing,
    said: Slot,
    path: String,
    words: String,
    nearest: Vec<Link>,
}

impl NotFoundView {
    /// Inside a portal.
    pub(crate) fn new(
        place: &Place<'_>,
        sheet: &Sheet,
        path: &str,
        nearest: &[ArticleLink],
    ) -> Self {
        let mut frame = place.frame(sheet, &place.m.lost_title, &[], "");
        frame.show_find = false;
        frame.noindex = true;
        Self::in_frame(frame, &place.portal.id.to_string(), path, nearest)
    }

    /// Around a frame of any kind.
    pub(crate) fn in_frame(frame: Frame, seed: &str, path: &str, nearest: &[ArticleLink]) -> Self {
        let said = if nearest.is_empty() {
            &frame.m.lost_said
        } else {
            &frame.m.lost_said_nearest
        };
        Self {
            said: said.clone(),
            cairn: cairn(seed),
            path: address::readable(path),
            words: address::words(path),
            nearest: nearest.iter().map(Link::with_topic).collect(),
            frame,
        }
    }
}

/// The list of help centers at the bare root.
#[derive(Template)]
#[template(path = "portals.html")]
pub(crate) struct PortalsView {
    pub(crate) frame: Frame,
    pub(crate) cairn: Drawing,
    pub(crate) portals: Vec<Link>,
}

/// Something went wrong, on our side or for a while.
#[derive(Template)]
#[template(path = "failed.html")]
pub(crate) struct FailedView {
    pub(crate) frame: Frame,
    pub(crate) cairn: Drawing,
    pub(crate) heading: String,
    pub(crate) sentence: String,
    pub(crate) request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(level: u8, id: &str) -> Heading {
        Heading {
            level,
            id: id.to_owned(),
            text: id.to_owned(),
            body_offset: 0,
        }
    }

    #[test]
    fn headings_nest_two_deep() {
        let headings = [(3, "a"), (2, "b"), (3, "c"), (4, "d"), (3, "e"), (2, "f")];
        let outline = outline(&headings.map(|(level, id)| heading(level, id)));
        let shape: Vec<(&str, usize)> = outline
            .iter()
            .map(|o| (o.id.as_str(), o.below.len()))
            .collect();
        assert_eq!(shape, [("a", 0), ("b", 2), ("f", 0)]);
    }

    #[test]
    fn a_pager_links_only_where_there_is_a_page() {
        let m = Messages::of(&Locale::parse("locale", "en").unwrap());
        let pager = Pager::new(m, "/en/search?q=a&", 1, 3);
        assert_eq!(pager.previous, None);
        assert_eq!(pager.next.as_deref(), Some("/en/search?q=a&page=2"));
        assert_eq!(pager.text, "Page 1 of 3");
        assert_eq!(Pager::new(m, "/x?", 3, 3).next, None);
    }
}
