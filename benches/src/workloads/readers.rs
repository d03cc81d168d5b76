//! What readers feel while an import runs: public pages at a fixed rate, alone and beside an import
//! into another portal.
//!
//! The import's client runs on the generator's core; it stands back for the generator, as it does for
//! everybody else on an operator's machine.

use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::moving::{import_command, write_folder};
use crate::out;
use crate::paced::{self, Paced};
use crate::pin::Place;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, rate, ratio};
use crate::run::{Bench, PORTAL};
use crate::server::Server;
use crate::wire::request;

/// As far as Cairn's own bulk work stands back.
pub(super) const BULK_NICENESS: i32 = 10;
/// Where the import beside the readers goes.
const BESIDE: &str = "beside";
/// Public reads a second.
const READS_PER_S: f64 = 500.0;
/// How long readers are alone.
const QUIET: Duration = Duration::from_secs(10);
/// Pages that are read in turns.
const PAGES: usize = 100;

/// Pages read at a fixed rate, alone and while the collection is imported into another portal.
pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    out::progress("measuring: readers beside an import");
    let folder = bench.scratch.join("beside");
    write_folder(&folder, &bench.collection.articles, 1, None)?;
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
    let alone = || {
        let task = paced::run(server.address, &requests, READS_PER_S, |since| {
            since >= QUIET
        });
        bench.runtime.block_on(task)
    };
    let quiet = alone()?;
    let looped = beside_a_loop(bench, alone)?;
    let is_done = Arc::new(AtomicBool::new(false));
    let mut command = import_command(bench, &folder, BESIDE);
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
    let quiet_again = alone()?;
    let quiet_p99 = f64::midpoint(quiet.ms.p99, quiet_again.ms.p99);
    let foreign_share = watch.foreign();
    let row = |what: &str, paced: &Paced| {
        vec![
            what.to_owned(),
            rate(paced.per_s),
            ms(paced.ms.p50),
            ms(paced.ms.p95),
            ms(paced.ms.p99),
            ms(paced.ms.max),
            ratio(paced.ms.p99, quiet_p99),
        ]
    };
    report.print(&Section {
        title: "Readers beside an import",
        columns: &["what", "reads/s", "p50", "p95", "p99", "max", "p99 to quiet"],
        rows: vec![
            row("quiet", &quiet),
            row("beside a loop of that priority", &looped),
            row("during an import", &beside),
            row("quiet again", &quiet_again),
        ],
        notes: vec![
            format!("{PAGES} article pages in turns at {READS_PER_S:.0} a second, an open loop: latencies in ms from the moment a request was due."),
            format!("Ratios are to the mean of both quiet runs. The loop runs at nice {BULK_NICENESS} on the server's core and touches nothing: what it costs is the system's own."),
            "Server, Postgres and index share one core where processes are pinned.".to_owned(),
            foreign(foreign_share),
        ],
    });
    report.keep(
        "readers_beside_import",
        json!({"quiet": quiet, "beside_a_loop": looped, "beside": beside, "quiet_again": quiet_again, "foreign": foreign_share}),
    )
}

/// The same while a loop that stands back as far as an import keeps the server's core busy.
pub(super) fn beside_a_loop(bench: &Bench, readers: impl Fn() -> Result<Paced>) -> Result<Paced> {
    let mut command = bench.site.pins.command("nice", Place::ServerCore);
    command.args(["-n", &BULK_NICENESS.to_string()]);
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let mut child = command.arg(program).arg("floor-loop").spawn()?;
    let read = readers();
    child.kill()?;
    child.wait()?;
    read
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
