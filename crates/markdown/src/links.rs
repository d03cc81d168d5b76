//! Which addresses an article may point to: http, https, mailto, tel, relative ones and `#…`.
//!
//! The same verdict is asked three times: for Markdown links, for raw HTML before the sanitiser
//! (to tell the author), and by the sanitiser itself, which has the last word.

use crate::headings::{NOTE_MARK_PREFIX, NOTE_PREFIX, PREFIX, slug};
use std::borrow::Cow;

/// Longest address, in bytes.
const ADDRESS_BYTES_MAX: usize = 4_096;

/// A link or picture of the rendered article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address as it stands in the HTML, decoded.
    pub target: String,
    /// Whether it is a picture's source.
    pub is_image: bool,
}

/// What an address is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// May stand, perhaps in this other form.
    Keep(Cow<'a, str>),
    /// May not; the word says what was refused.
    Refuse(String),
}

/// Judges a link's address. `//host/…` becomes `https://host/…`; backslashes that browsers read as
/// slashes in front are refused, since they leave the site in disguise.
pub(crate) fn judge(target: &str) -> Verdict<'_> {
    judge_schemes(target, &["http", "https", "mailto", "tel"])
}

/// Judges a picture's address: http, https and relative ones; no `data:`.
pub(crate) fn judge_image(target: &str) -> Verdict<'_> {
    match judge_schemes(target, &["http", "https"]) {
        Verdict::Keep(kept) if kept.starts_with('#') => Verdict::Refuse("#".to_owned()),
        verdict => verdict,
    }
}

fn judge_schemes<'a>(target: &'a str, schemes: &[&str]) -> Verdict<'a> {
    // As browsers do (WHATWG URL): blanks and controls at both ends are cut, tabs and line ends go anywhere.
    let cut = target.trim_matches(|c: char| c <= ' ');
    let cut: Cow<'a, str> = if cut.contains(['\t', '\n', '\r']) {
        Cow::Owned(cut.replace(['\t', '\n', '\r'], ""))
    } else {
        Cow::Borrowed(cut)
    };
    if cut.len() > ADDRESS_BYTES_MAX {
        return Verdict::Refuse(format!("an address over {ADDRESS_BYTES_MAX} bytes"));
    }
    if cut.chars().any(|c| c.is_control()) {
        return Verdict::Refuse("an address with control characters".to_owned());
    }
    let mut start = cut.chars();
    let first_two = (start.next(), start.next());
    if matches!(first_two, (Some('\\'), _) | (Some('/'), Some('\\'))) {
        return Verdict::Refuse("an address that starts with a backslash".to_owned());
    }
    if cut.starts_with("//") {
        return Verdict::Keep(Cow::Owned(format!("https:{cut}")));
    }
    match scheme(&cut) {
        None => Verdict::Keep(cut),
        Some(found) if schemes.contains(&found.to_ascii_lowercase().as_str()) => Verdict::Keep(cut),
        Some(found) => Verdict::Refuse(format!("{}:", found.to_ascii_lowercase())),
    }
}

/// The scheme of an absolute address. Anything before a colon that comes before `/`, `?` and `#`
/// counts, also when it is no valid scheme: a stricter reading than any browser's, which also
/// holds for readers that repair `java script:` more eagerly than the standard.
fn scheme(target: &str) -> Option<&str> {
    let end = target.find([':', '/', '?', '#'])?;
    target[end..].starts_with(':').then(|| &target[..end])
}

/// Whether the address leaves the site.
pub(crate) fn is_external(target: &str) -> bool {
    let lower: String = target
        .chars()
        .take(8)
        .flat_map(char::to_lowercase)
        .collect();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Points `#name` at the id that the renderer gives to `name`: both ends carry the same prefix.
/// `#` and `#top` stay, they mean the top of the page.
pub(crate) fn prefix_fragment<'a>(target: Cow<'a, str>) -> Cow<'a, str> {
    let Some(name) = target.strip_prefix('#') else {
        return target;
    };
    if name.is_empty() || name == "top" || has_prefix(name) {
        return target;
    }
    Cow::Owned(format!("#{PREFIX}{name}"))
}

