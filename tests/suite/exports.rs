//! Exports through REST: every article and every revision once, page by page, whatever others write
//! meanwhile.

use std::collections::BTreeSet;

use cairn_domain::limits::EXPORT_PAGE_BYTES_MAX;
use cairn_tests::TestApp;
use serde_json::{Value, json};

fn ids(items: &[Value]) -> Vec<String> {
    let id = |i: &Value| i["id"].as_str().expect("an id").to_owned();
    items.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_leaves_with_what_readers_see_and_what_leads_to_it() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let top = app.category("Guides / more").create().await;
    let new = json!({"portal": "help", "title": "One", "body": "# One\r\n\n\u{feff}x  \n", "status": "published",
        "tags": ["b", "a"], "author": "Ada", "excerpt": "e", "category": top.id, "audience": "internal", "source_id": "s/1"});
    let made = rest.post("/articles", new).await.expect(201);
    let api = format!("/articles/{}", made.json()["id"].as_str().expect("an id"));
    let moved = rest
        .patch(&api, made.header("etag"), json!({"slug": "first"}))
        .await
        .expect(200);
    rest.patch(&api, moved.header("etag"), json!({"body": "a draft"}))
        .await
        .expect(200);
    let (items, _) = rest.all("/article-exports?portal=help", 100).await;
    let [item] = items.as_slice() else {
        panic!("one article: {items:?}")
    };
    for (field, want) in [
        ("body", json!("# One\r\n\n\u{feff}x  \n")),
        ("title", json!("One")),
        ("tags", json!(["b", "a"])),
        ("author", json!("Ada")),
        ("audience", json!("internal")),
        ("source_id", json!("s/1")),
        ("slug", json!("first")),
        ("category_path", json!(["Guides / more"])),
        ("revision", json!(1)),
        ("published_revision", json!(1)),
        ("head_revision", json!(2)),
        ("source", Value::Null),
        ("path", Value::Null),
        ("old_urls", json!([])),
        ("translations", json!(1)),
    ] {
        assert_eq!(item[field], want, "{field}");
    }
    assert_eq!(item["old_slugs"][0]["slug"], "one");
    let (histories, _) = rest.all("/revision-exports?portal=help", 100).await;
    let revisions = histories[0]["revisions"].as_array().expect("revisions");
    let bodies: Vec<_> = revisions.iter().map(|r| r["body"].clone()).collect();
    assert_eq!(bodies, ["# One\r\n\n\u{feff}x  \n", "a draft"]);
    assert_eq!(revisions[0]["actor"]["kind"], "key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_article_is_lost_or_doubled_while_others_write() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let mut there = BTreeSet::new();
    for n in 0..23 {
        let article = app.article().title(&format!("T {n}")).create().await;
        there.insert(article.id);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for page in 0.. {
        let answer = rest
            .get(&format!("/article-exports?portal=help&limit=5{cursor}"))
            .await
            .expect(200)
            .json();
        seen.extend(ids(answer["items"].as_array().expect("items")));
        let Some(next) = answer["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        // One that was given already changes, and a new one comes.
        let old = format!("/articles/{}", seen[0]);
        let etag = rest.get(&old).await.expect(200).header("etag").to_owned();
        rest.patch(&old, &etag, json!({"title": format!("again {page}")}))
            .await
            .expect(200);
        if page < 3 {
            app.article().create().await;
        }
    }
    let unique: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(unique.len(), seen.len(), "an article came twice");
    assert!(there.is_subset(&unique), "an article was lost");
    assert!(seen.is_sorted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_ends_where_its_texts_become_too_large() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let large = "x".repeat(usize::try_from(EXPORT_PAGE_BYTES_MAX).expect("fits") / 2 + 1);
    for n in 0..3 {
        let new = json!({"portal": "help", "title": format!("T {n}"), "body": large});
        let made = rest.post("/articles", new).await.expect(201);
        let path = format!("/articles/{}", made.json()["id"].as_str().expect("an id"));
        rest.patch(
            &path,
            made.header("etag"),
            json!({"body": format!("{n}{large}")}),
        )
        .await
        .expect(200);
    }
    app.article().create().await;
    let (items, pages) = rest.all("/article-exports?portal=help", 100).await;
    assert_eq!(
        (items.len(), pages),
        (4, 3),
        "two large ones never share a page"
    );
    let (histories, pages) = rest.all("/revision-exports?portal=help", 100).await;
    assert_eq!(pages, 6);
    let count = |h: &Value| h["revisions"].as_array().expect("revisions").len();
    assert_eq!(histories.iter().map(count).sum::<usize>(), 7);
    let numbers = histories.iter().flat_map(|h| {
        let id = h["id"].as_str().expect("an id").to_owned();
        let revisions = h["revisions"].as_array().expect("revisions").clone();
        revisions
            .into_iter()
            .map(move |r| (id.clone(), r["revision"].as_i64()))
    });
    let numbers: Vec<_> = numbers.collect();
    assert!(numbers.is_sorted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_of_a_portal_leaves_in_pages_that_end() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    app.category("A").create().await;
    app.article().create().await;
    let (mut cursor, mut categories, mut pages) = (String::new(), 0, 0);
    loop {
        let page = rest
            .get(&format!("/portal-exports?portal=help{cursor}"))
            .await
            .expect(200)
            .json();
        assert_eq!(page["portal"]["slug"], "help");
        assert_eq!(page["numbers"]["articles"], 1);
        categories += page["categories"].as_array().expect("categories").len();
        pages += 1;
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((categories, pages), (1, 3));
    rest.get("/portal-exports?portal=help&cursor=AAAA")
        .await
        .problem(400, "invalid_cursor");
}
