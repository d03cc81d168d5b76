//! Attachments: files that articles show, known by the digest of their bytes.
//!
//! A portal keeps a file once, however often it is sent. What it is was found by looking at its bytes; what its sender
//! called it decides nothing but the name it is offered under.

use std::fmt;

use jiff::Timestamp;

use crate::actor::Actor;
use crate::field_error::FieldErrors;
use crate::ids::{AttachmentId, PortalId};
use crate::limits::{FILE_NAME_BYTES_MAX, IMPORT_PATH_BYTES_MAX};
use crate::text::check_required_text;

/// SHA-256 of the bytes of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileDigest(pub [u8; 32]);

impl fmt::Display for FileDigest {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileDigest({self})")
    }
}

impl FileDigest {
    /// Reads the 64 digits back.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| match digit {
                b'0'..=b'9' => Some(digit - b'0'),
                b'a'..=b'f' => Some(digit - b'a' + 10),
                _ => None,
            });
            *byte = high? << 4 | low?;
        }
        Some(Self(digest))
    }
}

/// A file that articles show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Whose.
    pub portal: PortalId,
    /// Its id.
    pub id: AttachmentId,
    /// SHA-256 of its bytes; unique in the portal.
    pub digest: FileDigest,
    /// The name it is offered under: one path segment.
    pub name: String,
    /// Found by looking at the bytes.
    pub media_type: String,
    /// Its size, in bytes.
    pub byte_length: i64,
    /// Width and height as shown, in pixels; of pictures that could be read.
    pub size: Option<(i32, i32)>,
    /// Widths of its smaller variants in WebP, ascending.
    pub variant_widths: Vec<i32>,
    /// Who brought it.
    pub actor: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When its bytes were erased.
    pub purged_at: Option<Timestamp>,
}

/// The file of a source from which an attachment came: what relative links in bodies mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentPath {
    /// Name of the folder, archive or export.
    pub source: String,
    /// Path in it, with slashes.
    pub path: String,
}

/// Checks the name of a file: one visible path segment without anything that could lead elsewhere or deceive.
pub fn check_file_name(errors: &mut FieldErrors, field: &str, name: &str) {
    check_required_text(errors, field, name, FILE_NAME_BYTES_MAX);
    if name.len() > FILE_NAME_BYTES_MAX && name.chars().count() <= FILE_NAME_BYTES_MAX {
        errors.add(
            field,
            "too_long",
            format!(
                "{field} has {} bytes, at most {FILE_NAME_BYTES_MAX} are allowed; shorten it",
                name.len()
            ),
        );
    }
    if matches!(name, "." | "..")
        || name
            .chars()
            .any(|c| matches!(c, '/' | '\\') || (is_hidden(c) && c != '\0'))
    {
        errors.add(
            field,
            "invalid_name",
            format!(
                "{field} must be the name of a file alone: no slash, no backslash, no invisible control character, not \".\" or \"..\""
            ),
        );
    }
}

/// Checks a path in a source: relative, with slashes, staying inside.
pub fn check_source_path(errors: &mut FieldErrors, field: &str, path: &str) {
    check_required_text(errors, field, path, IMPORT_PATH_BYTES_MAX);
    if path.len() > IMPORT_PATH_BYTES_MAX && path.chars().count() <= IMPORT_PATH_BYTES_MAX {
        errors.add(
            field,
            "too_long",
            format!(
                "{field} has {} bytes, at most {IMPORT_PATH_BYTES_MAX} are allowed; shorten it",
                path.len()
            ),
        );
    }
    let leads_out = path
        .split('/')
        .any(|segment| matches!(segment, "" | "." | ".."));
    if !path.is_empty()
        && (leads_out || path.contains('\\') || path.chars().any(|c| is_hidden(c) && c != '\0'))
    {
        errors.add(
            field,
            "invalid_path",
            format!(
                "{field} must be a path inside the source: relative, with single slashes, no backslash, no control character, no \".\" or \"..\""
            ),
        );
    }
}

/// Control characters, and those that turn the direction of text (Unicode TR 9 §2.1–2.4): they make a name read as another.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_codes(name: &str) -> Vec<String> {
        let mut errors = FieldErrors::new();
        check_file_name(&mut errors, "name", name);
        let faults = errors.finish().err().unwrap_or_default();
        faults.into_iter().map(|f| f.code).collect()
    }

    fn path_is_fine(path: &str) -> bool {
        let mut errors = FieldErrors::new();
        check_source_path(&mut errors, "path", path);
        errors.is_empty()
    }

    #[test]
    fn a_digest_is_read_back_from_its_digits_alone() {
        let digest = FileDigest(std::array::from_fn(|n| u8::try_from(n * 7).unwrap_or(0)));
        let text = digest.to_string();
        assert_eq!(FileDigest::parse(&text), Some(digest));
        for bad in [&text[1..], &text.to_uppercase(), "", &"ß".repeat(32)] {
            assert_eq!(FileDigest::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_segment_that_reads_as_it_is() {
        for good in [
            "a.png",
            "größe (1).pdf",
            "…",
            ".env",
            "a b",
            "返金.png",
            "a..b",
        ] {
            assert!(name_codes(good).is_empty(), "{good:?}");
        }
        for bad in [
            "",
            " ",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a\nb",
            "\u{202E}gnp.exe",
            "a\0b",
        ] {
            assert!(!name_codes(bad).is_empty(), "{bad:?}");
        }
        assert_eq!(name_codes(&"x".repeat(256)), ["too_long"]);
        assert_eq!(name_codes(&"ß".repeat(128)), ["too_long"]);
        assert!(name_codes(&"x".repeat(255)).is_empty());
    }

    #[test]
    fn a_source_path_stays_inside() {
        for good in ["a.png", "media/a b.png", ".github/x", "a/b/c/größe.png"] {
            assert!(path_is_fine(good), "{good:?}");
        }
        for bad in [
            "", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a\0", "a\r",
        ] {
            assert!(!path_is_fine(bad), "{bad:?}");
        }
    }
}
