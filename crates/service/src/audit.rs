//! The audit: who did what to what. It never drives behaviour.

use cairn_domain::event::Subject;
use cairn_domain::ids::{AuditId, PortalId};
use cairn_domain::operation::Operation;
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use jiff::Timestamp;
use serde_json::Value;

use crate::{Context, Result};

/// One entry, before it knows who.
pub(crate) struct Entry<'a> {
    pub(crate) portal: PortalId,
    pub(crate) operation: Operation,
    pub(crate) subject: Subject,
    pub(crate) revision: Option<i32>,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) message: &'a str,
    pub(crate) at: Timestamp,
}

/// The entry as it is stored.
pub(crate) fn entry(ctx: &Context, entry: Entry<'_>) -> AuditEntry {
    AuditEntry {
        portal: entry.portal,
        id: AuditId::from_uuid(ctx.app.ids.uuid(entry.at)),
        at: entry.at,
        actor: ctx.caller.actor.clone(),
        key: ctx.caller.key,
        action: entry
            .operation
            .row()
            .audit
            .unwrap_or(entry.operation.row().name)
            .to_owned(),
        subject: entry.subject,
        revision: entry.revision,
        before: entry.before,
        after: entry.after,
        message: entry.message.to_owned(),
    }
}

/// Appends an entry in the write's transaction.
pub(crate) async fn append(ctx: &Context, tx: &mut Tx, new: Entry<'_>) -> Result<()> {
    cairn_store::audit::append(tx, &entry(ctx, new)).await?;
    Ok(())
}
