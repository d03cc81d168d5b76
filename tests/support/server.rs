//! The Postgres server that all tests of this process share, with a migrated template in it.
//!
//! It is started once and never stopped by us: the kernel ends it with this process. What it leaves
//! on the disk is removed by the next run. `CAIRN_TEST_DATABASE_URL` names another server, with a
//! role that may create roles and databases.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use cairn_cluster::{Cluster, ClusterOptions};
use cairn_store::{ConnectParams, RoleNames, RoleSecrets, bootstrap, migrate};
use sqlx::postgres::PgConnectOptions;

/// What the directories of the throw-away clusters begin with; the rest is the pid.
const DIR_PREFIX: &str = "cairn-suite-";
/// Connections for as many tests as a large machine runs at once.
const CONNECTIONS_MAX: &str = "400";

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU64 = AtomicU64::new(1);

/// The server.
pub(crate) struct Server {
    pub(crate) admin: ConnectParams,
    /// The same place for statements of the tests' own.
    pub(crate) admin_options: PgConnectOptions,
    pub(crate) names: RoleNames,
    pub(crate) secrets: RoleSecrets,
    _cluster: Option<Cluster>,
}

/// The server of this process; started by the first who asks.
pub(crate) fn server() -> &'static Server {
    SERVER.get_or_init(Server::start)
}

/// A name no other database of this server has.
pub(crate) fn fresh_database_name() -> String {
    let n = DATABASES.fetch_add(1, Ordering::Relaxed);
    format!("{}_{n}", server().names.database)
}

/// Runs a future to its end from anywhere, a running executor included.
pub(crate) fn wait_for<T: Send>(future: impl Future<Output = T> + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts")
                .block_on(future)
        });
        match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

impl Server {
    fn start() -> Self {
        let (admin, admin_options, cluster) = match std::env::var("CAIRN_TEST_DATABASE_URL") {
            Ok(url) => {
                let params = ConnectParams::from_url(&url)
                    .expect("CAIRN_TEST_DATABASE_URL is a Postgres URL");
                let options = PgConnectOptions::from_str(&url)
                    .expect("CAIRN_TEST_DATABASE_URL is a Postgres URL");
                (params, options, None)
            }
            Err(_) => {
                let cluster = start_cluster();
                let (dir, port, user) = (cluster.socket_dir(), cluster.port(), cluster.superuser());
                let params =
                    ConnectParams::socket(dir, port, user, Some(cluster.password()), "postgres");
                let options = PgConnectOptions::new_without_pgpass()
                    .socket(dir)
                    .port(port)
                    .username(user)
                    .password(cluster.password())
                    .database("postgres");
                (params, options, Some(cluster))
            }
        };
        let mut names = RoleNames::with_prefix("cairn_suite");
        names.database = format!("cairn_suite_{}", std::process::id());
        let secrets = RoleSecrets {
            owner: "owner of a test".to_owned(),
            app: "app of a test".to_owned(),
        };
        wait_for(async {
            let made = bootstrap(&admin, &names, &secrets)
                .await
                .expect("the roles and the template are made");
            migrate(&made.owner, &names.app)
                .await
                .expect("the template is migrated");
        });
        Self {
            admin,
            admin_options,
            names,
            secrets,
            _cluster: cluster,
        }
    }
}

fn start_cluster() -> Cluster {
    let temp = std::env::temp_dir();
    remove_stale(&temp);
    let dir: PathBuf = temp.join(format!("{DIR_PREFIX}{}", std::process::id()));
    let mut options = ClusterOptions::new(
        dir,
        std::env::current_exe().expect("the suite knows its own path"),
    );
    options.durable = false;
    options
        .settings
        .push(("max_connections".to_owned(), CONNECTIONS_MAX.to_owned()));
    match Cluster::start_in_test(options) {
        Ok(cluster) => cluster,
        Err(error) => panic!("the suite needs a Postgres: {error}"),
    }
}

/// Removes what runs that have ended left behind.
fn remove_stale(temp: &Path) {
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|n| n.strip_prefix(DIR_PREFIX))
            .and_then(|pid| pid.parse::<u32>().ok());
        if let Some(pid) = pid
            && !Path::new("/proc").join(pid.to_string()).exists()
        {
            // Another run may be removing it as well.
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}
