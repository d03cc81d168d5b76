//! The article page and the REST read, beside bare axum with the same bytes and beside bare axum
//! with one primary-key select of them.

use std::rc::Rc;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::floor::http::Answers;
use crate::limit::{Judged, Limit};
use crate::load::{Measured, Until, run_wanting as load};
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, percent, rate, ratio};
use crate::run::{Bench, PORTAL};
use crate::server::Server;
use crate::serving::Serving;
use crate::wire::{encode, request};

const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// An article's page, of bare axum with the same bytes.
const ARTICLE: Limit = Limit::AtLeast(0.5);
/// Any other page; one that is not there costs what a hit does.
const OTHER: Limit = Limit::AtLeast(0.4);
/// Articles read in turns: typical ones, so that all bodies are of about one size.
const ARTICLES: usize = 100;
/// The part of a run that warms up before it.
const WARM_UP: f64 = 0.2;
/// What an answer's sender adds by itself.
const NOT_COPIED: [&str; 4] = ["date", "content-length", "transfer-encoding", "connection"];

/// A typical article as the server knows it.
struct Known {
    id: String,
    path: String,
}

/// The public page from the cache of rendered pages, plain and as browsers ask for it.
pub(crate) fn article_page(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    let paths: Vec<String> = typical(bench, server)?
        .into_iter()
        .map(|known| known.path)
        .collect();
    let plain = What {
        name: "page",
        title: "Article page, cached",
        paths: paths.clone(),
        headers: &[],
        status: 200,
        limit: Some(ARTICLE),
        note: "Without a content coding.",
    };
    compare(bench, server, report, &plain)?;
    let brotli = What {
        name: "page_br",
        title: "Article page, cached, brotli",
        paths,
        headers: &[("accept-encoding", "br")],
        status: 200,
        limit: Some(ARTICLE),
        note: "As browsers ask: each page was compressed once; the floors send the compressed bytes.",
    };
    compare(bench, server, report, &brotli)
}

/// Home, topics and what is not there.
pub(crate) fn other_pages(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    let articles = typical(bench, server)?;
    let article = articles.first().context("there are typical articles")?;
    let (home, _) = article
        .path
        .split_once("/articles/")
        .context("an article is below its locale")?;
    let topics = topics(bench, server, home)?;
    let lost = (0..ARTICLES).map(|at| format!("{home}/articles/lost-{at}"));
    let pages = [
        ("home", "Home, cached", vec![home.to_owned()], 200),
        ("topic", "Topics, cached", topics, 200),
        ("missing", "What is not there, cached", lost.collect(), 404),
    ];
    for (name, title, paths, status) in pages {
        let what = What {
            name,
            title,
            paths,
            headers: &[],
            status,
            limit: Some(OTHER),
            note: "Without a content coding.",
        };
        compare(bench, server, report, &what)?;
    }
    Ok(())
}

/// The pages of topics that have articles.
fn topics(bench: &Bench, server: &Server, home: &str) -> Result<Vec<String>> {
    let path = format!("/api/v1/categories?portal={PORTAL}&limit=100");
    let page = bench.ask(server.address, "GET", &path, None)?.json(200)?;
    let slugs = page["items"].as_array().into_iter().flatten();
    let mut topics = Vec::new();
    for slug in slugs.filter_map(|item| item["slug"].as_str()) {
        let path = format!("{home}/categories/{}", encode(slug));
        // A topic without public articles is no page.
        if bench.ask(server.address, "GET", &path, None)?.status == 200 {
            topics.push(path);
        }
    }
    if topics.is_empty() {
        bail!("no category has a page");
    }
    Ok(topics)
}

/// One article through REST.
pub(crate) fn rest_read(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    let paths = typical(bench, server)?
        .into_iter()
        .map(|known| format!("/api/v1/articles/{}", known.id));
    let read = What {
        name: "read",
        title: "REST read, GET /api/v1/articles/{id}",
        paths: paths.collect(),
        headers: &[("x-api-key", bench.key.as_str())],
        status: 200,
        limit: None,
        note: "Cairn checks the key, its scopes and its reach at every request; the floors check nothing.",
    };
    compare(bench, server, report, &read)
}

/// What is asked for, and how it is called.
struct What<'a> {
    name: &'a str,
    title: &'a str,
    paths: Vec<String>,
    headers: &'a [(&'a str, &'a str)],
    status: u16,
    /// What the rate should be of that of bare axum, at more than one connection.
    limit: Option<Limit>,
    note: &'a str,
}

fn typical(bench: &Bench, server: &Server) -> Result<Vec<Known>> {
    let mut known = Vec::new();
    for article in bench.collection.typical(ARTICLES) {
        let path = format!(
            "/api/v1/articles?portal={PORTAL}&limit=1&source_id={}",
            encode(&article.source_id)
        );
        let page = bench.ask(server.address, "GET", &path, None)?.json(200)?;
        let item = &page["items"][0];
        let (Some(id), Some(url)) = (item["id"].as_str(), item["url"].as_str()) else {
            continue;
        };
        let path = url.splitn(4, '/').nth(3).context("an address has a path")?;
        known.push(Known {
            id: id.to_owned(),
            path: format!("/{path}"),
        });
    }
    if known.is_empty() {
        bail!("none of the imported articles is found by its source_id");
    }
    Ok(known)
}

