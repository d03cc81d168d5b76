//! Reads are counted, people are not; and the first page says what is read most and often asked, as far as everybody may
//! read it.

use std::time::Duration;

use cairn_domain::limits::{
    POPULAR_MINUTES, POPULAR_READS_MIN, POPULAR_SEARCH_DAYS_MIN, POPULAR_SEARCHES_MIN,
};
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::{Answer, HOST, TestApp};
use serde_json::{Value, json};

use crate::kill::http;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// Somebody opens a page.
async fn read(app: &TestApp, path: &str) -> Answer {
    let request = app.request("GET", path).header("user-agent", BROWSER);
    request.send().await.expect(200)
}

/// So often that it stands out.
async fn read_much(app: &TestApp, path: &str, more: i64) {
    for _ in 0..POPULAR_READS_MIN + more {
        read(app, path).await;
    }
    app.app.flush_read_counts().await.expect("written");
}

/// What is counted is written, and the report read.
async fn report(app: &TestApp, filters: &str) -> Value {
    app.app.flush_read_counts().await.expect("written");
    app.rest(&app.key)
        .get(&format!("/read-reports?portal=help{filters}"))
        .await
        .expect(200)
        .json()
}

fn listed(report: &Value) -> Vec<(&str, i64)> {
    let items = report["items"].as_array().expect("items");
    items
        .iter()
        .map(|i| {
            let title = i["title"].as_str().expect("a title");
            (title, i["reads"].as_i64().expect("a number"))
        })
        .collect()
}

async fn home(app: &TestApp) -> Answer {
    app.page("/help/en").await.expect(200)
}

/// The titles under *Read most*; none where there is no such list.
fn read_most(page: &Answer) -> Vec<String> {
    let html = page.text();
    let Some((_, list)) = html.split_once("id=\"most\"") else {
        return Vec::new();
    };
    let (list, _) = list.split_once("</section>").expect("an end");
    links(list).into_iter().map(|(_, title)| title).collect()
}

/// Address and words of each question under *Often asked*; none where there is no such line.
fn often_asked(page: &Answer) -> Vec<(String, String)> {
    let html = page.text();
    let Some((_, line)) = html.split_once("class=\"tries\"") else {
        return Vec::new();
    };
    links(line.split_once("</p>").expect("an end").0)
}

fn links(html: &str) -> Vec<(String, String)> {
    let links = html.split("<a href=\"").skip(1);
    links
        .map(|link| {
            let (path, rest) = link.split_once("\">").expect("a link");
            let end = rest.find('<').expect("an end");
            (
                path.replace("&#38;", "&").replace("&amp;", "&"),
                rest[..end].to_owned(),
            )
        })
        .collect()
}

/// The lists of the first page are looked at again.
async fn renew(app: &TestApp) {
    let minutes = u64::try_from(POPULAR_MINUTES).expect("positive");
    app.clock.advance(Duration::from_secs(minutes * 60));
    app.app.renew_popular().await.expect("looked at");
}

