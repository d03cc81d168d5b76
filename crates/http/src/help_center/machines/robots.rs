//! `robots.txt` (RFC 9309): everything may be read but the API and searches, and here are the sitemaps.
//!
//! Searches are as many as there are words; a crawler that follows them never ends. What is not to be
//! found though it may be read says so itself, with `noindex`.

use cairn_service::help_center::HelpCenter;

/// Most sitemaps that are named.
const SITEMAPS_MAX: usize = 1_000;

/// What is said to all.
const RULES: &str = "User-agent: *\nDisallow: /api/\nDisallow: /mcp\nDisallow: /*/search?\n";

/// The document for these help centers.
pub(crate) fn robots(centers: &[HelpCenter]) -> String {
    let mut out = RULES.to_owned();
    for center in centers.iter().take(SITEMAPS_MAX) {
        out.push_str(&format!("\nSitemap: {}/sitemap.xml", center.root()));
    }
    out.push('\n');
    out
}
