//! The log and the metrics of the process.
//!
//! Answers go to standard output; the log goes to standard error or to a file, one line an event,
//! as text for people or as JSON for machines. It never carries bodies, keys or addresses.

use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use cairn_store::QUIET_DRIVER;

use crate::config::{Config, LogFormat};

/// Bounds of the histogram buckets of durations, in seconds: from a cached page to a rebuild.
const SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 60.0,
];
/// Outside crates that say too much at the default level: the MCP SDK tells each request in three
/// lines, the HTML parser each misnested table. A directive of one's own wins.
const QUIET: &str = "rmcp=error,html5ever=error";
/// How often what has been recorded is folded, so that memory stays bounded without a scraper.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts the log. A command that only asks a server stays quiet below warnings.
pub(crate) fn start_log(config: &Config, serves: bool) -> Result<()> {
    let level = match config.log_level.as_str() {
        "info" if !serves => "warn",
        level => level,
    };
    let filter =
        EnvFilter::try_new(format!("{QUIET},{QUIET_DRIVER},{level}")).with_context(|| {
            format!("setting log_level: {level:?} is not a level such as info or cairn_http=debug")
        })?;
    let (writer, colours) = match &config.log_file {
        None => (
            BoxMakeWriter::new(std::io::stderr),
            std::io::stderr().is_terminal(),
        ),
        Some(path) => {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(path);
            let file =
                file.with_context(|| format!("setting log_file: cannot open {}", path.display()))?;
            (BoxMakeWriter::new(Mutex::new(file)), false)
        }
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let started = match config.log_format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(colours).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}

/// Starts the metrics and gives what renders them for `/metrics`.
pub(crate) fn start_metrics() -> Result<Arc<dyn Fn() -> String + Send + Sync>> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .context("cannot set up the metrics")?
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another recorder of metrics is installed already; /metrics stays empty");
    }
    tokio::spawn(fold(handle.clone()));
    Ok(Arc::new(move || {
        process_metrics();
        handle.render()
    }))
}

async fn fold(handle: PrometheusHandle) {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        every.tick().await;
        handle.run_upkeep();
    }
}

/// What the kernel says about this process; absent where it does not.
#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; memory and descriptors stay far below 2^52"
)]
fn process_metrics() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = kib.and_then(|text| text.trim_end_matches("kB").trim().parse::<u64>().ok());
    if let Some(kib) = kib {
        metrics::gauge!("process_resident_memory_bytes").set((kib * 1024) as f64);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(open.count() as f64);
    }
}
