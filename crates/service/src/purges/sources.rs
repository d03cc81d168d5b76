//! The memory of erased source ids: an import must not bring back what was erased.
//!
//! A source id is often a path or a title, so a tombstone keeps a digest of it in its place. Whoever
//! has the id can find out that it was erased; nobody can read the id from the digest without
//! guessing it.

use std::collections::HashSet;

use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;
use cairn_store::Tx;
use sha2::{Digest, Sha256};

use crate::Result;

/// What a tombstone has in place of its source id.
pub(crate) fn tombstone_source(portal: PortalId, source_id: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(portal.as_uuid().as_bytes());
    hash.update(source_id.as_bytes());
    let digest: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("erased:{digest}")
}

/// Which of these sources belonged to articles that were erased.
pub(crate) async fn erased_among(
    tx: &mut Tx,
    portal: PortalId,
    sources: &[(Locale, String)],
) -> Result<HashSet<(Locale, String)>> {
    let tombstones: Vec<(&Locale, String)> = sources
        .iter()
        .map(|(locale, source)| (locale, tombstone_source(portal, source)))
        .collect();
    let erased: HashSet<(Locale, String)> =
        cairn_store::purges::erased_sources(tx, portal, &tombstones)
            .await?
            .into_iter()
            .collect();
    let found = sources
        .iter()
        .zip(tombstones)
        .filter(|(_, (locale, tombstone))| {
            erased.contains(&((*locale).clone(), tombstone.clone()))
        });
    Ok(found.map(|(source, _)| source.clone()).collect())
}

/// Why a source id is refused.
pub(crate) fn refusal() -> String {
    "source_id: the article that came from this source was erased, and is not brought back; leave it out of the source, or give it another id".to_owned()
}
