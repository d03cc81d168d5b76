//! Finding on the public pages: topics to choose from, corrected words, other languages, suggestions while typing.

use std::sync::Arc;

use cairn_tests::TestApp;
use serde_json::json;
use tokio::task::JoinSet;

/// The part of a page between two marks.
fn between<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let start = html
        .find(from)
        .unwrap_or_else(|| panic!("no {from} in {html}"));
    let rest = &html[start..];
    &rest[..rest.find(to).unwrap_or(rest.len())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_narrowed_by_topics_with_counts_and_the_chosen_one_can_be_taken_away() {
    let app = TestApp::spawn().await;
    let refunds = app.category("Refunds").create().await;
    app.category("Cards").below(&refunds).create().await;
    app.category("Boarding").create().await;
    app.category("Empty").create().await;
    for (title, topic) in [
        ("Walrus one", "Refunds"),
        ("Walrus two", "Cards"),
        ("Walrus three", "Boarding"),
    ] {
        let article = app.article().title(title).in_category(topic);
        article.published().create().await;
    }
    app.article()
        .title("Draft walrus")
        .in_category("Empty")
        .create()
        .await;
    app.settle().await;
    let all = app
        .page("/help/en/search?q=walrus")
        .await
        .expect(200)
        .text();
    let facets = between(&all, "<nav class=\"only-wide\"", "</nav>");
    for row in [
        "<a href=\"/help/en/search?q=walrus\" aria-current=\"true\">All topics <small>3</small></a>",
        "<a href=\"/help/en/search?q=walrus&amp;topic=refunds\">Refunds <small>2</small></a>",
        "<a href=\"/help/en/search?q=walrus&amp;topic=boarding\">Boarding <small>1</small></a>",
    ] {
        let row = row.replace("&amp;", "&#38;");
        assert!(facets.contains(&row), "{row} is not in {facets}");
    }
    assert!(!facets.contains("Empty"), "a count of none is left out");
    assert!(!facets.contains("Cards"), "what is below waits");
    assert!(
        all.contains("3 articles for <strong>walrus</strong>"),
        "{all}"
    );
    assert!(all.contains("<mark>Walrus</mark> one</a></h2>"), "{all}");
    assert!(all.contains("<a href=\"/help/en/categories/refunds\">Refunds</a>"));

    let one = app
        .page("/help/en/search?q=walrus&topic=refunds")
        .await
        .expect(200)
        .text();
    let facets = between(&one, "<nav class=\"only-wide\"", "</nav>");
    assert!(
        facets.contains("<a href=\"/help/en/search?q=walrus\">All topics <small>3</small></a>")
    );
    assert!(
        facets.contains("aria-current=\"true\">Refunds <small>2</small>"),
        "{facets}"
    );
    assert!(
        facets.contains("class=\"below\">Cards <small>1</small>"),
        "{facets}"
    );
    assert!(
        facets.contains(">Boarding <small>1</small>"),
        "others stay in reach"
    );
    assert!(one.contains("2 articles for <strong>walrus</strong>"));
    assert!(one.contains("Only in <strong>Refunds</strong>."));
    assert!(one.contains("<a href=\"/help/en/search?q=walrus\">Search all topics</a>"));
    assert!(!one.contains("Walrus</mark> three"));
    // What is no topic narrows nothing.
    let none = app
        .page("/help/en/search?q=walrus&topic=%22%3E%3Cevil")
        .await
        .expect(200)
        .text();
    assert!(none.contains("3 articles for") && !none.contains("<evil"));
    // A topic that the words name is no choice.
    let named = app
        .page("/help/en/search?q=walrus+category:refunds")
        .await
        .expect(200)
        .text();
    assert!(
        named.contains("2 articles for") && !named.contains(">All topics"),
        "{named}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_word_is_named_and_one_link_leads_to_the_words_as_typed() {
    let app = TestApp::spawn().await;
    for n in 1..=4 {
        let article = app
            .article()
            .title(&format!("Refund of cancelled trip {n}"));
        article.published().create().await;
    }
    app.article()
        .title("Refund rules")
        .published()
        .create()
        .await;
    app.settle().await;
    let page = app
        .page("/help/en/search?q=refund+cancelld")
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("for <strong>refund cancelled</strong>"),
        "{page}"
    );
    assert!(
        page.contains("No article has the word “cancelld”."),
        "{page}"
    );
    let link = "/help/en/search?q=refund%20cancelld&#38;exact=1";
    assert!(
        page.contains(&format!("<a href=\"{link}\">Search for it anyway</a>")),
        "{page}"
    );
    assert!(
        page.contains("value=\"refund cancelld\""),
        "the field keeps what was typed"
    );
    let exact = app
        .page("/help/en/search?q=refund%20cancelld&exact=1")
        .await
        .expect(200)
        .text();
    assert!(
        exact.contains("for <strong>refund cancelld</strong>"),
        "{exact}"
    );
    assert!(!exact.contains("No article has the word") && !exact.contains("<mark>cancelled"));
    assert!(exact.contains("These are the results for exactly what you typed."));
    let alone = app
        .page("/help/en/search?q=cancelld&exact=1")
        .await
        .expect(200);
    assert!(
        alone.text().contains("Nothing found for"),
        "{}",
        alone.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_finds_nothing_leads_on_to_topics_that_have_something() {
    let app = TestApp::spawn().await;
    app.category("Full shelf").create().await;
    app.category("Empty shelf").create().await;
    app.category("Locked shelf").create().await;
    for n in 1..=2 {
        let title = format!("Walrus {n}");
        let article = app.article().title(&title).in_category("Full shelf");
        article.published().create().await;
    }
    let inside = app.article().title("Seal").in_category("Locked shelf");
    inside.internal().published().create().await;
    app.settle().await;
    let page = async |path: &str| app.page(path).await.expect(200).text();
    let row = "<li><a href=\"/help/en/categories/full-shelf\">Full shelf<small>2 articles</small></a></li>";
    for path in ["/help/en/search?q=zzqxv", "/help/en/search"] {
        let nothing = page(path).await;
        assert!(nothing.contains(row), "{path}: {nothing}");
        assert!(!nothing.contains("Empty shelf") && !nothing.contains("Locked shelf"));
    }
    let found = page("/help/en/search?q=walrus").await;
    assert!(!found.contains("id=\"browse\""), "{found}");
    // A topic without hits leads to all topics, where the words are found.
    let narrowed = page("/help/en/search?q=walrus&topic=empty-shelf").await;
    assert!(!narrowed.contains("id=\"browse\""), "{narrowed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_languages_are_told_with_counts_and_an_endless_question_is_cut_and_said_so() {
    let app = TestApp::spawn().await;
    app.article().title("Walrus").published().create().await;
    let german = app.article().title("Walrus füttern").in_locale("de");
    let german = german.published().create().await;
    app.settle().await;
    let page = app
        .page("/help/en/search?q=walrus")
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("<a href=\"/help/de/search?q=walrus\" lang=\"de\" hreflang=\"de\">Deutsch <small>1</small></a>"),
        "{page}"
    );
    assert!(
        !page.contains("العربية <small>"),
        "a language without hits is left out"
    );
    assert!(page.contains("<li lang=\"de\" dir=\"ltr\">") && page.contains(&german.path));
    let long = "walrus+".repeat(400);
    let page = app
        .page(&format!("/help/en/search?q={long}"))
        .await
        .expect(200)
        .text();
    assert!(page.contains("only its beginning was searched."), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suggestions_are_public_titles_and_nothing_else() {
    let app = TestApp::spawn().await;
    app.category("Shelf").create().await;
    let evil = "Walrus </script><b>&\"";
    let open = app.article().title(evil).in_category("Shelf");
    let open = open.published().create().await;
    app.article().title("Walrus draft").create().await;
    app.article()
        .title("Walrus inside")
        .internal()
        .published()
        .create()
        .await;
    app.article()
        .title("Walross")
        .in_locale("de")
        .published()
        .create()
        .await;
    app.settle().await;
    let answer = app.page("/help/en/suggest?q=walr").await.expect(200);
    for (name, want) in [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=30, s-maxage=30"),
        ("content-language", "en"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
    ] {
        assert_eq!(answer.header(name), want, "{name}");
    }
    assert!(answer.headers.get("set-cookie").is_none());
    let found = answer.json();
    assert_eq!(found["said"], "1 suggestion");
    let items = found["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{found}");
    assert_eq!(items[0]["title"], evil);
    assert_eq!(items[0]["topic"], "Shelf");
    assert_eq!(items[0]["path"], open.path.as_str());
    for nothing in ["", "?q=", "?q=%20", "?q=zzqxv", "?q=%ff"] {
        let answer = app
            .page(&format!("/help/en/suggest{nothing}"))
            .await
            .expect(200);
        assert_eq!(answer.json()["items"], json!([]), "{nothing}");
    }
    let long = "walrus+".repeat(500);
    app.page(&format!("/help/en/suggest?q={long}"))
        .await
        .expect(200);
    for path in [
        "/help/fr/suggest?q=a",
        "/help/suggest?q=a",
        "/help/en/suggest/?q=a",
    ] {
        app.page(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_too_many_search_suggestions_say_so_and_a_script_shows_none() {
    const READERS: usize = 300;
    let app = Arc::new(TestApp::spawn_with_one_search_at_a_time().await);
    for n in 0..20 {
        let article = app.article().title(&format!("Walrus number {n}"));
        article.published().create().await;
    }
    app.settle().await;
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let app = Arc::clone(&app);
        readers.spawn(async move { app.page("/help/en/suggest?q=walrus").await });
    }
    let answers = readers.join_all().await;
    let busy: Vec<_> = answers.iter().filter(|a| a.status != 200).collect();
    assert!(!busy.is_empty(), "{READERS} at once fit");
    for answer in busy {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.json()["items"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_shown_right_now_says_so_in_the_readers_language_with_a_number_to_tell() {
    let app = TestApp::spawn().await;
    app.article().title("Walrus").published().create().await;
    // Nothing has settled: there is no index yet.
    for (path, said) in [
        ("/help/en/search?q=walrus", "Back in a moment"),
        ("/help/de/search?q=walrus", "Gleich wieder da"),
    ] {
        let answer = app.page(path).await.expect(503);
        assert!(answer.text().contains(said), "{}", answer.text());
        let number = answer.header("x-request-id");
        assert!(number.len() == 36 && answer.text().contains(&format!("<code>{number}</code>")));
        assert!(!answer.header("retry-after").is_empty());
    }
    let given = app.request("GET", "/help/en/search?q=walrus");
    let given = given.header("x-request-id", "from-the-proxy").send().await;
    assert!(
        given
            .expect(503)
            .text()
            .contains("<code>from-the-proxy</code>")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_a_search_field_names_one_script_for_ever_and_one_without_may_load_none() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    app.settle().await;
    let mut scripts = Vec::new();
    for path in [
        "/help/en",
        &article.path,
        "/help/en/search?q=x",
        "/help/en/nothing",
    ] {
        let page = app.page(path).await;
        let html = page.text();
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self';"), "{path}: {policy}");
        assert_eq!(
            html.matches("<script").count() - html.matches("ld+json").count(),
            1,
            "{path}"
        );
        let src = between(&html, "<script src=\"", "\" defer></script>");
        scripts.push(src.trim_start_matches("<script src=\"").to_owned());
    }
    scripts.dedup();
    assert_eq!(scripts.len(), 1, "{scripts:?}");
    let script = app.page(&scripts[0]).await.expect(200);
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        script.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    app.page("/assets/suggest.000000000000.js")
        .await
        .expect(404);
    let nobody = app.page("/nobody/en").await.expect(404);
    let policy = nobody.header("content-security-policy");
    assert!(
        !policy.contains("script-src") && !nobody.text().contains("<script"),
        "{policy}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_narrowed_by_when_articles_changed_and_each_count_keeps_to_the_other_choice() {
    let app = TestApp::spawn().await;
    app.category("Refunds").create().await;
    app.category("Boarding").create().await;
    let days = |n: u64| std::time::Duration::from_secs(n * 24 * 3_600);
    for (title, topic, then) in [
        ("Walrus of old", "Boarding", 400),
        ("Walrus of spring", "Refunds", 40),
        ("Walrus of autumn", "Refunds", 10),
        ("Walrus of today", "Boarding", 0),
    ] {
        let article = app.article().title(title).in_category(topic);
        article.published().create().await;
        app.clock.advance(days(then));
    }
    // What readers may not see is in no count.
    app.article().title("Draft walrus").create().await;
    let inside = app.article().title("Walrus for the crew").internal();
    inside.published().create().await;
    app.settle().await;
    let facets = async |query: &str| -> String {
        let page = app.page(&format!("/help/en/search?q=walrus{query}")).await;
        between(
            &page.expect(200).text(),
            "<nav class=\"only-wide\"",
            "</nav>",
        )
        .replace("&#38;", "&")
    };
    let row = |query: &str, name: &str, count: u64, is_chosen: bool| {
        let chosen = if is_chosen {
            " aria-current=\"true\""
        } else {
            ""
        };
        format!(
            "<a href=\"/help/en/search?q=walrus{query}\"{chosen}>{name} <small>{count}</small></a>"
        )
    };
    let all = facets("").await;
    for want in [
        row("", "Any time", 4, true),
        row("&updated=week", "Past week", 1, false),
        row("&updated=month", "Past month", 2, false),
        row("&updated=year", "Past year", 3, false),
    ] {
        assert!(all.contains(&want), "{want} is not in {all}");
    }
    let month = facets("&updated=month").await;
    for want in [
        row("", "Any time", 4, false),
        row("&updated=month", "Past month", 2, true),
        row("&updated=year", "Past year", 3, false),
        row("&updated=month", "All topics", 2, true),
        row("&topic=refunds&updated=month", "Refunds", 1, false),
    ] {
        assert!(month.contains(&want), "{want} is not in {month}");
    }
    let refunds = facets("&topic=refunds&updated=month").await;
    for want in [
        row("&topic=refunds", "Any time", 2, false),
        row("&topic=refunds&updated=month", "Past month", 1, true),
        row("&updated=month", "All topics", 2, false),
    ] {
        assert!(refunds.contains(&want), "{want} is not in {refunds}");
    }
    assert!(
        !refunds.contains("Past week"),
        "a count of none is left out"
    );
    assert!(
        !refunds.contains("Past year"),
        "and so is what leaves nothing out"
    );
    let page = app.page("/help/en/search?q=walrus&updated=week").await;
    let page = page.expect(200).text();
    assert!(
        page.contains("1 article for <strong>walrus</strong>"),
        "{page}"
    );
    assert!(
        page.contains(
            "Only what changed since <time datetime=\"2028-01-31\">31 January 2028</time>."
        ),
        "{page}"
    );
    assert!(!page.contains("Walrus</mark> of autumn") && page.contains("</mark> of today"));
    // What is no span narrows nothing.
    for other in ["&updated=", "&updated=decade", "&updated=%22%3E%3Cevil"] {
        assert!(
            facets(other).await.contains(&row("", "Any time", 4, true)),
            "{other}"
        );
    }

    let rest = async |query: &str| {
        let path = format!("/search?portal=help&facets=true&q=walrus{query}");
        app.rest(&app.key).get(&path).await.expect(200).json()
    };
    let found = rest("").await;
    let counts = &found["facets"]["updated"];
    assert_eq!(
        (
            &counts["week"],
            &counts["month"],
            &counts["year"],
            &found["total"]
        ),
        (&json!(2), &json!(3), &json!(4), &json!(5)),
        "a key sees what is internal as well"
    );
    let since = rest("&updated_since=2028-01-20T00:00:00Z").await;
    assert_eq!(since["total"], 3, "{since}");
    let refused = app
        .rest(&app.key)
        .get("/search?portal=help&q=walrus&updated_since=yesterday")
        .await;
    refused.problem(400, "invalid_fields");
}
