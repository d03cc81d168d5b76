//! Public addresses: how articles, categories and help centers are reached by readers.

use std::fmt::Write as _;

use cairn_domain::ids::AttachmentId;
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;

/// Path prefix of a portal below the common host.
pub(crate) fn base(portal: &Portal) -> String {
    format!("/{}", encode(portal.slug.as_str()))
}

/// Path of an article.
pub(crate) fn article(base: &str, locale: &Locale, slug: &str) -> String {
    format!("{base}/{locale}/articles/{}", encode(slug))
}

/// Path of a category.
pub(crate) fn category(base: &str, locale: &Locale, slug: &str) -> String {
    format!("{base}/{locale}/categories/{}", encode(slug))
}

/// Path of an attachment. With an empty base it is what bodies write: `/attachments/<id>/<name>`.
pub fn attachment(base: &str, id: AttachmentId, name: &str) -> String {
    format!("{base}/attachments/{id}/{}", encode(name))
}

/// Path of a smaller variant of a picture, by its width in pixels.
pub fn attachment_variant(base: &str, id: AttachmentId, width: i32) -> String {
    format!("{base}/attachments/{id}/{width}.webp")
}

/// One path segment, percent-encoded (RFC 3986 §2.3: unreserved characters stay).
pub fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_segment_is_encoded_so_that_it_stays_one() {
        assert_eq!(super::encode("größe-1"), "gr%C3%B6%C3%9Fe-1");
        assert_eq!(super::encode("a/b?c#d"), "a%2Fb%3Fc%23d");
    }
}
