//! One ready answer: status, headers, and the body in every coding it was asked for.
//!
//! A compressed form is made on the first request that takes it, off the async threads, and kept only
//! when it is at most half the size: so an entry never holds more than twice its body.

use std::io::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use cairn_domain::ids::PortalId;
use cairn_service::app::Dependency;
use cairn_service::help_center::ReadCounter;
use tokio::sync::OnceCell;

use super::etag;
use super::negotiate::{self, Encoding};
use super::surrogate::SurrogateKeyHeader;

/// Bodies below this many bytes go out as they are.
const COMPRESS_BYTES_MIN: usize = 512;

/// How much work a compressed form is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Sent once.
    Once,
    /// Sent many times.
    Kept,
}

/// A ready answer.
#[derive(Debug)]
pub(crate) struct Entry {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    effort: Effort,
    /// What counts its reads, where it is an article for people.
    reads: Option<ReadCounter>,
    gzip: OnceCell<Option<Bytes>>,
    brotli: OnceCell<Option<Bytes>>,
}

impl Entry {
    /// An answer that is kept; a 200 gets its validator here, once.
    pub(crate) fn kept(status: StatusCode, mut headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        if status == StatusCode::OK {
            headers.insert(ETAG, etag::of(&body));
        }
        Self::new(status, headers, body, Effort::Kept)
    }

    /// An answer to one request.
    pub(crate) fn once(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self::new(status, headers, body.into(), Effort::Once)
    }

    /// Says in its headers what it shows.
    pub(crate) fn showing(
        mut self,
        header: Option<&SurrogateKeyHeader>,
        portal: PortalId,
        shown: &[Dependency],
    ) -> Self {
        if let Some(header) = header {
            header.put(&mut self.headers, portal, shown);
        }
        self
    }

    /// Counts its reads from now on.
    pub(crate) fn counting(mut self, reads: Option<ReadCounter>) -> Self {
        self.reads = reads;
        self
    }

    /// What counts its reads, where it is an article for people.
    pub(crate) fn reads(&self) -> Option<&ReadCounter> {
        self.reads.as_ref()
    }

    fn new(status: StatusCode, headers: HeaderMap, body: Bytes, effort: Effort) -> Self {
        Self {
            status,
            headers,
            body,
            effort,
            reads: None,
            gzip: OnceCell::new(),
            brotli: OnceCell::new(),
        }
    }

    /// Whether it is what was asked for, and no miss, move or failure.
    pub(crate) fn is_page(&self) -> bool {
        self.status == StatusCode::OK
    }

    /// Most bytes of memory it will ever take.
    pub(crate) fn bytes_max(&self) -> usize {
        /// Headers, cells and bookkeeping, generously.
        const OVERHEAD_BYTES: usize = 4_096;
        self.body.len() * 2 + OVERHEAD_BYTES
    }

    /// The answer to this request.
    pub(crate) async fn respond(
        self: &Arc<Self>,
        method: &Method,
        request: &HeaderMap,
    ) -> Response<Body> {
        if let Some(etag) = self.headers.get(ETAG)
            && etag::is_fresh(request, etag)
        {
            let mut headers = self.headers.clone();
            headers.remove(CONTENT_TYPE);
            return build(StatusCode::NOT_MODIFIED, headers, Bytes::new());
        }
        let mut headers = self.headers.clone();
        let body = match self.encoded(negotiate::encoding(request)).await {
            Some((name, bytes)) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
                bytes
            }
            None => self.body.clone(),
        };
        if method == Method::HEAD {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            return build(self.status, headers, Bytes::new());
        }
        build(self.status, headers, body)
    }

    async fn encoded(self: &Arc<Self>, encoding: Encoding) -> Option<(&'static str, Bytes)> {
        if self.body.len() < COMPRESS_BYTES_MIN {
            return None;
        }
        let (name, cell) = match encoding {
            Encoding::Identity => return None,
            Encoding::Gzip => ("gzip", &self.gzip),
            Encoding::Brotli => ("br", &self.brotli),
        };
        let bytes = match cell.get() {
            Some(bytes) => bytes,
            None => {
                let make = || async {
                    let (body, effort) = (self.body.clone(), self.effort);
                    let work =
                        tokio::task::spawn_blocking(move || compress(&body, encoding, effort));
                    work.await.ok().flatten()
                };
                cell.get_or_init(make).await
            }
        };
        bytes.clone().map(|bytes| (name, bytes))
    }
}

