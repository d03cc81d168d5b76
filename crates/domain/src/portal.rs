//! Portals: a brand's help center; the boundary of tenancy and keys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field_error::FieldErrors;
use crate::ids::PortalId;
use crate::limits::{HOSTNAMES_MAX, LOCALES_MAX, NAME_CHARS_MAX};
use crate::locale::Locale;
use crate::portal_words::{Contact, Notice};
use crate::slug::{RESERVED, Slug};
use crate::text::check_required_text;

/// A portal as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Its id.
    pub id: PortalId,
    /// First segment of its path addresses.
    pub slug: Slug,
    /// What readers see.
    pub name: String,
    /// Hostnames it answers at the root of, lower-case ASCII.
    pub hostnames: Vec<String>,
    /// Locales in the order readers are offered them; the first is the default.
    pub locales: Vec<Locale>,
    /// Any CSS hex colour; the pages compute a readable accent from it.
    pub accent: Option<String>,
    /// What readers are told above the pages. Absent in outcomes of the release before.
    #[serde(default)]
    pub notice: Option<Notice>,
    /// How readers reach a person. Absent in outcomes of the release before.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// Raised by every change.
    pub row_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Portal {
    /// The locale readers get when they name none.
    pub fn default_locale(&self) -> &Locale {
        self.locales
            .first()
            .expect("a portal has at least one locale: checked on every write and by the database")
    }
}

/// The fields of a portal that people choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalFields {
    /// First segment of its path addresses.
    pub slug: Slug,
    /// What readers see.
    pub name: String,
    /// Hostnames it answers at.
    pub hostnames: Vec<String>,
    /// Locales; the first is the default.
    pub locales: Vec<Locale>,
    /// Any CSS hex colour.
    pub accent: Option<String>,
    /// What readers are told above the pages.
    pub notice: Option<Notice>,
    /// How readers reach a person.
    pub contact: Option<Contact>,
}

impl PortalFields {
    /// Checks every field and notes every fault.
    pub fn validate(&self, errors: &mut FieldErrors) {
        if RESERVED.contains(&self.slug.as_str()) {
            errors.add(
                "slug",
                "reserved_slug",
                format!(
                    "slug \"{}\" is reserved for Cairn itself; choose another",
                    self.slug
                ),
            );
        }
        check_required_text(errors, "name", &self.name, NAME_CHARS_MAX);
        if self.locales.is_empty() || self.locales.len() > LOCALES_MAX {
            errors.add(
                "locales",
                "invalid_count",
                format!("locales needs 1 to {LOCALES_MAX} entries, the first is the default"),
            );
        }
        for (i, locale) in self.locales.iter().enumerate() {
            if self.locales[..i].contains(locale) {
                errors.add(
                    format!("locales.{i}"),
                    "duplicate",
                    format!("locale {locale} is listed twice; remove one"),
                );
            }
        }
        if self.hostnames.len() > HOSTNAMES_MAX {
            errors.add(
                "hostnames",
                "too_many",
                format!(
                    "hostnames has {} entries, at most {HOSTNAMES_MAX} are allowed",
                    self.hostnames.len()
                ),
            );
        }
        for (i, hostname) in self.hostnames.iter().enumerate() {
            if !is_hostname(hostname) {
                errors.add(format!("hostnames.{i}"), "invalid_hostname", "a hostname is lower-case letters, digits, hyphens and dots, without scheme or port, such as help.example.com");
            }
        }
        if let Some(accent) = &self.accent
            && !is_hex_colour(accent)
        {
            errors.add(
                "accent",
                "invalid_colour",
                "accent is a CSS hex colour such as #0a7d5a",
            );
        }
        if let Some(notice) = &self.notice {
            notice.validate(errors);
        }
        if let Some(contact) = &self.contact {
            contact.validate(errors);
        }
    }
}

fn is_hostname(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

fn is_hex_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
