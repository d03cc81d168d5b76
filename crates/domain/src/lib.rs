//! Words and rules of Cairn: what an article, a category, a portal, a scope or an operation *is*.
//!
//! This floor does no I/O, reads no clock and draws no randomness; every function is pure.
//! Serde is used only for payloads that are stored (idempotency outcomes, manifests), never as
//! the wire form of a door: the doors own their own types.

pub mod actor;
pub mod article;
pub mod attachment;
pub mod category;
pub mod event;
pub mod feed;
pub mod feedback;
pub mod field_error;
pub mod ids;
pub mod limits;
pub mod locale;
pub mod old_address;
pub mod operation;
pub mod portal;
pub mod portal_words;
pub mod purge;
pub mod redirect;
pub mod revision;
pub mod scope;
pub mod search_count;
pub mod search_rules;
pub mod slug;
pub mod text;
