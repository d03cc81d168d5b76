//! `cairn doctor`: everything a start depends on, each with its outcome and the code a failure would
//! carry. Reads only.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use cairn_cluster::Outcome;
use cairn_store::{ConnectParams, PoolOptions, Store};
use serde_json::{Value, json};

use crate::client::Client;
use crate::config::{Config, Secret};
use crate::out;
use crate::serving::CONTROL_SOCKET;

/// How long a probe waits for somebody's answer.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// One answer.
struct Finding {
    name: &'static str,
    outcome: Outcome,
    code: Option<&'static str>,
    detail: String,
}

impl Finding {
    fn new(name: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome,
            code: None,
            detail: detail.into(),
        }
    }
}

/// Exit code 1 when a start would fail.
pub(super) async fn run(config: &Config, json: bool) -> Result<ExitCode> {
    let mut findings = vec![Finding::new(
        "settings",
        Outcome::Pass,
        format!("read; data directory {}", config.data_dir.display()),
    )];
    let server = server(config).await;
    let runs = server.outcome == Outcome::Pass && server.code.is_none();
    match &config.database_url {
        Some(url) => findings.push(database(url).await),
        None => {
            let (bin_dir, data_dir) = (config.pg_bin.clone(), config.data_dir.clone());
            let probes = tokio::task::spawn_blocking(move || {
                cairn_cluster::probe(bin_dir.as_deref(), &data_dir)
            });
            findings.extend(probes.await?.into_iter().map(|probe| Finding {
                name: probe.name,
                outcome: probe.outcome,
                code: probe.code,
                detail: probe.detail,
            }));
        }
    }
    findings.push(server);
    findings.push(listen(config, runs).await);
    let fails = findings
        .iter()
        .any(|finding| finding.outcome == Outcome::Fail);
    if json {
        let probes: Vec<Value> = findings.iter().map(to_json).collect();
        out::json(&json!({"ok": !fails, "probes": probes}))?;
    } else {
        let rows: Vec<Vec<String>> = findings.iter().map(to_row).collect();
        out::line(out::table(&rows).trim_end())?;
    }
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Whether a Cairn runs here, and whether it is ready.
async fn server(config: &Config) -> Finding {
    let socket = config.data_dir.join(CONTROL_SOCKET);
    if tokio::net::UnixStream::connect(&socket).await.is_err() {
        return Finding {
            code: Some("not_running"),
            ..Finding::new("cairn", Outcome::Pass, "not running")
        };
    }
    let ready = async {
        let client = Client::over_socket(&socket)?.retrying_for(ANSWER_WAIT);
        anyhow::Ok(client.get("/readyz").await?)
    };
    match tokio::time::timeout(ANSWER_WAIT * 2, ready).await {
        Ok(Ok(_)) => Finding::new("cairn", Outcome::Pass, "running and ready"),
        Ok(Err(error)) => Finding::new(
            "cairn",
            Outcome::Fail,
            format!("running, not ready: {error:#}"),
        ),
        Err(_) => Finding::new("cairn", Outcome::Fail, "running, but it does not answer"),
    }
}

async fn listen(config: &Config, runs: bool) -> Finding {
    match tokio::net::TcpListener::bind(config.listen).await {
        Ok(_) => Finding::new(
            "listen",
            Outcome::Pass,
            format!("{} is free", config.listen),
        ),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && runs => Finding::new(
            "listen",
            Outcome::Pass,
            format!("{} is in use", config.listen),
        ),
        Err(error) => Finding::new(
            "listen",
            Outcome::Fail,
            format!("cannot listen on {}: {error}; use --listen", config.listen),
        ),
    }
}

/// Whether the database of the settings answers.
async fn database(url: &Secret) -> Finding {
    let options = PoolOptions {
        connections_max: 1,
        acquire_timeout: ANSWER_WAIT,
        ..PoolOptions::default()
    };
    let asked = async {
        let params = ConnectParams::from_url(url.expose())?;
        let store = Store::connect(&params, options).await?;
        let answered = store.ping().await;
        store.close().await;
        answered
    };
    match asked.await {
        Ok(()) => Finding::new("database", Outcome::Pass, "answers"),
        Err(error) => {
            let error = anyhow::Error::new(error);
            Finding::new(
                "database",
                Outcome::Fail,
                format!("does not answer: {error:#}"),
            )
        }
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Warn => "warn",
        Outcome::Fail => "fail",
    }
}

fn to_json(finding: &Finding) -> Value {
    json!({
        "name": finding.name,
        "outcome": word(finding.outcome),
        "code": finding.code,
        "detail": finding.detail,
    })
}

fn to_row(finding: &Finding) -> Vec<String> {
    let code = finding.code.filter(|code| code.starts_with("CAIRN-"));
    vec![
        word(finding.outcome).to_owned(),
        finding.name.to_owned(),
        code.unwrap_or_default().to_owned(),
        finding.detail.clone(),
    ]
}
