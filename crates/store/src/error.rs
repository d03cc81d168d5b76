//! What can go wrong between Cairn and Postgres, sorted by who can mend it.
//!
//! *The caller*: [`StoreError::Conflict`], [`StoreError::Stale`], [`StoreError::InFlight`].
//! *Time*: [`StoreError::Unavailable`], [`StoreError::OutcomeUnknown`], [`StoreError::LockTimeout`].
//! *We or the operator*: the rest.

use std::fmt;
use std::time::Duration;

use sqlx::error::DatabaseError;
use uuid::Uuid;

/// How long a caller is told to wait while the database is away or busy.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Names of the constraints that callers tell apart; a test looks each one up in the schema.
pub mod constraint {
    /// A portal's slug is taken.
    pub const PORTAL_SLUG: &str = "portals_slug_key";
    /// A hostname answers for another portal.
    pub const PORTAL_HOSTNAME: &str = "portal_hostnames_hostname_key";
    /// A category's slug is taken in the portal.
    pub const CATEGORY_SLUG: &str = "categories_slug_key";
    /// The parent category does not exist in the portal.
    pub const CATEGORY_PARENT: &str = "categories_parent_fkey";
    /// An article's slug is taken in portal and locale.
    pub const ARTICLE_SLUG: &str = "articles_slug_key";
    /// An article's source id is taken in portal and locale.
    pub const ARTICLE_SOURCE: &str = "articles_source_key";
    /// An article's number is taken in the portal.
    pub const ARTICLE_NUMBER: &str = "articles_number_key";
    /// An article's id is taken in the portal.
    pub const ARTICLE_ID: &str = "articles_pkey";
    /// The category does not exist in the portal.
    pub const ARTICLE_CATEGORY: &str = "articles_category_fkey";
    /// The head names a revision that was not appended.
    pub const ARTICLE_HEAD: &str = "articles_head_fkey";
    /// The revision exists already.
    pub const REVISION: &str = "revisions_pkey";
    /// The digest of a key is taken.
    pub const KEY_DIGEST: &str = "api_keys_digest_key";

    /// All of the above.
    pub const ALL: &[&str] = &[
        PORTAL_SLUG,
        PORTAL_HOSTNAME,
        CATEGORY_SLUG,
        CATEGORY_PARENT,
        ARTICLE_SLUG,
        ARTICLE_SOURCE,
        ARTICLE_NUMBER,
        ARTICLE_ID,
        ARTICLE_CATEGORY,
        ARTICLE_HEAD,
        REVISION,
        KEY_DIGEST,
    ];
}

/// The constraint a write ran into; compare with the names in [`constraint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintName(pub(crate) String);

impl ConstraintName {
    /// The name as the schema spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConstraintName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, restarting, full or out of connections. Nothing was changed.
    #[error("the database does not answer; try again in {} s", retry_after.as_secs())]
    Unavailable {
        /// How long to wait.
        retry_after: Duration,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The connection broke while committing: the write may or may not be there. Ask again with the same
    /// idempotency key.
    #[error(
        "the database went away while the change was being committed; repeat the request with the same idempotency key to learn its outcome"
    )]
    OutcomeUnknown(#[source] sqlx::Error),
    /// Another write holds the row. Nothing was changed.
    #[error("another change holds the same row; try again in a moment")]
    LockTimeout,
    /// The same idempotency key is being worked on right now. Nothing was changed.
    #[error(
        "a request with the same idempotency key is still in flight; repeat it in a moment to get its outcome"
    )]
    InFlight,
    /// A statement took longer than its limit. Nothing was changed.
    #[error("the database took too long to answer; try again with a narrower request")]
    StatementTimeout,
    /// A rule of the schema refused the write; the transaction is over.
    #[error("the change breaks the rule {0} of the database")]
    Conflict(ConstraintName),
    /// The row is not the one that was read: it moved on, or it is not there.
    #[error("{table} {id} changed since it was read; read it again and reapply your change")]
    Stale {
        /// The table.
        table: &'static str,
        /// The row.
        id: Uuid,
    },
    /// A row that cannot be true.
    #[error(
        "{table}.{column} of {id} holds what Cairn never writes; restore it from a backup or mend it by hand"
    )]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
    },
    /// The server, its settings or the way it was asked will not do; the text says what and the way out.
    #[error("{0}")]
    Refused(String),
    /// A migration did not run.
    #[error("the database could not be migrated; nothing was changed by the failing migration")]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// Anything else the driver or the server said.
    #[error("the database refused a statement")]
    Sql(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether asking again later can help, without changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::LockTimeout | Self::InFlight | Self::OutcomeUnknown(_)
        )
    }

    /// Whether this is a conflict with the constraint of that name.
    pub fn is_conflict_with(&self, name: &str) -> bool {
        matches!(self, Self::Conflict(constraint) if constraint.as_str() == name)
    }

    pub(crate) fn inconsistent(
        table: &'static str,
        column: &'static str,
        id: impl fmt::Display,
    ) -> Self {
        Self::Inconsistent {
            table,
            column,
            id: id.to_string(),
        }
    }
}

/// What a server's SQLSTATE means to us (PostgreSQL manual, appendix A).
enum Verdict {
    Away,
    Locked,
    TooSlow,
    Constraint,
    Login,
    Other,
}

fn verdict(code: &str) -> Verdict {
    match code {
        "55P03" => Verdict::Locked,
        "57014" => Verdict::TooSlow,
        "23505" | "23503" | "23514" | "23502" | "23P01" => Verdict::Constraint,
        "3D000" => Verdict::Login,
        // Deadlock and serialization failure: the server chose us, the next try works.
        "40001" | "40P01" => Verdict::Away,
        // A standby answered: the primary moved.
        "25006" => Verdict::Away,
        // The two ends of an idle transaction or session limit.
        "25P03" | "57P05" => Verdict::Away,
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => {
            Verdict::Away
        }
        _ if code.starts_with("28") => Verdict::Login,
        _ => Verdict::Other,
    }
}

fn from_database(error: &dyn DatabaseError) -> Option<StoreError> {
    match verdict(&error.code()?) {
        Verdict::Locked => Some(StoreError::LockTimeout),
        Verdict::TooSlow => Some(StoreError::StatementTimeout),
        Verdict::Constraint => Some(StoreError::Conflict(ConstraintName(
            error.constraint().unwrap_or("not null").to_owned(),
        ))),
        Verdict::Login => Some(StoreError::Refused(format!(
            "Postgres refused the connection: {}; check user, password and database in the connection URL",
            error.message()
        ))),
        Verdict::Away | Verdict::Other => None,
    }
}

fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| matches!(verdict(&code), Verdict::Away)),
        _ => false,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_away(&error) {
            return Self::Unavailable {
                retry_after: RETRY_AFTER,
                source: error,
            };
        }
        if let sqlx::Error::Database(database) = &error
            && let Some(known) = from_database(database.as_ref())
        {
            return known;
        }
        Self::Sql(error)
    }
}

/// What an error of COMMIT means: a server that answered rolled back, a server that went away may have committed.
pub(crate) fn from_commit(error: sqlx::Error) -> StoreError {
    let answered = match &error {
        // Deadlock and serialization failures are answers: the transaction was rolled back.
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| code.starts_with("40"))
        }
        _ => false,
    };
    // A reply the driver could not read says nothing about what the server did.
    let garbled = matches!(error, sqlx::Error::Protocol(_));
    if (is_away(&error) && !answered) || garbled {
        StoreError::OutcomeUnknown(error)
    } else {
        error.into()
    }
}
