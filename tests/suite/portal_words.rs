//! The operator's words to readers: where the notice and the contact stand, and what neither may be.

use cairn_tests::TestApp;
use serde_json::{Value, json};

/// Changes the portal `help` and lets the pages follow.
async fn change(app: &TestApp, body: Value) -> Value {
    let rest = app.rest(&app.key);
    let there = rest.get("/portals/help").await.expect(200);
    let changed = rest
        .patch("/portals/help", there.header("etag"), body)
        .await
        .expect(200)
        .json();
    app.settle().await;
    changed
}

async fn text(app: &TestApp, path: &str) -> String {
    app.page(path).await.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_stands_above_the_first_page_or_above_all_and_pages_in_the_cache_follow() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    app.settle().await;
    let pages = [
        "/help/en",
        article.path.as_str(),
        "/help/en/search?q=x",
        "/help/en/none",
    ];
    for path in pages {
        assert!(!text(&app, path).await.contains("class=\"notice"), "{path}");
    }
    let notice = json!({"text": "Phones <b>are</b> down & out.", "level": "warning", "url": "https://status.example/?a=b&c"});
    let changed = change(&app, json!({"notice": notice})).await;
    assert_eq!(
        changed["notice"],
        json!({"text": "Phones <b>are</b> down & out.", "level": "warning", "url": "https://status.example/?a=b&c", "everywhere": false})
    );
    let home = text(&app, "/help/en").await;
    assert!(home.contains("<aside class=\"notice loud\""), "{home}");
    assert!(
        !home.contains("<b>are</b>") && home.contains("are") && home.contains("Phones "),
        "what an operator writes is text: {home}"
    );
    assert!(
        home.contains("href=\"https://status.example/?a=b"),
        "{home}"
    );
    // The last sentence is the link: it says where it leads.
    let told =
        json!({"text": "Phones are down. See what we know", "url": "https://status.example/"});
    change(&app, json!({"notice": told})).await;
    let link = "Phones are down. <a href=\"https://status.example/\">See what we know</a>";
    let home = text(&app, "/help/de").await;
    assert!(home.contains(link), "{home}");
    change(&app, json!({"notice": notice})).await;
    for path in &pages[1..] {
        assert!(!text(&app, path).await.contains("class=\"notice"), "{path}");
    }

    change(
        &app,
        json!({"notice": {"text": "Open on Monday.", "everywhere": true}}),
    )
    .await;
    for path in pages {
        let html = text(&app, path).await;
        assert!(
            html.contains("class=\"notice\"") && html.contains("Open on Monday."),
            "{path}"
        );
    }
    let kept = change(&app, json!({"name": "Help yourself"})).await;
    assert_eq!(kept["notice"]["text"], "Open on Monday.", "left alone");
    let gone = change(&app, json!({"notice": null})).await;
    assert_eq!(gone["notice"], Value::Null);
    for path in pages {
        assert!(
            !text(&app, path).await.contains("Open on Monday."),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_stands_where_readers_get_stuck() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    app.settle().await;
    change(
        &app,
        json!({"contact": {"url": "mailto:help@example.com?subject=Help"}}),
    )
    .await;
    let link = "href=\"mailto:help@example.com?subject=Help\"";
    for (path, words) in [
        ("/help/en", "Write to support"),
        (article.path.as_str(), "Still need help? <a href="),
        ("/help/en/search?q=zzqxv", "Still need help?"),
        ("/help/en/articles/none", "Still need help?"),
        ("/help/de", "An den Support schreiben"),
    ] {
        let html = text(&app, path).await;
        assert!(
            html.matches(link).count() >= 2 && html.contains(words),
            "{path}: {html}"
        );
    }
    change(
        &app,
        json!({"contact": {"url": "https://example.com/ask", "label": "Ask a \"person\""}}),
    )
    .await;
    let html = text(&app, "/help/de").await;
    assert!(html.contains("https://example.com/ask") && html.contains("person"));
    assert!(!html.contains("mailto:") && !html.contains("An den Support schreiben"));
    change(&app, json!({"contact": null})).await;
    assert!(!text(&app, "/help/en").await.contains("example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_pages_may_not_show_or_link_to_is_refused_with_every_fault() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let etag = rest.get("/portals/help").await.header("etag").to_owned();
    for (body, want) in [
        (
            json!({"notice": {"text": "two\nlines", "level": "loud", "url": "javascript:alert(1)"}, "contact": {"url": "http://a", "label": ""}}),
            &[
                ("notice.level", "invalid_value"),
                ("notice.text", "control_character"),
                ("notice.url", "invalid_url"),
                ("contact.url", "invalid_url"),
                ("contact.label", "required"),
            ][..],
        ),
        (
            json!({"notice": {"text": "x".repeat(301)}}),
            &[("notice.text", "too_long")],
        ),
        (json!({"contact": {}}), &[("contact.url", "required")]),
        (json!({"notice": "x"}), &[("notice", "invalid_type")]),
        (
            json!({"notice": {"text": "x", "html": "y"}}),
            &[("notice.html", "unknown_field")],
        ),
    ] {
        let refused = rest.patch("/portals/help", &etag, body.clone()).await;
        refused.problem(400, "invalid_fields");
        let mut faults = refused.faults();
        faults.sort();
        let mut want: Vec<_> = want
            .iter()
            .map(|(f, c)| ((*f).to_owned(), (*c).to_owned()))
            .collect();
        want.sort();
        assert_eq!(faults, want, "{body}");
    }
    assert_eq!(rest.get("/portals/help").await.header("etag"), etag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notice_and_contact_leave_and_come_back_with_the_portal() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let bare = rest.get("/portal-exports?portal=help").await.json();
    assert!(
        bare["portal"].get("notice").is_none(),
        "a program that knows of none reads it: {bare}"
    );
    change(
        &app,
        json!({"notice": {"text": "Open on Monday."}, "contact": {"url": "tel:+4930123456", "label": "Call"}}),
    )
    .await;
    let mut portal = rest.get("/portal-exports?portal=help").await.json()["portal"].take();
    assert_eq!(portal["contact"]["label"], "Call");
    portal["id"] = json!("018f4e2a-7b1c-7c3d-9e4f-0123456789ae");
    portal["slug"] = json!("back");
    let body = json!({"bundle": "0".repeat(64), "next_number": 1, "portal": portal});
    rest.post("/portal-restorations", body).await.expect(200);
    let back = rest.get("/portals/back").await.json();
    assert_eq!(back["notice"]["text"], "Open on Monday.");
    assert_eq!(back["contact"], portal["contact"]);
    portal["contact"]["url"] = json!("javascript:alert(1)");
    portal["slug"] = json!("evil");
    portal["id"] = json!("018f4e2a-7b1c-7c3d-9e4f-0123456789af");
    let body = json!({"bundle": "1".repeat(64), "next_number": 1, "portal": portal});
    rest.post("/portal-restorations", body)
        .await
        .problem(400, "invalid_fields");
}
