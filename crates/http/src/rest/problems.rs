//! What each problem's `type` points to: a page that says what the code means.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cairn_service::ErrorCode;

use crate::extract::Segments;
use crate::problem::{
    Problem, RANGE_NOT_SATISFIABLE, TIMED_OUT, UNSUPPORTED_MEDIA_TYPE, status_of,
};

/// Describes a code as plain text.
pub(super) async fn describe(Segments(code): Segments<String>) -> Result<Response, Problem> {
    let known = ErrorCode::ALL.iter().find(|c| c.as_str() == code);
    let (status, title) = match (known, code.as_str()) {
        (Some(known), _) => (status_of(*known).as_u16(), known.title()),
        (None, word) if word == UNSUPPORTED_MEDIA_TYPE.0 => (415, UNSUPPORTED_MEDIA_TYPE.1),
        (None, word) if word == RANGE_NOT_SATISFIABLE.0 => (416, RANGE_NOT_SATISFIABLE.1),
        (None, word) if word == TIMED_OUT.0 => (503, TIMED_OUT.1),
        _ => {
            return Err(Problem::new(
                ErrorCode::NotFound,
                "there is no problem with this code",
            ));
        }
    };
    let text = format!(
        "{code} (HTTP {status})\n\n{title}.\n\nThe detail of each answer says what happened and the way out.\n"
    );
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(([kind], text).into_response())
}
