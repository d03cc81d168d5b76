//! Refusals before a tool is reached: an HTTP status and a JSON-RPC error, never plain text.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

/// A JSON-RPC message that could not be parsed.
pub(crate) const PARSE_ERROR: i64 = -32700;
/// A message that is not a request this server takes.
pub(crate) const INVALID_REQUEST: i64 = -32600;
/// Our fault, or not now.
const INTERNAL_ERROR: i64 = -32603;
/// No credential, or not a valid one: from the range that JSON-RPC leaves to servers.
const UNAUTHENTICATED: i64 = -32010;

/// A request that goes no further.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: i64,
    message: String,
    /// The stable word of `cairn_service::ErrorCode`, where there is one.
    word: Option<&'static str>,
    id: Option<Value>,
    retry_after_s: Option<u32>,
}

impl Refusal {
    /// A refusal with an HTTP status, a JSON-RPC code and a sentence.
    pub(crate) fn new(status: StatusCode, code: i64, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            word: None,
            id: None,
            retry_after_s: None,
        }
    }

    /// A refusal by status alone.
    pub(crate) fn status(status: StatusCode, message: impl Into<String>) -> Self {
        let code = if status.is_server_error() {
            INTERNAL_ERROR
        } else {
            INVALID_REQUEST
        };
        Self::new(status, code, message)
    }

    /// A message that is not taken.
    pub(crate) fn bad_message(code: i64, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// No credential, or not a valid one.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self {
            word: Some("unauthenticated"),
            ..Self::new(StatusCode::UNAUTHORIZED, UNAUTHENTICATED, message)
        }
    }

    /// Not now.
    pub(crate) fn unavailable(message: impl Into<String>, retry_after_s: Option<u32>) -> Self {
        let refusal = Self::status(StatusCode::SERVICE_UNAVAILABLE, message);
        Self {
            word: Some("unavailable"),
            retry_after_s: Some(retry_after_s.unwrap_or(1)),
            ..refusal
        }
    }

    /// Answers the request with this id.
    pub(crate) fn to(mut self, id: Option<Value>) -> Self {
        self.id = id;
        self
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response<BoxBody<Bytes, Infallible>> {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(word) = self.word {
            error["data"] = json!({"code": word});
        }
        let mut body = json!({"jsonrpc": "2.0", "error": error});
        // Without an id to answer to there is none: MCP 2026-07-28 wants it left out, not null.
        if let Some(id) = self.id {
            body["id"] = id;
        }
        let body = body.to_string();
        let mut response = Response::new(Full::new(Bytes::from(body)).boxed());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(ALLOW, HeaderValue::from_static("POST"));
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
