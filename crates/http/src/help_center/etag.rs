//! Weak validators of rendered bytes, and the comparison of If-None-Match (RFC 9110 §13.1.2).

use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The validator of these bytes. It is weak, because one page goes out in several codings.
pub(crate) fn of(bytes: &[u8]) -> HeaderValue {
    let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12]);
    HeaderValue::from_str(&format!("W/\"{hash}\""))
        .expect("invariant: base64 and quotes are visible ASCII")
}

/// Whether the client already has what this validator names.
pub(crate) fn is_fresh(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let own = opaque(etag.as_bytes());
    headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        value
            .as_bytes()
            .split(|b| *b == b',')
            .map(<[u8]>::trim_ascii)
            // Our validators hold no comma, so that cutting another's at one does no harm.
            .any(|one| one == b"*" || opaque(one) == own)
    })
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_have_the_same_validator_and_others_another() {
        assert_eq!(of(b"a"), of(b"a"));
        assert_ne!(of(b"a"), of(b"b"));
        assert!(of(b"a").to_str().unwrap().starts_with("W/\""));
    }

    #[test]
    fn weak_comparison_ignores_the_mark_and_reads_lists() {
        let etag = HeaderValue::from_static("W/\"x\"");
        for (value, want) in [
            ("W/\"x\"", true),
            ("\"x\"", true),
            ("\"a\", W/\"x\"", true),
            ("\"a,b\",\"x\"", true),
            ("*", true),
            ("\"y\"", false),
            ("x", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().unwrap())]);
            assert_eq!(is_fresh(&headers, &etag), want, "{value}");
        }
        assert!(!is_fresh(&HeaderMap::new(), &etag));
    }
}
