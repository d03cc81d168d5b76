//! Categories: the nodes of a portal's tree, and how many articles hang in each.
//!
//! Whoever changes the tree holds the portal's row (`portals::lock`), so that two moves cannot make a circle.

use cairn_domain::category::Category;
use cairn_domain::ids::{CategoryId, PortalId};
use cairn_domain::limits::CATEGORIES_MAX;
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::query;
use uuid::Uuid;

use crate::articles::Face;
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, time};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    LIST = "
select portal_id, id, parent_id, slug, name, description, position, row_version, created_at, updated_at
from categories
where portal_id = $1
order by position, name, id
limit $2";

    INSERT = "
insert into categories (portal_id, id, parent_id, slug, name, description, position, row_version, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (portal_id, slug) do nothing";

    SLUG_TAKEN = "
select exists (select 1 from categories where portal_id = $1 and slug = $3 and id <> $2) as taken";

    // The row version that was read is one below the one to write.
    UPDATE = "
update categories
set parent_id = $3, slug = $4, name = $5, description = $6, position = $7, row_version = $8, updated_at = $9
where portal_id = $1
  and id = $2
  and row_version = $8 - 1";

    COUNTS = "
select category_id, count(*) as articles
from articles
where portal_id = $1
  and purged_at is null
  and ($2 or status = 'published')
  and ($3 or audience = 'public')
  and ($4::text is null or locale = $4)
group by category_id";
}

/// The portal's categories, siblings in their order. Primary pool.
pub async fn list(store: &Store, portal: PortalId) -> Result<Vec<Category>, StoreError> {
    list_on(store.primary(), portal).await
}

/// The portal's categories as this transaction sees them.
pub async fn list_in(tx: &mut Tx, portal: PortalId) -> Result<Vec<Category>, StoreError> {
    let list = query(LIST)
        .bind(portal.as_uuid())
        .bind(CATEGORIES_MAX as i64);
    tx.fetch_all(list).await?.iter().map(from_row).collect()
}

pub(crate) async fn list_on(
    executor: impl PgExecutor<'_>,
    portal: PortalId,
) -> Result<Vec<Category>, StoreError> {
    query(LIST)
        .bind(portal.as_uuid())
        .bind(CATEGORIES_MAX as i64)
        .fetch_all(executor)
        .await?
        .iter()
        .map(from_row)
        .collect()
}

/// Adds a category; `false`: its slug is taken in the portal.
pub async fn insert(tx: &mut Tx, category: &Category) -> Result<bool, StoreError> {
    let insert = query(INSERT)
        .bind(category.portal.as_uuid())
        .bind(category.id.as_uuid())
        .bind(category.parent.map(CategoryId::as_uuid))
        .bind(category.slug.as_str())
        .bind(&category.name)
        .bind(&category.description)
        .bind(category.position)
        .bind(category.row_version)
        .bind(category.created_at.to_sqlx())
        .bind(category.updated_at.to_sqlx());
    Ok(tx.execute(insert).await? == 1)
}

/// Saves a category, whose `row_version` is one above the one that was read; `false`: its slug is taken.
pub async fn update(tx: &mut Tx, category: &Category) -> Result<bool, StoreError> {
    let taken = query(SLUG_TAKEN)
        .bind(category.portal.as_uuid())
        .bind(category.id.as_uuid())
        .bind(category.slug.as_str());
    if let Some(row) = tx.fetch_optional(taken).await?
        && col(&row, "taken")?
    {
        return Ok(false);
    }
    let update = query(UPDATE)
        .bind(category.portal.as_uuid())
        .bind(category.id.as_uuid())
        .bind(category.parent.map(CategoryId::as_uuid))
        .bind(category.slug.as_str())
        .bind(&category.name)
        .bind(&category.description)
        .bind(category.position)
        .bind(category.row_version)
        .bind(category.updated_at.to_sqlx());
    if tx.execute(update).await? == 0 {
        return Err(StoreError::Stale {
            table: "categories",
            id: category.id.as_uuid(),
        });
    }
    Ok(true)
}

/// How many articles of a face hang directly in each category; `None`: in none. Primary pool.
pub async fn counts(
    store: &Store,
    portal: PortalId,
    face: Face,
    locale: Option<&Locale>,
) -> Result<Vec<(Option<CategoryId>, i64)>, StoreError> {
    let rows = query(COUNTS)
        .bind(portal.as_uuid())
        .bind(face == Face::Authoring)
        .bind(face != Face::Public)
        .bind(locale.map(Locale::as_str))
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| {
            let id: Option<Uuid> = col(row, "category_id")?;
            Ok((id.map(CategoryId::from_uuid), col(row, "articles")?))
        })
        .collect()
}

fn from_row(row: &PgRow) -> Result<Category, StoreError> {
    let parent: Option<Uuid> = col(row, "parent_id")?;
    Ok(Category {
        portal: PortalId::from_uuid(col(row, "portal_id")?),
        id: CategoryId::from_uuid(col(row, "id")?),
        parent: parent.map(CategoryId::from_uuid),
        slug: Slug::from_stored(col(row, "slug")?),
        name: col(row, "name")?,
        description: col(row, "description")?,
        position: col(row, "position")?,
        row_version: col(row, "row_version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}
