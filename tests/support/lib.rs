//! The harness of the suite: an application of its own for each test, with a database cloned from
//! a migrated template, an index in a temporary directory, both doors in process, and a clock that
//! tests move.
//!
//! Arrange with builders, act through a door ([`TestApp::rest`], [`TestApp::mcp`],
//! [`TestApp::page`]), assert on what the outside can see; look at rows ([`TestApp::rows`]) only
//! where rows are the promise. Nothing here sleeps: [`TestApp::settle`] steps the follower to the
//! head of the feed. The harness decides nothing about the product and hides no failure of it:
//! every helper that expects something says what it got instead.

mod answer;
mod app;
mod article;
mod category;
mod database;
mod files;
mod key;
mod mcp;
mod portal;
pub mod process;
mod rest;
mod rows;
mod server;
mod serving;
mod shared;
mod workspace;

pub use answer::Answer;
pub use app::{HOST, TestApp};
pub use article::{ArticleBuilder, TestArticle};
pub use category::CategoryBuilder;
pub use files::{escaped, png};
pub use key::{KeyBuilder, TestKey};
pub use mcp::{Era, Mcp, ToolAnswer};
pub use portal::PortalBuilder;
pub use rest::{Request, Rest};
pub use rows::{PARITY_TABLES, normalise};
pub use serving::Served;
pub use shared::{Line, corpus, say, shared_dir, unpacked_collection};
pub use workspace::{read, root, rust_files, rust_files_below};
