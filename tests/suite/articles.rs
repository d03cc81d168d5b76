//! Articles through REST: what is made, what is kept, what is refused, and who sees which state.

use cairn_domain::limits::{BODY_BYTES_MAX, REQUEST_BYTES_MAX, TITLE_CHARS_MAX};
use cairn_tests::{TestApp, TestKey};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_article_is_a_draft_that_readers_do_not_see() {
    let app = TestApp::spawn().await;
    let made = app
        .rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "Größe & Maße", "body": "# A\n"}),
        )
        .await;
    let made = made.expect(201);
    let article = made.json();
    assert_eq!(article["status"], "draft");
    assert_eq!(article["slug"], "größe-maße");
    assert_eq!(
        (&article["revision"], &article["published_revision"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(article["url"], Value::Null);
    assert_eq!(
        made.header("location"),
        format!(
            "/api/v1/articles/{}",
            article["id"].as_str().expect("an id")
        )
    );
    let reader = app.key_with(&["articles:read"]).await;
    let api = format!("/articles/{}", article["id"].as_str().expect("an id"));
    app.rest(&reader).get(&api).await.problem(404, "not_found");
    app.page("/help/en/articles/gr%C3%B6%C3%9Fe-ma%C3%9Fe")
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_needs_the_scope_and_the_refusal_names_it() {
    let app = TestApp::spawn().await;
    let writer = app.key_with(&["articles:write"]).await;
    let wanted = json!({"portal": "help", "title": "T", "body": "", "status": "published"});
    let refused = app.rest(&writer).post("/articles", wanted.clone()).await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:publish"
    );
    let publisher = app.key_with(&["articles:write", "articles:publish"]).await;
    let made = app
        .rest(&publisher)
        .post("/articles", wanted)
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&made["status"], &made["published_revision"]),
        (&json!("published"), &json!(1))
    );
    assert_eq!(made["url"], "http://127.0.0.1:8080/help/en/articles/t");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_faulty_field_is_named_in_one_answer() {
    let app = TestApp::spawn().await;
    let answer = app
        .rest(&app.key)
        .post("/articles", json!({
            "portal": "help", "title": "  ", "locale": "no tag", "slug": "Not A Slug", "status": "live",
            "audience": "friends", "tags": ["ok", ""], "source_id": "", "category": "nowhere", "author": " ",
        }))
        .await;
    answer.problem(400, "invalid_fields");
    let fields: Vec<_> = answer
        .faults()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    for field in [
        "title",
        "body",
        "locale",
        "slug",
        "status",
        "audience",
        "tags.1",
        "source_id",
        "category",
        "author",
    ] {
        assert!(
            fields.iter().any(|f| f == field),
            "{field} is not among {fields:?}"
        );
    }
    assert!(app.rows("articles").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_nulls_and_wrong_types_are_errors_all_at_once() {
    let app = TestApp::spawn().await;
    let answer = app
        .rest(&app.key)
        .post(
            "/articles",
            json!({"titel": "T", "body": null, "tags": "a", "title": 5}),
        )
        .await;
    answer.problem(400, "invalid_fields");
    let faults = answer.faults();
    for (field, code) in [
        ("titel", "unknown_field"),
        ("body", "null_not_allowed"),
        ("tags", "invalid_type"),
        ("title", "invalid_type"),
    ] {
        assert!(
            faults.iter().any(|(f, c)| f == field && c == code),
            "{field} {code} is not among {faults:?}"
        );
    }
    assert!(answer.text().contains("did you mean title?"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_ids_are_errors_and_never_a_list() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    rest.get("/articles/").await.problem(404, "not_found");
    rest.get("/articles/%20").await.expect(400);
    rest.get("/articles/nonsense")
        .await
        .problem(400, "invalid_fields");
    rest.get("/articles?portal=")
        .await
        .problem(400, "invalid_fields");
    rest.get("/articles?portal=help&category=")
        .await
        .problem(400, "invalid_fields");
    rest.get("/articles//revisions")
        .await
        .problem(404, "not_found");
    rest.request("DELETE", "/keys/")
        .send()
        .await
        .problem(404, "not_found");
    rest.get("/articles?portal=help&colour=red")
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_is_kept_to_the_byte() {
    let app = TestApp::spawn().await;
    let body = "\u{feff}# T\r\n\r\ntrailing  \t\n\u{0}"
        .trim_end_matches('\0')
        .to_owned()
        + "e\u{301} \u{202e}x\u{1f9d1}\u{200d}\u{1f4bb}";
    let sent = json!({
        "portal": "help", "title": " Cafe\u{301} ", "body": body, "excerpt": " x\n", "tags": ["b", "a", "B "],
        "author": "  A. U. Thor ", "source_id": " s/1 ", "message": " why ",
    });
    let made = app
        .rest(&app.key)
        .post("/articles", sent.clone())
        .await
        .expect(201)
        .json();
    let read = app
        .rest(&app.key)
        .get(&format!(
            "/articles/{}",
            made["short_id"].as_str().expect("a short id")
        ))
        .await
        .expect(200)
        .json();
    for field in ["title", "body", "excerpt", "tags", "author", "source_id"] {
        assert_eq!(read[field], sent[field], "{field}");
        assert_eq!(made[field], sent[field], "{field}");
    }
    assert_eq!(read["slug"], "café");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stored_is_refused_by_name() {
    let app = TestApp::spawn().await;
    let answer = app
        .rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "a\u{0}b", "body": "c\u{0}d"}),
        )
        .await;
    answer.problem(400, "invalid_fields");
    let faults = answer.faults();
    assert!(
        faults.contains(&("title".to_owned(), "nul_character".to_owned())),
        "{faults:?}"
    );
    assert!(
        faults.contains(&("body".to_owned(), "nul_character".to_owned())),
        "{faults:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_to_the_character_and_to_the_byte() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let new = |title: String, body: String| json!({"portal": "help", "title": title, "body": body});
    rest.post(
        "/articles",
        new("ж".repeat(TITLE_CHARS_MAX), "x".repeat(BODY_BYTES_MAX)),
    )
    .await
    .expect(201);
    let answer = rest
        .post(
            "/articles",
            new(
                "ж".repeat(TITLE_CHARS_MAX + 1),
                "x".repeat(BODY_BYTES_MAX + 1),
            ),
        )
        .await;
    answer.problem(400, "invalid_fields");
    let want = ["title", "body"].map(|f| (f.to_owned(), "too_long".to_owned()));
    assert_eq!(answer.faults(), want);
    rest.request("POST", "/articles")
        .raw_json(vec![b' '; REQUEST_BYTES_MAX + 1])
        .send()
        .await
        .problem(413, "too_large");
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    rest.request("POST", "/articles")
        .raw_json(deep.into_bytes())
        .send()
        .await
        .problem(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_media_types_and_methods_are_refused_with_what_would_do() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let sent = rest
        .request("POST", "/articles")
        .header("content-type", "text/plain")
        .raw(b"{}".to_vec())
        .send()
        .await;
    sent.problem(415, "unsupported_media_type");
    let sent = rest.request("DELETE", "/articles").send().await;
    sent.problem(405, "method_not_allowed");
    assert!(
        sent.header("allow").contains("GET") && sent.header("allow").contains("POST"),
        "{:?}",
        sent.headers
    );
    rest.get("/nothing").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_read_the_head_and_readers_what_is_published() {
    let app = TestApp::spawn().await;
    let article = app
        .article()
        .title("First")
        .body("one")
        .published()
        .create()
        .await;
    app.change(&article, |c| c.body = Some("two".to_owned()))
        .await;
    let writer = app
        .rest(&app.key)
        .get(&article.api())
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&writer["body"], &writer["revision"]),
        (&json!("two"), &json!(2))
    );
    assert_eq!(
        (
            &writer["published_revision"],
            &writer["has_unpublished_changes"]
        ),
        (&json!(1), &json!(true))
    );
    let as_reader = app
        .rest(&app.key)
        .get(&format!("{}?published=true", article.api()))
        .await
        .expect(200)
        .json();
    let key = app.key_with(&["articles:read"]).await;
    let reader = app.rest(&key).get(&article.api()).await.expect(200).json();
    for seen in [as_reader, reader] {
        assert_eq!(
            (&seen["body"], &seen["revision"]),
            (&json!("one"), &json!(1))
        );
    }
    let refused = app
        .rest(&key)
        .get(&format!("{}?revision=2", article.api()))
        .await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:write"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_live_changes_only_with_the_scope_to_publish() {
    let app = TestApp::spawn().await;
    let article = app
        .article()
        .title("Live")
        .body("one")
        .published()
        .create()
        .await;
    let writer = app.key_with(&["articles:write"]).await;
    let rest = app.rest(&writer);
    let changed = rest
        .patch(&article.api(), &article.etag, json!({"body": "two"}))
        .await
        .expect(200);
    let etag = changed.header("etag").to_owned();
    assert_eq!(changed.json()["changed"], json!(["body"]));
    app.settle().await;
    assert!(
        app.page(&article.path)
            .await
            .expect(200)
            .text()
            .contains("one")
    );
    for change in [
        json!({"status": "published"}),
        json!({"status": "archived"}),
        json!({"slug": "x"}),
        json!({"audience": "internal"}),
        json!({"category": null, "locale": "de"}),
    ] {
        let refused = rest.patch(&article.api(), &etag, change.clone()).await;
        assert_eq!(
            refused.problem(403, "missing_scope")["missing_scope"],
            "articles:publish",
            "{change}"
        );
    }
    app.rest(&app.key)
        .patch(&article.api(), &etag, json!({"status": "published"}))
        .await
        .expect(200);
    app.settle().await;
    assert!(
        app.page(&article.path)
            .await
            .expect(200)
            .text()
            .contains("two")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_article_is_gone_for_readers_and_comes_back_when_published() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Seasonal").published().create().await;
    let archived = app
        .change(&article, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    app.page(&article.path).await.expect(404);
    let reader = app.key_with(&["articles:read"]).await;
    app.rest(&reader)
        .get(&article.api())
        .await
        .problem(404, "not_found");
    app.change(&archived, |c| c.status = Some("published".to_owned()))
        .await;
    app.settle().await;
    app.page(&article.path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_replace_passages_that_stand_exactly_once() {
    let app = TestApp::spawn().await;
    let article = app.article().body("one two three two aaa\n").create().await;
    let rest = app.rest(&app.key);
    let edits = |pairs: &[(&str, &str)]| json!({"edits": pairs.iter().map(|(f, r)| json!({"find": f, "replace": r})).collect::<Vec<_>>()});
    let refused = rest
        .patch(
            &article.api(),
            &article.etag,
            edits(&[("four", "4"), ("two", "2"), ("aa", "b")]),
        )
        .await;
    refused.problem(422, "edit_failed");
    let codes: Vec<_> = refused.faults();
    let want = [
        ("edits.0.find", "edit_not_found"),
        ("edits.1.find", "edit_ambiguous"),
        ("edits.2.find", "edit_ambiguous"),
    ];
    assert_eq!(codes, want.map(|(f, c)| (f.to_owned(), c.to_owned())));
    let overlapping = rest
        .patch(
            &article.api(),
            &article.etag,
            edits(&[("one two", "x"), ("two three", "y")]),
        )
        .await;
    assert_eq!(
        overlapping.problem(422, "edit_failed")["errors"][0]["code"],
        "edits_overlap"
    );
    let both = rest
        .patch(
            &article.api(),
            &article.etag,
            json!({"body": "x", "edits": [{"find": "one", "replace": ""}]}),
        )
        .await;
    both.problem(400, "invalid_fields");
    // Their order does not matter, and one cannot eat what another made.
    let done = rest
        .patch(
            &article.api(),
            &article.etag,
            edits(&[("three", "one"), ("one ", "")]),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(done["body"], "two one two aaa\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_everything_and_writes_nothing() {
    let app = TestApp::spawn().await;
    let article = app.article().body("one").published().create().await;
    let before = (app.rows("articles").await, app.rows("outbox").await);
    let rest = app.rest(&app.key);
    let shown = rest
        .patch(
            &format!("{}?dry_run=true", article.api()),
            &article.etag,
            json!({"body": "two", "status": "published"}),
        )
        .await;
    let shown = shown.expect(200).json();
    assert_eq!(
        (&shown["body"], &shown["changed"]),
        (&json!("two"), &json!(["body", "published_revision"]))
    );
    assert_eq!(
        (app.rows("articles").await, app.rows("outbox").await),
        before
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_to_what_is_so_already_writes_nothing() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Same").body("same").create().await;
    let before = (
        app.rows("articles").await,
        app.rows("revisions").await,
        app.rows("audit").await,
        app.rows("outbox").await,
    );
    let same = app
        .rest(&app.key)
        .patch(
            &article.api(),
            &article.etag,
            json!({"title": "Same", "body": "same"}),
        )
        .await
        .expect(200);
    assert_eq!(same.json()["changed"], json!([]));
    assert_eq!(same.header("etag"), article.etag);
    let after = (
        app.rows("articles").await,
        app.rows("revisions").await,
        app.rows("audit").await,
        app.rows("outbox").await,
    );
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_names_its_article_by_uuid_only() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let rest = app.rest(&app.key);
    rest.get(&format!("/articles/{}", article.short_id))
        .await
        .expect(200);
    let refused = rest
        .patch(
            &format!("/articles/{}", article.short_id),
            &article.etag,
            json!({"title": "x"}),
        )
        .await;
    assert_eq!(
        refused.problem(400, "invalid_fields")["errors"][0]["code"],
        "invalid_id"
    );
    let spelled = article.id.replace('-', "");
    rest.get(&format!("/articles/{spelled}"))
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn translations_share_a_group_and_point_at_each_other() {
    let app = TestApp::spawn().await;
    let english = app.article().title("Refunds").published().create().await;
    let german = app.rest(&app.key).post("/articles", json!({
        "portal": "help", "title": "Erstattungen", "body": "x", "locale": "de", "status": "published", "translation_of": english.short_id,
    })).await.expect(201).json();
    let original = app
        .rest(&app.key)
        .get(&english.api())
        .await
        .expect(200)
        .json();
    assert_eq!(german["translation_group"], original["translation_group"]);
    app.settle().await;
    assert!(
        app.page(&english.path)
            .await
            .expect(200)
            .text()
            .contains("/help/de/articles/erstattungen")
    );
    app.rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "x", "body": "", "translation_of": "help~999999"}),
        )
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_of_several_portals_must_name_one_to_write() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let refused = app
        .rest(&app.key)
        .post("/articles", json!({"title": "x", "body": ""}))
        .await;
    let problem = refused.problem(400, "portal_required");
    let detail = problem["detail"].as_str().expect("a sentence").to_owned();
    assert!(
        detail.contains("help") && detail.contains("other"),
        "{detail}"
    );
    let one: TestKey = app.make_key().portals(&["other"]).create().await;
    let made = app
        .rest(&one)
        .post("/articles", json!({"title": "x", "body": ""}))
        .await
        .expect(201)
        .json();
    assert_eq!(made["portal"], "other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_leaves_row_revision_audit_and_event_together() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    app.change(&article, |c| c.title = Some("Another title".to_owned()))
        .await;
    let audit: Vec<_> = app.rows("audit").await;
    let actions: Vec<_> = audit
        .iter()
        .filter_map(|a| a["action"].as_str())
        .filter(|a| a.starts_with("article."))
        .collect();
    assert_eq!(actions, ["article.create", "article.update"]);
    let events: Vec<_> = app.rows("outbox").await;
    let kinds: Vec<_> = events
        .iter()
        .filter(|e| e["subject_id"] == article.id.as_str())
        .map(|e| e["kind"].clone())
        .collect();
    assert_eq!(kinds, [json!("article.created"), json!("article.updated")]);
    assert_eq!(app.rows("revisions").await.len(), 2);
}
