//! Feeds in Atom (RFC 4287): what was published last in a portal or a category, in one language.

use std::fmt::Write as _;

use cairn_domain::locale::Locale;
use cairn_service::help_center::{ArticleLink, FeedPage, HelpCenter};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::xml::{PROLOGUE, escape, moment};

/// The media type of a feed.
pub(crate) const MEDIA_TYPE: &str = "application/atom+xml; charset=utf-8";

/// Path of the feed of a portal.
pub(crate) fn path(base: &str, locale: &Locale) -> String {
    format!("{base}/{locale}/feed.atom")
}

/// Path of the feed of a category, from that of its page.
pub(crate) fn path_of_category(path: &str) -> String {
    format!("{path}.atom")
}

/// The document.
pub(crate) fn feed(center: &HelpCenter, locale: &Locale, page: &FeedPage) -> String {
    let portal = center.portal();
    let (title, shown, own, seed) = match &page.category {
        Some(category) => (
            format!("{} – {}", category.name, portal.name),
            category.path.clone(),
            path_of_category(&category.path),
            format!("{}/{locale}/{}", portal.id, category.id),
        ),
        None => (
            portal.name.clone(),
            format!("{}/{locale}", center.base()),
            path(center.base(), locale),
            format!("{}/{locale}", portal.id),
        ),
    };
    let mut out = PROLOGUE.to_owned();
    let mut write = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(text)
            .expect("writing to a string cannot fail");
    };
    write(format_args!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<id>urn:uuid:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n",
        escape(locale.as_str()),
        id_of(&seed),
        escape(&title),
        moment(page.updated_at),
    ));
    write(format_args!(
        "<link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n<author><name>{}</name></author>\n",
        escape(&center.absolute(&own)),
        escape(&center.absolute(&shown)),
        escape(&portal.name),
    ));
    for article in &page.entries {
        write(format_args!("{}", entry(center, article)));
    }
    write(format_args!("</feed>\n"));
    out
}

fn entry(center: &HelpCenter, article: &ArticleLink) -> String {
    let url = escape(&center.absolute(&article.path));
    let mut out = format!(
        "<entry><id>urn:uuid:{}</id><title>{}</title><updated>{}</updated><link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/><link rel=\"alternate\" type=\"text/markdown\" href=\"{url}.md\"/>",
        article.id,
        escape(&article.title),
        moment(article.updated_at),
    );
    if !article.category.is_empty() {
        out.push_str(&format!(
            "<category term=\"{}\"/>",
            escape(&article.category)
        ));
    }
    // An entry without a text of its own has a summary, though an empty one.
    out.push_str(&format!(
        "<summary>{}</summary></entry>\n",
        escape(&article.excerpt)
    ));
    out
}

/// An id that is the same for ever: from ids, not from names or addresses, which change.
fn id_of(seed: &str) -> Uuid {
    let digest = Sha256::digest(format!("feed {seed}").as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}
