//! Portals: making, changing, naming.

use cairn_domain::slug::RESERVED;
use cairn_tests::TestApp;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_is_made_read_by_slug_or_id_and_changed() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let made = rest.post("/portals", json!({"slug": "ferry", "name": "Ferry", "locales": ["de", "en_us"], "hostnames": ["help.ferry.example"], "accent": "#0a7d5a"})).await.expect(201);
    let portal = made.json();
    assert_eq!(
        (&portal["locales"], &portal["default_locale"]),
        (&json!(["de", "en-US"]), &json!("de"))
    );
    assert_eq!(made.header("location"), "/api/v1/portals/ferry");
    for name in ["ferry", portal["id"].as_str().expect("an id")] {
        assert_eq!(
            rest.get(&format!("/portals/{name}"))
                .await
                .expect(200)
                .json(),
            portal
        );
    }
    let changed = rest
        .patch(
            "/portals/ferry",
            "\"1\"",
            json!({"accent": null, "name": "Ferries"}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            &changed["accent"],
            &changed["name"],
            &changed["row_version"]
        ),
        (&Value::Null, &json!("Ferries"), &json!(2))
    );
    let listed = rest.get("/portals").await.expect(200).json();
    let slugs: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|p| p["slug"].clone())
        .collect();
    assert_eq!(
        (slugs, &listed["total"]),
        (vec![json!("ferry"), json!("help")], &json!(2))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slugs_that_would_hide_a_door_are_refused() {
    let app = TestApp::spawn().await;
    for slug in RESERVED {
        let answer = app
            .rest(&app.key)
            .post("/portals", json!({"slug": slug, "name": "x"}))
            .await;
        answer.problem(400, "invalid_fields");
        let codes: Vec<_> = answer
            .faults()
            .into_iter()
            .filter(|(f, _)| f == "slug")
            .collect();
        assert!(!codes.is_empty(), "{slug} was taken");
    }
    assert_eq!(app.rows("portals").await.len(), 2, "the instance and help");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slugs_and_hostnames_belong_to_one_portal() {
    let app = TestApp::spawn().await;
    app.portal("ferry")
        .hostnames(&["help.ferry.example"])
        .create()
        .await;
    let rest = app.rest(&app.key);
    rest.post("/portals", json!({"slug": "ferry", "name": "x"}))
        .await
        .problem(409, "slug_taken");
    rest.post(
        "/portals",
        json!({"slug": "train", "name": "x", "hostnames": ["help.ferry.example"]}),
    )
    .await
    .problem(409, "conflict");
    let answer = rest.post("/portals", json!({"slug": "Train!", "name": "", "hostnames": ["https://a"], "locales": ["en", "en", "x y"], "accent": "red"})).await;
    answer.problem(400, "invalid_fields");
    let fields: Vec<_> = answer.faults().into_iter().map(|(f, _)| f).collect();
    for field in ["slug", "locales.2"] {
        assert!(
            fields.iter().any(|f| f == field),
            "{field} is not among {fields:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_of_some_portals_makes_no_other() {
    let app = TestApp::spawn().await;
    let some = app.make_key().portals(&["help"]).create().await;
    app.rest(&some)
        .post("/portals", json!({"slug": "mine", "name": "x"}))
        .await
        .problem(403, "missing_scope");
    assert_eq!(app.rows("portals").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_instance_portal_is_no_portal_for_anybody() {
    let app = TestApp::spawn().await;
    let rest = app.rest(&app.key);
    let nil = "00000000-0000-0000-0000-000000000000";
    rest.get(&format!("/portals/{nil}"))
        .await
        .problem(404, "not_found");
    rest.get(&format!("/articles?portal={nil}"))
        .await
        .problem(404, "not_found");
    rest.post(
        "/articles",
        json!({"portal": nil, "title": "x", "body": ""}),
    )
    .await
    .problem(404, "not_found");
}
