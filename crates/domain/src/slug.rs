//! Slugs: the readable path segment of an article, a category or a portal.
//!
//! A slug is Unicode in NFC, lower-case, words joined by hyphens. Two texts that Unicode calls
//! canonically equal make the same slug, so one live slug stands for each canonical form.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::field_error::FieldError;
use crate::limits::SLUG_BYTES_MAX;

/// Portal slugs that would hide a door of the server.
pub const RESERVED: [&str; 15] = [
    "api",
    "mcp",
    "assets",
    "livez",
    "readyz",
    "healthz",
    "metrics",
    ".well-known",
    "sign-in",
    "robots.txt",
    "sitemap.xml",
    "favicon.ico",
    "search",
    "llms.txt",
    "problems",
];

/// A checked slug.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    /// Takes a slug a caller chose; it must already be in its one form.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let made = make(text);
        if made.as_deref() == Some(text) {
            return Ok(Self(text.to_owned()));
        }
        let hint = match made {
            Some(made) => format!("; \"{made}\" would do"),
            None => String::new(),
        };
        Err(FieldError::new(
            field,
            "invalid_slug",
            format!(
                "{field} must be lower-case letters and digits joined by single hyphens, at most {SLUG_BYTES_MAX} bytes{hint}"
            ),
        ))
    }

    /// Makes a slug from a title; a title without letters or digits gets `fallback`.
    pub fn from_title(title: &str, fallback: &str) -> Self {
        Self(make(title).unwrap_or_else(|| fallback.to_owned()))
    }

    /// The same slug with `-n` behind it, kept within the limit: what a collision gets.
    pub fn numbered(&self, n: u64) -> Self {
        let suffix = format!("-{n}");
        let mut base = self.0.clone();
        while base.len() + suffix.len() > SLUG_BYTES_MAX {
            base.pop();
        }
        Self(format!("{}{suffix}", base.trim_end_matches('-')))
    }

    /// Takes a slug as it stands in the database, where it was checked on its way in.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The form in which a path segment is looked up: NFC, lower-case.
pub fn lookup_form(segment: &str) -> String {
    lower_nfc(segment)
}

fn lower_nfc(text: &str) -> String {
    // Lower-casing can leave NFC (İ becomes i + U+0307), so compose last.
    text.nfc()
        .collect::<String>()
        .to_lowercase()
        .nfc()
        .collect()
}

fn make(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut gap = false;
    for c in lower_nfc(text).chars() {
        // Marks that did not compose belong to the letter before them.
        let is_word = c.is_alphanumeric()
            || (unicode_normalization::char::is_combining_mark(c) && !out.is_empty() && !gap);
        if is_word {
            let need = c.len_utf8() + usize::from(gap && !out.is_empty());
            if out.len() + need > SLUG_BYTES_MAX {
                break;
            }
            if gap && !out.is_empty() {
                out.push('-');
            }
            gap = false;
            out.push(c);
        } else if c != '\'' && c != '\u{2019}' {
            // An apostrophe joins: "can't" reads better as "cant" than as "can-t".
            gap = true;
        }
    }
    // Cutting at the limit may leave a word half; it stays a valid slug all the same.
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(title: &str) -> String {
        Slug::from_title(title, "article").as_str().to_owned()
    }

    #[test]
    fn titles_become_slugs() {
        for (title, want) in [
            (
                "Refund passengers when a sailing is cancelled",
                "refund-passengers-when-a-sailing-is-cancelled",
            ),
            ("What's new?", "whats-new"),
            ("  --- ", "article"),
            ("Größe & Maße", "größe-maße"),
            ("استرداد المبلغ", "استرداد-المبلغ"),
            ("返金の方法", "返金の方法"),
            ("C++ / C#", "c-c"),
        ] {
            assert_eq!(slug(title), want);
        }
    }

    #[test]
    fn canonically_equal_titles_make_one_slug() {
        assert_eq!(slug("Cafe\u{301}"), slug("Café"));
        assert_eq!(slug("\u{212B}ngstr\u{f6}m"), slug("A\u{30a}ngstro\u{308}m"));
    }

    #[test]
    fn a_made_slug_is_accepted_as_given() {
        for title in [
            "İstanbul",
            "ǅungla",
            "ﬁle ΣΑΣ",
            "a\u{300}\u{316} b",
            &"x".repeat(500),
            &"é ".repeat(300),
        ] {
            let made = Slug::from_title(title, "article");
            assert_eq!(
                Slug::parse("slug", made.as_str()),
                Ok(made.clone()),
                "{title}"
            );
            assert!(made.as_str().len() <= SLUG_BYTES_MAX);
        }
    }

    #[test]
    fn a_collision_is_numbered_within_the_limit() {
        let long = Slug::from_title(&"ж".repeat(300), "article");
        assert!(long.numbered(2).as_str().ends_with("-2"));
        assert!(long.numbered(1_000_000).as_str().len() <= SLUG_BYTES_MAX);
    }

    #[test]
    fn what_is_no_slug_says_what_would_do() {
        let error = Slug::parse("slug", "Hello World").expect_err("capitals and a space");
        assert!(error.message.contains("hello-world"), "{}", error.message);
        assert!(Slug::parse("slug", "").is_err());
        assert!(Slug::parse("slug", "../etc").is_err());
    }
}
