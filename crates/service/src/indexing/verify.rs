//! Verify: compare the index with the database, document by document. It repairs nothing.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::limits::{FOLLOW_EVENTS_MAX, REINDEX_ARTICLES_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_search::{Face, IndexEntry, content_hash};
use cairn_store::Snapshot;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::indexing::document;
use crate::indexing::follow::{Followed, blocking, changes_of};
use crate::indexing::rebuild::portals;
use crate::{Context, Error, ErrorCode, Result, authorize};

/// How many differences are spelled out.
const EXAMPLES_MAX: usize = 20;

/// What differs; all zero is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// In the database, not in the index.
    pub missing: u64,
    /// In the index, not in the database.
    pub extra: u64,
    /// In both, not alike.
    pub stale: u64,
    /// More than once in a unit.
    pub duplicate: u64,
    /// The first differences, each a sentence.
    pub examples: Vec<String>,
}

impl Verification {
    /// Whether nothing differs.
    pub fn is_clean(&self) -> bool {
        self.missing + self.extra + self.stale + self.duplicate == 0
    }

    fn note(&mut self, example: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example());
        }
    }
}

/// Waits until the index has read everything committed before the call, then compares every face
/// of every article with what the database says at that same position.
///
/// # Errors
/// `missing_scope`, `not_found`, `unavailable`.
pub async fn verify_index(ctx: &Context, portal: Option<&str>) -> Result<Verification> {
    authorize::operation(ctx, Operation::VerifyIndex)?;
    let mut found = Verification::default();
    for portal in portals(ctx, portal)? {
        ctx.app.settle().await?;
        verify(&ctx.app, portal, &mut found).await?;
    }
    Ok(found)
}

type Place = (Face, Locale, ArticleId);

/// The follower is held while this compares, with index and snapshot at the same position.
async fn verify(app: &Arc<App>, portal: PortalId, found: &mut Verification) -> Result<()> {
    let _indexing = app.indexing.lock().await;
    let mut snapshot = app.store.snapshot().await?;
    catch_up(app, portal, &mut snapshot).await?;
    let index = Arc::clone(&app.index);
    let entries = blocking(move || index.entries(portal)).await??;
    let mut indexed: HashMap<Place, Vec<IndexEntry>> = HashMap::with_capacity(entries.len());
    for entry in entries {
        indexed
            .entry((entry.face, entry.locale.clone(), entry.article))
            .or_default()
            .push(entry);
    }
    let tree = Arc::new(snapshot.categories(portal).await?);
    let mut after = None;
    loop {
        let rows = snapshot
            .scan_for_index(portal, after, REINDEX_ARTICLES_MAX)
            .await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.article.id);
        let tree = Arc::clone(&tree);
        let expected = blocking(move || -> Vec<_> {
            let documents = rows
                .iter()
                .flat_map(|row| document::change(row, &tree).documents);
            documents
                .map(|(face, d)| {
                    (
                        (face, d.locale.clone(), d.article),
                        (d.revision, d.row_version, content_hash(&d)),
                    )
                })
                .collect()
        })
        .await?;
        for (place, want) in expected {
            compare(
                &place,
                want,
                indexed.remove(&place).unwrap_or_default(),
                found,
            );
        }
    }
    snapshot.finish().await?;
    for ((face, locale, article), entries) in indexed {
        found.extra += entries.len() as u64;
        found.note(|| format!("article {article} stands in {face}/{locale} but should not"));
    }
    Ok(())
}

/// Applies the events up to the snapshot, with rows of the snapshot: then both are at one position.
async fn catch_up(app: &Arc<App>, portal: PortalId, snapshot: &mut Snapshot) -> Result<()> {
    let (head, _) = snapshot.feed_head(portal).await?;
    loop {
        let at = app.followed(portal).ok_or_else(|| {
            Error::new(
                ErrorCode::Unavailable,
                "the index of this portal is not built yet; ask again in a moment",
            )
        })?;
        if at.pos >= head {
            return Ok(());
        }
        let mut events =
            cairn_store::outbox::read_after(&app.store, portal, at.pos, FOLLOW_EVENTS_MAX).await?;
        events.retain(|e| e.pos <= head);
        let Some(last) = events.last() else {
            return Ok(());
        };
        let to = Followed {
            pos: last.pos,
            event: Some(last.id),
        };
        app.forget_tree(portal);
        let tree = snapshot.categories(portal).await?;
        let ids = app.affected(portal, &events, &tree).await?;
        let rows = snapshot.load_for_index(portal, &ids).await?;
        let (index, position) = (Arc::clone(&app.index), app.position(to));
        blocking(move || index.apply(portal, &changes_of(&ids, &rows, &tree), position)).await??;
        app.purge_events(portal, &events, to.pos).await?;
        app.set_followed(portal, to);
        app.note_erasures(portal, &events);
    }
}

fn compare(
    place: &Place,
    want: (i32, i64, u64),
    entries: Vec<IndexEntry>,
    found: &mut Verification,
) {
    let (face, locale, article) = place;
    if entries.is_empty() {
        found.missing += 1;
        found.note(|| format!("article {article} should stand in {face}/{locale} but does not"));
        return;
    }
    if entries.len() > 1 {
        found.duplicate += entries.len() as u64 - 1;
        found.note(|| {
            format!(
                "article {article} stands {} times in {face}/{locale}",
                entries.len()
            )
        });
    }
    if entries
        .iter()
        .any(|e| (e.revision, e.row_version, e.content_hash) != want)
    {
        found.stale += 1;
        found.note(|| {
            format!(
                "article {article} in {face}/{locale} is not what the database says (revision {})",
                want.0
            )
        });
    }
}