fn compare(bench: &Bench, server: &Server, report: &mut Report, what: &What<'_>) -> Result<()> {
    let What {
        name,
        title,
        paths,
        headers,
        status,
        limit,
        note,
    } = what;
    out::progress(&format!("measuring: {title}"));
    let requests = |paths: &mut dyn Iterator<Item = String>| {
        Rc::new(
            paths
                .map(|path| request("GET", &path, headers, None))
                .collect::<Vec<_>>(),
        )
    };
    let answers = capture(bench, server, paths, headers, *status)?;
    let count = answers.bodies.len();
    let floor = start_floor(bench, &answers, true)?;
    let targets = [
        (server.address, requests(&mut paths.iter().cloned())),
        (
            floor.address,
            requests(&mut (0..count).map(|at| format!("/memory/{at}"))),
        ),
        (
            floor.address,
            requests(&mut (0..count).map(|at| format!("/select/{at}"))),
        ),
    ];
    let mut rows = Vec::new();
    let mut costs = Vec::new();
    let mut kept = Vec::new();
    let (mut foreign_max, mut client_max) = (0.0_f64, 0.0_f64);
    for connections in CONNECTIONS {
        let mut runs: [Vec<Measured>; 3] = Default::default();
        for _ in 0..bench.options.runs {
            // In turns, so that what disturbs the machine disturbs all alike.
            for ((address, requests), runs) in targets.iter().zip(&mut runs) {
                let warm = Until::Elapsed(bench.options.run_time().mul_f64(WARM_UP));
                let until = Until::Elapsed(bench.options.run_time());
                let task = load(*status, *address, requests, connections, warm);
                bench.runtime.block_on(task)?;
                let watch = Watch::begin(&[server.pid(), floor.pid()]);
                let task = load(*status, *address, requests, connections, until);
                let measured = bench.runtime.block_on(task)?;
                let measured = measured.with_servers_cpu(watch.servers_cpu_s());
                client_max = client_max.max(measured.client_busy);
                runs.push(measured);
                foreign_max = foreign_max.max(watch.foreign());
            }
        }
        let [cairn, memory, select] = runs.map(|runs| Measured::median(&runs));
        if let Some(limit) = limit.filter(|_| connections > 1) {
            let what = format!("{title}: rate at {connections} connections to bare axum's");
            report.judge([Judged::new(what, cairn.per_s, memory.per_s, limit)]);
        }
        rows.push(row(connections, &cairn, &memory, &select));
        costs.push(cost(&cairn, &memory, &select));
        kept.push(json!({
            "connections": connections, "cairn": cairn, "axum": memory, "axum_select": select,
            "ratio_axum": cairn.per_s / memory.per_s, "ratio_axum_select": cairn.per_s / select.per_s,
        }));
    }
    let mean: usize = answers.bodies.iter().map(Vec::len).sum::<usize>() / count;
    report.print(&Section {
        title,
        columns: &[
            "conns",
            "Cairn /s",
            "p50",
            "p95",
            "p99",
            "axum /s",
            "p50",
            "p99",
            "ratio",
            "+ select /s",
            "p50",
            "p99",
            "ratio",
        ],
        rows,
        notes: vec![
            format!(
                "{count} articles in turns, {mean} bytes of body in the mean, {} headers.",
                answers.headers.len() + 2
            ),
            (*note).to_owned(),
            format!(
                "Processor time a request, Postgres included, in µs (Cairn, axum, axum + select): {}.",
                costs.join("; ")
            ),
            foreign(foreign_max),
            format!(
                "The generator used at most {} of its core.",
                percent(client_max)
            ),
        ],
    });
    report.keep(
        name,
        json!({"body_bytes_mean": mean, "foreign_max": foreign_max, "rows": kept}),
    )
}

fn row(connections: usize, cairn: &Measured, memory: &Measured, select: &Measured) -> Vec<String> {
    vec![
        connections.to_string(),
        rate(cairn.per_s),
        ms(cairn.ms.p50),
        ms(cairn.ms.p95),
        ms(cairn.ms.p99),
        rate(memory.per_s),
        ms(memory.ms.p50),
        ms(memory.ms.p99),
        ratio(cairn.per_s, memory.per_s),
        rate(select.per_s),
        ms(select.ms.p50),
        ms(select.ms.p99),
        ratio(cairn.per_s, select.per_s),
    ]
}

fn cost(cairn: &Measured, memory: &Measured, select: &Measured) -> String {
    let one = |measured: &Measured| format!("{:.0}", measured.server_cpu_us);
    format!(
        "at {} connections {}, {}, {}",
        cairn.connections,
        one(cairn),
        one(memory),
        one(select)
    )
}

/// What the server answers now, for the floors to answer again.
pub(super) fn capture(
    bench: &Bench,
    server: &Server,
    paths: &[String],
    headers: &[(&str, &str)],
    status: u16,
) -> Result<Answers> {
    bench.runtime.block_on(async {
        let mut connection = crate::wire::Connection::open(server.address).await?;
        let mut answers = Answers {
            status,
            ..Answers::default()
        };
        for path in paths {
            let answer = connection.ask("GET", path, headers, None).await?;
            if answer.status != status {
                bail!("{path} answered {}", answer.status);
            }
            if answers.headers.is_empty() {
                let copied = answer.headers.into_iter();
                answers.headers = copied
                    .filter(|(name, _)| !NOT_COPIED.contains(&name.as_str()))
                    .collect();
            }
            answers.bodies.push(answer.body);
        }
        Ok(answers)
    })
}

/// The floor server with these answers, and with a table of them where it shall select too.
pub(super) fn start_floor(bench: &Bench, answers: &Answers, selects: bool) -> Result<Serving> {
    let path = bench.scratch.join("answers");
    answers.write(&path)?;
    let mut command = bench.floor("floor-http")?;
    command.arg("--answers").arg(&path);
    if selects {
        let (socket_dir, port, password) = bench.site.postgres()?;
        command
            .arg("--socket-dir")
            .arg(socket_dir)
            .arg("--port")
            .arg(port.to_string())
            .env("PGPASSWORD", password);
    }
    Serving::start(&mut command)
}
