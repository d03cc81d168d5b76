//! Rules of search: read and replaced as a whole through REST and the command line, against the
//! version they were read at, and in force at once in every process.

use std::sync::Arc;

use cairn_domain::limits::{
    PINNED_ARTICLES_MAX, RULE_WORDS_CHARS_MAX, SEARCH_RULES_MAX, SYNONYMS_OF_RULE_MAX,
};
use cairn_service::App;
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::{Answer, TestApp, TestKey};
use serde_json::{Value, json};

use crate::kill::http;

const EN: &str = "/search-rules?portal=help&locale=en";

/// All four lists, those of `some` in place of empty ones.
fn rules(some: Value) -> Value {
    let mut all = json!({"synonyms": [], "stop_words": [], "pins": [], "keywords": []});
    let lists = some.as_object().expect("an object").clone();
    all.as_object_mut().expect("an object").extend(lists);
    all
}

async fn put(app: &TestApp, key: &TestKey, path: &str, version: i64, body: &Value) -> Answer {
    app.rest(key)
        .request("PUT", path)
        .header("if-match", &format!("\"{version}\""))
        .json(body)
        .send()
        .await
}

/// Replaces the rules of `help` in English, whatever is there.
async fn teach(app: &TestApp, some: Value) {
    let there = app.rest(&app.key).get(EN).await.expect(200).json();
    let version = there["row_version"].as_i64().expect("a version");
    put(app, &app.key, EN, version, &rules(some))
        .await
        .expect(200);
}

/// The four lists of an answer.
fn lists(of: &Value) -> Value {
    let kept = |name: &&str| ((*name).to_owned(), of[*name].clone());
    let names = ["synonyms", "stop_words", "pins", "keywords"];
    Value::Object(names.iter().map(kept).collect())
}

/// The stop words a process plans its next search with.
async fn stop_words(app: &Arc<App>, portal: &str) -> Vec<String> {
    let portal = portal.parse().expect("an id");
    let rules = app.search_rules(portal).await.expect("rules");
    rules
        .values()
        .flat_map(|r| r.stop_words.iter().cloned())
        .collect()
}

