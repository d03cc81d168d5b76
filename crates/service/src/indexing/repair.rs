//! Repair: bring an index to the database by comparing, neither resuming blindly nor rebuilding all.
//!
//! Needed when the feed cannot be trusted to lead from where the index stands to now: a promotion
//! that lost transactions, a restored backup, pruned events.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::REINDEX_ARTICLES_MAX;
use cairn_search::Face;

use crate::Result;
use crate::app::{App, Dependency};
use crate::indexing::follow::{Followed, blocking, changes_of};

/// Compares (face, revision, row version) of every article and applies what differs. The indexing
/// lock is held by the caller.
pub(crate) async fn repair(app: &Arc<App>, portal: PortalId) -> Result<()> {
    let index = Arc::clone(&app.index);
    let entries = blocking(move || index.entries(portal)).await?;
    let Ok(entries) = entries else {
        // What cannot be read cannot be compared.
        return crate::indexing::rebuild::build(app, portal)
            .await
            .map(|_| ());
    };
    let mut indexed: HashMap<ArticleId, HashSet<(Face, i32, i64)>> = HashMap::new();
    for entry in entries {
        indexed.entry(entry.article).or_default().insert((
            entry.face,
            entry.revision,
            entry.row_version,
        ));
    }
    app.forget_tree(portal);
    app.forget_search_rules(portal);
    app.reload_portals().await?;
    let mut snapshot = app.store.snapshot().await?;
    let (pos, event) = snapshot.feed_head(portal).await?;
    let tree = snapshot.categories(portal).await?;
    let mut differing = Vec::new();
    let mut after = None;
    loop {
        let articles = snapshot.scan(portal, after, REINDEX_ARTICLES_MAX).await?;
        let Some(last) = articles.last() else { break };
        after = Some(last.id);
        differing.extend(
            articles
                .iter()
                .filter(|a| indexed.remove(&a.id).unwrap_or_default() != expected(a))
                .map(|a| a.id),
        );
    }
    // What is left in the index has no row.
    differing.extend(indexed.into_keys());
    let to = Followed { pos, event };
    let count = differing.len();
    let mut changes = Vec::with_capacity(count);
    for ids in differing.chunks(usize::try_from(REINDEX_ARTICLES_MAX).unwrap_or(1)) {
        let rows = snapshot.load_for_index(portal, ids).await?;
        let (ids, tree) = (ids.to_vec(), tree.clone());
        changes.extend(blocking(move || changes_of(&ids, &rows, &tree)).await?);
    }
    snapshot.finish().await?;
    let (index, position) = (Arc::clone(&app.index), app.position(to));
    blocking(move || index.apply(portal, &changes, position)).await??;
    // Pages were kept by the same feed, so none of them can be trusted.
    app.purge(portal, &[Dependency::Portal(portal)], pos);
    app.set_followed(portal, to);
    app.look_for_erasures();
    tracing::info!(portal.id = %portal, articles = count, "the index was repaired");
    Ok(())
}

/// What the index holds of an article when it is right.
fn expected(article: &Article) -> HashSet<(Face, i32, i64)> {
    if article.purged_at.is_some() {
        return HashSet::new();
    }
    let mut faces = HashSet::from([(Face::Authoring, article.head_revision, article.row_version)]);
    if let (Status::Published, Some(revision)) = (article.status, article.published_revision) {
        faces.insert((Face::Published, revision, article.row_version));
        if article.audience == Audience::Public {
            faces.insert((Face::Public, revision, article.row_version));
        }
    }
    faces
}
