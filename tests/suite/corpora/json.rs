//! `json.jsonl`: what is JSON is read as JSON, what is not is a 400, at both doors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_tests::{Answer, Line, TestApp, corpus, say};

/// JSON by its grammar, but naming one member twice: readers disagree about which of the two counts
/// (RFC 8259 §4), so REST refuses it, and says so.
const NAMES_TWICE: [&str; 2] = [
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
];

fn file(line: &Line) -> &str {
    line.text("path").rsplit('/').next().unwrap_or_default()
}

fn body(line: &Line) -> Vec<u8> {
    STANDARD
        .decode(line.input())
        .unwrap_or_else(|e| panic!("{}: {e}", line.id()))
}

/// Whether a door says that a body is no JSON.
type IsSyntax = fn(&Answer) -> bool;

fn check(line: &Line, answer: &Answer, is_syntax: IsSyntax, refuses_names_twice: bool) {
    let (name, status) = (file(line), answer.status);
    assert!(status < 500, "{name}: {status} {}", answer.text());
    match name.get(..2) {
        Some("y_") if refuses_names_twice && NAMES_TWICE.contains(&name) => {
            assert!(
                status == 400 && answer.text().contains("twice"),
                "{name}: {status} {}",
                answer.text()
            );
        }
        Some("y_") => assert!(!is_syntax(answer), "{name}: {status} {}", answer.text()),
        Some("n_") => assert!(
            status == 400 && is_syntax(answer),
            "{name}: {status} {}",
            answer.text()
        ),
        Some("i_") => assert!(status < 500, "{name}: {status}"),
        _ => panic!("{name} is of no known kind"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_body_is_read_as_json_or_refused_as_none_by_rest() {
    let Some(lines) = corpus("json.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    for line in &lines {
        for path in ["/articles", "/article-imports", "/article-batches"] {
            let request = app
                .rest(&app.key)
                .request("POST", path)
                .header("idempotency-key", "k")
                .raw_json(body(line));
            check(
                line,
                &request.send().await,
                |answer| answer.json()["code"] == "invalid_request",
                true,
            );
        }
    }
    say(&format!("json.jsonl through REST: {} lines", lines.len()));
    assert_eq!(lines.len(), 199);
    assert!(app.rows("articles").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_body_is_read_as_json_or_refused_as_none_by_mcp() {
    let Some(lines) = corpus("json.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    for line in &lines {
        let request = app
            .request("POST", "/mcp")
            .header("x-api-key", &app.key.secret)
            .raw_json(body(line));
        check(
            line,
            &request.send().await,
            |answer| {
                answer.json()["error"]["code"] == -32700 || answer.text().contains("nests deeper")
            },
            false,
        );
    }
    say(&format!("json.jsonl through MCP: {} lines", lines.len()));
    assert_eq!(lines.len(), 199);
}
