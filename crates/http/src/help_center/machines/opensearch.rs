//! The description of a portal's search (OpenSearch 1.1), with which a browser can search it from its bar.

use cairn_domain::locale::Locale;
use cairn_service::help_center::HelpCenter;

use super::xml::{PROLOGUE, escape};
use crate::help_center::messages::{Messages, fill};

/// The media type of a description.
pub(crate) const MEDIA_TYPE: &str = "application/opensearchdescription+xml; charset=utf-8";
/// Longest short name, in characters (OpenSearch 1.1).
const SHORT_NAME_CHARS_MAX: usize = 16;
/// Longest description, in characters (OpenSearch 1.1).
const DESCRIPTION_CHARS_MAX: usize = 1_024;

/// Path of the description.
pub(crate) fn path(base: &str, locale: &Locale) -> String {
    format!("{base}/{locale}/opensearch.xml")
}

/// The document.
pub(crate) fn description(center: &HelpCenter, locale: &Locale) -> String {
    let name = &center.portal().name;
    let short: String = name.chars().take(SHORT_NAME_CHARS_MAX).collect();
    let said = fill(&Messages::of(locale).home_description, &[name]);
    let said: String = said.chars().take(DESCRIPTION_CHARS_MAX).collect();
    let at = |path: String| escape(&center.absolute(&path));
    let base = center.base();
    format!(
        "{PROLOGUE}<OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n<ShortName>{}</ShortName>\n<Description>{}</Description>\n<InputEncoding>UTF-8</InputEncoding>\n<Language>{}</Language>\n<Url type=\"text/html\" method=\"get\" template=\"{}?q={{searchTerms}}\"/>\n<Url type=\"application/opensearchdescription+xml\" rel=\"self\" template=\"{}\"/>\n</OpenSearchDescription>\n",
        escape(short.trim_end()),
        escape(&said),
        escape(locale.as_str()),
        at(format!("{base}/{locale}/search")),
        at(path(base, locale)),
    )
}
