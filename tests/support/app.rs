//! The application of one test, with both doors in front of it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use cairn_domain::actor::Caller;
use cairn_http::HttpState;
use cairn_http::help_center::{Pages, PagesOptions};
use cairn_mcp::{McpOptions, router_service};
use cairn_search::{SearchConfig, SearchRoom};
use cairn_service::app::AppParts;
use cairn_service::attachments::{Place, Vault};
use cairn_service::clock::{ManualClock, SystemIds};
use cairn_service::portals::WritePortal;
use cairn_service::redirects::{self, NewRedirect, PutRedirects};
use cairn_service::{App, Context, Settings, portals};
use cairn_store::{PoolOptions, Store};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::answer::Answer;
use crate::article::ArticleBuilder;
use crate::category::CategoryBuilder;
use crate::database::Database;
use crate::key::{KeyBuilder, TestKey};
use crate::mcp::Mcp;
use crate::portal::PortalBuilder;
use crate::rest::{Request, Rest};

/// The host of the public address of every test's application.
pub const HOST: &str = "127.0.0.1:8080";
/// When every test begins.
const START: &str = "2026-11-14T09:20:00Z";
/// One test asks little at once; the tests together must not use up the server.
const CONNECTIONS_MAX: u32 = 5;

/// An application with one portal, `help`, in English, German and Arabic.
pub struct TestApp {
    /// The application.
    pub app: Arc<App>,
    /// Its index, also reachable behind its back.
    pub search: SearchRoom,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// A key that may do everything everywhere.
    pub key: TestKey,
    pub(crate) router: Router,
    dir: TempDir,
    place: Place,
    settings: Settings,
    database: Database,
}

impl TestApp {
    /// Starts one.
    pub async fn spawn() -> Self {
        Self::spawn_keeping_files(None).await
    }

    /// Starts one that keeps the counts of searches and reads for so many days.
    pub async fn spawn_counting(days: u32) -> Self {
        let settings = Settings {
            search_counts_days: days,
            read_counts_days: days,
            ..settings()
        };
        Self::spawn_with(settings, None).await
    }

    /// Starts one that does not ask readers whether articles help.
    pub async fn spawn_without_feedback() -> Self {
        let settings = Settings {
            feedback_days: 0,
            ..settings()
        };
        Self::spawn_with(settings, None).await
    }

    /// Starts one that keeps files in this place instead of a directory of its own.
    pub async fn spawn_keeping_files(place: Option<Place>) -> Self {
        Self::spawn_with(settings(), place).await
    }

    /// Starts one in which a single search runs and none may wait.
    pub async fn spawn_with_one_search_at_a_time() -> Self {
        let settings = Settings {
            search_threads: 1,
            search_queue_max: 0,
            ..settings()
        };
        Self::spawn_with(settings, None).await
    }

    /// Starts one whose widget may be shown by pages of these origins.
    pub async fn spawn_showing_widget_on(origins: &[&str]) -> Self {
        let mut app = Self::spawn().await;
        let options = PagesOptions {
            widget_origins: origins.iter().map(|o| (*o).to_owned()).collect(),
            ..PagesOptions::default()
        };
        app.router = router(&app.app, options);
        app
    }

    async fn spawn_with(settings: Settings, place: Option<Place>) -> Self {
        let database = Database::new().await;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let start: Timestamp = START.parse().expect("a time");
        let clock = Arc::new(ManualClock::at(start));
        let place = place.unwrap_or_else(|| Place::Directory(dir.path().join("attachments")));
        let (app, search, router) =
            start_app(&database, dir.path(), &place, &settings, &clock).await;
        let operator = Context::new(Arc::clone(&app), Caller::operator());
        let help = WritePortal {
            slug: Some("help".to_owned()),
            name: Some("Help".to_owned()),
            locales: Some(["en", "de", "ar"].map(str::to_owned).to_vec()),
            ..WritePortal::default()
        };
        portals::create(&operator, help)
            .await
            .expect("the portal is made");
        let key = KeyBuilder::new(&app)
            .name("everything")
            .scopes(&["full"])
            .create()
            .await;
        Self {
            app,
            search,
            clock,
            key,
            router,
            dir,
            place,
            settings,
            database,
        }
    }

    /// Ends the application and starts it again on the same database and directory, as a restart
    /// of the program would.
    #[must_use]
    pub async fn restarted(self) -> Self {
        let days = self.settings.search_counts_days;
        self.restarted_counting(days).await
    }

    /// As [`TestApp::restarted`], keeping the counts of searches and reads for so many days from now on.
    #[must_use]
    pub async fn restarted_counting(mut self, days: u32) -> Self {
        self.settings.search_counts_days = days;
        self.settings.read_counts_days = days;
        self.search.close_writers();
        let Self {
            app,
            search,
            clock,
            key,
            router,
            dir,
            place,
            settings,
            database,
        } = self;
        app.store().close().await;
        drop((app, search, router));
        let (app, search, router) =
            start_app(&database, dir.path(), &place, &settings, &clock).await;
        Self {
            app,
            search,
            clock,
            key,
            router,
            dir,
            place,
            settings,
            database,
        }
    }

    /// The same application with its public pages set otherwise.
    #[must_use]
    pub fn with_pages(mut self, options: PagesOptions) -> Self {
        self.router = router(&self.app, options);
        self
    }

    /// A second process on the same database and the same files, with an index of its own.
    pub async fn beside(&self) -> Sibling {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (app, _, router) = start_app(
            &self.database,
            dir.path(),
            &self.place,
            &self.settings,
            &self.clock,
        )
        .await;
        Sibling {
            app,
            router,
            _dir: dir,
        }
    }

