//! The application: the rooms it stands on, its settings, and what it keeps in memory.
//!
//! Everything kept in memory is derived from the database and kept right by the feed: which portals
//! there are, the category trees, the rules of search, which portal an article is in. Losing any of it costs a query.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use cairn_attachments::{Vault, Workshop};
use cairn_domain::category::Category;
use cairn_domain::feed::Epoch;
use cairn_domain::ids::{ArticleId, CategoryId, PortalId, TranslationGroupId};
use cairn_domain::limits::NUMBER_BLOCK;
use cairn_search::SearchRoom;
use cairn_store::Store;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::Result;
use crate::clock::{Clock, IdSource};
use crate::feedback::Answers;
use crate::indexing::erase::Erasures;
use crate::indexing::follow::Followed;
use crate::keys::known::KnownKeys;
use crate::popular::KeptPopular;
use crate::portals::directory::Directory;
use crate::reads::Reads;
use crate::search::pool::SearchPool;
use crate::search_counts::Counting;
use crate::search_rules::kept::KeptRules;

/// Articles whose portal is remembered.
const ARTICLE_PORTALS_MAX: u64 = 200_000;

/// Files that are looked at at once; a picture at its limits takes 300 MB.
const WORKSHOP_WORKERS: usize = 2;
/// Portals whose number of attachments is remembered.
const ATTACHMENT_COUNTS_MAX: u64 = 10_000;
/// How long such a number is believed.
const ATTACHMENT_COUNT_KEPT: Duration = Duration::from_secs(60);

/// Settings of the application layer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where readers and clients reach this server, without a trailing slash.
    pub public_url: String,
    /// Threads that search.
    pub search_threads: usize,
    /// Searches that may wait for a thread before the next one is turned away.
    pub search_queue_max: usize,
    /// Days that counts of searches are kept; 0: none are made, and those that are there are deleted.
    pub search_counts_days: u32,
    /// Days that counts of reads are kept; 0: none are made, and those that are there are deleted.
    pub read_counts_days: u32,
    /// Days that answers of readers are kept; 0: readers are not asked, and those that are there are deleted.
    pub feedback_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            search_threads: 2,
            search_queue_max: 128,
            search_counts_days: 90,
            read_counts_days: 90,
            feedback_days: 365,
        }
    }
}

/// What an application is put together from.
pub struct AppParts {
    /// The database.
    pub store: Store,
    /// The index.
    pub search: SearchRoom,
    /// Where files are kept.
    pub vault: Vault,
    /// Settings.
    pub settings: Settings,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// Where work for many articles at once runs; in place when there is none.
    pub bulk: Option<tokio::runtime::Handle>,
}

/// The application.
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) index: Arc<SearchRoom>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    /// See [`crate::bulk`].
    pub(crate) bulk: Option<tokio::runtime::Handle>,
    pub(crate) epoch: RwLock<Epoch>,
    pub(crate) searches: SearchPool,
    /// What is counted of searches.
    pub(crate) counting: Counting,
    /// How often articles are read.
    pub(crate) reads: Reads,
    /// What first pages say stands out.
    pub(crate) popular: KeptPopular,
    /// What readers say of articles.
    pub(crate) answers: Answers,
    pub(crate) vault: Vault,
    /// Where files are looked at, off the async threads.
    pub(crate) workshop: Workshop,
    /// How many attachments a portal had lately.
    pub(crate) attachment_counts: moka::sync::Cache<PortalId, i64>,
    /// Rung after each local commit, so that the follower need not wait for its poll.
    pub(crate) wake: Notify,
    /// How far each portal's index has read, for those who wait.
    pub(crate) followed: watch::Sender<HashMap<PortalId, Followed>>,
    /// What is to leave the files of the index for good.
    pub(crate) erasures: Erasures,
    /// One follower, reindex or repair works on the index at a time.
    pub(crate) indexing: tokio::sync::Mutex<()>,
    directory: RwLock<Arc<Directory>>,
    trees: Mutex<Trees>,
    /// What operators taught the search.
    pub(crate) kept_rules: KeptRules,
    /// Keys that were looked up a moment ago.
    pub(crate) known_keys: KnownKeys,
    article_portals: moka::sync::Cache<ArticleId, PortalId>,
    numbers: Mutex<HashMap<PortalId, std::ops::Range<i64>>>,
    purge_listeners: RwLock<Vec<Arc<dyn PurgeListener>>>,
}

