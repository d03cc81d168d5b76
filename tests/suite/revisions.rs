//! Revisions: what was, by whom, and bringing it back.

use cairn_tests::TestApp;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_are_listed_newest_first_without_bodies() {
    let app = TestApp::spawn().await;
    let mut article = app.article().title("Title 1").body("größe").create().await;
    for n in 2..=7 {
        article = app
            .change(&article, |c| {
                c.title = Some(format!("Title {n}"));
                c.message = Some(format!("change {n}"));
            })
            .await;
    }
    let (items, pages) = app
        .rest(&app.key)
        .all(&format!("{}/revisions", article.api()), 3)
        .await;
    let numbers: Vec<_> = items
        .iter()
        .map(|r| r["revision"].as_i64().unwrap_or(0))
        .collect();
    assert_eq!((numbers, pages), (vec![7, 6, 5, 4, 3, 2, 1], 3));
    assert_eq!(
        (&items[0]["title"], &items[0]["message"]),
        (&json!("Title 7"), &json!("change 7"))
    );
    assert_eq!(items[0]["body_bytes"], "größe".len());
    assert_eq!(items[0]["actor"]["kind"], "operator");
    assert!(items.iter().all(|r| r.get("body").is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revision_keeps_every_staged_field_and_who_saved_it() {
    let app = TestApp::spawn().await;
    let writer = app
        .make_key()
        .name("Ada's script")
        .scopes(&["articles:write"])
        .create()
        .await;
    let article = app
        .article()
        .title("One")
        .body("one")
        .tags(&["x"])
        .author("Ada")
        .excerpt("e")
        .create()
        .await;
    app.rest(&writer).patch(&article.api(), &article.etag, json!({"title": "Two", "body": "two", "tags": [], "author": null, "excerpt": "", "message": "why"})).await.expect(200);
    let first = app
        .rest(&writer)
        .get(&format!("{}/revisions/1", article.api()))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            &first["title"],
            &first["body"],
            &first["tags"],
            &first["author"]
        ),
        (&json!("One"), &json!("one"), &json!(["x"]), &json!("Ada"))
    );
    let second = app
        .rest(&writer)
        .get(&format!("/articles/{}/revisions/2", article.short_id))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&second["title"], &second["tags"], &second["message"]),
        (&json!("Two"), &json!([]), &json!("why"))
    );
    assert_eq!(
        second["actor"],
        json!({"kind": "key", "id": writer.id, "name": "Ada's script"})
    );
    app.rest(&writer)
        .get(&format!("{}/revisions/3", article.api()))
        .await
        .problem(404, "not_found");
    app.rest(&writer)
        .get(&format!("{}/revisions/0", article.api()))
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restoring_makes_a_new_head_and_leaves_readers_alone() {
    let app = TestApp::spawn().await;
    let article = app
        .article()
        .title("One")
        .body("one")
        .tags(&["x"])
        .published()
        .create()
        .await;
    let article = app
        .change(&article, |c| {
            c.title = Some("Two".to_owned());
            c.body = Some("two".to_owned());
            c.tags = Some(vec![]);
            c.status = Some("published".to_owned());
        })
        .await;
    let path = format!("{}/restorations", article.api());
    let rest = app.rest(&app.key);
    rest.post(&path, json!({"revision": 1}))
        .await
        .problem(428, "precondition_required");
    let restore = async |tag: &str, body| {
        rest.request("POST", &path)
            .header("if-match", tag)
            .json(&body)
            .send()
            .await
    };
    restore("\"1.1\"", json!({"revision": 1}))
        .await
        .problem(412, "revision_conflict");
    restore(&article.etag, json!({"revision": 9}))
        .await
        .problem(404, "not_found");
    restore(&article.etag, json!({})).await.expect(400);
    let restored = restore(&article.etag, json!({"revision": 1}))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&restored["title"], &restored["body"], &restored["tags"]),
        (&json!("One"), &json!("one"), &json!(["x"]))
    );
    assert_eq!(
        (&restored["head_revision"], &restored["published_revision"]),
        (&json!(3), &json!(2))
    );
    let third = rest
        .get(&format!("{}/revisions/3", article.api()))
        .await
        .expect(200)
        .json();
    assert_eq!(third["message"], "Restore revision 1");
    app.settle().await;
    assert!(
        app.page(&article.path)
            .await
            .expect(200)
            .text()
            .contains("two")
    );
    let actions: Vec<_> = app
        .rows("audit")
        .await
        .into_iter()
        .filter(|a| a["subject_id"] == article.id.as_str())
        .map(|a| a["action"].clone())
        .collect();
    assert_eq!(
        actions,
        ["article.create", "article.update", "article.restore"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_revisions_are_for_writers_only() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    let reader = app.key_with(&["mcp:read"]).await;
    for path in ["/revisions", "/revisions/1"] {
        let refused = app
            .rest(&reader)
            .get(&format!("{}{path}", article.api()))
            .await;
        assert_eq!(
            refused.problem(403, "missing_scope")["missing_scope"],
            "articles:write"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_serving_role_cannot_rewrite_history() {
    let app = TestApp::spawn().await;
    app.article().create().await;
    for table in ["revisions", "audit"] {
        let rights = app.select(&format!(
            "select to_jsonb(array_agg(privilege_type::text order by privilege_type::text)) from information_schema.role_table_grants
             where table_name = '{table}' and grantee = 'cairn_suite_app'"
        )).await;
        assert_eq!(rights, [json!(["INSERT", "SELECT"])], "{table}");
    }
}
