//! Many articles of one portal locked and looked at in one round trip, for batches of changes.

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use sqlx::query;

use crate::articles::{article_columns, article_from};
use crate::error::StoreError;
use crate::row::{col, each, locale};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    // In the order of ids, as imports lock theirs: two batches over the same articles cannot wait in a circle. The text
    // is not joined here: a row that another transaction moved while we waited would drop out of the join.
    LOCK_MANY = concat!("
select ", article_columns!(), "
from articles a
where a.portal_id = $1
  and (a.id = any($2)
       or a.translation_group = any(array(
              select g.translation_group from articles g where g.portal_id = $1 and g.id = any($3))))
order by a.id
for update");

    TAKEN_ADDRESSES = "
select a.locale, a.slug
from unnest($2::text[], $3::text[]) as u (locale, slug)
join articles a
  on a.portal_id = $1
 and a.locale = u.locale
 and a.slug = u.slug";
}

/// Locks many articles until the transaction ends, and all translations of those that are `moving` to another locale;
/// those that are not there are left out.
pub async fn lock_many(
    tx: &mut Tx,
    portal: PortalId,
    articles: &[ArticleId],
    moving: &[ArticleId],
) -> Result<Vec<Article>, StoreError> {
    let lock = query(LOCK_MANY)
        .bind(portal.as_uuid())
        .bind(each(articles, |id| id.as_uuid()))
        .bind(each(moving, |id| id.as_uuid()));
    tx.fetch_all(lock).await?.iter().map(article_from).collect()
}

/// Which of these addresses a live article has, in no order.
pub async fn taken_addresses(
    tx: &mut Tx,
    portal: PortalId,
    addresses: &[(&Locale, &str)],
) -> Result<Vec<(Locale, String)>, StoreError> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let taken = query(TAKEN_ADDRESSES)
        .bind(portal.as_uuid())
        .bind(each(addresses, |(locale, _)| locale.as_str()))
        .bind(each(addresses, |(_, slug)| *slug));
    let rows = tx.fetch_all(taken).await?;
    rows.iter()
        .map(|row| {
            let slug: String = col(row, "slug")?;
            Ok((locale(col(row, "locale")?, "articles", &slug)?, slug))
        })
        .collect()
}
