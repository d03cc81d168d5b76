//! Translations: joined by a key in whatever order the files come, or by hand; and behind when the article they were
//! made from moved on.

use cairn_tests::{TestApp, TestArticle};
use serde_json::{Value, json};

use super::{import, item, results, send};

/// A file of one text in a locale.
fn file(locale: &str, body: &str) -> Value {
    let mut file = item("guide", "Guide");
    file["locale"] = json!(locale);
    file["body"] = json!(body);
    file["translation_key"] = json!("guides/start");
    file
}

async fn with_locales() -> TestApp {
    let app = TestApp::spawn().await;
    let tag = app.rest(&app.key).get("/portals/help").await;
    let tag = tag.header("etag").to_owned();
    let locales = json!({"locales": ["en", "de", "fr"]});
    app.rest(&app.key)
        .patch("/portals/help", &tag, locales)
        .await
        .expect(200);
    app
}

async fn read(app: &TestApp, locale: &str) -> Value {
    let path = format!("/articles?portal=help&source_id=guide&locale={locale}");
    let listed = app.rest(&app.key).get(&path).await.expect(200).json();
    let id = listed["items"][0]["id"].as_str().expect("it is there");
    app.rest(&app.key)
        .get(&format!("/articles/{id}"))
        .await
        .expect(200)
        .json()
}

