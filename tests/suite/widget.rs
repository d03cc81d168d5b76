//! The help center inside another site, as its headers and pages say it; `browser/frame.rs` shows it in one.

use cairn_tests::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pages_of_the_widget_may_be_framed_and_only_by_whom_the_settings_name() {
    let app = TestApp::spawn_showing_widget_on(&["https://app.example"]).await;
    let article = app.article().title("Walrus").published().create().await;
    app.settle().await;
    let framed = "/help/en/widget";
    let read = article.path.replace("/articles/", "/widget/articles/");
    for path in [framed, &read, "/help/en/widget/search?q=walrus"] {
        let page = app.page(path).await.expect(200);
        let policy = page.header("content-security-policy");
        assert!(
            policy.ends_with("base-uri 'none'; frame-ancestors 'self' https://app.example"),
            "{path}: {policy}"
        );
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"));
        assert_eq!(page.header("cross-origin-resource-policy"), "cross-origin");
        assert!(page.headers.get("set-cookie").is_none());
        assert!(page.text().contains("<base target=\"_blank\">"));
    }
    let gone = app
        .page("/help/en/widget/articles/nothing")
        .await
        .expect(404);
    assert!(
        gone.header("content-security-policy")
            .contains("https://app.example")
    );
    assert_eq!(
        gone.header("cache-control"),
        "public, max-age=0, s-maxage=10"
    );
    for path in [
        "/help/en",
        &article.path,
        "/help/en/search?q=walrus",
        "/help/en/none",
    ] {
        let policy = app.page(path).await;
        let policy = policy.header("content-security-policy").to_owned();
        assert!(
            policy.ends_with("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
    let nobody = TestApp::spawn().await;
    let page = nobody.page(framed).await.expect(200);
    assert!(
        page.header("content-security-policy")
            .ends_with("frame-ancestors 'self'")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_between_articles_stay_in_the_frame_and_all_others_leave_it() {
    let app = TestApp::spawn().await;
    let other = app.article().title("Other").published().create().await;
    let body = format!(
        "# Part\n\n[in]({}) [out](https://example.com/) [here](#part) [home](/help/en)\n\n`<a href=\"{}\">`\n",
        other.path, other.path
    );
    let article = app
        .article()
        .title("Walrus")
        .body(&body)
        .published()
        .create()
        .await;
    app.settle().await;
    let path = article.path.replace("/articles/", "/widget/articles/");
    let html = app.page(&path).await.expect(200).text();
    let inside = other.path.replace("/articles/", "/widget/articles/");
    assert!(
        html.contains(&format!("<a target=\"_self\" href=\"{inside}\"")),
        "{html}"
    );
    assert!(html.contains("<a target=\"_self\" href=\"#"), "{html}");
    assert!(html.contains("<a href=\"https://example.com/\""), "{html}");
    assert!(html.contains("<a href=\"/help/en\""), "{html}");
    assert!(
        html.contains(&format!("&lt;a href=\"{}\"&gt;", other.path)),
        "code is left as it is: {html}"
    );
    assert!(html.contains(&format!(
        "<a href=\"{}\" rel=\"noopener\">Open in the help center</a>",
        article.path
    )));
    let found = app
        .page("/help/en/widget/search?q=walrus")
        .await
        .expect(200)
        .text();
    assert!(
        found.contains(&format!("href=\"{path}")) && found.contains("<mark>Walrus</mark>"),
        "{found}"
    );
    let suggested = app
        .page("/help/en/widget/suggest?q=walr")
        .await
        .expect(200)
        .json();
    assert_eq!(suggested["items"][0]["path"], path.as_str(), "{suggested}");
    // Kept and purged like the page it stands for.
    app.article().title("Third").published().create().await;
    app.settle().await;
    assert!(
        app.page("/help/en/widget")
            .await
            .expect(200)
            .text()
            .contains("Third")
    );
    let moved = app.page(&format!("{path}/")).await;
    assert!(matches!(moved.status, 301 | 404), "{}", moved.status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_has_one_address_for_ever_and_leads_to_the_readers_language() {
    let app = TestApp::spawn().await;
    let script = app.page("/widget.js").await.expect(200);
    for (name, want) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("cross-origin-resource-policy", "cross-origin"),
        (
            "cache-control",
            "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=86400",
        ),
    ] {
        assert_eq!(script.header(name), want);
    }
    assert!(!script.header("etag").is_empty());
    let to = app
        .request("GET", "/help/widget")
        .header("accept-language", "de")
        .send()
        .await
        .expect(302);
    assert_eq!(to.header("location"), "/help/de/widget");
    app.page("/help/fr/widget").await.expect(404);
    app.page("/help/en/widget/else").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_frame_shows_no_draft_and_no_internal_article() {
    let app = TestApp::spawn().await;
    app.article()
        .title("Open walrus")
        .published()
        .create()
        .await;
    let draft = app.article().title("Draft walrus").create().await;
    let inside = app
        .article()
        .title("Internal walrus")
        .internal()
        .published()
        .create()
        .await;
    app.settle().await;
    for article in [&draft, &inside] {
        let path = article.path.replace("/articles/", "/widget/articles/");
        app.page(&path).await.expect(404);
    }
    for path in [
        "/help/en/widget",
        "/help/en/widget/search?q=walrus",
        "/help/en/widget/suggest?q=walrus",
    ] {
        let text = app.page(path).await.expect(200).text();
        assert!(
            text.contains("walrus") && !text.contains("Draft") && !text.contains("Internal"),
            "{path}"
        );
    }
}
