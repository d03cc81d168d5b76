//! The command line's side of the REST API: the running server is asked over the control socket of
//! its data directory, or at an address with a key.
//!
//! Every write carries an idempotency key, so a request whose answer was lost is sent again until
//! the server is back: an import outlives a killed server.

mod refused;

use std::path::Path;
use std::sync::Once;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use cairn_service::clock::{IdSource, SystemIds};
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_MATCH};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde_json::Value;

pub use refused::Refused;

use crate::limits::{
    ANSWER_BYTES_MAX, CONNECT_TIMEOUT, FAULT_RETRIES_MAX, LONG_REQUEST_TIMEOUT, RETRY_FOR,
    RETRY_PAUSE_MAX, RETRY_PAUSE_MIN,
};

/// How long an ordinary request may take before it is sent again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a rebuild or a comparison of all indexes may take.
const INDEX_TIMEOUT: Duration = Duration::from_secs(6 * 3_600);

/// A server that can be asked.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: Option<HeaderValue>,
    retry_for: Duration,
}

/// 128 random bits as text: the name of a run, or an idempotency key of one request.
pub(crate) fn fresh_key() -> String {
    let secret = SystemIds.secret();
    secret[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Text as one path segment.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Client {
    /// The owner of a data directory, over its control socket; no key is needed.
    ///
    /// # Errors
    /// When the client cannot be set up; the socket itself is opened by the first request.
    pub fn over_socket(socket: &Path) -> Result<Self> {
        let http = builder()
            .unix_socket(socket)
            .tls_certs_only(std::iter::empty())
            .build()
            .context("cannot set up the client of the control socket")?;
        Ok(Self {
            http,
            base: "http://localhost".to_owned(),
            key: None,
            retry_for: RETRY_FOR,
        })
    }

    /// A server at an address.
    ///
    /// # Errors
    /// An address that is none, or no key.
    pub fn at(url: &str, key: Option<&str>) -> Result<Self> {
        let base = url.trim_end_matches('/');
        if !(base.starts_with("http://") || base.starts_with("https://")) {
            bail!("--url {url:?} does not begin with http:// or https://");
        }
        let Some(key) = key else {
            bail!("--url needs an API key; give it in CAIRN_KEY or with --key");
        };
        let mut value =
            HeaderValue::from_str(key).context("the API key has characters no key has")?;
        value.set_sensitive(true);
        let mut http = builder();
        if base.starts_with("http://") {
            // No TLS is going to happen, and a machine without certificates must not matter.
            http = http.tls_certs_only(std::iter::empty());
        }
        Ok(Self {
            http: http.build().context("cannot set up the HTTP client")?,
            base: base.to_owned(),
            key: Some(value),
            retry_for: RETRY_FOR,
        })
    }

    /// Gives up on a server that does not answer after this time.
    #[must_use]
    pub fn retrying_for(mut self, time: Duration) -> Self {
        self.retry_for = time;
        self
    }

    /// GET.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn get(&self, path: &str) -> Result<Value, Refused> {
        let answer = self.send(&Call::get(path)).await?;
        Ok(answer.body)
    }

    /// GET; None when nothing is there.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn get_if_there(&self, path: &str) -> Result<Option<Value>, Refused> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(refused) if refused.status == Some(404) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    /// GET with the tag a change must quote.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn get_with_etag(&self, path: &str) -> Result<(Value, String), Refused> {
        let answer = self.send(&Call::get(path)).await?;
        let etag = answer.etag.unwrap_or_default();
        Ok((answer.body, etag))
    }

    /// POST under an idempotency key.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        key: &str,
    ) -> Result<Value, Refused> {
        let call = Call::write(Method::POST, path, body, key, REQUEST_TIMEOUT)?;
        Ok(self.send(&call).await?.body)
    }

    /// POST of a whole import batch.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn post_long(
        &self,
        path: &str,
        body: &impl Serialize,
        key: &str,
    ) -> Result<Value, Refused> {
        let call = Call::write(Method::POST, path, body, key, LONG_REQUEST_TIMEOUT)?;
        Ok(self.send(&call).await?.body)
    }

    /// POST of what walks over whole indexes.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn post_index(
        &self,
        path: &str,
        body: &impl Serialize,
        key: &str,
    ) -> Result<Value, Refused> {
        let call = Call::write(Method::POST, path, body, key, INDEX_TIMEOUT)?;
        Ok(self.send(&call).await?.body)
    }

    /// POST of the bytes of one file, which may be sent again without harm; gives the status.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn post_bytes(&self, path: &str, bytes: Vec<u8>) -> Result<u16, Refused> {
        let call = Call {
            method: Method::POST,
            body: Some(Bytes::from(bytes)),
            content_type: "application/octet-stream",
            timeout: LONG_REQUEST_TIMEOUT,
            ..Call::get(path)
        };
        Ok(self.send(&call).await?.status)
    }

    /// POST of the bytes of one file, which may be sent again without harm; gives the answer.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn post_bytes_for(&self, path: &str, bytes: Vec<u8>) -> Result<Value, Refused> {
        let call = Call {
            method: Method::POST,
            body: Some(Bytes::from(bytes)),
            content_type: "application/octet-stream",
            timeout: LONG_REQUEST_TIMEOUT,
            ..Call::get(path)
        };
        Ok(self.send(&call).await?.body)
    }

    /// PATCH of what was read with this tag.
    ///
    /// # Errors
    /// What the server refused; 412 when it changed meanwhile.
    pub async fn patch(
        &self,
        path: &str,
        body: &impl Serialize,
        etag: &str,
        key: &str,
    ) -> Result<Value, Refused> {
        let mut call = Call::write(Method::PATCH, path, body, key, REQUEST_TIMEOUT)?;
        call.if_match = Some(etag.to_owned());
        Ok(self.send(&call).await?.body)
    }

    /// PUT in place of what was read with this tag.
    ///
    /// # Errors
    /// What the server refused; 412 when it changed meanwhile.
    pub async fn put(
        &self,
        path: &str,
        body: &impl Serialize,
        etag: &str,
        key: &str,
    ) -> Result<Value, Refused> {
        let mut call = Call::write(Method::PUT, path, body, key, REQUEST_TIMEOUT)?;
        call.if_match = Some(etag.to_owned());
        Ok(self.send(&call).await?.body)
    }

    /// DELETE under an idempotency key.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn delete(&self, path: &str, key: &str) -> Result<Value, Refused> {
        let call = Call {
            method: Method::DELETE,
            idempotency_key: Some(key.to_owned()),
            ..Call::get(path)
        };
        Ok(self.send(&call).await?.body)
    }

    /// GET of the bytes of one file.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Refused> {
        let call = Call {
            timeout: LONG_REQUEST_TIMEOUT,
            wants_bytes: true,
            ..Call::get(path)
        };
        Ok(self.send(&call).await?.bytes)
    }

    /// Sends until there is an answer that is worth having.
    async fn send(&self, call: &Call) -> Result<Answer, Refused> {
        let give_up = Instant::now() + self.retry_for;
        let mut pause = RETRY_PAUSE_MIN;
        let mut faults = 0;
        let mut told = false;
        loop {
            let refused = match self.try_once(call).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            faults += u32::from(refused.status == Some(500));
            if !refused.is_passing() || faults > FAULT_RETRIES_MAX || Instant::now() >= give_up {
                return Err(refused);
            }
            if !told && pause >= RETRY_PAUSE_MAX {
                told = true;
                tracing::warn!(error = %refused, "no answer yet; the request is sent again until there is one");
            }
            let wait = refused
                .retry_after
                .map_or(pause, |after| after.min(RETRY_PAUSE_MAX));
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
        }
    }

    async fn try_once(&self, call: &Call) -> Result<Answer, Refused> {
        let response = self
            .request(call)
            .send()
            .await
            .map_err(Refused::unanswered)?;
        let status = response.status();
        let etag = response
            .headers()
            .get(ETAG)
            .and_then(|tag| tag.to_str().ok());
        let etag = etag.map(str::to_owned);
        let retry_after = refused::retry_after(response.headers());
        let bytes = read(response).await?;
        if !status.is_success() {
            return Err(Refused::by_server(status.as_u16(), retry_after, &bytes));
        }
        let body = if bytes.is_empty() || call.wants_bytes {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).map_err(|_| Refused::not_cairn(status.as_u16()))?
        };
        Ok(Answer {
            status: status.as_u16(),
            body,
            bytes,
            etag,
        })
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let url = format!("{}{}", self.base, call.path);
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .timeout(call.timeout);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key.clone());
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(etag) = &call.if_match {
            request = request.header(IF_MATCH, etag);
        }
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, call.content_type)
                .body(body.clone());
        }
        request
    }
}

