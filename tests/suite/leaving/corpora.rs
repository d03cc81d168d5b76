//! Every line of the corpora as a body, a title, a value of front matter or an imported path.

use std::collections::{BTreeMap, HashSet};

use cairn_tests::{corpus, say};
use serde_json::{Value, json};

use super::place::{Place, body, same, tree};

/// Articles in one request.
const BATCH: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_the_corpora_leaves_and_comes_back_to_the_byte() {
    let Some(spec) = corpus("markdown-spec.jsonl") else {
        return;
    };
    let (markdown, text) = (corpus("markdown.jsonl"), corpus("text.jsonl"));
    let (markdown, text) = (markdown.expect("beside it"), text.expect("beside it"));
    let paths = corpus("path.jsonl").expect("beside it");
    let here = Place::open("leave-corpora").await;
    here.call(
        "POST",
        "/portals",
        &json!({"slug": "docs", "name": "Docs", "locales": ["en"]}),
    )
    .await;
    let item = |id: String, body: &str| json!({"source_id": id, "title": format!("Line {id}"), "body": body, "locale": "en", "status": "published", "path": format!("{id}.md")});
    let mut bodies = BTreeMap::new();
    let mut items = Vec::new();
    for (name, lines) in [("spec", &spec), ("markdown", &markdown)] {
        for (n, line) in lines.iter().enumerate() {
            let id = format!("{name}/{n:04}");
            items.push(item(id.clone(), line.input()));
            bodies.insert(id, line.input().to_owned());
        }
    }
    let bodies_count = items.len();
    for (n, line) in text.iter().enumerate() {
        let mut titled = item(format!("text/{n:04}"), "x\n");
        let value = line.input();
        titled["title"] = json!(value);
        titled["author"] = json!(value);
        titled["tags"] = json!([value, "plain"]);
        titled["excerpt"] = json!(value);
        titled["front_matter"] =
            json!(json!({"k": value, value: [value, {"n": value}]}).to_string());
        items.push(titled);
    }
    for (n, line) in paths.iter().enumerate() {
        let mut placed = item(format!("path/{n:04}"), "x\n");
        placed["path"] = json!(line.input());
        items.push(placed);
    }
    let taken = import(&here, &items).await;
    let is_taken = |prefix: &str| taken.iter().filter(|id| id.starts_with(prefix)).count();
    assert_eq!(
        is_taken("spec/") + is_taken("markdown/"),
        bodies_count,
        "every body is taken"
    );
    say(&format!(
        "leaving: {bodies_count} bodies, {} of {} texts, {} of {} paths",
        is_taken("text/"),
        text.len(),
        is_taken("path/"),
        paths.len()
    ));
    assert!(is_taken("text/") > 600 && is_taken("path/") > 100);

    let first = here.home.path("first");
    let report = here.export("docs", &first).await;
    assert_eq!(report["articles"], taken.len());
    let files = tree(&first);
    assert_eq!(files.len(), taken.len() + 1, "and portal.toml");
    let mut compared = 0;
    for (id, text) in &bodies {
        assert_eq!(body(&files[&format!("{id}.md")]), text.as_bytes(), "{id}");
        compared += 1;
    }
    assert_eq!(compared, spec.len() + markdown.len());
    // No two files that some disk would take for one.
    let folded: HashSet<String> = files
        .keys()
        .map(|p| p.to_uppercase().to_lowercase())
        .collect();
    assert_eq!(folded.len(), files.len());

    let there = Place::open("arrive-corpora").await;
    let imported = there.import("docs", "left", &first).await;
    assert_eq!(imported["created"], taken.len(), "{imported}");
    let second = there.home.path("second");
    there.export("docs", &second).await;
    same(&files, &tree(&second));
    say(&format!(
        "leaving: {compared} bodies leave to the byte; {} files are the same after coming back",
        files.len()
    ));
    there.close().await;
    here.close().await;
}

/// Imports items and gives the ids of those that were taken.
async fn import(here: &Place, items: &[Value]) -> Vec<String> {
    let mut taken = Vec::new();
    for batch in items.chunks(BATCH) {
        let body = json!({"portal": "docs", "source": "corpora", "items": batch});
        let answer = here.call("POST", "/article-imports", &body).await;
        let results = answer["results"].as_array().expect("results");
        for (item, result) in batch.iter().zip(results) {
            if result["result"] == "created" {
                taken.push(item["source_id"].as_str().expect("an id").to_owned());
            }
        }
    }
    taken
}
