//! The category tree: order, counts, moves, and what would break it.

use cairn_domain::limits::CATEGORY_DEPTH_MAX;
use cairn_tests::{Rest, TestApp};
use serde_json::{Value, json};

async fn names(rest: &Rest<'_>, query: &str) -> Vec<String> {
    let (items, _) = rest
        .all(&format!("/categories?portal=help{query}"), 100)
        .await;
    items
        .iter()
        .map(|c| {
            format!(
                "{}{}",
                "-".repeat(usize::try_from(c["depth"].as_u64().unwrap_or(0)).unwrap_or(0)),
                c["name"].as_str().unwrap_or("?")
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_is_listed_in_pre_order_by_position_then_name() {
    let app = TestApp::spawn().await;
    let b = app.category("b").create().await;
    app.category("a").create().await;
    app.category("first").position(-1).create().await;
    app.category("b2").below(&b).create().await;
    let b1 = app.category("b1").below(&b).create().await;
    app.category("b1x").below(&b1).create().await;
    let rest = app.rest(&app.key);
    assert_eq!(
        names(&rest, "").await,
        ["first", "a", "b", "-b1", "--b1x", "-b2"]
    );
    assert_eq!(names(&rest, "&parent=B").await, ["b1", "-b1x", "b2"]);
    let (paged, pages) = rest.all("/categories?portal=help", 2).await;
    assert_eq!((paged.len(), pages), (6, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_tell_only_what_the_caller_may_read() {
    let app = TestApp::spawn().await;
    let top = app.category("Top").create().await;
    let below = app.category("Below").below(&top).create().await;
    let top_id = top.id.to_string();
    app.article()
        .in_category(&top_id)
        .published()
        .create()
        .await;
    app.article().in_category(&top_id).create().await;
    app.article()
        .in_category(&below.id.to_string())
        .published()
        .create()
        .await;
    app.article()
        .in_category(&below.id.to_string())
        .in_locale("de")
        .published()
        .create()
        .await;
    app.article()
        .in_category(&below.id.to_string())
        .internal()
        .published()
        .create()
        .await;
    let counts = |page: Value| -> Vec<(u64, u64)> {
        let number = |v: &Value| v.as_u64().unwrap_or(999);
        page["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|c| {
                (
                    number(&c["article_count"]),
                    number(&c["article_count_with_children"]),
                )
            })
            .collect()
    };
    let reader = app.key_with(&["categories:read", "articles:read"]).await;
    let tree_only = app.key_with(&["categories:read"]).await;
    for (key, query, want) in [
        (&app.key, "", [(2, 5), (3, 3)]),
        (&reader, "", [(1, 4), (3, 3)]),
        (&reader, "&locale=de", [(0, 1), (1, 1)]),
        (&tree_only, "", [(0, 0), (0, 0)]),
    ] {
        let page = app
            .rest(key)
            .get(&format!("/categories?portal=help{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(counts(page), want, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_topic_names_the_first_articles_of_the_topics_below() {
    let app = TestApp::spawn().await;
    let top = app.category("Top").create().await;
    let below = app.category("Below").below(&top).create().await;
    let deep = app.category("Deep").below(&below).create().await;
    for n in 1..=6 {
        let title = format!("Open {n}");
        let id = if n == 1 { &deep.id } else { &below.id }.to_string();
        let article = app.article().title(&title).in_category(&id);
        article.published().create().await;
    }
    let id = below.id.to_string();
    let inside = app.article().title("Inside").in_category(&id);
    inside.internal().published().create().await;
    app.settle().await;
    let page = async |path: &str| app.page(path).await.expect(200).text();
    let shown = page("/help/en/categories/top").await;
    for n in 1..=5 {
        assert!(shown.contains(&format!(">Open {n}<small>")), "{n}: {shown}");
    }
    assert!(
        !shown.contains("Open 6<") && !shown.contains("Inside"),
        "{shown}"
    );
    assert!(shown.contains("All 6 articles"), "{shown}");
    let deep = page("/help/en/categories/below").await;
    assert!(!deep.contains("All 1 articles") && deep.contains(">Open 1<small>"));
    // What changes below changes the page.
    let id = below.id.to_string();
    let late = app.article().title("Late").in_category(&id);
    late.published().create().await;
    app.settle().await;
    let shown = page("/help/en/categories/top").await;
    assert!(shown.contains("All 7 articles"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_moves_but_never_below_itself() {
    let app = TestApp::spawn().await;
    let a = app.category("a").create().await;
    let b = app.category("b").below(&a).create().await;
    let c = app.category("c").below(&b).create().await;
    let rest = app.rest(&app.key);
    let path = |c: &cairn_domain::category::Category| format!("/categories/{}", c.id);
    for parent in [&a, &b, &c] {
        let refused = rest
            .patch(&path(&a), "\"1\"", json!({"parent": parent.id.to_string()}))
            .await;
        assert_eq!(
            refused.problem(400, "invalid_fields")["errors"][0]["code"],
            "cycle"
        );
    }
    rest.patch(&path(&c), "\"1\"", json!({"parent": null}))
        .await
        .expect(200);
    assert_eq!(names(&rest, "").await, ["a", "-b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_has_a_deepest_level() {
    let app = TestApp::spawn().await;
    let mut at = app.category("level 1").create().await;
    let top = at.clone();
    for n in 2..=CATEGORY_DEPTH_MAX {
        at = app
            .category(&format!("level {n}"))
            .below(&at)
            .create()
            .await;
    }
    let rest = app.rest(&app.key);
    let refused = rest
        .post(
            "/categories",
            json!({"portal": "help", "name": "x", "parent": at.id.to_string()}),
        )
        .await;
    assert_eq!(
        refused.problem(400, "invalid_fields")["errors"][0]["code"],
        "too_deep"
    );
    let other = app.category("other").create().await;
    let refused = rest
        .patch(
            &format!("/categories/{}", top.id),
            "\"1\"",
            json!({"parent": other.id.to_string()}),
        )
        .await;
    assert_eq!(
        refused.problem(400, "invalid_fields")["errors"][0]["code"],
        "too_deep"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slugs_of_categories_are_made_numbered_and_taken() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let slug =
        async |body: Value| rest.post("/categories", body).await.expect(201).json()["slug"].clone();
    assert_eq!(
        slug(json!({"portal": "help", "name": "Größe"})).await,
        "größe"
    );
    assert_eq!(
        slug(json!({"portal": "help", "name": "Gro\u{308}ße"})).await,
        "größe-2"
    );
    assert_eq!(
        slug(json!({"portal": "help", "name": "—"})).await,
        "category"
    );
    rest.post(
        "/categories",
        json!({"portal": "help", "name": "x", "slug": "größe"}),
    )
    .await
    .problem(409, "slug_taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_of_one_tree_take_turns() {
    let app = std::sync::Arc::new(TestApp::spawn().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let app = std::sync::Arc::clone(&app);
        tasks.spawn(async move {
            app.rest(&app.key)
                .post("/categories", json!({"portal": "help", "name": "Same"}))
                .await
                .expect(201)
                .json()["slug"]
                .as_str()
                .expect("a slug")
                .to_owned()
        });
    }
    let mut slugs = tasks.join_all().await;
    slugs.sort_by_key(|s| (s.len(), s.clone()));
    let want: Vec<_> = std::iter::once("same".to_owned())
        .chain((2..=10).map(|n| format!("same-{n}")))
        .collect();
    assert_eq!(slugs, want);
}
