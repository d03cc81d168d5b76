//! The plain index: schema and analyzers of the probe, one writer thread, merged to one segment.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use tantivy::schema::{
    Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer,
    StopWordFilter, TextAnalyzer,
};
use tantivy::{Index, IndexWriter, Searcher, doc};

use super::Page;
use crate::floor::engine::Built;

/// As the probe's writer had.
const WRITER_MEMORY_BYTES: usize = 200_000_000;
const TOKEN_BYTES_MAX: usize = 60;

/// An opened plain index.
pub(super) struct Plain {
    pub(super) searcher: Searcher,
    /// Stems, without stop words.
    pub(super) stem: TextAnalyzer,
    /// Words as they stand, in small letters.
    pub(super) raw: TextAnalyzer,
    pub(super) id: Field,
    pub(super) title: Field,
    pub(super) body: Field,
    pub(super) raw_title: Field,
    pub(super) raw_body: Field,
    /// The title twice, then the body.
    pub(super) all: Field,
}

struct Fields {
    id: Field,
    title: Field,
    body: Field,
    raw_title: Field,
    raw_body: Field,
    all: Field,
}

impl Plain {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let index = Index::open_in_dir(dir)
            .with_context(|| format!("{} is no plain index", dir.display()))?;
        // Snippets are cut by the analyzer of the body.
        register(&index);
        let (_, fields) = schema();
        Ok(Self {
            searcher: index.reader()?.searcher(),
            stem: stem(),
            raw: raw(),
            id: fields.id,
            title: fields.title,
            body: fields.body,
            raw_title: fields.raw_title,
            raw_body: fields.raw_body,
            all: fields.all,
        })
    }
}

/// Builds the index; committed and merged when the clock stops.
pub(super) fn build(texts: &Path, dir: &Path) -> Result<Built> {
    let text =
        fs::read_to_string(texts).with_context(|| format!("cannot read {}", texts.display()))?;
    let pages: Vec<Page> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("a text is one JSON object")?;
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    let began = Instant::now();
    let (schema, fields) = schema();
    let index = Index::create_in_dir(dir, schema)?;
    register(&index);
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_MEMORY_BYTES)?;
    for Page { id, title, body } in &pages {
        writer.add_document(doc!(
            fields.id => id.as_str(),
            fields.title => title.as_str(),
            fields.body => body.as_str(),
            fields.raw_title => title.as_str(),
            fields.raw_body => body.as_str(),
            fields.all => format!("{title}\n{title}\n{body}"),
        ))?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .sum();
    Ok(Built {
        articles: pages.len(),
        seconds,
        bytes,
    })
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = |tokenizer: &str| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(IndexRecordOption::WithFreqsAndPositions),
        )
    };
    let fields = Fields {
        id: builder.add_text_field("id", STRING | STORED),
        title: builder.add_text_field("title", text("stem").set_stored()),
        body: builder.add_text_field("body", text("stem").set_stored()),
        raw_title: builder.add_text_field("traw", text("raw_lc")),
        raw_body: builder.add_text_field("braw", text("raw_lc")),
        all: builder.add_text_field("all", text("stem")),
    };
    (builder.build(), fields)
}

fn register(index: &Index) {
    index.tokenizers().register("stem", stem());
    index.tokenizers().register("raw_lc", raw());
}

fn stem() -> TextAnalyzer {
    let stop_words = StopWordFilter::new(Language::English);
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(TOKEN_BYTES_MAX))
        .filter(LowerCaser)
        .filter(stop_words.unwrap_or_else(|| StopWordFilter::remove(Vec::new())))
        .filter(Stemmer::new(Language::English))
        .filter(AsciiFoldingFilter)
        .build()
}

fn raw() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(TOKEN_BYTES_MAX))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build()
}
