//! Searches are counted, people are not: what the report says, what the tables hold, and what they never hold.

use std::time::Duration;

use cairn_domain::limits::{
    CLICKABLE_MINUTES, COUNTED_QUERIES_PER_DAY_MAX, COUNTED_QUERIES_WAITING_MAX,
};
use cairn_domain::search_count::SearchSource;
use cairn_service::search::{self, Search};
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::{Answer, TestApp};
use serde_json::{Value, json};

use crate::kill::http;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Four published articles about sailing, one of them about knots.
async fn arrange() -> TestApp {
    let app = TestApp::spawn().await;
    for (title, body) in [
        ("Sailing one", "# Setup\n\nSailing for beginners."),
        ("Sailing two", "Sailing for others."),
        ("Sailing three", "Sailing at night."),
        ("Knots", "Sailing needs a bowline."),
    ] {
        app.article()
            .title(title)
            .body(body)
            .published()
            .create()
            .await;
    }
    app.settle().await;
    app
}

async fn flush(app: &TestApp) {
    app.app.flush_search_counts().await.expect("it is written");
}

/// What is counted is written, and the report read.
async fn report(app: &TestApp, filters: &str) -> Value {
    flush(app).await;
    app.rest(&app.key)
        .get(&format!("/search-reports?portal=help{filters}"))
        .await
        .expect(200)
        .json()
}

/// Query and one number of each item.
fn listed(report: &Value, number: &str) -> Vec<(String, i64)> {
    let items = report["items"].as_array().expect("items");
    items
        .iter()
        .map(|i| {
            let query = i["query"].as_str().expect("words").to_owned();
            (query, i[number].as_i64().expect("a number"))
        })
        .collect()
}

fn pairs(wanted: &[(&str, i64)]) -> Vec<(String, i64)> {
    wanted.iter().map(|(q, n)| ((*q).to_owned(), *n)).collect()
}

async fn rest(app: &TestApp, q: &str) {
    let path = format!("/search?portal=help&q={q}");
    app.rest(&app.key).get(&path).await.expect(200);
}

async fn web(app: &TestApp, q: &str) -> Answer {
    app.page(&format!("/help/en/search?q={q}"))
        .await
        .expect(200)
}

async fn mcp(app: &TestApp, q: &str) {
    let arguments = json!({"portal": "help", "query": q});
    app.mcp(&app.key)
        .call("list_articles", arguments)
        .await
        .ok();
}

