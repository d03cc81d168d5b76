//! `text.jsonl` through the fields of an import: kept to the byte, or refused for this item alone.

use cairn_tests::{Line, TestApp, corpus};
use serde_json::{Value, json};

use super::{item, send};

/// What a path may be: see the rules of the import.
fn is_path(text: &str) -> bool {
    // Empty means that there is no file.
    if text.is_empty() {
        return true;
    }
    text.len() <= 1_024
        && !text.contains('\0')
        && !text.trim().is_empty()
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_is_a_path_to_the_byte_or_fails_alone() {
    let Some(lines) = corpus("text.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    let of = |(n, line): (usize, &Line)| {
        let mut item = item(&format!("s{n}"), "x");
        item["path"] = json!(line.input());
        item["translation_key"] = json!(format!("{n} {}", line.input()));
        item["old_urls"] = json!([format!("/{}", line.input())]);
        item["audience"] = json!("internal");
        item
    };
    let items: Vec<Value> = lines.iter().enumerate().map(of).collect();
    let mut results = Vec::new();
    for (n, batch) in items.chunks(500).enumerate() {
        let body = json!({"source": "hostile \u{202e}\"'; drop table articles --", "items": batch});
        let done = send(&app, &app.key, &format!("k{n}"), body)
            .await
            .expect(200)
            .json();
        results.extend(done["results"].as_array().expect("results").iter().cloned());
    }
    let (files, _) = app
        .rest(&app.key)
        .all("/imported-files?portal=help", 100)
        .await;
    let mut kept = 0;
    for (n, (line, result)) in lines.iter().zip(&results).enumerate() {
        let text = line.input();
        let fits = is_path(text) && format!("{n} {text}").len() <= 512;
        let id = format!("s{n}");
        let file = files.iter().find(|f| f["source_id"] == id.as_str());
        match result["result"].as_str() {
            Some("created") => {
                let file = file.expect("it is listed");
                let path = file["path"].as_str().unwrap_or_default();
                assert_eq!(path, text, "{}", line.id());
                assert_eq!(file["translation_key"], format!("{n} {text}"));
                kept += 1;
            }
            Some("failed") => {
                // What can be a path need not be an address: control characters cannot.
                let reason = result["reason"].as_str().unwrap_or_default();
                let is_no_address = reason.contains("old_urls.0 ");
                assert!(
                    (!fits || is_no_address) && file.is_none(),
                    "{}: {result}",
                    line.id()
                );
            }
            other => panic!("{}: {other:?}", line.id()),
        }
        assert!(fits || result["result"] == "failed", "{}", line.id());
    }
    assert!(
        kept > lines.len() / 2,
        "{kept} of {} were kept",
        lines.len()
    );
}
