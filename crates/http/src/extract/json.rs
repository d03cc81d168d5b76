//! JSON text into values: UTF-8, one spelling of each object, no deeper and no wider than a limit.
//!
//! The shape is checked by a scan over the bytes before a value is made, so that a hostile body
//! costs no more than its own length.

use std::fmt;

use cairn_domain::limits::JSON_DEPTH_MAX;
use cairn_service::ErrorCode;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::faults::quoted;
use crate::limits::JSON_VALUES_MAX;
use crate::problem::Problem;

/// Reads one JSON value, with nothing behind it.
///
/// # Errors
/// 400 with the position for what is not JSON (RFC 8259), not UTF-8, too deep, or has a name twice
/// in one object; 413 for too many values.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        Problem::bad_request(format!(
            "the body is not valid UTF-8: byte {} does not continue a character; send UTF-8",
            e.valid_up_to()
        ))
    })?;
    check_shape(bytes)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|e| Problem::bad_request(format!("the body is not valid JSON: {e}")))
}

/// Depth and number of values, by the brackets and commas outside of strings.
fn check_shape(bytes: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut values, mut at) = (0_usize, 1_usize, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(inside) = bytes.get(at) {
                    match inside {
                        b'\\' => at += 1,
                        b'"' => break,
                        _ => {}
                    }
                    at += 1;
                }
            }
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                if depth > JSON_DEPTH_MAX {
                    return Err(Problem::bad_request(format!(
                        "the body nests deeper than {JSON_DEPTH_MAX} levels at byte {at}; send it flatter"
                    )));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if values > JSON_VALUES_MAX {
            return Err(Problem::new(
                ErrorCode::TooLarge,
                format!("the body has more than {JSON_VALUES_MAX} JSON values; split the request"),
            ));
        }
        at += 1;
    }
    Ok(())
}

/// A value in which no object names a member twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                // Readers disagree about which of the two counts (RFC 8259 §4), so neither does.
                let name = quoted(&name);
                return Err(A::Error::custom(format!(
                    "the name {name:?} stands twice in one object"
                )));
            }
            let value = map.next_value_seed(Strict)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(bytes: &[u8]) -> String {
        let problem = parse(bytes).expect_err("refused");
        assert!(problem.status().is_client_error());
        problem.body("").detail.to_owned()
    }

    #[test]
    fn json_is_read_as_written() {
        let value = parse(br#" {"a":[1,-2,0.5,true,null,"x\u00e9\n"],"b":{}} "#).expect("JSON");
        assert_eq!(
            value,
            serde_json::json!({"a":[1,-2,0.5,true,null,"xé\n"],"b":{}})
        );
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_position() {
        for bad in [
            &b""[..],
            b"{",
            b"{\"a\":}",
            b"{'a':1}",
            b"[1,]",
            b"nul",
            b"{} {}",
            b"1e999",
            b"\"\\ud800\"",
            b"\"\x01\"",
            b"[01]",
            b"NaN",
            b"\xef\xbb\xbf{}",
            b"\"\\",
            b"]",
            b"\"a",
        ] {
            let detail = detail(bad);
            assert!(
                detail.contains("line") && detail.contains("column"),
                "{bad:?}: {detail}"
            );
        }
        assert!(detail(b"{\"a\":\"\xff\"}").contains("byte 6"));
    }

    #[test]
    fn a_name_stands_once_in_an_object() {
        assert!(detail(br#"{"title":"a","title":"b"}"#).contains("stands twice"));
        assert!(detail(br#"{"a":{"b":1,"\u0062":2}}"#).contains("stands twice"));
        assert!(parse(br#"[{"a":1},{"a":2}]"#).is_ok());
    }

    #[test]
    fn depth_is_checked_before_anything_is_built() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nest(JSON_DEPTH_MAX).as_bytes()).is_ok());
        assert!(detail(nest(JSON_DEPTH_MAX + 1).as_bytes()).contains("deeper"));
        assert!(detail("[{\"a\":".repeat(1_000_000).as_bytes()).contains("deeper"));
        let text = format!("\"{}\\\"{}\"", "[".repeat(500), "{".repeat(500));
        assert!(
            parse(text.as_bytes()).is_ok(),
            "brackets in strings do not nest"
        );
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let list = |n: usize| format!("[{}0]", "0,".repeat(n));
        assert!(parse(list(JSON_VALUES_MAX - 2).as_bytes()).is_ok());
        assert_eq!(
            parse(list(JSON_VALUES_MAX).as_bytes())
                .expect_err("too many")
                .status(),
            413
        );
    }
}
