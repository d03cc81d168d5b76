//! Waiting until what was written can be found.

use std::time::Duration;

use cairn_domain::ids::PortalId;
use cairn_domain::limits::SEARCHABLE_WAIT_MS_MAX;

use crate::Context;

/// Waits until the index of a portal has read what was committed there before the call, at most
/// [`SEARCHABLE_WAIT_MS_MAX`]. Says whether it has: what was acknowledged stays acknowledged either way.
pub async fn until_searchable(ctx: &Context, portal: PortalId) -> bool {
    let read = async {
        let (head, _) = cairn_store::outbox::head(&ctx.app.store, portal).await?;
        let mut followed = ctx.app.followed.subscribe();
        let is_read = followed
            .wait_for(|all| all.get(&portal).is_some_and(|f| f.pos >= head))
            .await;
        Ok::<_, cairn_store::StoreError>(is_read.is_ok())
    };
    let limit = Duration::from_millis(SEARCHABLE_WAIT_MS_MAX);
    match tokio::time::timeout(limit, read).await {
        Ok(Ok(is_read)) => is_read,
        Ok(Err(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "how far a feed goes could not be read"
            );
            false
        }
        Err(_) => false,
    }
}
