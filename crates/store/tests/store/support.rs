//! A server, a migrated template, a database per test, and builders for what stands in it.

use std::fs::{self, Permissions};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use cairn_cluster::{Cluster, ClusterOptions};
use cairn_domain::actor::Actor;
use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::category::Category;
use cairn_domain::event::Subject;
use cairn_domain::ids::{ArticleId, CategoryId, EventId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::revision::{Revision, Staged};
use cairn_domain::slug::Slug;
use cairn_store::outbox::NewEvent;
use cairn_store::{
    ConnectParams, PoolOptions, RoleNames, RoleSecrets, Store, Tx, articles, bootstrap,
    clone_database, drop_database, migrate, outbox, portals, revisions,
};
use jiff::{Timestamp, ToSpan};
use tempfile::TempDir;
use uuid::Uuid;

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static COUNTER: AtomicU64 = AtomicU64::new(1);

/// The server that the tests of this process share; gone with the last of them.
pub(crate) struct Server {
    pub(crate) admin: ConnectParams,
    pub(crate) names: RoleNames,
    pub(crate) secrets: RoleSecrets,
    // Order matters: the cluster stops before its directory goes.
    _cluster: Option<Cluster>,
    _dir: Option<TempDir>,
}

impl Server {
    fn start() -> Self {
        let (admin, cluster, dir) = match std::env::var("CAIRN_TEST_DATABASE_URL") {
            Ok(url) => (ConnectParams::from_url(&url).unwrap(), None, None),
            Err(_) => {
                let dir = tempfile::tempdir().unwrap();
                // The account Postgres runs as must be able to walk in.
                fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).unwrap();
                let mut options =
                    ClusterOptions::new(dir.path().join("cairn"), std::env::current_exe().unwrap());
                options.durable = false;
                let cluster = Cluster::start_in_test(options).unwrap();
                let admin = ConnectParams::socket(
                    cluster.socket_dir(),
                    cluster.port(),
                    cluster.superuser(),
                    Some(cluster.password()),
                    "postgres",
                );
                (admin, Some(cluster), Some(dir))
            }
        };
        let mut names = RoleNames::with_prefix("cairn_store_test");
        names.database = format!("cairn_store_test_{}", std::process::id());
        let secrets = RoleSecrets {
            owner: "owner of a test".to_owned(),
            app: "app of a test".to_owned(),
        };
        let server = Self {
            admin,
            names,
            secrets,
            _cluster: cluster,
            _dir: dir,
        };
        wait_for(async {
            let made = bootstrap(&server.admin, &server.names, &server.secrets)
                .await
                .unwrap();
            migrate(&made.owner, &server.names.app).await.unwrap();
        });
        server
    }

    fn shared() -> Arc<Self> {
        let mut shared = SHARED
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *shared = Arc::downgrade(&server);
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.names.database.clone());
        wait_for(async move { drop_database(&admin, &name).await.unwrap() });
    }
}

/// Runs a future to its end from anywhere, a running executor included.
fn wait_for(future: impl Future<Output = ()> + Send) {
    thread::scope(|scope| {
        scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(future);
        });
    });
}

/// A migrated database of one test.
pub(crate) struct TestDb {
    pub(crate) store: Store,
    pub(crate) name: String,
    pub(crate) admin: ConnectParams,
    pub(crate) owner: ConnectParams,
    pub(crate) app: ConnectParams,
    pub(crate) server: Arc<Server>,
}

impl TestDb {
    pub(crate) async fn new() -> Self {
        let server = Server::shared();
        let name = format!("{}_{}", server.names.database, next());
        clone_database(
            &server.admin,
            &server.names.database,
            &name,
            &server.names.owner,
        )
        .await
        .unwrap();
        let admin = server.admin.with_database(&name);
        let owner = admin.with_user(&server.names.owner, &server.secrets.owner);
        let app = admin.with_user(&server.names.app, &server.secrets.app);
        let store = Store::connect(&app, PoolOptions::default()).await.unwrap();
        Self {
            store,
            name,
            admin,
            owner,
            app,
            server,
        }
    }

