//! Files as answers: validators, ranges, a name that cannot deceive, and headers under which nothing in them runs.
//!
//! One range of one file is answered (RFC 9110 §14); several ranges, and ranges of a file whose size is not known before
//! it is read, are answered with the whole file, which the RFC allows.

use std::ops::Range;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use cairn_service::Error;
use cairn_service::address::encode;
use cairn_service::attachments::File;

use crate::etag::if_none_match;

/// A file that is opened by itself loads nothing and runs nothing.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// What is wanted of a file.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// A range that lies outside of it.
    Nothing,
}

/// The answer to a request for a file. `headers` are those of the door; those of the file are put over them.
///
/// A range outside the file is answered with 416 and no body.
///
/// # Errors
/// When the place of files does not answer or lost the file.
pub(crate) async fn respond(
    file: &File,
    method: &Method,
    request: &HeaderMap,
    mut headers: HeaderMap,
) -> Result<Response<Body>, Error> {
    let tag = format!("\"{}\"", file.tag);
    headers.insert(ETAG, text(&tag));
    headers.insert(X_CONTENT_TYPE_OPTIONS, text("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CONTENT_DISPOSITION, disposition(file.is_inline, &file.name));
    if file.byte_length.is_some() {
        headers.insert(ACCEPT_RANGES, text("bytes"));
    }
    if if_none_match(request, &tag) {
        return Ok(build(StatusCode::NOT_MODIFIED, headers, Body::empty()));
    }
    headers.insert(CONTENT_TYPE, text(file.media_type));
    let is_head = method == Method::HEAD;
    if is_head && let Some(length) = file.byte_length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        return Ok(build(StatusCode::OK, headers, Body::empty()));
    }
    let wanted = match file.byte_length {
        Some(length) => wanted(request, &tag, length),
        None => Wanted::Whole,
    };
    let range = match wanted {
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
        Wanted::Nothing => {
            let total = file.byte_length.unwrap_or(0);
            headers.remove(CONTENT_TYPE);
            headers.remove(CONTENT_DISPOSITION);
            headers.insert(CONTENT_RANGE, text(&format!("bytes */{total}")));
            return Ok(build(
                StatusCode::RANGE_NOT_SATISFIABLE,
                headers,
                Body::empty(),
            ));
        }
    };
    let is_part = range.is_some();
    let reading = file.read(range).await?;
    let Range { start, end } = reading.range;
    headers.insert(CONTENT_LENGTH, HeaderValue::from(end - start));
    let mut status = StatusCode::OK;
    if is_part {
        status = StatusCode::PARTIAL_CONTENT;
        let said = format!("bytes {start}-{}/{}", end.saturating_sub(1), reading.total);
        headers.insert(CONTENT_RANGE, text(&said));
    }
    let body = if is_head {
        Body::empty()
    } else {
        Body::from_stream(reading)
    };
    Ok(build(status, headers, body))
}

fn build(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Text that was made here of visible ASCII.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}

/// `Content-Disposition` (RFC 6266): a plain name for everybody, and the exact one (RFC 8187) where that differs.
fn disposition(is_inline: bool, name: &str) -> HeaderValue {
    let kind = if is_inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| {
            let is_plain = c.is_ascii_graphic() || c == ' ';
            if is_plain && !matches!(c, '"' | '\\' | '%' | '/') {
                c
            } else {
                '_'
            }
        })
        .collect();
    if plain == name {
        text(&format!("{kind}; filename=\"{plain}\""))
    } else {
        text(&format!(
            "{kind}; filename=\"{plain}\"; filename*=UTF-8''{}",
            encode(name)
        ))
    }
}

/// Which part of a file of that length is asked for (RFC 9110 §14.1.2). What is malformed is as if it were not there.
fn wanted(request: &HeaderMap, tag: &str, length: u64) -> Wanted {
    let mut values = request.get_all(RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Wanted::Whole;
    };
    // Parts of something else than the client has would not fit together.
    if request
        .get(IF_RANGE)
        .is_some_and(|known| known.as_bytes() != tag.as_bytes())
    {
        return Wanted::Whole;
    }
    let spec = value.to_str().ok().and_then(|v| v.strip_prefix("bytes="));
    let Some((first, last)) = spec.and_then(|spec| spec.trim().split_once('-')) else {
        return Wanted::Whole;
    };
    let range = match (number(first), number(last)) {
        (Some(None), Some(Some(0))) => return Wanted::Nothing,
        (Some(None), Some(Some(suffix))) => length.saturating_sub(suffix)..length,
        (Some(Some(first)), Some(None)) => first..length,
        (Some(Some(first)), Some(Some(last))) if first <= last => {
            first..last.saturating_add(1).min(length)
        }
        _ => return Wanted::Whole,
    };
    if range.start >= length {
        return Wanted::Nothing;
    }
    Wanted::Part(range)
}

/// A number, or its absence; none for anything else.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A number too large for us lies behind every file.
    Some(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str, length: u64) -> Wanted {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
        wanted(&headers, "\"t\"", length)
    }

    #[test]
    fn one_range_is_understood_and_anything_else_is_the_whole() {
        for (range, want) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=0-", Wanted::Part(0..10)),
            ("bytes=3-5", Wanted::Part(3..6)),
            ("bytes=3-99999999999999999999", Wanted::Part(3..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=99999999999999999999-", Wanted::Nothing),
            ("bytes=5-3", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(asked(range, 10), want, "{range}");
        }
        assert_eq!(asked("bytes=0-", 0), Wanted::Nothing);
    }

    #[test]
    fn a_range_of_another_state_is_the_whole() {
        let mut headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=0-1"))]);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"t\""));
        assert_eq!(wanted(&headers, "\"t\"", 10), Wanted::Part(0..2));
        assert_eq!(wanted(&headers, "\"other\"", 10), Wanted::Whole);
    }

    #[test]
    fn a_name_stays_inside_its_quotes() {
        for (name, want) in [
            ("a b.png", "inline; filename=\"a b.png\""),
            (
                "größe.png",
                "inline; filename=\"gr__e.png\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.png",
            ),
            (
                "a\";x=\"b",
                "inline; filename=\"a_;x=_b\"; filename*=UTF-8''a%22%3Bx%3D%22b",
            ),
            (
                "a\r\nSet-Cookie: x",
                "inline; filename=\"a__Set-Cookie: x\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x",
            ),
        ] {
            assert_eq!(disposition(true, name), want);
        }
        assert_eq!(
            disposition(false, "x.svg"),
            "attachment; filename=\"x.svg\""
        );
    }
}
