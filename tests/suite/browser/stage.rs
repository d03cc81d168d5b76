//! Loads documents in Chromium and gathers what their detectors saw: a server on loopback, a driver
//! page that holds some of the documents in frames at a time, and its reports.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY_REPORT_ONLY, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use cairn_tests::say;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

use super::chromium::Chromium;
use super::documents::Documents;

const DRIVER: &str = include_str!("../../../fixtures/browser/driver.html");
const DETECTOR: &str = include_str!("../../../fixtures/browser/detector.js");
/// Documents open at a time.
const FRAMES: usize = 12;
/// Documents of one browser: what they leave behind in it slows those that come after them.
const BROWSER_DOCUMENTS: usize = 800;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The whole run.
    pub(super) run: Duration,
    /// The time between two reports.
    pub(super) quiet: Duration,
    /// One document, from its address to the last word of its detector.
    pub(super) document: Duration,
}

/// Something about one document.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    /// Its number.
    pub(super) document: usize,
    /// What was seen, the sink first.
    pub(super) what: String,
}

/// What a run saw.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Documents that were loaded.
    pub(super) loaded: usize,
    /// Scripts that ran.
    pub(super) executed: Vec<Finding>,
    /// Markup that no article may hold.
    pub(super) forbidden: Vec<Finding>,
    /// Detectors that stumbled.
    pub(super) failed: Vec<Finding>,
    /// Documents nobody heard the end of.
    pub(super) silent: Vec<Finding>,
}

/// What the driver page posts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    finished: usize,
    executed: Vec<Finding>,
    forbidden: Vec<Finding>,
    failed: Vec<Finding>,
    silent: Vec<Finding>,
    done: bool,
}

impl Findings {
    /// How many documents the findings are about.
    pub(super) fn documents(findings: &[Finding]) -> usize {
        findings
            .iter()
            .map(|found| found.document)
            .collect::<HashSet<_>>()
            .len()
    }

    /// How many documents executed something in a sink.
    pub(super) fn executed_in(&self, sink: &str) -> usize {
        let here = self
            .executed
            .iter()
            .filter(|found| found.what.starts_with(sink));
        here.map(|found| found.document)
            .collect::<HashSet<_>>()
            .len()
    }

    fn add(&mut self, report: Report) {
        self.loaded += report.finished;
        self.executed.extend(report.executed);
        self.forbidden.extend(report.forbidden);
        self.failed.extend(report.failed);
        self.silent.extend(report.silent);
    }
}

/// Loads every document once, in both sinks.
pub(super) async fn load_all(documents: &Documents, limits: Limits) -> Findings {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (tell, mut reports) = unbounded_channel();
    let stage = Arc::new(Stage {
        documents: documents.html(),
        // New for each run; the documents are written before it.
        nonce: format!("{:016x}", RandomState::new().hash_one(address)),
        patience: limits.document,
        reports: tell,
    });
    let serving = tokio::spawn(async move { axum::serve(listener, router(stage)).await });
    let end = Instant::now() + limits.run;
    let mut found = Findings::default();
    for first in (0..documents.len()).step_by(BROWSER_DOCUMENTS) {
        let last = documents.len().min(first + BROWSER_DOCUMENTS);
        let mut chromium = Chromium::open(&format!("http://{address}/from/{first}/to/{last}"));
        tokio::select! {
            () = gather(&mut reports, &mut found, limits.quiet) => {}
            ended = chromium.ended() => panic!("Chromium ended by itself: {ended}"),
        }
        say(&format!(
            "{} of {} documents loaded",
            found.loaded,
            documents.len()
        ));
        assert!(
            Instant::now() < end,
            "{} documents after {:?}",
            found.loaded,
            limits.run
        );
    }
    serving.abort();
    found
}

/// Takes reports until the driver page is done.
async fn gather(reports: &mut UnboundedReceiver<Report>, found: &mut Findings, quiet: Duration) {
    loop {
        let Ok(report) = timeout(quiet, reports.recv()).await else {
            panic!(
                "no word from the driver page for {quiet:?}, {} documents loaded",
                found.loaded
            );
        };
        let report = report.expect("the server lives as long as the run");
        let done = report.done;
        found.add(report);
        if done {
            return;
        }
    }
}

/// What the server knows.
struct Stage {
    documents: Vec<String>,
    /// Of the detector alone.
    nonce: String,
    patience: Duration,
    reports: UnboundedSender<Report>,
}

fn router(stage: Arc<Stage>) -> Router {
    Router::new()
        .route("/from/{first}/to/{end}", get(driver))
        .route("/document/{number}", get(document))
        .route("/report", post(report))
        .with_state(stage)
}

async fn driver(
    State(stage): State<Arc<Stage>>,
    Path((first, end)): Path<(usize, usize)>,
) -> Response {
    let plan = json!({
        "first": first,
        "end": end,
        "frames": FRAMES,
        "patience": u64::try_from(stage.patience.as_millis()).expect("minutes"),
    });
    let page = DRIVER.replace("/*PLAN*/", &plan.to_string());
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

async fn document(State(stage): State<Arc<Stage>>, Path(number): Path<usize>) -> Response {
    let Some(html) = stage.documents.get(number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let nonce = &stage.nonce;
    let policy = format!("script-src 'nonce-{nonce}'");
    // No text can end the script it stands in when it holds no `<`.
    let article = serde_json::to_string(html)
        .expect("text is JSON")
        .replace('<', "\\u003c");
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{number}</title>\
         <script nonce=\"{nonce}\">const ARTICLE = {article};\n{DETECTOR}</script></head>\
         <body>{html}</body></html>"
    );
    let html = (CONTENT_TYPE, "text/html; charset=utf-8".to_owned());
    ([html, (CONTENT_SECURITY_POLICY_REPORT_ONLY, policy)], page).into_response()
}

async fn report(State(stage): State<Arc<Stage>>, body: Bytes) -> StatusCode {
    // Documents of a control run may post here as well; only the driver's reports read as such.
    let Ok(report) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    // A run that has ended needs no more.
    stage.reports.send(report).ok();
    StatusCode::NO_CONTENT
}
