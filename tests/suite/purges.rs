//! Erasure: what was erased stands nowhere any more, and what was not stays as it was.

use cairn_domain::operation::Operation;
use cairn_domain::scope::Scope;
use cairn_service::articles::GetArticle;
use cairn_service::articles::{self, ArticleRef};
use cairn_tests::{Answer, TestApp, TestArticle};
use serde_json::{Value, json};

/// A word no other text holds: lower-case letters and digits, so that dictionaries hold it too.
const SECRET: &str = "zyxwsecret4711";

async fn purge(app: &TestApp, path: &str) -> Answer {
    app.rest(&app.key)
        .post(&format!("{path}/purges"), json!({"message": "a reason"}))
        .await
}

/// Every row of every table that holds the word anywhere, bytea columns looked through as bytes.
async fn rows_with(app: &TestApp, word: &str) -> Vec<String> {
    let tables = app
        .select(
            "select to_jsonb(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and c.relkind in ('r', 'p', 'm') order by c.relname",
        )
        .await;
    assert!(tables.len() > 15, "{tables:?}");
    let hex: String = word.bytes().map(|b| format!("{b:02x}")).collect();
    let mut found = Vec::new();
    for table in tables {
        let table = table.as_str().expect("a name");
        let sql = format!(
            "select to_jsonb(t) from \"{table}\" t
             where strpos(lower(to_jsonb(t)::text), '{word}') > 0 or strpos(to_jsonb(t)::text, '{hex}') > 0"
        );
        for row in app.select(&sql).await {
            found.push(format!("{table}: {row}"));
        }
    }
    found
}

