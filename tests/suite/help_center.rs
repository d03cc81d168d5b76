//! The public help center: status, headers and freshness of pages, and what no page ever shows.

use cairn_tests::{Answer, HOST, TestApp};
use serde_json::json;

const PAGE_CACHE: &str =
    "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400";
const FEATURES_OFF: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

/// The headers of an answer by name, without those a server in front would set.
fn header_names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<_> = answer
        .headers
        .keys()
        .map(|n| n.as_str().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_page_has_exactly_these_headers() {
    let app = TestApp::spawn().await;
    let article = app
        .article()
        .title("Refunds")
        .body("# How\n\nWords.\n")
        .published()
        .create()
        .await;
    app.settle().await;
    let page = app.page(&article.path).await.expect(200);
    for (name, want) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-language", "en"),
        ("cache-control", PAGE_CACHE),
        ("vary", "accept, accept-encoding"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-site"),
        ("permissions-policy", FEATURES_OFF),
    ] {
        assert_eq!(page.header(name), want, "{name}");
    }
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(policy.ends_with("script-src 'self'; connect-src 'self'; img-src 'self' https:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(page.header("etag").starts_with("W/\""));
    assert_eq!(
        header_names(&page),
        [
            "cache-control",
            "content-language",
            "content-length",
            "content-security-policy",
            "content-type",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "etag",
            "permissions-policy",
            "referrer-policy",
            "surrogate-key",
            "vary",
            "x-content-type-options",
        ],
        "no cookies, no server name, nothing else"
    );
    let html = page.text();
    assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"));
    assert!(html.contains("lang=\"en\"") && html.contains("Refunds") && html.contains("Words."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_has_the_page_gets_304() {
    let app = TestApp::spawn().await;
    let article = app
        .article()
        .body(&"words ".repeat(500))
        .published()
        .create()
        .await;
    app.settle().await;
    let page = app.page(&article.path).await.expect(200);
    let etag = page.header("etag").to_owned();
    for tag in [
        etag.clone(),
        etag.trim_start_matches("W/").to_owned(),
        format!("\"x\", {etag}"),
        "*".to_owned(),
    ] {
        let fresh = app
            .request("GET", &article.path)
            .header("if-none-match", &tag)
            .send()
            .await
            .expect(304);
        assert!(fresh.body.is_empty());
        for name in ["etag", "cache-control", "vary"] {
            assert_eq!(fresh.header(name), page.header(name), "{name}");
        }
    }
    app.request("GET", &article.path)
        .header("if-none-match", "W/\"old\"")
        .send()
        .await
        .expect(200);
    for coding in ["gzip", "br"] {
        let packed = app
            .request("GET", &article.path)
            .header("accept-encoding", coding)
            .send()
            .await
            .expect(200);
        assert_eq!(
            (packed.header("content-encoding"), packed.header("etag")),
            (coding, etag.as_str())
        );
        assert!(packed.body.len() < page.body.len() / 2);
    }
    let head = app.request("HEAD", &article.path).send().await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(
        (head.header("etag"), head.header("content-length")),
        (etag.as_str(), page.body.len().to_string().as_str())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_markdown_of_an_article_is_its_body_to_the_byte() {
    let app = TestApp::spawn().await;
    let body = "# Größe\r\n\n<b>raw</b>  \n\n```\nx\n```";
    let article = app.article().body(body).published().create().await;
    app.settle().await;
    let page = app.page(&article.path).await.expect(200);
    let by_ending = app.page(&format!("{}.md", article.path)).await.expect(200);
    let by_wish = app
        .request("GET", &article.path)
        .header("accept", "text/markdown")
        .send()
        .await
        .expect(200);
    for markdown in [&by_ending, &by_wish] {
        assert_eq!(markdown.text(), body);
        assert_eq!(
            markdown.header("content-type"),
            "text/markdown; charset=utf-8"
        );
        assert_eq!(
            markdown.header("link"),
            format!("<http://{HOST}{}>; rel=\"canonical\"", article.path)
        );
        assert!(
            markdown
                .header("content-security-policy")
                .contains("sandbox")
        );
    }
    let browser = app
        .request("GET", &article.path)
        .header("accept", "text/html,*/*;q=0.8")
        .send()
        .await
        .expect(200);
    assert_eq!(browser.header("etag"), page.header("etag"));
    let gone = app.page("/help/en/articles/nothing.md").await.expect(404);
    assert!(!gone.header("cache-control").contains("max-age=60"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_fresh_after_every_change_once_the_feed_is_read() {
    let app = TestApp::spawn().await;
    let billing = app.category("Billing").create().await;
    app.category("Refunds").create().await;
    let article = app
        .article()
        .title("Fares")
        .body("version one")
        .in_category("Billing")
        .published()
        .create()
        .await;
    let neighbour = app
        .article()
        .title("Neighbour")
        .in_category("Billing")
        .published()
        .create()
        .await;
    app.settle().await;
    let (home, category) = ("/help/en", "/help/en/categories/billing");
    let read = async |path: &str| app.page(path).await;
    assert!(read(&article.path).await.text().contains("version one"));
    assert!(read(home).await.expect(200).text().contains("Billing"));
    assert!(read(category).await.expect(200).text().contains("Fares"));
    assert!(
        read(&neighbour.path)
            .await
            .expect(200)
            .text()
            .contains("Fares"),
        "neighbours are named"
    );
    read("/help/en/articles/later").await.expect(404);

    // A draft change shows nowhere.
    let draft = app
        .change(&article, |c| {
            c.title = Some("Secret fares".to_owned());
            c.body = Some("version two".to_owned());
        })
        .await;
    app.settle().await;
    for path in [article.path.as_str(), home, category, &neighbour.path] {
        let text = read(path).await.expect(200).text();
        assert!(
            !text.contains("Secret") && !text.contains("version two"),
            "{path}"
        );
    }
    // Publishing shows everywhere.
    let published = app
        .change(&draft, |c| c.status = Some("published".to_owned()))
        .await;
    app.settle().await;
    assert!(
        read(&article.path)
            .await
            .expect(200)
            .text()
            .contains("version two")
    );
    for path in [category, &neighbour.path] {
        assert!(
            read(path).await.expect(200).text().contains("Secret fares"),
            "{path}"
        );
    }
    // A category's new name shows on its articles, on the home page and on its own.
    let operator = app.operator();
    let rename = cairn_service::categories::WriteCategory {
        name: Some("Payments".to_owned()),
        expected_version: Some(1),
        ..Default::default()
    };
    cairn_service::categories::update(&operator, &billing.id.to_string(), rename)
        .await
        .expect("it is renamed");
    app.settle().await;
    for path in [article.path.as_str(), home, category] {
        let text = read(path).await.expect(200).text();
        assert!(
            text.contains("Payments") && !text.contains("Billing"),
            "{path}"
        );
    }
    // A move leaves the old category and arrives in the new one.
    let moved = app
        .change(&published, |c| {
            c.category = Some(Some("refunds".to_owned()))
        })
        .await;
    app.settle().await;
    assert!(
        !read(category)
            .await
            .expect(200)
            .text()
            .contains("Secret fares")
    );
    assert!(
        read("/help/en/categories/refunds")
            .await
            .expect(200)
            .text()
            .contains("Secret fares")
    );
    assert!(
        !read(&neighbour.path)
            .await
            .expect(200)
            .text()
            .contains("Secret fares")
    );
    // Unpublishing takes it away.
    app.change(&moved, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    read(&article.path).await.expect(404);
    assert!(!read(home).await.expect(200).text().contains("Secret fares"));
    // What was missing can come.
    let later = app.article().title("Later").published().create().await;
    app.settle().await;
    assert_eq!(later.path, "/help/en/articles/later");
    read(&later.path).await.expect(200);
    // The portal's own name shows everywhere.
    app.rest(&app.key)
        .patch("/portals/help", "\"1\"", json!({"name": "Ferry Help"}))
        .await
        .expect(200);
    app.settle().await;
    for path in [home, later.path.as_str()] {
        assert!(
            read(path).await.expect(200).text().contains("Ferry Help"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_serves_fresh_pages_once_it_has_read_the_feed() {
    let app = TestApp::spawn().await;
    let article = app.article().body("version one").published().create().await;
    let beside = app.beside().await;
    beside.app.settle().await.expect("it follows");
    let get = || {
        let request = axum::http::Request::get(article.path.as_str()).header("host", HOST);
        request.body(axum::body::Body::empty()).expect("a request")
    };
    assert!(
        beside
            .send(get())
            .await
            .expect(200)
            .text()
            .contains("version one")
    );
    app.change(&article, |c| {
        c.body = Some("version two".to_owned());
        c.status = Some("published".to_owned());
    })
    .await;
    beside.app.settle().await.expect("it follows");
    assert!(
        beside
            .send(get())
            .await
            .expect(200)
            .text()
            .contains("version two")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_ever_shows_a_draft_an_archived_or_an_internal_article() {
    let app = TestApp::spawn().await;
    app.category("Shelf").create().await;
    let open = app
        .article()
        .title("Open walrus")
        .in_category("Shelf")
        .published()
        .create()
        .await;
    let hidden = [
        app.article()
            .title("Draft walrus")
            .in_category("Shelf")
            .create()
            .await,
        app.article()
            .title("Internal walrus")
            .in_category("Shelf")
            .internal()
            .published()
            .create()
            .await,
        app.article()
            .title("Archived walrus")
            .in_category("Shelf")
            .published()
            .create_archived()
            .await,
    ];
    app.settle().await;
    for article in &hidden {
        for path in [article.path.clone(), format!("{}.md", article.path)] {
            let missing = app.page(&path).await.expect(404);
            assert!(!missing.text().contains("Some words."), "{path}");
        }
    }
    for path in [
        "/help/en",
        "/help/en/categories/shelf",
        open.path.as_str(),
        "/help/en/search?q=walrus",
        "/help/en/articles/walrus",
    ] {
        let text = app.page(path).await.text();
        for word in ["Draft walrus", "Internal walrus", "Archived walrus"] {
            assert!(!text.contains(word), "{path} shows {word}");
        }
    }
    // A shelf of hidden articles only is no shelf for readers.
    app.category("Hidden").create().await;
    app.article().in_category("Hidden").create().await;
    app.settle().await;
    assert!(!app.page("/help/en").await.text().contains("Hidden"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_answers_at_its_hostname_and_below_its_slug() {
    let app = TestApp::spawn().await;
    app.portal("ferry")
        .hostnames(&["help.ferry.example"])
        .create()
        .await;
    app.article()
        .in_portal("ferry")
        .title("Ferries")
        .published()
        .create()
        .await;
    app.article().title("Trains").published().create().await;
    app.settle().await;
    let at =
        async |host: &str, path: &str| app.request("GET", path).header("host", host).send().await;
    for host in [
        "help.ferry.example",
        "HELP.ferry.example",
        "help.ferry.example:8443",
        "help.ferry.example.",
    ] {
        at(host, "/en/articles/ferries").await.expect(200);
    }
    at(HOST, "/ferry/en/articles/ferries").await.expect(200);
    at("help.ferry.example", "/en/articles/trains")
        .await
        .expect(404);
    at("help.ferry.example", "/help/en/articles/trains")
        .await
        .expect(404);
    let text = at("help.ferry.example", "/en").await.expect(200).text();
    assert!(text.contains("/en/articles/ferries") && !text.contains("/ferry/en"));
    let root = at("help.ferry.example", "/").await.expect(302);
    assert_eq!(root.header("location"), "/en");
    assert_eq!(root.header("vary"), "accept-language");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_are_led_to_a_locale_they_like() {
    let app = TestApp::spawn().await;
    let to = async |language: &str| {
        let answer = app
            .request("GET", "/help")
            .header("accept-language", language)
            .send()
            .await
            .expect(302);
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        answer.header("location").to_owned()
    };
    assert_eq!(to("de-AT,de;q=0.9,en;q=0.5").await, "/help/de");
    assert_eq!(to("fr, ar;q=0.7").await, "/help/ar");
    assert_eq!(to("fr").await, "/help/en");
    assert_eq!(to("*").await, "/help/en");
    assert_eq!(
        app.page("/").await.expect(302).header("location"),
        "/help/en"
    );
    let arabic = app.page("/help/ar").await.expect(200).text();
    assert!(arabic.contains("dir=\"rtl\"") && arabic.contains("lang=\"ar\""));
    app.page("/help/fr").await.expect(404);
    app.page("/nobody/en").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_is_short_lived_names_the_nearest_titles_and_sets_no_cookie() {
    let app = TestApp::spawn().await;
    let article = app
        .article()
        .title("Refund a cancelled sailing")
        .published()
        .create()
        .await;
    app.settle().await;
    let missing = app
        .page("/help/en/articles/refund-cancelled-sailings")
        .await
        .expect(404);
    assert_eq!(
        missing.header("cache-control"),
        "public, max-age=0, s-maxage=10"
    );
    assert!(missing.text().contains(&article.path));
    assert!(missing.headers.get("set-cookie").is_none() && missing.headers.get("etag").is_none());
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let refused = app.request(method, &article.path).send().await.expect(405);
        assert!(refused.header("allow").contains("GET"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_page_escapes_what_was_asked_and_is_not_kept() {
    let app = TestApp::spawn().await;
    app.article().title("walrus").published().create().await;
    app.settle().await;
    let page = app
        .page("/help/en/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E+walrus")
        .await
        .expect(200);
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    assert!(page.text().contains("/help/en/articles/walrus"));
    assert_eq!(page.header("cache-control"), "private, no-store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_author_writes_cannot_leave_its_place_on_the_page() {
    let app = TestApp::spawn().await;
    let evil = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'";
    app.category(evil).create().await;
    let article = app
        .article()
        .title(evil)
        .excerpt(evil)
        .tags(&[evil])
        .author(evil)
        .body(evil)
        .in_category(evil)
        .published()
        .create()
        .await;
    app.article()
        .title("Other")
        .in_category(evil)
        .published()
        .create()
        .await;
    app.settle().await;
    let paths = [
        article.path.clone(),
        "/help/en".to_owned(),
        "/help/en/search?q=alert".to_owned(),
        "/help/en/articles/other".to_owned(),
    ];
    for path in paths {
        let text = app.page(&path).await.expect(200).text();
        assert!(
            !text.contains("<script>alert") && !text.contains("<img src=x"),
            "{path}: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_renderings_are_made_again_before_they_are_shown() {
    let app = TestApp::spawn().await;
    let article = app.article().body("**strong**").published().create().await;
    app.settle().await;
    app.execute("update renderings set html = '<script>alert(1)</script>', rendered_with = 0")
        .await;
    let text = app.page(&article.path).await.expect(200).text();
    assert!(text.contains("<strong>strong</strong>") && !text.contains("alert(1)"));
    app.execute("delete from renderings").await;
    let again = app.restarted().await;
    again.settle().await;
    assert!(
        again
            .page(&article.path)
            .await
            .expect(200)
            .text()
            .contains("<strong>strong</strong>")
    );
}
