//! `robots.txt` and the sitemap.

use std::collections::BTreeSet;

use cairn_http::help_center::PagesOptions;
use cairn_tests::{HOST, TestApp};

use super::xml::{elements, texts};
use super::{ferry, page_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn robots_are_led_to_the_sitemaps_and_kept_from_searches() {
    let app = TestApp::spawn().await;
    ferry(&app).await;
    let all = app.page("/robots.txt").await.expect(200);
    assert_eq!(all.header("content-type"), "text/plain; charset=utf-8");
    let rules = "User-agent: *\nDisallow: /api/\nDisallow: /mcp\nDisallow: /*/search?\n\n";
    let (of_help, of_ferry) = (
        format!("Sitemap: http://{HOST}/help/sitemap.xml\n"),
        "Sitemap: http://help.ferry.example/sitemap.xml\n",
    );
    assert_eq!(all.text(), format!("{rules}{of_ferry}{of_help}"));
    let own = page_at(&app, "help.ferry.example", "/robots.txt").await;
    assert_eq!(own.expect(200).text(), format!("{rules}{of_ferry}"));
    let below = app.page("/help/robots.txt").await.expect(200);
    assert_eq!(below.text(), format!("{rules}{of_help}"));
    app.page("/help/en/robots.txt").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sitemap_lists_what_readers_can_open_and_nothing_else() {
    let app = TestApp::spawn().await;
    let fares = app.category("Fares").create().await;
    app.category("Refunds & more").below(&fares).create().await;
    app.category("Empty").create().await;
    let open = app.article().title("Größe").in_category("refunds-more");
    let open = open.published().create().await;
    let german = app
        .article()
        .in_locale("de")
        .title("Maß")
        .translation_of(&open);
    let german = german.published().create().await;
    let hidden = [
        app.article().title("Draft").create().await,
        app.article()
            .title("Internal")
            .internal()
            .published()
            .create()
            .await,
        app.article()
            .title("Archived")
            .published()
            .create_archived()
            .await,
    ];
    app.settle().await;
    let index = app.page("/help/sitemap.xml").await.expect(200);
    assert_eq!(
        index.header("content-type"),
        "application/xml; charset=utf-8"
    );
    let files = texts(&elements(&index), "loc");
    let below = |url: &str| {
        let path = url.strip_prefix(&format!("http://{HOST}"));
        path.unwrap_or_else(|| panic!("{url} is elsewhere"))
            .to_owned()
    };
    let mut listed = BTreeSet::new();
    for file in &files {
        let answer = app.page(&below(file)).await.expect(200);
        for loc in texts(&elements(&answer), "loc") {
            app.page(&below(&loc)).await.expect(200);
            assert!(listed.insert(below(&loc)), "{loc} is listed twice");
        }
    }
    let want = [
        "/help/en",
        "/help/de",
        "/help/ar",
        "/help/en/categories/fares",
        "/help/en/categories/refunds-more",
        open.path.as_str(),
        german.path.as_str(),
    ];
    assert_eq!(listed, want.map(str::to_owned).into(), "{files:?}");
    for article in &hidden {
        assert!(!listed.contains(&article.path));
    }
    // The article's languages, and when it changed.
    let file = app.page(&below(files.last().unwrap())).await;
    let all = elements(&file);
    assert_eq!(texts(&all, "lastmod"), ["2026-11-14T09:20:00Z"; 2]);
    let first: Vec<_> = all
        .iter()
        .filter(|e| e.name == "xhtml:link")
        .take(3)
        .collect();
    let languages: Vec<_> = first.iter().map(|e| e.attribute("hreflang")).collect();
    assert_eq!(languages, ["de", "en", "x-default"]);
    assert_eq!(
        first[2].attribute("href"),
        format!("http://{HOST}{}", open.path)
    );
    // It is kept, and fresh after a change.
    let again = app
        .request("GET", "/help/sitemap.xml")
        .header("if-none-match", index.header("etag"));
    again.send().await.expect(304);
    app.change(&german, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    let file = app.page(&below(files.last().unwrap())).await.expect(200);
    assert_eq!(texts(&elements(&file), "loc").len(), 1);
    assert!(elements(&file).iter().all(|e| e.name != "xhtml:link"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_sitemap_is_split_and_nothing_is_lost_between_files() {
    let app = TestApp::spawn().await;
    app.portal("one").create().await;
    for i in 0..23 {
        let article = app
            .article()
            .in_portal("one")
            .title(&format!("Article {i}"));
        let article = if i % 5 == 3 {
            article
        } else {
            article.published()
        };
        article.create().await;
    }
    app.settle().await;
    let options = PagesOptions {
        sitemap_urls_max: 4,
        ..PagesOptions::default()
    };
    let app = app.with_pages(options);
    let index = elements(&app.page("/one/sitemap.xml").await.expect(200));
    let files = texts(&index, "loc");
    assert_eq!(files.len(), 1 + 5, "{files:?}");
    let mut listed = BTreeSet::new();
    for file in &files {
        let path = file.strip_prefix(&format!("http://{HOST}")).unwrap();
        let found = texts(&elements(&app.page(path).await.expect(200)), "loc");
        assert!((1..=4).contains(&found.len()), "{file}: {found:?}");
        for loc in found {
            assert!(listed.insert(loc.clone()), "{loc} is listed twice");
        }
    }
    assert_eq!(listed.len(), 1 + 19);
    for path in [
        "/one/sitemap-pages-1.xml",
        "/one/sitemap-articles-999.xml",
        "/one/sitemap-articles-01.xml",
        "/one/sitemap-articles-.xml",
        "/one/en/sitemap.xml",
    ] {
        app.page(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sitemap_of_a_portal_with_a_hostname_lists_addresses_there() {
    let app = TestApp::spawn().await;
    ferry(&app).await;
    for (host, path) in [
        ("help.ferry.example", "/sitemap.xml"),
        (HOST, "/ferry/sitemap.xml"),
    ] {
        let files = texts(
            &elements(&page_at(&app, host, path).await.expect(200)),
            "loc",
        );
        assert_eq!(files.len(), 2);
        for file in files {
            let path = file
                .strip_prefix("http://help.ferry.example")
                .expect("there");
            let answer = page_at(&app, "help.ferry.example", path).await.expect(200);
            for loc in texts(&elements(&answer), "loc") {
                assert!(loc.starts_with("http://help.ferry.example/en"), "{loc}");
            }
        }
    }
    // Of several help centers none is the server's.
    app.page("/sitemap.xml").await.expect(404);
}
