//! Reading rows into domain types: the parts that more than one table shares.

use cairn_domain::actor::{Actor, ActorKind};
use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Decode, Row, Type};

use crate::error::StoreError;

/// 1 January 4001 BC: before everything we store, within what Postgres holds.
const OLDEST_COMPARABLE: Timestamp = Timestamp::constant(-188_395_027_200, 0);

/// One column.
pub(crate) fn col<'r, T>(row: &'r PgRow, name: &str) -> Result<T, StoreError>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    Ok(row.try_get(name)?)
}

/// A point in time.
pub(crate) fn time(row: &PgRow, name: &str) -> Result<Timestamp, StoreError> {
    Ok(col::<jiff_sqlx::Timestamp>(row, name)?.to_jiff())
}

/// A point in time, or none.
pub(crate) fn time_opt(row: &PgRow, name: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(col::<Option<jiff_sqlx::Timestamp>>(row, name)?.map(|t| t.to_jiff()))
}

/// A word that the schema lets through only when Cairn knows it.
pub(crate) fn word<T>(
    row: &PgRow,
    table: &'static str,
    column: &'static str,
    id: impl std::fmt::Display,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text: &str = col(row, column)?;
    parse(text).ok_or_else(|| StoreError::inconsistent(table, column, id))
}

/// A language tag.
pub(crate) fn locale(
    text: &str,
    table: &'static str,
    id: impl std::fmt::Display,
) -> Result<Locale, StoreError> {
    Locale::parse("locale", text).map_err(|_| StoreError::inconsistent(table, "locale", id))
}

/// The columns `actor_kind`, `actor_id`, `actor_name`.
pub(crate) fn actor(
    row: &PgRow,
    table: &'static str,
    id: impl std::fmt::Display,
) -> Result<Actor, StoreError> {
    Ok(Actor {
        kind: word(row, table, "actor_kind", id, ActorKind::parse)?,
        id: col(row, "actor_id")?,
        name: col(row, "actor_name")?,
    })
}

/// The portal of all items; none when there are no items.
///
/// *Invariant:* no statement touches two portals.
pub(crate) fn one_portal(
    mut portals: impl Iterator<Item = PortalId>,
) -> Result<Option<PortalId>, StoreError> {
    let Some(first) = portals.next() else {
        return Ok(None);
    };
    if portals.any(|portal| portal != first) {
        return Err(StoreError::Refused(
            "one statement was given rows of two portals; write each portal in a transaction of its own"
                .to_owned(),
        ));
    }
    Ok(Some(first))
}

/// Whether a text that is looked up can stand in the database at all: Postgres keeps no NUL, and says so with an error
/// where the honest answer is that nothing was found.
pub(crate) fn can_be_stored(text: &str) -> bool {
    !text.contains('\0')
}

/// A moment that is only compared with, moved into what Postgres can hold (from 4713 BC on).
pub(crate) fn comparable(at: Timestamp) -> jiff_sqlx::Timestamp {
    at.max(OLDEST_COMPARABLE).to_sqlx()
}

/// One column of many items, as an array.
pub(crate) fn each<'a, T, V>(items: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}
