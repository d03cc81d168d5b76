//! Request bodies: JSON of a declared type, within a limit.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use cairn_domain::limits::{ATTACHMENT_BYTES_MAX, REQUEST_BYTES_MAX};
use cairn_service::ErrorCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::faults::Faults;
use super::input::{JsonInput, read_object};
use super::json;
use crate::problem::Problem;

/// What a body may be, beside its fields.
pub(crate) trait BodyRules: JsonInput {
    /// Most bytes.
    const BYTES_MAX: usize = REQUEST_BYTES_MAX;
    /// Whether no body at all reads like `{}`.
    const MAY_BE_EMPTY: bool = false;
}

/// A JSON body.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: BodyRules, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_length(&parts.headers, T::BYTES_MAX)?;
        if !T::MAY_BE_EMPTY || parts.headers.contains_key(header::CONTENT_TYPE) {
            check_media_type(&parts.headers)?;
        }
        let bytes = read(body, T::BYTES_MAX).await?;
        let value = if bytes.is_empty() && T::MAY_BE_EMPTY {
            serde_json::Value::Object(serde_json::Map::new())
        } else {
            check_media_type(&parts.headers)?;
            json::parse(&bytes)?
        };
        let mut faults = Faults::default();
        let input = read_object(value, "", &mut faults);
        faults.finish()?;
        input
            .map(JsonBody)
            .ok_or_else(|| Problem::bad_request("the body must be a JSON object"))
    }
}

/// The bytes of a file. What they are is nobody's word, so that `Content-Type` is not looked at.
#[derive(Debug)]
pub(crate) struct FileBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_length(&parts.headers, ATTACHMENT_BYTES_MAX)?;
        check_encoding(&parts.headers)?;
        read(body, ATTACHMENT_BYTES_MAX).await.map(Self)
    }
}

/// Turns a large body away before it is read, when it says how large it is.
fn check_length(headers: &HeaderMap, bytes_max: usize) -> Result<(), Problem> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|l| l.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > bytes_max as u64 => Err(too_large(bytes_max)),
        _ => Ok(()),
    }
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Err(_) => Err(Problem::bad_request(
            "the body ended before it was complete; send it again",
        )),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        ErrorCode::TooLarge,
        format!(
            "the body is larger than {bytes_max} bytes, the most that is taken here; send less"
        ),
    )
}

/// Not compressed.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map(|e| e.as_bytes().trim_ascii());
    if encoding.is_some_and(|e| !e.eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::unsupported_media_type(
            "the body has a Content-Encoding; send it without",
        ));
    }
    Ok(())
}

/// `application/json` or `application/…+json`, in UTF-8, not compressed.
fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    check_encoding(headers)?;
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let text = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().unwrap_or_default(),
        (None, _) => {
            return Err(Problem::unsupported_media_type(
                "Content-Type is missing; send application/json",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Problem::unsupported_media_type(
                "Content-Type is there twice; send application/json once",
            ));
        }
    };
    if is_json(text) {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type(
            "Content-Type is not JSON in UTF-8; send application/json",
        ))
    }
}

fn is_json(text: &str) -> bool {
    let mut parts = text.split(';').map(|p| p.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let is_json = essence == "application/json"
        || essence
            .strip_prefix("application/")
            .is_some_and(|sub| sub.len() > 5 && sub.ends_with("+json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_media_types_are_taken_and_others_not() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/merge-patch+json",
            "application/json ; profile=x",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "application/+json",
            "application/jsonp",
            "application/json; charset=latin1",
            "multipart/form-data",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
