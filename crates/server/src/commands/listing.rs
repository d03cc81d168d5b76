//! A list of the API, read page by page until a command has as many rows as were asked for.

use anyhow::Result;
use cairn_service::clock::{Clock, SystemClock};
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::client::{Client, segment};

/// Rows asked for at once.
const PAGE: usize = 100;

/// What a list said.
pub(super) struct Listing {
    /// Its last page without the rows: what is said of all of them together.
    pub(super) head: Value,
    /// Its rows.
    pub(super) items: Vec<Value>,
    /// Whether there are more than were asked for.
    has_more: bool,
}

impl Listing {
    /// Reads up to `limit` rows; `path` has a query already, without a limit.
    pub(super) async fn read(client: &Client, path: &str, limit: usize) -> Result<Self> {
        let path = format!("{path}&limit={}", limit.min(PAGE));
        let mut next = path.clone();
        let mut items = Vec::new();
        let (head, has_more) = loop {
            let mut page = client.get(&next).await?;
            if let Value::Array(more) = page["items"].take() {
                items.extend(more);
            }
            match page["next_cursor"].as_str() {
                Some(cursor) if items.len() < limit => {
                    next = format!("{path}&cursor={}", segment(cursor));
                }
                cursor => {
                    let has_more = cursor.is_some() || items.len() > limit;
                    break (page, has_more);
                }
            }
        };
        items.truncate(limit);
        Ok(Self {
            head,
            items,
            has_more,
        })
    }

    /// All of it, with `has_more` instead of a cursor.
    pub(super) fn into_json(self) -> Value {
        let mut all = self.head;
        all["items"] = Value::Array(self.items);
        if let Some(members) = all.as_object_mut() {
            members.remove("next_cursor");
            members.insert("has_more".to_owned(), json!(self.has_more));
        }
        all
    }
}

/// The parameters of a report over so many days, of which today (UTC) is the last.
pub(super) fn days_back(days: u32) -> String {
    let today = Offset::UTC.to_datetime(SystemClock.now()).date();
    let days = i64::from(days.max(1)) - 1;
    let from = today.saturating_sub(jiff::Span::new().days(days));
    format!("from={from}&to={today}")
}

/// A value as a cell of a table: nothing is a dash.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
