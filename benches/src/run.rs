//! One whole run: a server on an empty directory, the collection, then workload after workload.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::collection::{self, Collection};
use crate::options::{Options, Workload};
use crate::pin::{Pins, Place};
use crate::process::{self, Memory};
use crate::report::Report;
use crate::server::{Server, Site};
use crate::wire::{Answer, Connection};
use crate::{machine, out, workloads};

/// The portal everything is imported into.
pub(crate) const PORTAL: &str = "bench";
/// Its locale.
pub(crate) const LOCALE: &str = "en";

/// What every workload is given.
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(crate) site: Site,
    pub(crate) collection: Collection,
    pub(crate) key: String,
    /// The run's own directory; gone with it.
    pub(crate) scratch: PathBuf,
    pub(crate) runtime: tokio::runtime::Runtime,
}

/// Measures everything that is asked for.
pub(crate) fn all(options: &Options) -> Result<()> {
    let pins = Pins::find(options.no_pin);
    pins.pin_self()?;
    let facts = machine::facts();
    let scratch = tempfile::Builder::new().prefix("cairn-bench-").tempdir()?;
    // Root's server gives Postgres to an account of its own, which has to get here.
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755))?;
    let program = program(options)?;
    let site = Site {
        program,
        data_dir: scratch.path().join("data"),
        log: scratch.path().join("server.log"),
        pins,
    };
    let collection = collection::find(options, scratch.path())?;
    let mut report = Report::default();
    print_head(&mut report, options, &facts, pins, &collection)?;

    out::progress("starting the server on an empty directory");
    let server = site.start(Place::ServerCore)?;
    let key = server.first_key.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let bench = Bench {
        options: options.clone(),
        site,
        collection,
        key: key.context("a first start gives a key")?,
        scratch: scratch.path().to_owned(),
        runtime,
    };
    let server = measure(&bench, server, &mut report)
        .with_context(|| format!("the server's log ends: {}", bench.site.end_of_log()))?;
    server.stop()?;
    report.print_judged()?;
    out::line(&format!(
        "\nLoad average at the end: {}.",
        machine::load_average()
    ));
    report.keep("load_average_at_end", machine::load_average())?;
    match &options.json {
        Some(path) => report.write(path),
        None => Ok(()),
    }
}

fn measure(bench: &Bench, server: Server, report: &mut Report) -> Result<Server> {
    let first_start = server.ready_after;
    let mut memory = vec![("after an empty start", process::memory(server.pid()))];
    workloads::indexing::run(bench, &server, report)?;
    memory.push(("after import and reindex", process::memory(server.pid())));
    if bench.options.wants(Workload::Page) {
        workloads::http::article_page(bench, &server, report)?;
        workloads::http::other_pages(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Read) {
        workloads::http::rest_read(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Search) {
        workloads::search::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Plain) {
        workloads::plain::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::FloorServer) {
        workloads::floor_server::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::BesideReindex) {
        workloads::beside_reindex::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Segments) {
        workloads::segments::run(bench, report)?;
    }
    if bench.options.wants(Workload::Curve) {
        workloads::curve::run(bench, report)?;
    }
    if bench.options.wants(Workload::Fresh) {
        workloads::freshness::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Waiting) {
        workloads::waiting::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Moving) {
        workloads::moving::run(bench, &server, report)?;
    }
    if bench.options.wants(Workload::Readers) {
        workloads::readers::run(bench, &server, report)?;
    }
    memory.push(("after load", process::memory(server.pid())));
    let mut server = server;
    if bench.options.wants(Workload::ColdStart) {
        server = workloads::cold_start::run(bench, server, first_start, report)?;
        memory.push(("after a restart", process::memory(server.pid())));
    }
    print_memory(report, &memory)?;
    Ok(server)
}

fn program(options: &Options) -> Result<PathBuf> {
    let program = match &options.cairn {
        Some(program) => program.clone(),
        None => {
            let own = std::env::current_exe().context("this program does not know where it is")?;
            own.with_file_name("cairn")
        }
    };
    if !program.is_file() {
        bail!(
            "{} is not there; cargo build --release --package cairn-server makes it",
            program.display()
        );
    }
    Ok(program)
}

fn print_head(
    report: &mut Report,
    options: &Options,
    facts: &[(&str, String)],
    pins: Pins,
    collection: &Collection,
) -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let command = format!("cairn-bench {}", args.join(" "));
    out::line(&format!(
        "## Cairn beside its floors\n\n`{}`\n",
        command.trim()
    ));
    for (name, value) in facts {
        out::line(&format!("- {name}: {value}"));
        report.keep(&format!("machine: {name}"), value)?;
    }
    let articles = collection.articles.len();
    let megabytes = collection.bytes() as f64 / 1e6;
    out::line(&format!("- {}", pins.describe()));
    out::line(&format!(
        "- collection: {}, {articles} articles, {megabytes:.1} MB of Markdown",
        collection.name
    ));
    out::line(&format!(
        "- medians of {} runs of {} s each, after a warm-up; closed loop; every latency kept, percentiles by nearest rank; ms",
        options.runs, options.seconds
    ));
    report.keep("command", command)?;
    report.keep("pinning", pins.describe())?;
    report.keep(
        "collection",
        json!({"name": collection.name, "articles": articles, "bytes": collection.bytes()}),
    )
}

fn print_memory(report: &mut Report, memory: &[(&str, Memory)]) -> Result<()> {
    let megabytes = |value: f64| format!("{value:.0}");
    let rows = memory.iter().map(|(when, m)| {
        vec![
            (*when).to_owned(),
            megabytes(m.rss_mb),
            megabytes(m.pss_mb),
            megabytes(m.anonymous_mb),
            megabytes(m.postgres_pss_mb),
        ]
    });
    report.print(&crate::report::Section {
        title: "Memory, MB",
        columns: &["when", "RSS", "PSS", "anonymous", "Postgres PSS"],
        rows: rows.collect(),
        notes: vec![
            "RSS holds the mapped index files; anonymous is what the program itself keeps."
                .to_owned(),
        ],
    });
    report.keep("memory", memory)
}

impl Bench {
    /// One request that is not timed, with the key.
    pub(crate) fn ask(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Answer> {
        self.runtime.block_on(async {
            let mut connection = Connection::open(address).await?;
            connection
                .ask(method, path, &[("x-api-key", &self.key)], body)
                .await
        })
    }

    /// This program again as a floor, on the server's core.
    pub(crate) fn floor(&self, name: &str) -> Result<Command> {
        let program = std::env::current_exe().context("this program does not know where it is")?;
        let mut command = self.site.pins.command(program, Place::ServerCore);
        command.arg(name);
        Ok(command)
    }
}

/// Runs a command to its end and reads the JSON of its last line.
pub(crate) fn output_of<T: DeserializeOwned>(command: &mut Command) -> Result<T> {
    let done = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let text = String::from_utf8_lossy(&done.stdout);
    let line = text.trim_end().lines().last().unwrap_or_default();
    if !done.status.success() {
        bail!("{command:?} failed ({}): {line}", done.status);
    }
    serde_json::from_str(line).with_context(|| format!("{command:?} said {line:?}"))
}
