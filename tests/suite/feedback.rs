//! What readers say of articles: taken without script and without knowing who, refused where it should be, and told to
//! authors.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use cairn_domain::limits::{
    FEEDBACK_BODY_BYTES_MAX, FEEDBACK_PER_MINUTE_MAX, FEEDBACK_WORDS_CHARS_MAX,
};
use cairn_http::peer::Peer;
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::{Answer, HOST, TestApp};
use serde_json::{Value, json};

use crate::kill::http;

const HERE: &str = "203.0.113.7";
const FORM: &str = "application/x-www-form-urlencoded";

/// A post of a form, from an address, as a browser sends it from the page itself.
struct Post<'a> {
    app: &'a TestApp,
    path: String,
    from: &'a str,
    body: String,
    headers: Vec<(&'static str, &'static str)>,
}

fn post<'a>(app: &'a TestApp, article: &str, body: &str) -> Post<'a> {
    Post {
        app,
        path: format!("{article}/feedback"),
        from: HERE,
        body: body.to_owned(),
        headers: vec![("sec-fetch-site", "same-origin"), ("content-type", FORM)],
    }
}

impl<'a> Post<'a> {
    fn from(mut self, address: &'a str) -> Self {
        self.from = address;
        self
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value));
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self
    }

    async fn send(self) -> Answer {
        let mut request = axum::http::Request::post(&self.path).header("host", HOST);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(self.body)).expect("a request");
        let from: IpAddr = self.from.parse().expect("an address");
        request.extensions_mut().insert(Peer(from));
        self.app.send(request).await
    }
}

