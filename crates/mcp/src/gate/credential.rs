//! Who asks: a key in `X-API-Key` or `Authorization: Bearer`, never in the address.

use cairn_domain::actor::Caller;
use cairn_service::{App, ErrorClass, authenticate};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::gate::refusal::Refusal;

/// The caller behind a request.
///
/// # Errors
/// A 401 that is the same for every credential that is not valid; a 503 when nobody can tell.
pub(crate) async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let Some(secret) = secret(headers) else {
        return Err(Refusal::unauthenticated(
            "unauthenticated: send one API key, as X-API-Key: cairn_sk_… or Authorization: Bearer cairn_sk_…",
        ));
    };
    authenticate::by_key(app, secret).await.map_err(|error| match error.code.class() {
        ErrorClass::Unauthenticated => Refusal::unauthenticated(format!(
            "unauthenticated: {}",
            error.message
        )),
        ErrorClass::Unavailable => {
            tracing::warn!(code = error.code.as_str(), "a key could not be checked: {}", error.message);
            Refusal::unavailable(error.message, error.retry_after_s)
        }
        _ => {
            tracing::error!(code = error.code.as_str(), cause = ?error.source, "a key could not be checked");
            Refusal::status(http::StatusCode::INTERNAL_SERVER_ERROR, "internal: something went wrong on our side; ask again")
        }
    })
}

/// The one secret of a request. None when there is none, when a header says something else, and
/// when two of them differ: then nobody knows who asks.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let mut secret = None;
    let keys = headers
        .get_all("x-api-key")
        .iter()
        .map(|v| v.to_str().ok().map(str::trim));
    let bearers = headers
        .get_all(AUTHORIZATION)
        .iter()
        .map(|v| v.to_str().ok().and_then(bearer));
    for found in keys.chain(bearers) {
        let found = found.filter(|f| !f.is_empty())?;
        if secret.is_some_and(|s| s != found) {
            return None;
        }
        secret = Some(found);
    }
    secret
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let mut headers = HeaderMap::new();
        pairs.for_each(|(n, v)| {
            headers.append(n, v);
        });
        headers
    }

    #[test]
    fn one_secret_is_taken_and_two_different_ones_are_none() {
        for (pairs, want) in [
            (&[("x-api-key", "a")][..], Some("a")),
            (&[("authorization", "Bearer a")], Some("a")),
            (&[("authorization", "bearer  a ")], Some("a")),
            (
                &[("x-api-key", "a"), ("authorization", "Bearer a")],
                Some("a"),
            ),
            (&[("x-api-key", "a"), ("authorization", "Bearer b")], None),
            (&[("x-api-key", "a"), ("x-api-key", "b")], None),
            (&[("x-api-key", "a"), ("authorization", "Basic b")], None),
            (&[("authorization", "Basic a")], None),
            (&[("x-api-key", "")], None),
            (&[], None),
        ] {
            assert_eq!(secret(&headers(pairs)), want, "{pairs:?}");
        }
    }
}
