//! Import and reindex beside the bare engine: one writer thread over the same texts.
//!
//! The import parses, renders, sanitises, writes rows, revisions, audit and events, and the follower
//! indexes behind it; the reindex reads every article from Postgres and cuts it into sections. The
//! bare engine is given plain words.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::floor::engine::Built;
use crate::latency::median;
use crate::limit::{Judged, Limit, unlimited};
use crate::options::Workload;
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, rate, ratio};
use crate::run::{Bench, LOCALE, PORTAL, output_of};
use crate::server::Server;

/// The words of the collection, for the bare engine.
pub(crate) fn texts(bench: &Bench) -> PathBuf {
    bench.scratch.join("texts.jsonl")
}

/// Where the bare engine's index stands.
pub(crate) fn engine_dir(bench: &Bench) -> PathBuf {
    bench.scratch.join("engine")
}

const REINDEX: &str = "reindex";
/// Articles a second to those of the bare engine.
const REINDEX_RATE: Limit = Limit::AtLeast(0.6);
/// Bytes of the index to those of the text.
const SIZE: Limit = Limit::AtMost(2.0);

/// One measurement as a row.
struct Timed {
    what: &'static str,
    articles: f64,
    seconds: f64,
}

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    bench.collection.write_texts(&texts(bench))?;
    let watch = Watch::begin(&[server.pid()]);
    let (imported, warnings, seconds) = import(bench)?;
    let caught_up = Instant::now();
    let verified = verify(bench, server)?;
    let caught_up = caught_up.elapsed().as_secs_f64();
    let mut timed = vec![Timed {
        what: "cairn import (once)",
        articles: imported,
        seconds,
    }];
    let mut built = Vec::new();
    let mut reindexed = Vec::new();
    for _ in 0..bench.options.runs {
        out::progress("measuring: the bare engine");
        built.push(build(bench)?);
        if bench.options.wants(Workload::Index) {
            out::progress("measuring: reindex");
            reindexed.push(reindex(bench, server)?);
        }
    }
    if !reindexed.is_empty() {
        timed.push(Timed {
            what: REINDEX,
            articles: reindexed[0].0,
            seconds: median(reindexed.iter().map(|r| r.1)),
        });
    }
    let engine = Timed {
        what: "bare tantivy, one writer thread",
        articles: built[0].articles as f64,
        seconds: median(built.iter().map(|b| b.seconds)),
    };
    let engine_per_s = engine.articles / engine.seconds;
    timed.push(engine);
    let foreign_share = watch.foreign();
    let index_bytes = bytes_below(&bench.site.index()) as f64;
    let text_bytes = bench.collection.bytes() as f64;
    let size = Judged::new(
        "index to its Markdown, bytes",
        index_bytes,
        text_bytes,
        SIZE,
    );
    let mut judged = vec![size.clone()];
    let mut rows = Vec::new();
    for t in &timed {
        let per_s = t.articles / t.seconds;
        let mut row = vec![t.what.to_owned(), format!("{:.1}", t.seconds), rate(per_s)];
        if t.what == REINDEX {
            let name = "reindex, articles a second to bare tantivy's";
            let one = Judged::new(name, per_s, engine_per_s, REINDEX_RATE);
            row.extend(one.cells());
            judged.push(one);
        } else {
            row.extend(unlimited(ratio(per_s, engine_per_s)));
        }
        rows.push(row);
    }
    report.print(&Section {
        title: "Import and reindex",
        columns: &["what", "seconds", "articles/s", "ratio", "limit"],
        rows,
        notes: vec![
            format!("{imported} created, 0 failed, {warnings} warnings."),
            format!(
                "After the import, verify-index waited for the index and compared it in {caught_up:.1} s: {verified}."
            ),
            format!(
                "Index on disk: Cairn {:.1} MB, {} times its Markdown ({}); bare tantivy {:.1} MB.",
                index_bytes / 1e6,
                size.ratio(),
                size.verdict(),
                built[0].bytes as f64 / 1e6
            ),
            foreign(foreign_share),
        ],
    });
    let kept: Vec<Value> = timed
        .iter()
        .map(|t| json!({"what": t.what, "articles": t.articles, "seconds": t.seconds, "per_s": t.articles / t.seconds}))
        .collect();
    report.judge(judged);
    report.keep(
        "indexing",
        json!({"rows": kept, "index_bytes": index_bytes, "text_bytes": text_bytes, "caught_up_and_verified_s": caught_up, "foreign": foreign_share}),
    )
}

/// Articles created, warnings, seconds.
fn import(bench: &Bench) -> Result<(f64, u64, f64)> {
    out::progress(&format!("importing {}", bench.collection.name));
    let began = Instant::now();
    // The client runs where the generator does; the work is the server's.
    let mut command = bench.site.command_here();
    command
        .arg("import")
        .arg(&bench.collection.folder)
        .args(["--portal", PORTAL, "--locale", LOCALE, "--json"])
        .arg("--data-dir")
        .arg(&bench.site.data_dir);
    let done: Value = output_of(&mut command)?;
    let seconds = began.elapsed().as_secs_f64();
    let created = done["created"].as_f64().unwrap_or_default();
    if created < 1.0 || done["failed"] != 0 {
        bail!("the import went wrong: {done}");
    }
    Ok((
        created,
        done["warnings"].as_u64().unwrap_or_default(),
        seconds,
    ))
}

/// What verify-index found, once the index had caught up.
fn verify(bench: &Bench, server: &Server) -> Result<String> {
    let body = json!({"portal": PORTAL});
    let path = "/api/v1/index-verifications";
    let found = bench.ask(server.address, "POST", path, Some(&body))?;
    let found = found.json(200)?;
    let counts = ["missing", "extra", "stale", "duplicate"];
    if counts.iter().any(|name| found[*name] != 0) {
        bail!("the index is not what the database says: {found}");
    }
    Ok("0 missing, 0 extra, 0 stale, 0 duplicate".to_owned())
}

/// Articles and seconds.
fn reindex(bench: &Bench, server: &Server) -> Result<(f64, f64)> {
    // What merges are still under way belong to what was before.
    std::thread::sleep(Duration::from_millis(200));
    let body = json!({"portal": PORTAL});
    let began = Instant::now();
    let done = bench.ask(server.address, "POST", "/api/v1/reindexes", Some(&body))?;
    let seconds = began.elapsed().as_secs_f64();
    let articles = done.json(200)?["articles"].as_f64();
    Ok((articles.context("a reindex counts articles")?, seconds))
}

pub(crate) fn build(bench: &Bench) -> Result<Built> {
    let mut command = bench.floor("floor-index")?;
    command
        .arg("--texts")
        .arg(texts(bench))
        .arg("--dir")
        .arg(engine_dir(bench));
    output_of(&mut command)
}

fn bytes_below(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_below(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}
