//! `/api/v1/articles`: list, get, create, update.

use axum::extract::OriginalUri;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_domain::article::Edit;
use cairn_domain::field_error::FieldError;
use cairn_service::articles::{
    self, ArticleRef, CreateArticle, GetArticle, ListArticles, UpdateArticle,
};

use super::page::List;
use super::wait::{Wait, WriteQuery};
use super::wire::{Article, ArticleItem, UpdatedArticle};
use crate::etag;
use crate::extract::body::BodyRules;
use crate::extract::input::json_input;
use crate::extract::query::{Words, query_input};
use crate::extract::{ArticleIfMatch, Authed, IdempotencyKey, JsonBody, QueryParams, Segments};
use crate::problem::Problem;

query_input! {
    /// Filters of a list of articles.
    pub(crate) struct ListQuery {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String>,
        /// Category id, slug or case-insensitive name; what hangs below it is included.
        category: Option<String>,
        /// `draft`, `published` or `archived`.
        status: Option<String>,
        /// Locale.
        locale: Option<String>,
        /// Tag, exact.
        tag: Option<String>,
        /// Author, exact.
        author: Option<String>,
        /// `public` or `internal`.
        audience: Option<String>,
        /// RFC 3339 time; what changed at or after it.
        updated_since: Option<String>,
        /// Exact slug.
        slug: Option<String>,
        /// Exact id in the system it came from.
        source_id: Option<String>,
        /// Words to search for; the order is then by relevance.
        q: Words,
        /// `-updated_at` (default), `updated_at`, `-created_at`, `created_at`, `title`, `-title`, `number` or `-number`.
        sort: Option<String>,
        /// Items on the page, 1 to 100; 20 when left out.
        limit: Option<i64>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/articles", operation_id = "list_articles", tag = "articles",
    params(ListQuery), responses((status = 200, description = "A page of articles", body = List<ArticleItem>)),
)]
pub(crate) async fn list(
    Authed(ctx): Authed,
    OriginalUri(uri): OriginalUri,
    QueryParams(query): QueryParams<ListQuery>,
) -> Result<Response, Problem> {
    let page = articles::list(
        &ctx,
        ListArticles {
            portal: query.portal,
            category: query.category,
            status: query.status,
            locale: query.locale,
            tag: query.tag,
            author: query.author,
            audience: query.audience,
            updated_since: query.updated_since,
            slug: query.slug,
            source_id: query.source_id,
            q: query.q.0,
            sort: query.sort,
            limit: query.limit,
            cursor: query.cursor,
        },
    )
    .await?;
    let list = List {
        items: page.items.into_iter().map(ArticleItem::from).collect(),
        total: Some(page.total),
        next_cursor: page.next_cursor,
        notice: page.notice,
    };
    Ok(list.respond(&uri))
}

query_input! {
    /// Which state of an article.
    pub(crate) struct GetQuery {
        /// A certain revision; needs `articles:write`. Else writers get the head, readers what is published.
        revision: Option<i32>,
        /// `true`: what readers see, also for those who may write.
        published: Option<bool>,
    }
}

#[utoipa::path(
    get, path = "/api/v1/articles/{id}", operation_id = "get_article", tag = "articles",
    params(("id" = String, Path, description = "UUID or `portal~number`"), GetQuery),
    responses(
        (status = 200, description = "The article", body = Article, headers(("ETag" = String, description = "`\"<revision>.<row_version>\"`"))),
        (status = 304, description = "It is as the client has it"),
    ),
)]
pub(crate) async fn read(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(query): QueryParams<GetQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reference = ArticleRef::parse("id", &id).map_err(invalid)?;
    let which = GetArticle {
        portal: None,
        revision: query.revision,
        published: query.published.unwrap_or(false),
    };
    let view = articles::get(&ctx, &reference, which).await?;
    let tag = view.etag();
    if etag::if_none_match(&headers, &tag) {
        return Ok((
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, etag::header_value(&tag))],
        )
            .into_response());
    }
    Ok(tagged(StatusCode::OK, &tag, Article::from(view)))
}

json_input! {
    /// A new article; a draft unless asked otherwise and allowed.
    pub(crate) struct CreateArticleInput {
        /// Portal slug or id; may be left out when the credential reaches one portal.
        portal: Option<String> = optional,
        /// Title, at most 255 characters.
        title: Option<String> = required,
        /// Markdown, at most 2 MiB, kept to the byte.
        body: Option<String> = required,
        /// Summary for lists.
        excerpt: Option<String> = optional,
        /// Tags.
        tags: Option<Vec<String>> = optional,
        /// Author's name.
        author: Option<String> = optional,
        /// Category id, slug or case-insensitive name.
        category: Option<String> = optional,
        /// Locale; the portal's default when left out.
        locale: Option<String> = optional,
        /// Slug; made from the title when left out.
        slug: Option<String> = optional,
        /// `draft` (default) or `published`, which needs `articles:publish`.
        status: Option<String> = optional,
        /// `public` (default) or `internal`.
        audience: Option<String> = optional,
        /// UUID or `portal~number` of an article this one translates.
        translation_of: Option<String> = optional,
        /// Its id in the system it came from.
        source_id: Option<String> = optional,
        /// Why, for the list of revisions.
        message: Option<String> = optional,
    }
}

impl BodyRules for CreateArticleInput {}

