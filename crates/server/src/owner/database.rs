//! From a server of Postgres to a database that is fit to serve: roles, migrations, checks.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use cairn_store::{
    Bootstrapped, ConnectParams, OnBulkBackend, PoolOptions, RoleNames, RoleSecrets, Store,
};

use crate::config::Config;
use crate::owner::passwords;
use crate::owner::private_cluster::PrivateCluster;

/// Opens the database of the private cluster, or the one the settings name.
///
/// # Errors
/// The first step that fails; a server that may lose acknowledged writes is refused with the reason.
pub(super) async fn open(
    dir: &Path,
    config: &Config,
    cluster: Option<&PrivateCluster>,
) -> Result<Store> {
    let names = RoleNames::with_prefix(&config.role_prefix);
    let roles = match cluster {
        Some(cluster) => inside(dir, cluster, &names).await?,
        None => outside(dir, config, &names).await?,
    };
    let applied = cairn_store::migrate(&roles.owner, roles.app.user())
        .await
        .context("cannot migrate the database")?;
    for migration in applied {
        tracing::info!(
            migration.version = migration.version,
            migration.name = migration.description,
            "migrated"
        );
    }
    // Only backends of the private cluster are processes beside this one.
    let on_bulk_backend = cluster.map(|_| OnBulkBackend(Arc::new(cairn_cluster::lower_backend)));
    let options = PoolOptions {
        connections_max: config.database_connections_max,
        on_bulk_backend,
        ..PoolOptions::default()
    };
    let store = Store::connect(&roles.app, options)
        .await
        .context("cannot connect to the database as the role that serves")?;
    cairn_store::check_server(&store, false)
        .await
        .context("this database is refused")?;
    Ok(store)
}

async fn inside(dir: &Path, cluster: &PrivateCluster, names: &RoleNames) -> Result<Bootstrapped> {
    let passwords = passwords::keep(dir)?;
    let secrets = RoleSecrets {
        owner: passwords.owner,
        app: passwords.app,
    };
    cairn_store::bootstrap(&cluster.admin(), names, &secrets)
        .await
        .context("cannot make the roles and the database of the private cluster")
}

async fn outside(dir: &Path, config: &Config, names: &RoleNames) -> Result<Bootstrapped> {
    let url = config
        .database_url
        .as_ref()
        .context("database_url is set here")?;
    let url = ConnectParams::from_url(url.expose()).context("setting database_url")?;
    let owner = config
        .owner_url
        .as_ref()
        .map(|url| ConnectParams::from_url(url.expose()));
    let owner = owner.transpose().context("setting owner_url")?;
    let password = passwords::keep(dir)?.app;
    cairn_store::bootstrap_outside(&url, owner.as_ref(), names, &password)
        .await
        .context("cannot use the database of database_url")
}
