//! Every operation, at every door it has, against every credential that must not get through.
//!
//! The table below has at least one call for each operation; a new operation without one does not
//! compile. Refusals are compared byte by byte: what belongs to another portal answers exactly as
//! what does not exist at all.

use std::time::Duration;

use cairn_domain::operation::Operation;
use cairn_domain::scope::{Scope, ScopeSet};
use cairn_tests::{Answer, TestApp, TestKey};
use serde_json::{Value, json};

/// The bundle from which every furnished portal is being restored.
const BUNDLE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// SHA-256 of `{"any":"bytes"}`.
const FILE: &str = "41d336dc4f40ef043ff4e1cef9bbb921eba6682d134a30845d12f5b20ceceb16";

/// Names of the things of one portal; the same lengths in every portal.
#[derive(Debug, Clone)]
struct Place {
    portal: String,
    article: String,
    short_id: String,
    slug: String,
    category: String,
    attachment: String,
    key: String,
    /// An article whose first revision may be erased.
    revised: String,
    purge: String,
}

impl Place {
    /// Where nothing is.
    fn nowhere() -> Self {
        Self {
            portal: "nobo".to_owned(),
            article: "018f4e2a-7b1c-7c3d-9e4f-0123456789ab".to_owned(),
            short_id: "nobo~1".to_owned(),
            slug: "an-article".to_owned(),
            category: "018f4e2a-7b1c-7c3d-9e4f-0123456789ac".to_owned(),
            attachment: "018f4e2a-7b1c-7c3d-9e4f-0123456789ae".to_owned(),
            key: "018f4e2a-7b1c-7c3d-9e4f-0123456789ad".to_owned(),
            revised: "018f4e2a-7b1c-7c3d-9e4f-0123456789b0".to_owned(),
            purge: "018f4e2a-7b1c-7c3d-9e4f-0123456789af".to_owned(),
        }
    }

    /// An answer without the names of the place.
    fn anonymous(
        &self,
        (status, headers, body): (u16, Vec<(String, String)>, String),
    ) -> (u16, String, String) {
        let clean = |mut text: String| {
            for name in [
                &self.short_id,
                &self.article,
                &self.category,
                &self.attachment,
                &self.key,
                &self.revised,
                &self.purge,
                &self.portal,
            ] {
                text = text.replace(name.as_str(), "<name>");
            }
            text
        };
        (status, clean(format!("{headers:?}")), clean(body))
    }
}

/// One call at the REST door.
#[derive(Debug)]
struct Call {
    method: &'static str,
    path: String,
    if_match: Option<&'static str>,
    body: Value,
}

fn call(
    method: &'static str,
    path: impl Into<String>,
    if_match: Option<&'static str>,
    body: Value,
) -> Call {
    Call {
        method,
        path: path.into(),
        if_match,
        body,
    }
}

/// What another portal's things answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    /// Like nothing at all.
    NotFound,
    /// A credential of some portals may never do it.
    Forbidden,
    /// It names no portal; what it shows is compared in `tenancy`.
    NamesNone,
}

