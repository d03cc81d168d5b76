//! Problem details (RFC 9457): the one form in which this door refuses.
//!
//! A problem is made from a service error or from a fault of the request itself. It becomes a
//! response in two steps: a handler returns it like any response, and the shell around the API
//! writes its body, because only there the request id is known.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_domain::field_error::FieldError;
use cairn_service::{Error, ErrorClass, ErrorCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::limits::FIELD_ERRORS_MAX;

/// Media type of a problem.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The code for a body in a media type this door does not read; the service knows no media types.
pub const UNSUPPORTED_MEDIA_TYPE: (&str, &str) = (
    "unsupported_media_type",
    "The body is not in a format that is read here",
);

/// The code for a range outside of a file; the service knows no ranges.
pub const RANGE_NOT_SATISFIABLE: (&str, &str) = (
    "range_not_satisfiable",
    "The file has no such range of bytes",
);

/// The code for a request that took too long.
pub const TIMED_OUT: (&str, &str) = ("timed_out", "The request took too long");

/// A refusal. Boxed: it is the rare half of every result in this room.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    current: Option<CurrentState>,
    missing_scope: Option<&'static str>,
    retry_after_s: Option<u32>,
}

/// Where the thing stands now, in a 412.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CurrentState {
    /// Head revision; absent for things without revisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i32>,
    /// Row version.
    pub row_version: i64,
    /// What `If-Match` would have to be, quotes included.
    pub etag: String,
}

/// One fault of one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorBody {
    /// Where: a dotted path into the body (`edits.0.find`), a query parameter, a path parameter or a header.
    pub field: String,
    /// Which rule: a stable word such as `required`, `unknown_field` or `too_long`.
    pub code: String,
    /// What is wrong and the way out.
    pub message: String,
}

/// The body of a refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Address of the documentation of the code, relative to this server.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem with this code.
    pub title: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Stable word to decide by; MCP answers the same one.
    pub code: &'a str,
    /// What happened and the way out.
    pub detail: &'a str,
    /// Names this request in the logs.
    pub request_id: &'a str,
    /// Every faulty field at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldErrorBody>,
    /// Where the thing stands now, for a stale `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub current: Option<&'a CurrentState>,
    /// The scope that would allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub missing_scope: Option<&'a str>,
    /// Seconds after which asking again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A refusal with a code of the service.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status: status_of(code),
            code: code.as_str(),
            title: code.title(),
            detail: detail.into(),
            errors: Vec::new(),
            current: None,
            missing_scope: None,
            retry_after_s: None,
        }))
    }

    /// The request could not be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, detail)
    }

    /// Some fields break a rule.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        Error::invalid_fields(errors).into()
    }

    /// One field, parameter or header breaks a rule.
    pub fn invalid_field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError::new(field, code, message)])
    }

    /// The body is in a media type that is not read here.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        let mut problem = Self::bad_request(detail).titled(UNSUPPORTED_MEDIA_TYPE);
        problem.0.status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        problem
    }

    /// The range lies outside of the file.
    pub fn range_not_satisfiable(total: u64) -> Self {
        let mut problem = Self::bad_request(format!(
            "the file has {total} bytes, and the Range lies behind them; ask for bytes before"
        ))
        .titled(RANGE_NOT_SATISFIABLE);
        problem.0.status = StatusCode::RANGE_NOT_SATISFIABLE;
        problem
    }

    /// The request took too long; a write may or may not have been saved.
    pub fn timed_out(is_write: bool) -> Self {
        let mut problem = if is_write {
            Self::new(
                ErrorCode::OutcomeUnknown,
                "the request took too long, and whether it was saved is unknown; send it again with the same Idempotency-Key",
            )
        } else {
            Self::new(
                ErrorCode::Unavailable,
                "the request took too long; ask again or ask for less",
            )
            .titled(TIMED_OUT)
        };
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// The same refusal under a code of this door alone.
    fn titled(mut self, (code, title): (&'static str, &'static str)) -> Self {
        self.0.code = code;
        self.0.title = title;
        self
    }

    /// Says of what kind the current state in a 412 is: a thing with a row version and no revisions.
    #[must_use]
    pub fn without_revisions(mut self) -> Self {
        if let Some(current) = &mut self.0.current {
            current.revision = None;
            current.etag = crate::etag::of_version(current.row_version);
        }
        self
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The body.
    pub(crate) fn body<'a>(&'a self, request_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            kind: format!("/problems/{}", self.0.code),
            title: self.0.title,
            status: self.0.status.as_u16(),
            code: self.0.code,
            detail: &self.0.detail,
            request_id,
            errors: self
                .0
                .errors
                .iter()
                .take(FIELD_ERRORS_MAX)
                .map(|e| FieldErrorBody {
                    field: e.field.clone(),
                    code: e.code.clone(),
                    message: e.message.clone(),
                })
                .collect(),
            current: self.0.current.as_ref(),
            missing_scope: self.0.missing_scope,
            retry_after: self.0.retry_after_s,
        }
    }

    /// The headers that say the same to programs that never read bodies.
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(current) = &self.0.current
            && let Ok(etag) = HeaderValue::from_str(&current.etag)
        {
            headers.insert(header::ETAG, etag);
        }
        match (self.0.status, self.0.missing_scope) {
            (StatusCode::UNAUTHORIZED, _) => {
                let challenge = HeaderValue::from_static("Bearer realm=\"cairn\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            // RFC 6750 §3.1
            (StatusCode::FORBIDDEN, Some(scope)) => {
                let text = format!(
                    "Bearer realm=\"cairn\", error=\"insufficient_scope\", scope=\"{scope}\""
                );
                if let Ok(challenge) = HeaderValue::from_str(&text) {
                    headers.insert(header::WWW_AUTHENTICATE, challenge);
                }
            }
            _ => {}
        }
        headers
    }

    /// The whole response, once the request id is known.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        let body = serde_json::to_vec(&self.body(request_id))
            .expect("a problem is made of strings and numbers, which serialise");
        (self.0.status, self.headers(), Body::from(body)).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.respond("");
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    /// The one place where a failure of ours is logged: inside the request's span, once.
    fn from(error: Error) -> Self {
        if error.is_internal() {
            let mut chain = Vec::new();
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                chain.push(error.to_string());
                cause = error.source();
            }
            tracing::error!(
                code = error.code.as_str(),
                error = chain.join(": "),
                "request failed"
            );
        } else {
            tracing::debug!(
                code = error.code.as_str(),
                error = error.message,
                "request refused"
            );
        }
        let mut problem = Self::new(error.code, error.message);
        let parts = &mut problem.0;
        parts.errors = error.fields;
        parts.current = error.current.map(|(revision, row_version)| CurrentState {
            revision: Some(revision),
            row_version,
            etag: crate::etag::of_article(revision, row_version),
        });
        parts.missing_scope = error.missing_scope.map(|s| s.as_str());
        parts.retry_after_s = error.retry_after_s;
        if error.code.class() == ErrorClass::Unavailable {
            parts.retry_after_s = parts.retry_after_s.or(Some(1));
        }
        problem
    }
}

