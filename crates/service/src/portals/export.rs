//! Exports of what a portal has besides its articles: the portal itself and how much is in it, its
//! categories, attachments and redirects, page by page.

use std::sync::Arc;

use cairn_domain::category::Category;
use cairn_domain::ids::AttachmentId;
use cairn_domain::limits::{EXPORT_ROWS_MAX, EXPORT_SOURCES_MAX};
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
pub use cairn_store::export::{AttachmentRow, PortalNumbers, RedirectRow};
use serde::{Deserialize, Serialize};

use crate::authorize::Purpose;
use crate::text_input::page_limit;
use crate::{Context, Result, authorize, cursor};

/// Which page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExportPortal {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// One page: first the categories, then the attachments, then the redirects.
#[derive(Debug, Clone)]
pub struct PortalPage {
    /// The portal.
    pub portal: Arc<Portal>,
    /// How much it has.
    pub numbers: PortalNumbers,
    /// From where its articles and attachments were imported, by name.
    pub sources: Vec<String>,
    /// Hosts of old sites: source and host.
    pub hosts: Vec<(String, String)>,
    /// All of them, on the first page.
    pub categories: Vec<Category>,
    /// The next of them, in the order of their ids, erased ones too.
    pub attachments: Vec<AttachmentRow>,
    /// The next of them, in the order of their addresses.
    pub redirects: Vec<RedirectRow>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Where a page begins.
#[derive(Debug, Serialize, Deserialize)]
enum Place {
    Attachments(Option<AttachmentId>),
    Redirects(String, String),
}

/// Gives the next page of what a portal has besides its articles, each page from one moment.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_cursor`.
pub async fn export(ctx: &Context, query: ExportPortal) -> Result<PortalPage> {
    authorize::operation(ctx, Operation::ExportPortal)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let binding = ("portal export", portal.id);
    let place = query
        .cursor
        .as_deref()
        .map(|c| cursor::decode::<Place>(&binding, c))
        .transpose()?;
    let mut snapshot = ctx.app.store.snapshot().await?;
    let mut page = PortalPage {
        numbers: snapshot.portal_numbers(portal.id).await?,
        sources: snapshot.sources(portal.id, EXPORT_SOURCES_MAX).await?,
        hosts: snapshot.hosts(portal.id, EXPORT_SOURCES_MAX).await?,
        categories: Vec::new(),
        attachments: Vec::new(),
        redirects: Vec::new(),
        next_cursor: None,
        portal,
    };
    let id = page.portal.id;
    let limit = page_limit(EXPORT_ROWS_MAX);
    let next = match place {
        None => {
            page.categories = snapshot.categories(id).await?;
            Some(Place::Attachments(None))
        }
        Some(Place::Attachments(after)) => {
            let mut rows = snapshot.export_attachments(id, after, limit).await?;
            let more = rows.len() > EXPORT_ROWS_MAX;
            rows.truncate(EXPORT_ROWS_MAX);
            let last = rows.last().map(|r| r.attachment.id);
            page.attachments = rows;
            Some(match last {
                Some(last) if more => Place::Attachments(Some(last)),
                _ => Place::Redirects(String::new(), String::new()),
            })
        }
        Some(Place::Redirects(path, old_query)) => {
            let after = Some((path.as_str(), old_query.as_str()));
            let mut rows = snapshot.export_redirects(id, after, limit).await?;
            let more = rows.len() > EXPORT_ROWS_MAX;
            rows.truncate(EXPORT_ROWS_MAX);
            let last = rows
                .last()
                .map(|r| (r.old_path.clone(), r.old_query.clone()));
            page.redirects = rows;
            last.filter(|_| more)
                .map(|(path, old_query)| Place::Redirects(path, old_query))
        }
    };
    snapshot.finish().await?;
    page.next_cursor = next
        .map(|place| cursor::encode(&binding, &place))
        .transpose()?;
    Ok(page)
}
