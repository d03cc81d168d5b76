//! Request ids: taken over from the client when they are harmless, made here otherwise.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use cairn_service::App;

use crate::limits::REQUEST_ID_BYTES_MAX;

/// The header that carries it, both ways.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request, as a request extension.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The id the client sent when it is one header of 1 to [`REQUEST_ID_BYTES_MAX`] visible ASCII
    /// characters, else a fresh UUIDv7. It never decides anything: it only ties answers to logs.
    pub fn of(headers: &HeaderMap, app: &App) -> Self {
        match given(headers) {
            Some(id) => Self(id.into()),
            None => Self(app.fresh_id().to_string().into()),
        }
    }

    /// As a header value.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0)
            .expect("a request id is visible ASCII: checked when taken over, a UUID otherwise")
    }
}

fn given(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(X_REQUEST_ID).iter();
    let id = values.next()?.as_bytes();
    let fits = (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
        && id.iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    if fits {
        std::str::from_utf8(id).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                X_REQUEST_ID,
                HeaderValue::from_bytes(value).expect("a header"),
            );
        }
        headers
    }

    #[test]
    fn only_one_short_visible_id_is_taken_over() {
        assert_eq!(given(&headers(&[b"abc-123"])), Some("abc-123"));
        assert_eq!(given(&headers(&[&[b'x'; 128]])).map(str::len), Some(128));
        for bad in [
            &[][..],
            &[b"".as_slice()],
            &[b"a b"],
            &[b"\xff"],
            &[&[b'x'; 129]],
            &[b"a", b"b"],
        ] {
            assert_eq!(given(&headers(bad)), None, "{bad:?}");
        }
    }
}
