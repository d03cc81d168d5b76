//! The same key with the same request gives the same outcome, once, at either door.

use std::sync::Arc;

use cairn_tests::{Answer, TestApp, TestKey};
use serde_json::{Value, json};

async fn send(
    app: &TestApp,
    key: &TestKey,
    method: &str,
    path: &str,
    idempotency: &str,
    body: &Value,
) -> Answer {
    app.rest(key)
        .request(method, path)
        .header("idempotency-key", idempotency)
        .json(body)
        .send()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_create_gives_the_first_article_again() {
    let app = TestApp::spawn().await;
    let body = json!({"portal": "help", "title": "Once", "body": "x"});
    let first = send(&app, &app.key, "POST", "/articles", "k-1", &body)
        .await
        .expect(201);
    let again = send(&app, &app.key, "POST", "/articles", "k-1", &body)
        .await
        .expect(201);
    assert_eq!(first.json(), again.json());
    assert_eq!(
        (first.header("etag"), first.header("location")),
        (again.header("etag"), again.header("location"))
    );
    assert_eq!(app.rows("articles").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_used_for_another_request_is_refused() {
    let app = TestApp::spawn().await;
    let body = json!({"portal": "help", "title": "Once", "body": "x"});
    send(&app, &app.key, "POST", "/articles", "k-1", &body)
        .await
        .expect(201);
    let other = json!({"portal": "help", "title": "Twice", "body": "x"});
    send(&app, &app.key, "POST", "/articles", "k-1", &other)
        .await
        .problem(422, "idempotency_mismatch");
    let other = json!({"portal": "help", "name": "Once"});
    send(&app, &app.key, "POST", "/categories", "k-1", &other)
        .await
        .problem(422, "idempotency_mismatch");
    assert_eq!(app.rows("articles").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_belongs_to_its_actor() {
    let app = TestApp::spawn().await;
    let body = json!({"portal": "help", "title": "Once", "body": "x"});
    let second = app.key_with(&["articles:write"]).await;
    let one = send(&app, &app.key, "POST", "/articles", "k-1", &body)
        .await
        .expect(201)
        .json();
    let two = send(&app, &second, "POST", "/articles", "k-1", &body)
        .await
        .expect(201)
        .json();
    assert_ne!(one["id"], two["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_does_not_use_up_its_key() {
    let app = TestApp::spawn().await;
    send(
        &app,
        &app.key,
        "POST",
        "/articles",
        "k-1",
        &json!({"portal": "help", "title": "", "body": "x"}),
    )
    .await
    .expect(400);
    let article = app.article().create().await;
    let stale = app
        .rest(&app.key)
        .request("PATCH", &article.api())
        .header("if-match", "\"9\"");
    stale
        .header("idempotency-key", "k-1")
        .json(&json!({"title": "x"}))
        .send()
        .await
        .expect(412);
    send(
        &app,
        &app.key,
        "POST",
        "/articles",
        "k-1",
        &json!({"portal": "help", "title": "T", "body": "x"}),
    )
    .await
    .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_of_the_rest_door_replays() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let category = app.category("Billing").create().await;
    let doomed = app.key_with(&["articles:read"]).await;
    let file = app.attach("a.txt", "words").await;
    let item =
        json!({"source_id": "s", "title": "T", "body": "b", "locale": "en", "status": "draft"});
    let writes = [
        (
            "POST",
            "/portals".to_owned(),
            None,
            json!({"slug": "second", "name": "Second"}),
        ),
        (
            "PATCH",
            "/portals/help".to_owned(),
            Some("\"1\""),
            json!({"name": "Renamed"}),
        ),
        (
            "POST",
            "/categories".to_owned(),
            None,
            json!({"portal": "help", "name": "New"}),
        ),
        (
            "PATCH",
            format!("/categories/{}", category.id),
            Some("\"1\""),
            json!({"name": "Renamed"}),
        ),
        (
            "PATCH",
            article.api(),
            Some("\"1.1\""),
            json!({"title": "Renamed"}),
        ),
        (
            "POST",
            format!("{}/restorations", article.api()),
            Some("\"2\""),
            json!({"revision": 1}),
        ),
        (
            "POST",
            "/article-imports".to_owned(),
            None,
            json!({"portal": "help", "items": [item]}),
        ),
        (
            "POST",
            "/article-batches".to_owned(),
            None,
            json!({"portal": "help", "operations": [
                {"id": article.id, "expected_revision": 3, "status": "archived"},
            ]}),
        ),
        (
            "POST",
            format!(
                "/attachments/{}/purges",
                file["id"].as_str().expect("an id")
            ),
            None,
            json!({"message": "why"}),
        ),
        (
            "POST",
            format!("{}/revisions/1/purges", article.api()),
            None,
            json!({"message": "why"}),
        ),
        (
            "POST",
            format!("{}/purges", article.api()),
            None,
            json!({"message": "why"}),
        ),
        ("DELETE", format!("/keys/{}", doomed.id), None, Value::Null),
    ];
    for (n, (method, path, if_match, body)) in writes.into_iter().enumerate() {
        let send = async || {
            let mut request = app
                .rest(&app.key)
                .request(method, &path)
                .header("idempotency-key", &format!("w-{n}"));
            if let Some(tag) = if_match {
                request = request.header("if-match", tag);
            }
            let request = if body.is_null() {
                request
            } else {
                request.json(&body)
            };
            request.send().await
        };
        let first = send().await;
        assert!(
            first.status < 300,
            "{method} {path}: {} {}",
            first.status,
            first.text()
        );
        let events = app.rows("outbox").await.len();
        let again = send().await;
        assert_eq!(
            (first.status, first.json()),
            (again.status, again.json()),
            "{method} {path}"
        );
        assert_eq!(
            first.header("etag"),
            again.header("etag"),
            "{method} {path}"
        );
        assert_eq!(
            app.rows("outbox").await.len(),
            events,
            "{method} {path} left another event"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_key_is_the_same_key_without_its_secret() {
    let app = TestApp::spawn().await;
    let body = json!({"name": "n", "scopes": ["articles:read"]});
    let first = send(&app, &app.key, "POST", "/keys", "k-1", &body)
        .await
        .expect(201)
        .json();
    let again = send(&app, &app.key, "POST", "/keys", "k-1", &body)
        .await
        .expect(201)
        .json();
    assert!(
        first["key"]
            .as_str()
            .is_some_and(|k| k.starts_with("cairn_sk_"))
    );
    assert_eq!((&first["id"], &again["key"]), (&again["id"], &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_replay_as_well() {
    let app = TestApp::spawn().await;
    let mcp = app.mcp(&app.key);
    let arguments =
        json!({"title": "Once", "body": "x", "idempotency_key": "k-1", "portal": "help"});
    let first = mcp.call("create_article", arguments.clone()).await.ok();
    let again = mcp.call("create_article", arguments).await.ok();
    assert_eq!(first, again);
    let change = json!({"id": first["id"], "expected_revision": 1, "title": "Twice", "idempotency_key": "k-2"});
    let one = mcp.call("update_article", change.clone()).await.ok();
    let two = mcp.call("update_article", change).await.ok();
    assert_eq!(one, two);
    mcp.call(
        "create_article",
        json!({"title": "Other", "body": "x", "idempotency_key": "k-1", "portal": "help"}),
    )
    .await
    .refused("idempotency_mismatch");
    assert_eq!(
        (
            app.rows("articles").await.len(),
            app.rows("revisions").await.len()
        ),
        (1, 2)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_request_sent_at_once_many_times_one_is_done() {
    let app = Arc::new(TestApp::spawn().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let app = Arc::clone(&app);
        tasks.spawn(async move {
            let body = json!({"portal": "help", "title": "Once", "body": "x"});
            let answer = send(&app, &app.key, "POST", "/articles", "k-1", &body).await;
            (answer.status, answer.json())
        });
    }
    let answers = tasks.join_all().await;
    for (status, body) in &answers {
        // A request that waits for another one longer than a second is told to ask again.
        assert!(
            *status == 201 || (*status == 409 && body["code"] == "idempotency_in_flight"),
            "{status} {body}"
        );
    }
    assert!(answers.iter().any(|(status, _)| *status == 201));
    assert_eq!(app.rows("articles").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_none_is_refused() {
    let app = TestApp::spawn().await;
    let body = json!({"portal": "help", "title": "T", "body": "x"});
    for bad in ["", &"k".repeat(256)] {
        let answer = send(&app, &app.key, "POST", "/articles", bad, &body).await;
        let problem = answer.problem(400, "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], "Idempotency-Key");
    }
    assert!(app.rows("articles").await.is_empty());
}
