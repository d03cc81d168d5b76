//! Which portals there are, in memory: every request needs to know.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_domain::ids::PortalId;
use cairn_domain::portal::Portal;
use cairn_store::Store;

use crate::Result;

/// All portals, findable by id, slug and hostname.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    all: Vec<Arc<Portal>>,
    by_id: HashMap<PortalId, Arc<Portal>>,
    by_slug: HashMap<String, Arc<Portal>>,
    by_hostname: HashMap<String, Arc<Portal>>,
}

impl Directory {
    /// Reads them all; they are few.
    pub(crate) async fn load(store: &Store) -> Result<Self> {
        let mut all: Vec<_> = cairn_store::portals::list(store)
            .await?
            .into_iter()
            .map(Arc::new)
            .collect();
        all.sort_by(|a, b| a.slug.cmp(&b.slug));
        let mut directory = Self::default();
        for portal in &all {
            directory.by_id.insert(portal.id, Arc::clone(portal));
            directory
                .by_slug
                .insert(portal.slug.as_str().to_owned(), Arc::clone(portal));
            for hostname in &portal.hostnames {
                directory
                    .by_hostname
                    .insert(hostname.clone(), Arc::clone(portal));
            }
        }
        directory.all = all;
        Ok(directory)
    }

    /// All of them, by slug.
    pub(crate) fn all(&self) -> &[Arc<Portal>] {
        &self.all
    }

    /// The one with this id.
    pub(crate) fn by_id(&self, id: PortalId) -> Option<Arc<Portal>> {
        self.by_id.get(&id).cloned()
    }

    /// The one with this slug.
    pub(crate) fn by_slug(&self, slug: &str) -> Option<Arc<Portal>> {
        self.by_slug.get(slug).cloned()
    }

    /// The one that answers at this hostname.
    pub(crate) fn by_hostname(&self, hostname: &str) -> Option<Arc<Portal>> {
        self.by_hostname.get(hostname).cloned()
    }
}
