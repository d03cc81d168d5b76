//! What readers feel while an import runs: public pages at a fixed rate, alone and beside an import
//! into another portal, in several rounds.
//! And while their own portal is reindexed.
//!
//! Bare axum that sends the same bytes is read in turns with Cairn: what it loses beside the import, the machine
//! takes from everybody. The import's client runs on the generator's core; it stands back for the generator, as it
//! does for everybody else on an operator's machine.

use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::beside_reindex::while_reindexing;
use super::http::{capture, start_floor};
use super::moving::{import_command, write_folder};
use crate::limit::{Judged, Limit, unlimited};
use crate::out;
use crate::paced::{self, Heard, Paced, Target};
use crate::pin::Place;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, rate, ratio};
use crate::run::{Bench, PORTAL};
use crate::server::Server;
use crate::wire::request;

/// As far as Cairn's own bulk work stands back.
pub(super) const BULK_NICENESS: i32 = 10;
/// Public reads a second.
const READS_PER_S: f64 = 500.0;
/// How long readers are alone, in each round.
const QUIET: Duration = Duration::from_secs(10);
/// Pages that are read in turns.
const PAGES: usize = 100;
/// What an import may cost readers.
const LIMIT: Limit = Limit::AtMost(1.25);

/// Pages read at a fixed rate, alone and while the collection is imported into another portal.
pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    out::progress("measuring: readers beside an import");
    let folder = bench.scratch.join("beside");
    write_folder(&folder, &bench.collection.articles, 1, None)?;
    let paths = pages(bench, server)?;
    let answers = capture(bench, server, &paths, &[], 200)?;
    let floor = start_floor(bench, &answers, false)?;
    let gets = |path: &dyn Fn(usize) -> String| {
        let all = (0..paths.len()).map(|at| request("GET", &path(at), &[], None));
        Rc::new(all.collect::<Vec<_>>())
    };
    let both = Both {
        bench,
        cairn: Target {
            address: server.address,
            requests: gets(&|at| paths[at].clone()),
        },
        axum: Target {
            address: floor.address,
            requests: gets(&|at| format!("/memory/{at}")),
        },
    };
    both.alone(QUIET / 5)?;
    let watch = Watch::begin(&[server.pid(), floor.pid()]);
    let [mut quiet, mut looped, mut beside, mut reindexing] = <[[Heard; 2]; 4]>::default();
    for round in 0..bench.options.runs {
        add(&mut quiet, both.alone(QUIET / 2)?);
        let portal = format!("beside-{round}");
        add(&mut beside, both.beside_an_import(&folder, &portal)?);
        let of_reindex =
            while_reindexing(bench, server.address, QUIET, |is_over| both.read(is_over));
        add(&mut reindexing, of_reindex?.0);
        add(&mut looped, beside_a_loop(bench, || both.alone(QUIET))?);
        add(&mut quiet, both.alone(QUIET / 2)?);
    }
    let foreign_share = watch.foreign();
    let [quiet, looped, beside, reindexing] =
        [quiet, looped, beside, reindexing].map(|both| both.map(Heard::paced));
    let judge = |what: &str, one: &[Paced; 2]| {
        let what = format!("pages' p99 beside {what} to quiet");
        Judged::new(what, one[0].ms.p99, quiet[0].ms.p99, LIMIT)
    };
    let of_import = judge("an import", &beside);
    let of_reindex = judge("a reindex", &reindexing);
    let row = |what: &str, paced: &Paced, ends: [String; 2]| {
        let mut row = vec![
            what.to_owned(),
            rate(paced.per_s),
            ms(paced.ms.p50),
            ms(paced.ms.p95),
            ms(paced.ms.p99),
            ms(paced.ms.p999),
            ms(paced.ms.max),
        ];
        row.extend(ends);
        row
    };
    let beside_quiet = |one: &[Paced; 2], at: usize| {
        let p99 = ratio(one[at].ms.p99, quiet[at].ms.p99);
        unlimited(p99)
    };
    let loop_name = "beside a loop of that priority";
    report.print(&Section {
        title: "Readers beside an import",
        columns: &[
            "what", "reads/s", "p50", "p95", "p99", "p99.9", "max", "p99 to quiet", "limit",
        ],
        rows: vec![
            row("Cairn, quiet", &quiet[0], unlimited("1".to_owned())),
            row("Cairn, during an import", &beside[0], of_import.cells()),
            row("Cairn, during reindexes", &reindexing[0], of_reindex.cells()),
            row(&format!("Cairn, {loop_name}"), &looped[0], beside_quiet(&looped, 0)),
            row("axum, quiet", &quiet[1], unlimited("1".to_owned())),
            row("axum, during the import", &beside[1], beside_quiet(&beside, 1)),
            row("axum, during the reindexes", &reindexing[1], beside_quiet(&reindexing, 1)),
            row(&format!("axum, {loop_name}"), &looped[1], beside_quiet(&looped, 1)),
        ],
        notes: vec![
            format!("{PAGES} article pages in turns at {READS_PER_S:.0} a second, an open loop: latencies in ms from the moment a request was due. All rounds together: {}.", bench.options.runs),
            "Bare axum sends the same bytes from memory, read as often at the same time: what it loses is the machine's own.".to_owned(),
            format!("The loop runs at nice {BULK_NICENESS} on the server's core and touches nothing."),
            "Server, Postgres and index share one core where processes are pinned; --no-pin gives them all.".to_owned(),
            foreign(foreign_share),
        ],
    });
    report.keep(
        "readers_beside_import",
        json!({"quiet": quiet, "beside_a_loop": looped, "beside": beside, "reindexing": reindexing, "ratio": of_import, "ratio_reindex": of_reindex, "foreign": foreign_share}),
    )?;
    report.judge([of_import, of_reindex]);
    Ok(())
}

fn add(sum: &mut [Heard; 2], more: [Heard; 2]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        sum.add(more);
    }
}

/// Cairn and the least program that sends the same bytes.
struct Both<'a> {
    bench: &'a Bench,
    cairn: Target,
    axum: Target,
}

impl Both<'_> {
    fn read(&self, is_over: impl Fn(Duration) -> bool + Send + 'static) -> Result<[Heard; 2]> {
        let task = paced::run_each([&self.cairn, &self.axum], READS_PER_S, is_over);
        self.bench.runtime.block_on(task)
    }

    fn alone(&self, stretch: Duration) -> Result<[Heard; 2]> {
        self.read(move |since| since >= stretch)
    }

    fn beside_an_import(&self, folder: &Path, portal: &str) -> Result<[Heard; 2]> {
        let mut child = import_command(self.bench, folder, portal)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let waiting = std::thread::spawn(move || {
            let status = child.wait();
            done.store(true, Ordering::Relaxed);
            status
        });
        let heard = self.read(move |_| is_done.load(Ordering::Relaxed))?;
        let status = waiting
            .join()
            .ok()
            .context("the waiting thread ended badly")??;
        if !status.success() {
            bail!("the import beside readers ended with {status}");
        }
        Ok(heard)
    }
}

/// The same while a loop that stands back as far as an import keeps the server's core busy.
pub(super) fn beside_a_loop<T>(bench: &Bench, readers: impl Fn() -> Result<T>) -> Result<T> {
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