/// The calls of an operation in a place, and what they answer to a credential of another portal.
fn calls(operation: Operation, at: &Place) -> (Elsewhere, Vec<Call>) {
    let Place {
        portal,
        article,
        short_id,
        slug,
        category,
        attachment,
        key,
        revised,
        purge,
    } = at;
    let none = || Value::Null;
    let get = |path: String| call("GET", path, None, Value::Null);
    let new = json!({"portal": portal, "title": "New", "body": "x"});
    match operation {
        Operation::ListPortals => (Elsewhere::NamesNone, vec![get("/portals".to_owned())]),
        Operation::GetPortal => (Elsewhere::NotFound, vec![get(format!("/portals/{portal}"))]),
        Operation::CreatePortal => (
            Elsewhere::Forbidden,
            vec![call(
                "POST",
                "/portals",
                None,
                json!({"slug": format!("{portal}x"), "name": "x"}),
            )],
        ),
        Operation::UpdatePortal => (
            Elsewhere::NotFound,
            vec![call(
                "PATCH",
                format!("/portals/{portal}"),
                Some("\"1\""),
                json!({"name": "x"}),
            )],
        ),
        Operation::ListCategories => (
            Elsewhere::NotFound,
            vec![get(format!("/categories?portal={portal}"))],
        ),
        Operation::CreateCategory => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                "/categories",
                None,
                json!({"portal": portal, "name": "x"}),
            )],
        ),
        Operation::UpdateCategory => (
            Elsewhere::NotFound,
            vec![call(
                "PATCH",
                format!("/categories/{category}"),
                Some("\"1\""),
                json!({"name": "x"}),
            )],
        ),
        Operation::ListArticles => (
            Elsewhere::NotFound,
            vec![
                get(format!("/articles?portal={portal}")),
                get(format!("/articles?portal={portal}&q=words")),
                get(format!("/articles?portal={portal}&slug={slug}")),
            ],
        ),
        Operation::GetArticle => (
            Elsewhere::NotFound,
            vec![
                get(format!("/articles/{article}")),
                get(format!("/articles/{short_id}")),
                get(format!("/articles/{article}?published=true")),
                get(format!("/articles/{article}?revision=1")),
            ],
        ),
        Operation::CreateArticle => (
            Elsewhere::NotFound,
            vec![call("POST", "/articles", None, new)],
        ),
        Operation::UpdateArticle => {
            let change = |tag| {
                call(
                    "PATCH",
                    format!("/articles/{article}"),
                    tag,
                    json!({"title": "x"}),
                )
            };
            // Without a precondition, and with a stale one: neither may tell that there is something.
            (
                Elsewhere::NotFound,
                vec![change(Some("\"1\"")), change(None), change(Some("\"7\""))],
            )
        }
        Operation::ListRevisions => (
            Elsewhere::NotFound,
            vec![
                get(format!("/articles/{article}/revisions")),
                get(format!("/articles/{short_id}/revisions")),
            ],
        ),
        Operation::GetRevision => (
            Elsewhere::NotFound,
            vec![
                get(format!("/articles/{article}/revisions/1")),
                get(format!("/articles/{short_id}/revisions/1")),
            ],
        ),
        Operation::RestoreRevision => {
            let restore = |tag| {
                call(
                    "POST",
                    format!("/articles/{article}/restorations"),
                    tag,
                    json!({"revision": 1}),
                )
            };
            (
                Elsewhere::NotFound,
                vec![restore(Some("\"1\"")), restore(None)],
            )
        }
        Operation::ImportArticles => {
            let item = json!({"source_id": "s", "title": "T", "body": "b", "locale": "en", "status": "draft"});
            (
                Elsewhere::NotFound,
                vec![call(
                    "POST",
                    "/article-imports",
                    None,
                    json!({"portal": portal, "items": [item]}),
                )],
            )
        }
        Operation::BatchArticles => {
            let operation = json!({"id": article, "expected_revision": 1, "add_tags": ["x"]});
            (
                Elsewhere::NotFound,
                vec![call(
                    "POST",
                    "/article-batches",
                    None,
                    json!({"portal": portal, "operations": [operation]}),
                )],
            )
        }
        Operation::ExportArticles => (
            Elsewhere::NotFound,
            vec![get(format!("/article-exports?portal={portal}"))],
        ),
        Operation::ExportRevisions => (
            Elsewhere::NotFound,
            vec![get(format!("/revision-exports?portal={portal}"))],
        ),
        Operation::ExportPortal => (
            Elsewhere::NotFound,
            vec![get(format!("/portal-exports?portal={portal}"))],
        ),
        Operation::PurgeArticle => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                format!("/articles/{article}/purges"),
                None,
                json!({"message": "why"}),
            )],
        ),
        Operation::PurgeRevision => {
            let erase = |article: &str, number: i32| {
                let path = format!("/articles/{article}/revisions/{number}/purges");
                call("POST", path, None, json!({"message": "why"}))
            };
            (
                Elsewhere::NotFound,
                vec![erase(revised, 1), erase(article, 1), erase(revised, 9)],
            )
        }
        Operation::PurgeAttachment => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                format!("/attachments/{attachment}/purges"),
                None,
                json!({"message": "why"}),
            )],
        ),
        Operation::ListPurges => (
            Elsewhere::NotFound,
            vec![get(format!("/purges?portal={portal}"))],
        ),
        Operation::GetPurge => (Elsewhere::NotFound, vec![get(format!("/purges/{purge}"))]),
        Operation::GetSearchRules => (
            Elsewhere::NotFound,
            vec![get(format!("/search-rules?portal={portal}&locale=en"))],
        ),
        Operation::PutSearchRules => {
            let put = |tag, articles: &[&String]| {
                let pins = match articles {
                    [] => json!([]),
                    articles => json!([{"query": "words", "articles": articles}]),
                };
                call(
                    "PUT",
                    format!("/search-rules?portal={portal}&locale=en"),
                    tag,
                    json!({"synonyms": [], "stop_words": ["new"], "pins": pins, "keywords": []}),
                )
            };
            let (first, stale) = (Some("\"1\""), Some("\"7\""));
            (
                Elsewhere::NotFound,
                vec![
                    put(first, &[]),
                    put(first, &[article, short_id]),
                    put(None, &[]),
                    put(stale, &[]),
                ],
            )
        }
        Operation::ListRedirects => (
            Elsewhere::NotFound,
            vec![get(format!("/redirects?portal={portal}"))],
        ),
        Operation::PutRedirects => {
            let put = |redirects: Value| {
                let body = json!({"portal": portal, "redirects": redirects});
                call("POST", "/redirects", None, body)
            };
            let to = |target: String| json!([{"old_url": "/before", "target": target}]);
            (
                Elsewhere::NotFound,
                vec![
                    put(to(format!("article:{article}"))),
                    put(to(format!("article:{short_id}"))),
                    put(to(format!("category:{category}"))),
                    put(to("/en".to_owned())),
                ],
            )
        }
        Operation::DeleteRedirect => {
            let delete = |old_url: &str| {
                let path = format!("/redirects?portal={portal}&old_url={old_url}");
                call("DELETE", path, None, none())
            };
            (
                Elsewhere::NotFound,
                vec![delete("/moved-page"), delete("/never-there")],
            )
        }
        Operation::ListImportedFiles => (
            Elsewhere::NotFound,
            vec![
                get(format!("/imported-files?portal={portal}")),
                get(format!("/imported-files?portal={portal}&source=import")),
            ],
        ),
        Operation::ListAttachments => (
            Elsewhere::NotFound,
            vec![
                get(format!("/attachments?portal={portal}")),
                get(format!("/attachments?portal={portal}&unreferenced=true")),
            ],
        ),
        Operation::GetAttachment => (
            Elsewhere::NotFound,
            vec![get(format!("/attachments/{attachment}"))],
        ),
        Operation::GetAttachmentContent => (
            Elsewhere::NotFound,
            vec![get(format!("/attachments/{attachment}/content"))],
        ),
        Operation::CreateAttachment => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                format!("/attachments?portal={portal}&name=new.json"),
                None,
                json!({"any": "bytes"}),
            )],
        ),
        Operation::RestorePortal => (
            Elsewhere::Forbidden,
            vec![call(
                "POST",
                "/portal-restorations",
                None,
                json!({"bundle": "0".repeat(64), "next_number": 1, "portal": {
                    "id": "018f4e2a-7b1c-7c3d-9e4f-0123456789ae", "slug": format!("{portal}r"), "name": "R",
                    "hostnames": [], "locales": ["en"], "accent": null, "row_version": 1,
                    "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
                }}),
            )],
        ),
        Operation::RestoreFile => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                format!("/file-restorations?portal={portal}&name=x&digest={FILE}"),
                None,
                json!({"any": "bytes"}),
            )],
        ),
        Operation::RestoreContent => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                "/content-restorations",
                None,
                json!({"portal": portal, "bundle": BUNDLE, "content": {}}),
            )],
        ),
        Operation::SearchArticles => (
            Elsewhere::NotFound,
            vec![get(format!("/search?q=words&portal={portal}"))],
        ),
        Operation::SearchPassages => (
            Elsewhere::NotFound,
            vec![get(format!("/passages?q=words&portal={portal}"))],
        ),
        Operation::SuggestArticles => (
            Elsewhere::NotFound,
            vec![get(format!("/suggestions?q=words&portal={portal}"))],
        ),
        Operation::ListRelatedArticles => (
            Elsewhere::NotFound,
            vec![get(format!("/articles/{article}/related"))],
        ),
        Operation::ReportSearches => (
            Elsewhere::NotFound,
            vec![get(format!("/search-reports?portal={portal}"))],
        ),
        Operation::ReportReads => (
            Elsewhere::NotFound,
            vec![get(format!("/read-reports?portal={portal}"))],
        ),
        Operation::ListFeedback => (
            Elsewhere::NotFound,
            vec![get(format!("/feedback?portal={portal}"))],
        ),
        Operation::ReportFeedback => (
            Elsewhere::NotFound,
            vec![get(format!("/feedback-reports?portal={portal}"))],
        ),
        Operation::ListKeys => (Elsewhere::NamesNone, vec![get("/keys".to_owned())]),
        Operation::CreateKey => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                "/keys",
                None,
                json!({"name": "x", "scopes": ["articles:read"], "portals": [portal]}),
            )],
        ),
        Operation::RevokeKey => (
            Elsewhere::NotFound,
            vec![call("DELETE", format!("/keys/{key}"), None, none())],
        ),
        Operation::Reindex => (
            Elsewhere::NotFound,
            vec![call("POST", "/reindexes", None, json!({"portal": portal}))],
        ),
        Operation::VerifyIndex => (
            Elsewhere::NotFound,
            vec![call(
                "POST",
                "/index-verifications",
                None,
                json!({"portal": portal}),
            )],
        ),
    }
}

