//! The bytes of attachments, before their rows: kept under their digest, seen by nobody yet.

use bytes::Bytes;
use cairn_domain::attachment::FileDigest;
use cairn_domain::limits::ATTACHMENT_BYTES_MAX;
use cairn_domain::operation::Operation;

use super::content::fault;
use crate::attachments::content::object_name;
use crate::authorize::Purpose;
use crate::{Context, Error, ErrorCode, Result, authorize};

/// A file to keep.
#[derive(Debug, Clone, Default)]
pub struct RestoreFile {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// SHA-256 of the bytes, in hexadecimal digits.
    pub digest: String,
    /// The name it is offered under, which tells some kinds apart.
    pub name: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredFile {
    /// Widths of the smaller variants this server made of it.
    pub variant_widths: Vec<i32>,
}

/// Keeps the bytes of an attachment that is about to be restored. Doing it again is safe.
///
/// # Errors
/// `invalid_fields` when the bytes are others than the digest says, `too_large`, `missing_scope`,
/// `not_found`, `overloaded`, `unavailable`.
pub async fn restore_file(ctx: &Context, command: RestoreFile) -> Result<RestoredFile> {
    authorize::operation(ctx, Operation::RestoreFile)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    if command.bytes.len() > ATTACHMENT_BYTES_MAX {
        return Err(Error::new(
            ErrorCode::TooLarge,
            format!("a file has at most {ATTACHMENT_BYTES_MAX} bytes"),
        ));
    }
    let digest = FileDigest(ctx.app.workshop.digest(command.bytes.clone()).await);
    if FileDigest::parse(&command.digest) != Some(digest) {
        return Err(fault(
            "digest",
            "is not that of the bytes; the file was damaged on the way",
        ));
    }
    let object = object_name(portal.id, digest);
    let look = ctx
        .app
        .workshop
        .look(command.bytes.clone(), &command.name)
        .await?;
    ctx.app.vault.put(&object, command.bytes).await?;
    let mut variant_widths = Vec::with_capacity(look.variants.len());
    for variant in look.variants {
        if let Ok(width) = i32::try_from(variant.width) {
            let object = object.variant(variant.width);
            ctx.app.vault.put(&object, variant.bytes.into()).await?;
            variant_widths.push(width);
        }
    }
    variant_widths.sort_unstable();
    Ok(RestoredFile { variant_widths })
}