/// An id that authors wrote, in the renderer's own name space; `None` when nothing is left of it.
pub(crate) fn prefix_id(id: &str) -> Option<Cow<'_, str>> {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    if has_prefix(id) && id.len() <= 400 && id.chars().all(plain) {
        return Some(Cow::Borrowed(id));
    }
    if !id.is_empty() && id.len() <= 400 && id.chars().all(plain) {
        return Some(Cow::Owned(format!("{PREFIX}{id}")));
    }
    match slug(id) {
        slug if slug.is_empty() => None,
        slug => Some(Cow::Owned(format!("{PREFIX}{slug}"))),
    }
}

fn has_prefix(name: &str) -> bool {
    [PREFIX, NOTE_PREFIX, NOTE_MARK_PREFIX]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Writes an address into a quoted attribute as the Markdown writer does for links: what may not
/// stand in a URL is percent-encoded, existing percent signs stay.
pub(crate) fn escape_address_into(address: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in address.bytes() {
        match byte {
            b'&' => out.push_str("&amp;"),
            b'\'' => out.push_str("&#x27;"),
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~' => {
                out.push(byte as char);
            }
            _ => {
                out.push('%');
                out.push(HEX[usize::from(byte >> 4)] as char);
                out.push(HEX[usize::from(byte & 15)] as char);
            }
        }
    }
}

/// Undoes percent-encoding where the result is UTF-8; else gives the text back. Never fails.
pub fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let digit = |byte: u8| (byte as char).to_digit(16);
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = (
            bytes.get(at + 1).copied().and_then(digit),
            bytes.get(at + 2).copied().and_then(digit),
        );
        if let (b'%', (Some(high), Some(low))) = (byte, pair) {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, wanted: Option<&str>) {
        match judge(target) {
            Verdict::Keep(kept) => assert_eq!(Some(kept.as_ref()), wanted, "{target:?}"),
            Verdict::Refuse(_) => assert_eq!(None, wanted, "{target:?}"),
        }
    }

    #[test]
    fn only_plain_schemes_and_relative_addresses_stand() {
        check("https://a.example/x?y#z", Some("https://a.example/x?y#z"));
        check("HTTP://a.example", Some("HTTP://a.example"));
        check("mailto:a@b.example", Some("mailto:a@b.example"));
        check("tel:+4912345", Some("tel:+4912345"));
        check("../a/b:c", Some("../a/b:c"));
        check("?q=a:b", Some("?q=a:b"));
        check("#a:b", Some("#a:b"));
        check("", Some(""));
        check("//cdn.example/x", Some("https://cdn.example/x"));
        for refused in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " \u{1}javascript:alert(1)",
            "java\nscript:alert(1)",
            "java\u{0}script:alert(1)",
            "java script:x",
            "vbscript:x",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://a.example",
            "C:\\x",
            "\\\\host\\x",
            "/\\host",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn fragments_and_ids_get_the_same_prefix_once() {
        for (name, wanted) in [("a-b", "h-a-b"), ("h-a-b", "h-a-b"), ("fn-1", "fn-1")] {
            assert_eq!(prefix_id(name).as_deref(), Some(wanted));
            let target = prefix_fragment(Cow::Owned(format!("#{name}")));
            assert_eq!(target, format!("#{wanted}"));
        }
        assert_eq!(prefix_fragment("#top".into()), "#top");
        assert_eq!(prefix_id("a b\"c").as_deref(), Some("h-a-bc"));
        assert_eq!(prefix_id("<>"), None);
    }

    #[test]
    fn percent_signs_decode_only_to_text() {
        assert_eq!(percent_decoded("%C3%BCber%20uns"), "über uns");
        assert_eq!(percent_decoded("%FF%zz%"), "%FF%zz%");
    }
}
