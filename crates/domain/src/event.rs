//! Events: past-tense facts in a portal's feed. They say what changed, never carry content.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{ArticleId, AttachmentId, CategoryId, EventId, PortalId};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An article.
    Article(ArticleId),
    /// A category.
    Category(CategoryId),
    /// The portal itself.
    Portal(PortalId),
    /// An API key.
    Key(Uuid),
    /// A file that articles show.
    Attachment(AttachmentId),
    /// The portal's redirects, all of them.
    Redirects(PortalId),
}

impl Subject {
    /// The word in rows.
    pub const fn kind(self) -> &'static str {
        match self {
            Subject::Article(_) => "article",
            Subject::Category(_) => "category",
            Subject::Portal(_) => "portal",
            Subject::Key(_) => "key",
            Subject::Attachment(_) => "attachment",
            Subject::Redirects(_) => "redirects",
        }
    }

    /// The bare id in rows.
    pub const fn uuid(self) -> Uuid {
        match self {
            Subject::Article(id) => id.as_uuid(),
            Subject::Category(id) => id.as_uuid(),
            Subject::Portal(id) => id.as_uuid(),
            Subject::Key(id) => id,
            Subject::Attachment(id) => id.as_uuid(),
            Subject::Redirects(id) => id.as_uuid(),
        }
    }

    /// Reads a subject back from its two columns.
    pub fn from_parts(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "article" => Some(Subject::Article(ArticleId::from_uuid(id))),
            "category" => Some(Subject::Category(CategoryId::from_uuid(id))),
            "portal" => Some(Subject::Portal(PortalId::from_uuid(id))),
            "key" => Some(Subject::Key(id)),
            "attachment" => Some(Subject::Attachment(AttachmentId::from_uuid(id))),
            "redirects" => Some(Subject::Redirects(PortalId::from_uuid(id))),
            _ => None,
        }
    }
}

/// One row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose feed.
    pub portal: PortalId,
    /// Dense position in it.
    pub pos: i64,
    /// Random id, to tell two histories apart.
    pub id: EventId,
    /// `article.updated` and its like: the word from the operation table.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// The article's head revision after the write, for articles.
    pub revision: Option<i32>,
    /// When.
    pub at: Timestamp,
}
