//! The index follows the feed, can be lost at any time, and says truly when it differs.

use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use cairn_search::{ArticleChange, Face, IndexDocument, SectionText};
use cairn_service::indexing::Verification;
use cairn_service::indexing::gather::Looks;
use cairn_tests::{TestApp, TestArticle};
use serde_json::{Value, json};

async fn verification(app: &TestApp) -> Value {
    let mut found = app
        .rest(&app.key)
        .post("/index-verifications", json!({"portal": "help"}))
        .await
        .expect(200)
        .json();
    found.as_object_mut().expect("an object").remove("examples");
    found
}

fn counts(missing: u64, extra: u64, stale: u64, duplicate: u64) -> Value {
    json!({"missing": missing, "extra": extra, "stale": stale, "duplicate": duplicate})
}

async fn help(app: &TestApp) -> PortalId {
    let portal = app
        .rest(&app.key)
        .get("/portals/help")
        .await
        .expect(200)
        .json();
    portal["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id")
}

async fn total(app: &TestApp, path: &str) -> u64 {
    app.rest(&app.key).get(path).await.expect(200).json()["total"]
        .as_u64()
        .expect("a total")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_are_gathered_once_nothing_has_changed_from_one_look_to_the_next() {
    let app = TestApp::spawn().await;
    let mut looks = Looks::default();
    let mut gathered = async || {
        let done = app.app.gather_quiet(&mut looks).await;
        done.expect("the index is whole")
    };
    for title in ["walrus one", "walrus two", "walrus three"] {
        app.article().title(title).published().create().await;
        app.settle().await;
    }
    assert_eq!(gathered().await, 0, "what is seen first may be changing");
    assert_eq!(gathered().await, 1);
    assert_eq!(gathered().await, 0);
    assert_eq!(total(&app, "/search?q=walrus").await, 3);
    for title in ["walrus four", "walrus five", "walrus six"] {
        app.article().title(title).published().create().await;
        app.settle().await;
    }
    assert_eq!((gathered().await, gathered().await), (0, 1));
    assert_eq!(total(&app, "/search?q=walrus").await, 6);
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_settled_is_searchable_in_its_faces_and_in_no_other() {
    let app = TestApp::spawn().await;
    app.article()
        .title("walrus public")
        .published()
        .create()
        .await;
    app.article()
        .title("walrus internal")
        .internal()
        .published()
        .create()
        .await;
    app.article().title("walrus draft").create().await;
    app.settle().await;
    assert_eq!(
        total(&app, "/articles?portal=help&q=walrus").await,
        3,
        "authoring: heads"
    );
    assert_eq!(
        total(&app, "/search?portal=help&q=walrus").await,
        2,
        "published: every audience"
    );
    let page = app
        .page("/help/en/search?q=walrus")
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("walrus-public")
            && !page.contains("walrus-internal")
            && !page.contains("walrus-draft")
    );
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_before_the_first_index_is_told_to_ask_again() {
    let app = TestApp::spawn().await;
    app.article().title("walrus").published().create().await;
    for path in [
        "/articles?portal=help&q=walrus",
        "/search?portal=help&q=walrus",
    ] {
        let answer = app.rest(&app.key).get(path).await;
        answer.problem(503, "unavailable");
        assert!(!answer.header("retry-after").is_empty());
    }
    app.mcp(&app.key)
        .call("list_articles", json!({"query": "walrus"}))
        .await
        .refused("unavailable");
    app.settle().await;
    assert_eq!(total(&app, "/search?portal=help&q=walrus").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_and_internal_articles_change_no_score_that_readers_see() {
    let app = TestApp::spawn().await;
    for n in 0..5 {
        app.article()
            .title(&format!("walrus {n}"))
            .body(&"seal ".repeat(n + 1))
            .published()
            .create()
            .await;
    }
    app.settle().await;
    let reader = app.key_with(&["search:read"]).await;
    let scores = async || {
        let page = app
            .rest(&reader)
            .get("/search?portal=help&q=walrus+seal")
            .await
            .expect(200)
            .json();
        let items = page["items"].as_array().expect("items").clone();
        let scores: Vec<_> = items
            .iter()
            .map(|i| (i["title"].clone(), i["score"].clone()))
            .collect();
        (page["total"].clone(), scores)
    };
    let before = scores().await;
    assert_eq!(before.0, 5);
    for n in 0..20 {
        app.article()
            .title(&format!("walrus draft {n}"))
            .body("seal seal walrus")
            .create()
            .await;
        app.article()
            .title(&format!("Walross {n}"))
            .body("walrus seal")
            .in_locale("de")
            .published()
            .create()
            .await;
    }
    app.settle().await;
    assert_eq!(scores().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_index_is_built_again_from_the_database() {
    let app = TestApp::spawn().await;
    for n in 0..10 {
        app.article()
            .title(&format!("walrus {n}"))
            .published()
            .create()
            .await;
    }
    app.article().title("walrus draft").create().await;
    app.settle().await;
    assert_eq!(total(&app, "/search?portal=help&q=walrus").await, 10);
    let dir = app.index_dir();
    let app = {
        app.search.close_writers();
        std::fs::remove_dir_all(&dir).expect("the index is removed");
        app.restarted().await
    };
    app.settle().await;
    assert_eq!(total(&app, "/search?portal=help&q=walrus").await, 10);
    assert_eq!(total(&app, "/articles?portal=help&q=walrus").await, 11);
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_index_is_built_again_and_never_believed() {
    let app = TestApp::spawn().await;
    for n in 0..10 {
        app.article()
            .title(&format!("walrus {n}"))
            .published()
            .create()
            .await;
    }
    app.settle().await;
    app.search.close_writers();
    let mut damaged = 0;
    let mut open = vec![app.index_dir()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| {
                ["idx", "store", "term", "fast", "pos"]
                    .iter()
                    .any(|x| e == *x)
            }) {
                let mut bytes = std::fs::read(&path).expect("a file");
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x40;
                std::fs::remove_file(&path).expect("removed");
                std::fs::write(&path, bytes).expect("written");
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0, "there was nothing to damage");
    let app = app.restarted().await;
    app.settle().await;
    assert_eq!(total(&app, "/search?portal=help&q=walrus").await, 10);
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reindex_leaves_everything_found_and_nothing_differing() {
    let app = TestApp::spawn().await;
    for n in 0..10 {
        app.article()
            .title(&format!("walrus {n}"))
            .published()
            .create()
            .await;
    }
    app.settle().await;
    // Written, not followed: the new generation holds it, or the follower brings it.
    app.article()
        .title("walrus late")
        .published()
        .create()
        .await;
    let done = app
        .rest(&app.key)
        .post("/reindexes", json!({"portal": "help"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&done["portals"], &done["articles"]),
        (&json!(1), &json!(11))
    );
    app.settle().await;
    assert_eq!(total(&app, "/search?portal=help&q=walrus").await, 11);
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_that_moves_takes_its_articles_along_in_the_index() {
    let app = TestApp::spawn().await;
    let top = app.category("Top").create().await;
    let below = app.category("Below").create().await;
    app.article()
        .title("walrus")
        .in_category("Below")
        .published()
        .create()
        .await;
    app.settle().await;
    assert_eq!(
        total(&app, "/search?portal=help&q=walrus&category=top").await,
        0
    );
    app.rest(&app.key)
        .patch(
            &format!("/categories/{}", below.id),
            "\"1\"",
            json!({"parent": top.id.to_string(), "name": "Moved"}),
        )
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(
        total(&app, "/search?portal=help&q=walrus&category=top").await,
        1
    );
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

/// Plants one change behind the follower's back, at the position the index is at already.
async fn plant(app: &TestApp, article: ArticleId, documents: Vec<(Face, IndexDocument)>) {
    let portal = help(app).await;
    let at = app
        .search
        .checkpoint(portal)
        .expect("readable")
        .expect("there is an index");
    app.search
        .apply(portal, &[ArticleChange { article, documents }], at)
        .expect("planted");
}

fn document(article: &TestArticle, portal_title: &str) -> IndexDocument {
    IndexDocument {
        article: article.id.parse().expect("an id"),
        number: article.number,
        revision: 1,
        row_version: 1,
        locale: Locale::parse("locale", "en").expect("a tag"),
        source_id: None,
        slug: article.slug.clone(),
        title: portal_title.to_owned(),
        excerpt: String::new(),
        sections: vec![SectionText {
            heading: None,
            heading_path: vec![],
            anchor: None,
            text: "Some words.".to_owned(),
        }],
        address_words: String::new(),
        categories: vec![],
        category_names: Vec::new(),
        anchor_words: String::new(),
        tags: vec![],
        status: cairn_domain::article::Status::Published,
        audience: cairn_domain::article::Audience::Public,
        author: None,
        updated_at_ms: 0,
    }
}

fn in_every_face(document: &IndexDocument) -> Vec<(Face, IndexDocument)> {
    Face::ALL.map(|face| (face, document.clone())).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_index_counts_every_kind_of_fault_it_is_planted() {
    let app = TestApp::spawn().await;
    let articles = [
        app.article().title("missing").published().create().await,
        app.article().title("stale").published().create().await,
        app.article().title("double").published().create().await,
    ];
    app.settle().await;
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
    let [missing, stale, double] = &articles;
    let id = |a: &TestArticle| a.id.parse::<ArticleId>().expect("an id");

    // Gone from the index: once for each face.
    plant(&app, id(missing), vec![]).await;
    assert_eq!(verification(&app).await, counts(3, 0, 0, 0));
    // There, but not what the database says.
    plant(
        &app,
        id(stale),
        in_every_face(&document(stale, "another title")),
    )
    .await;
    assert_eq!(verification(&app).await, counts(3, 0, 3, 0));
    // There without a row.
    let ghost = TestArticle {
        id: "018f4e2a-7b1c-7c3d-9e4f-0123456789ab".to_owned(),
        number: 99,
        ..stale.clone()
    };
    plant(&app, id(&ghost), in_every_face(&document(&ghost, "ghost"))).await;
    assert_eq!(verification(&app).await, counts(3, 3, 3, 0));
    // There twice; the copies are not what the database says either.
    let twice = document(double, "double");
    let documents = in_every_face(&twice)
        .into_iter()
        .chain(in_every_face(&twice))
        .collect();
    plant(&app, id(double), documents).await;
    let found = verification(&app).await;
    assert_eq!(found, counts(3, 3, 6, 3));

    // It repaired nothing; a reindex does.
    assert_eq!(verification(&app).await, found);
    app.rest(&app.key)
        .post("/reindexes", json!({}))
        .await
        .expect(200);
    assert_eq!(verification(&app).await, counts(0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_index_says_which_articles_differ() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    app.settle().await;
    plant(&app, article.id.parse().expect("an id"), vec![]).await;
    let found = app
        .rest(&app.key)
        .post("/index-verifications", json!({}))
        .await
        .expect(200)
        .json();
    assert!(
        found["examples"][0]
            .as_str()
            .is_some_and(|e| e.contains(&article.id)),
        "{found}"
    );
    let service = cairn_service::indexing::verify_index(&app.operator(), Some("help"))
        .await
        .expect("it compares");
    assert!(!service.is_clean() && Verification::default().is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_changed_behind_the_programs_back_is_stale_in_the_index() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    app.article().title("other").published().create().await;
    app.settle().await;
    app.execute(&format!(
        "update articles set row_version = row_version + 1 where id = '{}'",
        article.id
    ))
    .await;
    assert_eq!(verification(&app).await, counts(0, 0, 3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_waits_is_answered_when_searches_find_it() {
    let app = TestApp::spawn().await;
    app.settle().await;
    let new =
        |title: &str| json!({"portal": "help", "title": title, "body": "x", "status": "published"});
    // Nobody reads the feed here: the write is safe, and its answer says that it cannot be found yet.
    let rest = app.rest(&app.key);
    let alone = rest
        .post("/articles?wait=searchable", new("Lonely"))
        .await
        .expect(201);
    assert_eq!(alone.header("x-searchable"), "false");
    assert_eq!(total(&app, "/search?portal=help&q=lonely").await, 0);
    // Whoever does not ask is told nothing.
    let hurried = rest.post("/articles", new("Hurried")).await.expect(201);
    assert_eq!(hurried.header("x-searchable"), "");

    let article = hurried.json();
    let path = format!(
        "/articles/{}?wait=searchable",
        article["id"].as_str().unwrap()
    );
    let change = rest
        .request("PATCH", &path)
        .header("if-match", hurried.header("etag"))
        .json(&json!({"title": "Unhurried"}))
        .send();
    let followed = async {
        // Until both are in: the change may come after any step.
        while total(&app, "/search?portal=help&q=unhurried").await == 0 {
            app.settle().await;
            tokio::task::yield_now().await;
        }
    };
    let (changed, ()) = tokio::join!(change, followed);
    assert_eq!(changed.expect(200).header("x-searchable"), "true");
    assert_eq!(total(&app, "/search?portal=help&q=lonely").await, 1);

    let answer = rest
        .post("/articles?wait=forever", new("Never"))
        .await
        .expect(400);
    assert!(answer.text().contains("wait can only be searchable"));
    app.settle().await;
    assert_eq!(total(&app, "/search?portal=help&q=never").await, 0);
}
