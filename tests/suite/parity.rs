//! The same operation through REST and through MCP leaves identical rows, audit and events.
//!
//! Every operation that is a tool is done twice, in two applications that begin alike, once at each
//! door; then all tables are compared, with ids, times and digests named by their order.

use cairn_domain::operation::Operation;
use cairn_tests::{PARITY_TABLES, TestApp, normalise};
use serde_json::{Value, json};

/// What a tool's operation is done with.
struct Step {
    method: &'static str,
    /// `{id}` is the article of the arrangement.
    path: &'static str,
    if_match: Option<&'static str>,
    body: Value,
    arguments: Value,
}

fn step(
    method: &'static str,
    path: &'static str,
    if_match: Option<&'static str>,
    body: Value,
    arguments: Value,
) -> Step {
    Step {
        method,
        path,
        if_match,
        body,
        arguments,
    }
}

/// At least one step for every tool; a new tool without one does not compile.
fn steps(operation: Operation) -> Vec<Step> {
    match operation {
        Operation::ListCategories => vec![step(
            "GET",
            "/categories?portal=help",
            None,
            Value::Null,
            json!({"portal": "help"}),
        )],
        Operation::ListArticles => vec![
            step(
                "GET",
                "/articles?portal=help&status=draft",
                None,
                Value::Null,
                json!({"portal": "help", "status": "draft"}),
            ),
            step(
                "GET",
                "/articles?portal=help&q=words",
                None,
                Value::Null,
                json!({"portal": "help", "query": "words"}),
            ),
        ],
        Operation::SearchPassages => vec![step(
            "GET",
            "/passages?portal=help&q=words",
            None,
            Value::Null,
            json!({"portal": "help", "query": "words"}),
        )],
        Operation::GetArticle => vec![step(
            "GET",
            "/articles/{id}",
            None,
            Value::Null,
            json!({"id": "{id}"}),
        )],
        Operation::CreateArticle => {
            let whole = json!({
                "portal": "help", "title": "Größe", "body": "# A\n\n<b>x</b>\n", "excerpt": "e", "tags": ["b", "a"], "author": "Ada",
                "category": "Shelf", "locale": "de", "slug": "gewählt", "status": "published", "audience": "internal", "message": "why",
                "translation_of": "{id}",
            });
            let least = json!({"portal": "help", "title": "An article", "body": "x"});
            vec![
                step("POST", "/articles", None, whole.clone(), whole),
                step("POST", "/articles", None, least.clone(), least),
            ]
        }
        Operation::UpdateArticle => {
            let edits = json!([{"find": "words", "replace": "terms"}]);
            let all = json!({
                "title": "New", "body": "# New\n", "excerpt": "n", "tags": ["z"], "author": "Grace", "category": "shelf", "slug": "neu",
                "status": "published", "audience": "internal", "message": "because",
            });
            let with = |mut fields: Value, revision: i64| {
                fields["id"] = json!("{id}");
                fields["expected_revision"] = json!(revision);
                fields
            };
            let cleared = json!({"author": null, "category": null, "excerpt": "", "tags": []});
            vec![
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"1\""),
                    json!({"edits": edits}),
                    with(json!({"edits": edits}), 1),
                ),
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"2\""),
                    all.clone(),
                    with(all, 2),
                ),
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"3\""),
                    cleared,
                    with(
                        json!({"clear": ["author", "category", "excerpt", "tags"]}),
                        3,
                    ),
                ),
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"4\""),
                    json!({"status": "archived"}),
                    with(json!({"status": "archived"}), 4),
                ),
                // The parent of a translation that is not there, and a revision of nothing.
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"4\""),
                    json!({"translation_of": "help~9", "translated_revision": 1}),
                    with(
                        json!({"translation_of": "help~9", "translated_revision": 1}),
                        4,
                    ),
                ),
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"4\""),
                    json!({"translated_revision": 1}),
                    with(json!({"translated_revision": 1}), 4),
                ),
                // Nothing changes, and a stale one changes nothing.
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"4\""),
                    json!({"status": "archived"}),
                    with(json!({"status": "archived"}), 4),
                ),
                step(
                    "PATCH",
                    "/articles/{id}",
                    Some("\"1\""),
                    json!({"title": "late"}),
                    with(json!({"title": "late"}), 1),
                ),
                step(
                    "PATCH",
                    "/articles/{id}?dry_run=true",
                    Some("\"4\""),
                    json!({"title": "dry"}),
                    with(json!({"title": "dry", "dry_run": true}), 4),
                ),
            ]
        }
        Operation::ListPortals
        | Operation::GetPortal
        | Operation::CreatePortal
        | Operation::UpdatePortal
        | Operation::CreateCategory
        | Operation::UpdateCategory
        | Operation::ListRevisions
        | Operation::GetRevision
        | Operation::RestoreRevision
        | Operation::ImportArticles
        | Operation::ListImportedFiles
        | Operation::ExportArticles
        | Operation::ExportRevisions
        | Operation::ExportPortal
        | Operation::RestorePortal
        | Operation::RestoreFile
        | Operation::RestoreContent
        | Operation::BatchArticles
        | Operation::PurgeArticle
        | Operation::PurgeRevision
        | Operation::PurgeAttachment
        | Operation::ListPurges
        | Operation::GetPurge
        | Operation::ListRedirects
        | Operation::GetSearchRules
        | Operation::PutSearchRules
        | Operation::PutRedirects
        | Operation::DeleteRedirect
        | Operation::ListAttachments
        | Operation::GetAttachment
        | Operation::GetAttachmentContent
        | Operation::CreateAttachment
        | Operation::SearchArticles
        | Operation::SuggestArticles
        | Operation::ListRelatedArticles
        | Operation::ReportSearches
        | Operation::ReportReads
        | Operation::ListFeedback
        | Operation::ReportFeedback
        | Operation::ListKeys
        | Operation::CreateKey
        | Operation::RevokeKey
        | Operation::Reindex
        | Operation::VerifyIndex => Vec::new(),
    }
}

