//! Somebody else's portal looks like nothing at all: every answer to a credential of one portal is
//! the same whether the other portal is there or not, down to counts and scores.

use cairn_tests::{PARITY_TABLES, TestApp, TestKey, normalise};
use serde_json::{Value, json};

/// The portal both applications have.
async fn ours(app: &TestApp) -> TestKey {
    let top = app.category("Top").create().await;
    app.category("Below").below(&top).create().await;
    for n in 0..6 {
        app.article()
            .title(&format!("walrus {n}"))
            .body(&"seal ".repeat(n + 1))
            .tags(&["x"])
            .in_category("Below")
            .published()
            .create()
            .await;
    }
    app.article().title("walrus draft").create().await;
    app.make_key()
        .name("ours")
        .portals(&["help"])
        .create()
        .await
}

/// A portal full of the same words, with drafts, categories, keys, moved slugs and its own host.
async fn theirs(app: &TestApp) {
    app.portal("other")
        .locales(&["en", "de"])
        .hostnames(&["help.other.example"])
        .create()
        .await;
    let top = app.category("Top").in_portal("other").create().await;
    app.category("Theirs")
        .in_portal("other")
        .below(&top)
        .create()
        .await;
    for n in 0..12 {
        let article = app
            .article()
            .in_portal("other")
            .title(&format!("walrus theirs {n}"))
            .body("walrus seal seal")
            .tags(&["x", "theirs"])
            .author("Them")
            .source_id(&format!("t{n}"))
            .in_category("Theirs")
            .published()
            .create()
            .await;
        app.change(&article, |c| c.slug = Some(format!("moved-{n}")))
            .await;
    }
    app.article()
        .in_portal("other")
        .title("walrus secret")
        .create()
        .await;
    let doomed = app.article().in_portal("other").create().await;
    app.rest(&app.key)
        .post(
            &format!("{}/purges", doomed.api()),
            json!({"message": "theirs"}),
        )
        .await
        .expect(201);
    app.make_key()
        .name("theirs")
        .portals(&["other"])
        .create()
        .await;
}

const READS: &[&str] = &[
    "/portals",
    "/portals/help",
    "/portals/other",
    "/categories",
    "/categories?locale=de",
    "/categories?portal=help&parent=top",
    "/categories?portal=other",
    "/articles?limit=100&sort=number",
    "/articles?limit=100&sort=number&tag=x",
    "/articles?tag=theirs",
    "/articles?author=Them",
    "/articles?source_id=t1",
    "/articles?slug=moved-1",
    "/articles?category=theirs",
    "/articles?category=top&sort=number",
    "/articles?q=walrus",
    "/articles?q=theirs",
    "/articles?portal=other",
    "/articles/help~1",
    "/articles/other~1",
    "/articles/help~1/revisions",
    "/search?q=walrus+seal",
    "/search?q=secret",
    "/search?q=walrus&portal=other",
    "/search?q=walrus&category=theirs",
    "/purges",
    "/purges?portal=other",
    "/keys",
];

fn comparable(body: &str) -> Value {
    let mut value: Value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    // A random hint of a random secret.
    if let Some(items) = value["items"].as_array_mut() {
        for item in items {
            if let Some(members) = item.as_object_mut() {
                members.remove("hint");
            }
        }
    }
    let mut tables = [(String::new(), vec![value])];
    normalise(&mut tables);
    let [(_, mut rows)] = tables;
    rows.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_to_a_credential_of_one_portal_is_the_same_without_the_other() {
    let (with, without) = (TestApp::spawn().await, TestApp::spawn().await);
    theirs(&with).await;
    let (key_with, key_without) = (ours(&with).await, ours(&without).await);
    theirs_again(&with).await;
    with.settle().await;
    without.settle().await;
    for path in READS {
        let left = with.rest(&key_with).get(path).await;
        let right = without.rest(&key_without).get(path).await;
        let (left, right) = (left.outside(), right.outside());
        assert_eq!(
            (left.0, comparable(&left.2)),
            (right.0, comparable(&right.2)),
            "{path}"
        );
        let names = |headers: &[(String, String)]| {
            headers.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&left.1), names(&right.1), "{path}");
    }
    for (tool, arguments) in [
        ("list_categories", json!({})),
        ("list_articles", json!({"limit": 100, "sort": "number"})),
        ("list_articles", json!({"query": "walrus seal"})),
        ("list_articles", json!({"tag": "theirs"})),
        ("list_articles", json!({"portal": "other"})),
        ("get_article", json!({"id": "help~1"})),
        ("get_article", json!({"id": "other~1"})),
        (
            "get_article",
            json!({"id": "http://127.0.0.1:8080/other/en/articles/moved-1"}),
        ),
        ("create_article", json!({"title": "T", "body": "b"})),
        (
            "create_article",
            json!({"title": "T", "body": "b", "category": "theirs"}),
        ),
        (
            "create_article",
            json!({"title": "T", "body": "b", "translation_of": "other~1"}),
        ),
        (
            "create_article",
            json!({"title": "T", "body": "b", "portal": "other"}),
        ),
    ] {
        let left = with.mcp(&key_with).call(tool, arguments.clone()).await;
        let right = without
            .mcp(&key_without)
            .call(tool, arguments.clone())
            .await;
        assert_eq!(
            left.is_error, right.is_error,
            "{tool} {arguments}: {} / {}",
            left.text, right.text
        );
        assert_eq!(
            comparable(&left.data.to_string()),
            comparable(&right.data.to_string()),
            "{tool} {arguments}"
        );
    }
}

