//! The workshop: looking at files off the async threads, a few at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::kind;
use crate::picture::{self, Variant};

/// Files that may wait for their turn before the next one is turned away; each of them is in memory.
const WAITING_MAX: usize = 32;

/// What a file is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// No picture, or one of a kind that is not decoded.
    Opaque,
    /// A picture of this size, as it is shown.
    Picture {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
    },
    /// A picture that is too large to be decoded; the size is what its head claims.
    Huge {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
    },
    /// It begins like a picture and cannot be read as one.
    Damaged,
}

/// What looking at a file gave.
#[derive(Debug)]
pub struct Look {
    /// What it is.
    pub media_type: &'static str,
    /// What it is like.
    pub shape: Shape,
    /// Smaller forms of it, narrowest first.
    pub variants: Vec<Variant>,
}

/// Too many files wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many files wait to be looked at")]
pub struct Busy;

/// A few workers; a handle, cheap to clone.
#[derive(Debug, Clone)]
pub struct Workshop {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// Counts one who waits, until it is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workshop {
    /// A workshop where `workers` files are looked at at once; each takes up to
    /// [`crate::PICTURE_MEMORY_BYTES_MAX`] and half of it again.
    pub fn new(workers: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(workers.max(1))),
            waiting: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// SHA-256 of the bytes.
    pub async fn digest(&self, bytes: Bytes) -> [u8; 32] {
        let work = tokio::task::spawn_blocking(move || Sha256::digest(&bytes).into());
        work.await
            .expect("invariant: hashing does not panic and is not cancelled")
    }

    /// Looks at a file. A picture that breaks a decoder is a damaged picture.
    ///
    /// # Errors
    /// [`Busy`] when too many wait already.
    pub async fn look(&self, bytes: Bytes, name: &str) -> Result<Look, Busy> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        let waiting = Waiting(Arc::clone(&self.waiting));
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        drop(waiting);
        let name = name.to_owned();
        // The turn ends with the work, not with who waits for it: dropped futures do not stop a thread.
        let told = {
            let (bytes, name) = (bytes.clone(), name.clone());
            tokio::task::spawn_blocking(move || kind::of(&bytes, &name)).await
        };
        let media_type = told.unwrap_or(kind::BYTES);
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            picture::look(&bytes, media_type)
        });
        let (shape, variants) = match work.await {
            Ok(Some(found)) => found,
            Ok(None) => (Shape::Opaque, Vec::new()),
            Err(_) => (Shape::Damaged, Vec::new()),
        };
        Ok(Look {
            media_type,
            shape,
            variants,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_wait_for_their_turn_and_too_many_are_turned_away() {
        let workshop = Workshop::new(1);
        let held = Arc::clone(&workshop.turns).acquire_owned().await.unwrap();
        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let workshop = workshop.clone();
                tokio::spawn(async move { workshop.look(Bytes::from_static(b"x"), "x").await })
            })
            .collect();
        while workshop.waiting.load(Ordering::Relaxed) < WAITING_MAX {
            tokio::task::yield_now().await;
        }
        assert!(workshop.look(Bytes::from_static(b"x"), "x").await.is_err());
        drop(held);
        for one in waiting {
            assert_eq!(one.await.unwrap().unwrap().media_type, "text/plain");
        }
        assert_eq!(workshop.waiting.load(Ordering::Relaxed), 0);
    }
}
