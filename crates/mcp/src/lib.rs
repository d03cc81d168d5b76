//! The MCP door: parse a tool call, make one service call, format the answer.
//!
//! One endpoint speaks both eras of the protocol: the stateless one (2026-07-28) and the handshake
//! of 2025-11-25 and before. A request passes, in this order: host and origin, method, credential,
//! size, JSON and its depth, what plain `curl` leaves out, then the SDK, then the tool. Everything
//! about who may do what is decided by `cairn-service`; this room refuses only what a caller could
//! never do with this connection (a tool outside its scopes, a write over a read-only connection).
//!
//! The room refuses to reach the database or the index, to know the HTTP server it is mounted in,
//! to keep sessions, and to put an article's text anywhere but in a fenced block of an answer.

mod args;
mod call;
mod catalog;
mod diff;
mod door;
mod fence;
mod gate;
mod list_page;
mod nearest;
mod options;
mod outcome;
mod outline;
mod paging;
mod server;
mod tools;

pub use door::{McpBody, McpService, router_service};
pub use options::McpOptions;
