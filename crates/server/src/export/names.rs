//! Names of files: what a path of an import becomes on a disk nobody knows.
//!
//! A path that every file system takes, and that no other file of this export claims, stays as it is.
//! Else it becomes one: what is not allowed is replaced, and of two that some file system would take
//! for the same (case, composed letters, a file where the other has a folder) the later one gets a
//! mark made from what it is. A name made here is taken as it is by the next export, so that leaving
//! and coming back changes nothing.

use std::collections::HashSet;

use cairn_domain::slug::lookup_form;
use sha2::{Digest, Sha256};

use crate::limits::{EXPORT_NAME_BYTES_MAX, EXPORT_PATH_BYTES_MAX, EXPORT_PATH_DEPTH_MAX};

/// What a file is: decides its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Read again as an article: `.md` or `.markdown`.
    Article,
    /// Never read as an article.
    Attachment,
}

/// Where files go whose place is taken by something that is no file.
const RENAMED: &str = "renamed";
/// Names that Windows gives to devices, whatever follows the first dot.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl Names {
    /// No names but these, which no article and no attachment gets.
    pub(super) fn reserving(reserved: &[&str]) -> Self {
        let mut names = Self::default();
        for name in reserved {
            names.take(name);
        }
        names
    }

    /// The path for a file that would like to lie at `wanted`. `identity` tells it from every other
    /// file that wants to lie there.
    pub(super) fn place(&mut self, wanted: &str, identity: &str, kind: Kind) -> String {
        let path = safe_path(wanted, kind);
        if self.fits(&path) {
            self.take(&path);
            return path;
        }
        let mark = mark(&format!("{wanted}\0{identity}"));
        let marked = with_mark(&path, &mark);
        if self.fits(&marked) {
            self.take(&marked);
            return marked;
        }
        let name = path.rsplit('/').next().unwrap_or(&path);
        let mut place = format!("{RENAMED}/{mark}/{name}");
        let mut n = 2;
        while !self.fits(&place) {
            place = format!("{RENAMED}/{mark}-{n}/{name}");
            n += 1;
        }
        self.take(&place);
        place
    }

    /// Whether nothing that is there is in the way of the file or of one of its folders.
    fn fits(&self, path: &str) -> bool {
        let key = key(path);
        let in_the_way = |at: usize| self.files.contains(&key[..at]);
        !self.files.contains(&key)
            && !self.folders.contains(&key)
            && !key.match_indices('/').any(|(at, _)| in_the_way(at))
    }

    fn take(&mut self, path: &str) {
        let key = key(path);
        for (at, _) in key.match_indices('/') {
            if !self.folders.contains(&key[..at]) {
                self.folders.insert(key[..at].to_owned());
            }
        }
        self.files.insert(key);
    }
}

/// Paths with one key are one path somewhere: letters in either case, composed or not.
fn key(path: &str) -> String {
    lookup_form(&path.to_uppercase())
}

/// Eight digits that stand for a text.
fn mark(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The path as it may be written; the same when it may be as it is.
fn safe_path(wanted: &str, kind: Kind) -> String {
    let mut segments: Vec<String> = wanted.split('/').map(safe_name).collect();
    if let Some(last) = segments.last_mut() {
        let extension = match kind {
            Kind::Article if !is_markdown(last) => ".md",
            Kind::Attachment if is_markdown(last) => ".file",
            _ => "",
        };
        if last.len() + extension.len() > EXPORT_NAME_BYTES_MAX {
            *last = shortened(last, EXPORT_NAME_BYTES_MAX - extension.len());
        }
        last.push_str(extension);
    }
    let path = segments.join("/");
    if path.len() <= EXPORT_PATH_BYTES_MAX && segments.len() <= EXPORT_PATH_DEPTH_MAX {
        return path;
    }
    let last = segments.pop().unwrap_or_default();
    format!("{RENAMED}/{}/{last}", mark(wanted))
}

fn is_markdown(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("md") || extension.eq_ignore_ascii_case("markdown")
}

/// A name of a file or folder that every file system takes, that hides nothing and leads nowhere.
fn safe_name(name: &str) -> String {
    let replaced = |c: char| match c {
        '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        c if c.is_control() || deceives(c) => '_',
        c => c,
    };
    let mut safe: String = name.chars().map(replaced).collect();
    // Hidden files are left out by an import; a space in front or a dot at the end is lost by some.
    if safe.starts_with(['.', ' ']) {
        safe.replace_range(..1, "_");
    }
    if safe.ends_with(['.', ' ']) {
        safe.pop();
        safe.push('_');
    }
    if safe.is_empty() {
        safe.push('_');
    }
    let stem_end = safe.find('.').unwrap_or(safe.len());
    if is_device(safe[..stem_end].trim_end()) {
        safe.insert(stem_end, '_');
    }
    if safe.len() > EXPORT_NAME_BYTES_MAX {
        safe = shortened(&safe, EXPORT_NAME_BYTES_MAX);
    }
    safe
}

/// Characters nobody sees, or that turn the reading direction: a name with them is not what it seems.
fn deceives(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_device(stem: &str) -> bool {
    let upper = stem.to_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|port| {
        upper.strip_prefix(port).is_some_and(|n| {
            let mut digits = n.chars();
            matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        })
    });
    numbered || DEVICES.contains(&upper.as_str())
}

/// A long name cut so that its extension stays, with a mark of what it was.
fn shortened(name: &str, bytes_max: usize) -> String {
    let mark = mark(name);
    let (stem, extension) = split_extension(name);
    let room = bytes_max.saturating_sub(extension.len() + 1 + mark.len());
    let mut end = room.min(stem.len());
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!(
        "{}~{mark}{extension}",
        stem[..end].trim_end_matches([' ', '.'])
    )
}

/// A path with a mark behind the name, before its extension.
fn with_mark(path: &str, mark: &str) -> String {
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, path),
    };
    let (stem, extension) = split_extension(name);
    let marked = format!("{stem}~{mark}{extension}");
    let marked = if marked.len() > EXPORT_NAME_BYTES_MAX {
        shortened(&marked, EXPORT_NAME_BYTES_MAX)
    } else {
        marked
    };
    match folder {
        Some(folder) => format!("{folder}/{marked}"),
        None => marked,
    }
}

