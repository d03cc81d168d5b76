//! Rendered HTML of revisions: a cache beside the truth, which may be emptied at any time.
//!
//! The HTML comes back with the version of the renderer that made it; whether it may still be shown is decided by
//! who knows the current one.

use cairn_domain::ids::{ArticleId, PortalId};
use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, one_portal};
use crate::statement::sql;
use crate::tx::Tx;

sql! {
    // An older renderer of a replica that was not upgraded yet does not overwrite what a newer one made.
    PUT_MANY = "
insert into renderings as d (portal_id, article_id, revision, html, rendered_with, outline)
select $1, u.*
from unnest($2::uuid[], $3::int4[], $4::text[], $5::int4[], $6::text[]) as u
on conflict (portal_id, article_id, revision) do update
set html = excluded.html, rendered_with = excluded.rendered_with, outline = excluded.outline
where d.rendered_with <= excluded.rendered_with";

    GET = "
select html, rendered_with, outline
from renderings
where portal_id = $1
  and article_id = $2
  and revision = $3";
}

/// The HTML of one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Whose.
    pub portal: PortalId,
    /// Of which article.
    pub article: ArticleId,
    /// Of which revision.
    pub revision: i32,
    /// What the sanitiser let through.
    pub html: String,
    /// The version of the renderer that made it.
    pub rendered_with: i32,
    /// Headings, as JSON text.
    pub outline: String,
}

/// Keeps one rendering.
pub async fn put(tx: &mut Tx, rendering: &Rendering) -> Result<(), StoreError> {
    put_many(tx, std::slice::from_ref(rendering)).await
}

/// Keeps many renderings of one portal in one round trip; no revision may stand in the list twice.
pub async fn put_many(tx: &mut Tx, renderings: &[Rendering]) -> Result<(), StoreError> {
    let Some(portal) = one_portal(renderings.iter().map(|r| r.portal))? else {
        return Ok(());
    };
    let put = query(PUT_MANY)
        .bind(portal.as_uuid())
        .bind(each(renderings, |r| r.article.as_uuid()))
        .bind(each(renderings, |r| r.revision))
        .bind(each(renderings, |r| r.html.as_str()))
        .bind(each(renderings, |r| r.rendered_with))
        .bind(each(renderings, |r| r.outline.as_str()));
    tx.execute(put).await?;
    Ok(())
}

/// The rendering of one revision. Primary pool.
pub async fn get(
    store: &Store,
    portal: PortalId,
    article: ArticleId,
    revision: i32,
) -> Result<Option<Rendering>, StoreError> {
    let row = query(GET)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(revision)
        .fetch_optional(store.primary())
        .await?;
    row.map(|row| {
        Ok(Rendering {
            portal,
            article,
            revision,
            html: col(&row, "html")?,
            rendered_with: col(&row, "rendered_with")?,
            outline: col(&row, "outline")?,
        })
    })
    .transpose()
}
