//! What the head of a page tells machines beside its title: OpenGraph, and where feeds and the search
//! of the portal are.
//!
//! A page that is not to be found by search engines has none of OpenGraph: it is not there to be shared.

use cairn_domain::ids::CategoryId;
use jiff::Timestamp;

use super::xml::moment;
use super::{atom, card, opensearch};
use crate::help_center::frame::{Frame, Place};

/// Longest description that is put together from titles, in characters.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// OpenGraph (ogp.me).
pub(crate) struct Head {
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) image: String,
    pub(crate) image_width: u32,
    pub(crate) image_height: u32,
    pub(crate) site_name: String,
    pub(crate) locale: String,
    pub(crate) other_locales: Vec<String>,
    /// When what is shown was published.
    pub(crate) published: Option<String>,
}

/// A `link` element that names something of the portal.
pub(crate) struct HeadLink {
    pub(crate) rel: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) href: String,
}

impl HeadLink {
    /// A feed.
    pub(crate) fn feed(title: String, href: String) -> Self {
        Self {
            rel: "alternate",
            kind: "application/atom+xml",
            title,
            href,
        }
    }
}

impl Place<'_> {
    /// What every page of the portal names: its search and its feed.
    pub(crate) fn head_links(&self) -> Vec<HeadLink> {
        let search = HeadLink {
            rel: "search",
            kind: "application/opensearchdescription+xml",
            title: self.portal.name.clone(),
            href: opensearch::path(self.base, self.locale),
        };
        let feed = atom::path(self.base, self.locale);
        vec![search, HeadLink::feed(self.portal.name.clone(), feed)]
    }
}

impl Frame {
    /// Tells machines what this page is and where it stands; its picture is the category's, or the
    /// portal's. To be called last: it reads the frame.
    pub(crate) fn tell_machines(
        &mut self,
        place: &Place<'_>,
        title: &str,
        url: String,
        category: Option<CategoryId>,
        published_at: Option<Timestamp>,
    ) {
        let category = category.map(|id| id.to_string());
        let image = card::path(place.base, category.as_deref());
        let own = self.lang.clone();
        let others = self.alternates.iter().map(|a| a.lang.as_str());
        let others = others.filter(|l| *l != own && *l != "x-default");
        self.head = Some(Head {
            kind: if published_at.is_some() {
                "article"
            } else {
                "website"
            },
            title: title.to_owned(),
            image: place.center.absolute(&image),
            image_width: card::WIDTH,
            image_height: card::HEIGHT,
            site_name: place.portal.name.clone(),
            locale: territory(&own),
            other_locales: others.map(territory).collect(),
            published: published_at.map(moment),
            url: url.clone(),
        });
        self.canonical = Some(url);
    }
}

/// A language tag as OpenGraph writes it.
fn territory(tag: &str) -> String {
    tag.replace('-', "_")
}

/// What a page without a description of its own is about: the titles on it, as far as they fit.
pub(crate) fn described<'a>(written: &str, titles: impl Iterator<Item = &'a str>) -> String {
    if !written.is_empty() {
        return written.to_owned();
    }
    let mut out = String::new();
    for title in titles {
        let chars = out.chars().count() + title.chars().count() + 3;
        if !out.is_empty() && chars > DESCRIPTION_CHARS_MAX {
            break;
        }
        if !out.is_empty() {
            out.push_str(" · ");
        }
        out.push_str(title);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_a_description_is_described_by_whole_titles() {
        assert_eq!(described("Own", ["A"].into_iter()), "Own");
        assert_eq!(described("", ["A", "B"].into_iter()), "A · B");
        let long = "x".repeat(150);
        assert_eq!(described("", [long.as_str(), &long].into_iter()), long);
        assert_eq!(described("", [].into_iter()), "");
        assert_eq!(territory("pt-BR"), "pt_BR");
    }
}
