//! Search through REST, ten hits with snippets, beside the same plan called in a process of its own
//! on a copy of the same index. Both search the same queries, each once a run, and must find the
//! same articles.

use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::floor::search::{Found, HITS};
use crate::latency::median;
use crate::load::{Measured, Until, run as load};
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, rate, ratio};
use crate::run::{Bench, LOCALE, PORTAL, output_of};
use crate::server::{Server, copy_dir};
use crate::wire::{encode, request};

const CONNECTIONS: [usize; 2] = [1, 8];

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    out::progress("measuring: search");
    let queries = &bench.collection.queries;
    let paths: Vec<String> = queries.iter().map(|query| path(query)).collect();
    let key = [("x-api-key", bench.key.as_str())];
    let requests: Vec<_> = paths
        .iter()
        .map(|p| request("GET", p, &key, None))
        .collect();
    let requests = Rc::new(requests);
    let floor = Floor::prepare(bench, server)?;
    let once = Until::Requests(requests.len());

    let mut direct: Vec<Found> = Vec::new();
    let mut ranked: Vec<Found> = Vec::new();
    let mut through: [Vec<Measured>; 2] = Default::default();
    let mut foreign_max: f64 = 0.0;
    for _ in 0..bench.options.runs {
        direct.push(floor.search(bench, true)?);
        ranked.push(floor.search(bench, false)?);
        for (connections, runs) in CONNECTIONS.into_iter().zip(&mut through) {
            let ask = || load(server.address, &requests, connections, once);
            bench.runtime.block_on(ask())?;
            let watch = Watch::begin(&[server.pid()]);
            let measured = bench.runtime.block_on(ask())?;
            runs.push(measured.with_servers_cpu(watch.servers_cpu_s()));
            foreign_max = foreign_max.max(watch.foreign());
        }
    }
    let differing = count_differing(bench, server, &paths, &direct[0].ids)?;
    let of = |runs: &[Found], pick: fn(&Found) -> f64| median(runs.iter().map(pick));
    let floor_per_s = of(&direct, |f| f.per_s);
    let in_process = |name: &str, runs: &[Found]| {
        vec![
            name.to_owned(),
            rate(of(runs, |f| f.per_s)),
            ms(of(runs, |f| f.p50)),
            ms(of(runs, |f| f.p95)),
            ms(of(runs, |f| f.p99)),
            ratio(of(runs, |f| f.per_s), floor_per_s),
        ]
    };
    let through = through.map(|runs| Measured::median(&runs));
    let mut rows: Vec<Vec<String>> = through
        .iter()
        .map(|m| {
            vec![
                format!("REST, {} connections", m.connections),
                rate(m.per_s),
                ms(m.ms.p50),
                ms(m.ms.p95),
                ms(m.ms.p99),
                ratio(m.per_s, floor_per_s),
            ]
        })
        .collect();
    rows.push(in_process("in process, one thread", &direct));
    rows.push(in_process("in process, without snippets", &ranked));
    report.print(&Section {
        title: "Search, ten hits with snippets",
        columns: &["how", "per s", "p50", "p95", "p99", "ratio"],
        rows,
        notes: vec![
            format!(
                "{} queries of all kinds, each once a run; {:.0} bytes an answer.",
                queries.len(),
                through[0].body_bytes_mean
            ),
            format!("{differing} of them found other articles through REST than in process."),
            format!(
                "Processor time a search, Postgres included: {:.1} ms through REST at {} connections.",
                through[1].server_cpu_us / 1e3,
                through[1].connections
            ),
            foreign(foreign_max),
        ],
    });
    let numbers = |runs: &[Found]| {
        json!({
            "per_s": of(runs, |f| f.per_s), "p50": of(runs, |f| f.p50),
            "p95": of(runs, |f| f.p95), "p99": of(runs, |f| f.p99),
        })
    };
    report.keep(
        "search",
        json!({
            "rest": through, "in_process": numbers(&direct), "in_process_ranking": numbers(&ranked),
            "queries": queries.len(), "differing": differing, "foreign_max": foreign_max,
        }),
    )
}

pub(super) fn path(query: &str) -> String {
    format!(
        "/api/v1/search?portal={PORTAL}&locale={LOCALE}&limit={HITS}&q={}",
        encode(query)
    )
}

/// A copy of the index, and the queries in a file.
pub(super) struct Floor {
    portal: String,
}

impl Floor {
    pub(super) fn prepare(bench: &Bench, server: &Server) -> Result<Self> {
        let portals = bench.ask(server.address, "GET", "/api/v1/portals", None)?;
        let portals = portals.json(200)?;
        let portal = portals["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|portal| portal["slug"] == PORTAL);
        let portal = portal.and_then(|p| p["id"].as_str());
        let copy = Self::index(bench);
        if copy.exists() {
            std::fs::remove_dir_all(&copy)?;
        }
        copy_dir(&bench.site.index(), &copy)?;
        let queries = bench.collection.queries.join("\n");
        std::fs::write(Self::queries(bench), queries)?;
        Ok(Self {
            portal: portal.context("the portal is listed")?.to_owned(),
        })
    }

    /// Where the copy is.
    fn index(bench: &Bench) -> PathBuf {
        bench.scratch.join("index-copy")
    }

    /// The queries, one a line.
    pub(super) fn queries(bench: &Bench) -> PathBuf {
        bench.scratch.join("queries.txt")
    }

    /// Tells a floor where the copy is and what to ask.
    pub(super) fn ask<'a>(&self, command: &'a mut Command, bench: &Bench) -> &'a mut Command {
        command
            .arg("--index")
            .arg(Self::index(bench))
            .args(["--portal", &self.portal, "--locale", LOCALE])
            .arg("--queries")
            .arg(Self::queries(bench))
    }

    pub(super) fn search(&self, bench: &Bench, snippets: bool) -> Result<Found> {
        let mut command = bench.floor("floor-search")?;
        self.ask(&mut command, bench);
        if !snippets {
            command.arg("--no-snippets");
        }
        output_of(&mut command)
    }
}

/// Asks every query once more and compares the articles, in their order.
fn count_differing(
    bench: &Bench,
    server: &Server,
    paths: &[String],
    direct: &[Vec<String>],
) -> Result<usize> {
    if paths.len() != direct.len() {
        bail!(
            "the floor answered {} of {} queries",
            direct.len(),
            paths.len()
        );
    }
    bench.runtime.block_on(async {
        let mut connection = crate::wire::Connection::open(server.address).await?;
        let mut differing = 0;
        for (path, ids) in paths.iter().zip(direct) {
            let key = [("x-api-key", bench.key.as_str())];
            let answer = connection.ask("GET", path, &key, None).await?.json(200)?;
            let items = answer["items"].as_array().map(Vec::as_slice);
            let found = items.unwrap_or_default().iter().map(|item| &item["id"]);
            if !found.eq(ids
                .iter()
                .map(|id| Value::from(id.as_str()))
                .collect::<Vec<_>>()
                .iter())
            {
                differing += 1;
            }
        }
        Ok(differing)
    })
}
