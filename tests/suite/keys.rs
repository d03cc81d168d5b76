//! API keys: shown once, never stored, no more than their maker may, gone at the next request.

use std::time::Duration;

use cairn_domain::operation::Operation;
use cairn_domain::scope::{Scope, ScopeSet};
use cairn_tests::{TestApp, TestKey};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_shown_once_and_stored_nowhere() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let made = rest
        .post(
            "/keys",
            json!({"name": "robot", "scopes": ["articles:read"]}),
        )
        .await
        .expect(201)
        .json();
    let secret = made["key"].as_str().expect("a secret").to_owned();
    assert!(
        secret.starts_with("cairn_sk_") && secret.len() == 58,
        "{secret}"
    );
    assert!(secret.ends_with(made["hint"].as_str().expect("a hint")));
    for table in ["api_keys", "audit", "outbox", "idempotency"] {
        let rows = serde_json::to_string(&app.rows(table).await).expect("serialises");
        assert!(!rows.contains(&secret[9..]), "{table} holds the secret");
    }
    let listed = rest.get("/keys").await.expect(200);
    assert!(!listed.text().contains(&secret[9..40]));
    let names: Vec<_> = listed.json()["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|k| k["name"].clone())
        .collect();
    assert_eq!(names, ["robot", "everything"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_refused_at_once_at_both_doors() {
    let app = TestApp::spawn().await;
    let key = app.key_with(&["mcp:read"]).await;
    app.rest(&key)
        .get("/articles?portal=help")
        .await
        .expect(200);
    let revoked = app
        .rest(&app.key)
        .request("DELETE", &format!("/keys/{}", key.id))
        .send()
        .await
        .expect(200)
        .json();
    assert!(revoked["revoked_at"].is_string());
    app.rest(&key)
        .get("/articles?portal=help")
        .await
        .problem(401, "unauthenticated");
    app.mcp(&key).rpc("tools/list", json!({})).await.expect(401);
    let again = app
        .rest(&app.key)
        .request("DELETE", &format!("/keys/{}", key.id))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(again["revoked_at"], revoked["revoked_at"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_ends_when_it_said_it_would() {
    let app = TestApp::spawn().await;
    let key = app
        .make_key()
        .expires_in(Duration::from_secs(3_600))
        .create()
        .await;
    app.clock.advance(Duration::from_secs(3_590));
    app.rest(&key).get("/portals").await.expect(200);
    app.clock.advance(Duration::from_secs(11));
    app.rest(&key)
        .get("/portals")
        .await
        .problem(401, "unauthenticated");
    let past = app
        .rest(&app.key)
        .post(
            "/keys",
            json!({"name": "n", "scopes": ["full"], "expires_at": "2020-01-01T00:00:00Z"}),
        )
        .await;
    assert_eq!(
        past.problem(400, "invalid_fields")["errors"][0]["field"],
        "expires_at"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_revoked_expired_and_garbage_keys_read_alike() {
    let app = TestApp::spawn().await;
    let revoked = app.key_with(&["full"]).await;
    app.rest(&app.key)
        .request("DELETE", &format!("/keys/{}", revoked.id))
        .send()
        .await
        .expect(200);
    let expired = app
        .make_key()
        .expires_in(Duration::from_secs(1))
        .create()
        .await;
    app.clock.advance(Duration::from_secs(2));
    let mut unknown = app.key_with(&["full"]).await;
    app.execute(&format!("delete from api_keys where id = '{}'", unknown.id))
        .await;
    unknown.id = String::new();
    let garbage = TestKey::garbage();
    let seen: Vec<_> = {
        let mut seen = Vec::new();
        for key in [&revoked, &expired, &unknown, &garbage] {
            seen.push(app.rest(key).get("/portals").await.outside());
        }
        seen
    };
    assert_eq!(seen[0].0, 401);
    assert!(seen.iter().all(|s| *s == seen[0]), "{seen:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_use_is_refused_from_the_request_after_its_revocation() {
    let app = TestApp::spawn().await;
    let key = app.key_with(&["full"]).await;
    let rest = app.rest(&key);
    rest.get("/portals").await.expect(200);
    rest.get("/portals").await.expect(200);
    app.rest(&app.key)
        .request("DELETE", &format!("/keys/{}", key.id))
        .send()
        .await
        .expect(200);
    rest.get("/portals").await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_revoked_elsewhere_writes_no_more_at_once_and_reads_no_more_after_a_second() {
    let app = TestApp::spawn().await;
    let key = app.key_with(&["full"]).await;
    let rest = app.rest(&key);
    rest.get("/portals").await.expect(200);
    // As another process on this database would.
    app.execute(&format!(
        "update api_keys set revoked_at = now() where id = '{}'",
        key.id
    ))
    .await;
    let write = rest.request("DELETE", &format!("/keys/{}", key.id));
    write.send().await.expect(401);
    rest.get("/portals").await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    rest.get("/portals").await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_use_ends_when_it_expires() {
    let app = TestApp::spawn().await;
    let key = app
        .make_key()
        .expires_in(Duration::from_millis(500))
        .create()
        .await;
    let rest = app.rest(&key);
    rest.get("/portals").await.expect(200);
    app.clock.advance(Duration::from_millis(600));
    rest.get("/portals").await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_header_carries_a_key_and_two_different_ones_are_refused() {
    let app = TestApp::spawn().await;
    let other = app.key_with(&["full"]).await;
    let bearer = format!("Bearer {}", app.key.secret);
    app.request("GET", "/api/v1/portals")
        .header("authorization", &bearer)
        .send()
        .await
        .expect(200);
    app.request("GET", "/api/v1/portals")
        .header("authorization", &bearer)
        .header("x-api-key", &app.key.secret)
        .send()
        .await
        .expect(200);
    let both = app
        .request("GET", "/api/v1/portals")
        .header("authorization", &bearer)
        .header("x-api-key", &other.secret)
        .send()
        .await;
    both.problem(401, "unauthenticated");
    assert!(both.header("www-authenticate").starts_with("Bearer"));
    app.request("GET", &format!("/api/v1/portals?key={}", app.key.secret))
        .send()
        .await
        .expect(401);
    app.request("GET", "/api/v1/portals")
        .header("authorization", "Basic YTpi")
        .send()
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_away_more_than_they_have() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let admin = app
        .make_key()
        .scopes(&["keys:admin", "articles:read"])
        .portals(&["help"])
        .create()
        .await;
    let rest = app.rest(&admin);
    for scopes in [
        json!(["full"]),
        json!(["articles:write"]),
        json!(["mcp:read"]),
    ] {
        let refused = rest
            .post("/keys", json!({"name": "n", "scopes": scopes}))
            .await;
        assert_eq!(
            refused.problem(400, "invalid_fields")["errors"][0]["code"],
            "scope_not_held",
            "{scopes}"
        );
    }
    rest.post(
        "/keys",
        json!({"name": "n", "scopes": ["articles:read"], "portals": ["other"]}),
    )
    .await
    .problem(404, "not_found");
    // Left unsaid, the reach is the maker's and not everything.
    app.clock.advance(Duration::from_millis(10));
    let made = rest
        .post("/keys", json!({"name": "n", "scopes": ["articles:read"]}))
        .await
        .expect(201)
        .json();
    assert_eq!(made["portals"], json!(["help"]));
    // The keys of everything, and of other portals, are nothing to it.
    let names: Vec<_> = rest
        .all("/keys", 2)
        .await
        .0
        .iter()
        .map(|k| k["name"].clone())
        .collect();
    assert_eq!(names, ["n", "a test's key"]);
    rest.request("DELETE", &format!("/keys/{}", app.key.id))
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scopes_and_bundles_are_checked_by_name() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    for name in ScopeSet::names() {
        rest.post("/keys", json!({"name": name, "scopes": [name]}))
            .await
            .expect(201);
    }
    let answer = rest
        .post(
            "/keys",
            json!({"name": "", "scopes": ["articles:fly", "articles:read"]}),
        )
        .await;
    answer.problem(400, "invalid_fields");
    let want = [("name", "required"), ("scopes.0", "unknown_scope")]
        .map(|(f, c)| (f.to_owned(), c.to_owned()));
    assert_eq!(answer.faults(), want);
    rest.post("/keys", json!({"name": "n", "scopes": []}))
        .await
        .problem(400, "invalid_fields");
    rest.post("/keys", json!({"name": "n"}))
        .await
        .problem(400, "invalid_fields");
}

#[test]
fn every_scope_guards_an_operation_or_a_state() {
    // A scope exists only once something is guarded by it: publishing is guarded by the change.
    for scope in Scope::ALL {
        let guards = Operation::ALL.iter().any(|o| o.row().scope == *scope);
        assert!(
            guards || *scope == Scope::ArticlesPublish,
            "{scope} guards nothing"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_listed_newest_first_page_by_page_without_gaps() {
    let app = TestApp::spawn().await;
    for n in 0..7 {
        app.clock.advance(Duration::from_millis(10));
        app.make_key().name(&format!("k{n}")).create().await;
    }
    let (items, pages) = app.rest(&app.key).all("/keys", 3).await;
    let names: Vec<_> = items.iter().filter_map(|k| k["name"].as_str()).collect();
    assert_eq!(
        names,
        ["k6", "k5", "k4", "k3", "k2", "k1", "k0", "everything"]
    );
    assert!(pages >= 3);
    assert!(
        items
            .iter()
            .all(|k| k.get("key").is_none_or(Value::is_null))
    );
}