#[utoipa::path(
    post, path = "/api/v1/articles", operation_id = "create_article", tag = "articles",
    params(WriteQuery), request_body = CreateArticleInput,
    responses((status = 201, description = "The new article", body = Article, headers(
        ("ETag" = String, description = "`\"<revision>.<row_version>\"`"), ("Location" = String, description = "Its address"),
    ))),
)]
pub(crate) async fn create(
    Authed(ctx): Authed,
    QueryParams(query): QueryParams<WriteQuery>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<CreateArticleInput>,
) -> Result<Response, Problem> {
    let wait = Wait::parse(query.wait.as_deref())?;
    let view = articles::create(
        &ctx,
        CreateArticle {
            portal: input.portal,
            title: input.title,
            body: input.body,
            excerpt: input.excerpt,
            tags: input.tags,
            author: input.author,
            category: input.category,
            locale: input.locale,
            slug: input.slug,
            status: input.status,
            audience: input.audience,
            translation_of: input.translation_of,
            source_id: input.source_id,
            message: input.message,
            idempotency_key,
        },
    )
    .await?;
    let location = location(&format!("/api/v1/articles/{}", view.article.id));
    let tag = view.etag();
    let portal = view.article.portal;
    let mut response = tagged(StatusCode::CREATED, &tag, Article::from(view));
    response.headers_mut().insert(header::LOCATION, location);
    wait.tell(&ctx, portal, &mut response).await;
    Ok(response)
}

json_input! {
    /// A change to an article; what is left out stays as it is.
    pub(crate) struct UpdateArticleInput {
        /// Title, at most 255 characters.
        title: Option<String> = optional,
        /// The whole body anew; not together with `edits`.
        body: Option<String> = optional,
        /// Passages of the body to replace; each must stand in the expected revision exactly once.
        edits: Option<Vec<Edit>> = optional,
        /// Summary for lists; empty text takes it away.
        excerpt: Option<String> = optional,
        /// All tags anew.
        tags: Option<Vec<String>> = optional,
        /// Author's name; null takes it away.
        author: Option<Option<String>> = optional,
        /// Category id, slug or case-insensitive name; null takes the article out of the tree.
        category: Option<Option<String>> = optional,
        /// Slug; the old one redirects from now on.
        slug: Option<String> = optional,
        /// Locale.
        locale: Option<String> = optional,
        /// `draft`, `published` (publishes the head, also of a published article) or `archived`.
        status: Option<String> = optional,
        /// `public` or `internal`.
        audience: Option<String> = optional,
        /// UUID or `portal~number` of the article this one translates; null: of none.
        translation_of: Option<Option<String>> = optional,
        /// The translation is up to date with this revision of that article.
        translated_revision: Option<i32> = optional,
        /// Why, for the list of revisions.
        message: Option<String> = optional,
    }
}

impl BodyRules for UpdateArticleInput {}

query_input! {
    /// How to update.
    pub(crate) struct UpdateQuery {
        /// `true`: check everything, show what would come of it, write nothing.
        dry_run: Option<bool>,
        /// `searchable`: answered once searches find the change, at most after two seconds; the header `X-Searchable` says whether they
        /// do. Left out: as soon as it is safe.
        wait: Option<String>,
    }
}

#[utoipa::path(
    patch, path = "/api/v1/articles/{id}", operation_id = "update_article", tag = "articles",
    params(("id" = Uuid, Path, description = "UUID"), UpdateQuery), request_body = UpdateArticleInput,
    responses((status = 200, description = "The article after the change", body = UpdatedArticle, headers(
        ("ETag" = String, description = "`\"<revision>.<row_version>\"`"),
    ))),
)]
pub(crate) async fn update(
    Authed(ctx): Authed,
    Segments(id): Segments<String>,
    QueryParams(query): QueryParams<UpdateQuery>,
    ArticleIfMatch(expected): ArticleIfMatch,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(input): JsonBody<UpdateArticleInput>,
) -> Result<Response, Problem> {
    let reference = by_id(&id)?;
    let is_dry = query.dry_run.unwrap_or(false);
    let wait = Wait::parse(query.wait.as_deref())?;
    let updated = articles::update(
        &ctx,
        &reference,
        UpdateArticle {
            expected,
            title: input.title,
            body: input.body,
            edits: input.edits,
            excerpt: input.excerpt,
            tags: input.tags,
            author: input.author,
            category: input.category,
            slug: input.slug,
            locale: input.locale,
            status: input.status,
            audience: input.audience,
            translation_of: input.translation_of,
            translated_revision: input.translated_revision,
            message: input.message,
            idempotency_key,
            dry_run: is_dry,
        },
    )
    .await?;
    let portal = updated.view.article.portal;
    let tag = updated.view.etag();
    let mut response = tagged(StatusCode::OK, &tag, UpdatedArticle::from(updated));
    if !is_dry {
        wait.tell(&ctx, portal, &mut response).await;
    }
    Ok(response)
}

/// A write names its article by id: a number may be read aloud wrong, an id hardly.
pub(super) fn by_id(id: &str) -> Result<ArticleRef, Problem> {
    match ArticleRef::parse("id", id).map_err(invalid)? {
        reference @ ArticleRef::Id(_) => Ok(reference),
        _ => Err(Problem::invalid_field(
            "id",
            "invalid_id",
            "id must be the article's UUID for a write; get the article by its number first and use its id",
        )),
    }
}

pub(super) fn invalid(error: FieldError) -> Problem {
    Problem::invalid_fields(vec![error])
}

/// A JSON answer with its entity tag.
pub(super) fn tagged(status: StatusCode, tag: &str, body: impl serde::Serialize) -> Response {
    (
        status,
        [(header::ETAG, etag::header_value(tag))],
        axum::Json(body),
    )
        .into_response()
}

/// The address of something new; slugs may hold letters of any script, which a header may not.
pub(super) fn location(path: &str) -> HeaderValue {
    let escaped: Vec<_> = path.split('/').map(crate::extract::query::encode).collect();
    HeaderValue::from_str(&escaped.join("/")).expect("percent-encoding leaves visible ASCII")
}