/// The HTTP status of a code.
pub fn status_of(code: ErrorCode) -> StatusCode {
    if code == ErrorCode::MethodNotAllowed {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    match code.class() {
        ErrorClass::Invalid => StatusCode::BAD_REQUEST,
        ErrorClass::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorClass::Forbidden => StatusCode::FORBIDDEN,
        ErrorClass::NotFound => StatusCode::NOT_FOUND,
        ErrorClass::Gone => StatusCode::GONE,
        ErrorClass::Conflict => StatusCode::CONFLICT,
        ErrorClass::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorClass::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        ErrorClass::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorClass::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorClass::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorClass::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use cairn_domain::scope::Scope;

    use super::*;

    fn json(problem: &Problem) -> serde_json::Value {
        serde_json::to_value(problem.body("req-1")).expect("serialises")
    }

    #[test]
    fn a_problem_carries_code_status_and_request_id() {
        let problem = Problem::from(Error::not_found("such article"));
        let body = json(&problem);
        assert_eq!(body["type"], "/problems/not_found");
        assert_eq!(body["status"], 404);
        assert_eq!(body["request_id"], "req-1");
        assert!(body.get("errors").is_none() && body.get("current").is_none());
    }

    #[test]
    fn a_stale_revision_says_where_the_article_stands() {
        let problem = Problem::from(Error::stale(7, 9, 12));
        assert_eq!(problem.status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(json(&problem)["current"]["revision"], 9);
        assert_eq!(problem.respond("r").headers()[header::ETAG], "\"9.12\"");
        let plain = problem.without_revisions();
        assert!(json(&plain)["current"].get("revision").is_none());
        assert_eq!(plain.respond("r").headers()[header::ETAG], "\"12\"");
    }

    #[test]
    fn a_refusal_names_the_missing_scope_in_body_and_challenge() {
        let problem = Problem::from(Error::missing_scope(Scope::ArticlesWrite));
        assert_eq!(json(&problem)["missing_scope"], "articles:write");
        let challenge = problem.respond("r").headers()[header::WWW_AUTHENTICATE].clone();
        assert!(
            challenge
                .to_str()
                .expect("ASCII")
                .contains("scope=\"articles:write\"")
        );
    }

    #[test]
    fn our_faults_show_nothing_of_their_cause() {
        let problem = Problem::from(Error::internal("secret table name"));
        assert!(!json(&problem).to_string().contains("secret"));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn ask_again_later_says_when() {
        let problem = Problem::from(Error::new(ErrorCode::Unavailable, "the database is away"));
        assert_eq!(problem.respond("r").headers()[header::RETRY_AFTER], "1");
    }

    #[test]
    fn many_faults_are_listed_up_to_a_limit() {
        let faults = (0..1_000)
            .map(|i| FieldError::new(format!("f{i}"), "x", "x"))
            .collect();
        let body = json(&Problem::invalid_fields(faults));
        assert_eq!(
            body["errors"].as_array().map(Vec::len),
            Some(FIELD_ERRORS_MAX)
        );
    }
}
