//! Identifiers: one type per thing, so that two ids in one signature cannot change places.
//!
//! All of them are UUIDv7 made by the service's id source (RFC 9562 §5.7), never by the database.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name this kind of thing.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for the database and for the wire.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Accepts the hyphenated form only: one thing has one address.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let uuid = Uuid::try_parse(text)?;
                if text.len() != 36 {
                    // Braced, simple and URN forms parse too; an address has one spelling.
                    return Uuid::try_parse("").map(Self);
                }
                Ok(Self(uuid))
            }
        }
    )*};
}

id_types! {
    /// A portal: a brand's help center, and the boundary of tenancy and keys.
    PortalId
    /// An article: one unit of content in one locale.
    ArticleId
    /// A category: a node of the portal's tree.
    CategoryId
    /// The articles that are translations of each other share one.
    TranslationGroupId
    /// An API key (not its secret).
    ApiKeyId
    /// An audit entry.
    AuditId
    /// An event in the outbox.
    EventId
    /// A file that articles show.
    AttachmentId
    /// A request to erase something.
    PurgeId
    /// What a reader said of an article.
    FeedbackId
}

impl PortalId {
    /// The reserved instance portal, where keys over several portals and portal creation live.
    pub const INSTANCE: PortalId = PortalId(Uuid::nil());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let hyphenated = "018f4e2a-7b1c-7c3d-9e4f-0123456789ab";
        assert!(hyphenated.parse::<ArticleId>().is_ok());
        for other in [
            "018f4e2a7b1c7c3d9e4f0123456789ab",
            "{018f4e2a-7b1c-7c3d-9e4f-0123456789ab}",
            "urn:uuid:018f4e2a-7b1c-7c3d-9e4f-0123456789ab",
            "",
            "42",
        ] {
            assert!(other.parse::<ArticleId>().is_err(), "{other:?} was taken");
        }
    }
}
