//! Workloads: each measures one thing people feel beside its floor, in turns, and prints one table.

pub(crate) mod beside_reindex;
pub(crate) mod cold_start;
pub(crate) mod curve;
pub(crate) mod floor_server;
pub(crate) mod freshness;
pub(crate) mod http;
pub(crate) mod indexing;
pub(crate) mod moving;
pub(crate) mod plain;
pub(crate) mod readers;
pub(crate) mod search;
pub(crate) mod segments;
pub(crate) mod waiting;
