//! Restoring a portal from a bundle: the portal, then batches of what it had, then the end.
//!
//! Everything comes back as it was: ids, numbers, revisions with their authors and dates, row versions
//! and so ETags. A portal is restored from one bundle only, named by the digest of its manifest: the
//! same bundle may be sent again at any time and goes on where it stopped, another one is refused, and
//! so is a portal in which somebody wrote already. What is there must be what the bundle says; nothing
//! is overwritten.
//!
//! ```text
//! restore_portal ─ new? begun? ── files ── content, content, … ── restore_portal(is_complete)
//! ```

mod articles;
mod batch;
mod content;
mod files;
mod portal;
mod rest;

use cairn_domain::event::Subject;
use cairn_domain::ids::EventId;
use cairn_domain::operation::Operation;
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;

pub use batch::{RestoreContent, RestoredContent, restore_content};
pub use content::PortalItem;
pub use files::{RestoreFile, RestoredFile, restore_file};
pub use portal::{Counts, RestorePortal, RestoredPortal, Standing, restore_portal};

use crate::{Context, Error, ErrorCode, Result};

/// The digest of a bundle, as it was written.
fn digest(text: &str) -> Result<[u8; 32]> {
    cairn_domain::attachment::FileDigest::parse(text)
        .map(|digest| digest.0)
        .ok_or_else(|| {
            content::fault(
                "bundle",
                "must be 64 lower-case hexadecimal digits: the SHA-256 of the bundle's manifest",
            )
        })
}

/// What is there is not what the bundle says.
fn conflict(what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Conflict,
        format!("{what}; nothing was written, restore into a portal in which nobody wrote"),
    )
}

/// The event of something that was restored.
fn event(ctx: &Context, subject: Subject, revision: Option<i32>, at: Timestamp) -> NewEvent {
    let row = Operation::RestoreContent.row();
    NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: row.event.unwrap_or(row.name).to_owned(),
        subject,
        revision,
        at,
    }
}
