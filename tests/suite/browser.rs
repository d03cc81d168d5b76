//! What only a browser can say: whether anything in an article runs, and how the public pages stand.
//!
//! ```text
//! corpora ─► render ─► a document each ─► frames of a driver page ─► detector in each ─► findings
//! cairn up with its demo ─► chromedriver ─► measured at two widths, light and dark ─► screenshots
//! ```
//!
//! Needs Chromium and its driver, and npm for axe-core, and says how to install them. The scripts that look are in
//! `fixtures/browser`; nothing here decides what an article may hold, it only watches.

mod axe;
mod budgets;
mod chromium;
mod demo;
mod documents;
mod frame;
mod pages;
mod stage;
mod stress;
mod typing;
mod webdriver;

use std::path::PathBuf;
use std::time::Duration;

use cairn_markdown::{RenderOptions, render, without_sanitiser};
use cairn_tests::{Line, corpus, say};
use tokio::sync::Mutex;

use documents::Documents;
use stage::{Findings, Limits, load_all};

/// The corpora that go through a browser, and how many lines each is known to have.
const CORPORA: [(&str, usize); 3] = [
    ("html.jsonl", 15_389),
    ("markdown.jsonl", 251),
    ("markdown-spec.jsonl", 698),
];
/// Every so many lines of the corpora stand in the control run: 1,634 of them.
const CONTROL_STEP: usize = 10;
/// A detector that works sees at least so many documents of the control run execute something.
const CONTROL_EXECUTED_MIN: usize = 50;
/// The whole of the corpora took 6 minutes on two busy cores.
const CORPORA_LIMITS: Limits = Limits {
    run: Duration::from_secs(45 * 60),
    quiet: Duration::from_secs(180),
    document: Duration::from_secs(30),
};
/// Documents of the control run may navigate away and are then waited for in vain.
const CONTROL_LIMITS: Limits = Limits {
    document: Duration::from_secs(10),
    ..CORPORA_LIMITS
};

/// A browser takes what cores there are: one test at a time.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn corpora_run_no_script_in_chromium() {
    let Some(lines) = lines() else { return };
    let _turn = TURN.lock().await;
    let options = RenderOptions::default();
    let mut documents = Documents::default();
    for line in &lines {
        let rendered = render(line.input(), &options)
            .unwrap_or_else(|limit| panic!("{}: refused by a limit: {limit}", line.id()));
        documents.add(line.id(), rendered.html.as_str());
    }
    let found = load_all(&documents, CORPORA_LIMITS).await;
    report("corpora", lines.len(), &documents, &found);
    assert_eq!(
        found.loaded,
        documents.len(),
        "the browser did not load every document"
    );
    for (what, list) in [
        ("executed", &found.executed),
        ("hold what no article may hold", &found.forbidden),
        ("stopped their detector", &found.failed),
        ("navigated away or fell silent", &found.silent),
    ] {
        assert!(list.is_empty(), "{what}:\n{}", documents.shown(list));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn the_detector_sees_scripts_when_the_sanitiser_is_off() {
    let Some(lines) = lines() else { return };
    let _turn = TURN.lock().await;
    let lines: Vec<&Line> = lines.iter().step_by(CONTROL_STEP).collect();
    let mut documents = Documents::default();
    for line in &lines {
        documents.add(line.id(), &without_sanitiser(line.input()));
    }
    let found = load_all(&documents, CONTROL_LIMITS).await;
    report("control without sanitiser", lines.len(), &documents, &found);
    assert_eq!(
        found.loaded,
        documents.len(),
        "the browser did not load every document"
    );
    for sink in ["document", "innerHTML"] {
        let executed = found.executed_in(sink);
        say(&format!(
            "control without sanitiser: {executed} executed in the sink {sink}"
        ));
        assert!(
            executed > CONTROL_EXECUTED_MIN,
            "only {executed} documents executed something in the sink {sink}: the detector is blind"
        );
    }
    let forbidden = Findings::documents(&found.forbidden);
    assert!(
        forbidden > CONTROL_EXECUTED_MIN,
        "the audit saw {forbidden} documents: it is blind"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn public_pages_stand_at_every_width_and_in_both_themes() {
    let _turn = TURN.lock().await;
    pages::stand_at_every_width_and_in_both_themes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn public_pages_work_with_scripts_switched_off() {
    let _turn = TURN.lock().await;
    pages::work_with_scripts_switched_off().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and npm: make test-all"]
async fn public_pages_shut_nobody_out_and_load_one_script() {
    let _turn = TURN.lock().await;
    budgets::shut_nobody_out_and_load_one_script().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn public_pages_never_scroll_sideways() {
    let _turn = TURN.lock().await;
    budgets::never_scroll_sideways().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn the_keyboard_alone_leads_to_an_article() {
    let _turn = TURN.lock().await;
    typing::leads_to_an_article_by_keys_alone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn a_search_field_stays_silent_when_suggestions_fail() {
    let _turn = TURN.lock().await;
    typing::stays_silent_when_suggestions_fail().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn the_widget_opens_reads_and_closes_on_a_page_of_another_origin() {
    let _turn = TURN.lock().await;
    frame::opens_reads_and_closes_on_a_page_of_another_origin().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium: make test-all"]
async fn the_widget_stays_empty_where_nobody_named_the_page() {
    let _turn = TURN.lock().await;
    frame::stays_empty_where_nobody_named_the_page().await;
}

/// The target directory this test was built in.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    let target = test.ancestors().nth(3);
    target
        .expect("a test lies in target/<profile>/deps")
        .to_owned()
}

/// Where pictures go: `screenshots` in the target directory.
fn shots() -> PathBuf {
    let dir = target().join("screenshots");
    std::fs::create_dir_all(&dir).expect("the target directory takes files");
    dir
}

/// Every line of the corpora; none when there are no corpora here.
fn lines() -> Option<Vec<Line>> {
    let mut all = Vec::new();
    for (name, known) in CORPORA {
        let lines = corpus(name)?;
        assert_eq!(
            lines.len(),
            known,
            "{name}: another number of lines than known"
        );
        all.extend(lines);
    }
    Some(all)
}

fn report(what: &str, lines: usize, documents: &Documents, found: &Findings) {
    let count = Findings::documents;
    say(&format!(
        "{what}: {lines} lines, {} unique documents, {} executed, {} with forbidden markup, {} silent",
        documents.len(),
        count(&found.executed),
        count(&found.forbidden),
        count(&found.silent),
    ));
}
