//! The operator's words on the pages: the notice above them, and the link to a person.

use cairn_domain::portal::Portal;
use cairn_domain::portal_words::NoticeLevel;

use super::messages::Messages;

/// The notice above a page.
#[derive(Debug, Clone)]
pub(crate) struct NoticeLine {
    /// What stands before its last sentence, the white space after it included.
    pub(crate) before: String,
    /// The last sentence: it leads to the address, where there is one.
    pub(crate) last: String,
    pub(crate) url: Option<String>,
    pub(crate) is_warning: bool,
}

impl NoticeLine {
    /// The portal's notice, if it has one and it belongs above this page.
    pub(crate) fn of(portal: &Portal, is_first_page: bool) -> Option<Self> {
        let notice = portal.notice.as_ref()?;
        (notice.everywhere || is_first_page).then(|| {
            let (before, last) = split_last_sentence(&notice.text);
            Self {
                before: before.to_owned(),
                last: last.to_owned(),
                url: notice.url.clone(),
                is_warning: notice.level == NoticeLevel::Warning,
            }
        })
    }

    /// The icon beside it.
    pub(crate) fn icon(&self) -> &'static str {
        if self.is_warning { "warn" } else { "info" }
    }
}

/// A text and its last sentence: a link of these words says where it leads, which "Read more" does not. A sentence ends in
/// a mark before white space, or in a full-width one.
fn split_last_sentence(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        let is_end = match c {
            '.' | '!' | '?' | '؟' | '…' => chars.peek().is_some_and(|(_, c)| c.is_whitespace()),
            '。' | '！' | '？' => true,
            _ => false,
        };
        if !is_end {
            continue;
        }
        while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        if let Some((at, _)) = chars.peek() {
            start = *at;
        }
    }
    text.split_at(start)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentence_of_a_notice_is_what_leads_on() {
        for (text, before, last) in [
            (
                "Winter is on. Copy prices.",
                "Winter is on. ",
                "Copy prices.",
            ),
            ("One sentence only.", "", "One sentence only."),
            ("Version 2.1 is out", "", "Version 2.1 is out"),
            (
                "Closed on Sunday!  See hours ",
                "Closed on Sunday!  ",
                "See hours",
            ),
            (
                "休業します。詳しくはこちら。",
                "休業します。",
                "詳しくはこちら。",
            ),
            ("", "", ""),
        ] {
            assert_eq!(split_last_sentence(text), (before, last), "{text}");
        }
    }
}