fn builder() -> reqwest::ClientBuilder {
    name_cryptography();
    reqwest::Client::builder()
        .user_agent(concat!("cairn/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
}

/// Names the cryptography TLS uses: the one the database connection is built with already. The HTTP
/// client refuses to be built before that is settled, also where no TLS is going to happen.
fn name_cryptography() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider()
            .install_default()
            .is_err()
        {
            tracing::debug!("the cryptography of TLS is settled already");
        }
    });
}

struct Call {
    method: Method,
    path: String,
    body: Option<Bytes>,
    content_type: &'static str,
    idempotency_key: Option<String>,
    if_match: Option<String>,
    timeout: Duration,
    /// Whether the answer is a file rather than JSON.
    wants_bytes: bool,
}

impl Call {
    fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            body: None,
            content_type: "application/json",
            idempotency_key: None,
            if_match: None,
            timeout: REQUEST_TIMEOUT,
            wants_bytes: false,
        }
    }

    fn write(
        method: Method,
        path: &str,
        body: &impl Serialize,
        key: &str,
        timeout: Duration,
    ) -> Result<Self, Refused> {
        let body = serde_json::to_vec(body).map_err(|error| Refused::unsendable(&error))?;
        Ok(Self {
            method,
            body: Some(Bytes::from(body)),
            idempotency_key: Some(key.to_owned()),
            timeout,
            ..Self::get(path)
        })
    }
}