/// The calls of an operation at the MCP door.
fn tool_calls(operation: Operation, at: &Place) -> Vec<Value> {
    let Place {
        portal,
        article,
        short_id,
        slug,
        ..
    } = at;
    let url = format!("http://127.0.0.1:8080/{portal}/en/articles/{slug}");
    match operation {
        Operation::ListCategories => vec![json!({"portal": portal})],
        Operation::ListArticles => vec![
            json!({"portal": portal}),
            json!({"portal": portal, "query": "words"}),
        ],
        Operation::SearchPassages => vec![json!({"portal": portal, "query": "words"})],
        Operation::GetArticle => vec![
            json!({"id": article}),
            json!({"id": short_id}),
            json!({"id": url}),
            json!({"id": article, "revision": 1}),
        ],
        Operation::CreateArticle => vec![json!({"portal": portal, "title": "New", "body": "x"})],
        Operation::UpdateArticle => vec![
            json!({"id": article, "expected_revision": 1, "title": "x"}),
            json!({"id": short_id, "expected_revision": 7, "title": "x"}),
            json!({"id": url, "expected_revision": 1, "title": "x", "dry_run": true}),
        ],
        other => panic!("{} is a tool and has no call here", other.row().name),
    }
}

fn tools() -> impl Iterator<Item = Operation> {
    Operation::ALL.iter().copied().filter(|o| o.row().tool)
}

