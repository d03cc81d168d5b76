//! The feed is dense, an acknowledged write is in it, and the watermark says how far it was read.

use std::sync::Arc;

use cairn_domain::ids::PortalId;
use cairn_tests::TestApp;
use serde_json::{Value, json};

async fn help(app: &TestApp) -> PortalId {
    let portal = app
        .rest(&app.key)
        .get("/portals/help")
        .await
        .expect(200)
        .json();
    portal["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id")
}

async fn feed(app: &TestApp, portal: PortalId) -> Vec<Value> {
    app.select(&format!(
        "select to_jsonb(t) from outbox t where portal_id = '{portal}' order by pos"
    ))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_of_many_writers_stands_at_a_dense_position() {
    let app = Arc::new(TestApp::spawn().await);
    let portal = help(&app).await;
    let before = feed(&app, portal).await.len();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6 {
        let app = Arc::clone(&app);
        writers.spawn(async move {
            let mut ids = Vec::new();
            for n in 0..10 {
                let body =
                    json!({"portal": "help", "title": format!("w{writer} {n}"), "body": "x"});
                let made = app
                    .rest(&app.key)
                    .post("/articles", body)
                    .await
                    .expect(201)
                    .json();
                ids.push(made["id"].as_str().expect("an id").to_owned());
            }
            ids
        });
    }
    let mut written: Vec<String> = writers.join_all().await.into_iter().flatten().collect();
    let events = feed(&app, portal).await;
    let positions: Vec<_> = events
        .iter()
        .map(|e| e["pos"].as_i64().expect("a position"))
        .collect();
    let want: Vec<_> = (1..=i64::try_from(before + 60).expect("few")).collect();
    assert_eq!(positions, want);
    let mut told: Vec<_> = events[before..]
        .iter()
        .map(|e| e["subject_id"].as_str().expect("an id").to_owned())
        .collect();
    written.sort();
    told.sort();
    assert_eq!(written, told);
    let head = app
        .select(&format!(
            "select to_jsonb(t) from portal_feed t where portal_id = '{portal}'"
        ))
        .await;
    assert_eq!(head[0]["pos"], positions.len());
    assert_eq!(head[0]["event_id"], events[events.len() - 1]["event_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watermark_names_the_last_event_that_was_read_and_no_later_one() {
    let app = TestApp::spawn().await;
    let portal = help(&app).await;
    app.article().title("walrus").published().create().await;
    app.settle().await;
    let events = feed(&app, portal).await;
    let at = app
        .search
        .checkpoint(portal)
        .expect("readable")
        .expect("there is an index");
    assert_eq!(at.pos, i64::try_from(events.len()).expect("few"));
    assert_eq!(
        at.event.map(|e| e.to_string()).as_deref(),
        events[events.len() - 1]["event_id"].as_str()
    );
    app.article().title("walrus").published().create().await;
    let still = app
        .search
        .checkpoint(portal)
        .expect("readable")
        .expect("there is an index");
    assert_eq!(still.pos, at.pos, "a request never moves the watermark");
    app.settle().await;
    let moved = app
        .search
        .checkpoint(portal)
        .expect("readable")
        .expect("there is an index");
    assert_eq!(moved.pos, at.pos + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_where_the_index_stands() {
    let app = TestApp::spawn().await;
    let portal = help(&app).await;
    app.article().title("walrus one").published().create().await;
    app.settle().await;
    let generations = |app: &TestApp| -> Vec<_> {
        let dir = app.index_dir().join(portal.to_string());
        let mut names: Vec<_> = std::fs::read_dir(dir)
            .expect("a directory")
            .flatten()
            .map(|e| e.file_name())
            .filter(|n| n.to_string_lossy().starts_with("gen-"))
            .collect();
        names.sort();
        names
    };
    let before = generations(&app);
    app.article().title("walrus two").published().create().await;
    let app = app.restarted().await;
    app.settle().await;
    assert_eq!(generations(&app), before, "nothing was built anew");
    let found = app
        .rest(&app.key)
        .get("/search?portal=help&q=walrus")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_ahead_of_a_restored_database_is_repaired() {
    let app = TestApp::spawn().await;
    let portal = help(&app).await;
    app.article()
        .title("walrus kept")
        .published()
        .create()
        .await;
    app.settle().await;
    let lost = app
        .article()
        .title("walrus lost")
        .published()
        .create()
        .await;
    app.settle().await;
    // A backup from before the second article: its rows and its event are gone.
    for sql in [
        "alter table articles disable trigger all".to_owned(),
        "alter table revisions disable trigger all".to_owned(),
        "alter table renderings disable trigger all".to_owned(),
        format!("delete from renderings where article_id = '{}'", lost.id),
        format!("delete from revisions where article_id = '{}'", lost.id),
        format!("delete from articles where id = '{}'", lost.id),
        format!("delete from outbox where subject_id = '{}'", lost.id),
        format!(
            "update portal_feed f set pos = pos - 1, event_id = (select event_id from outbox o where o.portal_id = f.portal_id and o.pos = f.pos - 1) where portal_id = '{portal}'"
        ),
    ] {
        app.execute(&sql).await;
    }
    let app = app.restarted().await;
    app.settle().await;
    let found = app
        .rest(&app.key)
        .get("/search?portal=help&q=walrus")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 1, "{found}");
    let verified = app
        .rest(&app.key)
        .post("/index-verifications", json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&verified["extra"], &verified["missing"], &verified["stale"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_waits_for_the_index() {
    let app = TestApp::spawn().await;
    assert!(!app.app.readiness().await.is_ready());
    app.request("GET", "/readyz").send().await.expect(503);
    app.request("GET", "/livez").send().await.expect(200);
    app.settle().await;
    assert!(
        app.app.readiness().await.is_ready(),
        "{:?}",
        app.app.readiness().await
    );
    app.request("GET", "/readyz").send().await.expect(200);
}
