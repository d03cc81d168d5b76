//! Writers: one per unit, kept open between commits, closed only after their merges have ended.
//!
//! A writer that is dropped after each commit never merges: 1,000 commits would leave 1,000
//! segments. A writer that is dropped in mid-merge throws the merge away.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::{FutureResult, Index, IndexReader, IndexWriter};

use crate::config::{SearchConfig, WRITER_MEMORY_BYTES_MIN};
use crate::definition::Definition;
use crate::document::IndexDocument;
use crate::error::{SearchError, guard};
use crate::schema::Fields;
use crate::unit::{self, Opened, UnitId};

/// Segments of about one size that are merged into one.
const MERGE_SEGMENTS_MIN: usize = 5;
/// Segments below this many documents count as one size.
const MERGE_LAYER_DOCUMENTS_MIN: u32 = 64;
/// log2 of the factor between two sizes.
const MERGE_LEVEL_LOG_SIZE: f64 = 2.5;
/// A segment with more than this share of deleted documents is rewritten.
const MERGE_DELETED_SHARE_MAX: f32 = 0.25;

/// The writer of one unit with the reader that follows it.
pub(crate) struct UnitWriter {
    locale: Locale,
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
}

/// A unit right after a commit.
pub(crate) struct Committed {
    pub(crate) opstamp: u64,
    pub(crate) documents: u64,
    pub(crate) opened: Opened,
}

impl UnitWriter {
    pub(crate) fn open(
        dir: &Path,
        id: &UnitId,
        definition: &Definition,
        config: &SearchConfig,
    ) -> Result<Self, SearchError> {
        let index = if dir.join("meta.json").is_file() {
            unit::open(dir, definition, &id.0)?
        } else {
            unit::create(dir, definition, &id.0)?
        };
        Self::of(index, id, config)
    }

    fn of(index: Index, id: &UnitId, config: &SearchConfig) -> Result<Self, SearchError> {
        guard("open a writer", || {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(config.writer_memory_bytes.max(WRITER_MEMORY_BYTES_MIN))
                .build();
            let writer = index
                .writer_with_options(options)
                .map_err(SearchError::engine("open a writer"))?;
            let mut policy = LogMergePolicy::default();
            policy.set_min_num_segments(MERGE_SEGMENTS_MIN);
            policy.set_min_layer_size(MERGE_LAYER_DOCUMENTS_MIN);
            policy.set_level_log_size(MERGE_LEVEL_LOG_SIZE);
            policy.set_del_docs_ratio_before_merge(MERGE_DELETED_SHARE_MAX);
            writer.set_merge_policy(Box::new(policy));
            Ok(Self {
                locale: id.0.clone(),
                fields: Fields::of(&index.schema())?,
                reader: unit::reader(&index)?,
                writer,
            })
        })
    }

    pub(crate) fn delete(&self, article: ArticleId) {
        self.writer.delete_term(self.fields.id_term(article));
    }

    pub(crate) fn add(
        &self,
        document: &IndexDocument,
        definition: &Definition,
    ) -> Result<(), SearchError> {
        let document = self.fields.document(document, &definition.shape)?;
        self.writer
            .add_document(document)
            .map_err(SearchError::engine("add a document"))?;
        Ok(())
    }

    /// Makes everything since the last commit durable and shows it to `opened`.
    pub(crate) fn commit(&mut self, definition: &Definition) -> Result<Committed, SearchError> {
        guard("commit", || {
            let opstamp = self
                .writer
                .commit()
                .map_err(SearchError::engine("commit"))?;
            self.reader
                .reload()
                .map_err(SearchError::engine("reload a reader"))?;
            let opened = Opened::new(&self.reader, definition.analyzer(&self.locale))?;
            Ok(Committed {
                opstamp,
                documents: opened.searcher.num_docs(),
                opened,
            })
        })
    }

    /// Begins to write these segments as one, beside whatever is committed meanwhile.
    pub(crate) fn merge(&mut self, segments: &[SegmentId]) -> FutureResult<Option<SegmentMeta>> {
        self.writer.merge(segments)
    }

    /// Waits for running merges, then closes.
    pub(crate) fn close(self) -> Result<(), SearchError> {
        guard("end the merges of a writer", || {
            self.writer
                .wait_merging_threads()
                .map_err(SearchError::engine("end the merges of a writer"))
        })
    }
}

