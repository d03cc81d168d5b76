//! Locales: BCP 47 language tags in canonical case, as they stand in URLs and in the index.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::field_error::FieldError;

/// Longest tag we take, in bytes.
const TAG_BYTES_MAX: usize = 35;

/// A language tag such as `en`, `pt-BR` or `zh-Hant-TW` (RFC 5646 §2.1.1 gives the case rules).
///
/// Only the shapes a help center uses are taken: language, optional script, optional region,
/// optional variants. Extensions and private use are refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

impl Locale {
    /// Parses a tag of any case into its canonical case; `_` is taken for `-`.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        canonical(text).map(Self).ok_or_else(|| {
            FieldError::new(
                field,
                "invalid_locale",
                format!("{field} is not a language tag such as en, de or pt-BR (BCP 47)"),
            )
        })
    }

    /// The canonical tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: `pt` of `pt-BR`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Whether the script of this locale runs from right to left.
    pub fn is_rtl(&self) -> bool {
        let mut subtags = self.0.split('-');
        let language = subtags.next().unwrap_or("");
        match subtags.find(|s| s.len() == 4) {
            Some(script) => matches!(script, "Arab" | "Hebr" | "Syrc" | "Thaa" | "Nkoo" | "Adlm"),
            None => matches!(
                language,
                "ar" | "he" | "fa" | "ur" | "ps" | "yi" | "dv" | "ckb" | "sd" | "ug"
            ),
        }
    }
}

fn canonical(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > TAG_BYTES_MAX || !text.is_ascii() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut stage = 0;
    for (index, subtag) in text.split(['-', '_']).enumerate() {
        let alphabetic = subtag.bytes().all(|b| b.is_ascii_alphabetic());
        let alphanumeric = subtag.bytes().all(|b| b.is_ascii_alphanumeric());
        if index == 0 {
            if !alphabetic || !(2..=3).contains(&subtag.len()) {
                return None;
            }
            out.push_str(&subtag.to_ascii_lowercase());
            continue;
        }
        out.push('-');
        let digits = subtag.bytes().all(|b| b.is_ascii_digit());
        if stage < 1 && subtag.len() == 4 && alphabetic {
            stage = 1;
            let (first, rest) = subtag.split_at(1);
            out.push_str(&first.to_ascii_uppercase());
            out.push_str(&rest.to_ascii_lowercase());
        } else if stage < 2 && ((subtag.len() == 2 && alphabetic) || (subtag.len() == 3 && digits))
        {
            stage = 2;
            out.push_str(&subtag.to_ascii_uppercase());
        } else if alphanumeric
            && ((5..=8).contains(&subtag.len())
                || (subtag.len() == 4 && subtag.as_bytes()[0].is_ascii_digit()))
        {
            stage = 3;
            out.push_str(&subtag.to_ascii_lowercase());
        } else {
            return None;
        }
    }
    Some(out)
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Locale {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse("locale", text)
    }
}

impl TryFrom<String> for Locale {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse("locale", &text).map_err(|e| e.message)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> String {
        locale.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_take_their_canonical_case() {
        for (text, want) in [
            ("EN", "en"),
            ("pt-br", "pt-BR"),
            ("zh_hant_tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("sl-rozaj", "sl-rozaj"),
        ] {
            assert_eq!(
                Locale::parse("locale", text).map(String::from),
                Ok(want.to_owned())
            );
        }
        for text in [
            "",
            "e",
            "english",
            "en--US",
            "x-private",
            "en-u-co-phonebk",
            "de\u{0}",
            "../en",
            "日本",
        ] {
            assert!(Locale::parse("locale", text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn right_to_left_follows_the_script() {
        for (text, rtl) in [
            ("ar", true),
            ("he-IL", true),
            ("az-Arab", true),
            ("ar-Latn", false),
            ("en", false),
        ] {
            assert_eq!(
                Locale::parse("locale", text).map(|l| l.is_rtl()),
                Ok(rtl),
                "{text}"
            );
        }
    }
}
