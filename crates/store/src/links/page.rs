//! The links of one page, joined with where they lead now.

use cairn_domain::ids::{ArticleId, AttachmentId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use sqlx::postgres::PgRow;
use sqlx::query;

use super::{LinkTarget, target_from};
use crate::error::StoreError;
use crate::pool::Store;
use crate::row::{col, each, locale};
use crate::statement::sql;

sql! {
    // An article that readers may not see and an attachment that was erased are as good as absent.
    OF_PAGE = "
select l.address, l.path, l.target_kind, l.target_id, a.locale, a.slug, t.name, t.width, t.height, t.variant_widths
from links l
left join articles a
  on l.target_kind = 'article'
 and a.portal_id = l.portal_id
 and a.id = l.target_id
 and a.status = 'published'
 and a.audience = 'public'
left join attachments t
  on l.target_kind = 'attachment'
 and t.portal_id = l.portal_id
 and t.id = l.target_id
 and t.purged_at is null
where l.portal_id = $1
  and l.article_id = $2
  and l.revision = $3
limit $4";

    LINKING_TO = "
select distinct l.article_id
from links l
where l.portal_id = $1
  and l.target_id = any ($2::uuid[])";
}

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// As the body says it.
    pub address: String,
    /// What it names, as [`super::LinkRow::path`].
    pub path: String,
    /// What it leads to, seen or not.
    pub to: Option<LinkTarget>,
    /// Where that is for readers.
    pub target: Option<PageTarget>,
}

/// Where a link leads readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageTarget {
    /// A published public article.
    Article {
        /// Its locale.
        locale: Locale,
        /// Its slug now.
        slug: Slug,
    },
    /// An attachment.
    Attachment {
        /// Its id.
        id: AttachmentId,
        /// The name it is offered under.
        name: String,
        /// Width and height in pixels, of pictures.
        size: Option<(i32, i32)>,
        /// Widths of its smaller variants, ascending.
        variant_widths: Vec<i32>,
    },
}

/// The links of one revision; at most `limit`. Replica pool.
pub async fn of_page(
    store: &Store,
    portal: PortalId,
    article: ArticleId,
    revision: i32,
    limit: i64,
) -> Result<Vec<PageLink>, StoreError> {
    let rows = query(OF_PAGE)
        .bind(portal.as_uuid())
        .bind(article.as_uuid())
        .bind(revision)
        .bind(limit)
        .fetch_all(store.replica())
        .await?;
    rows.iter().map(|row| link_from(row, article)).collect()
}

/// The articles with a link to one of these. Primary pool.
pub async fn linking_to(
    store: &Store,
    portal: PortalId,
    targets: &[uuid::Uuid],
) -> Result<Vec<ArticleId>, StoreError> {
    let rows = query(LINKING_TO)
        .bind(portal.as_uuid())
        .bind(each(targets, |id| *id))
        .fetch_all(store.primary())
        .await?;
    rows.iter()
        .map(|row| Ok(ArticleId::from_uuid(col(row, "article_id")?)))
        .collect()
}

fn link_from(row: &PgRow, article: ArticleId) -> Result<PageLink, StoreError> {
    let to = target_from(row, article)?;
    let slug: Option<String> = col(row, "slug")?;
    let name: Option<String> = col(row, "name")?;
    let target = match (to, slug, name) {
        (Some(LinkTarget::Article(id)), Some(slug), _) => Some(PageTarget::Article {
            locale: locale(col(row, "locale")?, "articles", id)?,
            slug: Slug::from_stored(slug),
        }),
        (Some(LinkTarget::Attachment(id)), _, Some(name)) => {
            let width: Option<i32> = col(row, "width")?;
            let height: Option<i32> = col(row, "height")?;
            Some(PageTarget::Attachment {
                id,
                name,
                size: width.zip(height),
                variant_widths: col(row, "variant_widths")?,
            })
        }
        _ => None,
    };
    Ok(PageLink {
        address: col(row, "address")?,
        path: col(row, "path")?,
        to,
        target,
    })
}
