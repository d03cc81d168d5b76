//! What an address names below a portal.

use std::borrow::Cow;

use cairn_service::Error;
use cairn_service::help_center::HelpCenter;

use super::{Room, address};

/// An address within a help center.
pub(super) struct Below<'p> {
    /// The portal's pages.
    pub(super) center: HelpCenter,
    segments: Vec<Cow<'p, str>>,
    is_first_used: bool,
}

impl Below<'_> {
    /// The segments behind the portal's, which is absent at its own hostname.
    pub(super) fn rest(&self) -> &[Cow<'_, str>] {
        self.segments
            .get(usize::from(self.is_first_used)..)
            .unwrap_or_default()
    }
}

impl Room {
    /// Which help center an address is of; nothing when it can be none of ours or there is no such portal.
    pub(super) async fn below<'p>(
        &self,
        path: &'p str,
        host: &str,
    ) -> Result<Option<Below<'p>>, Error> {
        let Some(segments) = address::segments(path) else {
            return Ok(None);
        };
        let Some(first) = segments.first() else {
            return Ok(None);
        };
        let found = HelpCenter::resolve(&self.app, host, first).await?;
        Ok(found.map(|(center, is_first_used)| Below {
            center,
            segments,
            is_first_used,
        }))
    }
}
