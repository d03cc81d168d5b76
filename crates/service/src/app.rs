//! The application: the rooms it stands on, its settings, and the tasks it owns.

use cairn_domain::ids::{ArticleId, CategoryId, PortalId};

/// Settings of the application layer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where readers and clients reach this server, without a trailing slash.
    pub public_url: String,
    /// Threads that search.
    pub search_threads: usize,
    /// Searches that may wait for a thread before the next one is turned away.
    pub search_queue_max: usize,
}

/// The application.
pub struct App {
    pub(crate) settings: Settings,
}

impl App {
    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Registers something that forgets pages when the feed says that they changed.
    pub fn on_purge(&self, _listener: std::sync::Arc<dyn PurgeListener>) {
        todo!()
    }

    /// Whether database, migrations and index are ready; the names of what is not.
    pub async fn readiness(&self) -> Readiness {
        todo!()
    }
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
}

/// Something that forgets pages.
pub trait PurgeListener: Send + Sync {
    /// Everything that depends on one of these is stale as of this position of the portal's feed.
    fn purge(&self, portal: PortalId, stale: &[Dependency], pos: i64);
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
