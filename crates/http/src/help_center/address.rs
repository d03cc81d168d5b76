//! Addresses: percent-encoded paths read strictly, and compared with the one canonical spelling.
//!
//! What cannot be a path of ours (broken escapes, bytes that are not UTF-8, control characters, dot
//! segments, hidden separators, empty segments) is refused here and never reaches a query.

use std::borrow::Cow;

/// Longest path that is looked at, in bytes: portal, locale, word and slug, each escaped at worst.
pub(crate) const PATH_BYTES_MAX: usize = 2_048;
/// Deepest page of a list that an address can name.
const PAGE_MAX: u32 = 10_000;

/// The segments of a path, decoded. `None` when it can be no path of ours. A trailing slash leaves
/// an empty last segment.
pub(crate) fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    if path.len() > PATH_BYTES_MAX {
        return None;
    }
    let mut out = Vec::with_capacity(4);
    let mut parts = path.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() && parts.peek().is_some() {
            return None;
        }
        out.push(segment(part)?);
    }
    Some(out)
}

/// One segment, decoded.
pub(crate) fn segment(raw: &str) -> Option<Cow<'_, str>> {
    let text = if raw.contains('%') {
        Cow::Owned(String::from_utf8(decode(raw)?).ok()?)
    } else {
        Cow::Borrowed(raw)
    };
    let is_plain = !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '/' | '\\'))
        && !matches!(&*text, "." | "..");
    is_plain.then_some(text)
}

fn decode(raw: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(b);
        }
    }
    Some(out)
}

/// Whether a path is the canonical one: the same once decoded, and nothing escaped without need.
///
/// Escapes that a client may rightly write otherwise (hex digits of either case, letters beyond ASCII
/// sent bare) do not count: a redirect between those could never end.
pub(crate) fn is_canonical(path: &str, canonical: &str) -> bool {
    if path == canonical {
        return true;
    }
    decode(path).is_some_and(|p| Some(p) == decode(canonical)) && !has_needless_escape(path)
}

/// Whether an unreserved character is escaped (RFC 3986 §6.2.2.2).
fn has_needless_escape(path: &str) -> bool {
    path.split('%').skip(1).any(|after| {
        after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    })
}

/// The page number in a query; 1 when there is none that makes sense.
pub(crate) fn page_number(query: Option<&str>) -> u32 {
    parameter(query, "page")
        .and_then(|text| text.parse().ok())
        .filter(|page| (1..=PAGE_MAX).contains(page))
        .unwrap_or(1)
}

/// A parameter of a form's query: `+` is a space, broken escapes and bytes stay visible.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| {
            let spaced = value.replace('+', " ");
            match decode(&spaced) {
                Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                None => spaced,
            }
        })
    })
}

/// Text as a value in a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// The words of an address, for a search: the last segment without its ending and its hyphens.
pub(crate) fn words(path: &str) -> String {
    const WORDS_CHARS_MAX: usize = 200;
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let decoded = decode(last).unwrap_or_else(|| last.as_bytes().to_vec());
    let text = String::from_utf8_lossy(&decoded).into_owned();
    let text = text.strip_suffix(".md").unwrap_or(&text);
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ").chars().take(WORDS_CHARS_MAX).collect()
}

/// A path as a reader would read it, cut to a line or two.
pub(crate) fn readable(path: &str) -> String {
    const READABLE_CHARS_MAX: usize = 200;
    let decoded = decode(path).unwrap_or_else(|| path.as_bytes().to_vec());
    String::from_utf8_lossy(&decoded)
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(READABLE_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_has_segments() {
        let read =
            |path| segments(path).map(|s| s.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            read("/en/articles/caf%C3%A9"),
            Some(vec!["en".into(), "articles".into(), "café".into()])
        );
        assert_eq!(read("/en/"), Some(vec!["en".into(), String::new()]));
        assert_eq!(read("/"), Some(vec![String::new()]));
        for path in [
            "/en/../x",
            "/en/%2e%2e/x",
            "/a%2Fb",
            "/a%5cb",
            "/a%00",
            "/%ff",
            "/%",
            "/%4",
            "/%zz",
            "//evil.example",
            "/en//x",
            "/a\\b",
            "/%c0%ae",
            "",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
        assert_eq!(read(&format!("/{}", "a".repeat(PATH_BYTES_MAX))), None);
    }

    #[test]
    fn one_spelling_is_canonical_and_equivalent_ones_are_not_sent_in_circles() {
        let canonical = "/en/articles/gr%C3%B6%C3%9Fe";
        assert!(is_canonical(canonical, canonical));
        assert!(is_canonical("/en/articles/gr%c3%b6%c3%9fe", canonical));
        assert!(is_canonical("/en/articles/größe", canonical));
        assert!(!is_canonical("/en/articles/%67r%C3%B6%C3%9Fe", canonical));
        assert!(!is_canonical("/en/articles/gr%C3%B6%C3%9Fe/", canonical));
        assert!(!is_canonical("/EN/articles/gr%C3%B6%C3%9Fe", canonical));
    }

    #[test]
    fn queries_are_read_as_forms_write_them() {
        assert_eq!(
            parameter(Some("a=1&q=two+words%21"), "q").as_deref(),
            Some("two words!")
        );
        assert_eq!(parameter(Some("q=100%"), "q").as_deref(), Some("100%"));
        assert_eq!(parameter(Some("q=%ff"), "q").as_deref(), Some("\u{fffd}"));
        assert_eq!(parameter(None, "q"), None);
        assert_eq!(
            [
                Some("page=3"),
                Some("page=0"),
                Some("page=99999"),
                Some("page=x"),
                None
            ]
            .map(page_number),
            [3, 1, 1, 1, 1]
        );
        assert_eq!(encode("a b&ü"), "a%20b%26%C3%BC");
    }

    #[test]
    fn an_address_gives_its_words() {
        assert_eq!(
            words("/help/en/articles/refund-canceled-sailings.md"),
            "refund canceled sailings"
        );
        assert_eq!(words("/%E8%BF%94%E9%87%91/"), "返金");
        assert_eq!(readable("/a%00b"), "/a\u{fffd}b");
    }
}
