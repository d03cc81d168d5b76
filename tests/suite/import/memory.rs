//! What an import remembers: unchanged files cost nothing, changes made here are not lost.

use cairn_tests::{Answer, TestApp};
use serde_json::{Value, json};

use super::{import, item, results, send};

/// Tables whose rows tell whether anything was written.
const WRITTEN: [&str; 7] = [
    "articles",
    "revisions",
    "renderings",
    "outbox",
    "audit",
    "categories",
    "imported_files",
];

async fn written(app: &TestApp) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    for table in WRITTEN {
        all.push(app.rows(table).await);
    }
    all
}

async fn article(app: &TestApp, source_id: &str) -> Value {
    let path = format!("/articles?portal=help&source_id={source_id}");
    let listed = app.rest(&app.key).get(&path).await.expect(200).json();
    let id = listed["items"][0]["id"].as_str().expect("it is there");
    let path = format!("/articles/{id}");
    app.rest(&app.key).get(&path).await.expect(200).json()
}

/// Changes an article here.
async fn change(app: &TestApp, source_id: &str, fields: Value) {
    let now = article(app, source_id).await;
    let path = format!("/articles/{}", now["id"].as_str().expect("an id"));
    let tag = format!("\"{}\"", now["head_revision"]);
    app.rest(&app.key)
        .patch(&path, &tag, fields)
        .await
        .expect(200);
}

fn first(answer: &Answer) -> Value {
    answer.json()["results"][0].clone()
}

