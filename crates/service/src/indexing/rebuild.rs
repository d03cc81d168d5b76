//! Reindex: build the next generation beside the one that serves, catch up, swap.

use std::sync::Arc;

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::{FOLLOW_EVENTS_MAX, REINDEX_ARTICLES_MAX};
use cairn_domain::operation::Operation;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::authorize::Purpose;
use crate::indexing::follow::{Followed, blocking, changes_of};
use crate::{Context, Result, authorize};

/// What a reindex did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reindexed {
    /// Portals rebuilt.
    pub portals: usize,
    /// Articles read.
    pub articles: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// Reindexes one portal, or all within reach. Searches go on in the old generation meanwhile.
///
/// # Errors
/// `missing_scope`, `not_found`, `unavailable`.
pub async fn reindex(ctx: &Context, portal: Option<&str>) -> Result<Reindexed> {
    authorize::operation(ctx, Operation::Reindex)?;
    let started = std::time::Instant::now();
    let mut done = Reindexed::default();
    for portal in portals(ctx, portal)? {
        done.articles += rebuild(&ctx.app, portal).await?;
        done.portals += 1;
    }
    done.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(done)
}

/// The named portal, or all within reach.
pub(crate) fn portals(ctx: &Context, named: Option<&str>) -> Result<Vec<PortalId>> {
    Ok(match named {
        Some(_) => vec![authorize::portal(ctx, named, Purpose::Write)?.id],
        None => {
            let directory = ctx.app.portals();
            directory
                .all()
                .iter()
                .map(|p| p.id)
                .filter(|p| ctx.caller.reach.contains(*p))
                .collect()
        }
    })
}

/// Builds the first index of a portal. The indexing lock is held by the caller.
pub(crate) async fn build(app: &Arc<App>, portal: PortalId) -> Result<u64> {
    let (generation, at, articles) = scan(app, portal).await?;
    finish(app, portal, generation, at).await?;
    Ok(articles)
}

/// Builds the next generation while the follower goes on with the old one; only the last
/// catching-up and the swap hold the indexing lock.
async fn rebuild(app: &Arc<App>, portal: PortalId) -> Result<u64> {
    let (mut generation, mut at, articles) = scan(app, portal).await?;
    let _indexing = app.indexing.lock().await;
    loop {
        let events =
            cairn_store::outbox::read_after(&app.store, portal, at.pos, FOLLOW_EVENTS_MAX).await?;
        let Some(last) = events.last() else { break };
        at = Followed {
            pos: last.pos,
            event: Some(last.id),
        };
        let tree = app.tree(portal).await?;
        let ids = app.affected(portal, &events, &tree).await?;
        let rows = cairn_store::articles::load_for_index(&app.store, portal, &ids).await?;
        generation = blocking(move || {
            generation
                .add(&changes_of(&ids, &rows, &tree))
                .map(|()| generation)
        })
        .await??;
    }
    finish(app, portal, generation, at).await?;
    Ok(articles)
}

/// Reads every article from one moment into a new generation.
async fn scan(
    app: &Arc<App>,
    portal: PortalId,
) -> Result<(cairn_search::Generation, Followed, u64)> {
    let index = Arc::clone(&app.index);
    let mut generation = blocking(move || index.begin_generation(portal)).await??;
    let mut snapshot = app.store.snapshot().await?;
    let (pos, event) = snapshot.feed_head(portal).await?;
    let tree = Arc::new(snapshot.categories(portal).await?);
    let mut articles = 0;
    let mut after: Option<ArticleId> = None;
    loop {
        let rows = snapshot
            .scan_for_index(portal, after, REINDEX_ARTICLES_MAX)
            .await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.article.id);
        articles += rows.len() as u64;
        let tree = Arc::clone(&tree);
        generation = blocking(move || {
            generation
                .add(&changes_of(&[], &rows, &tree))
                .map(|()| generation)
        })
        .await??;
    }
    snapshot.finish().await?;
    Ok((generation, Followed { pos, event }, articles))
}

async fn finish(
    app: &Arc<App>,
    portal: PortalId,
    generation: cairn_search::Generation,
    at: Followed,
) -> Result<()> {
    let position = app.position(at);
    blocking(move || generation.finish(position)).await??;
    // The events that were caught up with may be about them.
    app.forget_search_rules(portal);
    app.set_followed(portal, at);
    Ok(())
}
