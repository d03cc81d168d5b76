//! Redirects: the addresses of the site before, and where they lead now.
//!
//! Bookmarks, printed letters and other people's links outlive a help center. A redirect holds one of
//! their addresses, of whatever shape, and leads to an article or a category wherever they stand by
//! then, or to an address. No redirect leads to another: chains are joined when they are written.

mod delete;
mod put;
mod target;
mod write;

use cairn_domain::limits::{CURSOR_BYTES_MAX, OLD_PATH_BYTES_MAX, OLD_QUERY_BYTES_MAX};
use cairn_domain::operation::Operation;
use cairn_domain::redirect::Redirect;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorize::Purpose;
use crate::text_input::{Input, page_limit};
use crate::{Context, Result, authorize, cursor};

pub use delete::{DeleteRedirect, delete};
pub use put::{NewRedirect, PutRedirects, put};
pub(crate) use write::put_for_articles;

/// The longest cursor of a list: an address of nothing but quotes, escaped and encoded.
const CURSOR_BYTES: usize = (2 * (OLD_PATH_BYTES_MAX + OLD_QUERY_BYTES_MAX) + 32) * 4 / 3;

/// A redirect as callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectView {
    /// The address of the site before: path and query, percent-encoded.
    pub old_url: String,
    /// Where it leads: `article:<id>`, `category:<id>`, a path of the portal or an address.
    pub target: String,
    /// When it was first put.
    pub created_at: Timestamp,
}

/// What became of one redirect that was put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutRedirect {
    /// What happened.
    pub result: PutResult,
    /// The address of the site before, in its one form.
    pub old_url: String,
    /// Where it leads, in one hop.
    pub target: String,
}

/// What happened to a redirect that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutResult {
    /// It is new.
    Created,
    /// It was there and led elsewhere.
    Updated,
    /// It was there, the same.
    Unchanged,
}

impl PutResult {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Which redirects.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListRedirects {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// 1 to 100; 20 when absent.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// A page of redirects.
#[derive(Debug, Clone)]
pub struct RedirectPage {
    /// The redirects, by their addresses.
    pub items: Vec<RedirectView>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Lists the redirects of a portal in the order of their addresses.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(ctx: &Context, query: ListRedirects) -> Result<RedirectPage> {
    authorize::operation(ctx, Operation::ListRedirects)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let limit = input.limit(query.limit);
    input.finish()?;
    const { assert!(CURSOR_BYTES < CURSOR_BYTES_MAX) };
    let binding = ("redirects", portal.id);
    let after = match &query.cursor {
        Some(cursor) => Some(cursor::decode::<(String, String)>(&binding, cursor)?),
        None => None,
    };
    let after = after.as_ref().map(|(p, q)| (p.as_str(), q.as_str()));
    let mut found =
        cairn_store::redirects::list(&ctx.app.store, portal.id, after, page_limit(limit)).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = match found.last().filter(|_| has_more) {
        Some(last) => {
            let old = &last.redirect.old;
            Some(cursor::encode(&binding, &(old.path(), old.query()))?)
        }
        None => None,
    };
    let items = found.into_iter().map(|listed| RedirectView {
        old_url: listed.redirect.old.to_url(),
        target: listed.redirect.target.to_text(),
        created_at: listed.created_at,
    });
    Ok(RedirectPage {
        items: items.collect(),
        next_cursor,
    })
}

/// What the audit says of redirects.
fn audit_value(redirects: &[Redirect]) -> serde_json::Value {
    let one =
        |r: &Redirect| serde_json::json!({"old_url": r.old.to_url(), "target": r.target.to_text()});
    redirects.iter().map(one).collect()
}
