//! Readers fall back along locales and are told so; a translation says when its original moved on.

use cairn_tests::{TestApp, TestArticle};

async fn text(app: &TestApp, path: &str) -> String {
    app.page(path).await.expect(200).text()
}

/// An English article and, in a portal with more languages, nothing else yet.
async fn original(app: &TestApp) -> TestArticle {
    app.portal("atlas")
        .locales(&["en", "pt-BR", "pt", "de", "ar", "fr"])
        .create()
        .await;
    let made = app
        .article()
        .in_portal("atlas")
        .title("Setup")
        .body("## Begin\n\nEnglish words.\n")
        .published()
        .create()
        .await;
    app.settle().await;
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_without_translation_is_shown_in_the_nearest_language_and_says_so() {
    let app = TestApp::spawn().await;
    let original = original(&app).await;
    let page = app.page("/atlas/de/articles/setup").await.expect(200);
    let html = page.text();
    assert!(
        html.contains("<html lang=\"de\" dir=\"ltr\">"),
        "the frame is the reader's"
    );
    assert!(
        html.contains("Noch nicht übersetzt") && html.contains("<span lang=\"en\">English</span>")
    );
    let h1 = html.split("<h1").nth(1).map(|h| &h[..60.min(h.len())]);
    assert!(
        html.contains("<h1 lang=\"en\" dir=\"ltr\">Setup</h1>"),
        "{h1:?}"
    );
    assert!(html.contains("<div class=\"prose\" lang=\"en\" dir=\"ltr\">"));
    assert!(html.contains("English words."));
    let canonical = format!(
        "<link rel=\"canonical\" href=\"http://127.0.0.1:8080{}\">",
        original.path
    );
    assert!(html.contains(&canonical), "{html}");
    assert!(html.contains("\"inLanguage\":\"en\""));
    assert!(
        !html.contains("hreflang=\"de\" href=\"http"),
        "it is no German page"
    );
    assert!(html.contains("action=\"/atlas/de/search\"") && html.contains("href=\"/atlas/de\""));
    // The frame is the one of any other German page.
    let foot = |html: &str| {
        html.split("<footer class=\"foot\"")
            .nth(1)
            .map(str::to_owned)
    };
    let home = text(&app, "/atlas/de").await;
    assert_eq!(foot(&html).is_some(), foot(&home).is_some());

    let arabic = text(&app, "/atlas/ar/articles/setup").await;
    assert!(arabic.contains("<html lang=\"ar\" dir=\"rtl\">"));
    assert!(arabic.contains("<div class=\"prose\" lang=\"en\" dir=\"ltr\">"));
    let markdown = app.page("/atlas/de/articles/setup.md").await.expect(200);
    assert_eq!(markdown.text(), "## Begin\n\nEnglish words.\n");
    assert_eq!(markdown.header("content-language"), "en");
    assert!(markdown.header("link").contains(&original.path));
    // Its own page says nothing of all this.
    let own = text(&app, &original.path).await;
    assert!(!own.contains("class=\"alert note\"") && own.contains("<h1>Setup</h1>"));
    // One spelling of the address, and nothing where nothing is.
    let moved = app.page("/atlas/DE/articles/Setup").await.expect(301);
    assert_eq!(moved.header("location"), "/atlas/de/articles/setup");
    app.page("/atlas/de/articles/other").await.expect(404);
    app.page("/atlas/ja/articles/setup").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nearest_language_is_its_own_then_the_default_then_the_order_of_the_portal() {
    let app = TestApp::spawn().await;
    let original = original(&app).await;
    let translate = async |locale: &str, slug: &str| {
        let made = app
            .article()
            .in_portal("atlas")
            .in_locale(locale)
            .title(&format!("Title {locale}"))
            .slug(slug)
            .body(&format!("Words of {locale}."))
            .translation_of(&original)
            .published()
            .create()
            .await;
        app.settle().await;
        made
    };
    translate("fr", "mise-en-place").await;
    for path in [
        "/atlas/pt-BR/articles/setup",
        "/atlas/pt-BR/articles/mise-en-place",
    ] {
        assert!(
            text(&app, path).await.contains("English words."),
            "the default before French"
        );
    }
    let portuguese = translate("pt", "instalar").await;
    let page = text(&app, "/atlas/pt-BR/articles/setup").await;
    assert!(page.contains("Words of pt.") && page.contains("lang=\"pt\" dir=\"ltr\""));
    assert!(page.contains(&format!(
        "href=\"http://127.0.0.1:8080{}\"",
        portuguese.path
    )));
    assert!(!page.contains("hreflang=\"pt-BR\" href=\"http"));
    // Shown in place of a translation it is none: its own address names the languages.
    let canonical = text(&app, &portuguese.path).await;
    for lang in ["en", "fr", "pt"] {
        let link = format!("<link rel=\"alternate\" hreflang=\"{lang}\" ");
        assert!(canonical.contains(&link), "{lang}");
        assert!(!page.contains(&link), "{lang}");
    }
    // Once it is written in the reader's language, the address leads there.
    let own = translate("pt-BR", "configurar").await;
    for slug in ["setup", "instalar", "mise-en-place"] {
        let moved = app
            .page(&format!("/atlas/pt-BR/articles/{slug}"))
            .await
            .expect(301);
        assert_eq!(moved.header("location"), own.path);
    }
    let moved = app.page("/atlas/pt-BR/articles/setup.md").await.expect(301);
    assert_eq!(moved.header("location"), format!("{}.md", own.path));
    // Every page of the group knows of the new one.
    for path in [&original.path, &portuguese.path] {
        let page = text(&app, path).await;
        assert!(page.contains("hreflang=\"pt-BR\" href=\"http"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shown_fallback_gives_way_to_whatever_comes() {
    let app = TestApp::spawn().await;
    let original = original(&app).await;
    let (german, arabic) = ("/atlas/de/articles/setup", "/atlas/ar/articles/setup");
    assert!(text(&app, german).await.contains("English words."));
    assert!(text(&app, arabic).await.contains("English words."));
    // The original changes.
    let changed = app
        .change(&original, |c| {
            c.body = Some("Newer words.".to_owned());
            c.status = Some("published".to_owned());
        })
        .await;
    app.settle().await;
    assert!(text(&app, german).await.contains("Newer words."));
    // Another article takes the slug in German; a draft translation shows nowhere.
    app.article()
        .in_portal("atlas")
        .in_locale("de")
        .title("Setup")
        .body("Etwas anderes.")
        .published()
        .create()
        .await;
    let draft = app
        .article()
        .in_portal("atlas")
        .in_locale("ar")
        .title("Draft")
        .slug("draft")
        .translation_of(&original)
        .create()
        .await;
    app.settle().await;
    assert!(text(&app, german).await.contains("Etwas anderes."));
    assert!(text(&app, arabic).await.contains("Newer words."));
    app.change(&draft, |c| c.status = Some("published".to_owned()))
        .await;
    app.settle().await;
    assert_eq!(
        app.page(arabic).await.expect(301).header("location"),
        draft.path
    );
    // What readers may not see falls back to nothing.
    app.change(&changed, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    assert!(
        text(&app, arabic).await.contains("Etwas anderes."),
        "of what is left at the slug"
    );
    assert!(!text(&app, arabic).await.contains("Newer words."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_slug_of_another_language_leads_on_in_one_hop() {
    let app = TestApp::spawn().await;
    let original = original(&app).await;
    app.change(&original, |c| c.slug = Some("install".to_owned()))
        .await;
    app.settle().await;
    let moved = app.page("/atlas/de/articles/setup").await.expect(301);
    assert_eq!(moved.header("location"), "/atlas/de/articles/install");
    assert!(
        text(&app, "/atlas/de/articles/install")
            .await
            .contains("English words.")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_redirect_goes_before_another_language() {
    let app = TestApp::spawn().await;
    let original = original(&app).await;
    assert!(
        text(&app, "/atlas/de/articles/setup")
            .await
            .contains("English words.")
    );
    app.redirect(
        "atlas",
        "/de/articles/setup",
        &format!("article:{}", original.id),
    )
    .await;
    app.settle().await;
    let moved = app.page("/atlas/de/articles/setup").await.expect(301);
    assert_eq!(moved.header("location"), original.path);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_translation_behind_its_original_says_so_until_it_caught_up() {
    let app = TestApp::spawn().await;
    let original = original(&app).await;
    let german = app
        .article()
        .in_portal("atlas")
        .in_locale("de")
        .title("Einrichten")
        .body("Deutsche Wörter.")
        .translation_of(&original)
        .published()
        .create()
        .await;
    app.settle().await;
    let behind = "Das Original hat sich geändert";
    assert!(!text(&app, &german.path).await.contains(behind));
    // A draft of the original is no news for readers.
    let draft = app
        .change(&original, |c| c.body = Some("Draft words.".to_owned()))
        .await;
    app.settle().await;
    assert!(!text(&app, &german.path).await.contains(behind));
    let published = app
        .change(&draft, |c| c.status = Some("published".to_owned()))
        .await;
    app.settle().await;
    let page = text(&app, &german.path).await;
    assert!(page.contains(behind));
    assert!(page.contains(&format!(
        "<a href=\"{}\" lang=\"en\" hreflang=\"en\">English</a>",
        original.path
    )));
    // Where the original is not there for readers, there is nothing to say.
    app.change(&published, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    assert!(!text(&app, &german.path).await.contains(behind));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slug_of_another_portal_is_no_fallback() {
    let app = TestApp::spawn().await;
    original(&app).await;
    for path in ["/help/en/articles/setup", "/help/de/articles/setup"] {
        let missing = app.page(path).await.expect(404);
        assert!(!missing.text().contains("/atlas/"), "{path}");
    }
}