struct Answer {
    status: u16,
    body: Value,
    bytes: Vec<u8>,
    etag: Option<String>,
}

async fn read(mut response: Response) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Refused::unanswered)? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Refused::not_cairn(response.status().as_u16()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Json;
    use axum::http::{HeaderMap, StatusCode};
    use axum::response::IntoResponse;
    use axum::routing::post;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_segment_is_one_segment() {
        assert_eq!(segment("a/b ü"), "a%2Fb%20%C3%BC");
    }

    #[test]
    fn an_address_needs_a_key_and_a_scheme() {
        assert!(Client::at("127.0.0.1:80", Some("k")).is_err());
        assert!(Client::at("http://127.0.0.1:80", None).is_err());
        assert!(Client::at("http://127.0.0.1:80/", Some("k")).is_ok());
    }

    /// A server over a socket that answers with these statuses in turn, then with 201.
    async fn server(socket: &Path, statuses: &'static [u16], seen: Arc<AtomicU32>) {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        let answer = move |headers: HeaderMap, body: String| async move {
            assert_eq!(headers["idempotency-key"], "run-1");
            assert_eq!(body, r#"{"a":1}"#);
            let n = seen.fetch_add(1, Ordering::SeqCst) as usize;
            match statuses.get(n) {
                None => (StatusCode::CREATED, Json(json!({"fine": n}))).into_response(),
                Some(status) => {
                    let code = match status {
                        409 => "idempotency_in_flight",
                        _ => "other",
                    };
                    let problem = json!({"code": code, "detail": "why", "errors": [
                        {"field": "f", "code": "c", "message": "m"}]});
                    (StatusCode::from_u16(*status).unwrap(), Json(problem)).into_response()
                }
            }
        };
        let router = axum::Router::new().route("/x", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    }

    #[tokio::test]
    async fn a_request_is_sent_again_until_the_server_can_answer() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("s");
        let seen = Arc::new(AtomicU32::new(0));
        let client = Client::over_socket(&socket).unwrap();
        let asked = tokio::spawn(async move { client.post("/x", &json!({"a": 1}), "run-1").await });
        // The server is not there yet: the first tries find no socket.
        tokio::time::sleep(RETRY_PAUSE_MIN * 2).await;
        server(&socket, &[503, 409, 500], Arc::clone(&seen)).await;
        assert_eq!(asked.await.unwrap().unwrap(), json!({"fine": 3}));
    }

    #[tokio::test]
    async fn a_refusal_is_final() {
        for status in [400_u16, 401, 403, 404, 412, 422] {
            let home = tempfile::tempdir().unwrap();
            let socket = home.path().join("s");
            let statuses: &'static [u16] = Box::leak(Box::new([status]));
            let seen = Arc::new(AtomicU32::new(0));
            server(&socket, statuses, Arc::clone(&seen)).await;
            let client = Client::over_socket(&socket).unwrap();
            let refused = client
                .post("/x", &json!({"a": 1}), "run-1")
                .await
                .unwrap_err();
            assert_eq!(refused.status, Some(status));
            assert_eq!(refused.to_string(), "why (f: m)");
            assert_eq!(seen.load(Ordering::SeqCst), 1);
        }
    }

    #[tokio::test]
    async fn a_fault_of_the_server_is_not_asked_for_ever() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("s");
        let seen = Arc::new(AtomicU32::new(0));
        server(&socket, &[500; 100], Arc::clone(&seen)).await;
        let client = Client::over_socket(&socket).unwrap();
        let refused = client
            .post("/x", &json!({"a": 1}), "run-1")
            .await
            .unwrap_err();
        assert_eq!(refused.status, Some(500));
        assert_eq!(seen.load(Ordering::SeqCst), FAULT_RETRIES_MAX + 1);
    }

    #[tokio::test]
    async fn a_server_that_never_comes_is_given_up_on() {
        let home = tempfile::tempdir().unwrap();
        let client = Client::over_socket(&home.path().join("none")).unwrap();
        let client = client.retrying_for(Duration::from_millis(120));
        let refused = client.get("/x").await.unwrap_err();
        assert_eq!(refused.status, None);
        assert!(refused.to_string().contains("cannot reach"), "{refused}");
    }
}
