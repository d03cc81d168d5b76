//! What plain `curl` leaves out. The protocol wants `Accept: application/json, text/event-stream`;
//! people type a URL, a key and a body. A request without `MCP-Protocol-Version` that takes JSON or
//! anything is treated as if it had said so; one that names the version knows the rules.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::gate::refusal::Refusal;

const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Adds what is missing, refuses what is not JSON.
///
/// # Errors
/// A 415 for a body that is declared as something else.
pub(crate) fn mend(headers: &mut HeaderMap) -> Result<(), Refusal> {
    match headers.get(CONTENT_TYPE) {
        None => {
            headers.insert(CONTENT_TYPE, JSON);
        }
        Some(value) => {
            let essence = value
                .as_bytes()
                .split(|b| *b == b';')
                .next()
                .unwrap_or_default();
            if !essence
                .trim_ascii()
                .eq_ignore_ascii_case(b"application/json")
            {
                return Err(Refusal::status(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "the body must be JSON; send Content-Type: application/json",
                ));
            }
        }
    }
    if !headers.contains_key("mcp-protocol-version") && takes_json(headers) {
        headers.insert(ACCEPT, BOTH);
    }
    Ok(())
}

fn takes_json(headers: &HeaderMap) -> bool {
    let mut entries = headers.get_all(ACCEPT).iter().peekable();
    if entries.peek().is_none() {
        return true;
    }
    entries
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|entry| {
            let essence = entry
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            matches!(
                essence.as_str(),
                "" | "*/*" | "application/*" | "application/json"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        mend(&mut headers).ok()?;
        assert!(headers.contains_key(CONTENT_TYPE));
        Some(
            headers
                .get(ACCEPT)
                .map_or("", |v| v.to_str().expect("text"))
                .to_owned(),
        )
    }

    #[test]
    fn a_plain_request_is_mended_and_one_that_knows_the_rules_is_not() {
        let both = Some("application/json, text/event-stream".to_owned());
        assert_eq!(mended(&[]), both);
        assert_eq!(mended(&[("accept", "*/*")]), both);
        assert_eq!(
            mended(&[("accept", "application/json;q=0.9, text/html")]),
            both
        );
        assert_eq!(
            mended(&[("accept", "text/html")]).as_deref(),
            Some("text/html")
        );
        let modern = [
            ("accept", "application/json"),
            ("mcp-protocol-version", "2026-07-28"),
        ];
        assert_eq!(mended(&modern).as_deref(), Some("application/json"));
        assert_eq!(
            mended(&[("content-type", "Application/JSON; charset=utf-8")]),
            both
        );
        assert_eq!(
            mended(&[("content-type", "application/x-www-form-urlencoded")]),
            None
        );
    }
}
