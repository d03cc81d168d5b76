//! The committed OpenAPI document is the one the routes make, and knows every operation.

use cairn_domain::operation::Operation;
use cairn_tests::{TestApp, read, root};
use serde_json::Value;

#[test]
fn the_committed_document_is_what_the_routes_make() {
    let committed = read(&root().join("crates/http/openapi.json"));
    let made = cairn_http::openapi_json();
    assert!(
        committed == made,
        "crates/http/openapi.json is not what the routes make; write it again"
    );
}

#[test]
fn every_operation_has_one_path_and_no_path_is_without_one() {
    let document: Value = serde_json::from_str(&cairn_http::openapi_json()).expect("JSON");
    let mut described = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("an item").values() {
            if let Some(id) = operation["operationId"].as_str() {
                described.push(id.to_owned());
            }
        }
    }
    described.sort();
    let mut known: Vec<_> = Operation::ALL
        .iter()
        .map(|o| o.row().name.to_owned())
        .collect();
    known.sort();
    assert_eq!(described, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_served_to_anybody() {
    let app = TestApp::spawn().await;
    let served = app
        .rest_without_key()
        .get("/openapi.json")
        .await
        .expect(200);
    assert_eq!(served.text(), cairn_http::openapi_json());
}
