//! The OpenAPI 3.1 document: made from the described routes and the operation table.
//!
//! What holds for every operation (credentials, problems, guarding headers) is added here once
//! instead of being repeated at each handler. Keys are sorted, so that the committed file changes
//! only when the API does.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cairn_domain::limits::IDEMPOTENCY_KEY_BYTES_MAX;
use cairn_domain::operation::{Operation, OperationRow};
use serde_json::{Map, Value, json};
use utoipa::PartialSchema as _;

use crate::problem::{CurrentState, FieldErrorBody, ProblemBody};

/// Made once: it never changes while the process lives.
static DOCUMENT: LazyLock<String> = LazyLock::new(openapi_json);

/// The document as pretty JSON with sorted keys and a line feed at the end: the same bytes each time.
pub fn openapi_json() -> String {
    let mut text =
        serde_json::to_string_pretty(&sorted(document())).expect("a JSON value serialises");
    text.push('\n');
    text
}

/// Serves the document; it needs no credential and tells nothing about content.
pub(super) async fn serve() -> Response {
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    ([kind], DOCUMENT.as_str()).into_response()
}

fn document() -> Value {
    let (_, described) = super::routes().split_for_parts();
    let mut document =
        serde_json::to_value(&described).expect("the document is made of JSON types");
    document["info"] = json!({
        "title": "Cairn authoring API",
        "version": "1",
        "description": "Portals, categories, articles, revisions, search and keys of a Cairn server. \
            Refusals are problem details (RFC 9457) with stable codes; the MCP door at /mcp answers the same codes.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/"}]);
    document["security"] = json!([{"api_key": []}, {"bearer": []}]);
    let components = &mut document["components"];
    components["securitySchemes"] = json!({
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "cairn_sk_…"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "cairn_sk_…"},
    });
    components["schemas"]["Problem"] = json!(ProblemBody::schema());
    components["schemas"]["FieldError"] = json!(FieldErrorBody::schema());
    components["schemas"]["CurrentState"] = json!(CurrentState::schema());
    components["responses"]["Problem"] = json!({
        "description": "A refusal; `code` says which.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    let paths = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut);
    for operation in paths
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
    {
        let row = Operation::ALL
            .iter()
            .map(|o| o.row())
            .find(|row| operation["operationId"] == row.name);
        if let Some(row) = row {
            complete(operation, row);
        }
    }
    document
}

/// Adds what the operation's row says.
fn complete(operation: &mut Value, row: &OperationRow) {
    operation["summary"] = json!(row.summary);
    operation["description"] = json!(format!("Needs the scope `{}`.", row.scope));
    operation["x-cairn-scope"] = json!(row.scope.as_str());
    operation["responses"]["default"] = json!({"$ref": "#/components/responses/Problem"});
    if matches!(row.name, "reindex" | "verify_index") {
        operation["requestBody"]["required"] = json!(false);
    }
    let mut headers = Vec::new();
    if row.is_write() {
        headers.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": matches!(row.name, "import_articles" | "batch_articles"),
            "description": "Sending the same request again with the same key gives the outcome of the first time.",
            "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_BYTES_MAX},
        }));
    }
    let guard = match row.name {
        "update_article" | "restore_revision" => Some(
            "The ETag of the article as it was read (`\"7.12\"`), or its head revision alone (`\"7\"`).",
        ),
        "update_portal" | "update_category" | "put_search_rules" => {
            Some("The row_version as it was read, in quotes (`\"3\"`).")
        }
        _ => None,
    };
    if let Some(description) = guard {
        headers.push(json!({
            "name": "If-Match", "in": "header", "required": true,
            "description": description, "schema": {"type": "string"},
        }));
    }
    if row.name == "get_article" {
        headers.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "ETags the client has; answered with 304 when one still fits.", "schema": {"type": "string"},
        }));
    }
    if headers.is_empty() {
        return;
    }
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.extend(headers),
        None => operation["parameters"] = Value::Array(headers),
    }
}

/// The same value with the keys of each object in order, whichever map stands behind it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().map(|(k, v)| (k, sorted(v))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_and_names_every_operation() {
        let document = document();
        assert!(
            document["openapi"]
                .as_str()
                .is_some_and(|v| v.starts_with("3.1"))
        );
        let text = openapi_json();
        for operation in Operation::ALL {
            assert!(text.contains(&format!("\"operationId\": \"{}\"", operation.row().name)));
        }
        assert_eq!(openapi_json(), text, "the document is the same each time");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn check(value: &Value, document: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(to)) = members.get("$ref") {
                        let pointer = to.strip_prefix('#').expect("a local reference");
                        assert!(document.pointer(pointer).is_some(), "{to} leads nowhere");
                    }
                    members.values().for_each(|v| check(v, document));
                }
                Value::Array(values) => values.iter().for_each(|v| check(v, document)),
                _ => {}
            }
        }
        let document = document();
        check(&document, &document);
    }

    #[test]
    fn writes_take_an_idempotency_key_and_updates_a_precondition() {
        let document = document();
        let names = |path: &str, method: &str| -> Vec<String> {
            document["paths"][path][method]["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|p| p["name"].as_str().map(str::to_owned))
                .collect()
        };
        let update = names("/api/v1/articles/{id}", "patch");
        assert!(
            update.contains(&"If-Match".to_owned())
                && update.contains(&"Idempotency-Key".to_owned())
        );
        assert!(names("/api/v1/keys", "post").contains(&"Idempotency-Key".to_owned()));
        assert!(!names("/api/v1/articles", "get").contains(&"Idempotency-Key".to_owned()));
    }

    #[test]
    fn the_committed_document_is_this_one() {
        let committed = include_str!("../../openapi.json");
        assert!(
            committed == openapi_json(),
            "openapi.json is old; run `make openapi`"
        );
    }
}
