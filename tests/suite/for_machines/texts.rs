//! `llms.txt`, `llms-full.txt`, and the Markdown of articles.

use cairn_tests::{HOST, TestApp};

use super::{ferry, hostile_titles, page_at, publish_titled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_find_the_texts_of_a_portal_and_none_that_readers_may_not_see() {
    let app = TestApp::spawn().await;
    let fares = app.category("Fares").create().await;
    app.category("Refunds").below(&fares).create().await;
    let body = "# A heading\n\nTo the byte  \r\n<b>raw</b>";
    let open = app.article().title("[Open] walrus").in_category("Refunds");
    let open = open
        .excerpt("What\nit says")
        .body(body)
        .published()
        .create()
        .await;
    let outside = app
        .article()
        .title("Outside")
        .body("Outside it.\n")
        .published()
        .create()
        .await;
    let german = app
        .article()
        .in_locale("de")
        .title("Deutsch")
        .body("Auf Deutsch.\n");
    german.published().create().await;
    app.article()
        .title("Draft walrus")
        .body("secret draft\n")
        .create()
        .await;
    let internal = app
        .article()
        .title("Internal walrus")
        .body("secret internal\n");
    internal.internal().published().create().await;
    let archived = app
        .article()
        .title("Archived walrus")
        .body("secret archive\n");
    archived.published().create_archived().await;
    // What readers see of an article is what was published of it.
    app.change(&outside, |c| {
        c.body = Some("secret draft of it\n".to_owned())
    })
    .await;
    app.settle().await;
    let list = app.page("/help/llms.txt").await.expect(200);
    assert_eq!(list.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(list.header("x-robots-tag"), "noindex");
    let root = format!("http://{HOST}/help");
    let want = format!(
        "# Help\n\n> Guides and answers from Help.\n\n## Fares › Refunds\n\n- [\\[Open\\] walrus](http://{HOST}{}.md): What it says\n\n## Articles\n\n- [Outside](http://{HOST}{}.md)\n\n## Optional\n\n- [llms-full.txt]({root}/en/llms-full.txt): the text of every article in one file\n- [llms.txt in de]({root}/de/llms.txt)\n- [llms.txt in ar]({root}/ar/llms.txt)\n",
        open.path, outside.path
    );
    assert_eq!(list.text(), want);
    // Each link is there, as Markdown.
    for article in [&open, &outside] {
        let md = app.page(&format!("{}.md", article.path)).await.expect(200);
        assert_eq!(md.header("content-type"), "text/markdown; charset=utf-8");
    }
    let full = app.page("/help/en/llms-full.txt").await.expect(200);
    let want = format!(
        "# Help\n\n> Guides and answers from Help.\n\n---\n\n# [Open] walrus\n\nSource: http://{HOST}{}\nUpdated: 2026-11-14T09:20:00Z\n\n{body}\n\n---\n\n# Outside\n\nSource: http://{HOST}{}\nUpdated: 2026-11-14T09:20:00Z\n\nOutside it.\n",
        open.path, outside.path
    );
    assert_eq!(full.text(), want);
    assert_eq!(
        app.page("/help/llms-full.txt").await.expect(200).text(),
        want
    );
    let german = app.page("/help/de/llms-full.txt").await.expect(200).text();
    assert!(
        german.contains("Auf Deutsch.") && !german.contains("walrus"),
        "{german}"
    );
    for path in ["/help/fr/llms.txt", "/llms.txt/", "/help/en/LLMS.txt"] {
        app.page(path).await.expect(404);
    }
    // It is fresh after a change.
    app.change(&open, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    for path in ["/help/llms.txt", "/help/llms-full.txt"] {
        assert!(
            !app.page(path).await.expect(200).text().contains("walrus"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_too_large_to_be_kept_are_streamed_whole() {
    let app = TestApp::spawn().await;
    let body = "Twenty bytes of it. ".repeat(10_000);
    for i in 0..12 {
        let article = app.article().title(&format!("Long {i}")).body(&body);
        article.published().create().await;
    }
    app.settle().await;
    let full = app.page("/help/llms-full.txt").await.expect(200);
    assert_eq!(full.header("etag"), "", "it is not kept");
    let text = full.text();
    assert!(text.len() > 12 * body.len());
    for i in 0..12 {
        assert_eq!(text.matches(&format!("\n# Long {i}\n")).count(), 1, "{i}");
    }
    assert_eq!(text.matches(body.as_str()).count(), 12);
    let head = app.request("HEAD", "/help/llms-full.txt").send().await;
    assert!(head.expect(200).body.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_texts_of_the_only_portal_are_found_at_the_root() {
    let app = TestApp::spawn().await;
    for name in ["llms.txt", "llms-full.txt", "sitemap.xml"] {
        let moved = app.page(&format!("/{name}")).await.expect(302);
        assert_eq!(
            moved.header("location"),
            format!("http://{HOST}/help/{name}")
        );
        assert_eq!(moved.header("cache-control"), "private, no-cache");
    }
    ferry(&app).await;
    let list = page_at(&app, "help.ferry.example", "/llms.txt")
        .await
        .expect(200);
    let link = "(http://help.ferry.example/en/articles/ferries.md)";
    assert!(list.text().contains(link), "{}", list.text());
    app.page("/llms.txt").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_title_breaks_a_list_of_texts() {
    let app = TestApp::spawn().await;
    let mut count = 0;
    for (i, title) in hostile_titles().iter().enumerate() {
        count += usize::from(publish_titled(&app, i, title).await.is_some());
    }
    app.settle().await;
    let list = app.page("/help/llms.txt").await.expect(200).text();
    let rows = list.lines().filter(|l| l.contains("/articles/hostile-"));
    assert_eq!(rows.clone().count(), count);
    for row in rows {
        assert!(
            row.starts_with("- [")
                && row.contains(&format!("](http://{HOST}/help/en/articles/hostile-")),
            "{row}"
        );
        assert!(!row.chars().any(char::is_control), "{row:?}");
    }
    let full = app.page("/help/llms-full.txt").await.expect(200).text();
    assert_eq!(full.matches("\nSource: ").count(), count);
}
