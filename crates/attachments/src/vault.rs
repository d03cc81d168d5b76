//! The vault: bytes under immutable names.
//!
//! *Invariant:* a name is written once and says what it holds, so there is nothing to overwrite and nothing to lock. Two
//! who put the same bytes at once: one makes the file, the other finds it there.
//!
//! ```text
//! racer A   put if absent ──── Made
//! racer B   put if absent ──── Found, of the same length
//! ```

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode};

use crate::error::VaultError;
use crate::name::ObjectName;
use crate::reading::Reading;
use crate::s3::S3Place;
use crate::{directory, s3};

/// Where files are kept.
#[derive(Debug, Clone)]
pub enum Place {
    /// In a directory of this machine.
    Directory(PathBuf),
    /// In S3-compatible storage.
    S3(S3Place),
}

/// What a put came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The file is new.
    Made,
    /// The same bytes were there.
    Found,
}

/// A file as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: ObjectName,
    /// When it was written, in seconds since 1970.
    pub written_at_s: i64,
}

/// A place for files; a handle, cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Vault {
    /// Opens a place. A directory is made when it is not there; storage elsewhere is asked nothing yet.
    ///
    /// # Errors
    /// [`VaultError::Refused`] naming what is wrong with the settings or the directory.
    pub fn open(place: &Place) -> Result<Self, VaultError> {
        let (store, prefix): (Arc<dyn ObjectStore>, Path) = match place {
            Place::Directory(dir) => (Arc::new(directory::open(dir)?), Path::default()),
            Place::S3(place) => {
                let prefix = Path::parse(place.prefix.trim_matches('/')).map_err(|error| {
                    VaultError::Refused(format!(
                        "the prefix of attachments cannot be used: {error}; write it as plain words with slashes between them"
                    ))
                })?;
                (Arc::new(s3::open(place)?), prefix)
            }
        };
        Ok(Self { store, prefix })
    }

    /// Asks the place for something that is not there: whether it answers and lets us in.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`] with what it said.
    pub async fn check(&self) -> Result<(), VaultError> {
        let nothing = ObjectName::new("none", "none").path(&self.prefix);
        match self.store.head(&nothing).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps bytes under a name, once. A file of another length under the name is one that was cut short or tampered
    /// with; it is replaced, and said so in the log.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; then the file may or may not be there, and putting it again is safe.
    pub async fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<Put, VaultError> {
        let path = name.path(&self.prefix);
        let made = self
            .store
            .put_opts(&path, bytes.clone().into(), PutMode::Create.into())
            .await;
        match made {
            Ok(_) => return Ok(Put::Made),
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match self.store.head(&path).await {
            Ok(there) if there.size == bytes.len() as u64 => Ok(Put::Found),
            Ok(there) => {
                tracing::error!(
                    object = %path, bytes = there.size, expected_bytes = bytes.len(),
                    "a kept file had another length than its bytes; it was written again"
                );
                self.store.put(&path, bytes.into()).await?;
                Ok(Put::Made)
            }
            // Somebody erased it between the two requests.
            Err(object_store::Error::NotFound { .. }) => {
                self.store.put(&path, bytes.into()).await?;
                Ok(Put::Made)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a file of this length is kept under the name.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn holds(&self, name: &ObjectName, byte_length: u64) -> Result<bool, VaultError> {
        match self.store.head(&name.path(&self.prefix)).await {
            Ok(there) => Ok(there.size == byte_length),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a file, or of a part of it.
    ///
    /// # Errors
    /// [`VaultError::Missing`] when there is none, [`VaultError::Unavailable`].
    pub async fn read(
        &self,
        name: &ObjectName,
        range: Option<Range<u64>>,
    ) -> Result<Reading, VaultError> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let path = name.path(&self.prefix);
        Reading::of(self.store.get_opts(&path, options).await?).await
    }

    /// Deletes a file; nothing happens when it is not there.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; deleting again is safe.
    pub async fn delete(&self, name: &ObjectName) -> Result<(), VaultError> {
        match self.store.delete(&name.path(&self.prefix)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The files of a portal, in the order the place lists them.
    pub fn list(&self, portal: &str) -> Listing {
        let below = self.prefix.clone().join(portal);
        Listing(self.store.list(Some(&below)))
    }
}

/// Files as they are listed, one after the other: a portal's files are never all in memory.
pub struct Listing(BoxStream<'static, object_store::Result<ObjectMeta>>);

impl Listing {
    /// The next file that has a name of ours.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; the listing ends there.
    pub async fn next(&mut self) -> Result<Option<Kept>, VaultError> {
        while let Some(meta) = std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await {
            let meta = meta?;
            if let Some(name) = ObjectName::of_path(&meta.location) {
                return Ok(Some(Kept {
                    name,
                    written_at_s: meta.last_modified.timestamp(),
                }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Vault) {
        let home = tempfile::tempdir().unwrap();
        let vault = Vault::open(&Place::Directory(home.path().join("files"))).unwrap();
        (home, vault)
    }

    fn name() -> ObjectName {
        ObjectName::new("p-1", &"ab".repeat(32))
    }

    #[tokio::test]
    async fn what_is_put_is_read_back_whole_and_in_parts() {
        let (_home, vault) = open();
        let bytes: Bytes = (0..1_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        assert_eq!(vault.put(&name(), bytes.clone()).await.unwrap(), Put::Made);
        assert_eq!(vault.put(&name(), bytes.clone()).await.unwrap(), Put::Found);
        assert!(vault.holds(&name(), 1_000_000).await.unwrap());
        let whole = vault.read(&name(), None).await.unwrap();
        assert_eq!(
            (whole.range.clone(), whole.total),
            (0..1_000_000, 1_000_000)
        );
        assert_eq!(whole.collect().await.unwrap(), bytes);
        for range in [0..1, 999_999..1_000_000, 10..700_000] {
            let part = vault.read(&name(), Some(range.clone())).await.unwrap();
            assert_eq!(part.total, 1_000_000);
            let (from, to) = (range.start as usize, range.end as usize);
            assert_eq!(part.collect().await.unwrap(), bytes.slice(from..to));
        }
    }

    #[tokio::test]
    async fn of_many_who_put_the_same_one_makes_the_file() {
        let (_home, vault) = open();
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let vault = vault.clone();
                tokio::spawn(async move { vault.put(&name(), Bytes::from_static(b"x")).await })
            })
            .collect();
        let mut made = 0;
        for racer in racers {
            made += usize::from(racer.await.unwrap().unwrap() == Put::Made);
        }
        assert_eq!(made, 1);
    }

    #[tokio::test]
    async fn a_file_that_was_cut_short_is_written_again() {
        let (home, vault) = open();
        vault
            .put(&name(), Bytes::from_static(b"whole"))
            .await
            .unwrap();
        let file = home.path().join("files/p-1").join("ab".repeat(32));
        std::fs::write(&file, b"who").unwrap();
        assert!(!vault.holds(&name(), 5).await.unwrap());
        assert_eq!(
            vault
                .put(&name(), Bytes::from_static(b"whole"))
                .await
                .unwrap(),
            Put::Made
        );
        assert_eq!(std::fs::read(&file).unwrap(), b"whole");
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_missing_and_deleted_twice_without_complaint() {
        let (_home, vault) = open();
        vault.check().await.unwrap();
        vault.put(&name(), Bytes::from_static(b"x")).await.unwrap();
        vault
            .put(&name().variant(480), Bytes::from_static(b"y"))
            .await
            .unwrap();
        let mut listing = vault.list("p-1");
        let mut names = Vec::new();
        while let Some(kept) = listing.next().await.unwrap() {
            assert!(kept.written_at_s > 0);
            names.push(kept.name);
        }
        names.sort_by_key(|n| format!("{n:?}"));
        assert_eq!(names, [name(), name().variant(480)]);
        vault.delete(&name()).await.unwrap();
        vault.delete(&name()).await.unwrap();
        assert!(matches!(
            vault.read(&name(), None).await,
            Err(VaultError::Missing(_))
        ));
        assert!(vault.list("p-2").next().await.unwrap().is_none());
    }
}
