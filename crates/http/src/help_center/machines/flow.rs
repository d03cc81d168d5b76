//! Documents made piece by piece: what is small is kept whole, what is large is sent while it is read.
//!
//! A piece is bounded by whoever makes it. At most [`KEPT_BYTES_MAX`] and one piece more of a document
//! are in memory for one reader; the next piece is read when the connection has taken the one before.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use cairn_service::Error;
use futures_core::Stream;

/// Largest document that is kept in the cache of pages, in bytes.
pub(crate) const KEPT_BYTES_MAX: usize = 1024 * 1024;

/// A document under way.
pub(crate) trait Pieces: Sized + Send + 'static {
    /// The next piece and what is left; nothing at the end.
    fn next(self) -> impl Future<Output = Result<Option<(String, Self)>, Error>> + Send;
}

/// A document, or its beginning.
pub(crate) enum Gathered {
    /// All of it.
    Whole(String),
    /// More than is kept.
    Flowing(Body),
}

/// Reads a document as far as it may be kept.
pub(crate) async fn gather(mut source: impl Pieces) -> Result<Gathered, Error> {
    let mut text = String::new();
    loop {
        let Some((piece, rest)) = source.next().await? else {
            return Ok(Gathered::Whole(text));
        };
        text.push_str(&piece);
        source = rest;
        if text.len() > KEPT_BYTES_MAX {
            let flow = Flow::Ready(Bytes::from(text), source);
            return Ok(Gathered::Flowing(Body::from_stream(flow)));
        }
    }
}

type Reading<S> = Pin<Box<dyn Future<Output = Result<Option<(String, S)>, Error>> + Send>>;

/// The rest of a document as a stream. It ends with an error when a piece cannot be read, so that the
/// connection breaks and nobody takes a part for the whole.
enum Flow<S> {
    Ready(Bytes, S),
    Reading(Reading<S>),
    Over,
}

// Nothing in it is pinned but what is boxed.
impl<S> Unpin for Flow<S> {}

impl<S: Pieces> Stream for Flow<S> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match mem::replace(&mut *self, Self::Over) {
            Self::Over => Poll::Ready(None),
            Self::Ready(piece, rest) => {
                *self = Self::Reading(Box::pin(rest.next()));
                Poll::Ready(Some(Ok(piece)))
            }
            Self::Reading(mut reading) => match reading.as_mut().poll(cx) {
                Poll::Pending => {
                    *self = Self::Reading(reading);
                    Poll::Pending
                }
                Poll::Ready(Ok(Some((piece, rest)))) => {
                    *self = Self::Reading(Box::pin(rest.next()));
                    Poll::Ready(Some(Ok(Bytes::from(piece))))
                }
                Poll::Ready(Ok(None)) => Poll::Ready(None),
                Poll::Ready(Err(error)) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a document was broken off while it was sent"
                    );
                    Poll::Ready(Some(Err(error)))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    struct Count {
        at: usize,
        end: usize,
        fails: bool,
    }

    impl Pieces for Count {
        async fn next(self) -> Result<Option<(String, Self)>, Error> {
            if self.at == self.end {
                return if self.fails {
                    Err(Error::internal(std::io::Error::other("away")))
                } else {
                    Ok(None)
                };
            }
            let piece = format!("{:>1000}", self.at);
            let at = self.at + 1;
            Ok(Some((piece, Self { at, ..self })))
        }
    }

    fn pieces(end: usize, fails: bool) -> Count {
        Count { at: 0, end, fails }
    }

    #[tokio::test]
    async fn a_small_document_is_kept_and_a_large_one_flows_whole() {
        let small = gather(pieces(3, false)).await.unwrap();
        assert!(matches!(small, Gathered::Whole(text) if text.len() == 3_000));
        let Gathered::Flowing(body) = gather(pieces(3_000, false)).await.unwrap() else {
            panic!("3 MB are not kept");
        };
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(bytes.len(), 3_000_000);
        assert!(bytes.ends_with(b" 2999"));
    }

    #[tokio::test]
    async fn a_document_that_breaks_off_is_not_taken_for_whole() {
        assert!(gather(pieces(3, true)).await.is_err());
        let Gathered::Flowing(body) = gather(pieces(2_000, true)).await.unwrap() else {
            panic!("2 MB are not kept");
        };
        assert!(to_bytes(body, usize::MAX).await.is_err());
    }
}
