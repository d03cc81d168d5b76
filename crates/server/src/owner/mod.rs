//! The owner of a data directory: everything between the lock and the application, brought up and
//! taken down in one order.
//!
//! ```text
//! lock ─► private cluster ─► roles, database ─► migrations ─► checks ─► index, files
//!                                                ─► application ─► follower ─► control socket
//! ```
//!
//! Going down is the same backwards. Killed anywhere in between, the next start repeats every step:
//! each of them may run twice.

mod catch_up;
mod database;
mod first_start;
mod passwords;
mod private_cluster;
mod state_file;
mod sweeping;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use cairn_cluster::DataDirLock;
use cairn_domain::actor::Caller;
use cairn_http::HttpState;
use cairn_http::help_center::{Pages, PagesOptions};
use cairn_search::{SearchConfig, SearchRoom};
use cairn_service::app::AppParts;
use cairn_service::attachments::Vault;
use cairn_service::clock::{SystemClock, SystemIds};
use cairn_service::{App, Context, Settings};
use cairn_store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use catch_up::catch_up;
pub(crate) use first_start::{FirstStart, Printed};

use crate::config::Config;
use crate::owner::private_cluster::PrivateCluster;
use crate::serving;
use crate::yielding::BulkRuntime;

/// How long the parts of an orderly end may take before they are left behind.
const PART_STOP_WAIT: Duration = Duration::from_secs(30);

/// A running application and everything it stands on.
pub(crate) struct Owner {
    app: Arc<App>,
    state: HttpState,
    store: Store,
    search: SearchRoom,
    cluster: Option<PrivateCluster>,
    /// Ends the follower and the control socket.
    stop: CancellationToken,
    tasks: Vec<(&'static str, JoinHandle<()>)>,
    control: PathBuf,
    /// *Invariant:* outlives the store: connections of bulk work belong to it.
    bulk: BulkRuntime,
    /// *Invariant:* released last.
    lock: DataDirLock,
}

/// What a command that is not a server renders for `/metrics`.
pub(crate) type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

impl Owner {
    /// Brings everything up but the public listener. `public_url` is what answers will name.
    ///
    /// # Errors
    /// The first step that fails, in words that name the way out.
    pub(crate) async fn start(
        lock: DataDirLock,
        config: &Config,
        public_url: String,
        metrics: Metrics,
    ) -> Result<Self> {
        let dir = lock.dir().to_owned();
        let cluster = match config.database_url {
            Some(_) => None,
            None => Some(PrivateCluster::start(&dir, config).await?),
        };
        let store = database::open(&dir, config, cluster.as_ref()).await?;
        let search = SearchRoom::open(
            &dir.join("index"),
            SearchConfig {
                index_config_dir: config.index_config.clone(),
                ..SearchConfig::default()
            },
        )
        .context("cannot open the index")?;
        let vault = open_vault(&dir, config).await?;
        let bulk = BulkRuntime::start()?;
        let app = App::start(AppParts {
            store: store.clone(),
            search: search.clone(),
            vault,
            settings: Settings {
                public_url,
                search_threads: config.search_threads(),
                search_queue_max: config.search_queue_max,
                search_counts_days: config.search_counts_days,
                read_counts_days: config.read_counts_days,
                feedback_days: config.feedback_days,
            },
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            bulk: bulk.handle(),
        })
        .await
        .context("cannot start the application")?;
        let pages = Pages::new(
            Arc::clone(&app),
            PagesOptions {
                cache_bytes_max: config.page_cache_bytes_max,
                surrogate_key: config.surrogate_key(),
                widget_origins: config.widget_origins.clone(),
                client_address_header: config.client_address_header()?,
                ..PagesOptions::default()
            },
        );
        let state = HttpState {
            app: Arc::clone(&app),
            metrics,
            pages,
        };
        let stop = CancellationToken::new();
        let follower = spawn_bulk(&app, {
            let (app, stop) = (Arc::clone(&app), stop.clone());
            async move { app.run(stop).await }
        });
        let sweeper = spawn_bulk(&app, sweeping::sweep_daily(Arc::clone(&app), stop.clone()));
        let upkeep = tokio::spawn(Arc::clone(&app).run_upkeep(stop.clone()));
        let control = dir.join(serving::CONTROL_SOCKET);
        let socket = serving::bind_control(&control)?;
        let router = cairn_http::control_router(state.clone());
        let grace = Duration::from_secs(config.shutdown_grace_s);
        let control_task = tokio::spawn(serving::serve(socket, router, stop.clone(), grace));
        Ok(Self {
            app,
            state,
            store,
            search,
            cluster,
            stop,
            tasks: vec![
                ("control socket", control_task),
                ("follower", follower),
                ("sweeper of files", sweeper),
                ("upkeep", upkeep),
            ],
            control,
            bulk,
            lock,
        })
    }

    /// What the doors are made from.
    pub(crate) fn state(&self) -> &HttpState {
        &self.state
    }

    /// The application.
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// A call by Cairn itself.
    pub(crate) fn as_system(&self) -> Context {
        Context::new(Arc::clone(&self.app), Caller::system())
    }

    /// The data directory.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.lock.dir()
    }

    /// The control socket.
    pub(crate) fn control(&self) -> &std::path::Path {
        &self.control
    }

    /// Takes everything down in order. What was acknowledged is in the database already; what the
    /// index has not read yet it reads at the next start.
    ///
    /// # Errors
    /// When the private cluster does not end.
    pub(crate) async fn stop(self) -> Result<()> {
        let _ = std::fs::remove_file(&self.control);
        self.stop.cancel();
        for (name, task) in self.tasks {
            match tokio::time::timeout(PART_STOP_WAIT, task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(task = name, %error, "a task had failed"),
                Err(_) => {
                    tracing::warn!(task = name, "a task did not end in time and is left behind")
                }
            }
        }
        let search = self.search;
        let closed = tokio::task::spawn_blocking(move || search.close_writers());
        if tokio::time::timeout(PART_STOP_WAIT, closed).await.is_err() {
            tracing::warn!(
                "index merges did not end in time; the next start goes on from the last commit"
            );
        }
        if tokio::time::timeout(PART_STOP_WAIT, self.store.close())
            .await
            .is_err()
        {
            tracing::warn!("database connections did not come home in time");
        }
        let stopped = match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        };
        drop(self.bulk);
        drop(self.lock);
        stopped
    }
}

/// Opens the place of attachments. A bucket that does not answer stops no start: pages are read without it.
async fn open_vault(dir: &Path, config: &Config) -> Result<Vault> {
    let vault = Vault::open(&config.attachments.place(dir)?)
        .context("cannot open the place of attachments")?;
    if let Err(error) = vault.check().await {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(
            error = cause.unwrap_or_else(|| error.to_string()),
            "the place of attachments does not answer; check the settings of [attachments]"
        );
    }
    Ok(vault)
}

/// Starts what runs as long as the server and stands back for readers.
fn spawn_bulk(app: &Arc<App>, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if let Err(error) = app.in_bulk(work).await {
            tracing::error!(
                error = error.to_string(),
                "the threads of bulk work have ended"
            );
        }
    })
}
