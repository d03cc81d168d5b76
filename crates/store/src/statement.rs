//! The list of every SQL statement, so that one test can prepare them all against the real schema.

use sqlx::{Executor, SqlSafeStr};

use crate::error::StoreError;
use crate::pool::Store;

/// Declares the statements of a table's module: each becomes a constant, all of them a list.
macro_rules! sql {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$meta])* const $name: &str = $sql;)*

        /// The statements of this module, by name.
        pub(crate) const STATEMENTS: &[(&str, &str)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name),)*];
    };
}
pub(crate) use sql;

/// Every statement of the room with its name.
pub fn statements() -> Vec<(&'static str, &'static str)> {
    [
        &crate::links::statements(),
        crate::articles::STATEMENTS,
        crate::articles::batch_statements(),
        crate::articles::bulk_statements(),
        crate::articles::list_statements(),
        crate::articles::index_statements(),
        crate::articles::lookup_statements(),
        crate::articles::translation_statements(),
        crate::attachments::STATEMENTS,
        crate::audit::STATEMENTS,
        crate::categories::STATEMENTS,
        crate::check::STATEMENTS,
        crate::epoch::STATEMENTS,
        crate::export::article_statements(),
        crate::export::portal_statements(),
        crate::export::revision_statements(),
        crate::feedback::STATEMENTS,
        crate::help_center::STATEMENTS,
        crate::idempotency::STATEMENTS,
        crate::imported_files::STATEMENTS,
        crate::keys::STATEMENTS,
        crate::leases::STATEMENTS,
        crate::migrate::STATEMENTS,
        crate::outbox::STATEMENTS,
        crate::pool::STATEMENTS,
        crate::portals::STATEMENTS,
        crate::published::STATEMENTS,
        crate::purges::STATEMENTS,
        crate::read_counts::STATEMENTS,
        crate::redirects::STATEMENTS,
        crate::renderings::STATEMENTS,
        crate::restorations::STATEMENTS,
        crate::revisions::STATEMENTS,
        crate::revisions::batch_statements(),
        crate::search_rules::STATEMENTS,
        crate::search_counts::STATEMENTS,
        crate::slug_history::STATEMENTS,
    ]
    .concat()
}

/// Prepares every statement on the server and answers with the faults, each naming its statement.
///
/// Primary pool. For tests and `doctor`: a schema that does not fit the binary shows here first.
pub async fn prepare_all(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut connection = store.primary().acquire().await?;
    let mut faults = Vec::new();
    for (name, sql) in statements() {
        if let Err(error) = (&mut *connection).prepare(sql.into_sql_str()).await {
            faults.push(format!("{name}: {error}"));
        }
    }
    Ok(faults)
}
