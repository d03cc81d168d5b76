//! The one application layer: authorise, decide, transact, follow.
//!
//! Both doors call the functions here with the same commands and get the same outcomes and errors.
//! This room knows no HTTP status and no JSON-RPC code, and it is the only one that knows both the
//! database and the index. Commands carry what the caller wrote, as text; they are parsed and
//! checked here, so that a fault reads the same at every door and all faults come in one answer.

pub mod address;
pub mod app;

pub mod articles;
pub mod attachments;
mod audit;
pub mod authenticate;
pub mod authorize;
pub mod bulk;
pub mod categories;
pub mod clock;
pub mod context;
pub mod cursor;
mod days;
pub mod error;
pub mod feedback;
pub mod help_center;
mod idempotency;
pub mod indexing;
pub mod keys;
mod links;
mod popular;
pub mod portals;
pub mod purges;
pub mod reads;
pub mod redirects;
pub mod restoration;
pub mod search;
pub mod search_counts;
pub mod search_rules;
mod text_input;
mod upkeep;

pub use app::{App, Settings};
pub use cairn_markdown::{FileTarget, Heading, SafeHtml, Target};
pub use context::Context;
pub use error::{Error, ErrorClass, ErrorCode, Result};