    /// The directory of the index.
    pub fn index_dir(&self) -> std::path::PathBuf {
        index_dir(self.dir.path())
    }

    /// The directory of files.
    pub fn files_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("attachments")
    }

    /// A call by the operator.
    pub fn operator(&self) -> Context {
        Context::new(Arc::clone(&self.app), Caller::operator())
    }

    /// The REST door, with a key.
    pub fn rest(&self, key: &TestKey) -> Rest<'_> {
        Rest::new(self, Some(key.secret.clone()))
    }

    /// The REST door, without a key.
    pub fn rest_without_key(&self) -> Rest<'_> {
        Rest::new(self, None)
    }

    /// The MCP door, with a key.
    pub fn mcp(&self, key: &TestKey) -> Mcp<'_> {
        Mcp::new(self, Some(key.secret.clone()))
    }

    /// The MCP door, without a key.
    pub fn mcp_without_key(&self) -> Mcp<'_> {
        Mcp::new(self, None)
    }

    /// Reads a public page.
    pub async fn page(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    /// Any request, with nothing in it but the Host.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request::new(self, method, path)
    }

    /// Hands a request to the doors as it is.
    pub async fn send(&self, request: axum::http::Request<Body>) -> Answer {
        Answer::of(self.router.clone(), request).await
    }

    /// An article to be made.
    pub fn article(&self) -> ArticleBuilder<'_> {
        ArticleBuilder::new(self)
    }

    /// A category to be made.
    pub fn category(&self, name: &str) -> CategoryBuilder<'_> {
        CategoryBuilder::new(self, name)
    }

    /// A portal to be made.
    pub fn portal(&self, slug: &str) -> PortalBuilder<'_> {
        PortalBuilder::new(self, slug)
    }

    /// Leads an address of the site before somewhere.
    pub async fn redirect(&self, portal: &str, old_url: &str, target: &str) {
        let put = PutRedirects {
            portal: Some(portal.to_owned()),
            redirects: vec![NewRedirect {
                old_url: old_url.to_owned(),
                target: target.to_owned(),
            }],
            ..PutRedirects::default()
        };
        redirects::put(&self.operator(), put)
            .await
            .unwrap_or_else(|error| panic!("{old_url} to {target}: {error}"));
    }

    /// A key to be made.
    pub fn make_key(&self) -> KeyBuilder<'_> {
        KeyBuilder::new(&self.app)
    }

    /// A key with these scopes that reaches every portal.
    pub async fn key_with(&self, scopes: &[&str]) -> TestKey {
        self.make_key().scopes(scopes).create().await
    }

    /// Steps the follower to the head of every feed.
    pub async fn settle(&self) {
        self.app
            .settle()
            .await
            .expect("the follower reaches the head");
    }

    /// Every row of a table, in the order of its natural key.
    pub async fn rows(&self, table: &str) -> Vec<Value> {
        let order = crate::rows::order_of(table);
        self.database
            .select(format!(
                "select to_jsonb(t) from {table} t order by {order}"
            ))
            .await
    }

    /// What a statement of the test's own gives; it selects one jsonb column.
    pub async fn select(&self, sql: &str) -> Vec<Value> {
        self.database.select(sql.to_owned()).await
    }

    /// Changes rows behind the program's back.
    pub async fn execute(&self, sql: &str) {
        self.database.execute(sql.to_owned()).await;
    }
}

/// Another process on the same database.
pub struct Sibling {
    /// The application.
    pub app: Arc<App>,
    router: Router,
    _dir: TempDir,
}

impl Sibling {
    /// Hands a request to its doors.
    pub async fn send(&self, request: axum::http::Request<Body>) -> Answer {
        Answer::of(self.router.clone(), request).await
    }
}

/// What every test's application is set to.
fn settings() -> Settings {
    Settings {
        public_url: format!("http://{HOST}"),
        ..Settings::default()
    }
}

fn index_dir(dir: &Path) -> std::path::PathBuf {
    dir.join("index")
}

async fn start_app(
    database: &Database,
    dir: &Path,
    place: &Place,
    settings: &Settings,
    clock: &Arc<ManualClock>,
) -> (Arc<App>, SearchRoom, Router) {
    let options = PoolOptions {
        connections_max: CONNECTIONS_MAX,
        ..PoolOptions::default()
    };
    let store = Store::connect(&database.app(), options)
        .await
        .expect("the serving role connects");
    let search =
        SearchRoom::open(&index_dir(dir), SearchConfig::default()).expect("the index opens");
    let parts = AppParts {
        store,
        search: search.clone(),
        vault: Vault::open(place).expect("the vault opens"),
        settings: settings.clone(),
        clock: Arc::clone(clock) as _,
        ids: Arc::new(SystemIds),
        bulk: None,
    };
    let app = App::start(parts).await.expect("the application starts");
    let router = router(&app, PagesOptions::default());
    (app, search, router)
}

/// Both doors, mounted as the program mounts them.
fn router(app: &Arc<App>, options: PagesOptions) -> Router {
    let pages = Pages::new(Arc::clone(app), options);
    let state = HttpState {
        app: Arc::clone(app),
        metrics: Arc::new(String::new),
        pages,
    };
    let options = McpOptions {
        public_url: app.settings().public_url.clone(),
        ..McpOptions::default()
    };
    let mcp = router_service(Arc::clone(app), options);
    cairn_http::router(state)
        .route_service("/mcp", mcp.clone())
        .route_service("/mcp/", mcp.clone())
        .route_service("/api/mcp", mcp)
}

/// One request through a router, to the end of its body.
pub(crate) async fn oneshot(
    router: Router,
    request: axum::http::Request<Body>,
) -> axum::http::Response<Body> {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
