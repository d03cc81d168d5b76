//! `text.jsonl` and `unicode.jsonl`: every text field keeps a text to the byte or refuses it by name;
//! every search box answers.

use cairn_service::address::encode;
use cairn_tests::{TestApp, corpus, say};
use serde_json::{Map, Value, json};

/// Both corpora; each line of a pair gives both of its texts.
fn texts() -> Option<Vec<String>> {
    let (plain, unicode) = (corpus("text.jsonl")?, corpus("unicode.jsonl")?);
    assert_eq!((plain.len(), unicode.len()), (732, 1_100));
    let mut texts: Vec<String> = plain.iter().map(|l| l.input().to_owned()).collect();
    for line in &unicode {
        texts.push(line.input().to_owned());
        if !line.text("other").is_empty() {
            texts.push(line.text("other").to_owned());
        }
    }
    Some(texts)
}

/// Sends fields; those that are refused by name are left out the second time, which must then work.
/// Gives the answer and the fields that were kept.
async fn keep(
    app: &TestApp,
    method: &str,
    path: &str,
    if_match: Option<&str>,
    mut fields: Map<String, Value>,
    needed: &Value,
) -> (Value, Map<String, Value>) {
    let send = async |fields: &Map<String, Value>| {
        let mut body = needed.clone();
        for (name, value) in fields {
            body[name] = value.clone();
        }
        let request = app.rest(&app.key).request(method, path);
        let request = if_match.map_or(app.rest(&app.key).request(method, path), |tag| {
            request.header("if-match", tag)
        });
        request.json(&body).send().await
    };
    for _ in 0..3 {
        let answer = send(&fields).await;
        if answer.status < 300 {
            return (answer.json(), fields);
        }
        assert!(
            answer.status < 500,
            "{fields:?}: {} {}",
            answer.status,
            answer.text()
        );
        let faults = answer.faults();
        assert!(
            !faults.is_empty(),
            "{fields:?} is refused without a name: {}",
            answer.text()
        );
        for (field, _) in faults {
            let name = field.split('.').next().unwrap_or_default().to_owned();
            assert!(
                fields.remove(&name).is_some(),
                "{field} is refused, but was not the one: {}",
                answer.text()
            );
        }
    }
    panic!("{fields:?} is refused again and again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_field_of_an_article_keeps_a_text_or_refuses_it_by_name() {
    let Some(texts) = texts() else { return };
    let app = TestApp::spawn().await;
    let mut kept_count = 0;
    for (n, text) in texts.iter().enumerate() {
        let needed = json!({"portal": "help", "title": "needed", "body": ""});
        let fields = json!({"title": text, "body": text, "excerpt": text, "tags": [text, "x"], "author": text, "message": text, "source_id": format!("{n} {text}")});
        let Value::Object(fields) = fields else {
            unreachable!("it is an object")
        };
        let (made, kept) = keep(&app, "POST", "/articles", None, fields, &needed).await;
        let id = made["id"].as_str().expect("an id");
        let read = app
            .rest(&app.key)
            .get(&format!("/articles/{id}"))
            .await
            .expect(200)
            .json();
        let revision = app
            .rest(&app.key)
            .get(&format!("/articles/{id}/revisions/1"))
            .await
            .expect(200)
            .json();
        for (name, value) in &kept {
            let stored = if name == "message" {
                &revision[name]
            } else {
                &read[name]
            };
            assert_eq!(stored, value, "{name} of line {n} is not what was sent");
            kept_count += 1;
        }
        // What can be kept anywhere can be kept in a body.
        assert!(kept.contains_key("body") || text.contains('\0'), "{text:?}");
        let tool = app
            .mcp(&app.key)
            .call("get_article", json!({"id": id}))
            .await
            .ok();
        assert_eq!(tool["body"], read["body"], "line {n}");
    }
    say(&format!(
        "text.jsonl and unicode.jsonl in articles: {} texts, {kept_count} fields kept",
        texts.len()
    ));
    assert_eq!(app.rows("articles").await.len(), texts.len());
    assert!(kept_count > texts.len() * 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_name_and_description_keeps_a_text_or_refuses_it_by_name() {
    let Some(texts) = texts() else { return };
    let app = TestApp::spawn().await;
    let category = app.category("Shelf").create().await;
    let (mut category_tag, mut portal_tag) = (1, 1);
    for (n, text) in texts.iter().enumerate() {
        let fields = |names: &[&str]| {
            names
                .iter()
                .map(|name| ((*name).to_owned(), json!(text)))
                .collect::<Map<_, _>>()
        };
        let path = format!("/categories/{}", category.id);
        let tag = format!("\"{category_tag}\"");
        let (saved, kept) = keep(
            &app,
            "PATCH",
            &path,
            Some(&tag),
            fields(&["name", "description"]),
            &json!({}),
        )
        .await;
        category_tag = saved["row_version"].as_i64().expect("a version");
        kept.iter()
            .for_each(|(name, value)| assert_eq!(&saved[name], value, "category, line {n}"));
        let tag = format!("\"{portal_tag}\"");
        let (saved, kept) = keep(
            &app,
            "PATCH",
            "/portals/help",
            Some(&tag),
            fields(&["name"]),
            &json!({}),
        )
        .await;
        portal_tag = saved["row_version"].as_i64().expect("a version");
        kept.iter()
            .for_each(|(name, value)| assert_eq!(&saved[name], value, "portal, line {n}"));
        let needed = json!({"name": "needed", "scopes": ["articles:read"]});
        let (saved, kept) = keep(&app, "POST", "/keys", None, fields(&["name"]), &needed).await;
        kept.iter()
            .for_each(|(name, value)| assert_eq!(&saved[name], value, "key, line {n}"));
    }
    say(&format!(
        "text.jsonl and unicode.jsonl as names: {} texts",
        texts.len()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_search_box_and_filter_answers_every_text() {
    let Some(texts) = texts() else { return };
    let app = TestApp::spawn().await;
    for n in 0..5 {
        app.article()
            .title(&format!("walrus {n}"))
            .body("select * from seal; <b>x</b>")
            .published()
            .create()
            .await;
    }
    app.settle().await;
    for text in &texts {
        let q = encode(text);
        for path in [
            format!("/search?portal=help&q={q}"),
            format!("/passages?portal=help&q={q}"),
            format!("/suggestions?portal=help&q={q}"),
            format!("/articles?portal=help&q={q}"),
            format!("/articles?portal=help&tag={q}&author={q}"),
            format!("/articles?portal=help&slug={q}"),
            format!("/articles?portal=help&category={q}"),
            format!("/articles?portal={q}"),
        ] {
            let answer = app.rest(&app.key).get(&path).await;
            assert!(
                matches!(answer.status, 200 | 400 | 404),
                "{path}: {} {}",
                answer.status,
                answer.text()
            );
        }
        let page = app.page(&format!("/help/en/search?q={q}")).await;
        assert_eq!(page.status, 200, "{text:?}");
        assert!(
            !page.text().to_lowercase().contains("<script>alert"),
            "{text:?}"
        );
        app.mcp(&app.key)
            .call("list_articles", json!({"query": text}))
            .await;
        app.mcp(&app.key)
            .call("search_passages", json!({"query": text}))
            .await;
    }
    say(&format!(
        "text.jsonl and unicode.jsonl as queries: {} texts",
        texts.len()
    ));
}
