//! The room as the service sees it: one binary, a module per promise.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod changes;
mod complaints;
mod damage;
mod erasure;
mod faces;
mod generations;
mod hostile;
mod queries;
mod relevance;
mod support;
