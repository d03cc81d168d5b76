//! What stands in an index, for verify-index and for operators.

use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;

use crate::document::Face;
use crate::error::SearchError;
use crate::portal::Portal;
use crate::room::Inner;
use crate::schema::{HASH, ID_HIGH, ID_LOW, REVISION, ROW_VERSION};
use crate::unit::{Opened, UnitSlot};

/// One live document of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// Which face shows it.
    pub face: Face,
    /// In which locale's unit it stands.
    pub locale: Locale,
    /// The article.
    pub article: ArticleId,
    /// The revision that was indexed.
    pub revision: i32,
    /// The row version that was indexed.
    pub row_version: i64,
    /// [`crate::content_hash`] of what was indexed.
    pub content_hash: u64,
}

/// The size of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStats {
    /// The locale.
    pub locale: Locale,
    /// The face.
    pub face: Face,
    /// Live documents.
    pub documents: u64,
    /// Segments.
    pub segments: usize,
    /// Bytes on disk; files shared with another unit count in both.
    pub bytes: u64,
}

pub(crate) fn entries(room: &Inner, portal: &Portal) -> Result<Vec<IndexEntry>, SearchError> {
    let live = portal.live()?;
    let mut entries = Vec::new();
    for locale in live.locales() {
        for face in Face::ALL {
            if let Some(slot) = live.unit(&locale, face) {
                read(&*room.open_slot(slot)?, &locale, face, &mut entries)
                    .map_err(SearchError::engine("read the columns of an index"))?;
            }
        }
    }
    Ok(entries)
}

fn read(
    opened: &Opened,
    locale: &Locale,
    face: Face,
    out: &mut Vec<IndexEntry>,
) -> tantivy::Result<()> {
    for reader in opened.searcher.segment_readers() {
        let columns = reader.fast_fields();
        let (high, low) = (columns.u64(ID_HIGH)?, columns.u64(ID_LOW)?);
        let (revision, row_version) = (columns.i64(REVISION)?, columns.i64(ROW_VERSION)?);
        let hash = columns.u64(HASH)?;
        out.reserve(reader.num_docs() as usize);
        for doc in reader.doc_ids_alive() {
            let id = uuid::Uuid::from_u64_pair(
                high.first(doc).unwrap_or_default(),
                low.first(doc).unwrap_or_default(),
            );
            out.push(IndexEntry {
                face,
                locale: locale.clone(),
                article: ArticleId::from_uuid(id),
                revision: revision
                    .first(doc)
                    .and_then(|r| i32::try_from(r).ok())
                    .unwrap_or(-1),
                row_version: row_version.first(doc).unwrap_or(-1),
                content_hash: hash.first(doc).unwrap_or_default(),
            });
        }
    }
    Ok(())
}

pub(crate) fn stats(room: &Inner, portal: &Portal) -> Result<Vec<UnitStats>, SearchError> {
    let live = portal.live()?;
    live.units
        .values()
        .map(|slot| unit_stats(room, slot))
        .collect()
}

fn unit_stats(room: &Inner, slot: &std::sync::Arc<UnitSlot>) -> Result<UnitStats, SearchError> {
    let opened = room.open_slot(slot)?;
    let mut bytes = 0;
    let read = std::fs::read_dir(&slot.dir).map_err(SearchError::io("read", &slot.dir))?;
    for entry in read.flatten() {
        bytes += entry.metadata().map(|m| m.len()).unwrap_or_default();
    }
    Ok(UnitStats {
        locale: slot.id.0.clone(),
        face: slot.id.1,
        documents: opened.searcher.num_docs(),
        segments: opened.searcher.segment_readers().len(),
        bytes,
    })
}