async fn bring(app: &TestApp, files: &[Value]) -> Vec<String> {
    let key = format!("k{}", app.rows("idempotency").await.len());
    results(&import(app, &app.key, &key, &json!(files)).await.expect(200))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_group_in_whatever_order_and_batches_the_files_come() {
    let orders = [
        ["en", "de", "fr"],
        ["en", "fr", "de"],
        ["de", "en", "fr"],
        ["de", "fr", "en"],
        ["fr", "en", "de"],
        ["fr", "de", "en"],
    ];
    for order in orders {
        // Bit n: a new batch begins behind file n.
        for cuts in 0..4 {
            let app = with_locales().await;
            let mut batch = Vec::new();
            for (n, locale) in order.iter().enumerate() {
                batch.push(file(locale, "text"));
                if n == 2 || cuts & (1 << n) != 0 {
                    let done = bring(&app, &batch).await;
                    assert_eq!(done, vec!["created"; batch.len()], "{order:?} {cuts}");
                    batch.clear();
                }
            }
            let english = read(&app, "en").await;
            assert_eq!(english["translation"], Value::Null, "{order:?} {cuts}");
            for locale in ["de", "fr"] {
                let other = read(&app, locale).await;
                assert_eq!(other["translation_group"], english["translation_group"]);
                let want = json!({"of": english["id"], "revision": 1, "behind": false});
                assert_eq!(other["translation"], want, "{order:?} {cuts} {locale}");
            }
            // Joined once, they stay as they are.
            let rows = app.rows("articles").await;
            let all: Vec<_> = order.iter().map(|l| file(l, "text")).collect();
            assert_eq!(bring(&app, &all).await, vec!["unchanged"; 3]);
            assert_eq!(app.rows("articles").await, rows);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_stands_in_until_the_default_locale_comes() {
    let app = with_locales().await;
    bring(&app, &[file("fr", "text")]).await;
    bring(&app, &[file("de", "text")]).await;
    let french = read(&app, "fr").await;
    assert_eq!(read(&app, "de").await["translation"]["of"], french["id"]);
    let before = app.rows("outbox").await.len();
    bring(&app, &[file("en", "text")]).await;
    // The two that were joined anew are written like any change: with audit and event.
    assert_eq!(app.rows("outbox").await.len() - before, 3);
    let audit = app
        .select("select after -> 'changed' from audit where action = 'article.import' and before is not null")
        .await;
    assert!(audit.len() >= 2, "{audit:?}");
    for locale in ["de", "fr"] {
        let of = read(&app, locale).await["translation"]["of"].clone();
        assert_eq!(of, read(&app, "en").await["id"], "{locale}");
    }
    app.settle().await;
    let page = app.page("/help/en/articles/guide").await.expect(200);
    for locale in ["de", "fr"] {
        let path = format!("/help/{locale}/articles/guide");
        assert!(page.text().contains(&path), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_article_of_one_locale_is_refused_until_the_first_is_put_away() {
    let app = with_locales().await;
    let mut second = file("de", "text");
    second["source_id"] = json!("guide-2");
    let done = bring(&app, &[file("en", "t"), file("de", "t"), second.clone()]).await;
    assert_eq!(done, ["created", "created", "failed"]);
    assert_eq!(bring(&app, std::slice::from_ref(&second)).await, ["failed"]);
    // Another source has keys of its own.
    let body = json!({"source": "elsewhere", "items": [second]});
    let done = send(&app, &app.key, "elsewhere", body).await.expect(200);
    assert_eq!(results(&done), ["created"]);
    let mut third = file("de", "text");
    third["source_id"] = json!("guide-3");
    let mut first = file("de", "t");
    first["status"] = json!("archived");
    assert_eq!(bring(&app, &[first, third]).await, ["updated", "created"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_translation_is_behind_when_the_original_moved_on_and_not_when_its_file_did_too() {
    let app = with_locales().await;
    bring(&app, &[file("de", "eins"), file("en", "one")]).await;
    bring(&app, &[file("en", "two")]).await;
    let german = read(&app, "de").await["translation"].clone();
    assert_eq!(
        (&german["revision"], &german["behind"]),
        (&json!(1), &json!(true))
    );
    bring(&app, &[file("de", "zwei")]).await;
    let german = read(&app, "de").await["translation"].clone();
    assert_eq!(
        (&german["revision"], &german["behind"]),
        (&json!(2), &json!(false))
    );
    // Both in one batch, the translation first.
    bring(&app, &[file("de", "drei"), file("en", "three")]).await;
    let german = read(&app, "de").await["translation"].clone();
    assert_eq!(
        (&german["revision"], &german["behind"]),
        (&json!(3), &json!(false))
    );
}

/// A translation made by hand, and what it answers.
async fn german_of(app: &TestApp, english: &TestArticle) -> Value {
    let new = json!({
        "portal": "help", "title": "Anleitung", "body": "x", "locale": "de", "status": "published",
        "translation_of": english.id,
    });
    app.rest(&app.key)
        .post("/articles", new)
        .await
        .expect(201)
        .json()
}

fn path(article: &Value) -> String {
    format!("/articles/{}", article["id"].as_str().expect("an id"))
}

fn tag(article: &Value) -> String {
    format!("\"{}\"", article["head_revision"])
}

async fn patch(app: &TestApp, article: &Value, fields: Value) -> cairn_tests::Answer {
    let now = app
        .rest(&app.key)
        .get(&path(article))
        .await
        .expect(200)
        .json();
    app.rest(&app.key)
        .patch(&path(article), &tag(&now), fields)
        .await
}

fn fault(answer: &cairn_tests::Answer) -> (String, String) {
    answer.problem(400, "invalid_fields");
    answer.faults()[0].clone()
}

fn named(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_readers_learn_that_a_translation_is_behind_as_far_as_they_see() {
    let app = with_locales().await;
    let reader = app.key_with(&["articles:read"]).await;
    let english = app.article().title("Guide").published().create().await;
    let german = german_of(&app, &english).await;
    let of = |revision: i64, behind: bool| json!({"of": english.id, "revision": revision, "behind": behind});
    assert_eq!(german["translation"], of(1, false));
    let source = json!({"id": english.id});
    patch(&app, &source, json!({"body": "more"}))
        .await
        .expect(200);
    let seen = |key| {
        let rest = app.rest(key);
        let path = path(&german);
        async move { rest.get(&path).await.expect(200).json()["translation"].clone() }
    };
    assert_eq!(seen(&app.key).await, of(1, true), "the head moved on");
    assert_eq!(
        seen(&reader).await,
        of(1, false),
        "what is published did not"
    );
    patch(&app, &source, json!({"status": "published"}))
        .await
        .expect(200);
    assert_eq!(seen(&reader).await, of(1, true));
    let tool = app
        .mcp(&app.key)
        .call("get_article", json!({"id": german["id"]}))
        .await
        .ok();
    assert_eq!(tool["translation"], of(1, true));

    let done = patch(&app, &german, json!({"translated_revision": 2}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&done["translation"], &done["changed"]),
        (&of(2, false), &json!(["translated_from"]))
    );
    let done = patch(&app, &german, json!({"translated_revision": 2}))
        .await
        .expect(200)
        .json();
    assert_eq!(done["changed"], json!([]));
    // Named again without a revision it is as far as before.
    let done = patch(&app, &german, json!({"translation_of": english.id}))
        .await
        .expect(200)
        .json();
    assert_eq!(done["changed"], json!([]));
    patch(&app, &source, json!({"status": "draft"}))
        .await
        .expect(200);
    assert_eq!(
        seen(&reader).await,
        Value::Null,
        "readers are not told of a draft"
    );
    assert_eq!(seen(&app.key).await, of(2, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_has_one_article_of_each_locale_at_both_doors() {
    let app = with_locales().await;
    let english = app.article().title("Guide").create().await;
    let german = german_of(&app, &english).await;
    let again = json!({"portal": "help", "title": "Noch eine", "body": "x", "locale": "de", "translation_of": english.id});
    let refused = app.rest(&app.key).post("/articles", again.clone()).await;
    assert_eq!(
        fault(&refused),
        named("translation_of", "translation_exists")
    );
    app.mcp(&app.key)
        .call("create_article", again)
        .await
        .refused("invalid_fields");

    let other = app.article().title("Other").in_locale("de").create().await;
    let other = json!({"id": other.id});
    let refused = patch(&app, &other, json!({"translation_of": english.id})).await;
    assert_eq!(
        fault(&refused),
        named("translation_of", "translation_exists")
    );
    let refused = patch(&app, &german, json!({"locale": "en"})).await;
    assert_eq!(fault(&refused), named("locale", "translation_exists"));
    // In another locale it may join, whichever of them it names.
    let joined = patch(
        &app,
        &other,
        json!({"locale": "fr", "translation_of": german["id"]}),
    )
    .await;
    let joined = joined.expect(200).json();
    assert_eq!(joined["translation_group"], german["translation_group"]);
    assert_eq!(joined["translation"]["of"], german["id"]);
    // What is put away leaves its place.
    patch(&app, &joined, json!({"status": "archived"}))
        .await
        .expect(200);
    let french = json!({"portal": "help", "title": "La suite", "body": "x", "locale": "fr", "translation_of": english.id});
    app.rest(&app.key)
        .post("/articles", french)
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_about_a_translation_is_refused_with_its_field() {
    let app = with_locales().await;
    let english = app.article().title("Guide").create().await;
    let german = german_of(&app, &english).await;
    let english = json!({"id": english.id});
    let alone = app.article().title("Alone").in_locale("fr").create().await;
    let alone = json!({"id": alone.id});
    for (article, fields, want) in [
        (
            &german,
            json!({"translated_revision": 2}),
            ("translated_revision", "out_of_range"),
        ),
        (
            &german,
            json!({"translated_revision": 0}),
            ("translated_revision", "out_of_range"),
        ),
        (
            &german,
            json!({"translated_revision": 1, "translation_of": null}),
            ("translated_revision", "contradiction"),
        ),
        (
            &german,
            json!({"translation_of": german["id"]}),
            ("translation_of", "circular"),
        ),
        (
            &german,
            json!({"translation_of": ""}),
            ("translation_of", "required"),
        ),
        (
            &german,
            json!({"translation_of": "no id"}),
            ("translation_of", "invalid_id"),
        ),
        (
            &english,
            json!({"translation_of": german["id"]}),
            ("translation_of", "circular"),
        ),
        (
            &english,
            json!({"translation_of": alone["id"]}),
            ("translation_of", "has_translations"),
        ),
        (
            &english,
            json!({"translated_revision": 1}),
            ("translated_revision", "not_a_translation"),
        ),
    ] {
        let refused = patch(&app, article, fields.clone()).await;
        assert_eq!(fault(&refused), named(want.0, want.1), "{fields}");
    }
    patch(&app, &alone, json!({"translation_of": "help~999999"}))
        .await
        .problem(404, "not_found");
    // A stale change is told so before anything else.
    app.rest(&app.key)
        .patch(
            &path(&english),
            "\"7\"",
            json!({"translation_of": german["id"]}),
        )
        .await
        .problem(412, "revision_conflict");
    // On its own it is a translation of none, and in no group of theirs.
    let parted = patch(&app, &german, json!({"translation_of": null}))
        .await
        .expect(200)
        .json();
    assert_eq!(parted["translation"], Value::Null);
    assert_ne!(parted["translation_group"], german["translation_group"]);
    let tool = app.mcp(&app.key);
    let arguments =
        json!({"id": german["id"], "expected_revision": 1, "translation_of": english["id"]});
    let joined = tool.call("update_article", arguments).await.ok();
    assert_eq!(joined["translation"]["of"], english["id"]);
    let arguments =
        json!({"id": german["id"], "expected_revision": 1, "clear": ["translation_of"]});
    let parted = tool.call("update_article", arguments).await.ok();
    assert_eq!(parted.get("translation"), None);
    let writer = app.key_with(&["articles:write"]).await;
    let refused = app
        .rest(&writer)
        .patch(
            &path(&german),
            "\"1\"",
            json!({"translation_of": english["id"]}),
        )
        .await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:publish"
    );
}
