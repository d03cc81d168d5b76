//! A small REST client that speaks to the doors in process.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use serde_json::Value;

use crate::answer::Answer;
use crate::app::{HOST, TestApp};

/// The REST door as one credential sees it.
#[derive(Clone)]
pub struct Rest<'a> {
    app: &'a TestApp,
    key: Option<String>,
}

impl<'a> Rest<'a> {
    pub(crate) fn new(app: &'a TestApp, key: Option<String>) -> Self {
        Self { app, key }
    }

    /// A request to a path below `/api/v1`.
    pub fn request(&self, method: &str, path: &str) -> Request<'a> {
        let request = Request::new(self.app, method, &format!("/api/v1{path}"));
        match &self.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }

    /// Gets.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request("POST", path).json(&body).send().await
    }

    /// Patches with a precondition.
    pub async fn patch(&self, path: &str, if_match: &str, body: Value) -> Answer {
        self.request("PATCH", path)
            .header("if-match", if_match)
            .json(&body)
            .send()
            .await
    }

    /// Every item of a list, page after page of `limit`, and the number of pages.
    pub async fn all(&self, path: &str, limit: usize) -> (Vec<Value>, usize) {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page = self
                .get(&format!("{path}{separator}limit={limit}{cursor}"))
                .await
                .expect(200)
                .json();
            let part = page["items"].as_array().expect("a list has items").clone();
            assert!(
                part.len() <= limit,
                "{path} gave {} items where {limit} were asked for",
                part.len()
            );
            items.extend(part);
            pages += 1;
            assert!(pages < 10_000, "{path} never ends");
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (items, pages),
            }
        }
    }
}

/// One request.
pub struct Request<'a> {
    app: &'a TestApp,
    request: axum::http::Request<Body>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(app: &'a TestApp, method: &str, path: &str) -> Self {
        let mut request = axum::http::Request::new(Body::empty());
        *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
        *request.uri_mut() = path
            .parse::<Uri>()
            .unwrap_or_else(|e| panic!("{path}: {e}"));
        request
            .headers_mut()
            .insert(header::HOST, HeaderValue::from_static(HOST));
        Self { app, request }
    }

    /// Sets a header; `host` replaces the usual one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        let value = HeaderValue::from_str(value).expect("a header value");
        self.request.headers_mut().insert(name, value);
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw_json(serde_json::to_vec(body).expect("serialises"))
    }

    /// Bytes that claim to be JSON.
    #[must_use]
    pub fn raw_json(self, body: Vec<u8>) -> Self {
        self.header("content-type", "application/json").raw(body)
    }

    /// Bytes.
    #[must_use]
    pub fn raw(mut self, body: Vec<u8>) -> Self {
        *self.request.body_mut() = Body::from(body);
        self
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        self.app.send(self.request).await
    }
}
