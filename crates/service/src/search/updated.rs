//! How long ago a hit changed at most: spans that end now, by which a search may be narrowed and its hits are counted.

use jiff::{SignedDuration, Timestamp};

/// A span that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdatedWithin {
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// 365 days.
    Year,
}

impl UpdatedWithin {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Year];

    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == text)
    }

    /// When it begins.
    pub(crate) fn since(self, now: Timestamp) -> Timestamp {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 365,
        };
        now.checked_sub(SignedDuration::from_hours(24 * days))
            .unwrap_or(Timestamp::MIN)
    }
}
