//! How requests are read: strictly, and so that every fault is named at once.
//!
//! The extractors here replace axum's own, whose rejections are plain text and whose serde path
//! stops at the first fault and cannot tell an absent field from `null`.

mod authed;
pub(crate) mod body;
mod faults;
pub(crate) mod input;
mod json;
mod nearest;
mod path;
pub(crate) mod query;
mod write_headers;

pub(crate) use authed::Authed;
pub use authed::OperatorDoor;
pub(crate) use body::{FileBody, JsonBody};
pub(crate) use path::Segments;
pub(crate) use query::{NoQuery, QueryParams};
pub(crate) use write_headers::{ArticleIfMatch, IdempotencyKey, VersionIfMatch};
