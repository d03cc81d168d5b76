//! A request without the answer that was hoped for: why, and whether asking again makes sense.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

/// Why a request has no good answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What the server answered; none when there was no answer.
    pub status: Option<u16>,
    /// The stable code of the problem.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// When the server wants to be asked again.
    pub retry_after: Option<Duration>,
    /// The connection's own words.
    #[source]
    source: Option<reqwest::Error>,
}

/// What this program reads of a problem (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    title: String,
    detail: String,
    errors: Vec<Field>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Field {
    field: String,
    message: String,
}

impl Refused {
    pub(crate) fn by_server(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
            return Self {
                retry_after,
                ..Self::not_cairn(status)
            };
        };
        let mut message = match (problem.detail, problem.title) {
            (detail, title) if detail.is_empty() => title,
            (detail, _) => detail,
        };
        let fields = problem.errors.iter();
        let fields = fields.filter(|field| !message.contains(&field.message));
        let fields: Vec<String> = fields
            .map(|field| format!("{}: {}", field.field, field.message))
            .collect();
        if !fields.is_empty() {
            message = format!("{message} ({})", fields.join("; "));
        }
        if message.is_empty() {
            message = format!("the server answered {status}");
        }
        Self {
            status: Some(status),
            code: problem.code,
            message,
            retry_after,
            source: None,
        }
    }

    pub(crate) fn not_cairn(status: u16) -> Self {
        Self {
            status: Some(status),
            code: String::new(),
            message: format!(
                "the answer ({status}) is not one of Cairn's; check the address, and any proxy in front of it"
            ),
            retry_after: None,
            source: None,
        }
    }

    pub(crate) fn unanswered(error: reqwest::Error) -> Self {
        let message = if error.is_timeout() {
            "the server did not answer in time"
        } else if error.is_connect() {
            "cannot reach the server"
        } else {
            "the connection to the server broke"
        };
        Self {
            status: None,
            code: String::new(),
            message: message.to_owned(),
            retry_after: None,
            source: Some(error.without_url()),
        }
    }

    pub(crate) fn unsendable(error: &serde_json::Error) -> Self {
        Self {
            status: Some(400),
            code: String::new(),
            message: format!("the request cannot be written as JSON: {error}"),
            retry_after: None,
            source: None,
        }
    }

    /// Whether it may go through when asked again, with the same idempotency key.
    pub(crate) fn is_passing(&self) -> bool {
        match self.status {
            None => true,
            // A conflict that says when to ask again was one with a write of the same moment.
            Some(409) => self.code == "idempotency_in_flight" || self.retry_after.is_some(),
            Some(status) => matches!(status, 429 | 500 | 502 | 503 | 504),
        }
    }
}

/// Seconds, as Cairn writes them; a date is left to the ordinary pause.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_passes_when_the_server_says_when_to_ask_again() {
        let of_the_moment = Refused::by_server(409, Some(Duration::from_secs(1)), b"{}");
        let lasting = Refused::by_server(409, None, b"{}");
        assert!(of_the_moment.is_passing() && !lasting.is_passing());
    }
}
