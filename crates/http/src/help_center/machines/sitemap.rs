//! Sitemaps as sitemaps.org has them: an index, and files of addresses with their languages.

use std::fmt::Write as _;

use cairn_service::Error;
use cairn_service::help_center::{HelpCenter, SitemapLimits, SitemapPlan, SitemapUrl};

use super::flow::Pieces;
use super::xml::{PROLOGUE, escape, moment, with_default};

/// Most addresses in one file (sitemaps.org).
pub(crate) const URLS_MAX: usize = 50_000;
/// Largest file, in bytes, not compressed (sitemaps.org).
pub(crate) const BYTES_MAX: usize = 50 * 1024 * 1024;
/// Articles that are read at once.
const PAGE_ROWS: usize = 1_000;

const OPEN: &str = "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n";
const CLOSE: &str = "</urlset>\n";

/// The list of files.
pub(crate) fn index(center: &HelpCenter, plan: &SitemapPlan) -> String {
    let root = center.root();
    let pages = (0..plan.page_files).map(|i| format!("{root}/sitemap-pages-{i}.xml"));
    let articles = plan.article_starts.iter();
    let articles = articles.map(|from| format!("{root}/sitemap-articles-{from}.xml"));
    let mut out = PROLOGUE.to_owned();
    out.push_str("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for url in pages.chain(articles) {
        out.push_str(&format!("<sitemap><loc>{}</loc></sitemap>\n", escape(&url)));
    }
    out.push_str("</sitemapindex>\n");
    out
}

/// A file of first pages and categories.
pub(crate) fn pages(center: &HelpCenter, urls: &[SitemapUrl]) -> String {
    format!("{PROLOGUE}{OPEN}{}{CLOSE}", entries(center, urls))
}

fn entries(center: &HelpCenter, urls: &[SitemapUrl]) -> String {
    let default = center.portal().default_locale();
    let mut out = String::new();
    let mut write = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(text)
            .expect("writing to a string cannot fail");
    };
    for url in urls {
        write(format_args!("<url><loc>{}</loc>", escape(&url.url)));
        if let Some(at) = url.updated_at {
            write(format_args!("<lastmod>{}</lastmod>", moment(at)));
        }
        for (lang, href) in with_default(&url.alternates, default) {
            write(format_args!(
                "<xhtml:link rel=\"alternate\" hreflang=\"{}\" href=\"{}\"/>",
                escape(lang),
                escape(href)
            ));
        }
        write(format_args!("</url>\n"));
    }
    out
}

/// A file of articles, a page of rows at a time.
pub(crate) struct Articles {
    center: HelpCenter,
    at: At,
    /// Addresses that still fit into the file.
    left: usize,
}

enum At {
    /// The first page is read already: without any article there is no file.
    Begun(Vec<SitemapUrl>),
    From(i64),
    Closing,
    Over,
}

impl Articles {
    /// The file that begins with these; read with [`Articles::first_rows`].
    pub(crate) fn begin(center: HelpCenter, limits: SitemapLimits, first: Vec<SitemapUrl>) -> Self {
        Self {
            left: center.urls_of_file(limits),
            center,
            at: At::Begun(first),
        }
    }

    /// Articles on the first page of a file.
    pub(crate) fn first_rows(center: &HelpCenter, limits: SitemapLimits) -> usize {
        PAGE_ROWS.min(center.urls_of_file(limits))
    }

    fn piece(self, before: &str, urls: &[SitemapUrl]) -> (String, Self) {
        let text = format!("{before}{}", entries(&self.center, urls));
        let left = self.left.saturating_sub(urls.len());
        let at = match urls.last() {
            Some(last) if left > 0 => At::From(last.number.saturating_add(1)),
            _ => At::Closing,
        };
        (text, Self { at, left, ..self })
    }
}

impl Pieces for Articles {
    async fn next(mut self) -> Result<Option<(String, Self)>, Error> {
        match std::mem::replace(&mut self.at, At::Over) {
            At::Begun(first) => Ok(Some(self.piece(&format!("{PROLOGUE}{OPEN}"), &first))),
            At::From(number) => {
                let rows = PAGE_ROWS.min(self.left);
                let page = self.center.sitemap_articles(number, rows).await?;
                Ok(Some(self.piece("", &page.content)))
            }
            At::Closing => Ok(Some((CLOSE.to_owned(), self))),
            At::Over => Ok(None),
        }
    }
}
