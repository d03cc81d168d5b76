//! `/api/v1/categories`: the tree, and changing it.

use axum::extract::OriginalUri;
use axum::http::{StatusCode, header};
use axum::response::Response;
use cairn_service::categories::{self, CategoryNode, ListCategories, WriteCategory};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::articles::{location, tagged};
use super::page::List;
use super::time::Time;
use crate::etag;
use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::query::query_input;
use crate::extract::{
    Authed, IdempotencyKey, JsonBody, NoQuery, QueryParams, Segments, VersionIfMatch,
};
use crate::problem::Problem;

/// A node of the tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Category {
    /// Its id.
    id: Uuid,
    /// Id of its portal.
    portal_id: Uuid,
    /// Id of the node above; null at the top.
    #[schema(required = true)]
    parent: Option<Uuid>,
    /// Path segment, unique in the portal.
    slug: String,
    /// What readers see.
    name: String,
    /// One sentence; may be empty.
    description: String,
    /// Order among siblings, then by name.
    position: i32,
    /// Raised by every change; in quotes it is the ETag.
    row_version: i64,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl From<cairn_domain::category::Category> for Category {
    fn from(category: cairn_domain::category::Category) -> Self {
        Self {
            id: category.id.as_uuid(),
            portal_id: category.portal.as_uuid(),
            parent: category.parent.map(|p| p.as_uuid()),
            slug: category.slug.to_string(),
            name: category.name,
            description: category.description,
            position: category.position,
            row_version: category.row_version,
            created_at: category.created_at.into(),
            updated_at: category.updated_at.into(),
        }
    }
}

/// A node of the tree in pre-order, with its place and counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryItem {
    #[serde(flatten)]
    category: Category,
    /// Slug of its portal.
    portal: String,
    /// Levels above it, from 0.
    depth: usize,
    /// Articles in it that this credential may read.
    article_count: i64,
    /// Articles in it and below.
    article_count_with_children: i64,
}

impl CategoryItem {
    fn of(node: CategoryNode, portal: &str) -> Self {
        Self {
            category: node.category.into(),
            portal: portal.to_owned(),
            depth: node.depth,
            article_count: node.article_count,
            article_count_with_children: node.article_count_with_children,
        }
    }
}

query_input! {
    /// Which part of the tree.
    pub(crate) struct TreeQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Only what is below this category (id, slug or case-insensitive name).
        parent: Option<String>,
        /// Count articles of this locale only.
        locale: Option<String>,
        /// Items on the page, 1 to 100; 100 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/categories", operation_id = "list_categories", tag = "categories",
    params(TreeQuery),
    responses((status = 200, description = "The tree in pre-order: a child follows its parent", body = List<CategoryItem>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<TreeQuery>,
) -> Result<Response, Problem> {
    let page = categories::list(
        &ctx,
        ListCategories {
            portal: query.portal,
            parent: query.parent,
            locale: query.locale,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let list = List {
        items: page
            .items
            .into_iter()
            .map(|node| CategoryItem::of(node, &page.portal))
            .collect(),
        total: Some(page.total),
        next_cursor: page.next_cursor,
        notice: None,
    };
    Ok(list.respond(&uri))
}

json_input! {
    /// A new category.
    pub(crate) struct CreateCategoryInput {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String> = optional,
        /// What readers see.
        name: Option<String> = required,
        /// Path segment; made from the name when left out.
        slug: Option<String> = optional,
        /// Id, slug or case-insensitive name of the node above; null or left out is the top.
        parent: Option<Option<String>> = optional,
        /// One sentence.
        description: Option<String> = optional,
        /// Order among siblings; 0 when left out.
        position: Option<i32> = optional,
    }
}

impl BodyRules for CreateCategoryInput {}

#[utoipa::path(
    post, path = "/api/v1/categories", operation_id = "create_category", tag = "categories",
    request_body = CreateCategoryInput,
    responses((status = 201, description = "The new category", body = Category, headers(
        ("ETag" = String, description = "`\"<row_version>\"`"), ("Location" = String, description = "Its address"),
    ))),
)]
pub(crate) async fn create(
    Authed(ctx): Authed,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<CreateCategoryInput>,
) -> Result<Response, Problem> {
    let category = categories::create(
        &ctx,
        WriteCategory {
            portal: input.portal,
            name: input.name,
            slug: input.slug,
            parent: input.parent,
            description: input.description,
            position: input.position,
            expected_version: None,
            idempotency_key,
        },
    )
    .await?;
    let made = location(&format!("/api/v1/categories/{}", category.id));
    let tag = etag::of_version(category.row_version);
    let mut response = tagged(StatusCode::CREATED, &tag, Category::from(category));
    response.headers_mut().insert(header::LOCATION, made);
    Ok(response)
}

json_input! {
    /// A change to a category; what is left out stays as it is.
    pub(crate) struct UpdateCategoryInput {
        /// What readers see.
        name: Option<String> = optional,
        /// Path segment.
        slug: Option<String> = optional,
        /// Id, slug or case-insensitive name of the node above; null moves it to the top.
        parent: Option<Option<String>> = optional,
        /// One sentence.
        description: Option<String> = optional,
        /// Order among siblings.
        position: Option<i32> = optional,
    }
}

impl BodyRules for UpdateCategoryInput {}

#[utoipa::path(
    patch, path = "/api/v1/categories/{id}", operation_id = "update_category", tag = "categories",
    params(("id" = Uuid, Path, description = "UUID")), request_body = UpdateCategoryInput,
    responses((status = 200, description = "The category after the change", body = Category, headers(("ETag" = String, description = "`\"<row_version>\"`")))),
)]
pub(crate) async fn update(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(NoQuery): QueryParams<NoQuery>,
    VersionIfMatch(expected_version): VersionIfMatch,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<UpdateCategoryInput>,
) -> Result<Response, Problem> {
    let command = WriteCategory {
        portal: None,
        name: input.name,
        slug: input.slug,
        parent: input.parent,
        description: input.description,
        position: input.position,
        expected_version,
        idempotency_key,
    };
    let category = categories::update(&ctx, &id, command)
        .await
        .map_err(|e| Problem::from(e).without_revisions())?;
    let tag = etag::of_version(category.row_version);
    Ok(tagged(StatusCode::OK, &tag, Category::from(category)))
}
