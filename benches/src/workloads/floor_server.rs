//! Search with ten snippets through REST, beside the floor server: bare axum over the plain ap-1.0 plan
//! with the engine's own snippets of whole bodies. And what REST adds to the same search in process.
//!
//! The floor server checks no key, knows no portal, counts nothing and answers id, title, score and
//! snippet; it runs its searches on its one worker, as Cairn does not.

use std::rc::Rc;

use anyhow::Result;
use serde_json::json;

use super::plain;
use super::search::{Floor, path};
use crate::floor::search::Found;
use crate::latency::median;
use crate::limit::{Judged, Limit, unlimited};
use crate::load::{Measured, Until, run as load};
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, rate};
use crate::run::Bench;
use crate::server::Server;
use crate::serving::Serving;
use crate::wire::{encode, request};

const CONNECTIONS: [usize; 2] = [1, 8];
/// Searches a second to those of the floor server.
const RATE: Limit = Limit::AtLeast(2.0);
/// The median through REST to the median in process.
const REST: Limit = Limit::AtMost(1.3);

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    let room = Floor::prepare(bench, server)?;
    if !plain::dir(bench).exists() {
        plain::build(bench)?;
    }
    out::progress("measuring: search beside the floor server");
    let mut command = bench.floor("floor-plain")?;
    command.arg("--dir").arg(plain::dir(bench)).arg("--serve");
    let serving = Serving::start(&mut command)?;
    let queries = &bench.collection.queries;
    let key = [("x-api-key", bench.key.as_str())];
    let own: Rc<Vec<_>> = Rc::new(
        queries
            .iter()
            .map(|query| request("GET", &path(query), &key, None))
            .collect(),
    );
    let floor: Rc<Vec<_>> = Rc::new(
        queries
            .iter()
            .map(|query| format!("/search?snip=1&q={}", encode(query)))
            .map(|path| request("GET", &path, &[], None))
            .collect(),
    );
    let once = Until::Requests(queries.len());
    let sides = [(server.address, &own), (serving.address, &floor)];
    let mut measured: [[Vec<Measured>; 2]; 2] = Default::default();
    let mut direct: Vec<Found> = Vec::new();
    let mut foreign_max: f64 = 0.0;
    for _ in 0..bench.options.runs {
        direct.push(room.search(bench, true)?);
        for (connections, sides_of) in CONNECTIONS.into_iter().zip(&mut measured) {
            for ((address, requests), runs) in sides.into_iter().zip(sides_of) {
                let ask = || load(address, requests, connections, once);
                bench.runtime.block_on(ask())?;
                let watch = Watch::begin(&[server.pid(), serving.pid()]);
                let one = bench.runtime.block_on(ask())?;
                runs.push(one.with_servers_cpu(watch.servers_cpu_s()));
                foreign_max = foreign_max.max(watch.foreign());
            }
        }
    }
    drop(serving);
    let measured = measured.map(|sides| sides.map(|runs| Measured::median(&runs)));
    let mut rows = Vec::new();
    let mut judged = Vec::new();
    for [own, floor] in &measured {
        let name = format!(
            "searches a second through REST to the floor server's, {} connections",
            own.connections
        );
        let one = Judged::new(name, own.per_s, floor.per_s, RATE);
        rows.push(row("REST", own, one.cells()));
        rows.push(row("floor server", floor, unlimited("1".to_owned())));
        judged.push(one);
    }
    let direct_p50 = median(direct.iter().map(|found| found.p50));
    let rest = Judged::new(
        "search p50 through REST, 1 connection, to in process",
        measured[0][0].ms.p50,
        direct_p50,
        REST,
    );
    report.print(&Section {
        title: "Search with ten snippets, beside the floor server",
        columns: &[
            "how", "per s", "p50", "p95", "p99", "CPU ms", "bytes", "ratio", "limit",
        ],
        rows,
        notes: vec![
            format!(
                "{} queries of all kinds, each once a run. Ratios are rate to rate of the floor server at as many connections.",
                queries.len()
            ),
            format!(
                "In process the median search takes {} ms; through REST at 1 connection {} times that ({}).",
                ms(direct_p50),
                rest.ratio(),
                rest.verdict()
            ),
            "CPU is processor time a search, Cairn's with Postgres.".to_owned(),
            foreign(foreign_max),
        ],
    });
    report.judge(judged);
    report.judge([rest]);
    report.keep(
        "beside_the_floor_server",
        json!({"measured": measured, "in_process_p50": direct_p50, "foreign_max": foreign_max}),
    )
}

fn row(what: &str, m: &Measured, ends: [String; 2]) -> Vec<String> {
    let mut row = vec![
        format!("{what}, {} connections", m.connections),
        rate(m.per_s),
        ms(m.ms.p50),
        ms(m.ms.p95),
        ms(m.ms.p99),
        ms(m.server_cpu_us / 1e3),
        format!("{:.0}", m.body_bytes_mean),
    ];
    row.extend(ends);
    row
}
