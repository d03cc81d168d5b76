//! Taking away bytes that no attachment has: of writes that failed after the vault had them, and of files that were
//! erased while the vault was out of reach.
//!
//! A file is left alone until it is a day old, which no write under way is. Whoever brings bytes that are there without
//! a row looks again after the commit; the sweep looks again after it deleted:
//!
//! ```text
//! sweep    no row ── read ── delete ───── a row now? put back
//! writer   put: Found ──── commit ── still kept? else put again
//! ```
//!
//! Whichever of the two looks last sees what the other did, so that a row never stays without its bytes.

use std::collections::HashSet;

use cairn_attachments::{Kept, ObjectName, VaultError};
use cairn_domain::attachment::FileDigest;
use cairn_domain::ids::PortalId;

use crate::{App, Result};

/// How old a file without an attachment must be, in seconds.
const AGE_S_MIN: i64 = 24 * 3_600;
/// Files that are looked up in one query.
const BATCH: usize = 500;

/// What a sweep came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that were looked at.
    pub seen: usize,
    /// Files that were taken away.
    pub deleted: usize,
}

/// Sweeps the files of every portal once.
///
/// # Errors
/// `unavailable` when the database or the place of files does not answer; what was swept stays swept.
pub async fn sweep(app: &App) -> Result<Swept> {
    let mut swept = Swept::default();
    let before_s = app.now().as_second() - AGE_S_MIN;
    for portal in app.portals().all() {
        let mut listing = app.vault.list(&portal.id.to_string());
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(kept) = listing.next().await? {
            swept.seen += 1;
            batch.push(kept);
            if batch.len() == BATCH {
                swept.deleted += sweep_batch(app, portal.id, &batch, before_s).await?;
                batch.clear();
            }
        }
        swept.deleted += sweep_batch(app, portal.id, &batch, before_s).await?;
    }
    Ok(swept)
}

async fn sweep_batch(app: &App, portal: PortalId, batch: &[Kept], before_s: i64) -> Result<usize> {
    let old: Vec<(&Kept, FileDigest)> = batch
        .iter()
        .filter(|kept| kept.written_at_s < before_s)
        .filter_map(|kept| FileDigest::parse(kept.name.digest()).map(|digest| (kept, digest)))
        .collect();
    if old.is_empty() {
        return Ok(0);
    }
    let digests: Vec<_> = old.iter().map(|(_, digest)| *digest).collect();
    let known = known(app, portal, &digests).await?;
    let mut deleted = 0;
    for (kept, digest) in old
        .into_iter()
        .filter(|(_, digest)| !known.contains(digest))
    {
        deleted += usize::from(take_away(app, portal, &kept.name, digest).await?);
    }
    Ok(deleted)
}

/// Deletes one file; `false`: an attachment came for it meanwhile.
async fn take_away(
    app: &App,
    portal: PortalId,
    name: &ObjectName,
    digest: FileDigest,
) -> Result<bool> {
    let bytes = match app.vault.read(name, None).await {
        Ok(reading) => reading.collect().await?,
        Err(VaultError::Missing(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    app.vault.delete(name).await?;
    if known(app, portal, &[digest]).await?.is_empty() {
        tracing::info!(portal.id = %portal, digest = %digest, "a file without an attachment was taken away");
        return Ok(true);
    }
    app.vault.put(name, bytes).await?;
    Ok(false)
}

async fn known(app: &App, portal: PortalId, digests: &[FileDigest]) -> Result<HashSet<FileDigest>> {
    let known = cairn_store::attachments::known_digests(&app.store, portal, digests).await?;
    Ok(known.into_iter().collect())
}
