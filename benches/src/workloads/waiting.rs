//! A write that asks to be answered when it can be found (`wait=searchable`): how long that takes, and
//! whether the next search finds it. Where the server does not know the word, or takes it and answers
//! before the write can be found, the report says so instead of a number.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::freshness::{short, word};
use crate::latency::Latencies;
use crate::limit::{Judged, Limit};
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms};
use crate::run::{Bench, LOCALE, PORTAL};
use crate::server::Server;
use crate::wire::Connection;

/// Milliseconds after which a write is answered, found or not.
const BOUND_MS: f64 = 2_000.0;
/// Words of this workload begin where those of other writes end.
const FIRST_WORD: usize = 1_000_000;

/// What the writes took.
struct Waited {
    latencies: Latencies,
    /// Writes that the search right after the answer did not find.
    missed: usize,
}

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    out::progress("measuring: writes that wait until they can be found");
    let watch = Watch::begin(&[server.pid()]);
    let waited = match bench.runtime.block_on(write_all(bench, server))? {
        Ok(waited) => waited,
        Err(refusal) => {
            let judged = judge(f64::NAN);
            report.print(&Section {
                title: "Write that waits until it can be found",
                columns: &["what", "measured", "limit"],
                rows: vec![vec![
                    "POST with wait=searchable".to_owned(),
                    "not offered".to_owned(),
                    judged.verdict(),
                ]],
                notes: vec![format!("The server answered {refusal}.")],
            });
            report.judge([judged]);
            return report.keep("waiting", json!({"refused": refusal}));
        }
    };
    let missed = waited.missed;
    let times = waited.latencies.percentiles();
    // A bound that is kept by answering too early is none.
    let slowest = if missed == 0 { times.max } else { f64::NAN };
    let judged = judge(slowest);
    let [ratio, limit] = judged.cells();
    report.print(&Section {
        title: "Write that waits until it can be found, ms",
        columns: &["what", "p50", "p99", "max", "max to 2 s", "limit"],
        rows: vec![vec![
            "POST with wait=searchable to 201".to_owned(),
            ms(times.p50),
            ms(times.p99),
            ms(times.max),
            ratio,
            limit,
        ]],
        notes: vec![
            format!(
                "{} writes, one after the other; the search right after the answer missed {missed}.",
                bench.options.writes
            ),
            foreign(watch.foreign()),
        ],
    });
    report.keep(
        "waiting",
        json!({"ms": times, "missed": missed, "foreign": watch.foreign()}),
    )?;
    report.judge([judged]);
    Ok(())
}

fn judge(slowest_ms: f64) -> Judged {
    let what = "slowest write that waits until it can be found, to 2 s";
    Judged::new(what, slowest_ms, BOUND_MS, Limit::AtMost(1.0))
}

/// The writes, or what the server said to the first of them.
async fn write_all(bench: &Bench, server: &Server) -> Result<Result<Waited, String>> {
    let key = ("x-api-key", bench.key.as_str());
    let mut connection = Connection::open(server.address).await?;
    let count = bench.options.writes;
    let articles = bench.collection.typical(count);
    let mut waited = Waited {
        latencies: Latencies::default(),
        missed: 0,
    };
    for number in 0..count {
        let article = articles[number % articles.len()];
        let word = word(FIRST_WORD + number);
        let body = json!({
            "portal": PORTAL, "locale": LOCALE, "status": "published",
            "title": format!("{} {word}", short(&article.title)),
            "body": format!("{}\n\nKnown as {word}.\n", article.body),
        });
        let once = format!("bench-wait-{number}");
        let headers = [key, ("idempotency-key", once.as_str())];
        let began = Instant::now();
        let path = "/api/v1/articles?wait=searchable";
        let made = connection.ask("POST", path, &headers, Some(&body)).await?;
        let took = began.elapsed();
        if number == 0 && matches!(made.status, 400 | 404 | 422) {
            let said = serde_json::from_slice(&made.body).unwrap_or(Value::Null);
            let detail = said["detail"].as_str().unwrap_or("without a reason");
            return Ok(Err(format!("{}: {detail}", made.status)));
        }
        let made = made.json(201)?;
        let id = made["id"].as_str().context("an article has an id")?;
        let path = format!("/api/v1/search?portal={PORTAL}&locale={LOCALE}&limit=3&q={word}");
        let answer = connection.ask("GET", &path, &[key], None).await?;
        if answer.status != 200 {
            bail!("search answered {}", answer.status);
        }
        let is_found = String::from_utf8_lossy(&answer.body).contains(&format!("\"id\":\"{id}\""));
        waited.latencies.push(took);
        waited.missed += usize::from(!is_found);
    }
    Ok(Ok(waited))
}
