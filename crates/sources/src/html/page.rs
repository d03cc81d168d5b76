//! What a page says of itself: title, language, dates, author, where it stands.

use cairn_domain::limits::CATEGORY_DEPTH_MAX;
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use crate::addresses::path_of;
use crate::markup::{Element, Node, attribute, descendants, elements, first, text_of};

/// Longest name of a category taken from breadcrumbs, in characters; longer ones are sentences.
const CRUMB_CHARS_MAX: usize = 120;

/// What a page says.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) canonical: Option<String>,
    pub(super) author: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) tags: Vec<String>,
    crumbs: Vec<String>,
}

impl Page {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let mut page = Self::default();
        let (mut shared_title, mut site, mut title, mut heading) = (None, None, None, None);
        let mut crumbs = None;
        let mut shared_url = None;
        descendants(nodes, &mut |element| match element.name.as_str() {
            "html" => page.locale = attribute(element, "lang").and_then(locale),
            "title" if title.is_none() => title = words(element),
            "h1" if heading.is_none() => heading = words(element),
            "link" if attribute(element, "rel") == Some("canonical") => {
                page.canonical = attribute(element, "href").map(str::to_owned);
            }
            "meta" => {
                let name = attribute(element, "name").or(attribute(element, "property"));
                let content = attribute(element, "content").map(one_line);
                let content = content.filter(|content| !content.is_empty());
                let (Some(name), Some(content)) = (name, content) else {
                    return;
                };
                match name.to_ascii_lowercase().as_str() {
                    "description" => page.description = Some(content),
                    "og:description" if page.description.is_none() => {
                        page.description = Some(content)
                    }
                    "og:title" => shared_title = Some(content),
                    "og:site_name" => site = Some(content),
                    "og:url" => shared_url = Some(content),
                    "og:locale" if page.locale.is_none() => page.locale = locale(&content),
                    "author" | "article:author" if !content.contains("://") => {
                        page.author = Some(content)
                    }
                    "article:published_time" | "date" | "dcterms.created" => {
                        page.created_at = time(&content)
                    }
                    "article:modified_time" | "last-modified" | "dcterms.modified" => {
                        page.updated_at = time(&content)
                    }
                    "article:tag" => page.tags.push(content),
                    _ => {}
                }
            }
            _ if crumbs.is_none() && is_breadcrumbs(element) => crumbs = Some(crumbs_of(element)),
            _ => {}
        });
        page.canonical = page.canonical.or(shared_url);
        let title = title.map(|title| without_site(&title, site.as_deref()));
        page.title = heading.or(shared_title).or(title);
        page.crumbs = crumbs.unwrap_or_default();
        page
    }

    /// Breadcrumbs, or the folders of its path.
    pub(super) fn category_path(&self, path: &str, title: &str) -> Vec<String> {
        let mut crumbs = self.crumbs.clone();
        if crumbs.last().is_some_and(|last| last == title) {
            crumbs.pop();
        }
        if !self.crumbs.is_empty() {
            crumbs.truncate(CATEGORY_DEPTH_MAX);
            return crumbs;
        }
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let mut folders: Vec<&str> = folders
            .split('/')
            .filter(|folder| !folder.is_empty())
            .collect();
        // The page of a folder stands beside the folder's other pages' folder: one level up.
        if path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("index."))
        {
            folders.pop();
        }
        let names = folders.into_iter().take(CATEGORY_DEPTH_MAX);
        names
            .map(|folder| readable(&crate::addresses::decoded(folder)))
            .collect()
    }
}

/// A folder as words.
fn readable(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(element: &Element) -> Option<String> {
    let text = one_line(&text_of(&element.children));
    (!text.is_empty()).then_some(text)
}

fn locale(text: &str) -> Option<String> {
    Locale::parse("lang", text.trim())
        .ok()
        .map(|locale| locale.to_string())
}

/// A time, or a day as its first moment.
fn time(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.to_string());
    }
    let day = text.get(..10)?.parse::<civil::Date>().ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().to_string())
}

/// The title of a page without the name of the site behind it.
fn without_site(title: &str, site: Option<&str>) -> String {
    for separator in [" | ", " – ", " — ", " · ", " - ", " :: ", " » "] {
        if let Some((before, after)) = title.rsplit_once(separator)
            && site.is_none_or(|site| site.eq_ignore_ascii_case(after.trim()))
            && !before.trim().is_empty()
            && (site.is_some() || separator == " | ")
        {
            return before.trim().to_owned();
        }
    }
    title.to_owned()
}

fn is_breadcrumbs(element: &Element) -> bool {
    let says = |name: &str| {
        attribute(element, name)
            .is_some_and(|value| value.to_ascii_lowercase().contains("breadcrumb"))
    };
    ["nav", "ol", "ul", "div"].contains(&element.name.as_str())
        && (says("aria-label") || says("class") || says("itemtype") || says("id"))
}

/// The names in breadcrumbs, without the site itself.
fn crumbs_of(element: &Element) -> Vec<String> {
    let mut items: Vec<&Element> = Vec::new();
    descendants(&element.children, &mut |inner| {
        if inner.name == "li" {
            items.push(inner);
        }
    });
    if items.is_empty() {
        items = elements(&element.children)
            .filter(|inner| ["a", "span"].contains(&inner.name.as_str()))
            .collect();
    }
    let named = items.into_iter().enumerate().filter_map(|(number, item)| {
        let name = one_line(&text_of(&item.children));
        let name = name.trim_matches(['/', '>', '›', '»', ' ', '→']).to_owned();
        let link = if item.name == "a" {
            Some(item)
        } else {
            first(&item.children, &|inner| inner.name == "a")
        };
        let leads_home = link
            .and_then(|link| attribute(link, "href"))
            .is_some_and(|href| {
                let path = path_of(href).unwrap_or(href);
                ["/", "./", ".", "index.html", "/index.html"].contains(&path)
                    || path.trim_start_matches("../") == "index.html"
            });
        let is_home = number == 0 && (leads_home || name.eq_ignore_ascii_case("home"));
        (!is_home && !name.is_empty() && name.chars().count() <= CRUMB_CHARS_MAX).then_some(name)
    });
    named.collect()
}