async fn listed(app: &TestApp) -> Vec<Value> {
    let list = app.rest(&app.key).get("/imported-files?portal=help").await;
    let list = list.expect(200).json();
    list["items"].as_array().expect("items").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_says_the_same_writes_nothing_whatever_became_of_the_article() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One"), item("b", "Two")]);
    items[0]["category_path"] = json!(["Shelf"]);
    import(&app, &app.key, "k1", &items).await.expect(200);
    change(
        &app,
        "a",
        json!({"body": "edited here", "status": "draft", "category": null}),
    )
    .await;
    let before = written(&app).await;
    for (key, overwrite) in [("k2", false), ("k3", true)] {
        let body = json!({"items": items, "overwrite": overwrite});
        let again = send(&app, &app.key, key, body).await.expect(200);
        assert_eq!(results(&again), ["unchanged", "unchanged"]);
        assert_eq!(again.json()["results"][0]["slug"], "one");
    }
    assert_eq!(written(&app).await, before);
    assert_eq!(article(&app, "a").await["body"], "edited here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_updates_an_article_nobody_touched_again_and_again() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One")]);
    for (n, want) in ["created", "updated", "updated"].into_iter().enumerate() {
        items[0]["body"] = json!(format!("version {n}"));
        let done = import(&app, &app.key, &format!("k{n}"), &items)
            .await
            .expect(200);
        assert_eq!(results(&done), [want]);
    }
    let read = article(&app, "a").await;
    assert_eq!(
        (&read["body"], &read["head_revision"]),
        (&json!("version 2"), &json!(3))
    );
    assert_eq!(read["published_revision"], 3);
    // Back to an older text is a change like any other.
    items[0]["body"] = json!("version 0");
    let done = import(&app, &app.key, "k9", &items).await.expect(200);
    assert_eq!(results(&done), ["updated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_both_changed_nothing_is_written_and_the_reason_names_what_changed_here() {
    let changes = [
        (json!({"body": "edited here"}), "text"),
        (json!({"title": "Edited here"}), "text"),
        (json!({"tags": ["here"]}), "text"),
        (json!({"status": "draft"}), "status"),
        (json!({"category": "other"}), "category"),
        (json!({"audience": "public"}), "audience"),
        (json!({"slug": "chosen-here"}), "slug"),
    ];
    let app = TestApp::spawn().await;
    app.category("Other").create().await;
    let mut items = Vec::new();
    for n in 0..changes.len() {
        let mut item = item(&format!("s{n}"), &format!("Title {n}"));
        item["category_path"] = json!(["Shelf"]);
        item["audience"] = json!("internal");
        item["slug"] = json!(format!("slug-{n}"));
        items.push(item);
    }
    import(&app, &app.key, "k1", &json!(items))
        .await
        .expect(200);
    for (n, (fields, _)) in changes.iter().enumerate() {
        change(&app, &format!("s{n}"), fields.clone()).await;
    }
    for item in &mut items {
        item["body"] = json!("the file changed");
        item["category_path"] = json!(["New", "Newer"]);
    }
    // Only the file's category differs from what it was, and here it was not touched: no conflict about it.
    let before = written(&app).await;
    let refused = import(&app, &app.key, "k2", &json!(items))
        .await
        .expect(200);
    for (n, (fields, word)) in changes.iter().enumerate() {
        let result = &refused.json()["results"][n];
        assert_eq!(result["result"], "conflict", "{fields}: {result}");
        assert_eq!(result["id"], article(&app, &format!("s{n}")).await["id"]);
        let reason = result["reason"].as_str().expect("a reason");
        assert!(
            reason.contains(word) && reason.contains("overwrite"),
            "{fields}: {reason}"
        );
    }
    assert_eq!(written(&app).await, before, "a conflict wrote something");
    // The same batch under the same key, and under another one.
    let again = import(&app, &app.key, "k2", &json!(items))
        .await
        .expect(200);
    assert_eq!(again.json(), refused.json());
    let other = import(&app, &app.key, "k3", &json!(items))
        .await
        .expect(200);
    assert_eq!(other.json(), refused.json());
    assert_eq!(written(&app).await, before);

    let body = json!({"items": items, "overwrite": true});
    let forced = send(&app, &app.key, "k4", body).await.expect(200);
    for n in 0..changes.len() {
        assert_eq!(forced.json()["results"][n]["result"], "updated");
        let read = article(&app, &format!("s{n}")).await;
        assert_eq!(read["body"], "the file changed");
        assert_eq!(read["title"], format!("Title {n}"));
        assert_eq!(
            (&read["status"], &read["audience"], &read["slug"]),
            (
                &json!("published"),
                &json!("internal"),
                &json!(format!("slug-{n}"))
            )
        );
        assert_eq!(read["category"]["name"], "Newer");
    }
    assert!(listed(&app).await.iter().all(|f| f["is_changed"] == false));
    assert_eq!(
        results(
            &import(&app, &app.key, "k5", &json!(items))
                .await
                .expect(200)
        ),
        vec!["unchanged"; changes.len()]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_change_on_both_sides_is_no_conflict_and_is_remembered() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One")]);
    import(&app, &app.key, "k1", &items).await.expect(200);
    change(
        &app,
        "a",
        json!({"body": "as agreed", "status": "published"}),
    )
    .await;
    items[0]["body"] = json!("as agreed");
    let done = import(&app, &app.key, "k2", &items).await.expect(200);
    assert_eq!(results(&done), ["unchanged"]);
    assert_eq!(listed(&app).await[0]["is_changed"], false);
    // What nobody says is not changed: the audience was set here, the file has none.
    change(&app, "a", json!({"audience": "internal"})).await;
    items[0]["body"] = json!("the next version");
    let done = import(&app, &app.key, "k3", &items).await.expect(200);
    assert_eq!(results(&done), ["updated"]);
    let read = article(&app, "a").await;
    assert_eq!(
        (&read["audience"], &read["body"], &read["head_revision"]),
        (&json!("internal"), &json!("the next version"), &json!(3))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_no_import_made_is_taken_over_only_when_it_says_the_same() {
    let app = TestApp::spawn().await;
    for id in ["same", "other"] {
        let title = format!("Article {id}");
        let body = format!("Body of {title}.\n");
        app.article()
            .title(&title)
            .body(&body)
            .source_id(id)
            .published()
            .create()
            .await;
    }
    let mut items = json!([item("same", "Article same"), item("other", "Article other")]);
    items[1]["body"] = json!("something else");
    let done = import(&app, &app.key, "k1", &items).await.expect(200);
    assert_eq!(results(&done), ["unchanged", "conflict"]);
    let reason = done.json()["results"][1]["reason"]
        .as_str()
        .expect("a reason")
        .to_owned();
    assert!(reason.contains("no import made"), "{reason}");
    // From now on it is remembered.
    items[0]["body"] = json!("changed");
    let done = import(&app, &app.key, "k2", &items).await.expect(200);
    assert_eq!(results(&done), ["updated", "conflict"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sources_with_one_id_do_not_overwrite_each_other() {
    let app = TestApp::spawn().await;
    let from =
        |source: &str, title: &str| json!({"source": source, "items": [item("readme", title)]});
    send(&app, &app.key, "k1", from("docs/a", "A"))
        .await
        .expect(200);
    let done = send(&app, &app.key, "k2", from("docs/b", "B"))
        .await
        .expect(200);
    let result = first(&done);
    assert_eq!(result["result"], "conflict");
    let reason = result["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("docs/a") && reason.contains("docs/b"),
        "{reason}"
    );
    // A folder that got another name says the same: it is the same source from now on.
    let done = send(&app, &app.key, "k3", from("docs/b", "A"))
        .await
        .expect(200);
    assert_eq!(results(&done), ["unchanged"]);
    assert_eq!(listed(&app).await[0]["source"], "docs/b");
    let done = send(&app, &app.key, "k4", from("docs/b", "B"))
        .await
        .expect(200);
    assert_eq!(results(&done), ["updated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_moved_is_found_at_its_new_path_and_an_edit_is_still_told_apart() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One")]);
    items[0]["path"] = json!("guides/one.md");
    import(&app, &app.key, "k1", &items).await.expect(200);
    change(&app, "a", json!({"body": "edited here"})).await;
    items[0]["path"] = json!("start/one.md");
    let done = import(&app, &app.key, "k2", &items).await.expect(200);
    assert_eq!(results(&done), ["unchanged"]);
    let file = &listed(&app).await[0];
    assert_eq!(
        (&file["path"], &file["is_changed"], &file["head_revision"]),
        (&json!("start/one.md"), &json!(true), &json!(2))
    );
    items[0]["body"] = json!("the file changed");
    let done = import(&app, &app.key, "k3", &items).await.expect(200);
    assert_eq!(results(&done), ["conflict"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_erased_here_does_not_come_back() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One"), item("b", "Two")]);
    import(&app, &app.key, "k1", &items).await.expect(200);
    app.execute("update articles set status = 'archived', published_revision = null, purged_at = now() where source_id = 'a'")
        .await;
    for (n, overwrite) in [false, true, false].into_iter().enumerate() {
        let body = json!({"items": items, "overwrite": overwrite});
        let done = send(&app, &app.key, &format!("k2{n}"), body)
            .await
            .expect(200);
        assert_eq!(done.json()["results"][0]["result"], "failed");
        let reason = done.json()["results"][0]["reason"].clone();
        assert!(
            reason.as_str().is_some_and(|r| r.contains("erased")),
            "{reason}"
        );
        // The third time with another text.
        items[0]["body"] = json!(format!("new words {n}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_audience_and_slug_of_the_file_are_kept() {
    let app = TestApp::spawn().await;
    let mut items = json!([
        item("a", "One"),
        item("b", "Two"),
        item("c", "Three"),
        item("d", "Four")
    ]);
    for n in 0..3 {
        items[n]["created_at"] = json!("2019-03-01T08:00:00Z");
        items[n]["updated_at"] = json!("2021-05-02T10:30:00.123456789+02:00");
        items[n]["slug"] = json!("kept");
        items[n]["audience"] = json!("internal");
    }
    items[2]["status"] = json!("draft");
    let done = import(&app, &app.key, "k1", &items).await.expect(200);
    let slugs: Vec<_> = (0..4)
        .map(|n| done.json()["results"][n]["slug"].clone())
        .collect();
    assert_eq!(slugs, ["kept", "kept-2", "kept-3", "four"]);
    for id in ["a", "b", "c"] {
        let read = article(&app, id).await;
        assert_eq!(read["created_at"], "2019-03-01T08:00:00.000000Z", "{read}");
        assert_eq!(read["published_at"], "2021-05-02T08:30:00.123457Z");
        assert_eq!(read["audience"], "internal");
        assert_ne!(read["updated_at"], read["published_at"]);
    }
    let read = article(&app, "d").await;
    assert_eq!(
        (&read["audience"], &read["created_at"]),
        (&json!("public"), &read["updated_at"])
    );
    // The same words under other dates: no new revision; a numbered slug stays what it is.
    let again = import(&app, &app.key, "k2", &items).await.expect(200);
    assert_eq!(results(&again), vec!["unchanged"; 4]);
    items[1]["updated_at"] = json!("2022-01-01T00:00:00Z");
    items[1]["created_at"] = json!("2018-01-01T00:00:00Z");
    let done = import(&app, &app.key, "k3", &items).await.expect(200);
    assert_eq!(
        results(&done),
        ["unchanged", "updated", "unchanged", "unchanged"]
    );
    let read = article(&app, "b").await;
    assert_eq!(read["published_at"], "2022-01-01T00:00:00.000000Z");
    assert_eq!(read["created_at"], "2018-01-01T00:00:00.000000Z");
    assert_eq!(
        (&read["head_revision"], &read["slug"]),
        (&json!(1), &json!("kept-2"))
    );
    // Another slug in the file moves the article; the old address leads there.
    items[0]["slug"] = json!("moved");
    items[0]["audience"] = json!("public");
    let done = import(&app, &app.key, "k4", &items).await.expect(200);
    assert_eq!(first(&done)["slug"], "moved");
    app.settle().await;
    let page = app.page("/help/en/articles/kept").await;
    assert_eq!(
        (page.status, page.header("location")),
        (301, "/help/en/articles/moved")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_break_a_rule_fail_alone_and_say_which() {
    let app = TestApp::spawn().await;
    let bad = [
        ("audience", json!("everybody")),
        ("slug", json!("Not A Slug")),
        ("created_at", json!("yesterday")),
        ("updated_at", json!("2026-13-01T00:00:00Z")),
        ("updated_at", json!("-000100-01-01T00:00:00Z")),
        ("path", json!("../secret.md")),
        ("path", json!("/etc/passwd")),
        ("path", json!("a//b.md")),
        ("path", json!("p".repeat(1_025))),
        ("path", json!("ü".repeat(600))),
        ("path", json!("a\u{0}b")),
        ("translation_key", json!("")),
        ("translation_key", json!("k".repeat(513))),
        ("old_urls", json!([""])),
        ("old_urls", json!(vec!["/x"; 101])),
    ];
    let items: Vec<Value> = (bad.iter().enumerate())
        .map(|(n, (field, value))| {
            let mut item = item(&format!("s{n}"), "x");
            item[*field] = value.clone();
            item
        })
        .collect();
    let done = import(&app, &app.key, "k1", &json!(items))
        .await
        .expect(200)
        .json();
    for (n, (field, value)) in bad.iter().enumerate() {
        let result = &done["results"][n];
        assert_eq!(result["result"], "failed", "{field} {value}");
        let reason = result["reason"].as_str().expect("a reason");
        assert!(reason.contains(field), "{field}: {reason}");
    }
    assert!(app.rows("articles").await.is_empty());
    for source in ["", " ", &"s".repeat(201), "a\u{0}b"] {
        let body = json!({"source": source, "items": [item("a", "One")]});
        let refused = send(&app, &app.key, "k2", body).await;
        refused.problem(400, "invalid_fields");
        assert_eq!(refused.faults()[0].0, "source");
    }
    let body = json!({"overwrite": "yes", "items": [item("a", "One")]});
    send(&app, &app.key, "k3", body)
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_publish_does_not_unpublish_by_a_draft_file() {
    let app = TestApp::spawn().await;
    let mut items = json!([item("a", "One")]);
    import(&app, &app.key, "k1", &items).await.expect(200);
    let writer = app.key_with(&["articles:write"]).await;
    items[0]["status"] = json!("draft");
    let refused = import(&app, &writer, "k2", &items).await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:publish"
    );
    assert_eq!(article(&app, "a").await["status"], "published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_titles_that_collide_across_batches_get_slugs_of_their_own() {
    let app = TestApp::spawn().await;
    let title = "x".repeat(230);
    for n in 0..4 {
        let items = json!([item(&format!("s{n}"), &title)]);
        let done = import(&app, &app.key, &format!("k{n}"), &items)
            .await
            .expect(200);
        assert_eq!(results(&done), ["created"], "{}", done.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_files_are_one_batch_and_the_list_pages_through_them() {
    let app = TestApp::spawn().await;
    let mut items: Vec<Value> = (0..500)
        .map(|n| {
            let mut item = item(&format!("s{n}"), &format!("Title {n}"));
            item["path"] = json!(format!("guides/{n}.md"));
            item["translation_key"] = json!(format!("guides/{n}"));
            item["category_path"] = json!([format!("Shelf {}", n % 7)]);
            item
        })
        .collect();
    let body = |items: &[Value]| json!({"source": "docs/en", "items": items});
    let done = send(&app, &app.key, "k1", body(&items)).await.expect(200);
    assert_eq!(results(&done), vec!["created"; 500]);
    let before = written(&app).await;
    let done = send(&app, &app.key, "k2", body(&items)).await.expect(200);
    assert_eq!(results(&done), vec!["unchanged"; 500]);
    assert_eq!(written(&app).await, before);

    change(&app, "s7", json!({"title": "Edited here"})).await;
    items[7]["body"] = json!("changed");
    items[8]["body"] = json!("changed");
    let done = send(&app, &app.key, "k3", body(&items)).await.expect(200);
    let mut want = vec!["unchanged"; 500];
    (want[7], want[8]) = ("conflict", "updated");
    assert_eq!(results(&done), want);

    let rest = app.rest(&app.key);
    let (files, pages) = rest
        .all("/imported-files?portal=help&source=docs/en", 100)
        .await;
    assert_eq!((files.len(), pages), (500, 5));
    // Counting reads every row: it is done once, not for each page.
    let path = "/imported-files?portal=help&source=docs/en&limit=100";
    let first = rest.get(path).await.expect(200).json();
    assert_eq!(first["total"], 500);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = rest.get(&format!("{path}&cursor={cursor}")).await;
    let second = second.expect(200).json();
    assert_eq!(second["items"].as_array().unwrap().len(), 100);
    assert_eq!(second.get("total"), None);
    for (n, file) in files.iter().enumerate() {
        assert_eq!(file["path"], format!("guides/{n}.md"));
        assert_eq!(file["source_id"], format!("s{n}"));
        assert_eq!(file["is_changed"], n == 7, "{file}");
        assert_eq!(file["translation_key"], format!("guides/{n}"));
    }
    let none = rest
        .get("/imported-files?portal=help&source=docs")
        .await
        .expect(200)
        .json();
    assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)));
    for bad in ["limit=0", "limit=101", "cursor=x", "source=%20"] {
        let status = rest
            .get(&format!("/imported-files?portal=help&{bad}"))
            .await
            .status;
        assert_eq!(status, 400, "{bad}");
    }
}