/// Stem and extension with its dot; what is long or first is none.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(wanted: &str) -> String {
        Names::default().place(wanted, "", Kind::Article)
    }

    #[test]
    fn what_every_disk_takes_stays_as_it_is() {
        for path in [
            "a.md",
            "Guides/Set up/first run.MD",
            "docs.de-de/größe & maße (2).markdown",
            "返金/方法.md",
            "a~b/-x/_/c.md",
            "console/com10/nul-.md",
        ] {
            assert_eq!(article(path), path);
        }
    }

    #[test]
    fn what_some_disk_refuses_becomes_a_name() {
        for (path, want) in [
            ("../../etc/passwd", "__/__/etc/passwd.md"),
            ("/etc/x.md", "_/etc/x.md"),
            ("a//b.md", "a/_/b.md"),
            ("./a.md", "_/a.md"),
            (".git/config.md", "_git/config.md"),
            ("C:\\x.md", "C__x.md"),
            ("nul", "nul_.md"),
            ("Con.md", "Con_.md"),
            ("a/LPT¹.x.md", "a/LPT¹_.x.md"),
            ("a./b .md", "a_/b .md"),
            ("x\u{202e}dm.md", "x_dm.md"),
            ("a\0b\n.md", "a_b_.md"),
            ("", "_.md"),
            ("x.html", "x.html.md"),
        ] {
            assert_eq!(article(path), want, "{path:?}");
            assert_eq!(article(want), want);
        }
        let mut names = Names::default();
        assert_eq!(
            names.place("notes.md", "", Kind::Attachment),
            "notes.md.file"
        );
    }

    #[test]
    fn twins_are_told_apart_the_same_way_each_time() {
        let mut names = Names::reserving(&["portal.toml"]);
        let mut placed = |path: &str, identity: &str| names.place(path, identity, Kind::Attachment);
        assert_eq!(placed("a/x.png", "1"), "a/x.png");
        let second = placed("A/X.png", "2");
        assert!(
            second.starts_with("A/X~") && second.ends_with(".png"),
            "{second}"
        );
        for (path, identity) in [
            ("a/x.png", "3"),
            ("a/caf\u{e9}.png", "4"),
            ("a/cafe\u{301}.png", "5"),
            ("a", "6"),
            ("a/x.png/y.png", "7"),
            ("Portal.TOML", "8"),
            ("Straße", "9"),
            ("STRASSE", "10"),
        ] {
            placed(path, identity);
        }
        assert_eq!(names.files.len(), 11, "{names:?}");
        assert!(names.files.is_disjoint(&names.folders));
    }

    #[test]
    fn long_paths_stay_whole_names() {
        let long = format!("{}.md", "ü".repeat(300));
        let name = article(&long);
        assert!(
            name.len() <= EXPORT_NAME_BYTES_MAX && name.ends_with(".md"),
            "{name}"
        );
        assert_eq!(article(&name), name);
        let deep = format!("{}x.md", "folder/".repeat(200));
        let path = article(&deep);
        assert!(
            path.starts_with("renamed/") && path.ends_with("/x.md"),
            "{path}"
        );
        assert_eq!(article(&path), path);
    }
}
