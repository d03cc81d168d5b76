//! Erasure: a text is taken out of everything this program keeps, for good.
//!
//! One transaction takes it out of every table; from its commit on nobody reads it. What stays is a
//! tombstone: id, number, who saved what when. The files of the index follow, see
//! `indexing::erase`, and only then is the erasure reported as finished. It is the one operation
//! that no tool does.
//!
//! What this room cannot reach is said in `docs/operating.md`: dead rows until a vacuum, the
//! write-ahead log, backups, and other copies of the same words.

mod article;
mod attachment;
mod outcomes;
mod revision;
mod sources;

use std::sync::Arc;

use cairn_domain::article::Article;
use cairn_domain::field_error::FieldErrors;
use cairn_domain::ids::{PortalId, PurgeId};
use cairn_domain::limits::MESSAGE_CHARS_MAX;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::purge::{Purge, PurgeSubject};
use cairn_domain::text::check_required_text;
use cairn_store::Tx;
use cairn_store::articles::Which;
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::articles::get::{locate, not_found};
use crate::articles::reference::ArticleRef;
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::text_input::{Input, page_limit};
use crate::{Context, Error, Result, authorize, cursor};

pub use article::purge_article;
pub use attachment::purge_attachment;
pub use revision::purge_revision;
pub(crate) use sources::{erased_among, refusal};

/// Why something is erased.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PurgeRequest {
    /// Required: it stands in the audit when nothing else is left to tell.
    pub message: Option<String>,
    /// Retrying with the same key gives the same erasure.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// One erasure and whose it is.
#[derive(Debug, Clone)]
pub struct PurgeView {
    /// Whose.
    pub portal: Arc<Portal>,
    /// The erasure.
    pub purge: Purge,
}

/// One page of erasures, newest first.
#[derive(Debug, Clone)]
pub struct PurgePage {
    /// The erasures.
    pub items: Vec<PurgeView>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Lists what was erased in a portal, newest first.
///
/// # Errors
/// `not_found`, `portal_required`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(
    ctx: &Context,
    portal: Option<&str>,
    limit: Option<i64>,
    cursor: Option<String>,
) -> Result<PurgePage> {
    authorize::operation(ctx, Operation::ListPurges)?;
    let mut input = Input::default();
    let limit = input.limit(limit);
    input.finish()?;
    let portal = authorize::portal(ctx, portal, Purpose::Read)?;
    let binding = ("purges", portal.id);
    let after = cursor
        .as_deref()
        .map(|c| cursor::decode::<PurgeId>(&binding, c))
        .transpose()?;
    let mut purges =
        cairn_store::purges::list(&ctx.app.store, portal.id, after, page_limit(limit)).await?;
    let more = purges.len() > limit;
    purges.truncate(limit);
    let next_cursor = match purges.last() {
        Some(last) if more => Some(cursor::encode(&binding, &last.id)?),
        _ => None,
    };
    let view = |purge| PurgeView {
        portal: Arc::clone(&portal),
        purge,
    };
    Ok(PurgePage {
        items: purges.into_iter().map(view).collect(),
        next_cursor,
    })
}

/// Gets one erasure.
///
/// # Errors
/// `not_found`, `missing_scope`.
pub async fn get(ctx: &Context, id: &str) -> Result<PurgeView> {
    authorize::operation(ctx, Operation::GetPurge)?;
    let missing = || Error::not_found("such erasure");
    let id: PurgeId = id.parse().map_err(|_| missing())?;
    let directory = ctx.app.portals();
    let reachable: Vec<PortalId> = directory
        .all()
        .iter()
        .map(|p| p.id)
        .filter(|p| ctx.caller.reach.contains(*p))
        .collect();
    let purge = cairn_store::purges::get(&ctx.app.store, &reachable, id)
        .await?
        .ok_or_else(missing)?;
    let portal = directory.by_id(purge.portal).ok_or_else(missing)?;
    Ok(PurgeView { portal, purge })
}

/// The article as it stands, tombstone or not.
async fn located(ctx: &Context, reference: &ArticleRef) -> Result<(Arc<Portal>, Article)> {
    let (portal, key) = locate(ctx, reference, None).await?;
    let state = cairn_store::articles::get(&ctx.app.store, portal.id, &key, Which::Head).await?;
    Ok((portal, state.ok_or_else(not_found)?.article))
}

/// Checks what every erasure needs, and gives the reason.
fn reason(request: &PurgeRequest) -> Result<String> {
    let mut input = Input::default();
    input.idempotency_key(request.idempotency_key.as_deref());
    let message = request.message.clone().unwrap_or_default();
    let mut errors = FieldErrors::new();
    check_required_text(&mut errors, "message", &message, MESSAGE_CHARS_MAX);
    for fault in errors.finish().err().unwrap_or_default() {
        input.errors.add(fault.field, &fault.code, fault.message);
    }
    input.finish()?;
    Ok(message)
}

/// What is remembered of an erasure.
#[derive(Debug, Serialize, Deserialize)]
struct Outcome {
    purge: PurgeId,
}

impl Outcome {
    /// The answer of the first time; whether it is finished is said as of now.
    async fn replay(self, ctx: &Context, portal: Arc<Portal>) -> Result<PurgeView> {
        let purge = cairn_store::purges::get(&ctx.app.store, &[portal.id], self.purge).await?;
        let purge = purge.ok_or_else(|| Error::not_found("such erasure"))?;
        Ok(PurgeView { portal, purge })
    }
}

/// The end of every erasure's transaction: its outcome, its row, its event, commit.
async fn conclude(
    ctx: &Context,
    mut tx: Tx,
    portal: Arc<Portal>,
    idempotent: &Idempotent<'_>,
    new: NewPurge,
    event: NewEvent,
) -> Result<PurgeView> {
    let purge = Purge {
        portal: portal.id,
        id: PurgeId::from_uuid(ctx.app.ids.uuid(new.at)),
        subject: new.subject,
        message: new.message,
        requested_at: new.at,
        finished_at: None,
    };
    idempotent
        .finish(ctx, &mut tx, &Outcome { purge: purge.id })
        .await?;
    cairn_store::purges::insert(&mut tx, &purge).await?;
    cairn_store::outbox::append(&mut tx, portal.id, &[event]).await?;
    tx.commit().await?;
    ctx.app.wake.notify_one();
    Ok(PurgeView { portal, purge })
}

/// An erasure before it has an id.
struct NewPurge {
    subject: PurgeSubject,
    message: String,
    at: Timestamp,
}
