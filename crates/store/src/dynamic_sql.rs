//! The one module where SQL text is made at run time: names of roles and databases, which no placeholder can carry.
//!
//! *Invariant:* every value that enters the text goes through [`identifier`] or [`literal`].

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, raw_sql};

use crate::error::StoreError;

/// Longest name Postgres keeps, in bytes (NAMEDATALEN - 1); longer ones are cut silently, so we refuse them.
const NAME_BYTES_MAX: usize = 63;

/// A quoted name.
pub(crate) fn identifier(name: &str) -> Result<String, StoreError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains('\0') {
        return Err(StoreError::Refused(format!(
            "{name:?} cannot name a role or a database; use 1 to {NAME_BYTES_MAX} bytes"
        )));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// A quoted text. The `E''` form reads the same whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str) -> Result<String, StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Refused(
            "a value for the database contains the NUL character; remove it".to_owned(),
        ));
    }
    Ok(format!(
        "E'{}'",
        text.replace('\\', "\\\\").replace('\'', "''")
    ))
}

/// Runs one or more statements.
pub(crate) async fn run(connection: &mut PgConnection, sql: String) -> Result<(), StoreError> {
    raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Runs one statement and gives its first row.
pub(crate) async fn first_row(
    connection: &mut PgConnection,
    sql: String,
) -> Result<Option<PgRow>, StoreError> {
    Ok(raw_sql(AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_left() {
        assert_eq!(identifier("a\"; drop").expect("short"), "\"a\"\"; drop\"");
        assert_eq!(literal("it's \\ 'x").expect("no NUL"), "E'it''s \\\\ ''x'");
        assert!(identifier("").is_err() && identifier(&"x".repeat(64)).is_err());
        assert!(identifier("a\0b").is_err() && literal("a\0b").is_err());
    }
}
