//! Import: a batch by source ids, item by item, sent again without harm.

mod hostile;
mod memory;
mod translations;

use cairn_domain::limits::IMPORT_BATCH_ARTICLES_MAX;
use cairn_tests::{Answer, TestApp, TestKey};
use serde_json::{Value, json};

async fn import(app: &TestApp, key: &TestKey, idempotency: &str, items: &Value) -> Answer {
    send(app, key, idempotency, json!({"items": items})).await
}

/// Sends a batch with whatever it says about itself.
async fn send(app: &TestApp, key: &TestKey, idempotency: &str, mut body: Value) -> Answer {
    body["portal"] = json!("help");
    app.rest(key)
        .request("POST", "/article-imports")
        .header("idempotency-key", idempotency)
        .json(&body)
        .send()
        .await
}

fn results(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    json["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|r| r["result"].as_str().expect("a word").to_owned())
        .collect()
}

fn item(source_id: &str, title: &str) -> Value {
    json!({"source_id": source_id, "title": title, "body": format!("Body of {title}.\n"), "locale": "en", "status": "published"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_created_updated_left_alone_or_refused_one_by_one() {
    let app = TestApp::spawn().await;
    let first = json!([item("a", "One"), item("b", "Two"), {"source_id": "c", "title": "", "body": "", "locale": "en", "status": "published"}]);
    let done = import(&app, &app.key, "k1", &first).await.expect(200);
    assert_eq!(results(&done), ["created", "created", "failed"]);
    assert!(
        done.json()["results"][2]["reason"]
            .as_str()
            .is_some_and(|r| r.contains("title")),
        "{}",
        done.text()
    );
    let mut second = json!([
        item("a", "One"),
        item("b", "Two, again"),
        item("c", "Three"),
        item("d", "x"),
        item("d", "x")
    ]);
    second[3]["locale"] = json!("fr");
    second[4]["status"] = json!("live");
    let done = import(&app, &app.key, "k2", &second).await.expect(200);
    assert_eq!(
        results(&done),
        ["unchanged", "updated", "created", "failed", "failed"]
    );
    let listed = app
        .rest(&app.key)
        .get("/articles?portal=help&sort=number")
        .await
        .json();
    let titles: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| i["title"].clone())
        .collect();
    assert_eq!(titles, ["One", "Two, again", "Three"]);
    assert_eq!(listed["items"][1]["published_revision"], 2);
    app.settle().await;
    let page = app.page("/help/en/articles/two").await.expect(200);
    assert!(
        page.text().contains("Two, again"),
        "the slug stays when the title changes"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_sent_again_gives_the_first_outcome_and_writes_nothing() {
    let app = TestApp::spawn().await;
    let items = json!([item("a", "One"), item("b", "Two")]);
    let first = import(&app, &app.key, "k", &items).await.expect(200);
    let rows = (
        app.rows("articles").await,
        app.rows("revisions").await,
        app.rows("outbox").await,
    );
    let again = import(&app, &app.key, "k", &items).await.expect(200);
    assert_eq!(first.json(), again.json());
    assert_eq!(results(&again), ["created", "created"]);
    assert_eq!(
        (
            app.rows("articles").await,
            app.rows("revisions").await,
            app.rows("outbox").await
        ),
        rows
    );
    // Under another key the same batch finds everything as it is.
    assert_eq!(
        results(&import(&app, &app.key, "other", &items).await.expect(200)),
        ["unchanged", "unchanged"]
    );
    import(&app, &app.key, "k", &json!([item("a", "Other")]))
        .await
        .problem(422, "idempotency_mismatch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_on_the_way_are_made_and_found_again() {
    let app = TestApp::spawn().await;
    app.category("Billing").create().await;
    let mut items = json!([item("a", "One"), item("b", "Two"), item("c", "Three")]);
    items[0]["category_path"] = json!(["Billing", "Refunds"]);
    items[1]["category_path"] = json!(["billing", "refunds"]);
    items[2]["category_path"] = json!(["New", "Newer"]);
    assert_eq!(
        results(&import(&app, &app.key, "k", &items).await.expect(200)),
        ["created", "created", "created"]
    );
    let tree = app
        .rest(&app.key)
        .get("/categories?portal=help")
        .await
        .expect(200)
        .json();
    let names: Vec<_> = tree["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|c| {
            (
                c["depth"].as_u64(),
                c["name"].as_str().expect("a name").to_owned(),
                c["article_count"].as_u64(),
            )
        })
        .collect();
    let want = [
        (0, "Billing", 0),
        (1, "Refunds", 2),
        (0, "New", 0),
        (1, "Newer", 1),
    ];
    assert_eq!(
        names,
        want.map(|(d, n, c)| (Some(d), n.to_owned(), Some(c)))
    );
    app.settle().await;
    let found = app
        .rest(&app.key)
        .get("/search?portal=help&q=body&category=billing")
        .await
        .json();
    assert_eq!(found["total"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_titles_get_slugs_of_their_own_within_and_across_batches() {
    let app = TestApp::spawn().await;
    let slugs = |answer: &Answer| -> Vec<String> {
        answer.json()["results"]
            .as_array()
            .expect("results")
            .iter()
            .map(|r| r["slug"].as_str().expect("a slug").to_owned())
            .collect()
    };
    let first = import(
        &app,
        &app.key,
        "k1",
        &json!([item("a", "Same"), item("b", "Same"), item("c", "same!")]),
    )
    .await
    .expect(200);
    assert_eq!(slugs(&first), ["same", "same-2", "same-3"]);
    let second = import(
        &app,
        &app.key,
        "k2",
        &json!([item("a", "Same"), item("d", "Same")]),
    )
    .await
    .expect(200);
    assert_eq!(slugs(&second), ["same", "same-4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_in_another_locale_is_another_article_and_twice_in_one_is_refused() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One"), item("a", "Eins"), item("a", "Again")]);
    items[1]["locale"] = json!("de");
    assert_eq!(
        results(&import(&app, &app.key, "k", &items).await.expect(200)),
        ["created", "created", "failed"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_needs_a_key_a_size_and_the_scopes_for_what_it_does() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    rest.post(
        "/article-imports",
        json!({"portal": "help", "items": [item("a", "One")]}),
    )
    .await
    .problem(400, "invalid_fields");
    import(&app, &app.key, "k", &json!([]))
        .await
        .problem(400, "invalid_fields");
    let many: Vec<_> = (0..=IMPORT_BATCH_ARTICLES_MAX)
        .map(|n| item(&n.to_string(), "x"))
        .collect();
    import(&app, &app.key, "k", &json!(many))
        .await
        .problem(400, "invalid_fields");
    let writer = app.key_with(&["articles:write"]).await;
    let refused = import(&app, &writer, "k", &json!([item("a", "One")])).await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:publish"
    );
    let mut draft = json!([item("a", "One")]);
    draft[0]["status"] = json!("draft");
    assert_eq!(
        results(&import(&app, &writer, "k", &draft).await.expect(200)),
        ["created"]
    );
    draft[0]["source_id"] = json!("b");
    draft[0]["category_path"] = json!(["New"]);
    let refused = import(&app, &writer, "k2", &draft).await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "categories:write"
    );
    draft[0]["colour"] = json!("red");
    import(&app, &writer, "k3", &draft)
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_one_transaction_and_one_run_of_the_feed() {
    let app = TestApp::spawn().await;
    let items: Vec<_> = (0..120)
        .map(|n| item(&format!("s{n}"), &format!("walrus {n}")))
        .collect();
    let done = import(&app, &app.key, "k", &json!(items)).await.expect(200);
    assert!(results(&done).iter().all(|r| r == "created"));
    let events = app
        .select("select to_jsonb(t) from outbox t where kind = 'article.imported' order by pos")
        .await;
    assert_eq!(events.len(), 120);
    let audit = app
        .select("select to_jsonb(t) from audit t where action = 'article.import'")
        .await;
    assert_eq!(audit.len(), 120);
    app.settle().await;
    let found = app
        .rest(&app.key)
        .get("/search?portal=help&q=walrus")
        .await
        .json();
    assert_eq!(found["total"], 120);
    let verified = app
        .rest(&app.key)
        .post("/index-verifications", json!({}))
        .await
        .expect(200)
        .json();
    for kind in ["missing", "extra", "stale", "duplicate"] {
        assert_eq!(verified[kind], 0, "{verified}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_keeps_what_people_changed_live_and_brings_what_the_source_changed() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One")]);
    items[0]["front_matter"] = json!("{\"ms.date\":\"2026-01-01\"}");
    items[0]["tags"] = json!(["x"]);
    items[0]["author"] = json!("Ada");
    items[0]["excerpt"] = json!("short");
    import(&app, &app.key, "k1", &items).await.expect(200);
    let listed = app.rest(&app.key).get("/articles?portal=help").await.json();
    let id = listed["items"][0]["id"].as_str().expect("an id").to_owned();
    let read = app
        .rest(&app.key)
        .get(&format!("/articles/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(read["front_matter"], json!({"ms.date": "2026-01-01"}));
    assert_eq!(
        (
            &read["tags"],
            &read["author"],
            &read["excerpt"],
            &read["source_id"]
        ),
        (&json!(["x"]), &json!("Ada"), &json!("short"), &json!("a"))
    );
    app.rest(&app.key)
        .patch(
            &format!("/articles/{id}"),
            "\"1\"",
            json!({"slug": "chosen"}),
        )
        .await
        .expect(200);
    items[0]["body"] = json!("new words");
    assert_eq!(
        results(&import(&app, &app.key, "k2", &items).await.expect(200)),
        ["updated"]
    );
    let read = app
        .rest(&app.key)
        .get(&format!("/articles/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&read["slug"], &read["body"]),
        (&json!("chosen"), &json!("new words"))
    );
}
