//! The operator's words to readers, as callers write them.

use cairn_domain::field_error::FieldErrors;
use cairn_domain::portal_words::{Contact, Notice, NoticeLevel};
use serde::Serialize;

/// A notice, whole.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WriteNotice {
    /// What it says; required.
    pub text: Option<String>,
    /// `info` (default) or `warning`.
    pub level: Option<String>,
    /// Where readers find more.
    pub url: Option<String>,
    /// Above every page; only above the first one when absent.
    pub everywhere: Option<bool>,
}

impl WriteNotice {
    /// The notice; a level that is none is noted and taken for the default.
    pub(super) fn read(&self, errors: &mut FieldErrors) -> Notice {
        let level = match self.level.as_deref() {
            None => Some(NoticeLevel::Info),
            Some(word) => NoticeLevel::parse(word),
        };
        if level.is_none() {
            errors.add(
                "notice.level",
                "invalid_value",
                "notice.level must be one of info, warning",
            );
        }
        Notice {
            text: self.text.clone().unwrap_or_default(),
            level: level.unwrap_or(NoticeLevel::Info),
            url: self.url.clone(),
            everywhere: self.everywhere.unwrap_or(false),
        }
    }
}

impl From<Notice> for WriteNotice {
    fn from(notice: Notice) -> Self {
        Self {
            text: Some(notice.text),
            level: Some(notice.level.as_str().to_owned()),
            url: notice.url,
            everywhere: Some(notice.everywhere),
        }
    }
}

/// A contact, whole.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WriteContact {
    /// Where; required.
    pub url: Option<String>,
    /// What the link says.
    pub label: Option<String>,
}

impl WriteContact {
    pub(super) fn read(&self) -> Contact {
        Contact {
            url: self.url.clone().unwrap_or_default(),
            label: self.label.clone(),
        }
    }
}

impl From<Contact> for WriteContact {
    fn from(contact: Contact) -> Self {
        Self {
            url: Some(contact.url),
            label: contact.label,
        }
    }
}
