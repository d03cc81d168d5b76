//! Workloads: each measures one thing people feel beside its floor, in turns, and prints one table.

pub(crate) mod cold_start;
pub(crate) mod freshness;
pub(crate) mod http;
pub(crate) mod indexing;
pub(crate) mod moving;
pub(crate) mod readers;
pub(crate) mod search;
