//! The index of a portal is brought into one segment once nothing has changed for a while: after an import searches
//! are as fast as after a reindex, without one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_domain::ids::PortalId;
use tokio_util::sync::CancellationToken;

use crate::indexing::follow::{Followed, blocking};
use crate::{App, Result};

/// How often it is looked, and so the least time for which nothing has changed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What each portal's index had read at the last look.
#[derive(Debug, Default)]
pub struct Looks(HashMap<PortalId, Look>);

#[derive(Debug)]
struct Look {
    at: Followed,
    is_gathered: bool,
}

impl App {
    /// Looks until cancelled.
    pub(crate) async fn run_gathering(self: Arc<Self>, cancel: CancellationToken) {
        let mut looks = Looks::default();
        while cancel
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            if let Err(error) = self.gather_quiet(&mut looks).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "segments of the index stay apart; it is tried again"
                );
            }
        }
    }

    /// Brings the segments of each portal together whose index has read nothing since the look before; how many units
    /// of the index that were.
    ///
    /// # Errors
    /// Those of the index; nothing is lost.
    pub async fn gather_quiet(&self, looks: &mut Looks) -> Result<usize> {
        let followed = self.followed.borrow().clone();
        looks.0.retain(|portal, _| followed.contains_key(portal));
        let mut gathered = 0;
        for (portal, at) in followed {
            let before = looks.0.get(&portal).filter(|before| before.at == at);
            let is_gathered = match before {
                Some(before) if !before.is_gathered => {
                    let index = Arc::clone(&self.index);
                    gathered += blocking(move || index.gather(portal)).await??;
                    true
                }
                Some(_) => continue,
                None => false,
            };
            looks.0.insert(portal, Look { at, is_gathered });
        }
        Ok(gathered)
    }
}
