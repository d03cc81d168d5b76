//! The operator's words on the pages: the notice above them, and the link to a person.

use cairn_domain::portal::Portal;
use cairn_domain::portal_words::NoticeLevel;

use super::messages::Messages;

/// The notice above a page.
#[derive(Debug, Clone)]
pub(crate) struct NoticeLine {
    pub(crate) text: String,
    pub(crate) url: Option<String>,
    pub(crate) is_warning: bool,
}

impl NoticeLine {
    /// The portal's notice, if it has one and it belongs above this page.
    pub(crate) fn of(portal: &Portal, is_first_page: bool) -> Option<Self> {
        let notice = portal.notice.as_ref()?;
        (notice.everywhere || is_first_page).then(|| Self {
            text: notice.text.clone(),
            url: notice.url.clone(),
            is_warning: notice.level == NoticeLevel::Warning,
        })
    }

    /// The icon beside it.
    pub(crate) fn icon(&self) -> &'static str {
        if self.is_warning { "warn" } else { "info" }
    }
}

/// The link to a person.
#[derive(Debug, Clone)]
pub(crate) struct ContactLink {
    pub(crate) url: String,
    pub(crate) label: String,
}

impl ContactLink {
    /// The portal's contact, if it has one.
    pub(crate) fn of(portal: &Portal, m: &Messages) -> Option<Self> {
        portal.contact.as_ref().map(|contact| Self {
            url: contact.url.clone(),
            label: contact
                .label
                .clone()
                .unwrap_or_else(|| m.contact_write.clone()),
        })
    }
}
