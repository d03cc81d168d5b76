//! What the members of an archive may be called.
//!
//! Nothing is unpacked into a folder, so a name cannot reach outside by itself. It becomes an
//! address, a line of a report and, in an export, a file on somebody's machine: a name that means
//! another place there, or shows as another name, is refused here.

use crate::limits::{ARCHIVE_NAME_BYTES_MAX, DEPTH_MAX};

/// Names that are devices on Windows, with any extension.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Extensions of archives, which are not opened inside an archive.
const ARCHIVES: [&str; 12] = [
    "zip", "tar", "tgz", "gz", "bz2", "xz", "zst", "7z", "rar", "jar", "tbz2", "txz",
];

/// What becomes of a member by its name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// It is taken under this path.
    Taken(String),
    /// It is not meant for readers: hidden, or a note of the system that packed it.
    Hidden,
}

/// Judges a name as the archive has it.
///
/// # Errors
/// Why no member of an archive may be called so.
pub(crate) fn judge(raw: &[u8]) -> Result<Name, String> {
    let shown = String::from_utf8_lossy(raw);
    let shown: String = shown
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect();
    let refused = |why: &str| {
        Err(format!(
            "its member \"{shown}\" {why}; rename it and pack it again"
        ))
    };
    if raw.len() > ARCHIVE_NAME_BYTES_MAX {
        return refused(&format!(
            "has a name of {} bytes, at most {ARCHIVE_NAME_BYTES_MAX} are allowed",
            raw.len()
        ));
    }
    let Ok(name) = std::str::from_utf8(raw) else {
        return refused("has a name that is not UTF-8");
    };
    // Tar writes ./a/b for a/b.
    let name = name.strip_prefix("./").unwrap_or(name);
    let name = name.strip_suffix('/').unwrap_or(name);
    if name.is_empty() || name == "." {
        return Ok(Name::Hidden);
    }
    if name.starts_with('/') {
        return refused("has an absolute name");
    }
    if name.contains('\\') {
        return refused("has a backslash in its name");
    }
    if let Some(c) = name.chars().find(|c| is_deceptive(*c)) {
        return refused(&format!(
            "has the invisible character U+{:04X} in its name",
            u32::from(c)
        ));
    }
    let segments: Vec<&str> = name.split('/').collect();
    if segments.len() > DEPTH_MAX {
        return refused(&format!("is more than {DEPTH_MAX} folders deep"));
    }
    for segment in &segments {
        match *segment {
            "" => return refused("has an empty segment in its name"),
            "." | ".." => return refused("leads out of its folder"),
            _ => {}
        }
        if segment.contains(':') && is_drive(segment) {
            return refused("begins with a drive");
        }
        let stem = segment.split('.').next().unwrap_or(segment);
        if DEVICES.contains(&stem.to_ascii_lowercase().as_str()) {
            return refused("is called like a device");
        }
    }
    if segments.iter().any(|s| s.starts_with('.')) || segments[0] == "__MACOSX" {
        return Ok(Name::Hidden);
    }
    Ok(Name::Taken(name.to_owned()))
}

/// Whether a member is an archive itself, by its name.
pub(crate) fn is_archive(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ARCHIVES
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

fn is_drive(segment: &str) -> bool {
    let mut chars = segment.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
}

/// Controls, and what turns the direction of a name around or hides in it.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_name_is_taken_as_it_is() {
        for name in [
            "a.md",
            "dir/b c.md",
            "Größe/日本.md",
            "Note: b.md",
            "console.md",
            "aux-cables.md",
        ] {
            assert_eq!(judge(name.as_bytes()), Ok(Name::Taken(name.to_owned())));
        }
        assert_eq!(judge(b"./a/b.md"), Ok(Name::Taken("a/b.md".to_owned())));
        assert_eq!(judge(b"a/b/"), Ok(Name::Taken("a/b".to_owned())));
    }

    #[test]
    fn what_is_hidden_is_left_out() {
        for name in [
            ".git/config",
            "a/.DS_Store",
            "__MACOSX/a.md",
            "./",
            "._a.md",
        ] {
            assert_eq!(judge(name.as_bytes()), Ok(Name::Hidden), "{name}");
        }
    }

    #[test]
    fn a_name_that_means_another_place_is_refused() {
        let long = "x".repeat(ARCHIVE_NAME_BYTES_MAX + 1);
        let deep = "a/".repeat(DEPTH_MAX + 1);
        for (name, part) in [
            ("../../etc/x.md", "leads out"),
            ("a/../../x.md", "leads out"),
            ("a/./b.md", "leads out"),
            ("..", "leads out"),
            ("/etc/x.md", "absolute"),
            ("./\u{2f}etc/x.md", "absolute"),
            ("..\\..\\x.md", "backslash"),
            ("C:\\x.md", "backslash"),
            ("C:x.md", "drive"),
            ("a//b.md", "empty segment"),
            ("CON.md", "device"),
            ("a/nul", "device"),
            ("a/Lpt1.tar.md", "device"),
            ("\u{202e}gnp.md", "U+202E"),
            ("a\u{0}b.md", "U+0000"),
            ("a\nb.md", "U+000A"),
            (long.as_str(), "at most"),
            (deep.as_str(), "folders deep"),
        ] {
            let reason = judge(name.as_bytes()).expect_err(name);
            assert!(reason.contains(part), "{name:?}: {reason}");
            assert!(
                reason.len() < 1_000 && !reason.contains('\u{202e}'),
                "{reason}"
            );
        }
        assert!(judge(b"\xff.md").unwrap_err().contains("UTF-8"));
    }
}
