//! Preconditions: what guards a write, what saves a read.

use cairn_tests::TestApp;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_without_a_precondition_is_428_and_says_where_the_article_stands() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let answer = app
        .rest(&app.key)
        .request("PATCH", &article.api())
        .json(&json!({"title": "x"}))
        .send()
        .await;
    let problem = answer.problem(428, "precondition_required");
    assert_eq!(problem["current"]["etag"], article.etag);
    assert_eq!(answer.header("etag"), article.etag);
    assert_eq!(app.rows("revisions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_then_patch_works_and_the_second_patch_is_412() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let rest = app.rest(&app.key);
    let etag = rest
        .get(&article.api())
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let done = rest
        .patch(&article.api(), &etag, json!({"title": "mine"}))
        .await
        .expect(200);
    assert_eq!(done.header("etag"), "\"2.2\"");
    let late = rest
        .patch(&article.api(), &etag, json!({"title": "theirs"}))
        .await;
    let problem = late.problem(412, "revision_conflict");
    assert_eq!(
        problem["current"],
        json!({"revision": 2, "row_version": 2, "etag": "\"2.2\""})
    );
    assert_eq!(rest.get(&article.api()).await.json()["title"], "mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_change_makes_the_exact_tag_stale_but_not_the_revision_alone() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    app.change(&article, |c| c.audience = Some("internal".to_owned()))
        .await;
    let rest = app.rest(&app.key);
    rest.patch(&article.api(), &article.etag, json!({"title": "x"}))
        .await
        .problem(412, "revision_conflict");
    rest.patch(&article.api(), "\"1\"", json!({"title": "x"}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_would_guard_nothing_is_refused() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    for tag in [
        "*",
        "W/\"1.1\"",
        "\"1.1\", \"2.2\"",
        "1.1",
        "\"\"",
        "\"0.1\"",
        "\"1.01\"",
        "\"x\"",
        "\"99999999999999999999\"",
    ] {
        let answer = app
            .rest(&app.key)
            .patch(&article.api(), tag, json!({"title": "x"}))
            .await;
        let problem = answer.problem(400, "invalid_fields");
        assert_eq!(problem["errors"][0]["field"], "If-Match", "{tag}");
    }
    assert_eq!(app.rows("revisions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_has_the_article_gets_304_without_a_body() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let rest = app.rest(&app.key);
    for tag in [
        article.etag.clone(),
        format!("W/{}", article.etag),
        format!("\"9.9\", {}", article.etag),
        "*".to_owned(),
    ] {
        let answer = rest
            .request("GET", &article.api())
            .header("if-none-match", &tag)
            .send()
            .await
            .expect(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), article.etag);
    }
    rest.request("GET", &article.api())
        .header("if-none-match", "\"9.9\"")
        .send()
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn portals_and_categories_are_guarded_by_their_row_version() {
    let app = TestApp::spawn().await;
    let category = app.category("Billing").create().await;
    let rest = app.rest(&app.key);
    for path in [
        "/portals/help".to_owned(),
        format!("/categories/{}", category.id),
    ] {
        let body = json!({"name": "New name"});
        rest.request("PATCH", &path)
            .json(&body)
            .send()
            .await
            .problem(428, "precondition_required");
        let done = rest.patch(&path, "\"1\"", body.clone()).await.expect(200);
        assert_eq!(done.header("etag"), "\"2\"", "{path}");
        let late = rest.patch(&path, "\"1\"", body).await;
        let problem = late.problem(412, "revision_conflict");
        assert_eq!(
            problem["current"],
            json!({"row_version": 2, "etag": "\"2\""}),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_writers_with_the_same_base_exactly_one_wins() {
    let app = std::sync::Arc::new(TestApp::spawn().await);
    let article = app.article().create().await;
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (app, article) = (std::sync::Arc::clone(&app), article.clone());
        writers.spawn(async move {
            app.rest(&app.key)
                .patch(
                    &article.api(),
                    &article.etag,
                    json!({"title": format!("writer {n}")}),
                )
                .await
                .status
        });
    }
    let mut statuses = writers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(app.rows("revisions").await.len(), 2);
}
