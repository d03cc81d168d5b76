//! The real program while its Postgres is gone: what was read before is still answered, and so are searches.

use std::time::{Duration, Instant};

use cairn_tests::process::{Home, Server, free_port, program};
use cairn_tests::say;
use reqwest::StatusCode;
use serde_json::json;

use super::{TURN, http};

/// Longest that a page from memory or a search may take, on a machine that is busy with other tests.
const FROM_MEMORY_MAX: Duration = Duration::from_secs(2);
/// Longest until a page that needs the database says that it cannot be had.
const REFUSAL_MAX: Duration = Duration::from_secs(20);
/// Longest until everything is as before once Postgres may start again.
const BACK_MAX: Duration = Duration::from_secs(60);
/// How often whatever is left or starts again of Postgres is killed.
const KILL_EVERY: Duration = Duration::from_millis(15);

/// One answer: status, `Retry-After`, body, and how long it took.
struct Read {
    status: StatusCode,
    retry_after: Option<String>,
    body: String,
    took: Duration,
}

async fn read(http: &reqwest::Client, url: &str) -> Read {
    let began = Instant::now();
    let answer = http.get(url).timeout(REFUSAL_MAX).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("{url}: {error}"));
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.map(|v| v.to_str().expect("a number").to_owned());
    let status = answer.status();
    let body = answer.text().await.expect("a whole body");
    Read {
        status,
        retry_after,
        body,
        took: began.elapsed(),
    }
}

/// Never lets Postgres live.
async fn keep_down(server: &Server) {
    loop {
        server.kill_postgres();
        tokio::time::sleep(KILL_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_leaves_pages_that_were_read_and_searches_answering() {
    let _turn = TURN.lock().await;
    program();
    let home = Home::new("outage");
    let mut server = Server::start(&home, free_port());
    let (ready, _) = server.ready().await.expect("the server starts");
    let (key, portal) = (
        ready.api_key.as_deref().expect("the first key"),
        ready.portal.as_deref().expect("the first portal"),
    );
    let http = http();
    for title in ["Walrus fares", "Never read"] {
        let body = json!({"portal": portal, "title": title, "body": "Words about the walrus.\n", "status": "published"});
        let made = http
            .post(format!("{}/api/v1/articles?wait=searchable", ready.url))
            .header("x-api-key", key)
            .json(&body);
        let made = made.send().await.expect("an answer");
        assert_eq!(made.status(), StatusCode::CREATED);
    }
    let at = |path: &str| format!("{}/{portal}{path}", ready.url);
    let kept = [
        at("/en"),
        at("/en/articles/walrus-fares"),
        at("/en/articles/walrus-fares.md"),
        at("/en/articles/missing"),
        at("/sitemap.xml"),
        at("/sitemap-articles-1.xml"),
    ];
    // The first of them may meet the follower, which drops a page that was under way.
    let mut before = Vec::new();
    for url in kept.iter().chain(&kept) {
        before.push(read(&http, url).await);
    }
    let before = before.split_off(kept.len());
    let (search, unread) = (at("/en/search?q=walrus"), at("/en/articles/never-read"));
    let during = async {
        // Whatever connection was in the middle of something is broken by now.
        tokio::time::sleep(Duration::from_millis(300)).await;
        for (url, before) in kept.iter().zip(&before) {
            let now = read(&http, url).await;
            assert_eq!(
                (now.status, &now.body),
                (before.status, &before.body),
                "{url}"
            );
            assert!(now.took < FROM_MEMORY_MAX, "{url} took {:?}", now.took);
        }
        let found = read(&http, &search).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        assert!(
            found.body.contains("/articles/walrus-fares"),
            "{}",
            found.body
        );
        assert!(
            found.took < FROM_MEMORY_MAX,
            "a search took {:?}",
            found.took
        );
        assert_eq!(read(&http, &at("/robots.txt")).await.status, StatusCode::OK);
        for url in [&unread, &at("/llms-full.txt"), &at("/en/unread")] {
            let refused = read(&http, url).await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{url}");
            let seconds: u32 = refused.retry_after.expect("when").parse().expect("seconds");
            assert!(seconds > 0);
            assert!(!refused.body.contains("walrus"), "{}", refused.body);
            say(&format!(
                "outage: {url} was refused after {:?}",
                refused.took
            ));
        }
        // Still there after the database was asked in vain.
        let now = read(&http, &kept[1]).await;
        assert_eq!(now.status, StatusCode::OK);
        assert!(now.took < FROM_MEMORY_MAX, "{:?}", now.took);
    };
    tokio::select! {
        () = keep_down(&server) => {}
        () = during => {}
    }
    let began = Instant::now();
    loop {
        if read(&http, &unread).await.status == StatusCode::OK {
            break;
        }
        assert!(
            began.elapsed() < BACK_MAX,
            "Postgres never came back; the server said last:\n{}",
            home.log_tail()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    say(&format!("outage: all is back after {:?}", began.elapsed()));
    for (url, before) in kept.iter().zip(&before) {
        assert_eq!(read(&http, url).await.status, before.status, "{url}");
    }
    server.stop().await.expect("it stops");
}