    /// A database with one portal.
    pub(crate) async fn with_portal() -> (Self, PortalId) {
        let db = Self::new().await;
        let portal = portal("help");
        let mut tx = db.store.begin().await.unwrap();
        portals::insert(&mut tx, &portal).await.unwrap();
        tx.commit().await.unwrap();
        (db, portal.id)
    }

    /// Writes an article with its first revision and its event.
    pub(crate) async fn write(&self, article: &Article, staged: &Staged) {
        let mut tx = self.store.begin().await.unwrap();
        add(&mut tx, article, staged).await;
        outbox::append(&mut tx, article.portal, &[created(article)])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (admin, name) = (self.server.admin.clone(), self.name.clone());
        wait_for(async move { drop_database(&admin, &name).await.unwrap() });
    }
}

/// Inserts an article and its head revision.
pub(crate) async fn add(tx: &mut Tx, article: &Article, staged: &Staged) {
    assert_eq!(
        articles::insert(tx, article).await.unwrap(),
        articles::Inserted::Yes
    );
    revisions::append(tx, &revision(article, article.head_revision, staged))
        .await
        .unwrap();
}

pub(crate) fn next() -> u64 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// An id; later ones are greater.
pub(crate) fn id() -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(next()))
}

/// So many seconds after a fixed moment.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap() + seconds.seconds()
}

pub(crate) fn locale(tag: &str) -> Locale {
    Locale::parse("locale", tag).unwrap()
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::from_title(text, "untitled")
}

pub(crate) fn portal(name: &str) -> Portal {
    Portal {
        id: PortalId::from_uuid(id()),
        slug: slug(name),
        name: name.to_owned(),
        hostnames: vec![],
        locales: vec![locale("en"), locale("de")],
        accent: Some("#0a7d5a".to_owned()),
        notice: None,
        contact: None,
        row_version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn category(portal: PortalId, name: &str) -> Category {
    Category {
        portal,
        id: CategoryId::from_uuid(id()),
        parent: None,
        slug: slug(name),
        name: name.to_owned(),
        description: String::new(),
        position: 0,
        row_version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A published public English article.
pub(crate) fn article(portal: PortalId, title: &str) -> Article {
    let id = id();
    Article {
        portal,
        id: ArticleId::from_uuid(id),
        number: i64::try_from(next()).unwrap(),
        locale: locale("en"),
        translation_group: TranslationGroupId::from_uuid(id),
        slug: slug(title),
        category: None,
        audience: Audience::Public,
        status: Status::Published,
        head_revision: 1,
        published_revision: Some(1),
        row_version: 1,
        source_id: None,
        created_at: at(0),
        updated_at: at(0),
        published_at: Some(at(0)),
        translated_from: None,
        purged_at: None,
    }
}

pub(crate) fn draft(portal: PortalId, title: &str) -> Article {
    Article {
        status: Status::Draft,
        published_revision: None,
        published_at: None,
        translated_from: None,
        purged_at: None,
        ..article(portal, title)
    }
}

pub(crate) fn staged(title: &str) -> Staged {
    Staged {
        title: title.to_owned(),
        body: format!("# {title}\n\nBody of {title}."),
        excerpt: format!("About {title}."),
        tags: vec!["one".to_owned(), "two".to_owned()],
        author: Some("Ada".to_owned()),
        front_matter: None,
    }
}

pub(crate) fn revision(article: &Article, number: i32, staged: &Staged) -> Revision {
    Revision {
        portal: article.portal,
        article: article.id,
        number,
        staged: staged.clone(),
        actor: Actor::system(),
        key: None,
        message: format!("revision {number}"),
        created_at: at(i64::from(number)),
        purged_at: None,
    }
}

pub(crate) fn created(article: &Article) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(id()),
        kind: "article.created".to_owned(),
        subject: Subject::Article(article.id),
        revision: Some(article.head_revision),
        at: at(0),
    }
}
