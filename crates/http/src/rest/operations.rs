//! Which operation a route is: read once from the OpenAPI document, looked up on each request.

use std::collections::HashMap;

use axum::http::Method;
use cairn_domain::operation::Operation;
use utoipa::openapi::OpenApi;

/// Routes by method and path template.
#[derive(Debug)]
pub(super) struct Operations(HashMap<(Method, String), Operation>);

impl Operations {
    /// The operations of a document.
    pub(super) fn of(document: &OpenApi) -> Self {
        let mut found = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, described) in [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ] {
                let name = described.as_ref().and_then(|d| d.operation_id.as_deref());
                let operation = Operation::ALL
                    .iter()
                    .copied()
                    .find(|o| Some(o.row().name) == name);
                if let Some(operation) = operation {
                    found.insert((method, path.clone()), operation);
                }
            }
        }
        Self(found)
    }

    /// The operation of a request; `HEAD` counts as `GET`.
    pub(super) fn get(&self, method: &Method, path: &str) -> Option<Operation> {
        let method = if method == Method::HEAD {
            Method::GET
        } else {
            method.clone()
        };
        self.0.get(&(method, path.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_exactly_one_route() {
        let document = super::super::routes().into_openapi();
        let operations = Operations::of(&document);
        for operation in Operation::ALL {
            let routes = operations.0.values().filter(|o| *o == operation).count();
            assert_eq!(routes, 1, "{}", operation.row().name);
        }
        let described: usize = document
            .paths
            .paths
            .values()
            .map(|item| {
                [&item.get, &item.post, &item.patch, &item.delete, &item.put]
                    .iter()
                    .filter(|o| o.is_some())
                    .count()
            })
            .sum();
        assert_eq!(
            described,
            Operation::ALL.len(),
            "a described route names no operation"
        );
    }

    #[test]
    fn a_request_finds_its_operation() {
        let operations = Operations::of(&super::super::routes().into_openapi());
        assert_eq!(
            operations.get(&Method::PATCH, "/api/v1/articles/{id}"),
            Some(Operation::UpdateArticle)
        );
        assert_eq!(
            operations.get(&Method::HEAD, "/api/v1/articles"),
            Some(Operation::ListArticles)
        );
        assert_eq!(operations.get(&Method::PUT, "/api/v1/articles"), None);
    }
}
