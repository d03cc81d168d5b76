//! What an operator tells readers beside the articles: one notice, and one way to reach a person.
//!
//! Both are text and addresses, never markup. An address is one that a page may link to and no script: its kind and its
//! letters are looked at here.

use serde::{Deserialize, Serialize};

use crate::field_error::FieldErrors;
use crate::limits::{CONTACT_LABEL_CHARS_MAX, NOTICE_CHARS_MAX, PORTAL_LINK_BYTES_MAX};
use crate::text::check_required_text;

/// How much a notice matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// Good to know.
    #[default]
    Info,
    /// Something does not work as it should.
    Warning,
}

impl NoticeLevel {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Info, Self::Warning];

    /// The word in requests and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == text)
    }
}

/// The operator's notice, above the first page or above all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// One or two sentences, on one line; at most [`NOTICE_CHARS_MAX`] characters.
    pub text: String,
    /// How much it matters.
    #[serde(default)]
    pub level: NoticeLevel,
    /// Where readers find more: https, or a path of the help center's own host.
    pub url: Option<String>,
    /// Above every page, and not only the first.
    #[serde(default)]
    pub everywhere: bool,
}

impl Notice {
    /// Checks every field and notes every fault, under `notice.…`.
    pub fn validate(&self, errors: &mut FieldErrors) {
        check_line(errors, "notice.text", &self.text, NOTICE_CHARS_MAX);
        if let Some(url) = &self.url
            && !(is_link(url, &["https://"]) || is_own_path(url))
        {
            errors.add(
                "notice.url",
                "invalid_url",
                format!("notice.url must begin with https:// or be a path such as /help/en, without spaces or quotes, at most {PORTAL_LINK_BYTES_MAX} bytes"),
            );
        }
    }
}

/// How readers reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Where: https, mailto or tel.
    pub url: String,
    /// What the link says; the pages' own words, in the reader's language, when absent.
    pub label: Option<String>,
}

impl Contact {
    /// Checks every field and notes every fault, under `contact.…`.
    pub fn validate(&self, errors: &mut FieldErrors) {
        let is_fine = match self.url.split_once(':') {
            Some(("mailto", to)) => {
                let address = to.split('?').next().unwrap_or_default();
                let parts = address.split_once('@');
                is_link(&self.url, &["mailto:"])
                    && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            }
            Some(("tel", number)) => {
                is_link(&self.url, &["tel:"])
                    && number.bytes().any(|b| b.is_ascii_digit())
                    && number
                        .bytes()
                        .all(|b| b.is_ascii_digit() || b"+-.()".contains(&b))
            }
            _ => is_link(&self.url, &["https://"]),
        };
        if !is_fine {
            errors.add(
                "contact.url",
                "invalid_url",
                format!("contact.url must be an address such as https://example.com/support, mailto:help@example.com or tel:+4930123456, without spaces or quotes, at most {PORTAL_LINK_BYTES_MAX} bytes"),
            );
        }
        if let Some(label) = &self.label {
            check_line(errors, "contact.label", label, CONTACT_LABEL_CHARS_MAX);
        }
    }
}

fn check_line(errors: &mut FieldErrors, field: &str, text: &str, chars_max: usize) {
    check_required_text(errors, field, text, chars_max);
    if text.chars().any(|c| c.is_control() && c != '\0') {
        errors.add(
            field,
            "control_character",
            format!(
                "{field} is one line of text; take out line breaks and other control characters"
            ),
        );
    }
}

fn is_link(url: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) && is_plain(url)
}

/// A path from the root of the host; `//` would lead to another host.
fn is_own_path(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//") && is_plain(url)
}

/// Letters an address may have as it is (RFC 3986 §2), letters of other scripts among them.
fn is_plain(url: &str) -> bool {
    url.len() <= PORTAL_LINK_BYTES_MAX
        && !url
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(check: impl FnOnce(&mut FieldErrors)) -> Vec<String> {
        let mut errors = FieldErrors::new();
        check(&mut errors);
        let faults = errors.finish().err().unwrap_or_default();
        faults.into_iter().map(|f| f.field).collect()
    }

    #[test]
    fn a_contact_is_an_address_a_page_may_link_to() {
        let is_fine = |url: &str| {
            let contact = Contact {
                url: url.to_owned(),
                label: None,
            };
            faults(|errors| contact.validate(errors)).is_empty()
        };
        for url in [
            "https://example.com/support",
            "https://example.com",
            "https://bücher.example/hilfe?a=b#c",
            "mailto:help@example.com",
            "mailto:help@example.com?subject=Refund",
            "tel:+49-30-123456",
        ] {
            assert!(is_fine(url), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:///x",
            "http://example.com",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "//example.com",
            "/contact",
            "help@example.com",
            "mailto:",
            "mailto:nobody",
            "mailto:@example.com",
            "mailto:a@b\" onclick=\"x",
            "tel:",
            "tel:call me",
            "tel:+",
            "https://example.com/a b",
            "https://example.com/\n",
            "https://example.com/<b>",
            " https://example.com",
        ] {
            assert!(!is_fine(url), "{url}");
        }
        assert!(!is_fine(&format!(
            "https://example.com/{}",
            "a".repeat(PORTAL_LINK_BYTES_MAX)
        )));
    }

    #[test]
    fn every_fault_of_a_notice_is_named() {
        let notice = |text: &str, url: Option<&str>| {
            let notice = Notice {
                text: text.to_owned(),
                level: NoticeLevel::Info,
                url: url.map(str::to_owned),
                everywhere: false,
            };
            faults(|errors| notice.validate(errors))
        };
        let none: [&str; 0] = [];
        assert_eq!(
            notice("Phones are down.", Some("https://status.example")),
            none
        );
        assert_eq!(
            notice("Phones are down.", Some("/help/en/articles/x")),
            none
        );
        assert_eq!(
            notice(" ", Some("//evil.example")),
            ["notice.text", "notice.url"]
        );
        assert_eq!(
            notice("two\nlines", Some("mailto:a@b")),
            ["notice.text", "notice.url"]
        );
        assert_eq!(
            notice(&"x".repeat(NOTICE_CHARS_MAX + 1), None),
            ["notice.text"]
        );
    }

    #[test]
    fn a_level_is_stored_as_the_word_it_is_called_by() {
        for level in NoticeLevel::ALL {
            let json = serde_json::to_value(level).unwrap();
            assert_eq!(json, level.as_str());
            assert_eq!(NoticeLevel::parse(level.as_str()), Some(*level));
        }
    }
}
