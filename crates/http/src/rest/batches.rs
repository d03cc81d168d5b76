//! `/api/v1/article-batches`: many small changes to articles of one portal, in one transaction.

use axum::response::{IntoResponse, Response};
use cairn_service::articles::{self, ArticleBatch, BatchOperation, BatchResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Schema;

use crate::extract::body::BodyRules;
use crate::extract::input::{Faults, JsonValue, json_input, plain, read_object, required};
use crate::extract::{Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams};
use crate::problem::Problem;

json_input! {
    /// What is to become of one article; what is left out stays as it is.
    pub(crate) struct BatchOperationInput {
        /// UUID of the article.
        id: Option<String> = required,
        /// The head revision the change was made against.
        expected_revision: Option<i32> = required,
        /// `draft`, `published` (publishes the head, also of a published article) or `archived`.
        status: Option<String> = optional,
        /// Category id, slug or case-insensitive name; null takes the article out of the tree.
        category: Option<Option<String>> = optional,
        /// All tags anew; not together with `add_tags` and `remove_tags`.
        tags: Option<Vec<String>> = optional,
        /// Tags to add behind those it has.
        add_tags: Option<Vec<String>> = optional,
        /// Tags to take away; what it does not have is passed over.
        remove_tags: Option<Vec<String>> = optional,
        /// `public` or `internal`.
        audience: Option<String> = optional,
        /// Locale; the slug goes along.
        locale: Option<String> = optional,
    }
}

impl JsonValue for BatchOperation {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: BatchOperationInput = read_object(value, at, faults)?;
        Some(BatchOperation {
            id: required(input.id, at, "id", faults)?,
            expected_revision: input.expected_revision,
            status: input.status,
            category: input.category,
            tags: input.tags,
            add_tags: input.add_tags,
            remove_tags: input.remove_tags,
            audience: input.audience,
            locale: input.locale,
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<BatchOperationInput as utoipa::PartialSchema>::schema())
    }
}

json_input! {
    /// Up to 1,000 operations, at most one for each article; one that fails stops nothing.
    pub(crate) struct BatchInput {
        /// Portal slug or id.
        portal: Option<String> = required,
        /// The operations.
        operations: Option<Vec<BatchOperation>> = required,
    }
}

impl BodyRules for BatchInput {}

/// What became of one operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "result")]
pub(crate) enum BatchedArticle {
    /// The article changed.
    Updated {
        /// Its id.
        id: String,
        /// Its head revision now.
        revision: i32,
        /// Its row version now.
        row_version: i64,
    },
    /// Everything was so already.
    Unchanged {
        /// Its id.
        id: String,
        /// Its head revision.
        revision: i32,
        /// Its row version.
        row_version: i64,
    },
    /// Nothing was written for it.
    Failed {
        /// The id as it was sent.
        id: String,
        /// The code that an update of this article alone would have answered.
        code: String,
        /// What happened and the way out.
        reason: String,
        /// For `revision_conflict`: the head revision now.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        revision: Option<i32>,
        /// For `revision_conflict`: the row version now.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        row_version: Option<i64>,
    },
}

impl From<BatchResult> for BatchedArticle {
    fn from(result: BatchResult) -> Self {
        match result {
            BatchResult::Updated {
                id,
                revision,
                row_version,
            } => Self::Updated {
                id: id.to_string(),
                revision,
                row_version,
            },
            BatchResult::Unchanged {
                id,
                revision,
                row_version,
            } => Self::Unchanged {
                id: id.to_string(),
                revision,
                row_version,
            },
            BatchResult::Failed {
                id,
                code,
                reason,
                current,
            } => Self::Failed {
                id,
                code,
                reason,
                revision: current.map(|(revision, _)| revision),
                row_version: current.map(|(_, row_version)| row_version),
            },
        }
    }
}

/// What became of the batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchOutcome {
    /// One entry for each operation, in order.
    results: Vec<BatchedArticle>,
}

#[utoipa::path(
    post, path = "/api/v1/article-batches", operation_id = "batch_articles", tag = "articles",
    request_body = BatchInput,
    responses((status = 200, description = "What became of each operation", body = BatchOutcome)),
)]
pub(crate) async fn batch(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<BatchInput>,
) -> Result<Response, Problem> {
    let operations = input.operations.ok_or_else(|| {
        Problem::invalid_field(
            "operations",
            "required",
            "operations is missing; give 1 to 1000 operations",
        )
    })?;
    let command = ArticleBatch {
        portal: input.portal,
        operations,
        idempotency_key,
    };
    let outcome = articles::batch(&ctx, command).await?;
    let results = outcome
        .results
        .into_iter()
        .map(BatchedArticle::from)
        .collect();
    Ok(axum::Json(BatchOutcome { results }).into_response())
}