/// The places in the index files of the portal that hold the word.
async fn traces(app: &TestApp, word: &str) -> Vec<String> {
    let portal = app.rest(&app.key).get("/portals/help").await.json();
    let id = portal["id"].as_str().expect("an id").parse().expect("one");
    let mut found = app.search.traces(id, word).expect("the index is read");
    // And whatever else lies in the directory of the index.
    let mut waiting = vec![app.index_dir()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if std::fs::read(&path)
                .expect("a file")
                .windows(word.len())
                .any(|w| w == word.as_bytes())
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// An article that says the word wherever an article can, written in every way there is, beside
/// others in the same segments.
///
/// Gives it and a rival, whose own history says the word because its author chose it for a slug.
async fn telling(app: &TestApp) -> (TestArticle, TestArticle) {
    for n in 0..5 {
        app.article()
            .title(&format!("Harmless {n}"))
            .published()
            .create()
            .await;
    }
    let items = json!([{
        "source_id": format!("docs/{SECRET}.md"), "path": format!("docs/{SECRET}.md"),
        "title": format!("About {SECRET}"), "body": format!("# {SECRET}\n\nIt says {SECRET}.\n"),
        "excerpt": format!("In short: {SECRET}"), "tags": [SECRET], "author": SECRET, "locale": "en",
        "status": "published", "front_matter": format!("{{\"k\": \"{SECRET}\"}}"),
    }]);
    let mut items = items;
    for n in 0..5 {
        items.as_array_mut().expect("a list").push(
            json!({"source_id": format!("s{n}"), "title": format!("Beside {n}"), "body": "walrus", "locale": "en", "status": "published"}),
        );
    }
    let made = import(app, "import-1", &items).await;
    let id = made["results"][0]["id"].as_str().expect("an id").to_owned();
    let reference = ArticleRef::parse("id", &id).expect("an id");
    let view = articles::get(&app.operator(), &reference, GetArticle::default())
        .await
        .expect("it is there");
    let article = TestArticle::of(&view);
    app.settle().await;
    app.page(&article.path).await.expect(200);
    // Changes under keys, whose outcomes are kept; a second slug; a refusal that quotes the slug.
    let change = async |etag: &str, key: &str, body: Value| {
        app.rest(&app.key)
            .request("PATCH", &article.api())
            .header("if-match", etag)
            .header("idempotency-key", key)
            .json(&body)
            .send()
            .await
            .expect(200)
    };
    change(
        "\"1\"",
        "patch-1",
        json!({"slug": format!("more-{SECRET}"), "title": format!("More {SECRET}"), "message": format!("says {SECRET}")}),
    )
    .await;
    change("\"2\"", "patch-2", json!({"status": "published"})).await;
    // Addresses of the site before: one leads on, one led here once.
    for (key, old) in [
        ("put-1", format!("/hc/{SECRET}")),
        ("put-2", format!("/was/{SECRET}?a=1")),
    ] {
        let put = json!({"portal": "help", "redirects": [
            {"old_url": old, "target": format!("article:{id}")},
            {"old_url": "/harmless", "target": "/en"},
        ]});
        app.rest(&app.key)
            .request("POST", "/redirects")
            .header("idempotency-key", key)
            .json(&put)
            .send()
            .await
            .expect(200);
    }
    app.rest(&app.key)
        .request(
            "DELETE",
            &format!("/redirects?portal=help&old_url=/was/{SECRET}%3Fa%3D1"),
        )
        .send()
        .await
        .expect(200);
    let rival = app
        .article()
        .title("Rival")
        .slug(&format!("more-{SECRET}"))
        .in_locale("de")
        .create()
        .await;
    app.rest(&app.key)
        .request("POST", "/article-batches")
        .header("idempotency-key", "batch-1")
        .json(&json!({"portal": "help", "operations": [{"id": rival.id, "expected_revision": 1, "locale": "en"}]}))
        .send()
        .await
        .expect(200);
    app.change(&rival, |c| c.slug = Some("rival".to_owned()))
        .await;
    app.settle().await;
    app.page(&format!("/help/en/articles/more-{SECRET}"))
        .await
        .expect(200);
    (article, rival)
}

async fn import(app: &TestApp, key: &str, items: &Value) -> Value {
    app.rest(&app.key)
        .request("POST", "/article-imports")
        .header("idempotency-key", key)
        .json(&json!({"portal": "help", "items": items}))
        .send()
        .await
        .expect(200)
        .json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_article_stands_in_no_table_and_no_index_file() {
    let app = TestApp::spawn().await;
    let (article, rival) = telling(&app).await;
    // The looking itself finds what is there.
    let before = rows_with(&app, SECRET).await;
    for table in [
        "articles",
        "revisions",
        "renderings",
        "slug_history",
        "audit",
        "idempotency",
        "redirects",
        "imported_files",
    ] {
        assert!(
            before.iter().any(|r| r.starts_with(&format!("{table}: "))),
            "{table}: {before:?}"
        );
    }
    assert!(!traces(&app, SECRET).await.is_empty());

    let asked = purge(&app, &article.api()).await.expect(201);
    let erasure = asked.json();
    assert_eq!(erasure["finished_at"], Value::Null);
    assert_eq!(erasure["kind"], "article");
    assert_eq!(erasure["subject_id"], article.id.as_str());
    // The commit alone takes it out of the database; the index follows.
    let after = rows_with(&app, SECRET).await;
    let of_rival = |row: &&String| row.starts_with("audit: ") && row.contains(&rival.id);
    let others: Vec<_> = after.iter().filter(|row| !of_rival(row)).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(!traces(&app, SECRET).await.is_empty());
    let status = async |path: String| app.rest(&app.key).get(&path).await.expect(200).json();
    assert_eq!(
        status(format!(
            "/purges/{}",
            erasure["id"].as_str().expect("an id")
        ))
        .await["finished_at"],
        Value::Null
    );

    app.settle().await;
    assert_eq!(traces(&app, SECRET).await, Vec::<String>::new());
    let finished = status(format!(
        "/purges/{}",
        erasure["id"].as_str().expect("an id")
    ))
    .await;
    assert!(finished["finished_at"].is_string(), "{finished}");
    let listed = status("/purges?portal=help".to_owned()).await;
    assert_eq!(listed["items"], json!([finished]));

    // Readers find nothing, under no address it ever had.
    for slug in [format!("about-{SECRET}"), format!("more-{SECRET}")] {
        app.page(&format!("/help/en/articles/{slug}"))
            .await
            .expect(404);
        app.page(&format!("/help/en/articles/{slug}.md"))
            .await
            .expect(404);
    }
    let found = status(format!("/search?portal=help&q={SECRET}")).await;
    assert_eq!(found["items"], json!([]));
    assert_eq!(
        status("/search?portal=help&q=walrus".to_owned()).await["items"]
            .as_array()
            .map(Vec::len),
        Some(5)
    );
    app.page(&format!("/help/hc/{SECRET}")).await.expect(404);
    // What the audit says of the other redirect in the same request stands.
    let put = app.rows("audit").await;
    let put = put.iter().find(|e| e["action"] == "redirects.put");
    let put = put.expect("an entry")["after"].to_string();
    assert!(put.contains("/harmless") && put.contains("purged"), "{put}");
    // The audit says that it was done, by whom and why.
    let audit = app.rows("audit").await;
    let entry = audit
        .iter()
        .find(|e| e["action"] == "article.purge")
        .expect("an entry");
    assert_eq!(
        (&entry["message"], &entry["before"], &entry["after"]),
        (&json!("a reason"), &Value::Null, &Value::Null)
    );
    // And the index is what the database says.
    let compared = app
        .rest(&app.key)
        .post("/index-verifications", json!({"portal": "help"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&compared["missing"], &compared["extra"], &compared["stale"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tombstone_says_that_it_was_erased_and_refuses_everything() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    let other = app.article().title("Other").published().create().await;
    let made = purge(&app, &article.api()).await.expect(201);
    assert!(made.header("location").starts_with("/api/v1/purges/"));
    let rest = app.rest(&app.key);
    for path in [
        article.api(),
        format!("/articles/{}", article.short_id),
        format!("{}?revision=1", article.api()),
        format!("{}/revisions", article.api()),
        format!("{}/revisions/1", article.api()),
    ] {
        rest.get(&path).await.problem(410, "purged");
    }
    // Who reads what is published only cannot tell it from what was never there.
    let reader = app.key_with(&["articles:read"]).await;
    let gone = app.rest(&reader).get(&article.api()).await;
    gone.problem(404, "not_found");
    rest.patch(&article.api(), "\"1\"", json!({"title": "x"}))
        .await
        .problem(410, "purged");
    rest.request("POST", &format!("{}/restorations", article.api()))
        .header("if-match", "\"1\"")
        .json(&json!({"revision": 1}))
        .send()
        .await
        .problem(410, "purged");
    let batch = rest
        .request("POST", "/article-batches")
        .header("idempotency-key", "k")
        .json(&json!({"portal": "help", "operations": [
            {"id": article.id, "expected_revision": 1, "status": "published"},
            {"id": other.id, "expected_revision": 1, "status": "archived"},
        ]}))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(batch["results"][0]["code"], "purged");
    assert_eq!(batch["results"][1]["result"], "updated");
    rest.post(
        "/articles",
        json!({"portal": "help", "title": "T", "body": "b", "translation_of": article.id}),
    )
    .await
    .problem(410, "purged");
    purge(&app, &article.api()).await.problem(410, "purged");
    let tool = app
        .mcp(&app.key)
        .call("get_article", json!({"id": article.id}))
        .await;
    tool.refused("purged");
    // Lists and counts go on without it.
    let listed = rest.get("/articles?portal=help").await.expect(200).json();
    let ids: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| &i["id"])
        .collect();
    assert_eq!(ids, [&json!(other.id)]);
    let row = &app
        .select("select to_jsonb(a) from articles a where purged_at is not null")
        .await[0];
    assert_eq!(
        (&row["slug"], &row["status"]),
        (
            &json!(format!("purged-{}", article.number)),
            &json!("archived")
        )
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_does_not_bring_back_what_was_erased() {
    let app = TestApp::spawn().await;
    let items = json!([
        {"source_id": "a", "title": "A", "body": "b", "locale": "en", "status": "published"},
        {"source_id": "b", "title": "B", "body": "b", "locale": "en", "status": "published"},
    ]);
    let made = import(&app, "k1", &items).await;
    let id = made["results"][0]["id"].as_str().expect("an id");
    purge(&app, &format!("/articles/{id}")).await.expect(201);
    for key in ["k2", "k3"] {
        let again = import(&app, key, &items).await;
        assert_eq!(again["results"][0]["result"], "failed");
        assert!(
            again["results"][0]["reason"]
                .as_str()
                .is_some_and(|r| r.contains("erased")),
            "{again}"
        );
        assert_eq!(again["results"][1]["result"], "unchanged");
    }
    // The outcome of the first time is still an outcome, without the slug.
    let replayed = import(&app, "k1", &items).await;
    assert_eq!(replayed["results"][0]["slug"], "purged");
    assert_eq!(replayed["results"][1]["slug"], "b");
    app.rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "A", "body": "b", "source_id": "a"}),
        )
        .await
        .problem(409, "conflict");
    // Another locale is another article.
    app.rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "A", "body": "b", "source_id": "a", "locale": "de"}),
        )
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_revision_leaves_the_article_and_its_history_standing() {
    let app = TestApp::spawn().await;
    for n in 0..5 {
        app.article()
            .title(&format!("Harmless {n}"))
            .published()
            .create()
            .await;
    }
    let article = app
        .article()
        .title(&format!("About {SECRET}"))
        .body(&format!("It says {SECRET}."))
        .tags(&[SECRET])
        .author(SECRET)
        .published()
        .create()
        .await;
    app.settle().await;
    app.page(&article.path).await.expect(200);
    purge(&app, &format!("{}/revisions/1", article.api()))
        .await
        .problem(409, "conflict");
    let clean = app
        .change(&article, |c| {
            c.title = Some("Clean".to_owned());
            c.body = Some("It says nothing.".to_owned());
            c.tags = Some(Vec::new());
            c.author = Some(None);
            c.slug = Some("clean".to_owned());
        })
        .await;
    // Readers still see the first.
    let refused = purge(&app, &format!("{}/revisions/1", article.api())).await;
    let problem = refused.problem(409, "conflict");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|d| d.contains("publish a newer revision"))
    );
    let refused = purge(&app, &format!("{}/revisions/2", article.api())).await;
    assert!(
        refused.problem(409, "conflict")["detail"]
            .as_str()
            .is_some_and(|d| d.contains("head"))
    );
    app.change(&clean, |c| c.status = Some("published".to_owned()))
        .await;
    app.settle().await;
    assert!(!rows_with(&app, SECRET).await.is_empty());

    let erasure = purge(&app, &format!("{}/revisions/1", article.api()))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&erasure["kind"], &erasure["revision"]),
        (&json!("revision"), &json!(1))
    );
    let left = rows_with(&app, SECRET).await;
    // The first publication's audit entry belongs to revision 1; the change's own says the old slug.
    assert!(
        left.iter()
            .all(|r| r.starts_with("audit: ") && r.contains("article.update")),
        "{left:?}"
    );
    app.settle().await;
    assert_eq!(traces(&app, SECRET).await, Vec::<String>::new());

    let rest = app.rest(&app.key);
    rest.get(&format!("{}/revisions/1", article.api()))
        .await
        .problem(410, "purged");
    rest.get(&format!("{}?revision=1", article.api()))
        .await
        .problem(410, "purged");
    purge(&app, &format!("{}/revisions/1", article.api()))
        .await
        .problem(410, "purged");
    rest.request("POST", &format!("{}/restorations", article.api()))
        .header("if-match", "\"2\"")
        .json(&json!({"revision": 1}))
        .send()
        .await
        .problem(410, "purged");
    let listed = rest
        .get(&format!("{}/revisions", article.api()))
        .await
        .expect(200)
        .json();
    assert_eq!(listed["items"][1]["title"], "");
    assert!(listed["items"][1]["purged_at"].is_string());
    assert_eq!(listed["items"][0]["purged_at"], Value::Null);
    assert_eq!(
        rest.get(&article.api()).await.expect(200).json()["title"],
        "Clean"
    );
    app.page("/help/en/articles/clean").await.expect(200);
    app.page(&format!("/help/en/articles/about-{SECRET}"))
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_under_construction_holds_the_erasure_open() {
    let app = TestApp::spawn().await;
    let (article, _) = telling(&app).await;
    let portal = app.rest(&app.key).get("/portals/help").await.json();
    let portal = portal["id"].as_str().expect("an id").parse().expect("one");
    // A rebuild whose scan may have read what is about to be erased.
    let building = app.search.begin_generation(portal).expect("it begins");
    let erasure = purge(&app, &article.api()).await.expect(201).json();
    let at = format!("/purges/{}", erasure["id"].as_str().expect("an id"));
    app.settle().await;
    let open = app.rest(&app.key).get(&at).await.expect(200).json();
    assert_eq!(open["finished_at"], Value::Null);
    assert!(!traces(&app, SECRET).await.is_empty());
    drop(building);
    app.settle().await;
    let closed = app.rest(&app.key).get(&at).await.expect(200).json();
    assert!(closed["finished_at"].is_string());
    assert_eq!(traces(&app, SECRET).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_finishes_what_the_end_before_it_left() {
    // Ended between the commit and the follower.
    let app = TestApp::spawn().await;
    let (article, _) = telling(&app).await;
    purge(&app, &article.api()).await.expect(201);
    let app = app.restarted().await;
    app.settle().await;
    assert_eq!(traces(&app, SECRET).await, Vec::<String>::new());
    assert!(app.rows("purges").await[0]["finished_at"].is_string());

    // Ended after the follower has read it and before the files were rewritten.
    let app = TestApp::spawn().await;
    let (article, _) = telling(&app).await;
    purge(&app, &article.api()).await.expect(201);
    while app.app.step().await.expect("a step") != cairn_service::indexing::Progress::CaughtUp {}
    assert!(!traces(&app, SECRET).await.is_empty());
    let app = app.restarted().await;
    app.settle().await;
    assert_eq!(traces(&app, SECRET).await, Vec::<String>::new());
    assert!(app.rows("purges").await[0]["finished_at"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_cleans_its_index_also_when_another_has_finished_before_it() {
    let app = TestApp::spawn().await;
    let (article, _) = telling(&app).await;
    purge(&app, &article.api()).await.expect(201);
    while app.app.step().await.expect("a step") != cairn_service::indexing::Progress::CaughtUp {}
    // As the other process would have marked it.
    app.execute("update purges set finished_at = now()").await;
    let app = app.restarted().await;
    app.settle().await;
    assert_eq!(traces(&app, SECRET).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_needs_a_reason_and_its_own_scope() {
    let app = TestApp::spawn().await;
    let article = app.article().create().await;
    let path = format!("{}/purges", article.api());
    for body in [json!({}), json!({"message": " "})] {
        app.rest(&app.key)
            .post(&path, body)
            .await
            .problem(400, "invalid_fields");
    }
    let admin = app
        .key_with(&["mcp:admin", "keys:admin", "portals:write"])
        .await;
    let refused = app.rest(&admin).post(&path, json!({"message": "x"})).await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "articles:purge"
    );
    // No tool erases, whoever asks.
    for operation in Operation::ALL {
        let row = operation.row();
        assert!(
            row.scope != Scope::ArticlesPurge || !row.tool,
            "{}",
            row.name
        );
    }
    let tools = app.mcp(&app.key).tool_names().await;
    assert!(tools.iter().all(|t| !t.contains("purge")), "{tools:?}");
}

/// Whether any kept file holds the word.
fn files_with(app: &TestApp, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![app.files_dir()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if std::fs::read(&path)
                .expect("a file")
                .windows(word.len())
                .any(|w| w == word.as_bytes())
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_attachment_is_neither_kept_nor_named_nor_taken_again() {
    let app = TestApp::spawn().await;
    let text = format!("It says {SECRET}.");
    let rest = app.rest(&app.key);
    let path = format!("/attachments?portal=help&source=s&path=media/{SECRET}.txt");
    let bring = async |key: &str| {
        rest.request("POST", &path)
            .header("idempotency-key", key)
            .header("content-type", "text/plain")
            .raw(text.clone().into_bytes())
            .send()
            .await
    };
    let file = bring("k1").await.expect(201).json();
    let id = file["id"].as_str().expect("an id").to_owned();
    let other = app.attach("other.txt", "harmless").await;
    let article = app
        .article()
        .body(&format!(
            "[It](/attachments/{id}/x.txt) and [other]({})",
            other["address"].as_str().expect("one")
        ))
        .published()
        .create()
        .await;
    app.settle().await;
    let url = file["url"]
        .as_str()
        .expect("a url")
        .replace("http://127.0.0.1:8080", "");
    app.page(&url).await.expect(200);
    app.page(&article.path).await.expect(200);
    assert_eq!(files_with(&app, SECRET).len(), 1);
    let before = rows_with(&app, SECRET).await;
    for table in ["attachments", "attachment_paths", "audit"] {
        assert!(
            before.iter().any(|r| r.starts_with(&format!("{table}: "))),
            "{table}: {before:?}"
        );
    }

    let erasure = purge(&app, &format!("/attachments/{id}"))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&erasure["kind"], &erasure["subject_id"]),
        (&json!("attachment"), &json!(id))
    );
    assert_eq!(rows_with(&app, SECRET).await, Vec::<String>::new());
    app.page(&url).await.expect(404);
    app.settle().await;
    assert_eq!(files_with(&app, SECRET), Vec::<String>::new());
    let at = format!("/purges/{}", erasure["id"].as_str().expect("an id"));
    assert!(rest.get(&at).await.expect(200).json()["finished_at"].is_string());

    for path in [
        format!("/attachments/{id}"),
        format!("/attachments/{id}/content"),
    ] {
        rest.get(&path).await.problem(410, "purged");
    }
    let reader = app.key_with(&["articles:read"]).await;
    app.rest(&reader)
        .get(&format!("/attachments/{id}"))
        .await
        .problem(404, "not_found");
    purge(&app, &format!("/attachments/{id}"))
        .await
        .problem(410, "purged");
    let page = app.page(&article.path).await.expect(200).text();
    assert!(!page.contains(SECRET), "{page}");
    let listed = rest
        .get("/attachments?portal=help")
        .await
        .expect(200)
        .json();
    let ids: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| &i["id"])
        .collect();
    assert_eq!(ids, [&other["id"]]);
    // An automatic import must not bring it back, and a retry is no way around it.
    bring("k2").await.problem(409, "conflict");
    assert_eq!(files_with(&app, SECRET), Vec::<String>::new());
    assert!(bring("k1").await.status >= 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_variants_of_an_erased_picture_go_with_it_also_after_a_restart() {
    let app = TestApp::spawn().await;
    let picture = app.attach("a.png", cairn_tests::png(1_200, 600)).await;
    assert!(
        !picture["variant_widths"]
            .as_array()
            .expect("widths")
            .is_empty()
    );
    let id = picture["id"].as_str().expect("an id");
    let kept = |app: &TestApp| {
        let mut count = 0;
        for portal in std::fs::read_dir(app.files_dir())
            .expect("a directory")
            .flatten()
        {
            count += std::fs::read_dir(portal.path())
                .into_iter()
                .flatten()
                .flatten()
                .count();
        }
        count
    };
    assert!(kept(&app) > 1);
    purge(&app, &format!("/attachments/{id}")).await.expect(201);
    let app = app.restarted().await;
    app.settle().await;
    assert_eq!(kept(&app), 0);
    assert!(app.rows("purges").await[0]["finished_at"].is_string());
}
