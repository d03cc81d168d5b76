//! Lookups over many articles at once, for imports and for the follower.

use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_domain::locale::Locale;
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    // '.' follows '-' in the C collation, so the range holds exactly what starts with "base-".
    TAKEN_SLUGS_OF = "
select distinct a.slug
from unnest($3::text[]) as b (base)
join articles a
  on a.portal_id = $1
 and a.locale = $2
 and (a.slug = b.base
      or (a.slug > b.base || '-'
          and a.slug < b.base || '.'
          and substr(a.slug, char_length(b.base) + 2) ~ '^[0-9]+$'))";

    IDS_IN_CATEGORIES = "
select id
from articles
where portal_id = $1
  and category_id = any($2)
order by id";
}

/// Which of the `bases` and their numbered forms are live in portal and locale, in no order.
pub async fn taken_slugs_of(
    tx: &mut Tx,
    portal: PortalId,
    locale: &Locale,
    bases: &[String],
) -> Result<Vec<String>, StoreError> {
    let taken = query(TAKEN_SLUGS_OF)
        .bind(portal.as_uuid())
        .bind(locale.as_str())
        .bind(bases.to_vec());
    let rows = tx.fetch_all(taken).await?;
    rows.iter().map(|row| col(row, "slug")).collect()
}

/// The articles that hang in one of these categories, children not added. Primary pool.
pub async fn ids_in_categories(
    store: &Store,
    portal: PortalId,
    categories: &[CategoryId],
) -> Result<Vec<ArticleId>, StoreError> {
    let rows = query(IDS_IN_CATEGORIES)
        .bind(portal.as_uuid())
        .bind(each(categories, |id| id.as_uuid()))
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| Ok(ArticleId::from_uuid(col(row, "id")?)))
        .collect()
}
