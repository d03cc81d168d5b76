//! What searchers feel while the index is built anew: searches with snippets at a fixed rate, alone and
//! beside one reindex after the other.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use super::readers::{BULK_NICENESS, beside_a_loop};
use super::search::path;
use crate::limit::{Judged, Limit, unlimited};
use crate::out;
use crate::paced::{self, Paced, Target};
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, rate, ratio};
use crate::run::{Bench, PORTAL};
use crate::server::Server;
use crate::wire::{Connection, request};

/// Searches a second: a busy help center, well below what one core answers.
const SEARCHES_PER_S: f64 = 50.0;
/// How long each stretch takes; 1,000 searches, so that ten are beyond the 99th percentile.
const STRETCH: Duration = Duration::from_secs(20);
/// What a reindex may cost searches.
const LIMIT: Limit = Limit::AtMost(1.25);

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    out::progress("measuring: searches beside a reindex");
    let key = [("x-api-key", bench.key.as_str())];
    let queries = bench.collection.queries.iter();
    let requests = queries.map(|query| request("GET", &path(query), &key, None));
    let target = Target {
        address: server.address,
        requests: Rc::new(requests.collect()),
    };
    let search = |stretch: Duration| {
        let task = paced::run(&target, SEARCHES_PER_S, move |since| since >= stretch);
        bench.runtime.block_on(task)
    };
    search(STRETCH / 5)?;
    let watch = Watch::begin(&[server.pid()]);
    let quiet = search(STRETCH)?;
    let looped = beside_a_loop(bench, || search(STRETCH))?;
    let (beside, reindexes) = while_reindexing(bench, target.address, STRETCH, |is_over| {
        let task = paced::run(&target, SEARCHES_PER_S, is_over);
        bench.runtime.block_on(task)
    })?;
    let quiet_again = search(STRETCH)?;
    let foreign_share = watch.foreign();
    let quiet_p99 = f64::midpoint(quiet.ms.p99, quiet_again.ms.p99);
    let judged = Judged::new(
        "search p99 beside a reindex to quiet",
        beside.ms.p99,
        quiet_p99,
        LIMIT,
    );
    let row = |what: &str, paced: &Paced, ends: Option<[String; 2]>| {
        let mut row = vec![
            what.to_owned(),
            rate(paced.per_s),
            ms(paced.ms.p50),
            ms(paced.ms.p95),
            ms(paced.ms.p99),
            ms(paced.ms.max),
        ];
        row.extend(ends.unwrap_or_else(|| unlimited(ratio(paced.ms.p99, quiet_p99))));
        row
    };
    report.print(&Section {
        title: "Searches beside a reindex",
        columns: &[
            "what", "searches/s", "p50", "p95", "p99", "max", "p99 to quiet", "limit",
        ],
        rows: vec![
            row("quiet", &quiet, None),
            row("beside a loop of that priority", &looped, None),
            row("beside reindexes", &beside, Some(judged.cells())),
            row("quiet again", &quiet_again, None),
        ],
        notes: vec![
            format!("{SEARCHES_PER_S:.0} searches with ten snippets a second, an open loop: latencies in ms from the moment a request was due. {reindexes} reindexes, one after the other."),
            format!("Ratios are to the mean of both quiet runs. The loop runs at nice {BULK_NICENESS} on the server's core and touches nothing: what it costs is the system's own."),
            "Server, Postgres and index share one core where processes are pinned; --no-pin gives them all.".to_owned(),
            foreign(foreign_share),
        ],
    });
    report.keep(
        "searches_beside_reindex",
        json!({"quiet": quiet, "beside_a_loop": looped, "beside": beside, "quiet_again": quiet_again, "reindexes": reindexes, "ratio": judged, "foreign": foreign_share}),
    )?;
    report.judge([judged]);
    Ok(())
}

/// Reads while the portal is reindexed over and over, for `stretch`; readers wait for the end of the last reindex.
pub(super) fn while_reindexing<T>(
    bench: &Bench,
    address: SocketAddr,
    stretch: Duration,
    read: impl FnOnce(Box<dyn Fn(Duration) -> bool + Send>) -> Result<T>,
) -> Result<(T, usize)> {
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    let key = bench.key.clone();
    let reindexing = std::thread::spawn(move || -> Result<usize> {
        let told = || -> Result<usize> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let mut count = 0;
            let began = Instant::now();
            while began.elapsed() < stretch {
                runtime.block_on(async {
                    let mut connection = Connection::open(address).await?;
                    let (path, body) = ("/api/v1/reindexes", json!({"portal": PORTAL}));
                    let key = [("x-api-key", key.as_str())];
                    let answer = connection.ask("POST", path, &key, Some(&body)).await?;
                    answer.json(200)
                })?;
                count += 1;
            }
            Ok(count)
        };
        let told = told();
        done.store(true, Ordering::Relaxed);
        told
    });
    let measured = read(Box::new(move |_| is_done.load(Ordering::Relaxed)));
    let reindexes = reindexing.join().ok().context("the thread ended badly")??;
    Ok((measured?, reindexes))
}
