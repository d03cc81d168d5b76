//! From exec to the line that says it is ready, with the collection in the database and its index
//! present. The private Postgres starts in that time too; it was stopped in order before.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::latency::median;
use crate::out;
use crate::pin::Place;
use crate::report::{Report, Section};
use crate::run::Bench;
use crate::server::Server;

/// Gives back a running server.
pub(crate) fn run(
    bench: &Bench,
    server: Server,
    first_start: Duration,
    report: &mut Report,
) -> Result<Server> {
    out::progress("measuring: cold start");
    server.stop()?;
    let places = [
        ("on all cores", Place::Anywhere),
        ("on the server's core", Place::ServerCore),
    ];
    let mut rows = vec![vec![
        "first start, empty directory (once)".to_owned(),
        format!("{:.0}", milliseconds(first_start)),
        String::new(),
    ]];
    let mut kept = vec![json!({"what": "first start", "ms": milliseconds(first_start)})];
    for (what, place) in places {
        let mut took = Vec::new();
        for _ in 0..bench.options.runs {
            let server = bench.site.start(place)?;
            took.push(milliseconds(server.ready_after));
            server.stop()?;
        }
        rows.push(vec![
            what.to_owned(),
            format!("{:.0}", median(took.iter().copied())),
            format!("{:.0}", took.iter().copied().fold(0.0, f64::max)),
        ]);
        kept.push(json!({"what": what, "ms": took}));
    }
    report.print(&Section {
        title: "Cold start, ms",
        columns: &["where", "median", "max"],
        rows,
        notes: vec![
            "From exec to ready, Postgres included; every index file is read and checked."
                .to_owned(),
        ],
    });
    report.keep("cold_start", kept)?;
    bench.site.start(Place::ServerCore)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