/// Rewrites every segment of a unit that holds deleted documents, and removes the files of the old
/// ones. The unit has no other writer. Gives its opstamp and documents, which stay what they were.
pub(crate) fn rewrite(
    dir: &Path,
    id: &UnitId,
    definition: &Definition,
    config: &SearchConfig,
) -> Result<(u64, u64), SearchError> {
    guard("rewrite an index", || {
        let index = unit::open(dir, definition, &id.0)?;
        let metas = || {
            index
                .load_metas()
                .map_err(SearchError::engine("read an index's metadata"))
        };
        let holding: Vec<_> = metas()?
            .segments
            .iter()
            .filter(|s| s.num_deleted_docs() > 0)
            .map(tantivy::SegmentMeta::id)
            .collect();
        let mut writer = UnitWriter::of(index.clone(), id, config)?;
        writer.writer.set_merge_policy(Box::new(NoMergePolicy));
        for segment in holding {
            writer
                .writer
                .merge(&[segment])
                .wait()
                .map_err(SearchError::engine("rewrite a segment"))?;
        }
        // What a crash or an earlier merge left behind goes as well.
        writer
            .writer
            .garbage_collect_files()
            .wait()
            .map_err(SearchError::engine("remove old segments"))?;
        writer.close()?;
        let metas = metas()?;
        unit::remove_unnamed_files(dir, &metas.segments)?;
        let documents = metas.segments.iter().map(|s| u64::from(s.num_docs())).sum();
        Ok((metas.opstamp, documents))
    })
}

/// Which writer: a portal has at most one generation that is written to by the pool.
type WriterKey = (PortalId, u64, UnitId);

struct Pooled {
    key: WriterKey,
    writer: Arc<Mutex<UnitWriter>>,
}

/// The open writers of all portals, least recently used first.
pub(crate) struct WriterPool {
    open_max: usize,
    entries: Mutex<Vec<Pooled>>,
    /// Held while writers are opened or closed: one that is still ending its merges holds the lock
    /// of its directory, and opening it again would fail.
    turn: Mutex<()>,
}

impl WriterPool {
    pub(crate) fn new(open_max: usize) -> Self {
        Self {
            open_max: open_max.max(1),
            entries: Mutex::default(),
            turn: Mutex::default(),
        }
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Pooled>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, key: &WriterKey) -> Option<Arc<Mutex<UnitWriter>>> {
        let mut entries = self.entries();
        let at = entries.iter().position(|e| &e.key == key)?;
        let entry = entries.remove(at);
        let writer = Arc::clone(&entry.writer);
        entries.push(entry);
        Some(writer)
    }

    /// The writer of a unit, opened if it is not.
    pub(crate) fn get(
        &self,
        key: WriterKey,
        open: impl FnOnce() -> Result<UnitWriter, SearchError>,
    ) -> Result<Arc<Mutex<UnitWriter>>, SearchError> {
        if let Some(writer) = self.known(&key) {
            return Ok(writer);
        }
        let _turn = self.turn();
        if let Some(writer) = self.known(&key) {
            return Ok(writer);
        }
        let writer = Arc::new(Mutex::new(open()?));
        let mut evicted = Vec::new();
        {
            let mut entries = self.entries();
            entries.push(Pooled {
                key,
                writer: Arc::clone(&writer),
            });
            let mut over = entries.len().saturating_sub(self.open_max);
            let mut at = 0;
            while over > 0 && at < entries.len() {
                // One that is in use stays; the pool is a little larger until it comes back.
                if Arc::strong_count(&entries[at].writer) == 1 {
                    evicted.push(entries.remove(at));
                    over -= 1;
                } else {
                    at += 1;
                }
            }
        }
        close_all(evicted);
        Ok(writer)
    }

    /// Gives up a writer without committing: what it holds since its last commit is lost.
    pub(crate) fn discard(&self, key: &WriterKey) {
        let _turn = self.turn();
        let gone: Vec<Pooled> = self.entries().extract_if(.., |e| &e.key == key).collect();
        drop(gone);
    }

    /// Closes one writer after its merges.
    pub(crate) fn close(&self, key: &WriterKey) {
        let _turn = self.turn();
        let gone: Vec<Pooled> = self.entries().extract_if(.., |e| &e.key == key).collect();
        close_all(gone);
    }

    /// Closes all writers of a portal after their merges.
    pub(crate) fn close_portal(&self, portal: PortalId) {
        let _turn = self.turn();
        let gone: Vec<Pooled> = self
            .entries()
            .extract_if(.., |e| e.key.0 == portal)
            .collect();
        close_all(gone);
    }

    /// Closes every writer that is not in use, after its merges.
    pub(crate) fn close_all(&self) {
        let _turn = self.turn();
        let gone: Vec<Pooled> = self
            .entries()
            .extract_if(.., |e| Arc::strong_count(&e.writer) == 1)
            .collect();
        close_all(gone);
    }
}

fn close_all(gone: impl IntoIterator<Item = Pooled>) {
    for entry in gone {
        let Ok(writer) = Arc::try_unwrap(entry.writer) else {
            continue;
        };
        let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writer.close() {
            tracing::warn!(error = %error, "a search writer did not close cleanly");
        }
    }
}
