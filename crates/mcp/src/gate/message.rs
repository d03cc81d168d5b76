//! The body, looked at before the SDK reads it: one JSON-RPC message, not too deep. The SDK would
//! answer anything else with 415 and plain text.

use std::borrow::Cow;

use cairn_domain::limits::JSON_DEPTH_MAX;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::gate::refusal::{INVALID_REQUEST, PARSE_ERROR, Refusal};

/// What must be right about a message; the SDK reads the rest.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
}

/// Keeps `null` apart from nothing: a request must not have a null id, a notification has none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Checks a body and gives the id to answer to.
///
/// # Errors
/// A 400 with `-32700` for what is not JSON, `-32600` for what is not one message.
pub(crate) fn check(body: &[u8]) -> Result<Option<Value>, Refusal> {
    let parse_error = |what: String| Refusal::bad_message(PARSE_ERROR, what);
    let invalid = |what: &str| Refusal::bad_message(INVALID_REQUEST, what);
    let text = std::str::from_utf8(body)
        .map_err(|e| parse_error(format!("the body is not UTF-8 at byte {}", e.valid_up_to())))?;
    let depth = depth(body);
    if depth > JSON_DEPTH_MAX {
        return Err(invalid(&format!(
            "the body nests deeper than {JSON_DEPTH_MAX} levels; flatten it"
        )));
    }
    match text.trim_start().as_bytes().first() {
        None => {
            return Err(parse_error(
                "the body is empty; send one JSON-RPC message".to_owned(),
            ));
        }
        Some(b'[') => {
            // Nonsense in brackets is nonsense, not a batch.
            let _: Vec<serde::de::IgnoredAny> =
                serde_json::from_str(text).map_err(|e| parse_error(not_json(&e)))?;
            return Err(invalid(
                "batches are not supported; send one JSON-RPC message at a time",
            ));
        }
        Some(_) => {}
    }
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| {
        // A wrong type ends the reading early: what stands behind it may still be no JSON.
        match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) if error.is_data() => invalid("the body is not a JSON-RPC message; send {\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"…\"}"),
            Ok(_) => parse_error(not_json(&error)),
            Err(error) => parse_error(not_json(&error)),
        }
    })?;
    let id = envelope.id;
    let is_id = |id: &Value| id.is_string() || id.is_i64();
    if id.as_ref().is_some_and(|id| !is_id(id)) {
        return Err(invalid("id must be a text or a whole number"));
    }
    if envelope.jsonrpc.as_deref() != Some("2.0") {
        return Err(invalid("jsonrpc must be \"2.0\"").to(id));
    }
    if envelope.method.is_none() {
        return Err(
            invalid("method is missing; this server takes requests and notifications").to(id),
        );
    }
    Ok(id)
}

fn not_json(error: &serde_json::Error) -> String {
    format!(
        "the body is not JSON at line {} column {}",
        error.line(),
        error.column()
    )
}

/// How deep lists and objects nest, without building them.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(body: &[u8]) -> String {
        format!("{:?}", check(body).expect_err("refused"))
    }

    #[test]
    fn a_message_passes_with_its_id() {
        let call = br#"{"jsonrpc":"2.0","id":"a\"[","method":"tools/list","params":{"x":[[1]]}}"#;
        assert_eq!(check(call).expect("fine"), Some(json!("a\"[")));
        let note = br#" {"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(check(note).expect("fine"), None);
    }

    #[test]
    fn what_is_not_json_is_a_parse_error_and_what_is_no_message_an_invalid_request() {
        for bad in [
            &b""[..],
            b"  ",
            b"{",
            b"{\"jsonrpc\":",
            b"[1,",
            b"nope",
            b"\xff\xfe",
            b"{}x",
        ] {
            assert!(
                refused(bad).contains("-32700"),
                "{:?}",
                String::from_utf8_lossy(bad)
            );
        }
        for bad in [
            &b"[]"[..],
            b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
            b"5",
            b"\"x\"",
            b"null",
            b"{}",
            b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
            b"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
            b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}",
            b"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}",
        ] {
            assert!(
                refused(bad).contains("-32600"),
                "{:?}",
                String::from_utf8_lossy(bad)
            );
        }
    }

    #[test]
    fn depth_is_counted_outside_texts_and_bounded() {
        assert_eq!(depth(br#"{"a":"[[[\"[[","b":[{}]}"#), 3);
        let deep = |n: usize| {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":{}{}}}",
                "[".repeat(n),
                "]".repeat(n)
            )
        };
        assert!(check(deep(JSON_DEPTH_MAX - 1).as_bytes()).is_ok());
        assert!(refused(deep(JSON_DEPTH_MAX).as_bytes()).contains("deeper than 64"));
        assert!(refused("[".repeat(1_000_000).as_bytes()).contains("deeper than"));
    }
}
