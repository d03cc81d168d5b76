//! One unit on disk: creating, opening for reading, checking, cloning.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;
use tantivy::directory::MmapDirectory;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Index, IndexReader, ReloadPolicy, Searcher};

use crate::analyzer::Analyzer;
use crate::definition::Definition;
use crate::document::Face;
use crate::error::{SearchError, guard};
use crate::manifest::{UnitState, sync_dir};
use crate::schema::{Fields, HAN_TOKENIZER, RAW_TOKENIZER, STEM_TOKENIZER, schema};

/// Blocks of stored documents kept decompressed per segment.
const STORE_BLOCKS_CACHED: usize = 32;

/// Hexadecimal digits with which the files of a segment begin.
const SEGMENT_NAME_CHARS: usize = 32;

/// Locale and face: the key of a unit inside its portal.
pub(crate) type UnitId = (Locale, Face);

/// The directory of a unit below its generation.
pub(crate) fn unit_dir(generation: &Path, (locale, face): &UnitId) -> PathBuf {
    generation.join(format!("{face}-{locale}"))
}

/// A unit made ready for one search after the other.
pub(crate) struct Opened {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    pub(crate) analyzer: Analyzer,
}

impl Opened {
    pub(crate) fn new(reader: &IndexReader, analyzer: Analyzer) -> Result<Self, SearchError> {
        let searcher = reader.searcher();
        let fields = Fields::of(searcher.schema())?;
        Ok(Self {
            searcher,
            fields,
            analyzer,
        })
    }

    /// Whether a live document of this article stands here.
    pub(crate) fn contains(&self, article: ArticleId) -> Result<bool, SearchError> {
        let term = self.fields.id_term(article);
        let look = || -> tantivy::Result<bool> {
            for reader in self.searcher.segment_readers() {
                let inverted = reader.inverted_index(self.fields.id)?;
                let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)?
                else {
                    continue;
                };
                while postings.doc() != tantivy::TERMINATED {
                    if !reader.is_deleted(postings.doc()) {
                        return Ok(true);
                    }
                    postings.advance();
                }
            }
            Ok(false)
        };
        look().map_err(SearchError::engine("look an article up"))
    }
}

/// A unit as a snapshot knows it: opened at the first search, closed when others need the room.
pub(crate) struct UnitSlot {
    pub(crate) id: UnitId,
    pub(crate) dir: PathBuf,
    pub(crate) opened: ArcSwapOption<Opened>,
    pub(crate) used: AtomicU64,
}

impl UnitSlot {
    pub(crate) fn closed(id: UnitId, dir: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            id,
            dir,
            opened: ArcSwapOption::empty(),
            used: AtomicU64::new(0),
        })
    }

    pub(crate) fn with(id: UnitId, dir: PathBuf, opened: Opened) -> Arc<Self> {
        let slot = Self::closed(id, dir);
        slot.opened.store(Some(Arc::new(opened)));
        slot
    }

    pub(crate) fn touch(&self, now: u64) {
        self.used.store(now, Ordering::Relaxed);
    }
}

/// Makes an empty unit.
pub(crate) fn create(
    dir: &Path,
    definition: &Definition,
    locale: &Locale,
) -> Result<Index, SearchError> {
    fs::create_dir_all(dir).map_err(SearchError::io("create", dir))?;
    let index = Index::create_in_dir(dir, schema(&definition.shape))
        .map_err(SearchError::engine("create an index"))?;
    register(&index, definition, locale);
    sync_dir(dir)?;
    if let Some(parent) = dir.parent() {
        sync_dir(parent)?;
    }
    Ok(index)
}

/// Opens the index of a unit.
pub(crate) fn open(
    dir: &Path,
    definition: &Definition,
    locale: &Locale,
) -> Result<Index, SearchError> {
    guard("open an index", || {
        let directory =
            MmapDirectory::open(dir).map_err(SearchError::engine("open an index directory"))?;
        let index = Index::open(directory).map_err(SearchError::engine("open an index"))?;
        register(&index, definition, locale);
        Ok(index)
    })
}

fn register(index: &Index, definition: &Definition, locale: &Locale) {
    let analyzer = definition.analyzer(locale);
    index
        .tokenizers()
        .register(STEM_TOKENIZER, analyzer.stem_tokenizer());
    index
        .tokenizers()
        .register(RAW_TOKENIZER, analyzer.raw_tokenizer());
    index
        .tokenizers()
        .register(HAN_TOKENIZER, analyzer.han_tokenizer());
}