/// Readers search for words, so often and on so many days, the last of them today.
async fn search(app: &TestApp, q: &str, each_day: i64, days: i64) {
    for day in 0..days {
        for _ in 0..each_day {
            app.page(&format!("/help/en/search?q={q}"))
                .await
                .expect(200);
        }
        app.app.flush_search_counts().await.expect("written");
        if day + 1 < days {
            app.clock.advance(DAY);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_an_article_counts_whether_its_page_is_kept_or_not_and_nothing_else_does() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Refunds").published().create().await;
    app.settle().await;
    let first = read(&app, &article.path).await;
    let again = read(&app, &article.path).await;
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("etag"), again.header("etag"));
    assert_eq!(again.header("set-cookie"), "");
    // Somebody who has the page reads it again.
    app.request("GET", &article.path)
        .header("user-agent", BROWSER)
        .header("if-none-match", first.header("etag"))
        .send()
        .await
        .expect(304);
    read(&app, "/help/en/widget/articles/refunds").await;
    assert_eq!(listed(&report(&app, "").await), [("Refunds", 4)]);

    for (method, path, headers) in [
        (
            "HEAD",
            article.path.as_str(),
            &[("user-agent", BROWSER)][..],
        ),
        ("GET", &article.path, &[]),
        ("GET", &article.path, &[("user-agent", "curl/8.14.1")]),
        (
            "GET",
            &article.path,
            &[("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")],
        ),
        (
            "GET",
            &article.path,
            &[
                ("user-agent", BROWSER),
                ("sec-purpose", "prefetch;prerender"),
            ],
        ),
        (
            "GET",
            &article.path,
            &[("user-agent", BROWSER), ("accept", "text/markdown")],
        ),
        (
            "GET",
            "/help/en/articles/refunds.md",
            &[("user-agent", BROWSER)],
        ),
        ("GET", "/help/en", &[("user-agent", BROWSER)]),
    ] {
        let mut request = app.request(method, path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.expect(200);
    }
    let lost = app.request("GET", "/help/en/articles/refund");
    lost.header("user-agent", BROWSER).send().await.expect(404);
    let all = report(&app, "").await;
    assert_eq!(listed(&all), [("Refunds", 4)]);
    assert_eq!(all["totals"]["reads"], 4);
    assert_eq!(
        (&all["from"], &all["to"]),
        (&json!("2026-10-16"), &json!("2026-11-14"))
    );
    assert_eq!(all["items"][0]["locale"], "en");
    assert_eq!(
        all["items"][0]["url"],
        format!("http://{HOST}{}", article.path)
    );
    let rows = app.rows("read_counts").await;
    let columns: Vec<_> = rows[0].as_object().expect("a row").keys().collect();
    assert_eq!(columns, ["article_id", "day", "portal_id", "reads"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_shown_in_place_of_a_translation_is_the_one_that_is_read() {
    let app = TestApp::spawn().await;
    app.article().title("Refunds").published().create().await;
    app.settle().await;
    read(&app, "/help/de/articles/refunds").await;
    assert_eq!(listed(&report(&app, "&locale=en").await), [("Refunds", 1)]);
    assert!(listed(&report(&app, "&locale=de").await).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_comes_in_pages_by_days_and_for_who_writes_articles() {
    let app = TestApp::spawn().await;
    for (title, times) in [("One", 1), ("Two", 2), ("Three", 3), ("Also three", 3)] {
        let article = app.article().title(title).published().create().await;
        for _ in 0..times {
            read(&app, &article.path).await;
        }
    }
    app.portal("other").create().await;
    app.settle().await;
    app.app.flush_read_counts().await.expect("written");
    app.clock.advance(DAY);
    read(&app, "/help/en/articles/one").await;
    let (items, pages) = {
        app.app.flush_read_counts().await.expect("written");
        app.rest(&app.key).all("/read-reports?portal=help", 1).await
    };
    let titles: Vec<_> = items.iter().filter_map(|i| i["title"].as_str()).collect();
    assert_eq!(pages, 4);
    assert_eq!(
        titles[..2].iter().filter(|t| t.contains("hree")).count(),
        2,
        "{titles:?}"
    );
    assert_eq!(
        titles[2..].iter().filter(|t| t.contains("hree")).count(),
        0,
        "{titles:?}"
    );
    let today = report(&app, "&from=2026-11-15").await;
    assert_eq!(listed(&today), [("One", 1)]);
    assert_eq!(today["totals"]["reads"], 1);
    assert_eq!(report(&app, "").await["totals"]["reads"], 10);

    let editor = app
        .make_key()
        .scopes(&["articles:write"])
        .portals(&["help"])
        .create()
        .await;
    app.rest(&editor).get("/read-reports").await.expect(200);
    let there = app.rest(&editor).get("/read-reports?portal=other").await;
    there.problem(404, "not_found");
    let reader = app.key_with(&["mcp:read"]).await;
    let refused = app.rest(&reader).get("/read-reports?portal=help").await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:write"
    );
    let bad = app
        .rest(&editor)
        .get("/read-reports?from=tomorrow&locale=!&limit=0")
        .await;
    bad.problem(400, "invalid_fields");
    let fields: Vec<_> = bad.faults().into_iter().map(|(field, _)| field).collect();
    for field in ["from", "locale", "limit"] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }
    let wrong = app.rest(&editor).get("/read-reports?cursor=x").await;
    wrong.problem(400, "invalid_cursor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_are_kept_as_long_as_the_setting_says_and_erased_when_it_is_0() {
    let app = TestApp::spawn_counting(3).await;
    let article = app.article().title("Refunds").published().create().await;
    app.settle().await;
    for day in 0..5 {
        for _ in 0..=day {
            read(&app, &article.path).await;
        }
        app.app.flush_read_counts().await.expect("written");
        if day < 4 {
            app.clock.advance(DAY);
        }
    }
    assert_eq!(app.rows("read_counts").await.len(), 5);
    assert_eq!(app.app.prune_read_counts().await.expect("deleted"), 2);
    assert_eq!(listed(&report(&app, "").await), [("Refunds", 12)]);
    assert_eq!(read_most(&home(&app).await), ["Refunds"]);
    let app = app.restarted_counting(0).await;
    app.settle().await;
    read(&app, &article.path).await;
    let off = report(&app, "").await;
    assert_eq!(
        off["totals"]["reads"], 12,
        "what is there is there until it is pruned"
    );
    assert!(
        off["notice"]
            .as_str()
            .is_some_and(|n| n.contains("read_counts_days")),
        "{off}"
    );
    assert!(read_most(&home(&app).await).is_empty());
    assert_eq!(app.app.prune_read_counts().await.expect("deleted"), 3);
    assert!(app.rows("read_counts").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_says_what_is_read_most_and_only_of_what_readers_may_see_now() {
    let app = TestApp::spawn().await;
    let mut articles = Vec::new();
    for title in [
        "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Seldom",
    ] {
        articles.push(app.article().title(title).published().create().await);
    }
    let german = app.article().title("Zwei").in_locale("de").published();
    let german = german.create().await;
    app.settle().await;
    let empty = home(&app).await;
    assert!(!empty.text().contains("Read most") && !empty.text().contains("Often asked"));
    for (at, article) in articles.iter().enumerate().take(7) {
        read_much(&app, &article.path, i64::try_from(at).expect("small")).await;
    }
    read(&app, &articles[7].path).await;
    read_much(&app, &german.path, 9).await;
    // Pages are not made anew for it before its time.
    assert_eq!(home(&app).await.header("etag"), empty.header("etag"));
    renew(&app).await;
    let page = home(&app).await;
    assert_ne!(page.header("etag"), empty.header("etag"));
    assert_eq!(
        read_most(&page),
        ["Seven", "Six", "Five", "Four", "Three", "Two"]
    );
    assert!(
        page.text().contains("<small>1 min</small>"),
        "{}",
        page.text()
    );
    assert_eq!(read_most(&app.page("/help/de").await.expect(200)), ["Zwei"]);
    // What becomes internal goes at once, and the next one stands in.
    let hidden = &articles[6];
    app.rest(&app.key)
        .patch(&hidden.api(), &hidden.etag, json!({"audience": "internal"}))
        .await
        .expect(200);
    app.settle().await;
    let page = home(&app).await;
    assert_eq!(
        read_most(&page),
        ["Six", "Five", "Four", "Three", "Two", "One"]
    );
    assert!(!page.text().contains("Seven"));
    // A new title is shown as soon as it is published, as in every list.
    app.rest(&app.key)
        .patch(
            &articles[5].api(),
            &articles[5].etag,
            json!({"title": "Six or more", "status": "published"}),
        )
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(read_most(&home(&app).await)[0], "Six or more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_page_stays_what_it_was_while_its_lists_do() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Refunds").published().create().await;
    app.settle().await;
    read_much(&app, &article.path, 0).await;
    let page = home(&app).await;
    assert_eq!(read_most(&page), ["Refunds"]);
    for _ in 0..3 {
        read_much(&app, &article.path, 0).await;
        renew(&app).await;
        assert_eq!(home(&app).await.header("etag"), page.header("etag"));
    }
    // Thirty days later nobody read anything lately.
    app.clock.advance(30 * DAY);
    renew(&app).await;
    assert!(read_most(&home(&app).await).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_named_when_it_was_asked_on_several_days_and_one_article_has_all_its_words() {
    let app = TestApp::spawn().await;
    let make = |title: &str, body: &str| app.article().title(title).body(body).published();
    make("Payout dates", "When payouts arrive.").create().await;
    make("Scanning", "Scan without a signal.").create().await;
    let plan = make("Plans", "The harbour of tomorrow.").create().await;
    app.settle().await;
    let often = POPULAR_SEARCHES_MIN;
    let days = POPULAR_SEARCH_DAYS_MIN;
    search(&app, "Payout+dates", 4, days).await;
    search(&app, "harbour+of+tomorrow", 3, days).await;
    search(&app, "scan", 2, days).await;
    // One person on one day or two; a name; words that stand in no article together; an instruction.
    search(&app, "signal", often * 3, days - 1).await;
    search(&app, "scan+jane+doe", often, days).await;
    search(&app, "payout+harbour", often, days).await;
    search(&app, "scan+-payout", often, days).await;
    // A program's questions are not readers'.
    for _ in 0..often * 4 {
        let path = "/search?portal=help&q=arrive";
        app.rest(&app.key).get(path).await.expect(200);
    }
    let page = home(&app).await;
    let asked = often_asked(&page);
    let words: Vec<_> = asked.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(words, ["payout dates", "harbour of tomorrow", "scan"]);
    for unsaid in ["jane", "signal", "arrive"] {
        assert!(!page.text().contains(unsaid), "{unsaid}");
    }
    assert!(often_asked(&app.page("/help/de").await.expect(200)).is_empty());

    // To follow the link is no question of one's own: what is named does not keep itself named.
    app.app.flush_search_counts().await.expect("written");
    let before = app.rows("search_counts").await;
    let found = app.page(&asked[0].0).await.expect(200);
    assert!(found.text().contains("/help/en/articles/payout-dates"));
    app.app.flush_search_counts().await.expect("written");
    assert_eq!(app.rows("search_counts").await, before);

    // Words that readers no longer find go with the article that said them.
    app.rest(&app.key)
        .patch(&plan.api(), &plan.etag, json!({"audience": "internal"}))
        .await
        .expect(200);
    app.settle().await;
    let page = home(&app).await;
    assert!(!page.text().contains("harbour"), "{}", page.text());
    assert_eq!(often_asked(&page).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_two_servers_are_added_up() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Refunds").published().create().await;
    app.settle().await;
    let sibling = app.beside().await;
    sibling.app.settle().await.expect("it follows");
    for _ in 0..2 {
        read(&app, &article.path).await;
        let request = axum::http::Request::get(&article.path)
            .header("host", HOST)
            .header("user-agent", BROWSER);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        sibling.send(request).await.expect(200);
        sibling.app.flush_read_counts().await.expect("written");
    }
    assert_eq!(listed(&report(&app, "").await), [("Refunds", 4)]);
    assert_eq!(app.rows("read_counts").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_in_the_last_seconds_is_written_when_the_program_stops() {
    let home = Home::new("read-counts");
    let mut server = Server::start(&home, free_port());
    let (ready, _) = match server.ready().await {
        Ok(ready) => ready,
        Err(why) => panic!("{why}\n{}", home.log_tail()),
    };
    let key = ready.api_key.clone().expect("the first key");
    let made = http()
        .post(format!("{}/api/v1/articles", ready.url))
        .header("x-api-key", &key)
        .json(&json!({"portal": "help", "title": "Lost anchors", "body": "Wait.", "status": "published"}))
        .send()
        .await
        .expect("the server answers");
    assert_eq!(made.status(), 201);
    for _ in 0..3 {
        let answer = http()
            .get(format!("{}/help/en/articles/lost-anchors", ready.url))
            .header("user-agent", BROWSER)
            .send()
            .await
            .expect("the server answers");
        assert_eq!(answer.status(), 200);
    }
    let status = server.stop().await.expect("it stops");
    assert!(status.success());
    let output = home.run(&["reads", "--portal", "help", "--json"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(listed(&report), [("Lost anchors", 3)]);
    assert_eq!(report["has_more"], false);
    let output = home.run(&["reads", "--portal", "help"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("3 reads from "), "{text}");
    assert!(text.trim_end().ends_with("Lost anchors"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_the_demo_say_how_large_they_are_wherever_they_are_shown() {
    let app = TestApp::spawn().await;
    let body = "![Payouts](/assets/demo/help/payouts.webp \"Soon\")\n\n![None](/assets/demo/help/none.webp)";
    app.article()
        .title("Payouts")
        .body(body)
        .published()
        .create()
        .await;
    app.settle().await;
    for path in [
        "/help/en/articles/payouts",
        "/help/en/widget/articles/payouts",
    ] {
        let html = read(&app, path).await.text();
        let picture = "<figure><img src=\"/assets/demo/help/payouts.webp\" alt=\"Payouts\" decoding=\"async\" width=\"1120\" height=\"640\">";
        assert!(html.contains(picture), "{path}: {html}");
        assert_eq!(html.matches("width=\"1120\"").count(), 1, "{path}");
    }
}
