//! What a client takes: encodings, Markdown instead of HTML, languages (RFC 9110 §12).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE};
use cairn_domain::locale::Locale;

use super::messages::Messages;

/// A content coding we can answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

/// The coding to answer in: brotli before gzip where the client takes both.
pub(crate) fn encoding(headers: &HeaderMap) -> Encoding {
    let Some(value) = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()) else {
        return Encoding::Identity;
    };
    let takes = |name: &str| {
        let mut any = None;
        for (item, q) in items(value) {
            if item.eq_ignore_ascii_case(name) {
                return q > 0;
            }
            if item == "*" {
                any = Some(q > 0);
            }
        }
        any.unwrap_or(false)
    };
    if takes("br") {
        Encoding::Brotli
    } else if takes("gzip") {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// Whether the client asks for Markdown: it names the type, and likes HTML no better.
///
/// Browsers never name it, so that an equal wish means a program that can read both.
pub(crate) fn wants_markdown(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(ACCEPT).and_then(|v| v.to_str().ok()) else {
        return false;
    };
    if !value.contains("markdown") {
        return false;
    }
    let quality = |name: &str| {
        items(value)
            .find(|(item, _)| item.eq_ignore_ascii_case(name))
            .map_or(0, |(_, q)| q)
    };
    let markdown = quality("text/markdown");
    markdown > 0 && markdown >= quality("text/html")
}

/// The locale of these that the reader likes best, by tag and then by language.
pub(crate) fn locale<'a>(headers: &HeaderMap, offered: &'a [Locale]) -> Option<&'a Locale> {
    const LANGUAGES_MAX: usize = 20;
    let value = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut wished: Vec<(&str, u16)> = items(value)
        .filter(|(_, q)| *q > 0)
        .take(LANGUAGES_MAX)
        .collect();
    wished.sort_by_key(|(_, q)| std::cmp::Reverse(*q));
    wished.iter().find_map(|(tag, _)| {
        let wish = Locale::parse("accept-language", tag).ok()?;
        let exact = offered.iter().find(|l| **l == wish);
        exact.or_else(|| offered.iter().find(|l| l.language() == wish.language()))
    })
}

/// The language to speak where no portal says which: the one the address names, else the one the reader likes best, as
/// far as there are messages in it.
pub(crate) fn spoken(path: &str, headers: &HeaderMap) -> Option<Locale> {
    let offered = Messages::locales();
    // The slug of a portal may stand before the language.
    let named = path.split('/').skip(1).take(2).find_map(|segment| {
        let wish = Locale::parse("path", segment).ok()?;
        offered.iter().find(|l| l.language() == wish.language())
    });
    named.or_else(|| locale(headers, &offered)).cloned()
}

/// The items of a list with their quality in thousandths.
fn items(value: &str) -> impl Iterator<Item = (&str, u16)> {
    value.split(',').map(|item| {
        let mut parts = item.split(';');
        let name = parts.next().unwrap_or("").trim();
        let q = parts
            .filter_map(|p| p.trim().split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("q"))
            .map_or(1_000, |(_, q)| thousandths(q.trim()));
        (name, q)
    })
}

fn thousandths(q: &str) -> u16 {
    let (whole, fraction) = q.split_once('.').unwrap_or((q, ""));
    match whole {
        "0" => format!("{fraction:0<3}")
            .get(..3)
            .and_then(|f| f.parse().ok())
            .unwrap_or(0),
        "1" => 1_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_best_encoding_both_know_is_taken() {
        for (value, want) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip;q=1.0, br;q=0", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("*", Encoding::Brotli),
            ("*;q=0", Encoding::Identity),
            ("br;q=0.000, *;q=0.1", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("", Encoding::Identity),
            ("br;q=nonsense", Encoding::Identity),
        ] {
            assert_eq!(encoding(&with(ACCEPT_ENCODING, value)), want, "{value}");
        }
        assert_eq!(encoding(&HeaderMap::new()), Encoding::Identity);
    }

    #[test]
    fn markdown_goes_to_those_who_name_it() {
        for (value, want) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("*/*", false),
            ("text/markdown", true),
            ("text/markdown, text/html;q=0.9, */*;q=0.1", true),
            ("text/html, text/markdown;q=0.5", false),
            ("text/markdown;q=0", false),
        ] {
            assert_eq!(wants_markdown(&with(ACCEPT, value)), want, "{value}");
        }
    }

    #[test]
    fn a_reader_is_led_to_a_language_they_read() {
        let offered = ["en", "de", "pt-BR"].map(|t| Locale::parse("locale", t).unwrap());
        for (value, want) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some("de")),
            ("fr,pt;q=0.5", Some("pt-BR")),
            ("en;q=0.1,de;q=0.9", Some("de")),
            ("fr", None),
            ("*", None),
        ] {
            let got = locale(&with(ACCEPT_LANGUAGE, value), &offered).map(Locale::as_str);
            assert_eq!(got, want, "{value}");
        }
    }
    #[test]
    fn what_went_wrong_is_told_in_the_language_of_the_address_or_of_the_reader() {
        for (path, wishes, want) in [
            ("/hilfe/de/articles/x", "en", Some("de")),
            ("/musaada/ar", "de", Some("ar")),
            ("/de-AT", "en", Some("de")),
            ("/help/fr/articles/ar", "de;q=0.5", Some("de")),
            ("/help/fr", "fr", None),
        ] {
            let got = spoken(path, &with(ACCEPT_LANGUAGE, wishes));
            assert_eq!(got.as_ref().map(Locale::as_str), want, "{path}");
        }
    }
}
