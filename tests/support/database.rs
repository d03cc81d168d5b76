//! One test's own database: cloned from the migrated template, dropped with the test.

use cairn_store::{ConnectParams, clone_database, drop_database};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::server::{fresh_database_name, server, wait_for};

/// A migrated database.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        // Starting the server blocks; only the first test waits for it.
        let server = tokio::task::spawn_blocking(server)
            .await
            .expect("the server starts");
        let name = fresh_database_name();
        clone_database(
            &server.admin,
            &server.names.database,
            &name,
            &server.names.owner,
        )
        .await
        .expect("the template is cloned");
        Self { name }
    }

    /// As the program connects that serves.
    pub(crate) fn app(&self) -> ConnectParams {
        let server = server();
        server
            .admin
            .with_database(&self.name)
            .with_user(&server.names.app, &server.secrets.app)
    }

    fn admin(&self) -> PgConnectOptions {
        server().admin_options.clone().database(&self.name)
    }

    /// A connection that may do everything.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.admin())
            .await
            .expect("the test's database answers")
    }

    /// The rows a statement of the test gives, each as JSON; the statement selects one jsonb column.
    pub(crate) async fn select(&self, sql: String) -> Vec<serde_json::Value> {
        let mut connection = self.connect().await;
        let rows = sqlx::query(AssertSqlSafe(sql.clone()))
            .fetch_all(&mut connection)
            .await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let values = rows
            .iter()
            .map(|row| row.try_get(0).expect("one jsonb column"))
            .collect();
        connection.close().await.ok();
        values
    }

    /// Changes rows behind the program's back.
    pub(crate) async fn execute(&self, sql: String) {
        let mut connection = self.connect().await;
        if let Err(error) = sqlx::query(AssertSqlSafe(sql.clone()))
            .execute(&mut connection)
            .await
        {
            panic!("{sql}: {error}");
        }
        connection.close().await.ok();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // What stays behind goes with the cluster.
        wait_for(async move { drop_database(&server().admin, &name).await.ok() });
    }
}
