//! Where Postgres is and as whom to speak to it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::error::StoreError;

/// What the server shows as our name in `pg_stat_activity`.
const APPLICATION_NAME: &str = "cairn";

/// How to reach a database: a URL, or a socket directory with port, user and password.
///
/// The password never shows in `Debug`.
#[derive(Clone)]
pub struct ConnectParams(PgConnectOptions);

impl ConnectParams {
    /// From a URL such as `postgres://cairn:secret@db.example.com/cairn?sslmode=verify-full`.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        // The parser's own message is left out: it may quote the URL, and with it the password.
        let options = PgConnectOptions::from_str(url).map_err(|_| {
            StoreError::Refused(
                "the database URL does not parse; it reads postgres://user:password@host:port/database"
                    .to_owned(),
            )
        })?;
        Ok(Self(options.application_name(APPLICATION_NAME)))
    }

    /// Over a Unix socket in `dir`.
    pub fn socket(
        dir: &Path,
        port: u16,
        user: &str,
        password: Option<&str>,
        database: &str,
    ) -> Self {
        let mut options = PgConnectOptions::new_without_pgpass()
            .socket(dir)
            .port(port)
            .username(user)
            .database(database)
            .application_name(APPLICATION_NAME);
        if let Some(password) = password {
            options = options.password(password);
        }
        Self(options)
    }

    /// The same server and user, another database.
    pub fn with_database(&self, database: &str) -> Self {
        Self(self.0.clone().database(database))
    }

    /// The same server and database, another user.
    pub fn with_user(&self, user: &str, password: &str) -> Self {
        Self(self.0.clone().username(user).password(password))
    }

    /// The database; the server takes the user's name when none is given.
    pub fn database(&self) -> &str {
        self.0.get_database().unwrap_or(self.0.get_username())
    }

    /// The user.
    pub fn user(&self) -> &str {
        self.0.get_username()
    }

    /// For this room and its tests: nobody else knows the driver.
    #[doc(hidden)]
    pub fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl fmt::Debug for ConnectParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectParams")
            .field("host", &self.0.get_host())
            .field("socket", &self.0.get_socket())
            .field("port", &self.0.get_port())
            .field("user", &self.user())
            .field("database", &self.database())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows() {
        let params =
            ConnectParams::from_url("postgres://cairn:hush@localhost/help").expect("a URL");
        assert_eq!((params.user(), params.database()), ("cairn", "help"));
        assert!(!format!("{params:?}").contains("hush"));
        let error =
            ConnectParams::from_url("postgres://cairn:hush@local host/help").expect_err("a space");
        assert!(!error.to_string().contains("hush"));
    }
}
