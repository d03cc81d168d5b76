//! Moving in and out: an import again without and with changes, an export, the same at 100,000
//! articles, and what readers feel while an import runs.
//!
//! The client runs on the generator's core, as it would on an operator's machine; the ratios are to
//! the bare engine that indexes the same words with one writer thread.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::collection::Article;
use crate::paced::{self, Paced};
use crate::process::{self, Watch};
use crate::report::{Report, Section, foreign, ms, rate, ratio};
use crate::run::{Bench, LOCALE, output_of};
use crate::server::Server;
use crate::wire::request;
use crate::{out, workloads};

/// The portal of this workload: what others measure stays as it was.
const PORTAL: &str = "moving";
/// One article in so many is changed before the import that finds changes.
const CHANGED_EVERY: usize = 10;
/// Public reads a second while an import runs.
const READS_PER_S: f64 = 500.0;
/// How long readers are alone.
const QUIET: Duration = Duration::from_secs(10);
/// Pages that are read in turns.
const PAGES: usize = 100;

struct Timed {
    what: String,
    articles: usize,
    seconds: f64,
    server_peak_mb: f64,
}

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    let mut timed = Vec::new();
    let folder = bench.scratch.join("moving");
    write_folder(&folder, &bench.collection.articles, 1, None)?;
    let count = bench.collection.articles.len();
    let watch = Watch::begin(&[server.pid()]);
    timed.push(import(
        bench, server, &folder, PORTAL, "import", "created", count,
    )?);
    timed.push(import(
        bench,
        server,
        &folder,
        PORTAL,
        "import again, nothing changed",
        "unchanged",
        count,
    )?);
    write_folder(&folder, &bench.collection.articles, 1, Some(CHANGED_EVERY))?;
    timed.push(import(
        bench,
        server,
        &folder,
        PORTAL,
        "import again, every tenth changed",
        "updated",
        count.div_ceil(CHANGED_EVERY),
    )?);
    timed.push(export(bench, server, PORTAL, count)?);
    if bench.options.copies > 1 {
        let large = bench.scratch.join("moving-large");
        write_folder(
            &large,
            &bench.collection.articles,
            bench.options.copies,
            None,
        )?;
        let count = count * bench.options.copies;
        timed.push(import(
            bench,
            server,
            &large,
            "moving-large",
            "import",
            "created",
            count,
        )?);
        timed.push(import(
            bench,
            server,
            &large,
            "moving-large",
            "import again, nothing changed",
            "unchanged",
            count,
        )?);
        timed.push(export(bench, server, "moving-large", count)?);
    }
    let engine = workloads::indexing::build(bench)?;
    let engine_per_s = engine.articles as f64 / engine.seconds;
    let foreign_share = watch.foreign();
    let rows = timed.iter().map(|t| {
        let per_s = t.articles as f64 / t.seconds;
        vec![
            t.what.clone(),
            t.articles.to_string(),
            format!("{:.1}", t.seconds),
            rate(per_s),
            ratio(per_s, engine_per_s),
            format!("{:.0}", t.server_peak_mb),
        ]
    });
    report.print(&Section {
        title: "Moving in and out",
        columns: &["what", "articles", "seconds", "articles/s", "ratio", "server's peak, MB"],
        rows: rows.collect(),
        notes: vec![
            format!("The ratio is to bare tantivy with one writer thread: {} articles/s.", rate(engine_per_s)),
            "An import's rate counts every article of the folder, changed or not; the peak is the program's resident memory during the step, mapped index files included.".to_owned(),
            foreign(foreign_share),
        ],
    });
    let kept: Vec<Value> = timed
        .iter()
        .map(|t| json!({"what": t.what, "articles": t.articles, "seconds": t.seconds, "server_peak_mb": t.server_peak_mb}))
        .collect();
    report.keep(
        "moving",
        json!({"rows": kept, "bare_tantivy_per_s": engine_per_s, "foreign": foreign_share}),
    )?;
    readers(bench, server, &folder, report)
}

/// Pages read at a fixed rate, alone and while the collection is imported into another portal.
fn readers(bench: &Bench, server: &Server, folder: &Path, report: &mut Report) -> Result<()> {
    out::progress("measuring: readers beside an import");
    let paths = pages(bench, server)?;
    let requests: Rc<Vec<Vec<u8>>> = Rc::new(
        paths
            .iter()
            .map(|path| request("GET", path, &[], None))
            .collect(),
    );
    let task = paced::run(server.address, &requests, READS_PER_S, |since| {
        since >= QUIET / 5
    });
    bench.runtime.block_on(task)?;
    let watch = Watch::begin(&[server.pid()]);
    let task = paced::run(server.address, &requests, READS_PER_S, |since| {
        since >= QUIET
    });
    let quiet = bench.runtime.block_on(task)?;
    let is_done = Arc::new(AtomicBool::new(false));
    let mut command = import_command(bench, folder, "beside");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let done = Arc::clone(&is_done);
    let waiting = std::thread::spawn(move || {
        let status = child.wait();
        done.store(true, Ordering::Relaxed);
        status
    });
    let done = Arc::clone(&is_done);
    let task = paced::run(server.address, &requests, READS_PER_S, move |_| {
        done.load(Ordering::Relaxed)
    });
    let beside = bench.runtime.block_on(task)?;
    let status = waiting
        .join()
        .ok()
        .context("the waiting thread ended badly")??;
    if !status.success() {
        bail!("the import beside readers ended with {status}");
    }
    let foreign_share = watch.foreign();
    let row = |what: &str, paced: &Paced| {
        vec![
            what.to_owned(),
            rate(paced.per_s),
            ms(paced.ms.p50),
            ms(paced.ms.p95),
            ms(paced.ms.p99),
            ms(paced.ms.max),
            ratio(paced.ms.p99, quiet.ms.p99),
        ]
    };
    report.print(&Section {
        title: "Readers beside an import",
        columns: &["what", "reads/s", "p50", "p95", "p99", "max", "p99 to quiet"],
        rows: vec![row("quiet", &quiet), row("during an import", &beside)],
        notes: vec![
            format!("{PAGES} article pages in turns at {READS_PER_S:.0} a second, an open loop: latencies in ms from the moment a request was due."),
            "Server, Postgres and index share one core where processes are pinned.".to_owned(),
            foreign(foreign_share),
        ],
    });
    report.keep(
        "readers_beside_import",
        json!({"quiet": quiet, "beside": beside, "foreign": foreign_share}),
    )
}

