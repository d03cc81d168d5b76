//! The bytes of an attachment, and how they may be handed out.

use std::ops::Range;

use cairn_attachments::{ObjectName, Reading, Vault, kind};
use cairn_domain::attachment::{Attachment, FileDigest};
use cairn_domain::ids::PortalId;
use cairn_domain::operation::Operation;

use crate::{App, Context, Error, Result, authorize};

/// A file that is ready to be read.
#[derive(Debug, Clone)]
pub struct File {
    /// The name it is offered under.
    pub name: String,
    /// The media type it goes out as: exact where no browser runs it, else bytes without a meaning.
    pub media_type: &'static str,
    /// Whether a browser may show it in place rather than keep it.
    pub is_inline: bool,
    /// Names its bytes, without quotes.
    pub tag: String,
    /// Its size; a variant's is known when it is read.
    pub byte_length: Option<u64>,
    object: ObjectName,
    vault: Vault,
}

impl File {
    /// The file an attachment is.
    pub(crate) fn whole(vault: &Vault, attachment: &Attachment) -> Self {
        let (media_type, is_inline) = kind::offered(&attachment.media_type);
        Self {
            name: attachment.name.clone(),
            media_type,
            is_inline,
            tag: attachment.digest.to_string(),
            byte_length: u64::try_from(attachment.byte_length).ok(),
            object: object_name(attachment.portal, attachment.digest),
            vault: vault.clone(),
        }
    }

    /// A smaller variant of the picture it is; nothing when there is none of that width.
    pub(crate) fn variant(vault: &Vault, attachment: &Attachment, width: i32) -> Option<Self> {
        if !attachment.variant_widths.contains(&width) {
            return None;
        }
        let width = u32::try_from(width).ok()?;
        let (media_type, is_inline) = kind::offered("image/webp");
        Some(Self {
            name: format!("{width}.webp"),
            media_type,
            is_inline,
            tag: format!("{}-{width}", attachment.digest),
            byte_length: None,
            object: object_name(attachment.portal, attachment.digest).variant(width),
            vault: vault.clone(),
        })
    }

    /// Its bytes, or some of them.
    ///
    /// # Errors
    /// `unavailable` when the place of files does not answer, `internal` when it lost the file.
    pub async fn read(&self, range: Option<Range<u64>>) -> Result<Reading> {
        let reading = self.vault.read(&self.object, range).await?;
        if self.byte_length.is_some_and(|known| known != reading.total) {
            return Err(Error::internal(format!(
                "the file {} has {} bytes where {:?} were kept; restore it from a backup or bring it again",
                self.tag, reading.total, self.byte_length
            )));
        }
        Ok(reading)
    }
}

/// The name under which the vault keeps an attachment.
pub(crate) fn object_name(portal: PortalId, digest: FileDigest) -> ObjectName {
    ObjectName::new(&portal.to_string(), &digest.to_string())
}

/// Deletes the bytes of an attachment and of its variants, for good. Doing it again is safe.
///
/// # Errors
/// `unavailable` when the place of files does not answer; then some of them may still be there.
pub async fn forget_bytes(app: &App, attachment: &Attachment) -> Result<()> {
    let object = object_name(attachment.portal, attachment.digest);
    for width in &attachment.variant_widths {
        if let Ok(width) = u32::try_from(*width) {
            app.vault.delete(&object.variant(width)).await?;
        }
    }
    app.vault.delete(&object).await?;
    Ok(())
}

/// The bytes of an attachment named by its id.
///
/// # Errors
/// `not_found` for everything the caller may not see, `missing_scope`.
pub async fn content(ctx: &Context, id: &str) -> Result<File> {
    authorize::operation(ctx, Operation::GetAttachmentContent)?;
    let view = super::get::find(ctx, super::get::parse(id)?).await?;
    Ok(File::whole(&ctx.app.vault, &view.attachment))
}
