//! `unicode.jsonl`: one live slug stands for each canonical form.

use std::collections::HashMap;

use cairn_tests::{TestApp, corpus, say};
use serde_json::json;
use unicode_normalization::UnicodeNormalization as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_are_canonically_equal_never_have_two_slugs_that_only_look_alike() {
    let Some(lines) = corpus("unicode.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    for line in &lines {
        for text in [line.input(), line.text("other")] {
            let made = rest
                .post(
                    "/articles",
                    json!({"portal": "help", "title": text, "body": "x"}),
                )
                .await;
            assert!(
                matches!(made.status, 201 | 400),
                "{}: {} {}",
                line.id(),
                made.status,
                made.text()
            );
            // As a slug of its own choice: the one form, or a refusal that says which would do.
            let chosen = rest
                .post(
                    "/articles",
                    json!({"portal": "help", "title": "t", "body": "x", "slug": text}),
                )
                .await;
            assert!(
                matches!(chosen.status, 201 | 400 | 409),
                "{}: {} {}",
                line.id(),
                chosen.status,
                chosen.text()
            );
        }
    }
    let mut live: HashMap<String, String> = HashMap::new();
    for row in app.rows("articles").await {
        let slug = row["slug"].as_str().expect("a slug").to_owned();
        assert!(!slug.is_empty() && slug.len() <= 200, "{slug:?}");
        assert!(
            !slug
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || "/?#%\\".contains(c)),
            "{slug:?}"
        );
        let canonical: String = slug.nfc().collect();
        assert_eq!(slug, canonical, "a slug is stored in NFC");
        let caseless: String = slug.nfd().flat_map(char::to_lowercase).nfc().collect();
        if let Some(other) = live.insert(caseless, slug.clone()) {
            panic!("{slug:?} and {other:?} are live and canonically equal");
        }
    }
    assert!(
        live.len() > lines.len(),
        "only {} articles were made",
        live.len()
    );
    say(&format!(
        "unicode.jsonl as slugs: {} lines, {} live slugs",
        lines.len(),
        live.len()
    ));
    assert_eq!(lines.len(), 1_100);
}
