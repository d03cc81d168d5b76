//! Old links never die: addresses of the site before lead readers to where things stand now, in one
//! hop, and nowhere else.

use cairn_domain::limits::{OLD_PATH_BYTES_MAX, REDIRECT_BATCH_MAX};
use cairn_tests::{Answer, TestApp, corpus, say};
use serde_json::{Value, json};

/// Puts redirects through REST.
async fn put(app: &TestApp, redirects: &[(&str, &str)]) -> Answer {
    let list: Vec<Value> = redirects
        .iter()
        .map(|(old_url, target)| json!({"old_url": old_url, "target": target}))
        .collect();
    app.rest(&app.key)
        .post("/redirects", json!({"portal": "help", "redirects": list}))
        .await
}

/// Where an address leads: the target of a permanent redirect, or the status alone.
async fn leads(app: &TestApp, path: &str) -> String {
    let answer = app.page(path).await;
    match answer.status {
        301 => answer.header("location").to_owned(),
        status => status.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_address_of_any_shape_leads_to_its_article_in_one_hop() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Reset").published().create().await;
    let to = format!("article:{}", article.id);
    let by_number = format!("article:{}", article.short_id);
    let olds = [
        "https://old.example/hc/en-us/articles/360012345678-How-do-I-Reset?source=search#top",
        "/en/articles/123-title",
        "/kb/article.php?id=17",
        "/display/SPACE/Page+Title",
        "/help/some.html",
        "/größe/übersicht/",
    ];
    let list: Vec<_> = olds
        .iter()
        .zip([&to, &by_number].into_iter().cycle())
        .map(|(old, to)| (*old, to.as_str()))
        .collect();
    put(&app, &list).await.expect(200);
    put(&app, &[("/hc/en-us/articles/99", &to)])
        .await
        .expect(200);
    app.settle().await;
    for path in [
        "/help/hc/en-us/articles/360012345678-How-do-I-Reset?source=search",
        "/help/hc/en-us/articles/360012345678-How-do-I-Reset/?source=search&utm_medium=mail",
        "/help/HC/en-US/articles/360012345678-how-do-i-reset?source=search",
        "/help/hc/en-us/articles/99-Any-Title-At-All",
        "/help/hc/en-us/articles/99",
        "/help/en/articles/123-title",
        "/help/en/articles/123-title?x=1",
        "/help/kb/article.php?id=17",
        "/help/kb/article.php?lang=en&id=17",
        "/help/display/SPACE/Page+Title",
        "/help/display/SPACE/Page%20Title",
        "/help/help/some.html",
        "/help/gr%C3%B6%C3%9Fe/%C3%BCbersicht",
        "/help/gr%c3%b6%c3%9fe//%c3%bcbersicht/",
    ] {
        assert_eq!(leads(&app, path).await, article.path, "{path}");
    }
    for path in [
        "/help/kb/article.php?id=18",
        "/help/kb/article.php",
        "/help/hc/en-us/articles/360012345678-How-do-I-Reset",
        "/help/hc/en-us/articles/98",
        "/help/display/SPACE",
        "/kb/article.php?id=17",
        "/hc/en-us/articles/99",
    ] {
        assert_eq!(leads(&app, path).await, "404", "{path}");
    }
    let moved = app.page("/help/hc/en-us/articles/99").await;
    assert_eq!(
        moved.header("cache-control"),
        "public, max-age=60, s-maxage=60"
    );
    assert!(moved.body.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_hop_leads_to_the_present_address_whatever_became_of_the_article() {
    let app = TestApp::spawn().await;
    let article = app.article().title("First name").published().create().await;
    put(
        &app,
        &[
            ("/old", &format!("article:{}", article.id)),
            // Taken for the article that stands there, not for the address.
            ("/by-path", "/en/articles/first-name"),
            ("/by-bar", "/help/en/articles/first-name.md"),
            (
                "/by-url",
                "http://127.0.0.1:8080/help/en/articles/first-name",
            ),
            ("/part", "/en/articles/first-name#h-more"),
        ],
    )
    .await
    .expect(200);
    app.settle().await;
    let everywhere = ["/help/old", "/help/by-path", "/help/by-bar", "/help/by-url"];
    for path in everywhere {
        assert_eq!(leads(&app, path).await, article.path);
    }
    let renamed = app
        .change(&article, |c| c.slug = Some("second-name".to_owned()))
        .await;
    app.settle().await;
    for path in everywhere {
        assert_eq!(leads(&app, path).await, "/help/en/articles/second-name");
    }
    assert_eq!(
        leads(&app, "/help/part").await,
        "/help/en/articles/second-name#h-more"
    );
    app.change(&renamed, |c| c.locale = Some("de".to_owned()))
        .await;
    app.settle().await;
    for path in everywhere {
        assert_eq!(leads(&app, path).await, "/help/de/articles/second-name");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_readers_may_not_see_is_not_there_until_they_may() {
    let app = TestApp::spawn().await;
    let draft = app.article().title("Draft").create().await;
    let internal = app
        .article()
        .title("Inside")
        .internal()
        .published()
        .create()
        .await;
    put(
        &app,
        &[
            ("/draft", &format!("article:{}", draft.id)),
            ("/inside", &format!("article:{}", internal.id)),
        ],
    )
    .await
    .expect(200);
    app.settle().await;
    for path in ["/help/draft", "/help/inside"] {
        let missing = app.page(path).await.expect(404).text();
        for hidden in [&draft, &internal] {
            assert!(!missing.contains(&hidden.path) && !missing.contains(&hidden.id));
        }
    }
    let published = app
        .change(&draft, |c| c.status = Some("published".to_owned()))
        .await;
    app.settle().await;
    assert_eq!(leads(&app, "/help/draft").await, draft.path);
    app.change(&published, |c| c.status = Some("archived".to_owned()))
        .await;
    app.settle().await;
    assert_eq!(leads(&app, "/help/draft").await, "404");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_with_a_host_of_its_own_takes_any_first_segment() {
    let app = TestApp::spawn().await;
    app.portal("ferry")
        .hostnames(&["help.ferry.example"])
        .locales(&["en", "de"])
        .create()
        .await;
    let article = app
        .article()
        .in_portal("ferry")
        .title("Fares")
        .published()
        .create()
        .await;
    let to = format!("article:{}", article.id);
    let olds = [
        "/help/en/articles/walrus",
        "/de/articles/17-fares",
        "/de",
        "/en/old/fares",
        "/assets/fares.pdf",
        "/%E4%F6",
        "/a%2Fb",
    ];
    for old in olds.iter().filter(|o| **o != "/de") {
        app.redirect("ferry", old, &to).await;
    }
    app.settle().await;
    let at = async |path: &str| {
        app.request("GET", path)
            .header("host", "help.ferry.example")
            .send()
            .await
    };
    for old in olds {
        let answer = at(old).await;
        if old == "/de" {
            answer.expect(200);
        } else {
            assert_eq!(
                answer.expect(301).header("location"),
                "/en/articles/fares",
                "{old}"
            );
        }
    }
    // Below its slug the same addresses stand behind the slug, and nobody else's.
    assert_eq!(
        leads(&app, "/ferry/de/articles/17-fares").await,
        "/ferry/en/articles/fares"
    );
    for path in [
        "/help/en/articles/walrus",
        "/en/old/fares",
        "/help/en/old/fares",
    ] {
        assert_eq!(leads(&app, path).await, "404", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_is_shown_in_the_language_of_the_old_address_or_the_nearest() {
    let app = TestApp::spawn().await;
    let top = app.category("Billing").create().await;
    app.category("Refunds").below(&top).create().await;
    app.category("Empty").create().await;
    for locale in ["en", "de"] {
        app.article()
            .in_locale(locale)
            .in_category("Refunds")
            .published()
            .create()
            .await;
    }
    put(
        &app,
        &[
            ("/hc/de/categories/1", "category:billing/refunds"),
            ("/hc/en-us/categories/1", "category:refunds"),
            ("/hc/ar/categories/1", &format!("category:{}", top.id)),
            ("/hc/categories/2", "/help/en/categories/billing"),
            ("/hc/categories/3", "category:Empty"),
        ],
    )
    .await
    .expect(200);
    app.settle().await;
    for (path, want) in [
        ("/help/hc/de/categories/1", "/help/de/categories/refunds"),
        ("/help/hc/en-us/categories/1", "/help/en/categories/refunds"),
        ("/help/hc/ar/categories/1", "/help/en/categories/billing"),
        ("/help/hc/categories/2", "/help/en/categories/billing"),
        ("/help/hc/categories/3", "404"),
    ] {
        assert_eq!(leads(&app, path).await, want, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chains_collapse_also_when_their_middle_comes_last_and_loops_are_refused() {
    let app = TestApp::spawn().await;
    let article = app.article().title("End").published().create().await;
    let end = format!("article:{}", article.id);
    put(
        &app,
        &[("/a", "/b"), ("/x", "/a"), ("/q", "https://example.com/q")],
    )
    .await
    .expect(200);
    let done = put(&app, &[("/b", "/c"), ("/c", &end)])
        .await
        .expect(200)
        .json();
    assert_eq!(done["results"][0]["target"], end);
    let (all, _) = app.rest(&app.key).all("/redirects?portal=help", 2).await;
    for redirect in &all {
        if redirect["old_url"] != "/q" {
            assert_eq!(redirect["target"], end, "{redirect}");
        }
    }
    assert_eq!(all.len(), 5);
    let outbox = app.rows("outbox").await.len();
    for (list, field) in [
        (vec![("/n", "/n")], "redirects.0.target"),
        (
            vec![("/ok", "/b"), ("/m", "/n"), ("/n", "/m")],
            "redirects.1.target",
        ),
        (
            vec![("/n", "http://127.0.0.1:8080/help/n/")],
            "redirects.0.target",
        ),
    ] {
        let refused = put(&app, &list).await;
        refused.problem(400, "invalid_fields");
        assert!(
            refused
                .faults()
                .contains(&(field.to_owned(), "loop".to_owned())),
            "{:?}",
            refused.faults()
        );
    }
    assert_eq!(
        app.rows("outbox").await.len(),
        outbox,
        "a refusal wrote something"
    );
    // Circles that only spellings make lead nowhere instead of round and round.
    put(
        &app,
        &[
            ("/Foo", "/foo"),
            ("/A1", "/b1"),
            ("/B1", "/a1"),
            ("/y", "/y?z=1"),
        ],
    )
    .await
    .expect(200);
    app.settle().await;
    for path in ["/help/foo", "/help/a1", "/help/b1", "/help/y?z=1"] {
        assert_eq!(leads(&app, path).await, "404", "{path}");
    }
    assert_eq!(leads(&app, "/help/x").await, article.path);
    assert_eq!(leads(&app, "/help/q").await, "https://example.com/q");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_is_all_or_nothing_and_the_same_again_writes_nothing() {
    let app = TestApp::spawn().await;
    let article = app.article().published().source_id("s-1").create().await;
    let refused = put(
        &app,
        &[
            ("/ok", "/en"),
            ("not-a-path", "/en"),
            ("/c", "article:018f4e2a-7b1c-7c3d-9e4f-0123456789ab"),
            ("/d", "category:nothing"),
            ("/e", "javascript:alert(1)"),
            ("/ok/", "/en"),
        ],
    )
    .await;
    refused.problem(400, "invalid_fields");
    let fault = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(
        refused.faults(),
        [
            fault("redirects.1.old_url", "invalid_old_url"),
            fault("redirects.4.target", "unsafe_target"),
            fault("redirects.5.old_url", "duplicate"),
        ]
    );
    let refused = put(
        &app,
        &[
            ("/ok", "/en"),
            ("/c", "article:018f4e2a-7b1c-7c3d-9e4f-0123456789ab"),
            ("/d", "category:nothing"),
            ("/e", "article:de:s-1"),
        ],
    )
    .await;
    let unknown: Vec<_> = (1..4)
        .map(|n| fault(&format!("redirects.{n}.target"), "unknown_target"))
        .collect();
    assert_eq!(refused.faults(), unknown);
    assert!(app.rows("redirects").await.is_empty());
    let many: Vec<String> = (0..=REDIRECT_BATCH_MAX).map(|n| format!("/{n}")).collect();
    let too_many: Vec<_> = many.iter().map(|old| (old.as_str(), "/en")).collect();
    put(&app, &too_many).await.problem(400, "invalid_fields");
    put(&app, &[]).await.problem(400, "invalid_fields");
    put(&app, &too_many[1..]).await.expect(200);

    let done = put(
        &app,
        &[("/1", "/en"), ("/2", "article:en:s-1"), ("/new", "/de")],
    )
    .await
    .expect(200)
    .json();
    let words: Vec<_> = [0, 1, 2]
        .iter()
        .map(|n| done["results"][*n]["result"].clone())
        .collect();
    assert_eq!(words, ["unchanged", "updated", "created"]);
    assert_eq!(
        done["results"][1]["target"],
        format!("article:{}", article.id)
    );
    let before = (
        app.rows("outbox").await.len(),
        app.rows("audit").await.len(),
    );
    put(&app, &[("/1", "/en"), ("/new", "/de")])
        .await
        .expect(200);
    assert_eq!(
        (
            app.rows("outbox").await.len(),
            app.rows("audit").await.len()
        ),
        before
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_leaves_its_trail_and_is_done_once_under_one_key() {
    let app = TestApp::spawn().await;
    let send = async |method: &str, path: &str, body: Value| {
        let request = app.rest(&app.key);
        let request = request
            .request(method, path)
            .header("idempotency-key", path);
        if body.is_null() {
            request.send().await
        } else {
            request.json(&body).send().await
        }
    };
    let body = json!({"portal": "help", "redirects": [{"old_url": "/a", "target": "/en"}]});
    let first = send("POST", "/redirects", body.clone()).await.expect(200);
    assert_eq!(send("POST", "/redirects", body).await.json(), first.json());
    let other = json!({"portal": "help", "redirects": [{"old_url": "/b", "target": "/en"}]});
    send("POST", "/redirects", other)
        .await
        .problem(422, "idempotency_mismatch");
    let delete = "/redirects?portal=help&old_url=https%3A%2F%2Fold.example%2Fa%2F";
    let gone = send("DELETE", delete, Value::Null).await.expect(200).json();
    assert_eq!(gone, json!({"old_url": "/a", "target": "/en"}));
    assert_eq!(send("DELETE", delete, Value::Null).await.json(), gone);
    app.rest(&app.key)
        .request("DELETE", delete)
        .send()
        .await
        .problem(404, "not_found");
    let trail = app
        .select(
            "select jsonb_build_object('action', action, 'subject', subject_kind, 'before', before, 'after', after)
             from audit where action like 'redirects%' order by at, id",
        )
        .await;
    let one = json!([{"old_url": "/a", "target": "/en"}]);
    assert_eq!(
        trail,
        [
            json!({"action": "redirects.put", "subject": "redirects", "before": null, "after": one}),
            json!({"action": "redirects.delete", "subject": "redirects", "before": one, "after": null}),
        ]
    );
    let events = app
        .select("select to_jsonb(kind) from outbox where subject_kind = 'redirects' order by pos")
        .await;
    assert_eq!(events, ["redirects.changed", "redirects.changed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_miss_goes_when_a_redirect_comes_and_back_when_it_goes() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    app.settle().await;
    for _ in 0..2 {
        assert_eq!(leads(&app, "/help/old?id=1").await, "404");
        assert_eq!(leads(&app, "/help/old").await, "404");
    }
    put(&app, &[("/old?id=1", &format!("article:{}", article.id))])
        .await
        .expect(200);
    app.settle().await;
    for _ in 0..2 {
        assert_eq!(leads(&app, "/help/old?id=1").await, article.path);
        assert_eq!(leads(&app, "/help/old").await, "404");
        assert_eq!(leads(&app, "/help/old?id=2").await, "404");
    }
    let gone = "/redirects?portal=help&old_url=/old%3Fid%3D1";
    app.rest(&app.key)
        .request("DELETE", gone)
        .send()
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(leads(&app, "/help/old?id=1").await, "404");
    // A page is a page, whatever it is asked with.
    app.page(&format!("{}?id=1", article.path))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_goes_page_by_page_in_the_order_of_addresses() {
    let app = TestApp::spawn().await;
    let mut olds: Vec<String> = (0..25).map(|n| format!("/kb/article.php?id={n}")).collect();
    olds.push("/kb/article.php".to_owned());
    olds.push("/%22".repeat(OLD_PATH_BYTES_MAX / 2));
    olds.push(format!("/{}", "%22".repeat(OLD_PATH_BYTES_MAX - 1)));
    let list: Vec<_> = olds.iter().map(|old| (old.as_str(), "/en")).collect();
    put(&app, &list).await.expect(200);
    let rest = app.rest(&app.key);
    let (all, pages) = rest.all("/redirects?portal=help", 1).await;
    assert_eq!((all.len(), pages), (28, 28));
    let found: Vec<_> = all.iter().map(|r| r["old_url"].as_str().unwrap()).collect();
    for old in &olds {
        assert!(found.contains(&old.as_str()), "{old}");
    }
    let first = rest
        .get("/redirects?portal=help&limit=10")
        .await
        .expect(200);
    let link = first.header("link");
    assert!(
        link.contains("rel=\"next\"") && link.contains("limit=10"),
        "{link}"
    );
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    rest.get(&format!("/articles?portal=help&cursor={cursor}"))
        .await
        .problem(400, "invalid_cursor");
    rest.get("/redirects?portal=help&limit=0")
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_another_portal_is_reached_or_shown() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let theirs = app.article().in_portal("other").published().create().await;
    let shelf = app.category("Theirs").in_portal("other").create().await;
    app.redirect("other", "/theirs", &format!("article:{}", theirs.id))
        .await;
    let refused = put(
        &app,
        &[
            ("/a", &format!("article:{}", theirs.id)),
            ("/b", &format!("article:{}", theirs.short_id)),
            ("/c", &format!("category:{}", shelf.id)),
            ("/d", "category:theirs"),
        ],
    )
    .await;
    assert_eq!(refused.faults().len(), 4);
    assert!(
        refused
            .faults()
            .iter()
            .all(|(_, code)| code == "unknown_target")
    );
    // Their page's address is an address, and what it redirects to is not looked at.
    put(&app, &[("/e", "/theirs"), ("/f", &theirs.path)])
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(leads(&app, "/help/theirs").await, "404");
    assert_eq!(leads(&app, "/help/e").await, "/help/theirs");
    let (mine, _) = app.rest(&app.key).all("/redirects?portal=help", 20).await;
    assert_eq!(mine.len(), 2);
    let key = app.make_key().portals(&["help"]).create().await;
    app.rest(&key)
        .get("/redirects?portal=other")
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_address_is_stored_as_a_target_that_hides_where_it_leads() {
    let Some(lines) = corpus("url.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    let (mut refused, mut plain) = (0, 0);
    for (n, line) in lines.iter().enumerate() {
        let old = format!("/hostile/{n}");
        let answer = put(&app, &[(&old, line.input())]).await;
        if answer.status == 400 {
            refused += 1;
            continue;
        }
        plain += 1;
        let stored = answer.expect(200).json()["results"][0]["target"].clone();
        let stored = stored.as_str().unwrap();
        assert!(
            stored.bytes().all(|b| b.is_ascii_graphic()),
            "{}: {stored}",
            line.id()
        );
        if let Some(rest) = stored.strip_prefix('/') {
            let rest = rest.to_lowercase();
            for hidden in ["/", "\\", "%2f", "%5c"] {
                assert!(!rest.starts_with(hidden), "{stored}");
            }
        } else {
            // The host that is written is the one that is reached.
            let host = host_of(stored);
            assert!(
                line.input().to_lowercase().contains(&host),
                "{}: {stored}",
                line.id()
            );
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
            assert!(host.bytes().all(is_plain), "{}: {stored}", line.id());
        }
    }
    say(&format!(
        "url.jsonl as targets: {} lines, {refused} refused, {plain} plain addresses",
        lines.len()
    ));
    assert_eq!(refused + plain, lines.len());
    assert!(refused > lines.len() / 2);

    // The same lines as addresses that readers ask for never lead off the host.
    app.settle().await;
    let (mut asked, mut met) = (0, 0);
    for line in &lines {
        let Ok(uri) = line.input().parse::<axum::http::Uri>() else {
            continue;
        };
        if !line.input().starts_with('/') || uri.host().is_some() {
            continue;
        }
        asked += 1;
        let answer = app.page(line.input()).await;
        assert!(answer.status < 500, "{}: {}", line.id(), answer.status);
        if answer.status == 301 || answer.status == 302 {
            met += 1;
            let to = answer.header("location");
            assert!(
                to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\"),
                "{to}"
            );
        }
    }
    say(&format!(
        "url.jsonl as requests: {asked} asked, {met} redirected on this host"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hostile_path_breaks_a_redirect_or_a_page() {
    let Some(lines) = corpus("path.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    app.portal("ferry")
        .hostnames(&["help.ferry.example"])
        .create()
        .await;
    let article = app.article().in_portal("ferry").published().create().await;
    let target = format!("article:{}", article.id);
    let (mut refused, mut kept, mut followed) = (0, 0, 0);
    for line in &lines {
        let body =
            json!({"portal": "ferry", "redirects": [{"old_url": line.input(), "target": target}]});
        let answer = app.rest(&app.key).post("/redirects", body).await;
        match answer.status {
            400 => refused += 1,
            200 => kept += 1,
            status => panic!("{}: {status} {}", line.id(), answer.text()),
        }
    }
    app.settle().await;
    for line in &lines {
        let is_path = line.input().starts_with('/') && !line.input().starts_with("//");
        if !is_path || line.input().parse::<axum::http::Uri>().is_err() {
            continue;
        }
        let answer = app
            .request("GET", line.input())
            .header("host", "help.ferry.example")
            .send()
            .await;
        match answer.status {
            301 => {
                assert_eq!(
                    answer.header("location"),
                    "/en/articles/an-article",
                    "{}",
                    line.id()
                );
                followed += 1;
            }
            404 | 302 | 200 => {}
            status => panic!("{}: {status}", line.id()),
        }
    }
    say(&format!(
        "path.jsonl as old addresses: {} lines, {refused} refused, {kept} kept, {followed} followed",
        lines.len()
    ));
    assert_eq!(refused + kept, lines.len());
    assert!(kept > 0 && followed > 0 && refused > 0);
}

/// The host of an http address, as written.
fn host_of(url: &str) -> String {
    let rest = url.split("://").nth(1).unwrap_or_default();
    rest.split(['/', '?', '#'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_import_every_old_address_of_its_items_leads_to_its_article() {
    let app = TestApp::spawn().await;
    let item = |n: usize, olds: Vec<String>| {
        json!({
            "source_id": format!("s-{n}"), "title": format!("Article {n}"), "body": format!("Body {n}."),
            "locale": "en", "status": "published", "old_urls": olds,
        })
    };
    let olds = |n: usize| {
        vec![
            format!(
                "https://old.example/hc/en-us/articles/{}-Article-{n}",
                360_000_000 + n
            ),
            format!("/kb/article.php?id={n}"),
        ]
    };
    let send = async |key: &str, items: Vec<Value>| {
        app.rest(&app.key)
            .request("POST", "/article-imports")
            .header("idempotency-key", key)
            .json(&json!({"portal": "help", "items": items}))
            .send()
            .await
            .expect(200)
            .json()
    };
    let mut items: Vec<Value> = (0..120).map(|n| item(n, olds(n))).collect();
    items.push(item(120, vec!["not an address".to_owned()]));
    let done = send("first", items.clone()).await;
    assert_eq!(done["results"][120]["result"], "failed");
    let reason = done["results"][120]["reason"].as_str().unwrap();
    assert!(reason.contains("old_urls.0"), "{reason}");
    app.settle().await;
    let all = async |olds: &dyn Fn(usize) -> Vec<String>| {
        for n in 0..120 {
            for old in olds(n) {
                let path = old.trim_start_matches("https://old.example");
                let to = leads(&app, &format!("/help{path}")).await;
                assert_eq!(to, format!("/help/en/articles/article-{n}"), "{old}");
            }
        }
    };
    all(&olds).await;
    let redirects = app.rows("redirects").await.len();
    assert_eq!(redirects, 240);
    // The same again writes nothing; a file that claims another's address gets it.
    items.truncate(120);
    let before = app.rows("outbox").await.len();
    send("again", items).await;
    assert_eq!(app.rows("outbox").await.len(), before);
    send(
        "claim",
        vec![item(0, vec!["/kb/article.php?id=1".to_owned()])],
    )
    .await;
    app.settle().await;
    assert_eq!(
        leads(&app, "/help/kb/article.php?id=1").await,
        "/help/en/articles/article-0"
    );
    assert_eq!(app.rows("redirects").await.len(), redirects);
    let writer = app.key_with(&["articles:write"]).await;
    let mut draft = item(1, olds(1));
    draft["status"] = json!("draft");
    app.rest(&writer)
        .request("POST", "/article-imports")
        .header("idempotency-key", "x")
        .json(&json!({"portal": "help", "items": [draft]}))
        .send()
        .await
        .problem(403, "missing_scope");
}
