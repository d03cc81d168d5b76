//! The follower and the index: how what is written becomes findable.
//!
//! ```text
//! writer                    follower (one per process, per portal in turn)
//! row + revision + audit
//! outbox at pos n ── commit ──▶ heads() says n > followed
//!                               read events after followed, dense or something is lost
//!                               pages that show them are purged        (App::purge)
//!                               their *current* rows are loaded, all from one moment
//!                               delete + add in the units, commit, manifest at n, readers swap
//!                               followed = n, those who wait are told
//! ```
//! *Invariant:* only this module writes to the index, one task at a time (`App::indexing`).

pub mod document;
pub(crate) mod erase;
pub mod follow;
pub mod gather;
pub mod rebuild;
pub(crate) mod repair;
pub mod verify;
pub(crate) mod wait;

pub use follow::Progress;
pub use rebuild::{Reindexed, reindex};
pub use verify::{Verification, verify_index};
pub use wait::until_searchable;
