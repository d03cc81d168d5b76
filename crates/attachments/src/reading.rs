//! The bytes of a kept file, as a stream.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::BoxStream;
use object_store::GetResult;

use crate::error::VaultError;

/// Up to so many bytes are read in one go; what is larger comes in small pieces.
const AT_ONCE_BYTES_MAX: u64 = 256 * 1024;

/// The bytes of a file, or of a part of it.
pub struct Reading {
    bytes: Source,
    /// Which bytes of the file these are.
    pub range: Range<u64>,
    /// How many bytes the file has.
    pub total: u64,
}

enum Source {
    Whole(Option<Bytes>),
    Pieces(BoxStream<'static, object_store::Result<Bytes>>),
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("range", &self.range)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl Reading {
    pub(crate) async fn of(got: GetResult) -> Result<Self, VaultError> {
        let (range, total) = (got.range.clone(), got.meta.size);
        let bytes = if range.end - range.start <= AT_ONCE_BYTES_MAX {
            Source::Whole(Some(got.bytes().await?))
        } else {
            Source::Pieces(got.into_stream())
        };
        Ok(Self {
            bytes,
            range,
            total,
        })
    }

    /// All of it at once, for those who know that it is not large.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`] when the place fails on the way.
    pub async fn collect(mut self) -> Result<Bytes, VaultError> {
        let mut all = Vec::new();
        while let Some(piece) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_next(cx)).await {
            let piece = piece?;
            if all.is_empty() && piece.len() as u64 == self.range.end - self.range.start {
                return Ok(piece);
            }
            all.extend_from_slice(&piece);
        }
        Ok(Bytes::from(all))
    }
}

impl Stream for Reading {
    type Item = Result<Bytes, VaultError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.bytes {
            Source::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Source::Pieces(pieces) => pieces
                .as_mut()
                .poll_next(cx)
                .map(|piece| piece.map(|p| p.map_err(VaultError::from))),
        }
    }
}
