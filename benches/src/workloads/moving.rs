//! Moving in and out: an import again without and with changes, an export, the same at 100,000
//! articles.
//!
//! The client runs on the generator's core, as it would on an operator's machine; the ratios are to
//! the bare engine that indexes the same words with one writer thread.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::collection::Article;
use crate::process::{self, Watch};
use crate::report::{Report, Section, foreign, rate, ratio};
use crate::run::{Bench, LOCALE, output_of};
use crate::server::Server;
use crate::{out, workloads};

/// The portal of this workload: what others measure stays as it was.
const PORTAL: &str = "moving";
/// One article in so many is changed before the import that finds changes.
const CHANGED_EVERY: usize = 10;

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
    )
}

pub(super) fn import_command(bench: &Bench, folder: &Path, portal: &str) -> std::process::Command {
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
pub(super) fn write_folder(
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
