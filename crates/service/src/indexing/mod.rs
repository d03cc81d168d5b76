//! The follower and the index: how what is written becomes findable.

pub mod rebuild;
pub mod verify;

pub use rebuild::reindex;
pub use verify::{Verification, verify_index};
