//! Path parameters, with refusals as problems.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use cairn_service::ErrorCode;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Percent-decoded segments of the path.
#[derive(Debug)]
pub(crate) struct Segments<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.path().contains("%00") {
            return Err(Problem::bad_request(
                "the path contains the NUL character (U+0000); remove it",
            ));
        }
        // An empty id names nothing; it must never read like the list one segment above it.
        if parts.uri.path().contains("//") {
            return Err(Problem::new(
                ErrorCode::NotFound,
                "there is nothing at this path; a segment of it is empty, give an id there",
            ));
        }
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Problem::bad_request(
                "a segment of the path is not percent-encoded UTF-8",
            )),
            Err(_) => Err(Problem::bad_request("the path could not be read")),
        }
    }
}
