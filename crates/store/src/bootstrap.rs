//! Roles and databases: made once, mended at every start, never by the serving role.
//!
//! `cairn_owner` owns and migrates, `cairn_app` serves and owns nothing; both take a configured prefix. Everything here
//! may run twice. Passwords come from the caller, who keeps them.

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};

use crate::connect::ConnectParams;
use crate::dynamic_sql::{first_row, identifier, literal, run};
use crate::error::StoreError;

/// Limits of the serving role, kept by the server, so that no session state is needed. They end what hangs; write
/// transactions set tighter ones of their own.
const APP_ROLE_LIMITS: &[(&str, &str)] = &[
    ("statement_timeout", "120s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "600s"),
];

/// What roles and database are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNames {
    /// Owns and migrates.
    pub owner: String,
    /// Serves.
    pub app: String,
    /// The database.
    pub database: String,
}

impl RoleNames {
    /// `<prefix>_owner`, `<prefix>_app` and a database named `<prefix>`.
    pub fn with_prefix(prefix: &str) -> Self {
        Self {
            owner: format!("{prefix}_owner"),
            app: format!("{prefix}_app"),
            database: prefix.to_owned(),
        }
    }
}

/// Passwords of the roles; never shown.
#[derive(Clone)]
pub struct RoleSecrets {
    /// Of the owner.
    pub owner: String,
    /// Of the serving role.
    pub app: String,
}

/// How to connect from now on.
#[derive(Debug, Clone)]
pub struct Bootstrapped {
    /// Migrates.
    pub owner: ConnectParams,
    /// Serves.
    pub app: ConnectParams,
}

/// In a cluster of our own: makes both roles with these passwords, the database and its ownership.
pub async fn bootstrap(
    admin: &ConnectParams,
    names: &RoleNames,
    secrets: &RoleSecrets,
) -> Result<Bootstrapped, StoreError> {
    let mut connection = PgConnection::connect_with(admin.options()).await?;
    keep_role(&mut connection, &names.owner, &secrets.owner).await?;
    keep_role(&mut connection, &names.app, &secrets.app).await?;
    keep_limits(&mut connection, &names.app).await?;
    let database = identifier(&names.database)?;
    let owner = identifier(&names.owner)?;
    if !database_exists(&mut connection, &names.database).await? {
        // template0: whatever somebody left in template1 is not ours.
        run(
            &mut connection,
            format!("create database {database} owner {owner} encoding 'UTF8' template template0"),
        )
        .await?;
    }
    run(
        &mut connection,
        format!(
            "alter database {database} owner to {owner};
             revoke all on database {database} from public;
             grant connect on database {database} to {}",
            identifier(&names.app)?
        ),
    )
    .await?;
    connection.close().await?;

    let inside = admin.with_database(&names.database);
    let mut connection = PgConnection::connect_with(inside.options()).await?;
    // Before Postgres 15 everybody may create in public; from 15 on only the owner of the database.
    run(
        &mut connection,
        format!("revoke create on schema public from public; grant create, usage on schema public to {owner}"),
    )
    .await?;
    connection.close().await?;
    Ok(Bootstrapped {
        owner: inside.with_user(&names.owner, &secrets.owner),
        app: inside.with_user(&names.app, &secrets.app),
    })
}

/// In a server of others, reached by one or two URLs. With an owner URL both serve as they are. With one URL its role
/// migrates and makes the serving role, for which it needs CREATEROLE (or to be a superuser).
///
/// # Errors
/// [`StoreError::Refused`] when one URL is all there is and its role may not make another.
pub async fn bootstrap_outside(
    url: &ConnectParams,
    owner: Option<&ConnectParams>,
    names: &RoleNames,
    app_password: &str,
) -> Result<Bootstrapped, StoreError> {
    if let Some(owner) = owner {
        return Ok(Bootstrapped {
            owner: owner.clone(),
            app: url.clone(),
        });
    }
    let mut connection = PgConnection::connect_with(url.options()).await?;
    let row = first_row(
        &mut connection,
        "select rolsuper or rolcreaterole as may_make_roles from pg_roles where rolname = current_user".to_owned(),
    )
    .await?;
    let may_make_roles = match row {
        Some(row) => row.try_get::<bool, _>("may_make_roles")?,
        None => false,
    };
    if !may_make_roles {
        return Err(StoreError::Refused(format!(
            "the role {user} of DATABASE_URL may not create the role {app} that Cairn serves with; \
             either grant it the right (alter role {user} createrole), \
             or give the owner's URL in CAIRN_OWNER_URL and a role that owns nothing in DATABASE_URL",
            user = url.user(),
            app = names.app,
        )));
    }
    keep_role(&mut connection, &names.app, app_password).await?;
    keep_limits(&mut connection, &names.app).await?;
    // A role that does not own the database cannot grant this; then the default (everybody may connect) has to do.
    let grant = format!(
        "grant connect on database {} to {}",
        identifier(url.database())?,
        identifier(&names.app)?
    );
    if let Err(error) = run(&mut connection, grant).await {
        tracing::debug!(%error, "connect was not granted explicitly");
    }
    connection.close().await?;
    Ok(Bootstrapped {
        owner: url.clone(),
        app: url.with_user(&names.app, app_password),
    })
}

/// Copies a database whole, for tests: nobody may be connected to the template. 35 ms without fsync.
pub async fn clone_database(
    admin: &ConnectParams,
    template: &str,
    name: &str,
    owner: &str,
) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(admin.options()).await?;
    // From Postgres 15 on the default strategy writes every page to the WAL; copying files is faster where nobody
    // waits for the disk.
    let strategy = if connection
        .server_version_num()
        .is_some_and(|v| v >= 150_000)
    {
        "strategy file_copy"
    } else {
        ""
    };
    run(
        &mut connection,
        format!(
            "create database {} template {} owner {} {strategy}",
            identifier(name)?,
            identifier(template)?,
            identifier(owner)?
        ),
    )
    .await?;
    connection.close().await?;
    Ok(())
}

/// Drops a database, whoever is connected to it; for tests.
pub async fn drop_database(admin: &ConnectParams, name: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(admin.options()).await?;
    run(
        &mut connection,
        format!("drop database if exists {} with (force)", identifier(name)?),
    )
    .await?;
    connection.close().await?;
    Ok(())
}

/// Makes the role, or gives the existing one this password and takes from it what it must not have.
async fn keep_role(
    connection: &mut PgConnection,
    name: &str,
    password: &str,
) -> Result<(), StoreError> {
    let role = identifier(name)?;
    let exists = first_row(
        connection,
        format!(
            "select 1 as one from pg_roles where rolname = {}",
            literal(name)?
        ),
    )
    .await?
    .is_some();
    let verb = if exists { "alter" } else { "create" };
    // Only a superuser may name superuser, replication and bypassrls, not even to say no; a new role has none of them.
    run(
        connection,
        format!(
            "{verb} role {role} with login nocreatedb nocreaterole password {}",
            literal(password)?
        ),
    )
    .await
}

async fn keep_limits(connection: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    let role = identifier(name)?;
    let mut sql = String::new();
    for (setting, value) in APP_ROLE_LIMITS {
        sql.push_str(&format!("alter role {role} set {setting} = '{value}';\n"));
    }
    run(connection, sql).await
}

async fn database_exists(connection: &mut PgConnection, name: &str) -> Result<bool, StoreError> {
    let row = first_row(
        connection,
        format!(
            "select 1 as one from pg_database where datname = {}",
            literal(name)?
        ),
    )
    .await?;
    Ok(row.is_some())
}
