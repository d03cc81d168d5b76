//! What a door answered, whole.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::Value;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// What was asked, for messages.
    asked: String,
}

impl Answer {
    pub(crate) async fn of(router: Router, request: Request<Body>) -> Self {
        let asked = format!("{} {}", request.method(), request.uri());
        let response = crate::app::oneshot(router, request).await;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .expect("the body of an answer ends")
            .to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            asked,
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "{} answered {} with no JSON ({error}): {}",
                self.asked,
                self.status,
                self.text()
            ),
        }
    }

    /// The answer, when it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{} answered {:?} {}",
            self.asked,
            self.headers,
            self.text()
        );
        self
    }

    /// The stable code of a problem, when it has this status.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.clone().expect(status).json();
        assert_eq!(problem["code"], code, "{} answered {problem}", self.asked);
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        problem
    }

    /// Fields and codes of a problem's faults.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|e| (text(&e["field"]), text(&e["code"])))
            .collect()
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// What another caller could compare: status, headers without request id and date, body without
    /// request id.
    pub fn outside(&self) -> (u16, Vec<(String, String)>, String) {
        let id = self.header("x-request-id").to_owned();
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(n, v)| {
                (
                    n.as_str().to_owned(),
                    String::from_utf8_lossy(v.as_bytes()).into_owned(),
                )
            })
            .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
            .collect();
        headers.sort();
        let body = self.text();
        let body = if id.is_empty() {
            body
        } else {
            body.replace(&id, "<request id>")
        };
        (self.status, headers, body)
    }
}
