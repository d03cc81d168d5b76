//! Who asks: the API key in the headers, or the operator behind the control socket.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use cairn_domain::actor::Caller;
use cairn_domain::search_count::SearchSource;
use cairn_service::{Context, ErrorCode, authenticate};

use crate::HttpState;
use crate::problem::Problem;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Marks requests that came in by the control socket: whoever reaches it owns the data directory.
/// A request extension; nothing a client sends can set it.
#[derive(Debug, Clone, Copy)]
pub struct OperatorDoor;

/// An authenticated call.
pub(crate) struct Authed(pub(crate) Context);

impl FromRequestParts<HttpState> for Authed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Problem> {
        if parts.extensions.get::<OperatorDoor>().is_some() {
            // The operator searches to try and to measure; nobody's question is counted there.
            return Ok(Self(Context::new(state.app.clone(), Caller::operator())));
        }
        let secret = credential(&parts.headers).map_err(refuse)?;
        let caller = if parts.method.is_safe() {
            authenticate::by_key_to_read(&state.app, secret).await?
        } else {
            authenticate::by_key(&state.app, secret).await?
        };
        let ctx = Context::new(state.app.clone(), caller);
        Ok(Self(ctx.counting_searches(Some(SearchSource::Rest))))
    }
}

fn refuse(what: &str) -> Problem {
    Problem::new(ErrorCode::Unauthenticated, what)
}

/// The one secret in the headers.
fn credential(headers: &HeaderMap) -> Result<&str, &'static str> {
    let keys = headers.get_all(X_API_KEY).iter().map(|v| v.to_str().ok());
    let bearers = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(|v| bearer(v.to_str().ok()?));
    let mut found = None;
    for secret in keys.chain(bearers) {
        let Some(secret) = secret.map(str::trim) else {
            return Err(
                "the Authorization header is not Bearer with an API key; send X-API-Key or Authorization: Bearer",
            );
        };
        if found.is_some_and(|f| f != secret) {
            return Err("the request carries two different credentials; send one");
        }
        found = Some(secret);
    }
    found.ok_or("a valid API key is required; send it as X-API-Key or as Authorization: Bearer")
}

/// The token behind the scheme, whose name is case-insensitive (RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).expect("a header"),
                )
            })
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            })
    }

    #[test]
    fn either_header_carries_the_key() {
        for pairs in [
            &[("x-api-key", "k")][..],
            &[("authorization", "Bearer k")],
            &[("authorization", "bearer  k ")],
            &[("x-api-key", "k"), ("authorization", "Bearer k")],
        ] {
            assert_eq!(credential(&headers(pairs)), Ok("k"), "{pairs:?}");
        }
    }

    #[test]
    fn no_key_two_keys_and_other_schemes_are_refused() {
        for pairs in [
            &[][..],
            &[("x-api-key", "a"), ("x-api-key", "b")],
            &[("x-api-key", "a"), ("authorization", "Bearer b")],
            &[("authorization", "Basic YTpi")],
            &[("authorization", "Bearer")],
            &[("x-api-key", "a"), ("authorization", "Basic YTpi")],
        ] {
            assert!(credential(&headers(pairs)).is_err(), "{pairs:?}");
        }
    }
}
