//! Attachments: files that articles show, kept once per portal.
//!
//! The bytes go into the vault before the transaction that makes the row: a row never names bytes that are not there.
//! Bytes whose transaction failed have no row; they are harmless and [`sweep`] takes them away.

pub(crate) mod content;
mod create;
mod get;
mod list;
mod sweep;
mod view;

pub use cairn_attachments::{Place, Reading, S3Place, Vault};
pub use content::{File, content, forget_bytes};
pub use create::{Created, NewAttachment, create};
pub use get::get;
pub(crate) use get::{not_found, parse as parse_id, portal_of as find_portal_of};
pub use list::{AttachmentPage, ListAttachments, list};
pub use sweep::{Swept, sweep};
pub use view::AttachmentView;

use cairn_attachments::{Busy, VaultError};

use crate::{Error, ErrorCode};

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Unavailable(_) => Self {
                retry_after_s: Some(2),
                source: Some(Box::new(error)),
                ..Self::new(
                    ErrorCode::Unavailable,
                    "the place where files are kept does not answer; nothing is lost, ask again in a moment",
                )
            },
            other => Self::internal(other),
        }
    }
}

impl From<Busy> for Error {
    fn from(_: Busy) -> Self {
        Self::overloaded("looking at files")
    }
}
