//! Search through REST: what is found, what is never found, and how a hit looks.

use cairn_tests::TestApp;
use serde_json::{Value, json};

fn titles(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|i| i["title"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hit_carries_the_fields_other_programs_rely_on() {
    let app = TestApp::spawn().await;
    let made = app
        .article()
        .title("Refund a sailing")
        .body("# Refund\n\nWe pay the <b>fare</b> back & more.\n")
        .source_id("kb-1")
        .published()
        .create()
        .await;
    app.settle().await;
    let page = app
        .rest(&app.key)
        .get("/search?q=fare&portal=help&locale=en")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&page["total"], &page["next_cursor"]),
        (&json!(1), &Value::Null)
    );
    let hit = &page["items"][0];
    assert_eq!(hit["id"], made.id);
    assert_eq!(
        (&hit["number"], &hit["source_id"], &hit["slug"]),
        (
            &json!(made.number),
            &json!("kb-1"),
            &json!("refund-a-sailing")
        )
    );
    assert_eq!(hit["url"], format!("http://127.0.0.1:8080{}", made.path));
    assert!(hit["score"].as_f64().is_some_and(|s| s > 0.0));
    let snippet = hit["snippet"].as_str().expect("a snippet");
    assert!(
        snippet.contains("<mark>fare</mark>") && snippet.contains("&amp;"),
        "{snippet}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snippet_is_escaped_whatever_the_article_says() {
    let app = TestApp::spawn().await;
    app.article()
        .title("Tags")
        .body("`<script>alert(1)</script>` zebra `<img src=x onerror=alert(1)>` &lt;b&gt; \"q\"\n")
        .published()
        .create()
        .await;
    app.settle().await;
    for q in ["zebra", "script", "onerror", "img"] {
        let page = app
            .rest(&app.key)
            .get(&format!("/search?q={q}&portal=help"))
            .await
            .expect(200)
            .json();
        let snippet = page["items"][0]["snippet"]
            .as_str()
            .unwrap_or_else(|| panic!("{q} finds nothing: {page}"));
        let plain = snippet.replace("<mark>", "").replace("</mark>", "");
        assert!(
            !plain.contains('<') && !plain.contains('>'),
            "{q}: {snippet}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_archived_and_unpublished_words_are_never_found() {
    let app = TestApp::spawn().await;
    app.article().title("Draft aardvark").create().await;
    app.article()
        .title("Archived aardvark")
        .published()
        .create_archived()
        .await;
    let live = app
        .article()
        .title("Live walrus")
        .published()
        .create()
        .await;
    app.change(&live, |c| c.body = Some("aardvark".to_owned()))
        .await;
    let internal = app
        .article()
        .title("Internal walrus")
        .internal()
        .published()
        .create()
        .await;
    app.settle().await;
    let rest = app.rest(&app.key);
    let found = rest
        .get("/search?q=aardvark&portal=help")
        .await
        .expect(200)
        .json();
    assert_eq!((titles(&found).len(), &found["total"]), (0, &json!(0)));
    let found = rest
        .get("/search?q=walrus&portal=help")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 2, "a credential reads internal ones");
    let page = app
        .page("/help/en/search?q=walrus")
        .await
        .expect(200)
        .text();
    assert!(page.contains(&live.path) && !page.contains(&internal.path));
    assert!(
        !app.page("/help/en/search?q=aardvark")
            .await
            .expect(200)
            .text()
            .contains(&live.path)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_hold_inside_the_index() {
    let app = TestApp::spawn().await;
    let top = app.category("Top").create().await;
    app.category("Below").below(&top).create().await;
    app.article()
        .title("one walrus")
        .in_category("Top")
        .tags(&["x"])
        .published()
        .create()
        .await;
    app.article()
        .title("two walrus")
        .in_category("Below")
        .tags(&["y"])
        .published()
        .create()
        .await;
    app.article()
        .title("three walrus")
        .tags(&["x"])
        .published()
        .create()
        .await;
    app.article()
        .title("vier walrus")
        .in_locale("de")
        .tags(&["x"])
        .published()
        .create()
        .await;
    app.settle().await;
    let rest = app.rest(&app.key);
    for (query, want) in [
        ("", 3),
        ("&category=top", 2),
        ("&category=below", 1),
        ("&tag=x", 2),
        ("&tag=x&category=top", 1),
        ("&locale=de", 1),
        ("&locale=ar", 0),
    ] {
        let page = rest
            .get(&format!("/search?q=walrus&portal=help{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            (titles(&page).len(), &page["total"]),
            (want, &json!(want)),
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_found_in_their_forms_while_typing_and_with_a_slip() {
    let app = TestApp::spawn().await;
    app.article()
        .title("Cancelling a booking")
        .body("How to cancel your bookings.")
        .published()
        .create()
        .await;
    app.article()
        .title("Häuser mieten")
        .body("Wie man Häuser mietet.")
        .in_locale("de")
        .published()
        .create()
        .await;
    app.settle().await;
    let rest = app.rest(&app.key);
    for q in [
        "cancelled",
        "booking",
        "bookings",
        "cance",
        "BOOKING",
        "canceling+bokking",
    ] {
        let page = rest
            .get(&format!("/search?q={q}&portal=help"))
            .await
            .expect(200)
            .json();
        assert_eq!(titles(&page), ["Cancelling a booking"], "{q}");
    }
    for q in ["haus", "H%C3%A4user", "ha%CC%88user", "mietete"] {
        let page = rest
            .get(&format!("/search?q={q}&portal=help&locale=de"))
            .await
            .expect(200)
            .json();
        assert_eq!(titles(&page), ["Häuser mieten"], "{q}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_page_without_gaps_or_doubles() {
    let app = TestApp::spawn().await;
    for n in 0..23 {
        app.article()
            .title(&format!("walrus {n}"))
            .published()
            .create()
            .await;
    }
    app.settle().await;
    let (items, pages) = app
        .rest(&app.key)
        .all("/search?q=walrus&portal=help", 5)
        .await;
    let mut ids: Vec<_> = items.iter().filter_map(|i| i["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((items.len(), ids.len(), pages), (23, 23, 5));
    let first = app
        .rest(&app.key)
        .get("/search?q=walrus&portal=help&limit=5")
        .await
        .json();
    let cursor = first["next_cursor"].as_str().expect("there is more");
    app.rest(&app.key)
        .get(&format!(
            "/search?q=seal&portal=help&limit=5&cursor={cursor}"
        ))
        .await
        .problem(400, "invalid_cursor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_queries_are_answered() {
    let app = TestApp::spawn().await;
    app.article().title("walrus").published().create().await;
    app.settle().await;
    let rest = app.rest(&app.key);
    for q in [
        "",
        "%20",
        "%22",
        "%22walrus",
        "(",
        "a+AND+OR+NOT",
        "*",
        "title:walrus",
        "%2Bwalrus+-walrus",
        "%F0%9F%A6%AD",
        "%E2%80%AE",
        "w".repeat(900).as_str(),
    ] {
        rest.get(&format!("/search?q={q}&portal=help"))
            .await
            .expect(200);
    }
    let long = rest
        .get(&format!("/search?q={}&portal=help", "walrus+".repeat(300)))
        .await
        .expect(200)
        .json();
    assert!(
        long["notice"].as_str().is_some_and(|n| n.contains("1024")),
        "{long}"
    );
    rest.get("/search?portal=help").await.expect(200);
    rest.get("/search?q=%00&portal=help")
        .await
        .problem(400, "invalid_fields");
    rest.get("/search?q=a&q=b&portal=help")
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_of_an_anchor_that_an_author_named_are_found_and_never_shown() {
    let app = TestApp::spawn().await;
    app.article()
        .title("Kennwort ändern")
        .body("# <a name=\"reset-your-password\"></a>Kennwort ändern\n\nSo geht es.\n")
        .published()
        .create()
        .await;
    app.settle().await;
    let page = app
        .rest(&app.key)
        .get("/search?q=reset+password&portal=help&locale=en")
        .await
        .expect(200)
        .json();
    assert_eq!(titles(&page), ["Kennwort ändern"]);
    let snippet = page["items"][0]["snippet"].as_str().expect("a snippet");
    assert!(!snippet.contains("password"), "{snippet}");
}