fn with_id(value: &Value, id: &str) -> Value {
    let text = value.to_string().replace("{id}", id);
    serde_json::from_str(&text).expect("still JSON")
}

/// The beginning both applications share.
async fn arrange() -> (TestApp, String) {
    let app = TestApp::spawn().await;
    app.category("Shelf").create().await;
    let article = app
        .article()
        .title("The first")
        .body("Some words.\n")
        .create()
        .await;
    app.settle().await;
    (app, article.id)
}

async fn tables(app: &TestApp) -> Vec<(String, Vec<Value>)> {
    let mut tables = Vec::new();
    for (table, _) in PARITY_TABLES {
        tables.push((table.to_owned(), app.rows(table).await));
    }
    normalise(&mut tables);
    tables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tool_leaves_at_both_doors_the_same_rows_audit_and_events() {
    let tools: Vec<_> = Operation::ALL
        .iter()
        .copied()
        .filter(|o| o.row().tool)
        .collect();
    assert!(tools.len() >= 5);
    for operation in tools {
        let steps = steps(operation);
        assert!(
            !steps.is_empty(),
            "{} is a tool and has no step here",
            operation.row().name
        );
        let (by_rest, rest_id) = arrange().await;
        let (by_mcp, mcp_id) = arrange().await;
        assert_eq!(
            tables(&by_rest).await,
            tables(&by_mcp).await,
            "the arrangements differ"
        );
        for (n, step) in steps.iter().enumerate() {
            let name = format!("{} step {n}", operation.row().name);
            let before = by_rest.rows("outbox").await.len();
            let key = format!("step-{n}");
            let mut request = by_rest
                .rest(&by_rest.key)
                .request(step.method, &step.path.replace("{id}", &rest_id));
            let mut arguments = with_id(&step.arguments, &mcp_id);
            if operation.row().is_write() {
                request = request.header("idempotency-key", &key);
                arguments["idempotency_key"] = json!(key);
            }
            if let Some(tag) = step.if_match {
                request = request.header("if-match", tag);
            }
            if !step.body.is_null() {
                request = request.json(&with_id(&step.body, &rest_id));
            }
            let rest = request.send().await;
            let mcp = by_mcp
                .mcp(&by_mcp.key)
                .call(operation.row().name, arguments)
                .await;
            assert_eq!(
                rest.status < 400,
                !mcp.is_error,
                "{name}: {} {} but {}",
                rest.status,
                rest.text(),
                mcp.text
            );
            let (left, right) = (tables(&by_rest).await, tables(&by_mcp).await);
            for (rest, mcp) in left.iter().zip(&right) {
                assert_eq!(rest, mcp, "{name}: the doors leave different rows");
            }
            let writes = by_rest.rows("outbox").await.len() - before;
            assert!(
                writes <= 1 && (operation.row().is_write() || writes == 0),
                "{name} left {writes} events"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_doors_read_the_same_article() {
    let (app, id) = arrange().await;
    let rest = app
        .rest(&app.key)
        .get(&format!("/articles/{id}"))
        .await
        .expect(200);
    let json = rest.json();
    let tool = app
        .mcp(&app.key)
        .call("get_article", json!({"id": id}))
        .await
        .ok();
    for field in [
        "id",
        "short_id",
        "slug",
        "title",
        "body",
        "locale",
        "status",
        "audience",
        "tags",
        "revision",
        "created_at",
        "updated_at",
        "portal",
    ] {
        assert_eq!(json[field], tool[field], "{field}");
    }
    assert_eq!(
        rest.header("etag"),
        tool["etag"].as_str().unwrap_or_default()
    );
}
