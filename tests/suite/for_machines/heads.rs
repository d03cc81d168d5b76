//! Heads of pages: canonical address, languages, OpenGraph, JSON-LD.

use cairn_tests::{HOST, TestApp};

use super::{ferry, hostile_titles, linked_data, links, meta, page_at, publish_titled, thing};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_names_its_one_address_and_its_languages() {
    let app = TestApp::spawn().await;
    app.category("Fares").create().await;
    let article = app.article().title("Größe").in_category("Fares");
    let article = article.published().create().await;
    let german = app.article().in_locale("de").in_category("Fares");
    let german = german.title("Die Größe").translation_of(&article);
    let german = german.published().create().await;
    app.settle().await;
    let at = |path: &str| format!("http://{HOST}{path}");
    let html = app.page(&article.path).await.expect(200).text();
    assert_eq!(links(&html, "canonical"), [at(&article.path)]);
    assert!(article.path.contains("gr%C3%B6%C3%9Fe"), "{}", article.path);
    let languages = |html: &str| -> Vec<String> {
        let all = links(html, "alternate");
        all.into_iter()
            .filter(|l| !l.ends_with(".md") && !l.ends_with(".atom"))
            .collect()
    };
    let both = [at(&article.path), at(&german.path), at(&article.path)];
    assert_eq!(languages(&html), both);
    for lang in ["en", "de", "x-default"] {
        assert!(html.contains(&format!("hreflang=\"{lang}\"")), "{lang}");
    }
    let translated = app.page(&german.path).await.expect(200).text();
    assert_eq!(links(&translated, "canonical"), [at(&german.path)]);
    assert_eq!(languages(&translated).len(), 3, "both ways, and x-default");
    // A category is there in the languages that have something in it.
    let html = app.page("/help/en/categories/fares").await.text();
    assert_eq!(links(&html, "canonical"), [at("/help/en/categories/fares")]);
    assert_eq!(
        languages(&html),
        ["en", "de", "en"].map(|l| at(&format!("/help/{l}/categories/fares")))
    );
    let html = app.page("/help/ar").await.expect(200).text();
    assert_eq!(links(&html, "canonical"), [at("/help/ar")]);
    assert_eq!(languages(&html).len(), 4);
    // In a language it is not written in, the original is the address.
    let shown = article.path.replace("/en/", "/ar/");
    let html = app.page(&shown).await.expect(200).text();
    assert_eq!(links(&html, "canonical"), [at(&article.path)]);
    assert!(languages(&html).is_empty(), "it is no translation");
    assert_eq!(meta(&html, "og:url"), Some(at(&article.path)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_canonical_address_is_at_the_portals_own_hostname() {
    let app = TestApp::spawn().await;
    ferry(&app).await;
    let want = "http://help.ferry.example/en/articles/ferries";
    for (host, path) in [
        ("help.ferry.example", "/en/articles/ferries"),
        ("old.ferry.example", "/en/articles/ferries"),
        (HOST, "/ferry/en/articles/ferries"),
    ] {
        let html = page_at(&app, host, path).await.expect(200).text();
        assert_eq!(links(&html, "canonical"), [want], "{host}{path}");
        assert_eq!(meta(&html, "og:url").as_deref(), Some(want));
        let graph = linked_data(&html);
        assert_eq!(thing(&graph, "Article")["mainEntityOfPage"], want);
        let trail = &thing(&graph, "BreadcrumbList")["itemListElement"];
        assert_eq!(trail[0]["item"], "http://help.ferry.example/en");
        let md = page_at(&app, host, &format!("{path}.md")).await.expect(200);
        assert_eq!(md.header("link"), format!("<{want}>; rel=\"canonical\""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_tells_what_it_is_and_one_that_is_not_to_be_found_tells_nothing() {
    let app = TestApp::spawn().await;
    app.category("Fares").create().await;
    let article = app.article().title("Refunds").in_category("Fares");
    let article = article
        .body("Money comes back.\n")
        .author("Ada")
        .published();
    let article = article.create().await;
    app.settle().await;
    let html = app.page(&article.path).await.expect(200).text();
    for (name, want) in [
        ("description", "Money comes back."),
        ("og:type", "article"),
        ("og:title", "Refunds"),
        ("og:description", "Money comes back."),
        ("og:site_name", "Help"),
        ("og:locale", "en"),
        ("article:published_time", "2026-11-14T09:20:00Z"),
        ("article:modified_time", "2026-11-14T09:20:00Z"),
    ] {
        assert_eq!(meta(&html, name).as_deref(), Some(want), "{name}");
    }
    assert_eq!(meta(&html, "robots"), None);
    let graph = linked_data(&html);
    let data = thing(&graph, "Article");
    assert_eq!(data["headline"], "Refunds");
    assert_eq!(data["dateModified"], "2026-11-14T09:20:00Z");
    assert_eq!(data["inLanguage"], "en");
    assert_eq!(data["author"]["name"], "Ada");
    let trail = &thing(&graph, "BreadcrumbList")["itemListElement"];
    let names: Vec<_> = trail
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["name"])
        .collect();
    assert_eq!(names, ["Help", "Fares", "Refunds"]);
    assert!(graph.iter().all(|t| t["@type"] != "FAQPage"));
    let html = app.page("/help/en/categories/fares").await.text();
    assert_eq!(meta(&html, "og:type").as_deref(), Some("website"));
    assert_eq!(meta(&html, "description").as_deref(), Some("Refunds"));
    thing(&linked_data(&html), "CollectionPage");
    let html = app.page("/help/en").await.expect(200).text();
    let graph = linked_data(&html);
    let search = &thing(&graph, "WebSite")["potentialAction"]["target"]["urlTemplate"];
    assert_eq!(
        *search,
        format!("http://{HOST}/help/en/search?q={{search_term_string}}")
    );
    for path in [
        "/help/en/search?q=refunds",
        "/help/en/articles/none",
        "/nowhere",
    ] {
        let html = app.page(path).await.text();
        assert_eq!(meta(&html, "robots").as_deref(), Some("noindex"), "{path}");
        assert!(links(&html, "canonical").is_empty(), "{path}");
        assert!(!html.contains("og:") && !html.contains("ld+json"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_of_questions_is_a_page_of_questions() {
    let app = TestApp::spawn().await;
    let body = "Before you ask.\n\n## Can I cancel?\n\nYes, *until* noon.\n\n## When is the money back?\n\nIn </script> days.\n\n## Otherwise\n\nCall us.\n";
    let article = app.article().title("Questions").body(body);
    let article = article.published().create().await;
    let one = "## Can I cancel?\n\nYes.\n\n## Otherwise\n\nCall us.\n";
    let other = app
        .article()
        .title("One")
        .body(one)
        .published()
        .create()
        .await;
    app.settle().await;
    let graph = linked_data(&app.page(&article.path).await.expect(200).text());
    let asked = thing(&graph, "FAQPage")["mainEntity"].as_array().unwrap();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0]["name"], "Can I cancel?");
    assert_eq!(asked[0]["acceptedAnswer"]["text"], "Yes, until noon.");
    assert_eq!(asked[1]["name"], "When is the money back?");
    let graph = linked_data(&app.page(&other.path).await.expect(200).text());
    assert!(graph.iter().all(|t| t["@type"] != "FAQPage"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_title_breaks_out_of_the_head() {
    let app = TestApp::spawn().await;
    let mut titled = Vec::new();
    for (i, title) in hostile_titles().iter().enumerate() {
        titled.extend(publish_titled(&app, i, title).await);
    }
    app.settle().await;
    assert!(
        titled.len() > 5,
        "{} of the titles were taken",
        titled.len()
    );
    for (path, title) in &titled {
        let html = app.page(path).await.expect(200).text();
        let graph = linked_data(&html);
        let headline: String = title.chars().take(110).collect();
        assert_eq!(thing(&graph, "Article")["headline"], headline, "{path}");
        let trail = &thing(&graph, "BreadcrumbList")["itemListElement"];
        assert_eq!(trail.as_array().unwrap().last().unwrap()["name"], **title);
        assert_eq!(meta(&html, "og:title").as_ref(), Some(title), "{path}");
        assert_eq!(
            html.matches("<script").count(),
            html.matches("</script>").count()
        );
        assert_eq!(html.matches("property=\"og:title\"").count(), 1, "{path}");
    }
}