async fn send(app: &TestApp, key: Option<&TestKey>, call: &Call) -> Answer {
    let door = key.map_or_else(|| app.rest_without_key(), |key| app.rest(key));
    let mut request = door.request(call.method, &call.path);
    if matches!(
        call.path.as_str(),
        "/article-imports" | "/article-batches" | "/content-restorations"
    ) {
        request = request.header("idempotency-key", "batch");
    }
    if let Some(tag) = call.if_match {
        request = request.header("if-match", tag);
    }
    if !call.body.is_null() {
        request = request.json(&call.body);
    }
    request.send().await
}

async fn furnish(app: &TestApp, portal: &str) -> Place {
    let category = app.category("Shelf").in_portal(portal).create().await;
    let article = app.article().in_portal(portal).published().create().await;
    let bytes = json!({"of": portal});
    let attachment = app
        .rest(&app.key)
        .post(&format!("/attachments?portal={portal}&name=a.json"), bytes)
        .await
        .expect(201)
        .json();
    let key = app.make_key().portals(&[portal]).create().await;
    let revised = app.article().in_portal(portal).create().await;
    let revised = app
        .change(&revised, |c| c.title = Some("Anew".to_owned()))
        .await;
    let doomed = app.article().in_portal(portal).create().await;
    let purge = app
        .rest(&app.key)
        .post(
            &format!("{}/purges", doomed.api()),
            json!({"message": "why"}),
        )
        .await
        .expect(201)
        .json();
    app.execute(&format!(
        "insert into restorations (portal_id, bundle, started_at) select id, decode('{BUNDLE}', 'hex'), now() from portals where slug = '{portal}'"
    ))
    .await;
    app.redirect(portal, "/moved-page", &format!("article:{}", article.id))
        .await;
    Place {
        portal: portal.to_owned(),
        short_id: article.short_id,
        slug: article.slug,
        article: article.id,
        category: category.id.to_string(),
        attachment: attachment["id"].as_str().unwrap_or_default().to_owned(),
        key: key.id,
        revised: revised.id,
        purge: purge["id"].as_str().expect("an id").to_owned(),
    }
}