/// The links of a search page to articles, as they stand in it.
fn links(page: &Answer) -> Vec<String> {
    let text = page.text();
    let hits = text.split("class=\"hits").nth(1).unwrap_or_default();
    let hrefs = hits.split("href=\"").skip(1);
    hrefs
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| href.contains("/articles/"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_is_counted_under_its_name_and_all_spellings_are_one_query() {
    let app = arrange().await;
    for q in ["sailing", "SAILING", "++sailing+"] {
        rest(&app, q).await;
    }
    web(&app, "Sailing").await;
    mcp(&app, "sailing").await;
    mcp(&app, "bowline").await;
    for (filter, want) in [
        ("", &[("sailing", 5), ("bowline", 1)][..]),
        ("&source=rest", &[("sailing", 3)]),
        ("&source=web", &[("sailing", 1)]),
        ("&source=mcp", &[("bowline", 1), ("sailing", 1)]),
    ] {
        let got = report(&app, filter).await;
        assert_eq!(listed(&got, "searches"), pairs(want), "{filter}");
    }
    let all = report(&app, "").await;
    assert_eq!(all["items"][0]["average_results"], 4.0);
    assert_eq!(all["totals"]["searches"], 6);
    assert_eq!(all["to"], "2026-11-14");
    assert_eq!(all["from"], "2026-10-16");
    // An agent searches all languages at once, the others in one.
    let english = report(&app, "&locale=en").await;
    assert_eq!(listed(&english, "searches"), pairs(&[("sailing", 4)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_first_page_of_what_somebody_asked_is_a_search() {
    let app = arrange().await;
    let first = app
        .rest(&app.key)
        .get("/search?portal=help&q=sailing&limit=2")
        .await
        .expect(200)
        .json();
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let path = format!("/search?portal=help&q=sailing&limit=2&cursor={cursor}");
    app.rest(&app.key).get(&path).await.expect(200);
    app.page("/help/en/search?q=sailing&page=2")
        .await
        .expect(200);
    // No words, no question; what is near a page or a miss was asked by nobody.
    web(&app, "").await;
    web(&app, "%00").await;
    app.page("/help/en/articles/sailing-one").await.expect(200);
    app.page("/help/en/articles/saling").await.expect(404);
    app.rest(&app.key)
        .get("/articles?portal=help")
        .await
        .expect(200);
    mcp(&app, "").await;
    // Refused, so nobody was answered.
    app.rest(&app.key)
        .get("/search?portal=none&q=sailing")
        .await;
    // The page before anybody looks at it.
    app.request("HEAD", "/help/en/search?q=sailing")
        .send()
        .await;
    app.request("GET", "/help/en/search?q=sailing")
        .header("sec-purpose", "prefetch;prerender")
        .send()
        .await;
    let all = report(&app, "").await;
    assert_eq!(listed(&all, "searches"), pairs(&[("sailing", 1)]));
    assert_eq!(all["totals"]["searches"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_found_nothing_and_what_found_little_have_lists_of_their_own() {
    let app = arrange().await;
    for q in ["xylophone", "xylophone", "zeppelin", "bowline", "sailing"] {
        rest(&app, q).await;
    }
    web(&app, "xylophone").await;
    // Narrowed to a shelf that is empty: says nothing about what is missing.
    app.rest(&app.key)
        .get("/search?portal=help&q=sailing&tag=none")
        .await
        .expect(200);
    let zero = report(&app, "&kind=zero").await;
    assert_eq!(
        listed(&zero, "zero_results"),
        pairs(&[("xylophone", 3), ("zeppelin", 1)])
    );
    let low = report(&app, "&kind=low").await;
    assert_eq!(listed(&low, "low_results"), pairs(&[("bowline", 1)]));
    assert_eq!(low["totals"]["zero_results"], 4);
    assert_eq!(low["totals"]["low_results"], 1);
    assert_eq!(low["totals"]["searches"], 7);
    // In pages, each query once.
    let (items, pages) = app
        .rest(&app.key)
        .all("/search-reports?portal=help&kind=top", 1)
        .await;
    let words: Vec<_> = items.iter().filter_map(|i| i["query"].as_str()).collect();
    assert_eq!(words, ["xylophone", "sailing", "bowline", "zeppelin"]);
    assert_eq!(pages, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_a_result_is_counted_once_and_changes_nothing_of_the_page() {
    let app = arrange().await;
    let plain = app.page("/help/en/articles/sailing-one").await.expect(200);
    let found = web(&app, "Sailing").await;
    let link = links(&found)
        .into_iter()
        .find(|l| l.starts_with("/help/en/articles/sailing-one?s="))
        .expect("a marked link");
    assert!(
        !link.contains("ailing&") && !link.to_lowercase().contains("q="),
        "no words in it"
    );
    // Not yet opened.
    app.request("HEAD", &link).send().await.expect(200);
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        let ahead = app.request("GET", &link).header(name, value);
        ahead.send().await.expect(200);
    }
    app.page("/help/en/articles/sailing-one?s=0123456789abcdef")
        .await
        .expect(200);
    app.page("/help/en/articles/sailing-one?s=")
        .await
        .expect(200);
    let mark = link.split('?').nth(1).expect("a mark");
    app.page(&format!("/help/en/articles/nothing-here?{mark}"))
        .await
        .expect(404);
    assert_eq!(report(&app, "").await["totals"]["clicks"], 0);
    assert_eq!(
        listed(&report(&app, "&kind=unclicked").await, "searches"),
        pairs(&[("sailing", 1)])
    );
    // Opened, and loaded again, and followed by whoever got the link.
    let path = link.split('#').next().expect("a path");
    for _ in 0..3 {
        let opened = app.page(path).await.expect(200);
        assert_eq!(opened.header("etag"), plain.header("etag"));
        assert_eq!(opened.body, plain.body);
    }
    let canonical =
        "<link rel=\"canonical\" href=\"http://127.0.0.1:8080/help/en/articles/sailing-one\"";
    assert!(plain.text().contains(canonical), "{}", plain.text());
    let all = report(&app, "").await;
    let item = &all["items"][0];
    assert_eq!(
        (&item["clicks"], &item["click_share"]),
        (&json!(1), &json!(1.0))
    );
    assert_eq!(item["opened"].as_array().map(Vec::len), Some(1));
    assert_eq!(item["opened"][0]["clicks"], 1);
    assert!(listed(&report(&app, "&kind=unclicked").await, "searches").is_empty());
    // A program's searches cannot be clicked and do not thin out the share.
    rest(&app, "sailing").await;
    assert_eq!(report(&app, "").await["items"][0]["click_share"], 1.0);
    assert_eq!(
        report(&app, "&source=rest").await["items"][0]["click_share"],
        Value::Null
    );
    // 304 is an opened page as well; after a while it is no longer the answer to that search.
    web(&app, "sailing").await;
    let again = app
        .request("GET", path)
        .header("if-none-match", plain.header("etag"));
    again.send().await.expect(304);
    web(&app, "sailing").await;
    let minutes = u64::try_from(CLICKABLE_MINUTES).expect("positive") + 1;
    app.clock.advance(Duration::from_secs(minutes * 60));
    app.page(path).await.expect(200);
    assert_eq!(report(&app, "").await["totals"]["clicks"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_section_keeps_its_anchor_behind_the_mark() {
    let app = arrange().await;
    let page = web(&app, "beginners").await;
    let section = links(&page).into_iter().find(|l| l.contains('#'));
    let section = section.expect("a link to the section");
    let (path, anchor) = section.split_once('#').expect("an anchor");
    assert!(
        path.starts_with("/help/en/articles/sailing-one?s="),
        "{section}"
    );
    assert_eq!(anchor, "h-setup");
    app.page(path).await.expect(200);
    assert_eq!(report(&app, "").await["totals"]["clicks"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_name_somebody_is_counted_and_never_written() {
    let app = arrange().await;
    let personal = [
        "invoice+of+jane.doe%40example.com",
        "017012345678",
        "card+4111+1111+1111+1111",
        "sk_live_51HxYz0123abcd",
        "my+name+is+jane+and+i+live+in+a+small+house+by+the+sea+and+cannot+log+in",
        "https://example.com/reset",
    ];
    for q in personal {
        rest(&app, q).await;
        web(&app, q).await;
        mcp(&app, &q.replace('+', " ").replace("%40", "@")).await;
    }
    rest(&app, "sailing").await;
    let all = report(&app, "").await;
    assert_eq!(listed(&all, "searches"), pairs(&[("sailing", 1)]));
    assert_eq!(all["totals"]["withheld"], 18);
    assert_eq!(all["totals"]["searches"], 19);
    let rows = app.rows("search_counts").await;
    let mut words: Vec<_> = rows.iter().filter_map(|r| r["query"].as_str()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words, ["", "sailing"]);
    let text = json!([rows, app.rows("search_clicks").await]).to_string();
    for part in ["jane", "example", "0170", "4111", "sk_live", "house"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
    // Nothing but sums by day: no time, no address, no credential, nothing of a program.
    let columns: Vec<_> = rows[0]
        .as_object()
        .expect("a row")
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        columns,
        [
            "clicks",
            "day",
            "locale",
            "low_results",
            "portal_id",
            "query",
            "results_sum",
            "searches",
            "source",
            "zero_results"
        ]
    );
    assert_eq!(rows[0]["day"], "2026-11-14");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_kept_as_long_as_the_setting_says_and_erased_when_it_is_0() {
    let app = TestApp::spawn_counting(3).await;
    app.settle().await;
    for q in ["first", "second", "third", "fourth"] {
        rest(&app, q).await;
        flush(&app).await;
        app.clock.advance(DAY);
    }
    rest(&app, "fifth").await;
    flush(&app).await;
    assert_eq!(app.rows("search_counts").await.len(), 5);
    assert_eq!(app.app.prune_search_counts().await.expect("deleted"), 2);
    let left = report(&app, "").await;
    assert_eq!(
        listed(&left, "searches"),
        pairs(&[("fifth", 1), ("fourth", 1), ("third", 1)])
    );
    let of_a_day = report(&app, "&from=2026-11-17&to=2026-11-17").await;
    assert_eq!(listed(&of_a_day, "searches"), pairs(&[("fourth", 1)]));
    let app = app.restarted_counting(0).await;
    app.settle().await;
    rest(&app, "sixth").await;
    let page = web(&app, "seventh").await;
    assert!(links(&page).iter().all(|l| !l.contains("?s=")));
    flush(&app).await;
    app.app.prune_search_counts().await.expect("deleted");
    assert!(app.rows("search_counts").await.is_empty());
    let off = report(&app, "").await;
    assert_eq!(off["totals"]["searches"], 0);
    assert!(
        off["notice"]
            .as_str()
            .is_some_and(|n| n.contains("search_counts_days"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_different_queries_fill_neither_memory_nor_table() {
    const MANY: usize = 10_000;
    let app = TestApp::spawn().await;
    app.settle().await;
    let ctx = app.operator().counting_searches(Some(SearchSource::Rest));
    let word = |i: usize| -> String {
        format!("{i:05}")
            .bytes()
            .map(|b| char::from(b + 49))
            .collect()
    };
    for i in 0..MANY {
        let search = Search {
            q: word(i),
            portal: Some("help".to_owned()),
            ..Search::default()
        };
        search::search(&ctx, search).await.expect("it is answered");
    }
    let all = report(&app, "").await;
    assert_eq!(
        app.rows("search_counts").await.len(),
        COUNTED_QUERIES_WAITING_MAX + 1
    );
    assert_eq!(all["totals"]["searches"], 10_000);
    assert_eq!(
        all["totals"]["withheld"].as_i64(),
        i64::try_from(MANY - COUNTED_QUERIES_WAITING_MAX).ok()
    );
    // A day that is full takes no new words; those that are there go on being counted.
    app.execute(&format!(
        "insert into search_counts
         select p.id, '2026-11-14', 'en', 'rest', 'filler ' || n, 1, 0, 0, 1, 0
         from portals p, generate_series(1, {COUNTED_QUERIES_PER_DAY_MAX}) n"
    ))
    .await;
    rest(&app, "newcomer").await;
    rest(&app, &word(1)).await;
    flush(&app).await;
    let rows = app
        .select("select to_jsonb(c) from search_counts c where query in ('newcomer', 'aaaab')")
        .await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["searches"], 2);
    assert_eq!(
        report(&app, "").await["totals"]["withheld"].as_i64(),
        i64::try_from(MANY - COUNTED_QUERIES_WAITING_MAX + 1).ok()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_a_portal_are_for_its_editors_alone() {
    let app = arrange().await;
    app.portal("other").create().await;
    app.settle().await;
    rest(&app, "sailing").await;
    app.rest(&app.key)
        .get("/search?portal=other&q=secret+plan")
        .await
        .expect(200);
    let all = report(&app, "").await;
    assert_eq!(listed(&all, "searches"), pairs(&[("sailing", 1)]));
    let editor = app
        .make_key()
        .scopes(&["articles:write"])
        .portals(&["help"])
        .create()
        .await;
    app.rest(&editor).get("/search-reports").await.expect(200);
    let there = app.rest(&editor).get("/search-reports?portal=other").await;
    there.problem(404, "not_found");
    let reader = app.key_with(&["mcp:read"]).await;
    let refused = app.rest(&reader).get("/search-reports?portal=help").await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:write"
    );
    let bad = app
        .rest(&editor)
        .get("/search-reports?kind=all&source=mail&from=tomorrow&locale=!&limit=0")
        .await;
    bad.problem(400, "invalid_fields");
    let fields: Vec<_> = bad.faults().into_iter().map(|(field, _)| field).collect();
    for field in ["kind", "source", "from", "locale", "limit"] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_of_two_servers_are_added_up() {
    let app = arrange().await;
    let sibling = app.beside().await;
    sibling.app.settle().await.expect("it follows");
    for _ in 0..2 {
        rest(&app, "sailing").await;
        let request = axum::http::Request::get("/api/v1/search?portal=help&q=Sailing")
            .header("host", cairn_tests::HOST)
            .header("x-api-key", &app.key.secret);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        sibling.send(request).await.expect(200);
        sibling.app.flush_search_counts().await.expect("written");
    }
    let all = report(&app, "").await;
    assert_eq!(listed(&all, "searches"), pairs(&[("sailing", 4)]));
    assert_eq!(app.rows("search_counts").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_counted_in_the_last_seconds_is_written_when_the_program_stops() {
    let home = Home::new("search-counts");
    let mut server = Server::start(&home, free_port());
    let (ready, _) = match server.ready().await {
        Ok(ready) => ready,
        Err(why) => panic!("{why}\n{}", home.log_tail()),
    };
    let key = ready.api_key.clone().expect("the first key");
    for path in [
        "/api/v1/search?portal=help&q=Lost+Anchor",
        "/help/en/search?q=lost+anchor",
    ] {
        let answer = http()
            .get(format!("{}{path}", ready.url))
            .header("x-api-key", &key)
            .send()
            .await
            .expect("the server answers");
        assert_eq!(answer.status(), 200, "{path}");
    }
    let status = server.stop().await.expect("it stops");
    assert!(status.success());
    let output = home
        .run(&["searches", "zero", "--portal", "help", "--json"])
        .await;
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(
        listed(&report, "zero_results"),
        pairs(&[("lost anchor", 2)])
    );
    assert_eq!(report["has_more"], false);
    let output = home.run(&["searches", "--portal", "help"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("2 searches from "), "{text}");
    assert!(text.trim_end().ends_with("lost anchor"), "{text}");
}
