//! The file behind a public address: only while a published, public article shows it.

use cairn_domain::ids::AttachmentId;

use super::HelpCenter;
use crate::Result;
use crate::attachments::File;

impl HelpCenter {
    /// The file at `{base}/attachments/{id}/{name}`: the attachment under its own name, or a smaller variant of it
    /// under `{width}.webp`. Nothing for everything else, an attachment that no public page shows among it.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer.
    pub async fn attachment(&self, id: &str, name: &str) -> Result<Option<File>> {
        let Ok(id) = id.parse::<AttachmentId>() else {
            return Ok(None);
        };
        let found =
            cairn_store::attachments::find_public(&self.app.store, self.portal.id, id).await?;
        Ok(found.and_then(|attachment| {
            if attachment.name == name {
                return Some(File::whole(&self.app.vault, &attachment));
            }
            let width = name.strip_suffix(".webp")?;
            // One spelling of a width: no sign, no leading zero.
            let width = width
                .parse::<i32>()
                .ok()
                .filter(|w| w.to_string() == width)?;
            File::variant(&self.app.vault, &attachment, width)
        }))
    }
}
