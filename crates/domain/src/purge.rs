//! Erasure on request: what was to be erased, and whether its bytes are gone from everywhere.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{ArticleId, AttachmentId, PortalId, PurgeId};

/// What is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurgeSubject {
    /// An article with all its revisions; a tombstone stays.
    Article(ArticleId),
    /// The text of one old revision.
    Revision(ArticleId, i32),
    /// A file; a tombstone stays.
    Attachment(AttachmentId),
}

impl PurgeSubject {
    /// The word in rows and answers.
    pub const fn kind(self) -> &'static str {
        match self {
            PurgeSubject::Article(_) => "article",
            PurgeSubject::Revision(..) => "revision",
            PurgeSubject::Attachment(_) => "attachment",
        }
    }

    /// The bare id of the article or attachment.
    pub const fn uuid(self) -> Uuid {
        match self {
            PurgeSubject::Article(id) | PurgeSubject::Revision(id, _) => id.as_uuid(),
            PurgeSubject::Attachment(id) => id.as_uuid(),
        }
    }

    /// The revision, of a revision.
    pub const fn revision(self) -> Option<i32> {
        match self {
            PurgeSubject::Revision(_, number) => Some(number),
            PurgeSubject::Article(_) | PurgeSubject::Attachment(_) => None,
        }
    }
}

/// One erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// Whose.
    pub portal: PortalId,
    /// Its id.
    pub id: PurgeId,
    /// What.
    pub subject: PurgeSubject,
    /// Why, in the words of who asked.
    pub message: String,
    /// When it was asked for; from then on nobody reads it.
    pub requested_at: Timestamp,
    /// When nothing this program keeps held its bytes any more.
    pub finished_at: Option<Timestamp>,
}
