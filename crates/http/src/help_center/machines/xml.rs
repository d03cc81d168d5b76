//! XML as it is written here: every text escaped, and without the characters that no XML 1.0 document
//! may hold in any form.

use cairn_domain::locale::Locale;
use jiff::Timestamp;

/// The first line of every document.
pub(crate) const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Text between tags, or within double quotes.
///
/// Control characters and non-characters become spaces (XML 1.0 §2.2: not even a reference to one is
/// allowed), and so does a carriage return, which a parser would change.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A moment as RFC 3339 writes it, in whole seconds.
pub(crate) fn moment(at: Timestamp) -> String {
    let at = at
        .round(jiff::Unit::Second)
        .unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_string()
}

/// Addresses of one page in its locales, and the default's once more for everybody else.
pub(crate) fn with_default<'a>(
    alternates: &'a [(Locale, String)],
    default: &Locale,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let of_default = alternates.iter().find(|(l, _)| l == default);
    alternates
        .iter()
        .map(|(locale, url)| (locale.as_str(), url.as_str()))
        .chain(of_default.map(|(_, url)| ("x-default", url.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_a_document() {
        assert_eq!(
            escape("a<b>&\"c\"'\u{0}\u{b}\u{1b}\r\u{85}\u{ffff}é\n"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#39;      é\n"
        );
        assert_eq!(
            moment("2026-11-14T09:20:00.123456Z".parse().unwrap()),
            "2026-11-14T09:20:00Z"
        );
    }
}
