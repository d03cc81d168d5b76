//! Portals and their hostnames, the block of article numbers, and the lock that guards a portal's tree.

use cairn_domain::ids::PortalId;
use cairn_domain::portal::Portal;
use cairn_domain::slug::Slug;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query;
use sqlx::query::Query;
use sqlx::types::Json;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, locale, time};
use crate::statement::sql;
use crate::tx::Tx;

/// Most portals of one installation: they are all held in memory to route requests.
pub const PORTALS_MAX: i64 = 10_000;

macro_rules! columns {
    () => {
        "p.id, p.slug, p.name, p.locales, p.accent, p.notice, p.contact, p.row_version, p.created_at, p.updated_at,
       array(select h.hostname from portal_hostnames h where h.portal_id = p.id order by h.hostname) as hostnames"
    };
}

sql! {
    LIST = concat!("
select ", columns!(), "
from portals p
where p.slug <> ''
order by p.slug, p.id
limit $1");

    // No key update: inserts that reference the portal go on while its row is held.
    LOCK = concat!("
select ", columns!(), "
from portals p
where p.id = $1
for no key update of p");

    INSERT = "
insert into portals (id, slug, name, locales, accent, row_version, notice, contact, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (slug) do nothing";

    INSERT_FEED = "
insert into portal_feed (portal_id)
values ($1)";

    SLUG_TAKEN = "
select exists (select 1 from portals where slug = $2 and id <> $1) as taken";

    // The row version that was read is one below the one to write.
    UPDATE = "
update portals
set slug = $2, name = $3, locales = $4, accent = $5, row_version = $6, notice = $7, contact = $8, updated_at = $9
where id = $1
  and row_version = $6 - 1";

    DELETE_HOSTNAMES = "
delete from portal_hostnames
where portal_id = $1
  and hostname <> all ($2::text[])";

    INSERT_HOSTNAMES = "
insert into portal_hostnames (portal_id, hostname)
select $1, h.hostname
from unnest($2::text[]) as h (hostname)
on conflict do nothing";

    FOREIGN_HOSTNAME = "
select hostname
from portal_hostnames
where hostname = any ($2::text[])
  and portal_id <> $1
order by hostname
limit 1";

    TAKE_NUMBERS = "
update portals
set next_number = next_number + $2
where id = $1
returning next_number - $2 as first";
}

/// What became of a portal that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortalWritten {
    /// It is there.
    Yes,
    /// Another portal has the slug; roll the transaction back.
    SlugTaken,
    /// Another portal answers at this hostname; roll the transaction back.
    HostnameTaken(String),
}

/// Every portal but the reserved instance portal, by slug; at most [`PORTALS_MAX`]. Primary pool.
pub async fn list(store: &Store) -> Result<Vec<Portal>, StoreError> {
    let rows = query(LIST)
        .bind(PORTALS_MAX + 1)
        .fetch_all(store.primary())
        .await?;
    if rows.len() > PORTALS_MAX as usize {
        return Err(StoreError::Refused(format!(
            "there are more than {PORTALS_MAX} portals, which one installation does not route; split it in two"
        )));
    }
    rows.iter().map(from_row).collect()
}

/// Locks the portal's row: whoever changes its tree or its fields does so one after the other.
pub async fn lock(tx: &mut Tx, portal: PortalId) -> Result<Option<Portal>, StoreError> {
    let row = tx
        .fetch_optional(query(LOCK).bind(portal.as_uuid()))
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Adds a portal with its hostnames and its feed.
pub async fn insert(tx: &mut Tx, portal: &Portal) -> Result<PortalWritten, StoreError> {
    let insert = bind_fields(query(INSERT).bind(portal.id.as_uuid()), portal)
        .bind(portal.created_at.to_sqlx())
        .bind(portal.updated_at.to_sqlx());
    if tx.execute(insert).await? == 0 {
        return Ok(PortalWritten::SlugTaken);
    }
    tx.execute(query(INSERT_FEED).bind(portal.id.as_uuid()))
        .await?;
    keep_hostnames(tx, portal).await
}

/// Saves a portal whose row is locked; `row_version` is one above the one that was read.
pub async fn update(tx: &mut Tx, portal: &Portal) -> Result<PortalWritten, StoreError> {
    let taken = tx
        .fetch_optional(
            query(SLUG_TAKEN)
                .bind(portal.id.as_uuid())
                .bind(portal.slug.as_str()),
        )
        .await?;
    if let Some(row) = taken
        && col(&row, "taken")?
    {
        return Ok(PortalWritten::SlugTaken);
    }
    let update = bind_fields(query(UPDATE).bind(portal.id.as_uuid()), portal)
        .bind(portal.updated_at.to_sqlx());
    if tx.execute(update).await? == 0 {
        return Err(StoreError::Stale {
            table: "portals",
            id: portal.id.as_uuid(),
        });
    }
    keep_hostnames(tx, portal).await
}

/// Takes a block of `n` article numbers in a short transaction of its own and gives the first. What the caller does
/// not use stays unused. Primary pool.
pub async fn take_numbers(store: &Store, portal: PortalId, n: i64) -> Result<i64, StoreError> {
    let row = query(TAKE_NUMBERS)
        .bind(portal.as_uuid())
        .bind(n)
        .fetch_optional(store.primary())
        .await?
        .ok_or(StoreError::Stale {
            table: "portals",
            id: portal.as_uuid(),
        })?;
    col(&row, "first")
}

async fn keep_hostnames(tx: &mut Tx, portal: &Portal) -> Result<PortalWritten, StoreError> {
    let id = portal.id.as_uuid();
    let hostnames = &portal.hostnames[..];
    tx.execute(query(DELETE_HOSTNAMES).bind(id).bind(hostnames))
        .await?;
    tx.execute(query(INSERT_HOSTNAMES).bind(id).bind(hostnames))
        .await?;
    let foreign = query(FOREIGN_HOSTNAME).bind(id).bind(hostnames);
    match tx.fetch_optional(foreign).await? {
        Some(row) => Ok(PortalWritten::HostnameTaken(col(&row, "hostname")?)),
        None => Ok(PortalWritten::Yes),
    }
}

fn bind_fields<'q>(
    query: Query<'q, Postgres, PgArguments>,
    portal: &Portal,
) -> Query<'q, Postgres, PgArguments> {
    let locales: Vec<&str> = portal.locales.iter().map(|l| l.as_str()).collect();
    query
        .bind(portal.slug.as_str())
        .bind(&portal.name)
        .bind(locales)
        .bind(portal.accent.as_deref())
        .bind(portal.row_version)
        .bind(portal.notice.as_ref().map(Json))
        .bind(portal.contact.as_ref().map(Json))
}

fn from_row(row: &PgRow) -> Result<Portal, StoreError> {
    let id = PortalId::from_uuid(col(row, "id")?);
    let locales: Vec<String> = col(row, "locales")?;
    Ok(Portal {
        id,
        slug: Slug::from_stored(col(row, "slug")?),
        name: col(row, "name")?,
        hostnames: col(row, "hostnames")?,
        locales: locales
            .iter()
            .map(|text| locale(text, "portals", id))
            .collect::<Result<_, _>>()?,
        accent: col(row, "accent")?,
        notice: col::<Option<Json<_>>>(row, "notice")?.map(|json| json.0),
        contact: col::<Option<Json<_>>>(row, "contact")?.map(|json| json.0),
        row_version: col(row, "row_version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}
