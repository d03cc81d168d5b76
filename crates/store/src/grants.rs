//! What the serving role may do with each table: granted after every migration, because its name is configured.
//!
//! Whatever is not listed here it may not do: it owns nothing, and a new table is closed until it gets its line. The
//! suite checks that every table has one.

use sqlx::postgres::PgConnection;

use crate::dynamic_sql::{identifier, run};
use crate::error::StoreError;

/// Table and privileges. Audit and revisions are append-only; what blanks them is a function of the owner.
pub(crate) const GRANTS: &[(&str, &str)] = &[
    ("_sqlx_migrations", "select"),
    ("api_keys", "select, insert, update"),
    ("articles", "select, insert, update"),
    ("attachment_paths", "select, insert, update, delete"),
    ("attachments", "select, insert, update"),
    ("audit", "select, insert"),
    ("categories", "select, insert, update"),
    ("feedback", "select, insert, delete"),
    ("idempotency", "select, insert, update, delete"),
    ("imported_files", "select, insert, update, delete"),
    ("leases", "select, insert, update, delete"),
    ("links", "select, insert, update, delete"),
    ("outbox", "select, insert, delete"),
    ("portal_feed", "select, insert, update"),
    ("portal_hostnames", "select, insert, delete"),
    ("portals", "select, insert, update"),
    ("purges", "select, insert, update"),
    ("read_counts", "select, insert, update, delete"),
    ("redirects", "select, insert, update, delete"),
    ("renderings", "select, insert, update, delete"),
    ("restorations", "select, insert, update"),
    ("revisions", "select, insert"),
    ("search_rule_sets", "select, insert, update"),
    ("search_rules", "select, insert, delete"),
    ("search_clicks", "select, insert, update, delete"),
    ("search_counts", "select, insert, update, delete"),
    ("slug_history", "select, insert, update, delete"),
    ("source_hosts", "select, insert"),
];

/// Functions of the owner that the serving role may call: what blanks append-only rows.
pub(crate) const FUNCTIONS: &[&str] = &[
    "purge_audit_redirects(uuid, text, text[])",
    "purge_audit_search_rules(uuid, uuid)",
    "purge_audit_values(uuid, uuid, integer)",
    "purge_revision_text(uuid, uuid, integer, timestamptz)",
];

/// Grants everything of the list and takes back what is not in it, in one transaction, so that a server that runs
/// meanwhile never misses a right.
pub(crate) async fn apply(connection: &mut PgConnection, app_role: &str) -> Result<(), StoreError> {
    let role = identifier(app_role)?;
    let mut sql = String::from("begin;\n");
    sql.push_str(&format!("grant usage on schema public to {role};\n"));
    for (table, privileges) in GRANTS {
        sql.push_str(&format!(
            "revoke all on table public.{table} from {role};\ngrant {privileges} on table public.{table} to {role};\n"
        ));
    }
    for function in FUNCTIONS {
        sql.push_str(&format!(
            "grant execute on function public.{function} to {role};\n"
        ));
    }
    sql.push_str("commit;");
    run(connection, sql).await
}
