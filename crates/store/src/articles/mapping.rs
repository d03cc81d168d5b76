//! The columns of an article and of a revision's text, and how they become domain types.

use cairn_domain::article::{Article, Audience, Status, TranslatedFrom};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId, TranslationGroupId};
use cairn_domain::revision::Staged;
use cairn_domain::slug::Slug;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::StoreError;
use crate::row::{col, locale, time, time_opt, word};

/// The columns of [`article_from`], of `articles a`.
macro_rules! article_columns {
    () => {
        "a.portal_id, a.id, a.number, a.locale, a.translation_group, a.slug, a.category_id, a.audience, a.status,
       a.head_revision, a.published_revision, a.row_version, a.source_id, a.created_at, a.updated_at, a.published_at,
       a.translated_from, a.translated_revision, a.purged_at"
    };
}
pub(crate) use article_columns;

/// The columns of [`staged_from`], of the revision with that alias, each name with that prefix.
macro_rules! staged_columns {
    ($alias:literal, $prefix:literal) => {
        concat!(
            $alias,
            ".title as ",
            $prefix,
            "title, ",
            $alias,
            ".body as ",
            $prefix,
            "body, ",
            $alias,
            ".excerpt as ",
            $prefix,
            "excerpt, ",
            $alias,
            ".tags as ",
            $prefix,
            "tags, ",
            $alias,
            ".author as ",
            $prefix,
            "author, ",
            $alias,
            ".front_matter as ",
            $prefix,
            "front_matter"
        )
    };
}
pub(crate) use staged_columns;

/// The names of the six staged columns.
pub(crate) type StagedNames = [&'static str; 6];

/// Without a prefix.
pub(crate) const HEAD: StagedNames = ["title", "body", "excerpt", "tags", "author", "front_matter"];

/// With the prefix `p_`.
pub(crate) const PUBLISHED: StagedNames = [
    "p_title",
    "p_body",
    "p_excerpt",
    "p_tags",
    "p_author",
    "p_front_matter",
];

pub(crate) fn article_from(row: &PgRow) -> Result<Article, StoreError> {
    let id = ArticleId::from_uuid(col(row, "id")?);
    let category: Option<Uuid> = col(row, "category_id")?;
    let translated_from: Option<Uuid> = col(row, "translated_from")?;
    let translated_revision: Option<i32> = col(row, "translated_revision")?;
    Ok(Article {
        portal: PortalId::from_uuid(col(row, "portal_id")?),
        id,
        number: col(row, "number")?,
        locale: locale(col(row, "locale")?, "articles", id)?,
        translation_group: TranslationGroupId::from_uuid(col(row, "translation_group")?),
        slug: Slug::from_stored(col(row, "slug")?),
        category: category.map(CategoryId::from_uuid),
        audience: word(row, "articles", "audience", id, Audience::parse)?,
        status: word(row, "articles", "status", id, Status::parse)?,
        head_revision: col(row, "head_revision")?,
        published_revision: col(row, "published_revision")?,
        row_version: col(row, "row_version")?,
        source_id: col(row, "source_id")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        published_at: time_opt(row, "published_at")?,
        translated_from: translated_from
            .zip(translated_revision)
            .map(|(article, revision)| TranslatedFrom {
                article: ArticleId::from_uuid(article),
                revision,
            }),
        purged_at: time_opt(row, "purged_at")?,
    })
}

pub(crate) fn staged_from(row: &PgRow, names: &StagedNames) -> Result<Staged, StoreError> {
    let [title, body, excerpt, tags, author, front_matter] = *names;
    Ok(Staged {
        title: col(row, title)?,
        body: col(row, body)?,
        excerpt: col(row, excerpt)?,
        tags: col(row, tags)?,
        author: col(row, author)?,
        front_matter: col(row, front_matter)?,
    })
}
