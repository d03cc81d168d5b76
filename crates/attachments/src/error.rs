//! What can go wrong between Cairn and where files are kept.

/// Why the vault did not do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The settings or the place will not do; the text says what and the way out.
    #[error("{0}")]
    Refused(String),
    /// No file is kept under this name.
    #[error(
        "no file is kept under {0}; restore the place of attachments from a backup, or send the file again"
    )]
    Missing(String),
    /// The place does not answer, or answers with an error. Nothing is known to be changed.
    #[error("the place of attachments does not answer; try again in a moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<object_store::Error> for VaultError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { path, .. } => Self::Missing(path),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}
