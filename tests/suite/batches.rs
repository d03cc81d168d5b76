//! Article batches: each operation decided as an update alone would be, all of them in one step.

use cairn_domain::limits::ARTICLE_BATCH_OPERATIONS_MAX;
use cairn_tests::{Answer, TestApp, TestArticle, TestKey};
use serde_json::{Value, json};

async fn batch(app: &TestApp, key: &TestKey, idempotency: &str, operations: Value) -> Answer {
    app.rest(key)
        .request("POST", "/article-batches")
        .header("idempotency-key", idempotency)
        .json(&json!({"portal": "help", "operations": operations}))
        .send()
        .await
}

/// The word of each result, or the code of its failure.
fn words(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let results = json["results"].as_array().expect("results");
    let word = |r: &Value| match r["result"].as_str() {
        Some("failed") => r["code"].as_str().expect("a code").to_owned(),
        other => other.expect("a word").to_owned(),
    };
    results.iter().map(word).collect()
}

fn on(article: &TestArticle, change: Value) -> Value {
    let mut operation = json!({"id": article.id, "expected_revision": article.revision});
    let members = change.as_object().expect("an object").clone();
    operation.as_object_mut().expect("one").extend(members);
    operation
}

async fn get(app: &TestApp, article: &TestArticle) -> Value {
    app.rest(&app.key)
        .get(&article.api())
        .await
        .expect(200)
        .json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_has_its_own_outcome_and_a_failure_leaves_the_others_alone() {
    let app = TestApp::spawn().await;
    app.category("Shelf").create().await;
    app.portal("other").create().await;
    let draft = app.article().title("Draft").create().await;
    let live = app.article().title("Live").published().create().await;
    let same = app.article().title("Same").create_archived().await;
    let stale = app.article().title("Stale").create().await;
    app.change(&stale, |c| c.title = Some("Moved on".to_owned()))
        .await;
    let bare = app.article().title("Bare").create().await;
    let theirs = app.article().in_portal("other").create().await;
    let ghost = "018f4e2a-7b1c-7c3d-9e4f-0123456789ab";
    let (before, audited) = (app.rows("outbox").await, app.rows("audit").await.len());
    let answer = batch(
        &app,
        &app.key,
        "k",
        json!([
            on(&draft, json!({"status": "published"})),
            on(
                &live,
                json!({"category": "Shelf", "audience": "internal", "add_tags": ["new"]})
            ),
            on(&same, json!({"status": "archived"})),
            on(&stale, json!({"status": "published"})),
            on(&theirs, json!({"status": "published"})),
            {"id": ghost, "expected_revision": 1, "status": "archived"},
            {"id": live.short_id, "expected_revision": 1, "status": "archived"},
            on(&draft, json!({"status": "archived"})),
            on(&stale, json!({"status": "live"})),
            {"id": bare.id, "status": "archived"},
        ]),
    )
    .await
    .expect(200);
    assert_eq!(
        words(&answer),
        [
            "updated",
            "updated",
            "unchanged",
            "revision_conflict",
            "not_found",
            "not_found",
            "invalid_fields",
            "invalid_fields",
            "invalid_fields",
            "precondition_required"
        ],
        "{}",
        answer.text()
    );
    let results = answer.json();
    assert_eq!(results["results"][3]["revision"], 2);
    assert_eq!(results["results"][1]["revision"], 2);
    assert_eq!(get(&app, &draft).await["status"], "published");
    let live = get(&app, &live).await;
    assert_eq!(live["category"]["slug"], "shelf");
    assert_eq!(live["audience"], "internal");
    // Tags are staged: the head moved, what readers see did not.
    assert_eq!(
        (&live["head_revision"], &live["published_revision"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(live["tags"], json!(["new"]));
    assert_eq!(live["body"], "Some words.\n");
    assert_eq!(get(&app, &stale).await["status"], "draft");
    assert_eq!(get(&app, &theirs).await["status"], "draft");
    // One event and one audit entry for each article that changed, at positions without a gap.
    let events = app.rows("outbox").await;
    assert_eq!(events.len(), before.len() + 2);
    assert_eq!(app.rows("audit").await.len(), audited + 2);
    let feed = app
        .select("select to_jsonb(f) from portal_feed f join portals p on p.id = f.portal_id where p.slug = 'help'")
        .await;
    let of_help = events
        .iter()
        .filter(|e| e["portal_id"] == feed[0]["portal_id"]);
    assert_eq!(feed[0]["pos"], of_help.count());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_writes_the_rows_that_single_updates_write() {
    let (one, many) = (TestApp::spawn().await, TestApp::spawn().await);
    let changes = [
        json!({"status": "published"}),
        json!({"status": "published", "tags": ["a", "b"]}),
        json!({"category": "shelf", "audience": "internal"}),
        json!({"locale": "de"}),
        json!({"tags": []}),
        json!({"category": null, "status": "archived", "locale": "ar"}),
    ];
    let mut tables = Vec::new();
    for app in [&one, &many] {
        app.category("Shelf").create().await;
        let mut articles = Vec::new();
        for (n, _) in changes.iter().enumerate() {
            let new = app
                .article()
                .title(&format!("Article {n}"))
                .tags(&["x"])
                .in_category("shelf");
            let new = if n % 2 == 1 { new.published() } else { new };
            articles.push(new.create().await);
        }
        let pairs = articles.iter().zip(&changes);
        if std::ptr::eq(app, &raw const one) {
            for (article, change) in pairs {
                app.rest(&app.key)
                    .patch(&article.api(), "\"1\"", change.clone())
                    .await
                    .expect(200);
            }
        } else {
            let operations: Vec<_> = pairs.map(|(a, c)| on(a, c.clone())).collect();
            let answer = batch(app, &app.key, "k", json!(operations))
                .await
                .expect(200);
            assert_eq!(words(&answer), ["updated"; 6], "{}", answer.text());
        }
        let mut of_app = Vec::new();
        for table in [
            "articles",
            "revisions",
            "renderings",
            "slug_history",
            "audit",
            "outbox",
            "portal_feed",
        ] {
            let mut rows = app.rows(table).await;
            for row in &mut rows {
                if row["action"] == "article.batch" {
                    row["action"] = json!("article.update");
                }
            }
            of_app.push((table.to_owned(), rows));
        }
        cairn_tests::normalise(&mut of_app);
        tables.push(of_app);
    }
    for (left, right) in tables[0].iter().zip(&tables[1]) {
        assert_eq!(left, right);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_added_and_taken_away_against_those_of_the_head() {
    let app = TestApp::spawn().await;
    let tagged = app.article().tags(&["a", "b", "c"]).create().await;
    let full: Vec<String> = (0..50).map(|n| format!("t{n}")).collect();
    let full: Vec<&str> = full.iter().map(String::as_str).collect();
    let full = app.article().tags(&full).create().await;
    let both = app.article().create().await;
    let empty = app.article().create().await;
    let answer = batch(
        &app,
        &app.key,
        "k",
        json!([
            on(
                &tagged,
                json!({"add_tags": ["d", "a", "d"], "remove_tags": ["b", "z"]})
            ),
            on(&full, json!({"add_tags": ["one too many"]})),
            on(&both, json!({"tags": ["a"], "add_tags": ["b"]})),
            on(&empty, json!({"add_tags": [" "]})),
        ]),
    )
    .await
    .expect(200);
    assert_eq!(
        words(&answer),
        [
            "updated",
            "invalid_fields",
            "invalid_fields",
            "invalid_fields"
        ],
        "{}",
        answer.text()
    );
    assert_eq!(get(&app, &tagged).await["tags"], json!(["a", "c", "d"]));
    assert_eq!(app.rows("revisions").await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_moves_to_a_locale_where_its_slug_is_free_and_its_address_follows() {
    let app = TestApp::spawn().await;
    let taken = app.article().title("Taken").published().create().await;
    app.article()
        .title("Taken")
        .in_locale("de")
        .published()
        .create()
        .await;
    let free = app.article().title("Free").published().create().await;
    let rival = app
        .article()
        .title("Free")
        .in_locale("ar")
        .published()
        .create()
        .await;
    app.settle().await;
    let answer = batch(
        &app,
        &app.key,
        "k",
        json!([
            on(&taken, json!({"locale": "de"})),
            on(&free, json!({"locale": "de"})),
            // Free a moment ago: the operation above took it.
            on(&rival, json!({"locale": "de"})),
        ]),
    )
    .await
    .expect(200);
    assert_eq!(words(&answer), ["slug_taken", "updated", "slug_taken"]);
    // What an operation gives up is free for the next batch, not for the next operation.
    let moved = app
        .change(&free, |c| c.title = Some("Free".to_owned()))
        .await;
    let answer = batch(
        &app,
        &app.key,
        "k2",
        json!([
            on(&moved, json!({"locale": "en"})),
            on(&rival, json!({"locale": "de"}))
        ]),
    )
    .await
    .expect(200);
    assert_eq!(words(&answer), ["updated", "slug_taken"]);
    let answer = batch(
        &app,
        &app.key,
        "k3",
        json!([on(&rival, json!({"locale": "de"}))]),
    )
    .await
    .expect(200);
    assert_eq!(words(&answer), ["updated"]);
    app.settle().await;
    app.page("/help/en/articles/free").await.expect(200);
    app.page("/help/de/articles/free").await.expect(200);
    let old = app.page("/help/ar/articles/free").await.expect(301);
    assert!(old.header("location").ends_with("/help/de/articles/free"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_moves_to_no_locale_that_a_translation_of_it_has() {
    let app = TestApp::spawn().await;
    let first = app.article().title("First").create().await;
    let mut others = Vec::new();
    for locale in ["de", "ar"] {
        let other = app.article().in_locale(locale).translation_of(&first);
        others.push(other.title(&format!("In {locale}")).create().await);
    }
    let to_de = || json!([on(&others[1], json!({"locale": "de"}))]);
    let answer = batch(&app, &app.key, "k", to_de()).await.expect(200);
    assert_eq!(words(&answer), ["invalid_fields"]);
    assert!(
        answer.text().contains("a translation in de already"),
        "{}",
        answer.text()
    );
    // What is put away takes no place, also when that happens in the same batch.
    let both = json!([
        on(&others[0], json!({"status": "archived"})),
        on(&others[1], json!({"locale": "de"})),
    ]);
    let answer = batch(&app, &app.key, "k2", both).await.expect(200);
    assert_eq!(words(&answer), ["updated", "updated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_live_needs_the_scope_for_it_article_by_article() {
    let app = TestApp::spawn().await;
    app.category("Shelf").create().await;
    let draft = app.article().create().await;
    let other = app.article().create().await;
    let live = app.article().published().create().await;
    let tagged = app.article().published().create().await;
    let writer = app.key_with(&["articles:write"]).await;
    let answer = batch(
        &app,
        &writer,
        "k",
        json!([
            on(&draft, json!({"category": "shelf"})),
            on(&other, json!({"status": "published"})),
            on(&live, json!({"category": "shelf"})),
            on(&tagged, json!({"tags": ["staged"]})),
        ]),
    )
    .await
    .expect(200);
    assert_eq!(
        words(&answer),
        ["updated", "missing_scope", "missing_scope", "updated"]
    );
    assert!(answer.text().contains("articles:publish"));
    let reader = app.key_with(&["articles:read"]).await;
    batch(&app, &reader, "k", json!([on(&draft, json!({}))]))
        .await
        .problem(403, "missing_scope");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_sent_again_gives_the_first_outcomes_and_writes_nothing() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let operations = json!([
        on(&article, json!({"status": "published"})),
        {"id": "018f4e2a-7b1c-7c3d-9e4f-0123456789ab", "expected_revision": 1},
    ]);
    let first = batch(&app, &app.key, "k", operations.clone())
        .await
        .expect(200);
    app.change(&article, |c| c.status = Some("archived".to_owned()))
        .await;
    let events = app.rows("outbox").await.len();
    let again = batch(&app, &app.key, "k", operations).await.expect(200);
    assert_eq!(first.json(), again.json());
    assert_eq!(words(&again), ["updated", "not_found"]);
    assert_eq!(app.rows("outbox").await.len(), events);
    assert_eq!(get(&app, &article).await["status"], "archived");
    batch(&app, &app.key, "k", json!([on(&article, json!({}))]))
        .await
        .problem(422, "idempotency_mismatch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_needs_a_key_and_a_number_of_operations_it_can_do() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let body =
        json!({"portal": "help", "operations": [on(&article, json!({"status": "archived"}))]});
    app.rest(&app.key)
        .post("/article-batches", body)
        .await
        .problem(400, "invalid_fields");
    batch(&app, &app.key, "k", json!([]))
        .await
        .problem(400, "invalid_fields");
    let many = vec![on(&article, json!({})); ARTICLE_BATCH_OPERATIONS_MAX + 1];
    batch(&app, &app.key, "k", json!(many))
        .await
        .problem(400, "invalid_fields");
    assert_eq!(get(&app, &article).await["status"], "draft");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_drafts_are_published_at_once_and_readers_find_them() {
    let app = TestApp::spawn().await;
    let mut articles = Vec::new();
    for chunk in 0..2 {
        let items: Vec<_> = (0..500)
            .map(|n| {
                json!({"source_id": format!("s{chunk}-{n}"), "title": format!("Walrus {chunk} {n}"),
                       "body": format!("Words of {n}.\n"), "locale": "en", "status": "draft"})
            })
            .collect();
        let done = app
            .rest(&app.key)
            .request("POST", "/article-imports")
            .header("idempotency-key", &format!("i{chunk}"))
            .json(&json!({"portal": "help", "items": items}))
            .send()
            .await
            .expect(200)
            .json();
        let results = done["results"].as_array().expect("results");
        articles.extend(results.iter().map(|r| r["id"].clone()));
    }
    let operations: Vec<_> = articles
        .iter()
        .map(|id| json!({"id": id, "expected_revision": 1, "status": "published"}))
        .collect();
    let started = std::time::Instant::now();
    let answer = batch(&app, &app.key, "k", json!(operations))
        .await
        .expect(200);
    println!("1,000 articles published in {:?}", started.elapsed());
    assert_eq!(words(&answer), ["updated"; 1_000]);
    let operations: Vec<_> = articles
        .iter()
        .map(
            |id| json!({"id": id, "expected_revision": 1, "audience": "public", "add_tags": ["t"]}),
        )
        .collect();
    let started = std::time::Instant::now();
    let answer = batch(&app, &app.key, "k2", json!(operations))
        .await
        .expect(200);
    println!("1,000 articles tagged in {:?}", started.elapsed());
    assert_eq!(words(&answer), ["updated"; 1_000]);
    app.settle().await;
    app.page("/help/en/articles/walrus-1-499").await.expect(200);
    let found = app
        .rest(&app.key)
        .get("/search?portal=help&q=walrus")
        .await
        .expect(200)
        .json();
    assert!(!found["items"].as_array().expect("items").is_empty());
}
