//! The headers that guard writes: `Idempotency-Key` and `If-Match`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use cairn_domain::article::Expected;
use cairn_domain::limits::IDEMPOTENCY_KEY_BYTES_MAX;

use crate::etag;
use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key under which a retried write gives the same outcome.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        idempotency_key(&parts.headers).map(Self)
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let refuse = |what: &str| {
        Err(Problem::invalid_field(
            "Idempotency-Key",
            "invalid_header",
            format!("Idempotency-Key {what}"),
        ))
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return refuse("is there more than once; send it once");
    }
    let bytes = value.as_bytes();
    let printable = bytes.iter().all(|b| (0x20..=0x7e).contains(b));
    if bytes.is_empty() || bytes.len() > IDEMPOTENCY_KEY_BYTES_MAX || !printable {
        return refuse(&format!(
            "must have 1 to {IDEMPOTENCY_KEY_BYTES_MAX} printable ASCII characters, such as a UUID"
        ));
    }
    Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
}

/// `If-Match` of an article.
#[derive(Debug)]
pub(crate) struct ArticleIfMatch(pub(crate) Option<Expected>);

impl<S: Send + Sync> FromRequestParts<S> for ArticleIfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        etag::article_if_match(&parts.headers).map(Self)
    }
}

/// `If-Match` of a thing with a row version and no revisions.
#[derive(Debug)]
pub(crate) struct VersionIfMatch(pub(crate) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for VersionIfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        etag::version_if_match(&parts.headers).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(values: &[&[u8]]) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                IDEMPOTENCY_KEY,
                HeaderValue::from_bytes(value).expect("a header"),
            );
        }
        idempotency_key(&headers)
    }

    #[test]
    fn a_key_is_one_to_255_printable_bytes() {
        assert!(matches!(key(&[]), Ok(None)));
        assert_eq!(
            key(&[b"a-1 \"x\""]).ok().flatten().as_deref(),
            Some("a-1 \"x\"")
        );
        assert_eq!(
            key(&[&[b'k'; 255]]).ok().flatten().map(|k| k.len()),
            Some(255)
        );
        for bad in [
            &[b"".as_slice()][..],
            &[&[b'k'; 256]],
            &[b"\xc3\xa9"],
            &[b"a\tb"],
            &[b"a", b"a"],
        ] {
            let problem = key(bad).expect_err("refused");
            assert_eq!(problem.status(), 400);
            assert_eq!(problem.body("").errors[0].field, "Idempotency-Key");
        }
    }
}