fn build(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The compressed form, if it is worth it.
fn compress(body: &[u8], encoding: Encoding, effort: Effort) -> Option<Bytes> {
    /// The window holds a long article whole (2^22 bytes).
    const WINDOW_BITS: u32 = 22;
    const BUFFER_BYTES: usize = 16 * 1024;
    let out = Vec::with_capacity(body.len() / 3);
    let bytes = match encoding {
        Encoding::Identity => return None,
        Encoding::Gzip => {
            let level = if effort == Effort::Kept { 9 } else { 5 };
            let mut writer = flate2::write::GzEncoder::new(out, flate2::Compression::new(level));
            writer.write_all(body).ok()?;
            writer.finish().ok()?
        }
        Encoding::Brotli => {
            let quality = if effort == Effort::Kept { 9 } else { 4 };
            let mut writer = brotli::CompressorWriter::new(out, BUFFER_BYTES, quality, WINDOW_BITS);
            writer.write_all(body).ok()?;
            writer.into_inner()
        }
    };
    (bytes.len() <= body.len() / 2).then(|| Bytes::from(bytes.into_boxed_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
    use std::io::Read;

    fn asking(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    async fn body(response: Response<Body>) -> Vec<u8> {
        to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap()
            .to_vec()
    }

    #[tokio::test]
    async fn every_coding_gives_the_same_page_back() {
        let page = "a page of words ".repeat(400);
        let entry = Arc::new(Entry::kept(StatusCode::OK, HeaderMap::new(), page.clone()));
        let plain = entry.respond(&Method::GET, &HeaderMap::new()).await;
        let etag = plain.headers()[ETAG].clone();
        assert_eq!(body(plain).await, page.as_bytes());
        for (coding, want) in [("gzip", "gzip"), ("br", "br")] {
            let response = entry
                .respond(&Method::GET, &asking(ACCEPT_ENCODING, coding))
                .await;
            assert_eq!(response.headers()[CONTENT_ENCODING], want);
            assert_eq!(response.headers()[ETAG], etag);
            let bytes = body(response).await;
            let mut back = String::new();
            match coding {
                "gzip" => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut back),
                _ => brotli::Decompressor::new(&bytes[..], 4096).read_to_string(&mut back),
            }
            .unwrap();
            assert_eq!(back, page);
        }
    }

    #[tokio::test]
    async fn a_client_that_has_it_gets_304_and_head_gets_no_body() {
        let entry = Arc::new(Entry::kept(
            StatusCode::OK,
            HeaderMap::new(),
            "x".repeat(600),
        ));
        let etag = entry.headers[ETAG].to_str().unwrap().to_owned();
        let response = entry
            .respond(&Method::GET, &asking(IF_NONE_MATCH, &etag))
            .await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[ETAG], etag.as_str());
        assert!(body(response).await.is_empty());
        let response = entry.respond(&Method::HEAD, &HeaderMap::new()).await;
        assert_eq!(response.headers()[CONTENT_LENGTH], "600");
        assert!(body(response).await.is_empty());
    }

    #[tokio::test]
    async fn a_body_that_does_not_shrink_by_half_goes_out_as_it_is() {
        let noise: String = (0..2_000_u32)
            .map(|i| char::from(33 + u8::try_from(i.wrapping_mul(2_654_435_761) >> 26).unwrap()))
            .collect();
        let entry = Arc::new(Entry::once(StatusCode::OK, HeaderMap::new(), noise));
        let response = entry
            .respond(&Method::GET, &asking(ACCEPT_ENCODING, "br"))
            .await;
        assert!(
            !response.headers().contains_key(CONTENT_ENCODING)
                || entry
                    .brotli
                    .get()
                    .unwrap()
                    .as_ref()
                    .is_some_and(|b| b.len() <= 1_000)
        );
    }
}