async fn kept(app: &TestApp) -> Vec<Value> {
    app.rows("feedback").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_kept_without_who_gave_it_and_leads_back_to_the_page_of_everybody() {
    let app = TestApp::spawn().await;
    let article = app.article().title("Refunds").published().create().await;
    app.settle().await;
    let before = app.page(&article.path).await.expect(200);
    let html = before.text();
    let action = format!("action=\"{}/feedback\"", article.path);
    assert_eq!(html.matches(&action).count(), 2, "two forms: {html}");
    assert!(html.contains("or fix? <span"), "words stand apart");
    assert!(html.contains("id=\"thanks\"") && html.contains("href=\"#mistake\""));

    let said = "kind=unhelpful&reason=unclear&words=Step+3%0D%0Ais+%E2%80%9Cmissing%E2%80%9D";
    let thanked = post(&app, &article.path, said).send().await.expect(303);
    assert_eq!(
        thanked.header("location"),
        format!("{}#thanks", article.path)
    );
    assert_eq!(thanked.header("cache-control"), "private, no-store");
    assert_eq!(thanked.header("set-cookie"), "");
    let rows = kept(&app).await;
    assert_eq!(rows.len(), 1);
    let row = rows[0].as_object().expect("a row");
    assert_eq!(row["kind"], "unhelpful");
    assert_eq!(row["reason"], "unclear");
    assert_eq!(row["words"], "Step 3\nis “missing”");
    assert_eq!(row["locale"], "en");
    assert_eq!(row["revision"], article.revision);
    assert_eq!(row["article_id"], article.id.as_str());
    let columns: Vec<_> = row.keys().map(String::as_str).collect();
    assert_eq!(columns.len(), 9, "nothing else is kept: {columns:?}");

    let after = app.page(&article.path).await.expect(200);
    assert_eq!(
        after.body, before.body,
        "the page is the same for who answered"
    );
    assert_eq!(after.header("etag"), before.header("etag"));
    assert!(
        after.header("cache-control").starts_with("public,"),
        "and stays in every cache"
    );
    // No table of any kind holds the address.
    let tables = app
        .select("select to_jsonb(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'")
        .await;
    for table in tables {
        let table = table.as_str().expect("a name").to_owned();
        for row in app.rows(&table).await {
            assert!(!row.to_string().contains(HERE), "{table}: {row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_one_vote_on_an_article_and_day_and_the_last_one_counts() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    let other = app.article().title("Other").published().create().await;
    let kinds = async || -> Vec<String> {
        let mut kinds: Vec<_> = kept(&app)
            .await
            .iter()
            .map(|row| row["kind"].as_str().expect("a kind").to_owned())
            .collect();
        kinds.sort();
        kinds
    };
    for body in [
        "kind=unhelpful&words=a",
        "kind=helpful",
        "kind=mistake&words=b",
    ] {
        post(&app, &article.path, body).send().await.expect(303);
    }
    assert_eq!(
        kinds().await,
        ["helpful", "mistake"],
        "a mistake is no vote and takes none away"
    );
    post(&app, &article.path, "kind=unhelpful")
        .from("198.51.100.1")
        .send()
        .await
        .expect(303);
    post(&app, &other.path, "kind=unhelpful")
        .send()
        .await
        .expect(303);
    assert_eq!(
        kinds().await,
        ["helpful", "mistake", "unhelpful", "unhelpful"]
    );
    app.clock.advance(Duration::from_secs(24 * 3_600));
    post(&app, &article.path, "kind=helpful")
        .send()
        .await
        .expect(303);
    assert_eq!(
        kinds().await,
        ["helpful", "helpful", "mistake", "unhelpful", "unhelpful"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_answers_too_often_waits_and_others_do_not() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    for _ in 0..FEEDBACK_PER_MINUTE_MAX {
        post(&app, &article.path, "kind=mistake&words=x")
            .send()
            .await
            .expect(303);
    }
    let most = usize::try_from(FEEDBACK_PER_MINUTE_MAX).expect("a small number");
    let refused = post(&app, &article.path, "kind=mistake&words=x")
        .send()
        .await
        .expect(429);
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(
        refused
            .text()
            .contains(&format!("href=\"{}\"", article.path))
    );
    assert_eq!(kept(&app).await.len(), most);
    post(&app, &article.path, "kind=mistake&words=x")
        .from("198.51.100.1")
        .send()
        .await
        .expect(303);
    app.clock.advance(Duration::from_secs(60));
    post(&app, &article.path, "kind=mistake&words=x")
        .send()
        .await
        .expect(303);
    assert_eq!(kept(&app).await.len(), most + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_an_answer_of_a_reader_is_refused_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    let draft = app.article().title("Draft").create().await;
    let internal = app
        .article()
        .title("Internal")
        .internal()
        .published()
        .create()
        .await;
    let elsewhere = "kind=unhelpful&words=x";
    let of = |body: &str| post(&app, &article.path, body);
    let long = format!(
        "kind=mistake&words={}",
        "x".repeat(FEEDBACK_WORDS_CHARS_MAX + 1)
    );
    let large = format!("kind=mistake&words={}", "x".repeat(FEEDBACK_BODY_BYTES_MAX));
    // Each from an address of its own, so that none waits for another.
    let mut n = 0;
    for (post, status) in [
        (of(elsewhere).header("sec-fetch-site", "cross-site"), 403),
        (of(elsewhere).header("sec-fetch-site", "same-site"), 403),
        (
            of(elsewhere)
                .without("sec-fetch-site")
                .header("origin", "https://evil.example"),
            403,
        ),
        (
            of(elsewhere)
                .without("sec-fetch-site")
                .header("origin", "null"),
            403,
        ),
        (of(elsewhere).header("content-type", "text/plain"), 415),
        (of(elsewhere).without("content-type"), 415),
        (of(&large), 413),
        (of(&long), 422),
        (of("kind=mistake&words=+%0A"), 422),
        (of(""), 422),
        (of("kind=great"), 422),
        (post(&app, &draft.path, elsewhere), 404),
        (post(&app, &internal.path, elsewhere), 404),
        (post(&app, "/help/en/articles/none", elsewhere), 404),
        (post(&app, "/help/en/articles/a%00b", elsewhere), 405),
        (post(&app, "/help/fr/articles/none", elsewhere), 405),
        (post(&app, "/none/en/articles/none", elsewhere), 405),
        (post(&app, "/help/en/categories/none", elsewhere), 405),
    ] {
        n += 1;
        let address = format!("192.0.2.{n}");
        let (path, headers) = (post.path.clone(), post.headers.clone());
        let answer = post.from(&address).send().await;
        assert_eq!(answer.status, status, "{path} {headers:?}");
        if status != 405 {
            assert_eq!(answer.header("cache-control"), "private, no-store");
            assert!(answer.text().contains("<h1>"), "{path}: a page says why");
        }
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        app.request(method, &format!("{}/feedback", article.path))
            .send()
            .await
            .expect(405);
    }
    assert_eq!(kept(&app).await, Vec::<Value>::new());
    // An old browser that says nothing of sites, and one that names its own.
    of("kind=helpful")
        .without("sec-fetch-site")
        .send()
        .await
        .expect(303);
    of("kind=helpful")
        .without("sec-fetch-site")
        .header("origin", "http://127.0.0.1:8080")
        .send()
        .await
        .expect(303);
    assert_eq!(kept(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_looks_at_the_address_of_the_form_is_led_to_the_question() {
    let app = TestApp::spawn().await;
    let article = app.article().slug("refunds").published().create().await;
    app.settle().await;
    for method in ["GET", "HEAD"] {
        let address = format!("{}/feedback", article.path);
        let led = app.request(method, &address).send().await.expect(301);
        assert_eq!(led.header("location"), format!("{}#helpful", article.path));
    }
    app.page("/help/en/articles/none/feedback")
        .await
        .expect(404);
    assert_eq!(kept(&app).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_another_language_comes_back_to_their_own_page() {
    let app = TestApp::spawn().await;
    let article = app.article().slug("refunds").published().create().await;
    app.settle().await;
    let html = app
        .page("/help/de/articles/refunds")
        .await
        .expect(200)
        .text();
    assert!(
        html.contains(&format!("action=\"{}/feedback\"", article.path)),
        "{html}"
    );
    assert!(
        html.contains("name=\"shown\" value=\"de\"") && html.contains("Hat das Ihre Frage"),
        "{html}"
    );
    for (shown, want) in [
        ("de", "/help/de/articles/refunds#thanks"),
        ("xx", "/help/en/articles/refunds#thanks"),
        ("%2F%2Fevil.example%2F", "/help/en/articles/refunds#thanks"),
    ] {
        let body = format!("kind=helpful&shown={shown}");
        let thanked = post(&app, &article.path, &body).send().await.expect(303);
        assert_eq!(thanked.header("location"), want);
    }
    let rows = kept(&app).await;
    assert_eq!((rows.len(), &rows[0]["locale"]), (1, &json!("en")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_readers_said_goes_with_its_article_and_after_its_days() {
    let app = TestApp::spawn().await;
    let doomed = app.article().title("Doomed").published().create().await;
    let article = app.article().title("Stays").published().create().await;
    for path in [&doomed.path, &article.path] {
        post(&app, path, "kind=mistake&words=Zanzibar")
            .send()
            .await
            .expect(303);
    }
    app.rest(&app.key)
        .post(
            &format!("{}/purges", doomed.api()),
            json!({"message": "why"}),
        )
        .await
        .expect(201);
    let rows = kept(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["article_id"], article.id.as_str());
    post(&app, &doomed.path, "kind=mistake&words=Zanzibar")
        .send()
        .await
        .expect(404);

    app.clock.advance(Duration::from_secs(364 * 24 * 3_600));
    assert_eq!(app.app.prune_feedback().await.expect("pruned"), 0);
    app.clock.advance(Duration::from_secs(2 * 24 * 3_600));
    assert_eq!(app.app.prune_feedback().await.expect("pruned"), 1);
    assert_eq!(kept(&app).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_readers_are_not_asked_there_is_no_form_and_nothing_is_taken() {
    let app = TestApp::spawn_without_feedback().await;
    let article = app.article().published().create().await;
    app.settle().await;
    let html = app.page(&article.path).await.expect(200).text();
    assert!(
        !html.contains("/feedback") && !html.contains("method=\"post\""),
        "{html}"
    );
    post(&app, &article.path, "kind=helpful")
        .send()
        .await
        .expect(405);
    app.page(&format!("{}/feedback", article.path))
        .await
        .expect(404);
    let listed = app
        .rest(&app.key)
        .get("/feedback?portal=help")
        .await
        .expect(200)
        .json();
    assert!(
        listed["notice"]
            .as_str()
            .is_some_and(|n| n.contains("feedback_days")),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authors_read_the_answers_one_by_one_and_by_article() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let refunds = app.article().title("Refunds").published().create().await;
    let german = app
        .article()
        .title("Tarife")
        .in_locale("de")
        .published()
        .create()
        .await;
    let theirs = app.article().in_portal("other").published().create().await;
    let mut n = 0;
    for (path, body) in [
        (&refunds.path, "kind=helpful"),
        (&refunds.path, "kind=helpful"),
        (&refunds.path, "kind=unhelpful&reason=missing"),
        (&german.path, "kind=unhelpful&words=zwei"),
        (&german.path, "kind=mistake&words=drei"),
        (&theirs.path, "kind=mistake&words=theirs"),
    ] {
        n += 1;
        app.clock.advance(Duration::from_secs(3_600));
        post(&app, path, body)
            .from(&format!("192.0.2.{n}"))
            .send()
            .await
            .expect(303);
    }
    let rest = app.rest(&app.key);
    let (all, pages) = rest.all("/feedback?portal=help", 2).await;
    assert_eq!((all.len(), pages), (5, 3));
    assert_eq!(all[0]["words"], "drei", "newest first");
    assert_eq!(all[0]["title"], "Tarife");
    assert_eq!(
        all[0]["url"],
        format!("http://{HOST}{}", german.path),
        "its address"
    );
    for (filter, want) in [
        ("&kind=helpful", 2),
        ("&kind=mistake", 1),
        (&format!("&article={}", refunds.id), 3),
        (&format!("&article={}", theirs.id), 0),
        ("&since=2026-11-14T12:20:00Z", 3),
    ] {
        let (found, _) = rest
            .all(&format!("/feedback?portal=help{filter}"), 100)
            .await;
        assert_eq!(found.len(), want, "{filter}");
    }
    let (articles, pages) = rest.all("/feedback-reports?portal=help", 1).await;
    assert_eq!(pages, 2);
    let sums: Vec<_> = articles
        .iter()
        .map(|a| (a["title"].as_str().expect("a title"), a["answers"].clone()))
        .collect();
    assert_eq!(
        sums,
        [
            (
                "Tarife",
                json!({"helpful": 0, "unhelpful": 1, "mistakes": 1})
            ),
            (
                "Refunds",
                json!({"helpful": 2, "unhelpful": 1, "mistakes": 0})
            ),
        ],
        "those with the most complaints first"
    );
    let report = rest
        .get("/feedback-reports?portal=help&locale=en")
        .await
        .expect(200)
        .json();
    assert_eq!(
        report["totals"],
        json!({"helpful": 2, "unhelpful": 1, "mistakes": 0})
    );
    for (path, code) in [
        ("/feedback?portal=help&kind=great", "invalid_fields"),
        ("/feedback?portal=help&since=yesterday", "invalid_fields"),
        ("/feedback?portal=help&article=help~1", "invalid_fields"),
        ("/feedback?portal=help&limit=0", "invalid_fields"),
        ("/feedback?portal=help&cursor=x", "invalid_cursor"),
        ("/feedback-reports?portal=help&cursor=x", "invalid_cursor"),
    ] {
        rest.get(path).await.problem(400, code);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_takes_answers_of_real_connections_and_shows_them() {
    let home = Home::new("feedback");
    let mut server = Server::start(&home, free_port());
    let (ready, _) = match server.ready().await {
        Ok(ready) => ready,
        Err(why) => panic!("{why}\n{}", home.log_tail()),
    };
    let key = ready.api_key.clone().expect("the first key");
    let new = json!({"portal": "help", "title": "Refunds", "slug": "refunds", "body": "x", "status": "published"});
    let made = http()
        .post(format!("{}/api/v1/articles", ready.url))
        .header("x-api-key", &key)
        .header("content-type", "application/json")
        .body(new.to_string())
        .send()
        .await
        .expect("the server answers");
    assert_eq!(made.status(), 201);
    let article = format!("{}/help/en/articles/refunds", ready.url);
    // Two answers of one peer: the second replaces the first.
    for body in ["kind=helpful", "kind=unhelpful&words=Where+is+step+3"] {
        let answer = http()
            .post(format!("{article}/feedback"))
            .header("content-type", FORM)
            .body(body)
            .send()
            .await
            .expect("the server answers");
        assert_eq!(answer.status(), 200, "led back to the article");
        assert!(answer.url().as_str().ends_with("/articles/refunds"));
    }
    let output = home.run(&["feedback", "--portal", "help", "--json"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let listed: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    assert_eq!(listed["has_more"], false);
    let output = home
        .run(&["feedback", "articles", "--portal", "help"])
        .await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Refunds"), "{text}");
    assert!(server.stop().await.expect("it stops").success());
}
