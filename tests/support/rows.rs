//! Rows as a promise: the order they are read in, and what is left of them once ids and times,
//! which no two runs share, are named by their order.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

/// The tables two doors must leave alike, each with its natural order.
pub const PARITY_TABLES: [(&str, &str); 12] = [
    ("portals", "t.created_at, t.slug"),
    ("portal_hostnames", "t.hostname"),
    ("categories", "t.created_at"),
    ("articles", "t.portal_id, t.number"),
    ("revisions", "t.created_at, t.revision"),
    ("renderings", "t.portal_id, t.html, t.revision"),
    ("slug_history", "t.locale, t.slug"),
    ("links", "t.portal_id, t.address, t.revision"),
    ("audit", "t.at, t.action"),
    ("outbox", "t.at, t.pos"),
    ("portal_feed", "t.touched nulls first, t.portal_id"),
    ("idempotency", "t.created_at, t.key"),
];

/// The natural order of a table.
pub(crate) fn order_of(table: &str) -> &'static str {
    let known = PARITY_TABLES.iter().find(|(name, _)| *name == table);
    known.map_or("to_jsonb(t)::text", |(_, order)| order)
}

/// Gives every id a name by its first appearance, every time the same name, and every fingerprint
/// of a request (which holds ids) one as well. Everything else stays as it is.
pub fn normalise(tables: &mut [(String, Vec<Value>)]) {
    let mut names = HashMap::new();
    for (_, rows) in tables {
        for row in rows {
            walk(row, &mut names);
        }
    }
}

fn walk(value: &mut Value, names: &mut HashMap<Uuid, String>) {
    match value {
        Value::String(text) => {
            if let Ok(id) = Uuid::try_parse(text)
                && !id.is_nil()
            {
                let next = names.len() + 1;
                *text = names
                    .entry(id)
                    .or_insert_with(|| format!("id {next}"))
                    .clone();
            } else if is_time(text) {
                *text = "a time".to_owned();
            } else if text.starts_with("\\x") && text.len() == 66 {
                *text = "a digest".to_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|v| walk(v, names)),
        Value::Object(members) => members.values_mut().for_each(|v| walk(v, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_time(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 20
        && b[4] == b'-'
        && b[7] == b'-'
        && b[10] == b'T'
        && b[13] == b':'
        && b[..4].iter().all(u8::is_ascii_digit)
}
