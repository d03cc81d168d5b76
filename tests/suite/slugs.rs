//! Slugs and the addresses that outlive them.

use cairn_tests::TestApp;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collision_is_numbered_per_portal_and_locale() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let slug = async |portal: &str, locale: &str, title: &str| {
        app.article()
            .in_portal(portal)
            .in_locale(locale)
            .title(title)
            .create()
            .await
            .slug
    };
    assert_eq!(slug("help", "en", "Refunds").await, "refunds");
    assert_eq!(slug("help", "en", "refunds!").await, "refunds-2");
    assert_eq!(slug("help", "en", "REFUNDS").await, "refunds-3");
    assert_eq!(slug("help", "de", "Refunds").await, "refunds");
    assert_eq!(slug("other", "en", "Refunds").await, "refunds");
    assert_eq!(slug("help", "en", "???").await, "article");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_live_slug_stands_for_each_canonical_form() {
    let app = TestApp::spawn().await;
    let composed = app.article().title("Café").create().await.slug;
    let decomposed = app.article().title("Cafe\u{301}").create().await.slug;
    assert_eq!((composed.as_str(), decomposed.as_str()), ("café", "café-2"));
    let taken = app
        .rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "x", "body": "", "slug": "café"}),
        )
        .await;
    taken.problem(409, "slug_taken");
    let other_form = app
        .rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "x", "body": "", "slug": "cafe\u{301}"}),
        )
        .await;
    other_form.problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_articles_of_one_title_get_one_slug_each() {
    let app = std::sync::Arc::new(TestApp::spawn().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let app = std::sync::Arc::clone(&app);
        tasks.spawn(async move { app.article().title("Same").create().await.slug });
    }
    let mut slugs = tasks.join_all().await;
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_old_slug_redirects_to_the_current_one_in_one_step() {
    let app = TestApp::spawn().await;
    let first = app.article().title("One").published().create().await;
    let second = app
        .change(&first, |c| c.slug = Some("two".to_owned()))
        .await;
    let third = app
        .change(&second, |c| c.slug = Some("größe".to_owned()))
        .await;
    app.settle().await;
    for old in [&first, &second] {
        let moved = app.page(&old.path).await.expect(301);
        assert_eq!(moved.header("location"), third.path);
        let moved = app.page(&format!("{}.md", old.path)).await.expect(301);
        assert_eq!(moved.header("location"), format!("{}.md", third.path));
    }
    app.page(&third.path).await.expect(200);
    // The authoring door finds it under its old name as well.
    let url = format!("http://127.0.0.1:8080{}", first.path);
    let read = app
        .mcp(&app.key)
        .call("get_article", json!({"id": url}))
        .await
        .ok();
    assert_eq!(read["slug"], "größe");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_slug_wins_over_a_remembered_one() {
    let app = TestApp::spawn().await;
    let moved = app.article().title("Prices").published().create().await;
    app.change(&moved, |c| c.slug = Some("old-prices".to_owned()))
        .await;
    app.settle().await;
    app.page(&moved.path).await.expect(301);
    let newer = app
        .article()
        .title("Prices")
        .body("the new ones")
        .published()
        .create()
        .await;
    assert_eq!(newer.path, moved.path);
    app.settle().await;
    assert!(
        app.page(&newer.path)
            .await
            .expect(200)
            .text()
            .contains("the new ones")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_was_never_public_is_not_remembered() {
    let app = TestApp::spawn().await;
    let draft = app.article().title("Secret working title").create().await;
    let published = app
        .change(&draft, |c| {
            c.slug = Some("final".to_owned());
            c.status = Some("published".to_owned());
        })
        .await;
    app.settle().await;
    app.page(&draft.path).await.expect(404);
    app.page(&published.path).await.expect(200);
    assert!(app.rows("slug_history").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spelling_that_is_not_canonical_leads_to_the_one_that_is() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Größe").published().create().await;
    app.settle().await;
    assert_eq!(article.path, "/help/en/articles/gr%C3%B6%C3%9Fe");
    for spelling in [
        "/help/en/articles/Gr%C3%B6%C3%9Fe",
        "/help/en/articles/gro%CC%88%C3%9Fe",
        "/help/en/articles/%67r%C3%B6%C3%9Fe",
        "/help/en/articles/gr%C3%B6%C3%9Fe/",
        "/help/EN/articles/gr%C3%B6%C3%9Fe",
    ] {
        let moved = app.page(spelling).await;
        assert_eq!(
            (moved.status, moved.header("location")),
            (301, article.path.as_str()),
            "{spelling}"
        );
    }
    app.page("/help/en/articles/gr%c3%b6%c3%9fe")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_that_moves_to_another_locale_redirects_there() {
    let app = TestApp::spawn().await;
    let english = app.article().title("Hallo").published().create().await;
    let german = app
        .change(&english, |c| c.locale = Some("de".to_owned()))
        .await;
    app.settle().await;
    assert_eq!(
        app.page(&english.path).await.expect(301).header("location"),
        german.path
    );
    app.page(&german.path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_addresses_of_what_readers_cannot_see_lead_nowhere() {
    let app = TestApp::spawn().await;
    let first = app.article().title("One").published().create().await;
    let second = app
        .change(&first, |c| c.slug = Some("two".to_owned()))
        .await;
    app.change(&second, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    app.page(&first.path).await.expect(404);
    app.page(&second.path).await.expect(404);
}
