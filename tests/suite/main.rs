//! The one suite: a module per feature, acting through the doors, and the whole-system claims.
//!
//! `cargo test -p cairn-tests` runs all of it in one process with one throw-away Postgres. What needs
//! the corpora or the judged collections says so when they are absent. What takes minutes is ignored
//! unless asked for: `make test-all`.

mod articles;
mod attachments;
mod batches;
mod browser;
mod categories;
mod corpora;
mod coverage;
mod etags;
mod exports;
mod feedback;
mod finding;
mod for_machines;
mod help_center;
mod hidden;
mod house;
mod idempotency;
mod import;
mod import_cli;
mod indexing;
mod keys;
mod kill;
mod leaving;
mod links;
mod lists;
mod mcp;
mod moving;
mod openapi;
mod parity;
mod portal_words;
mod portals;
mod purges;
mod reads;
mod redirects;
mod relevance;
mod revisions;
mod search;
mod search_counts;
mod search_rules;
mod six_collections;
mod slugs;
mod statements;
mod tenancy;
mod translations;
mod watermark;
mod weights;
mod widget;

/// Not a test of anything: the program through which the throw-away Postgres is started.
#[test]
fn cairn_pg_exec_child() {
    cairn_cluster::pg_exec_child_of_test();
}
