//! The store against a real Postgres: what the schema promises and what each function does.
//!
//! `CAIRN_TEST_DATABASE_URL` names a superuser of a throw-away server; without it a private cluster is started and
//! stopped again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot arrange its scene has failed"
)]

#[path = "store/articles.rs"]
mod articles;
#[path = "store/errors.rs"]
mod errors;
#[path = "store/feed.rs"]
mod feed;
#[path = "store/idempotency.rs"]
mod idempotency;
#[path = "store/links.rs"]
mod links;
#[path = "store/lists.rs"]
mod lists;
#[path = "store/plans.rs"]
mod plans;
#[path = "store/portals.rs"]
mod portals;
#[path = "store/readers.rs"]
mod readers;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/support.rs"]
mod support;

/// The process the private cluster of these tests is started through.
#[test]
fn cairn_pg_exec_child() {
    cairn_cluster::pg_exec_child_of_test();
}
