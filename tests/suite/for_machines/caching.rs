//! How caches may keep what is answered, and how they are told what it shows.

use cairn_http::help_center::{KeySeparator, PagesOptions, SurrogateKeyHeader};
use cairn_tests::{Answer, TestApp};

const PAGE: &str =
    "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400";

fn tail(id: &str) -> &str {
    &id[id.len() - 12..]
}

fn tokens(answer: &Answer) -> Vec<String> {
    let value = answer.header("surrogate-key");
    value.split(' ').map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_names_the_portal_the_articles_and_the_categories_it_shows() {
    let app = TestApp::spawn().await;
    let fares = app.category("Fares").create().await;
    let article = app
        .article()
        .title("Refunds")
        .in_category("Fares")
        .published()
        .create()
        .await;
    let beside = app
        .article()
        .title("Beside")
        .in_category("Fares")
        .published()
        .create()
        .await;
    app.settle().await;
    let portal = app.rest(&app.key).get("/portals/help").await.json();
    let portal = format!("p-{}", tail(portal["id"].as_str().unwrap()));
    let (own, other) = (
        format!("a-{}", tail(&article.id)),
        format!("a-{}", tail(&beside.id)),
    );
    let category = format!("c-{}", tail(&fares.id.to_string()));
    let page = app.page(&article.path).await.expect(200);
    assert_eq!(page.header("cache-control"), PAGE);
    let found = tokens(&page);
    assert_eq!(found[0], portal);
    for token in [&own, &other, &category] {
        assert_eq!(found.iter().filter(|t| *t == token).count(), 1, "{found:?}");
    }
    let list = app.page("/help/en/categories/fares").await.expect(200);
    for token in [&portal, &own, &other, &category] {
        assert!(tokens(&list).contains(token), "{token}");
    }
    let etag = page.header("etag");
    let fresh = app
        .request("GET", &article.path)
        .header("if-none-match", etag);
    assert_eq!(tokens(&fresh.send().await.expect(304)), found);
    // What is missing or moved, and what lists all, goes with the portal.
    for (path, status) in [
        ("/help/en/articles/none", 404),
        ("/help/en/", 301),
        ("/help/sitemap.xml", 200),
        ("/help/robots.txt", 200),
    ] {
        let answer = app.page(path).await.expect(status);
        assert_eq!(tokens(&answer), [portal.as_str()], "{path}");
    }
    // What nobody keeps needs no name.
    let search = app.page("/help/en/search?q=refunds").await.expect(200);
    assert_eq!(
        (
            search.header("surrogate-key"),
            search.header("cache-control")
        ),
        ("", "private, no-store")
    );
    // By wish, Markdown stands at the address of the page: a cache that reads no `Vary` would mix them up.
    let wish = app
        .request("GET", &article.path)
        .header("accept", "text/markdown");
    assert_eq!(
        wish.send().await.expect(200).header("cache-control"),
        "private, no-cache"
    );
    let ending = app.page(&format!("{}.md", article.path)).await.expect(200);
    assert_eq!(ending.header("cache-control"), PAGE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_header_is_called_as_the_cdn_wants_it_and_is_never_long() {
    let app = TestApp::spawn().await;
    app.category("Long").create().await;
    for i in 0..150 {
        let article = app
            .article()
            .title(&format!("Article {i}"))
            .in_category("Long");
        article.published().create().await;
    }
    app.settle().await;
    let long = app
        .page("/help/en/categories/long?page=1")
        .await
        .expect(200);
    assert!(tokens(&long).len() > 50);
    assert!(long.header("surrogate-key").len() <= 2_000);
    let options = PagesOptions {
        surrogate_key: SurrogateKeyHeader::of("Cache-Tag", KeySeparator::Comma),
        ..PagesOptions::default()
    };
    let app = app.with_pages(options);
    let page = app.page("/help/en").await.expect(200);
    assert_eq!(page.header("surrogate-key"), "");
    let value = page.header("cache-tag");
    assert!(
        value.starts_with("p-") && value.contains(",a-") && !value.contains(' '),
        "{value}"
    );
    let none = PagesOptions {
        surrogate_key: None,
        ..PagesOptions::default()
    };
    let app = app.with_pages(none);
    let page = app.page("/help/en").await.expect(200);
    assert_eq!(
        (page.header("surrogate-key"), page.header("cache-tag")),
        ("", "")
    );
}
