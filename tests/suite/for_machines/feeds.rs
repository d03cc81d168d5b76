//! Feeds, and the description of the search.

use cairn_tests::{HOST, TestApp};

use super::xml::{elements, texts};
use super::{ferry, hostile_titles, links, page_at, publish_titled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_holds_what_was_published_last_under_ids_that_stay() {
    let app = TestApp::spawn().await;
    let fares = app.category("Fares").create().await;
    app.category("Refunds").below(&fares).create().await;
    let first = app.article().title("First & <b>").in_category("Refunds");
    let first = first.excerpt("What it says").published().create().await;
    app.clock.advance(std::time::Duration::from_secs(60));
    let second = app.article().title("Second").published().create().await;
    app.article()
        .title("Draft")
        .in_category("Fares")
        .create()
        .await;
    app.article()
        .title("Internal")
        .internal()
        .published()
        .create()
        .await;
    app.article()
        .title("Deutsch")
        .in_locale("de")
        .published()
        .create()
        .await;
    app.settle().await;
    let home = app.page("/help/en").await.expect(200).text();
    assert!(links(&home, "alternate").contains(&"/help/en/feed.atom".to_owned()));
    let feed = app.page("/help/en/feed.atom").await.expect(200);
    assert_eq!(
        feed.header("content-type"),
        "application/atom+xml; charset=utf-8"
    );
    assert_eq!(feed.header("content-language"), "en");
    let all = elements(&feed);
    assert_eq!(texts(&all, "title"), ["Help", "Second", "First & <b>"]);
    let ids = texts(&all, "id");
    assert_eq!(
        ids[1..],
        [&second.id, &first.id].map(|id| format!("urn:uuid:{id}"))
    );
    assert_eq!(
        texts(&all, "updated"),
        [
            "2026-11-14T09:21:00Z",
            "2026-11-14T09:21:00Z",
            "2026-11-14T09:20:00Z"
        ]
    );
    assert_eq!(texts(&all, "summary")[1], "What it says");
    let own = all.iter().find(|e| e.attribute("rel") == "self").unwrap();
    assert_eq!(
        own.attribute("href"),
        format!("http://{HOST}/help/en/feed.atom")
    );
    // A category's has what is below it, under another id.
    let page = app
        .page("/help/en/categories/fares")
        .await
        .expect(200)
        .text();
    assert!(links(&page, "alternate").contains(&"/help/en/categories/fares.atom".to_owned()));
    let of_fares = elements(&app.page("/help/en/categories/fares.atom").await.expect(200));
    assert_eq!(texts(&of_fares, "title"), ["Fares – Help", "First & <b>"]);
    assert_ne!(texts(&of_fares, "id")[0], ids[0]);
    // A new name and a new text move nothing but the time.
    app.clock.advance(std::time::Duration::from_secs(60));
    let changed = app.change(&first, |c| {
        c.title = Some("Renamed".to_owned());
        c.slug = Some("renamed".to_owned());
        c.status = Some("published".to_owned());
    });
    let changed = changed.await;
    app.settle().await;
    let all = elements(&app.page("/help/en/feed.atom").await.expect(200));
    assert_eq!(texts(&all, "title"), ["Help", "Renamed", "Second"]);
    let now = texts(&all, "id");
    assert_eq!((&now[0], &now[1]), (&ids[0], &ids[2]));
    let url = format!("http://{HOST}{}", changed.path);
    assert!(all.iter().any(|e| e.attribute("href") == url), "{url}");
    assert_eq!(texts(&all, "updated")[0], "2026-11-14T09:22:00Z");
    for path in [
        "/help/en/categories/none.atom",
        "/help/de/categories/fares.atom",
        "/help/fr/feed.atom",
        "/help/feed.atom",
    ] {
        app.page(path).await.expect(404);
    }
    let empty = elements(&app.page("/help/ar/feed.atom").await.expect(200));
    assert!(texts(&empty, "entry").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_title_breaks_a_feed_or_a_sitemap() {
    let app = TestApp::spawn().await;
    let mut titled = Vec::new();
    for (i, title) in hostile_titles().iter().enumerate() {
        app.clock.advance(std::time::Duration::from_secs(1));
        titled.extend(publish_titled(&app, i, title).await);
    }
    app.settle().await;
    let all = elements(&app.page("/help/en/feed.atom").await.expect(200));
    let titles = texts(&all, "title");
    let newest = titled.iter().rev().take(50);
    for (found, (_, wanted)) in titles[1..].iter().zip(newest.clone()) {
        let wanted: String = wanted
            .chars()
            .map(|c| match c {
                '\u{fffe}' | '\u{ffff}' => ' ',
                c if c.is_control() => ' ',
                c => c,
            })
            .collect();
        assert_eq!(*found, wanted);
    }
    assert_eq!(titles.len(), 1 + newest.count());
    assert_eq!(texts(&all, "summary").len(), titles.len() - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_can_add_the_search() {
    let app = TestApp::spawn().await;
    ferry(&app).await;
    let page = page_at(&app, "help.ferry.example", "/en").await.expect(200);
    assert_eq!(links(&page.text(), "search"), ["/en/opensearch.xml"]);
    let answer = page_at(&app, "help.ferry.example", "/en/opensearch.xml").await;
    let answer = answer.expect(200);
    assert_eq!(
        answer.header("content-type"),
        "application/opensearchdescription+xml; charset=utf-8"
    );
    let all = elements(&answer);
    assert_eq!(texts(&all, "ShortName"), ["The portal ferry"]);
    let url = all
        .iter()
        .find(|e| e.attribute("type") == "text/html")
        .unwrap();
    assert_eq!(
        url.attribute("template"),
        "http://help.ferry.example/en/search?q={searchTerms}"
    );
    let german = app.page("/help/de/opensearch.xml").await.expect(200);
    assert_eq!(texts(&elements(&german), "Language"), ["de"]);
    app.page("/help/fr/opensearch.xml").await.expect(404);
}