/// A reader that changes only when told to: no watcher thread, no surprise in mid-batch.
pub(crate) fn reader(index: &Index) -> Result<IndexReader, SearchError> {
    guard("open a reader", || {
        index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_BLOCKS_CACHED)
            .try_into()
            .map_err(SearchError::engine("open a reader"))
    })
}

/// Says why a unit is not what the manifest promises, if so.
pub(crate) fn check(
    generation: &Path,
    state: &UnitState,
    definition: &Definition,
    checksums: bool,
) -> Result<(), String> {
    let id = (state.locale.clone(), state.face);
    let dir = unit_dir(generation, &id);
    // The engine takes a missing list of managed files for an empty one and would check nothing.
    for name in ["meta.json", ".managed.json"] {
        if !dir.join(name).is_file() {
            return Err(format!("{}: {name} is missing", dir.display()));
        }
    }
    guard("check an index", || {
        let index = open(&dir, definition, &state.locale)?;
        let metas = index
            .load_metas()
            .map_err(SearchError::engine("read an index's metadata"))?;
        let problem = |reason: String| Ok(Err(format!("{}: {reason}", dir.display())));
        if metas.opstamp < state.opstamp {
            return problem(format!(
                "it is at {}, behind the {} of the manifest",
                metas.opstamp, state.opstamp
            ));
        }
        let documents: u64 = metas.segments.iter().map(|s| u64::from(s.num_docs())).sum();
        if metas.opstamp == state.opstamp && documents != state.documents {
            return problem(format!(
                "it has {documents} documents where the manifest has {}",
                state.documents
            ));
        }
        if index.schema() != schema(&definition.shape) {
            return problem("its fields are not those of the definition".to_owned());
        }
        if checksums {
            let damaged = index
                .validate_checksum()
                .map_err(SearchError::engine("read an index"))?;
            if let Some(file) = damaged.iter().next() {
                return problem(format!("{} is damaged", file.display()));
            }
        }
        // Opening maps every file of every segment: a missing one is noticed here.
        reader(&index)?;
        Ok(Ok(()))
    })
    .map_err(|e| format!("{}: {e}: {}", dir.display(), sources(&e)))?
}

/// Removes the files of segments that the unit does not have.
pub(crate) fn remove_unnamed_files(
    dir: &Path,
    segments: &[tantivy::SegmentMeta],
) -> Result<(), SearchError> {
    let living: Vec<String> = segments.iter().map(|s| s.id().uuid_string()).collect();
    for entry in fs::read_dir(dir).map_err(SearchError::io("read", dir))? {
        let path = entry.map_err(SearchError::io("read", dir))?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
            continue;
        };
        let segment = name.split('.').next().unwrap_or_default();
        let is_segment =
            segment.len() == SEGMENT_NAME_CHARS && segment.bytes().all(|b| b.is_ascii_hexdigit());
        if is_segment && !living.iter().any(|s| s == segment) {
            fs::remove_file(&path).map_err(SearchError::io("remove", &path))?;
        }
    }
    sync_dir(dir)
}

/// The causes of an error, in one line for the log.
pub(crate) fn sources(error: &dyn std::error::Error) -> String {
    let mut out = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        out.push(source.to_string());
        next = source.source();
    }
    out.join(": ")
}

/// Copies a unit whose writer is closed. Segment files never change, so they are linked where the
/// file system can.
pub(crate) fn clone_unit(from: &Path, to: &Path) -> Result<(), SearchError> {
    let temporary = to.with_extension("cloning");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(SearchError::io("remove", &temporary))?;
    }
    fs::create_dir_all(&temporary).map_err(SearchError::io("create", &temporary))?;
    for entry in fs::read_dir(from).map_err(SearchError::io("read", from))? {
        let path = entry.map_err(SearchError::io("read", from))?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
            continue;
        };
        if name.ends_with(".lock") || !path.is_file() {
            continue;
        }
        let target = temporary.join(name);
        if name.ends_with(".json") || fs::hard_link(&path, &target).is_err() {
            fs::copy(&path, &target).map_err(SearchError::io("copy", &path))?;
            fs::File::open(&target)
                .and_then(|f| f.sync_all())
                .map_err(SearchError::io("sync", &target))?;
        }
    }
    sync_dir(&temporary)?;
    fs::rename(&temporary, to).map_err(SearchError::io("rename", &temporary))?;
    match to.parent() {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}