impl App {
    /// Puts the application together and reads what it keeps in memory. Starts no task.
    ///
    /// # Errors
    /// `unavailable` when the database is out of reach.
    pub async fn start(parts: AppParts) -> Result<Arc<App>> {
        let directory = Directory::load(&parts.store).await?;
        let epoch = cairn_store::epoch(&parts.store).await?;
        let searches = SearchPool::new(
            parts.settings.search_threads,
            parts.settings.search_queue_max,
        )?;
        let counting = Counting::new(parts.settings.search_counts_days, parts.ids.secret());
        let reads = Reads::new(parts.settings.read_counts_days);
        let answers = Answers::new(parts.settings.feedback_days);
        Ok(Arc::new(App {
            settings: parts.settings,
            store: parts.store,
            index: Arc::new(parts.search),
            clock: parts.clock,
            ids: parts.ids,
            bulk: parts.bulk,
            epoch: RwLock::new(epoch),
            searches,
            counting,
            reads,
            popular: KeptPopular::default(),
            answers,
            vault: parts.vault,
            workshop: Workshop::new(WORKSHOP_WORKERS),
            attachment_counts: moka::sync::Cache::builder()
                .max_capacity(ATTACHMENT_COUNTS_MAX)
                .time_to_live(ATTACHMENT_COUNT_KEPT)
                .build(),
            wake: Notify::new(),
            followed: watch::Sender::new(HashMap::new()),
            erasures: Erasures::default(),
            indexing: tokio::sync::Mutex::new(()),
            directory: RwLock::new(Arc::new(directory)),
            trees: Mutex::default(),
            kept_rules: KeptRules::default(),
            known_keys: KnownKeys::default(),
            article_portals: moka::sync::Cache::new(ARTICLE_PORTALS_MAX),
            numbers: Mutex::new(HashMap::new()),
            purge_listeners: RwLock::new(Vec::new()),
        }))
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database, for what stands beside the application: start-up checks, metrics.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A fresh id.
    pub fn fresh_id(&self) -> Uuid {
        self.ids.uuid(self.clock.now())
    }

    /// Which portals there are.
    pub(crate) fn portals(&self) -> Arc<Directory> {
        Arc::clone(
            &self
                .directory
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Hostnames of all portals: what may stand in a Host header besides the public address.
    pub fn hostnames(&self) -> Vec<String> {
        self.portals()
            .all()
            .iter()
            .flat_map(|p| p.hostnames.iter().cloned())
            .collect()
    }

    /// Reads the portals again.
    pub(crate) async fn reload_portals(&self) -> Result<Arc<Directory>> {
        let directory = Arc::new(Directory::load(&self.store).await?);
        *self
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&directory);
        Ok(directory)
    }

    /// The category tree of a portal.
    pub(crate) async fn tree(&self, portal: PortalId) -> Result<Arc<Vec<Category>>> {
        let forgotten = {
            let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(tree) = trees.known.get(&portal) {
                return Ok(Arc::clone(tree));
            }
            trees.forgotten
        };
        let tree = Arc::new(cairn_store::categories::list(&self.store, portal).await?);
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        // A tree that was forgotten while this one was read may be newer than what was read.
        if trees.forgotten == forgotten {
            trees.known.insert(portal, Arc::clone(&tree));
        }
        Ok(tree)
    }

    /// Forgets the category tree of a portal, because it changed.
    pub(crate) fn forget_tree(&self, portal: PortalId) {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.known.remove(&portal);
        trees.forgotten += 1;
    }

    /// The portal an article is in; articles never move between portals.
    pub(crate) async fn portal_of(&self, article: ArticleId) -> Result<Option<PortalId>> {
        if let Some(portal) = self.article_portals.get(&article) {
            return Ok(Some(portal));
        }
        let portal = cairn_store::articles::find_portal_of(&self.store, article).await?;
        if let Some(portal) = portal {
            self.article_portals.insert(article, portal);
        }
        Ok(portal)
    }

    /// The next article number of a portal; taken from the database in blocks, so numbers have gaps.
    pub(crate) async fn article_number(&self, portal: PortalId) -> Result<i64> {
        loop {
            let next = {
                let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
                numbers.get_mut(&portal).and_then(Iterator::next)
            };
            if let Some(number) = next {
                return Ok(number);
            }
            let first =
                cairn_store::portals::take_numbers(&self.store, portal, NUMBER_BLOCK).await?;
            let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            // Two callers may have fetched a block at once; the later one wins and leaves a gap.
            numbers.insert(portal, first..first + NUMBER_BLOCK);
        }
    }

    /// Registers something that forgets pages when the feed says that they changed.
    pub fn on_purge(&self, listener: Arc<dyn PurgeListener>) {
        self.purge_listeners
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }

    /// Tells everybody that keeps pages what is stale as of a position.
    pub(crate) fn purge(&self, portal: PortalId, stale: &[Dependency], pos: i64) {
        let listeners = self
            .purge_listeners
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for listener in listeners {
            listener.purge(portal, stale, pos);
        }
    }

    /// Tells everybody that keeps pages to let go of those of a portal.
    pub(crate) fn forget_pages(&self, portal: PortalId) {
        self.popular.forget(portal);
        let listeners = self
            .purge_listeners
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for listener in listeners {
            listener.forget(portal);
        }
    }

    /// The public address of a path of a portal.
    pub(crate) fn public_url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url)
    }