/// Two furnished portals: `help`, and `abcd`, which another credential has.
async fn arrange() -> (TestApp, Place, Place) {
    let app = TestApp::spawn().await;
    app.portal("abcd").create().await;
    let (help, other) = (furnish(&app, "help").await, furnish(&app, "abcd").await);
    app.settle().await;
    (app, help, other)
}

/// What a refusal must leave alone.
async fn written(app: &TestApp) -> (usize, usize, usize) {
    (
        app.rows("outbox").await.len(),
        app.rows("audit").await.len(),
        app.rows("idempotency").await.len(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_of_the_table_works_for_who_may_do_it() {
    for operation in Operation::ALL {
        let (app, help, _) = arrange().await;
        let (_, calls) = calls(*operation, &help);
        let first = calls.first().expect("each operation has a call");
        let answer = send(&app, Some(&app.key), first).await;
        assert!(
            answer.status < 300,
            "{first:?}: {} {}",
            answer.status,
            answer.text()
        );
        if operation.row().tool {
            let (app, help, _) = arrange().await;
            let arguments = tool_calls(*operation, &help).remove(0);
            app.mcp(&app.key)
                .call(operation.row().name, arguments)
                .await
                .ok();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_operation_lets_anybody_in_without_a_valid_key() {
    let (app, help, _) = arrange().await;
    let revoked = app.key_with(&["full"]).await;
    app.rest(&app.key)
        .request("DELETE", &format!("/keys/{}", revoked.id))
        .send()
        .await
        .expect(200);
    let expired = app
        .make_key()
        .expires_in(Duration::from_secs(60))
        .create()
        .await;
    app.clock.advance(Duration::from_secs(61));
    let garbage = TestKey::garbage();
    let before = written(&app).await;
    for operation in Operation::ALL {
        for call in calls(*operation, &help).1 {
            let none = send(&app, None, &call).await;
            none.problem(401, "unauthenticated");
            assert!(
                none.header("www-authenticate").starts_with("Bearer"),
                "{call:?}"
            );
            let refused = send(&app, Some(&garbage), &call).await;
            refused.problem(401, "unauthenticated");
            for key in [&revoked, &expired] {
                assert_eq!(
                    send(&app, Some(key), &call).await.outside(),
                    refused.outside(),
                    "{call:?}"
                );
            }
        }
    }
    for operation in tools() {
        for arguments in tool_calls(operation, &help) {
            let params = json!({"name": operation.row().name, "arguments": arguments});
            let none = app
                .mcp_without_key()
                .rpc("tools/call", params.clone())
                .await
                .expect(401);
            assert_eq!(none.json()["error"]["data"]["code"], "unauthenticated");
            let refused = app
                .mcp(&garbage)
                .rpc("tools/call", params.clone())
                .await
                .expect(401);
            for key in [&revoked, &expired] {
                assert_eq!(
                    app.mcp(key)
                        .rpc("tools/call", params.clone())
                        .await
                        .outside(),
                    refused.outside()
                );
            }
        }
    }
    assert_eq!(written(&app).await, before);
}

/// A key with every scope but this one, and those that bring it along.
async fn all_but(app: &TestApp, scope: Scope) -> TestKey {
    let without =
        |s: &&Scope| ScopeSet::from_names([s.as_str()]).is_ok_and(|set| !set.contains(scope));
    let names: Vec<_> = Scope::ALL
        .iter()
        .filter(without)
        .map(|s| s.as_str())
        .collect();
    app.key_with(&names).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_refuses_a_key_without_its_scope_and_names_it() {
    let (app, help, other) = arrange().await;
    for operation in Operation::ALL {
        let row = operation.row();
        let key = all_but(&app, row.scope).await;
        let before = written(&app).await;
        for place in [&help, &other, &Place::nowhere()] {
            for call in calls(*operation, place).1 {
                let refused = send(&app, Some(&key), &call).await;
                let problem = refused.problem(403, "missing_scope");
                assert_eq!(problem["missing_scope"], row.scope.as_str(), "{call:?}");
                assert!(
                    refused
                        .header("www-authenticate")
                        .contains(row.scope.as_str()),
                    "{call:?}"
                );
            }
            if row.tool {
                for arguments in tool_calls(*operation, place) {
                    let error = app
                        .mcp(&key)
                        .call(row.name, arguments)
                        .await
                        .refused("missing_scope");
                    assert_eq!(error["missing_scope"], row.scope.as_str(), "{}", row.name);
                }
                assert!(
                    !app.mcp(&key)
                        .tool_names()
                        .await
                        .contains(&row.name.to_owned()),
                    "{}",
                    row.name
                );
            }
        }
        assert_eq!(written(&app).await, before, "{}", row.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_portals_things_answer_exactly_as_what_does_not_exist() {
    let (app, _, other) = arrange().await;
    let nowhere = Place::nowhere();
    let key = app.make_key().portals(&["help"]).create().await;
    let before = written(&app).await;
    for operation in Operation::ALL {
        let (elsewhere, there) = calls(*operation, &other);
        let (_, not_there) = calls(*operation, &nowhere);
        if elsewhere == Elsewhere::NamesNone {
            continue;
        }
        for (real, made_up) in there.iter().zip(&not_there) {
            let real_answer = send(&app, Some(&key), real).await;
            let made_up_answer = send(&app, Some(&key), made_up).await;
            let (status, code) = match elsewhere {
                Elsewhere::Forbidden => (403, "missing_scope"),
                _ => (404, "not_found"),
            };
            real_answer.problem(status, code);
            assert_eq!(
                other.anonymous(real_answer.outside()),
                nowhere.anonymous(made_up_answer.outside()),
                "{real:?}"
            );
        }
        if operation.row().tool {
            for (real, made_up) in tool_calls(*operation, &other)
                .into_iter()
                .zip(tool_calls(*operation, &nowhere))
            {
                let name = operation.row().name;
                let real_answer = app
                    .mcp(&key)
                    .rpc("tools/call", json!({"name": name, "arguments": real}))
                    .await
                    .expect(200);
                let made_up_answer = app
                    .mcp(&key)
                    .rpc("tools/call", json!({"name": name, "arguments": made_up}))
                    .await;
                assert_eq!(
                    real_answer.json()["result"]["structuredContent"]["error"]["code"],
                    "not_found",
                    "{name} {real}"
                );
                assert_eq!(
                    other.anonymous(real_answer.outside()),
                    nowhere.anonymous(made_up_answer.outside()),
                    "{name} {real}"
                );
            }
        }
    }
    assert_eq!(written(&app).await, before, "a refusal wrote something");
}
