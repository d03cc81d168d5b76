//! Postgres, sealed: the truth of Cairn and the only room that knows SQL.
//!
//! Functions are verbs on a table's noun (`articles::lock`, `outbox::append`); reads take [`Store`], writes take
//! [`Tx`]. What comes out are domain types, what goes in was checked before. The room decides nothing: who may do
//! what, what a change means and what the time is are the service's affair.
//!
//! What it refuses: session state of any kind (LISTEN, session SET, advisory locks, temporary tables), unnamed
//! statements, SQL made at run time outside one module, a statement without the portal in its `where`.

mod bootstrap;
mod check;
mod connect;
mod dynamic_sql;
mod epoch;
mod error;
mod grants;
mod migrate;
mod pool;
mod prune;
mod row;
mod snapshot;
mod statement;
mod tx;

pub mod articles;
pub mod attachments;
pub mod audit;
pub mod categories;
pub mod export;
pub mod feedback;
pub mod help_center;
pub mod idempotency;
pub mod imported_files;
pub mod keys;
pub mod leases;
pub mod links;
pub mod outbox;
pub mod portals;
pub mod published;
pub mod purges;
pub mod read_counts;
pub mod redirects;
pub mod renderings;
pub mod restorations;
pub mod revisions;
pub mod search_counts;
pub mod search_rules;
pub mod slug_history;

pub use bootstrap::{
    Bootstrapped, RoleNames, RoleSecrets, bootstrap, bootstrap_outside, clone_database,
    drop_database,
};
pub use check::check_server;
pub use connect::ConnectParams;
pub use epoch::epoch;
pub use error::{ConstraintName, StoreError, constraint};
pub use migrate::{AppliedMigration, migrate, migrations_current};
pub use pool::{OnBulkBackend, PoolOptions, PoolState, Store, in_bulk};
pub use snapshot::Snapshot;
pub use statement::{prepare_all, statements};
pub use tx::Tx;

/// The log directive that keeps the driver from repeating what "if not exists" skipped.
pub const QUIET_DRIVER: &str = "sqlx::postgres::notice=warn";

/// What every function here answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