    /// Whether database, migrations and index are ready.
    pub async fn readiness(&self) -> Readiness {
        let database = match self.store.ping().await {
            Ok(()) => Check {
                name: "database",
                ok: true,
                detail: "answers".to_owned(),
            },
            Err(_) => Check {
                name: "database",
                ok: false,
                detail: "does not answer".to_owned(),
            },
        };
        let migrations = match cairn_store::migrations_current(&self.store).await {
            Ok(true) => Check {
                name: "migrations",
                ok: true,
                detail: "current".to_owned(),
            },
            Ok(false) => Check {
                name: "migrations",
                ok: false,
                detail: "not all have run".to_owned(),
            },
            Err(_) => Check {
                name: "migrations",
                ok: false,
                detail: "could not be read".to_owned(),
            },
        };
        let waiting = {
            let followed = self.followed.borrow();
            self.portals()
                .all()
                .iter()
                .filter(|p| !followed.contains_key(&p.id))
                .count()
        };
        let index = Check {
            name: "index",
            ok: waiting == 0,
            detail: if waiting == 0 {
                "follows".to_owned()
            } else {
                format!("{waiting} portals are not indexed yet")
            },
        };
        Readiness {
            checks: vec![database, migrations, index],
        }
    }
}

/// Category trees in memory, and how often one was forgotten.
#[derive(Default)]
struct Trees {
    known: HashMap<PortalId, Arc<Vec<Category>>>,
    forgotten: u64,
}

/// What a page shows, and so what makes it stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// An article, by title or whole.
    Article(ArticleId),
    /// A category, its name or what hangs in it.
    Category(CategoryId),
    /// Anything that changes lists of the portal without a category: articles outside the tree.
    Uncategorised(PortalId),
    /// The portal itself.
    Portal(PortalId),
    /// Which articles there are, over all: what is shown in place of one that is not there.
    Articles(PortalId),
    /// Which articles are translations of each other.
    Translations(TranslationGroupId),
    /// Where the links of an article's body lead.
    LinksOf(ArticleId),
    /// Links of the portal that may be addresses of the site before.
    Links(PortalId),
    /// What is read most and often asked in the portal.
    Popular(PortalId),
}

/// Something that forgets pages.
pub trait PurgeListener: Send + Sync {
    /// Everything that depends on one of these is stale as of this position of the portal's feed.
    fn purge(&self, portal: PortalId, stale: &[Dependency], pos: i64);
    /// Something was erased: no page of this portal may stay in memory, not even a stale one.
    fn forget(&self, portal: PortalId);
}

/// One check of readiness.
#[derive(Debug, Clone)]
pub struct Check {
    /// `database`, `migrations`, `index`.
    pub name: &'static str,
    /// Whether it is fine.
    pub ok: bool,
    /// What is wrong, without secrets.
    pub detail: String,
}

/// All checks of readiness.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Readiness {
    /// Whether all are fine.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|c| c.ok)
    }
}
