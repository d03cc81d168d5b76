//! Lists that fit an answer: a page that is too large in bytes ends early, with a cursor that goes
//! on in the middle of it.
//!
//! The cursor of this door is the service's cursor and how many items of that page were sent
//! already: `~12~<cursor>`; one that starts at a page's beginning is the service's own.

use cairn_service::{Error, ErrorCode, Result};
use serde_json::Value;

/// Most bytes of the items in one answer, as JSON: about 15,000 tokens, below what the strictest
/// well-known client takes (25,000 tokens).
pub(crate) const ITEMS_BYTES_MAX: usize = 48 * 1024;

/// Where a list goes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The service's cursor; none for the first page.
    pub(crate) cursor: Option<String>,
    /// Items of its page that were sent already.
    pub(crate) skip: usize,
}

impl Place {
    /// Reads a cursor of this door.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub(crate) fn parse(cursor: Option<String>) -> Result<Self> {
        let Some(cursor) = cursor else {
            return Ok(Self::default());
        };
        let Some(rest) = cursor.strip_prefix('~') else {
            return Ok(Self {
                cursor: Some(cursor),
                skip: 0,
            });
        };
        let bad = || {
            Error::new(
                ErrorCode::InvalidCursor,
                "this cursor was not made by this server; start again without a cursor",
            )
        };
        let (skip, inner) = rest.split_once('~').ok_or_else(bad)?;
        let skip = skip.parse().map_err(|_| bad())?;
        Ok(Self {
            cursor: (!inner.is_empty()).then(|| inner.to_owned()),
            skip,
        })
    }

    /// The items of a page that are still to be sent and fit, and where the list goes on.
    pub(crate) fn fit(
        self,
        items: Vec<Value>,
        next_cursor: Option<String>,
    ) -> (Vec<Value>, Option<String>) {
        let mut bytes = 0;
        let mut sent = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate().skip(self.skip) {
            bytes += item.to_string().len() + 1;
            // The first one always fits: a list that cannot move on would be worse.
            if bytes > ITEMS_BYTES_MAX && !sent.is_empty() {
                let cursor = self.cursor.unwrap_or_default();
                return (sent, Some(format!("~{i}~{cursor}")));
            }
            sent.push(item);
        }
        (sent, next_cursor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_cut_by_bytes_gives_every_item_once() {
        // 250 items in pages of 100, as a service would give them.
        let page = |cursor: Option<&str>| {
            let first: usize = cursor.map_or(0, |c| c.parse().expect("a place"));
            let items =
                (first..250.min(first + 100)).map(|i| json!({"i": i, "text": "x".repeat(i * 30)}));
            (
                items.collect::<Vec<_>>(),
                (first + 100 < 250).then(|| (first + 100).to_string()),
            )
        };
        let (mut cursor, mut seen, mut answers) = (None, Vec::new(), 0);
        loop {
            let place = Place::parse(cursor).expect("its own cursor");
            let (items, next) = page(place.cursor.as_deref());
            let (items, next) = place.fit(items, next);
            assert!(
                serde_json::to_string(&items).expect("serialises").len() <= ITEMS_BYTES_MAX + 1
            );
            seen.extend(items.iter().filter_map(|i| i["i"].as_u64()));
            answers += 1;
            let Some(next) = next else { break };
            cursor = Some(next);
        }
        assert_eq!(seen, (0..250).collect::<Vec<u64>>());
        assert!(answers > 10, "{answers} answers");
    }

    #[test]
    fn an_item_larger_than_an_answer_is_sent_alone() {
        let huge = json!("x".repeat(ITEMS_BYTES_MAX * 2));
        let (items, next) = Place::default().fit(vec![huge.clone(), huge], None);
        assert_eq!(items.len(), 1);
        assert_eq!(next.as_deref(), Some("~1~"));
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        for bad in ["~", "~x~abc", "~-1~abc", "~99999999999999999999999~"] {
            let error = Place::parse(Some(bad.to_owned())).expect_err(bad);
            assert_eq!(error.code, ErrorCode::InvalidCursor);
        }
        let plain = Place::parse(Some("abc".to_owned())).expect("the service's own");
        assert_eq!(
            plain,
            Place {
                cursor: Some("abc".to_owned()),
                skip: 0
            }
        );
    }
}
