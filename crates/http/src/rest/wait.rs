//! `wait=searchable`: a write that is answered once it can be found.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use cairn_domain::ids::PortalId;
use cairn_service::{Context, indexing};

use crate::extract::query::query_input;
use crate::problem::Problem;

/// Whether the write could be found when it was answered; only in answers to `wait=searchable`.
const X_SEARCHABLE: HeaderName = HeaderName::from_static("x-searchable");

query_input! {
    /// When a write is answered.
    pub(crate) struct WriteQuery {
        /// `searchable`: once searches find it, at most after two seconds; the header `X-Searchable` says whether they do. Left out: as
        /// soon as it is safe.
        wait: Option<String>,
    }
}

/// What a write waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing: it is answered as soon as it is safe.
    Nothing,
    /// That searches find it.
    Searchable,
}

impl Wait {
    /// Reads the parameter; to be called before anything is written.
    pub(super) fn parse(wait: Option<&str>) -> Result<Self, Problem> {
        match wait {
            None => Ok(Self::Nothing),
            Some("searchable") => Ok(Self::Searchable),
            Some(_) => Err(Problem::invalid_field(
                "wait",
                "invalid_value",
                "wait can only be searchable; leave it out to be answered as soon as the write is safe",
            )),
        }
    }

    /// Waits, and tells in the answer how that went.
    pub(super) async fn tell(self, ctx: &Context, portal: PortalId, response: &mut Response) {
        if self == Self::Searchable {
            let is_found = indexing::until_searchable(ctx, portal).await;
            let said = if is_found { "true" } else { "false" };
            let headers = response.headers_mut();
            headers.insert(X_SEARCHABLE, HeaderValue::from_static(said));
        }
    }
}
