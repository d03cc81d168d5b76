//! What a caller may not read changes no answer: searches of a help center that has drafts, archived and internal
//! articles and unpublished changes are those of one that never had them, down to counts, scores and corrections.

use cairn_tests::{TestApp, TestArticle, TestKey, normalise};
use serde_json::{Value, json};

/// What both help centers have, in the same order and so with the same numbers and slugs.
async fn shown(app: &TestApp) -> Vec<TestArticle> {
    app.category("Printers").create().await;
    app.category("Cables").create().await;
    let mut made = Vec::new();
    for n in 0..12 {
        let category = if n < 8 { "Printers" } else { "Cables" };
        let article = app
            .article()
            .title(&format!("Printer number{n} and its ink"))
            .body(&format!(
                "Toner, paper and cartridge{}.\n\n## Cleaning {n}\n\nWipe the drum{}.\n",
                n % 5,
                n % 4
            ))
            .tags(&["office", if n % 2 == 0 { "even" } else { "odd" }])
            .in_category(category)
            .published();
        made.push(article.create().await);
    }
    made
}

/// Words that correct, complete and outweigh those of the others, wherever nobody may read them.
async fn hidden(app: &TestApp, made: &[TestArticle], with_internal: bool) {
    app.category("Secrets").create().await;
    let text = || "printres tonerr zebras cartridge3 cleaning ".repeat(20);
    let new = |title: String| {
        app.article()
            .title(&title)
            .body(&text())
            .tags(&["office", "secret"])
            .in_category("Secrets")
    };
    for n in 0..20 {
        new(format!("Hidden printres {n} zebras")).create().await;
        new(format!("Old tonerr {n} zebras"))
            .create_archived()
            .await;
        if with_internal {
            let internal = new(format!("For us: printres {n}")).internal();
            internal.published().create().await;
        }
    }
    for article in made {
        app.change(article, |change| {
            change.title = Some("A zebra printres to come".to_owned());
            change.body = Some(text());
        })
        .await;
    }
}

const QUERIES: [&str; 12] = [
    "printer",
    "printres",
    "zebra",
    "zebras",
    "tonr+ink",
    "cartridge3+pap",
    "%22its+ink%22",
    "printer+-ink",
    "title:number3",
    "tag:secret",
    "category:secrets",
    "how+do+i+clean+the+drum+of+a+printer+that+has+no+zebra",
];

/// An answer without ids, cursors and times, which no two runs share, and without `row_version`: it counts every change of an
/// article, those to come as well, and names the row for those who may change it.
fn comparable(body: &str) -> Value {
    let mut value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    if value.get("next_cursor").is_some_and(Value::is_string) {
        value["next_cursor"] = json!("a cursor");
    }
    for item in value["items"].as_array_mut().into_iter().flatten() {
        let article = match item.get("article") {
            Some(_) => &mut item["article"],
            None => item,
        };
        article.as_object_mut().map(|a| a.remove("row_version"));
    }
    let mut tables = [(String::new(), vec![value])];
    normalise(&mut tables);
    let [(_, mut rows)] = tables;
    rows.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_through_rest_are_those_of_a_portal_that_never_had_what_is_hidden() {
    let (with, never) = (TestApp::spawn().await, TestApp::spawn().await);
    let mut reader: Vec<TestKey> = Vec::new();
    let mut first = Vec::new();
    for app in [&with, &never] {
        first = shown(app).await;
        if std::ptr::eq(app, &raw const with) {
            hidden(app, &first, false).await;
        }
        reader.push(app.key_with(&["articles:read", "search:read"]).await);
        app.settle().await;
    }
    let mut asked = 0;
    for query in QUERIES {
        let related = format!("/articles/{}/related", first[0].short_id);
        for path in [
            format!("/search?portal=help&facets=true&q={query}"),
            format!("/search?portal=help&tag=office&limit=3&q={query}"),
            format!("/passages?portal=help&q={query}"),
            format!("/suggestions?portal=help&q={query}"),
            format!("/articles?portal=help&q={query}"),
            related,
        ] {
            let left = with.rest(&reader[0]).get(&path).await.expect(200);
            let right = never.rest(&reader[1]).get(&path).await.expect(200);
            assert_eq!(
                comparable(&left.text()),
                comparable(&right.text()),
                "{path}"
            );
            asked += right.json()["items"].as_array().map_or(0, Vec::len);
        }
    }
    assert!(asked > 200, "only {asked} items were compared");
}

/// Fetched ahead, so that no link carries the mark of a counted search.
async fn ahead(app: &TestApp, path: &str) -> String {
    let request = app.request("GET", path).header("sec-purpose", "prefetch");
    request.send().await.expect(200).text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_those_of_a_help_center_that_never_had_what_is_hidden() {
    let (with, never) = (TestApp::spawn().await, TestApp::spawn().await);
    let made = shown(&with).await;
    hidden(&with, &made, true).await;
    shown(&never).await;
    with.settle().await;
    never.settle().await;
    let mut marks = 0;
    for query in QUERIES {
        for path in [
            format!("/help/en/search?q={query}"),
            format!("/help/en/suggest?q={query}"),
        ] {
            let (left, right) = (ahead(&with, &path).await, ahead(&never, &path).await);
            assert_eq!(left, right, "{path}");
            marks += right.matches("<mark>").count();
        }
    }
    assert!(marks > 50, "only {marks} words were marked");
}