/// Paths of public pages of the portal.
fn pages(bench: &Bench, server: &Server) -> Result<Vec<String>> {
    let path = format!("/api/v1/articles?portal={PORTAL}&limit={PAGES}&status=published");
    let page = bench.ask(server.address, "GET", &path, None)?.json(200)?;
    let items = page["items"].as_array().cloned().unwrap_or_default();
    let paths: Vec<String> = items
        .iter()
        .filter_map(|item| item["url"].as_str()?.splitn(4, '/').nth(3))
        .map(|path| format!("/{path}"))
        .collect();
    if paths.is_empty() {
        bail!("the portal {PORTAL} has no public pages");
    }
    Ok(paths)
}

fn import_command(bench: &Bench, folder: &Path, portal: &str) -> std::process::Command {
    let mut command = bench.site.command_here();
    command
        .arg("import")
        .arg(folder)
        .args([
            "--portal",
            portal,
            "--source",
            "bench",
            "--locale",
            LOCALE,
            "--json",
            "--data-dir",
        ])
        .arg(&bench.site.data_dir);
    command
}

fn import(
    bench: &Bench,
    server: &Server,
    folder: &Path,
    portal: &str,
    what: &str,
    word: &str,
    wanted: usize,
) -> Result<Timed> {
    out::progress(&format!("measuring: {what} into {portal}"));
    process::forget_peak(server.pid());
    let began = Instant::now();
    let done: Value = output_of(&mut import_command(bench, folder, portal))?;
    let seconds = began.elapsed().as_secs_f64();
    if done[word] != json!(wanted) || done["failed"] != 0 {
        bail!("{what}: {word} should be {wanted}: {done}");
    }
    let files: usize = ["created", "updated", "unchanged"]
        .iter()
        .filter_map(|word| usize::try_from(done[*word].as_u64()?).ok())
        .sum();
    Ok(Timed {
        what: what.to_owned(),
        articles: files,
        seconds,
        server_peak_mb: process::peak_mb(server.pid()),
    })
}

fn export(bench: &Bench, server: &Server, portal: &str, count: usize) -> Result<Timed> {
    out::progress(&format!("measuring: export of {portal}"));
    let dir: PathBuf = bench.scratch.join(format!("exported-{portal}"));
    process::forget_peak(server.pid());
    let mut command = bench.site.command_here();
    command
        .arg("export")
        .arg(&dir)
        .args(["--portal", portal, "--json", "--data-dir"])
        .arg(&bench.site.data_dir);
    let began = Instant::now();
    let done: Value = output_of(&mut command)?;
    let seconds = began.elapsed().as_secs_f64();
    if done["articles"] != json!(count) {
        bail!("the export should have {count} articles: {done}");
    }
    fs::remove_dir_all(&dir).ok();
    Ok(Timed {
        what: "export".to_owned(),
        articles: count,
        seconds,
        server_peak_mb: process::peak_mb(server.pid()),
    })
}

/// Writes the articles `copies` times, each copy with ids and titles of its own; every `changed`-th
/// with one more line.
fn write_folder(
    folder: &Path,
    articles: &[Article],
    copies: usize,
    changed: Option<usize>,
) -> Result<()> {
    for copy in 0..copies {
        let dir = folder.join(format!("copy-{copy:03}"));
        fs::create_dir_all(&dir)?;
        for (at, article) in articles.iter().enumerate() {
            let (id, title) = match copy {
                0 => (article.source_id.clone(), article.title.clone()),
                n => (
                    format!("{}-{n}", article.source_id),
                    format!("{} ({n})", article.title),
                ),
            };
            let more = match changed {
                Some(every) if at.is_multiple_of(every) => "\n\nOne more line.\n",
                _ => "",
            };
            let text = format!(
                "---\nid: {}\ntitle: {}\n---\n\n{}{more}",
                serde_json::to_string(&id)?,
                serde_json::to_string(&title)?,
                article.body
            );
            fs::write(dir.join(format!("{at:06}.md")), text)?;
        }
    }
    Ok(())
}