async fn help_id(app: &TestApp) -> String {
    let portal = app.rest(&app.key).get("/portals/help").await.json();
    portal["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_put_is_read_back_and_can_be_put_again() {
    let app = TestApp::spawn().await;
    let one = app
        .article()
        .title("Refunds")
        .source_id("s-1")
        .create()
        .await;
    let two = app
        .article()
        .title("Paying by card")
        .published()
        .create()
        .await;
    let empty = app.rest(&app.key).get(EN).await.expect(200);
    assert_eq!(empty.header("etag"), "\"1\"");
    assert_eq!(lists(&empty.json()), rules(json!({})));
    assert_eq!(empty.json()["updated_at"], Value::Null);

    let body = rules(json!({
        "synonyms": [{"equal": ["credit card", "creditcard"]}, {"words": "cc", "means": ["credit card", "card"]}],
        "stop_words": ["please", "请"],
        "pins": [
            {"query": "money", "articles": [two.short_id, "article:en:s-1"]},
            {"query": "card", "articles": ["paying-by-card"]},
        ],
        "keywords": [
            {"article": format!("article:{}", one.id), "words": ["cash back", "reimburse"]},
            {"article": two.path, "words": ["visa"]},
        ],
    }));
    let done = put(&app, &app.key, EN, 1, &body).await.expect(200);
    assert_eq!(done.header("etag"), "\"2\"");
    let done = done.json();
    let counts = ["synonyms", "stop_words", "pins", "keywords"].map(|n| done[n].as_u64());
    assert_eq!(counts, [Some(2); 4]);
    assert_eq!(
        (&done["result"], &done["row_version"]),
        (&json!("updated"), &json!(2))
    );

    let read = app.rest(&app.key).get(EN).await.expect(200);
    assert_eq!(read.header("etag"), "\"2\"");
    let read = read.json();
    let want = rules(json!({
        "synonyms": body["synonyms"],
        "stop_words": body["stop_words"],
        "pins": [{"query": "money", "articles": [two.id, one.id]}, {"query": "card", "articles": [two.id]}],
        "keywords": [
            {"article": one.id, "words": ["cash back", "reimburse"]},
            {"article": two.id, "words": ["visa"]},
        ],
    }));
    assert_eq!(lists(&read), want);
    assert_eq!(
        read["articles"],
        json!([{"id": one.id, "short_id": one.short_id}, {"id": two.id, "short_id": two.short_id}])
    );
    let german = app
        .rest(&app.key)
        .get("/search-rules?portal=help&locale=de")
        .await;
    assert_eq!(lists(&german.json()), rules(json!({})), "locales are apart");

    let before = (
        app.rows("outbox").await.len(),
        app.rows("audit").await.len(),
    );
    let again = put(&app, &app.key, EN, 2, &lists(&read))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&again["result"], &again["row_version"]),
        (&json!("unchanged"), &json!(2))
    );
    let after = (
        app.rows("outbox").await.len(),
        app.rows("audit").await.len(),
    );
    assert_eq!(after, before, "the same again wrote something");
    put(&app, &app.key, EN, 2, &rules(json!({})))
        .await
        .expect(200);
    assert!(app.rows("search_rules").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_replaced_only_against_the_version_they_were_read_at() {
    let app = TestApp::spawn().await;
    let one = rules(json!({"stop_words": ["one"]}));
    let without = app
        .rest(&app.key)
        .request("PUT", EN)
        .json(&one)
        .send()
        .await;
    without.problem(428, "precondition_required");
    put(&app, &app.key, EN, 1, &one).await.expect(200);
    let two = rules(json!({"stop_words": ["two"]}));
    let late = put(&app, &app.key, EN, 1, &two).await;
    let problem = late.problem(412, "revision_conflict");
    assert_eq!(problem["current"]["etag"], "\"2\"", "{problem}");
    assert_eq!(
        app.rest(&app.key).get(EN).await.json()["stop_words"],
        json!(["one"])
    );

    let send = async |body: &Value| {
        let request = app.rest(&app.key).request("PUT", EN);
        let request = request
            .header("if-match", "\"2\"")
            .header("idempotency-key", "k");
        request.json(body).send().await
    };
    let first = send(&two).await.expect(200).json();
    assert_eq!(send(&two).await.expect(200).json(), first);
    send(&one).await.problem(422, "idempotency_mismatch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_told_at_once_and_nothing_is_written() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let elsewhere = app.article().in_portal("other").create().await;
    let german = app.article().in_locale("de").create().await;
    let own = app.article().title("Own").create().await;
    let outbox = app.rows("outbox").await.len();
    let body = json!({
        "synonyms": [
            {"equal": ["alone"]},
            {"equal": ["a", "b"], "words": "c"},
            {"words": "self", "means": ["Self", ""]},
            {"equal": vec!["x"; SYNONYMS_OF_RULE_MAX + 1]},
        ],
        "stop_words": ["two words", "it", "It", "x".repeat(RULE_WORDS_CHARS_MAX + 1)],
        "pins": [
            {"query": "a", "articles": [elsewhere.id, german.id, own.id, own.short_id]},
            {"query": "A ", "articles": ["018f4e2a-7b1c-7c3d-9e4f-0123456789ab", elsewhere.short_id, ""]},
            {"query": "…", "articles": vec!["own"; PINNED_ARTICLES_MAX + 1]},
        ],
        "keywords": [{"article": "nothing-here", "words": []}],
    });
    let refused = put(&app, &app.key, EN, 1, &body).await;
    refused.problem(400, "invalid_fields");
    let mut faults = refused.faults();
    let mut want: Vec<_> = [
        ("synonyms.0.equal", "too_few"),
        ("synonyms.1", "invalid_synonym"),
        ("synonyms.2.means.0", "means_itself"),
        ("synonyms.2.means.1", "required"),
        ("synonyms.3.equal", "too_many"),
        ("stop_words.0", "several_words"),
        ("stop_words.2", "duplicate"),
        ("stop_words.3", "too_long"),
        ("pins.0.articles.0", "unknown_article"),
        ("pins.0.articles.1", "unknown_article"),
        ("pins.1.query", "duplicate"),
        ("pins.1.articles.0", "unknown_article"),
        ("pins.1.articles.1", "unknown_article"),
        ("pins.1.articles.2", "required"),
        ("pins.2.query", "no_word"),
        ("pins.2.articles", "too_many"),
        ("keywords.0.article", "unknown_article"),
        ("keywords.0.words", "too_few"),
    ]
    .map(|(field, code)| (field.to_owned(), code.to_owned()))
    .to_vec();
    faults.sort();
    want.sort();
    assert_eq!(faults, want);
    // Two names of one article, once everything else is right.
    let doubled = rules(json!({
        "pins": [{"query": "a", "articles": [own.id, own.short_id]}],
        "keywords": [{"article": "own", "words": ["x"]}, {"article": own.id, "words": ["y"]}],
    }));
    let refused = put(&app, &app.key, EN, 1, &doubled).await;
    let fields: Vec<_> = refused
        .faults()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields, ["pins.0.articles.1", "keywords.1.article"]);
    let many: Vec<String> = (0..=SEARCH_RULES_MAX).map(|n| format!("w{n}")).collect();
    let refused = put(&app, &app.key, EN, 1, &rules(json!({"stop_words": many}))).await;
    assert_eq!(
        refused.faults(),
        [("stop_words".to_owned(), "too_many".to_owned())]
    );
    let part = json!({"stop_words": ["x"]});
    let refused = put(&app, &app.key, EN, 1, &part).await;
    assert_eq!(refused.faults().len(), 3, "missing lists would be emptied");
    for (path, code) in [
        ("/search-rules?portal=help", "required"),
        ("/search-rules?portal=help&locale=fr", "unknown_locale"),
        ("/search-rules?portal=help&locale=x", "invalid_locale"),
    ] {
        let want = [("locale".to_owned(), code.to_owned())];
        assert_eq!(
            put(&app, &app.key, path, 1, &rules(json!({})))
                .await
                .faults(),
            want
        );
        assert_eq!(app.rest(&app.key).get(path).await.faults(), want);
    }
    assert_eq!(
        app.rows("outbox").await.len(),
        outbox,
        "a refusal wrote something"
    );
    assert!(app.rows("search_rules").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_write_search_reads_and_writes_rules() {
    let app = TestApp::spawn().await;
    let reader = app
        .key_with(&[
            "search:read",
            "articles:publish",
            "articles:write",
            "portals:write",
            "mcp:admin",
        ])
        .await;
    let teacher = app.key_with(&["search:write"]).await;
    let refused = app.rest(&reader).get(EN).await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "search:write"
    );
    put(&app, &reader, EN, 1, &rules(json!({})))
        .await
        .problem(403, "missing_scope");
    put(&app, &teacher, EN, 1, &rules(json!({"stop_words": ["x"]})))
        .await
        .expect(200);
    app.settle().await;
    // What may be taught may be tried.
    app.rest(&teacher)
        .get("/search?portal=help&q=x")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_says_in_audit_and_feed_what_it_did() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    teach(
        &app,
        json!({"stop_words": ["one", "two"], "pins": [{"query": "q", "articles": [article.id]}]}),
    )
    .await;
    teach(
        &app,
        json!({"stop_words": ["two", "three"], "pins": [{"query": "q", "articles": [article.id]}]}),
    )
    .await;
    let audit = app.rows("audit").await;
    let audit: Vec<_> = audit
        .iter()
        .filter(|row| row["action"] == "search_rules.put")
        .collect();
    assert_eq!(audit.len(), 2);
    let last = audit
        .iter()
        .find(|row| row["before"]["stop_words"] == json!(["one"]))
        .expect("the second");
    assert_eq!(last["after"]["stop_words"], json!(["three"]));
    assert_eq!(
        (&last["after"]["locale"], &last["after"]["pins"]),
        (&json!("en"), &json!([]))
    );
    let events = app.rows("outbox").await;
    let events: Vec<_> = events
        .iter()
        .filter(|e| e["kind"] == "search_rules.changed")
        .collect();
    assert_eq!(events.len(), 2);
    let portal = help_id(&app).await;
    let is_of_portal =
        |e: &&Value| e["subject_kind"] == "portal" && e["subject_id"] == portal.as_str();
    assert!(events.iter().all(is_of_portal));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_in_force_at_once_where_they_were_written_and_elsewhere_at_the_watermark() {
    let app = TestApp::spawn().await;
    let portal = help_id(&app).await;
    app.settle().await;
    let beside = app.beside().await;
    beside.app.settle().await.expect("it follows");
    assert!(stop_words(&app.app, &portal).await.is_empty());
    assert!(stop_words(&beside.app, &portal).await.is_empty());
    teach(&app, json!({"stop_words": ["one"]})).await;
    assert_eq!(stop_words(&app.app, &portal).await, ["one"]);
    beside.app.settle().await.expect("it follows");
    assert_eq!(stop_words(&beside.app, &portal).await, ["one"]);
    teach(&app, json!({})).await;
    assert!(stop_words(&app.app, &portal).await.is_empty());
    beside.app.settle().await.expect("it follows");
    assert!(stop_words(&beside.app, &portal).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_article_leaves_the_rules_and_what_the_audit_says_of_them() {
    let app = TestApp::spawn().await;
    let (gone, kept) = (app.article().create().await, app.article().create().await);
    teach(
        &app,
        json!({
            "pins": [{"query": "zebrafink", "articles": [gone.id]}, {"query": "both", "articles": [gone.id, kept.id]}],
            "keywords": [{"article": gone.id, "words": ["zebrafink"]}, {"article": kept.id, "words": ["stays"]}],
        }),
    )
    .await;
    app.rest(&app.key)
        .post(&format!("{}/purges", gone.api()), json!({"message": "why"}))
        .await
        .expect(201);
    let left = app.rest(&app.key).get(EN).await.expect(200).json();
    assert_eq!(
        left["pins"],
        json!([{"query": "both", "articles": [kept.id]}])
    );
    assert_eq!(
        left["keywords"],
        json!([{"article": kept.id, "words": ["stays"]}])
    );
    assert_eq!(left["row_version"], 3);
    for table in ["search_rules", "audit", "idempotency", "outbox"] {
        let rows = app.rows(table).await;
        assert!(
            !rows.iter().any(|row| row.to_string().contains("zebrafink")),
            "{table}"
        );
    }
    let audit = app.rows("audit").await;
    assert!(
        audit.iter().any(|row| row.to_string().contains("stays")),
        "too much was taken"
    );
    app.settle().await;
    let portal = help_id(&app).await.parse().expect("an id");
    let in_force = app.app.search_rules(portal).await.expect("rules");
    assert!(!format!("{in_force:?}").contains("zebrafink"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_shows_what_it_puts_and_keeps_what_others_wrote() {
    let home = Home::new("search-rules");
    let mut server = Server::start(&home, free_port());
    let ready = match server.ready().await {
        Ok((ready, _)) => ready,
        Err(why) => panic!("{why}\n{}", home.log_tail()),
    };
    let key = ready.api_key.clone().expect("the first start gives a key");
    let made = http()
        .post(format!("{}/api/v1/articles", ready.url))
        .header("x-api-key", &key)
        .header("content-type", "application/json")
        .body(json!({"portal": "help", "title": "Refund policy", "body": "x"}).to_string())
        .send()
        .await
        .expect("the server answers");
    assert_eq!(made.status(), 201);
    let cairn = async |args: &[&str]| {
        let mut all = vec!["search-rules"];
        all.extend(args);
        all.extend(["--portal", "help", "--locale", "en"]);
        let output = home.run(&all).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let file = home.path("rules.toml");
    let path = file.to_str().expect("a plain name");
    let write = |text: &str| std::fs::write(&file, text).expect("the file is written");

    write(
        "stop_words = [\"please\"]\n\n[[synonyms]]\nwords = \"cc\"\nmeans = [\"credit card\"]\n\n[[pins]]\nquery = \"refund\"\narticles = [\"refund-policy\"]\n",
    );
    let (ok, told, why) = cairn(&["put", path]).await;
    assert!(ok, "{why}");
    assert_eq!(
        told.trim(),
        "help in en: 1 synonyms, 1 stop words, 1 pins, 0 keywords; updated at version 2"
    );
    // Without a version it would replace what is there.
    let (ok, _, why) = cairn(&["put", path]).await;
    assert!(!ok && why.contains("--overwrite"), "{why}");

    let (ok, shown, why) = cairn(&["show"]).await;
    assert!(
        ok && shown.contains("version = 2") && shown.contains("# help~1"),
        "{shown}{why}"
    );
    write(&shown);
    let (ok, told, why) = cairn(&["put", path, "--json"]).await;
    assert!(ok, "{why}");
    let told: Value = serde_json::from_str(&told).expect("one line of JSON");
    assert_eq!(
        (&told["result"], &told["row_version"]),
        (&json!("unchanged"), &json!(2))
    );

    write(&shown.replace("please", "kindly"));
    assert!(cairn(&["put", path]).await.0);
    write(&shown.replace("please", "late"));
    let (ok, _, why) = cairn(&["put", path]).await;
    assert!(!ok && why.contains("at 3"), "{why}");
    assert!(cairn(&["put", path, "--overwrite"]).await.0);
    assert!(cairn(&["show"]).await.1.contains("stop_words = [\"late\"]"));

    write("version = 4\n\n[[pins]]\nquery = \"a\"\narticles = [\"no-such-article\"]\n");
    let (ok, _, why) = cairn(&["put", path]).await;
    assert!(
        !ok && why.contains("line 3 articles.0 names no article"),
        "{why}"
    );
    server.stop().await.expect("it stops");
}

/// What searches find with rules: through REST, in the process that wrote them, with no step of the
/// follower in between. Everything above holds whatever the search room does with rules; this is
/// what it does with them (`-- search_rules::applied`).
mod applied {
    use super::*;

    /// Slugs of what a search finds, best first.
    async fn found(app: &TestApp, q: &str) -> Vec<String> {
        let q = q.replace(' ', "+");
        let path = format!("/search?portal=help&locale=en&q={q}");
        let page = app.rest(&app.key).get(&path).await.expect(200).json();
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| item["slug"].as_str().expect("a slug").to_owned())
            .collect()
    }

    /// A portal with these published articles: slug and body.
    async fn with(articles: &[(&str, &str)]) -> TestApp {
        let app = TestApp::spawn().await;
        for (slug, body) in articles {
            let article = app.article().title(slug).slug(slug).body(body);
            article.published().create().await;
        }
        app.settle().await;
        app
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_one_way_synonym_finds_and_the_other_direction_does_not() {
        let app = with(&[("alpha", "Your automobile."), ("beta", "Your jalopy.")]).await;
        assert_eq!(found(&app, "jalopy").await, ["beta"]);
        teach(
            &app,
            json!({"synonyms": [{"words": "jalopy", "means": ["automobile"]}]}),
        )
        .await;
        let both = found(&app, "jalopy").await;
        assert_eq!(
            both,
            ["beta", "alpha"],
            "what says the word itself comes first"
        );
        assert_eq!(found(&app, "automobile").await, ["alpha"]);
        teach(&app, json!({})).await;
        assert_eq!(
            found(&app, "jalopy").await,
            ["beta"],
            "a rule that is gone is gone at once"
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_two_way_synonym_finds_in_both_directions() {
        let app = with(&[("alpha", "Your automobile."), ("beta", "Your jalopy.")]).await;
        teach(
            &app,
            json!({"synonyms": [{"equal": ["jalopy", "automobile"]}]}),
        )
        .await;
        assert_eq!(found(&app, "jalopy").await, ["beta", "alpha"]);
        assert_eq!(found(&app, "automobile").await, ["alpha", "beta"]);
        assert_eq!(
            found(&app, "Automobiles").await,
            ["alpha", "beta"],
            "endings do not count"
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn several_words_are_synonyms_on_either_side() {
        let app = with(&[
            ("alpha", "Pay by credit card."),
            ("beta", "Your plastic."),
            ("gamma", "The card game earns no credit."),
        ])
        .await;
        teach(
            &app,
            json!({"synonyms": [{"equal": ["credit card", "plastic"]}]}),
        )
        .await;
        let one = found(&app, "plastic").await;
        assert_eq!(one, ["beta", "alpha"], "the words must follow each other");
        let several = found(&app, "credit card").await;
        assert!(several.contains(&"beta".to_owned()), "{several:?}");
        let apart = found(&app, "card credit").await;
        assert!(!apart.contains(&"beta".to_owned()), "{apart:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stop_word_says_nothing() {
        let app = with(&[
            ("alpha", "Reset your password."),
            ("beta", "Acme and more Acme."),
        ])
        .await;
        assert!(
            found(&app, "acme password")
                .await
                .contains(&"beta".to_owned())
        );
        teach(&app, json!({"stop_words": ["Acme"]})).await;
        assert_eq!(found(&app, "acme password").await, ["alpha"]);
        teach(&app, json!({})).await;
        assert!(
            found(&app, "acme password")
                .await
                .contains(&"beta".to_owned())
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pinned_articles_stand_first_for_their_query_alone() {
        let app = with(&[
            ("alpha", "Refund refund refund."),
            ("beta", "A refund, once."),
            ("gamma", "Nothing of the kind."),
        ])
        .await;
        let natural = found(&app, "refund").await;
        assert!(!natural.contains(&"gamma".to_owned()));
        teach(
            &app,
            json!({"pins": [{"query": "refund", "articles": ["gamma", "beta"]}]}),
        )
        .await;
        assert_eq!(found(&app, "refund").await, ["gamma", "beta", "alpha"]);
        assert_eq!(found(&app, "Refunds").await, ["gamma", "beta", "alpha"]);
        let other = found(&app, "refund once").await;
        assert!(!other.contains(&"gamma".to_owned()), "{other:?}");
        teach(&app, json!({})).await;
        assert_eq!(found(&app, "refund").await, natural);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_pin_shows_nobody_what_they_may_not_see() {
        let app = with(&[("alpha", "A refund.")]).await;
        app.article().slug("draft").body("x").create().await;
        app.article()
            .slug("inside")
            .body("x")
            .internal()
            .published()
            .create()
            .await;
        app.settle().await;
        teach(
            &app,
            json!({"pins": [{"query": "refund", "articles": ["draft", "inside"]}]}),
        )
        .await;
        assert_eq!(found(&app, "refund").await, ["inside", "alpha"]);
        let page = app
            .page("/help/en/search?q=refund")
            .await
            .expect(200)
            .text();
        assert!(page.contains("/help/en/articles/alpha"));
        assert!(!page.contains("/articles/inside") && !page.contains("/articles/draft"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_hidden_keyword_finds_and_is_not_shown() {
        let app = with(&[
            ("alpha", "Reset your password."),
            ("beta", "Something else."),
        ])
        .await;
        assert!(found(&app, "zebrafink").await.is_empty());
        teach(
            &app,
            json!({"keywords": [{"article": "alpha", "words": ["zebrafink", "locked out"]}]}),
        )
        .await;
        assert_eq!(found(&app, "zebrafink").await, ["alpha"]);
        assert_eq!(found(&app, "locked out").await, ["alpha"]);
        let page = app
            .page("/help/en/search?q=locked+out")
            .await
            .expect(200)
            .text();
        assert!(page.contains("/help/en/articles/alpha"));
        let article = app.page("/help/en/articles/alpha").await.expect(200).text();
        assert!(!article.contains("zebrafink"));
        teach(&app, json!({})).await;
        assert!(found(&app, "zebrafink").await.is_empty());
    }
}
