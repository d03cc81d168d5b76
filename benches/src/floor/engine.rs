//! The bare engine: an index of the same texts with a comparable schema, built by one writer thread,
//! and one document after the other committed into it.
//!
//! Comparable: the id indexed, six number columns, title and body stemmed, the title twice in the
//! field that carries the score, a dictionary of unstemmed words, body and a card stored. Not in it:
//! Markdown, Unicode normalisation, other scripts, content hashes, faces, checkpoints.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tantivy::collector::Count;
use tantivy::query::TermQuery;
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer,
    StopWordFilter, TextAnalyzer,
};
use tantivy::{Index, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use crate::latency::{Latencies, Percentiles};
use crate::options::{FloorCommit, FloorIndex};
use crate::out;

/// As the server's writers have by default.
const WRITER_MEMORY_BYTES: usize = 64_000_000;
const COLUMNS: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];

/// What building measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Built {
    pub(crate) articles: usize,
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
}

/// What committing measured, in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Committed {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

#[derive(Deserialize)]
struct Text {
    id: String,
    title: String,
    words: String,
    body: String,
}

struct Fields {
    id: Field,
    columns: [Field; 6],
    title: Field,
    all: Field,
    raw: Field,
    card: Field,
    body: Field,
}

/// Builds an index; committed and merged when the clock stops.
pub(crate) fn build_command(args: &FloorIndex) -> Result<()> {
    let texts = read(&args.texts)?;
    if args.dir.exists() {
        fs::remove_dir_all(&args.dir)?;
    }
    fs::create_dir_all(&args.dir)?;
    let began = Instant::now();
    let (schema, fields) = schema();
    let index = Index::create_in_dir(&args.dir, schema)?;
    register(&index);
    let mut writer = writer(&index)?;
    for text in &texts {
        writer.add_document(fields.document(text, ""))?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = fs::read_dir(&args.dir)?
        .flatten()
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .sum();
    let built = Built {
        articles: texts.len(),
        seconds,
        bytes,
    };
    out::line(&serde_json::to_string(&built)?);
    Ok(())
}

/// Adds one document after the other: from the call that adds it to a reader that finds it.
pub(crate) fn commit_command(args: &FloorCommit) -> Result<()> {
    let texts = read(&args.texts)?;
    let index = Index::open_in_dir(&args.dir)?;
    register(&index);
    let (_, fields) = schema();
    let mut writer = writer(&index)?;
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    let mut latencies = Latencies::default();
    for number in 0..args.count {
        let word = format!("benchword{number}");
        let document = fields.document(&texts[number % texts.len()], &word);
        let began = Instant::now();
        writer.add_document(document)?;
        writer.commit()?;
        reader.reload()?;
        latencies.push(began.elapsed());
        let term = Term::from_field_text(fields.raw, &word);
        let found = reader
            .searcher()
            .search(&TermQuery::new(term, IndexRecordOption::Basic), &Count)?;
        anyhow::ensure!(found == 1, "the bare index does not find its own document");
    }
    writer.wait_merging_threads()?;
    let Percentiles {
        p50, p95, p99, max, ..
    } = latencies.percentiles();
    let committed = Committed { p50, p95, p99, max };
    out::line(&serde_json::to_string(&committed)?);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Text>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let texts = text.lines().map(serde_json::from_str);
    texts
        .collect::<Result<_, _>>()
        .context("a text is one JSON object")
}

fn writer(index: &Index) -> Result<IndexWriter> {
    Ok(index.writer_with_num_threads(1, WRITER_MEMORY_BYTES)?)
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = |tokenizer: &str, record: IndexRecordOption, lengths: bool| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(record)
                .set_fieldnorms(lengths),
        )
    };
    let id = builder.add_bytes_field("id", BytesOptions::default().set_indexed());
    let columns =
        COLUMNS.map(|name| builder.add_u64_field(name, NumericOptions::default().set_fast()));
    let freqs = IndexRecordOption::WithFreqs;
    let positions = IndexRecordOption::WithFreqsAndPositions;
    let fields = Fields {
        id,
        columns,
        title: builder.add_text_field("title", text("stem", freqs, true)),
        all: builder.add_text_field("all", text("stem", positions, true)),
        raw: builder.add_text_field("raw", text("plain", IndexRecordOption::Basic, false)),
        card: builder.add_text_field("card", TextOptions::default().set_stored()),
        body: builder.add_text_field("body", TextOptions::default().set_stored()),
    };
    (builder.build(), fields)
}

fn register(index: &Index) {
    const TOKEN_BYTES_MAX: usize = 60;
    let plain = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(TOKEN_BYTES_MAX))
        .filter(LowerCaser);
    let stop_words = StopWordFilter::new(Language::English);
    let stem = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(TOKEN_BYTES_MAX))
        .filter(LowerCaser)
        .filter(stop_words.unwrap_or_else(|| StopWordFilter::remove(Vec::new())))
        .filter(Stemmer::new(Language::English))
        .filter(AsciiFoldingFilter);
    let tokenizers = index.tokenizers();
    tokenizers.register("plain", plain.filter(AsciiFoldingFilter).build());
    tokenizers.register("stem", stem.build());
}

impl Fields {
    fn document(&self, text: &Text, word: &str) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_bytes(self.id, text.id.as_bytes());
        for (at, column) in (1_u64..).zip(self.columns) {
            document.add_u64(column, at * text.words.len() as u64);
        }
        document.add_text(self.title, &text.title);
        document.add_text(self.all, &text.title);
        document.add_text(self.all, &text.words);
        document.add_text(self.raw, &text.words);
        if !word.is_empty() {
            document.add_text(self.raw, word);
        }
        let card = json!({"t": text.title, "o": text.id}).to_string();
        document.add_text(self.card, card);
        document.add_text(self.body, &text.body);
        document
    }
}