/// The other portal goes on writing while ours is there.
async fn theirs_again(app: &TestApp) {
    for n in 0..5 {
        app.article()
            .in_portal("other")
            .title(&format!("walrus later {n}"))
            .published()
            .create()
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rows_of_one_portal_are_the_same_without_the_other() {
    let (with, without) = (TestApp::spawn().await, TestApp::spawn().await);
    theirs(&with).await;
    ours(&with).await;
    ours(&without).await;
    let of_help = async |app: &TestApp| {
        let portal = app
            .rest(&app.key)
            .get("/portals/help")
            .await
            .expect(200)
            .json()["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let mut tables = Vec::new();
        for (table, _) in PARITY_TABLES
            .iter()
            .filter(|(t, _)| !matches!(*t, "portals" | "idempotency"))
        {
            let rows = app
                .rows(table)
                .await
                .into_iter()
                .filter(|row| row["portal_id"] == portal.as_str())
                .collect();
            tables.push(((*table).to_owned(), rows));
        }
        normalise(&mut tables);
        tables
    };
    assert_eq!(of_help(&with).await, of_help(&without).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_portals_categories_and_articles_cannot_be_referred_to() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let category = app.category("Theirs").in_portal("other").create().await;
    let article = app.article().in_portal("other").published().create().await;
    let mine = app.article().create().await;
    let rest = app.rest(&app.key);
    let new = |field: &str, value: &str| {
        let mut body = json!({"portal": "help", "title": "T", "body": "b"});
        body[field] = json!(value);
        body
    };
    // Even for who may see both: a reference never crosses portals.
    rest.post("/articles", new("category", &category.id.to_string()))
        .await
        .problem(400, "invalid_fields");
    rest.post("/articles", new("translation_of", &article.id))
        .await
        .problem(404, "not_found");
    rest.patch(
        &mine.api(),
        &mine.etag,
        json!({"category": category.id.to_string()}),
    )
    .await
    .problem(400, "invalid_fields");
    let below = json!({"portal": "help", "name": "x", "parent": category.id.to_string()});
    rest.post("/categories", below)
        .await
        .problem(400, "invalid_fields");
    rest.get(&format!("/search?portal=help&q=x&category={}", category.id))
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_one_portal_never_lead_to_another() {
    let app = TestApp::spawn().await;
    theirs(&app).await;
    ours(&app).await;
    app.settle().await;
    for path in [
        "/help/en",
        "/help/en/categories/top",
        "/help/en/categories/below",
        "/help/en/search?q=walrus",
        "/help/en/articles/walrus-1",
        "/help/en/articles/moved-1",
        "/help/en/articles/walrus-theirs",
    ] {
        let text = app.page(path).await.text();
        assert!(
            !text.contains("theirs") && !text.contains("/other/")
                || path.contains("theirs") && !text.contains("/other/"),
            "{path}: {text}"
        );
    }
    app.page("/help/en/articles/moved-1").await.expect(404);
    app.page("/help/en/categories/theirs").await.expect(404);
}
