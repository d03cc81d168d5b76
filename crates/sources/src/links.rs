//! Links of bodies, as far as an import has to know them: which file one means, and which lead
//! nowhere once everything is in. Dead ones are summed by prefix, because one moved folder makes
//! thousands of them.
//!
//! This is a count for a person, not a parser: fenced code and code spans are skipped, and what a
//! Markdown parser would see differently in rare corners costs a number, never an article.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::limits::{DEAD_LINK_GROUPS_MAX, LINK_TARGETS_MAX};

/// Extensions of pages and of pictures, in lower case.
const PAGES: [&str; 4] = ["md", "markdown", "html", "htm"];
const PICTURES: [&str; 9] = [
    "png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "svg", "ico",
];

/// What is there, and the links that wait for something.
#[derive(Debug, Default)]
pub struct DeadLinks {
    /// Lower-case paths: collections written on Windows disagree with themselves about case.
    there: HashSet<String>,
    /// Paths at the old site, without the slash in front.
    old: HashSet<String>,
    waiting: BTreeMap<(Kind, String), Group>,
    /// Groups of links beyond the number of targets that is held: those were judged by what had been
    /// read when they came.
    beyond: BTreeMap<(Kind, String), Group>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    MissingFile,
    MissingPicture,
    RootRelative,
}

#[derive(Debug, Clone)]
struct Group {
    count: u64,
    example: String,
}

/// Dead links with the same beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// `missing_file`, `missing_picture` or `root_relative`.
    pub kind: &'static str,
    /// What they begin with: a folder of the source, or the first segment of the address.
    pub prefix: String,
    /// How many there are.
    pub count: u64,
    /// The first one: `path:line → target`.
    pub example: String,
}

impl DeadLinks {
    /// Notes a file that links may mean.
    pub fn note_file(&mut self, path: &str) {
        self.there.insert(path.to_lowercase());
    }

    /// Notes an address of the old site, a path or a whole URL.
    pub fn note_old_url(&mut self, url: &str) {
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => url.trim_start_matches('/'),
        };
        let path = path.split(['?', '#']).next().unwrap_or("");
        self.old.insert(old_form(path));
    }

    /// Looks at the links of one body that begins at `line` of the file `path`.
    pub fn look(&mut self, path: &str, body: &str, line: usize) {
        for (offset, target) in targets(body) {
            let Some((kind, means)) = meaning(path, target) else {
                continue;
            };
            let example = || format!("{path}:{} → {target}", line + offset);
            let is_full = self.waiting.len() >= LINK_TARGETS_MAX;
            let waiting = &mut self.waiting;
            let (groups, key) = if is_full && !waiting.contains_key(&(kind, means.clone())) {
                if is_there(&self.there, &self.old, kind, &means) {
                    continue;
                }
                let prefix = prefix(kind, &means);
                (&mut self.beyond, (kind, prefix))
            } else {
                (waiting, (kind, means))
            };
            let group = groups.entry(key).or_insert_with(|| Group {
                count: 0,
                example: example(),
            });
            group.count += 1;
        }
    }

    /// The links that lead nowhere, largest group first, and how many there are in all; the smallest
    /// groups are left out beyond a limit.
    pub fn dead(&self) -> (u64, Vec<Warning>) {
        let mut groups = self.beyond.clone();
        for ((kind, means), link) in &self.waiting {
            if is_there(&self.there, &self.old, *kind, means) {
                continue;
            }
            let group = groups.entry((*kind, prefix(*kind, means)));
            group
                .and_modify(|group| group.count += link.count)
                .or_insert_with(|| link.clone());
        }
        let count = groups.values().map(|group| group.count).sum();
        let mut warnings: Vec<Warning> = groups
            .into_iter()
            .map(|((kind, prefix), group)| Warning {
                kind: match kind {
                    Kind::MissingFile => "missing_file",
                    Kind::MissingPicture => "missing_picture",
                    Kind::RootRelative => "root_relative",
                },
                prefix,
                count: group.count,
                example: group.example,
            })
            .collect();
        warnings.sort_by_key(|warning| std::cmp::Reverse(warning.count));
        warnings.truncate(DEAD_LINK_GROUPS_MAX);
        (count, warnings)
    }
}

/// What a link of the file `path` means, if it can be dead: a path in the source, empty above its
/// root, or a path at the old site.
fn meaning(path: &str, target: &str) -> Option<(Kind, String)> {
    let address = target.split(['#', '?']).next().unwrap_or("");
    if address.is_empty() || target.starts_with("//") {
        return None;
    }
    if let Some(rest) = address.strip_prefix('/') {
        return Some((Kind::RootRelative, percent_decoded(rest)));
    }
    // A scheme: letters before the first colon.
    if address.split_once(':').is_some_and(|(scheme, _)| {
        scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    }) {
        return None;
    }
    let address = percent_decoded(address);
    let extension = address.rsplit_once('.')?.1.to_lowercase();
    let kind = if PAGES.contains(&extension.as_str()) {
        Kind::MissingFile
    } else if PICTURES.contains(&extension.as_str()) {
        Kind::MissingPicture
    } else {
        return None;
    };
    Some((kind, resolve(path, &address).unwrap_or_default()))
}

fn is_there(there: &HashSet<String>, old: &HashSet<String>, kind: Kind, means: &str) -> bool {
    let lower = means.to_lowercase();
    if there.contains(&lower) || (kind == Kind::RootRelative && old.contains(&old_form(means))) {
        return true;
    }
    // A link to a page may mean the file it was made from.
    let stem = lower
        .rsplit_once('.')
        .map_or(lower.as_str(), |(stem, _)| stem);
    kind != Kind::MissingPicture
        && PAGES
            .iter()
            .any(|extension| there.contains(&format!("{stem}.{extension}")))
}

/// The form in which paths of the old site are compared.
fn old_form(path: &str) -> String {
    percent_decoded(path.trim_matches('/')).to_lowercase()
}

fn prefix(kind: Kind, means: &str) -> String {
    match kind {
        Kind::RootRelative => format!("/{}", means.split('/').next().unwrap_or("")),
        _ if means.is_empty() => "../".to_owned(),
        _ => format!(
            "{}/",
            means.rsplit_once('/').map_or("", |(folder, _)| folder)
        ),
    }
}

/// The file a relative link means, seen from the file it stands in; None above the folder.
pub fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Undoes percent-encoding; what is not UTF-8 afterwards stays as it was.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The targets of inline links, images and reference definitions, each with the line it stands in,
/// counted from 0.
pub fn targets(body: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    for (number, line) in body.lines().enumerate() {
        let content = line.trim_start_matches([' ', '\t', '>']);
        let marker = ["```", "~~~"].into_iter().find(|m| content.starts_with(m));
        match (fence, marker) {
            (Some(open), Some(marker)) if open == marker => fence = None,
            (None, Some(marker)) => fence = Some(marker),
            (Some(_), _) => {}
            (None, None) => {
                if let Some(target) = definition(content) {
                    found.push((number, target));
                }
                inline(line, |target| found.push((number, target)));
            }
        }
    }
    found
}

/// `[label]: target`
fn definition(line: &str) -> Option<&str> {
    let (label, rest) = line.strip_prefix('[')?.split_once("]:")?;
    if label.contains(['[', ']']) || label.starts_with('^') {
        return None;
    }
    let rest = rest.trim_start();
    destination(rest).filter(|target| !target.is_empty())
}

fn inline<'a>(line: &'a str, mut found: impl FnMut(&'a str)) {
    let mut rest = line;
    loop {
        let link = rest.find("](");
        let code = rest.find('`');
        match (link, code) {
            (Some(link), code) if code.is_none_or(|code| link < code) => {
                rest = &rest[link + 2..];
                if let Some(target) = destination(rest.trim_start()) {
                    found(target);
                }
            }
            (_, Some(code)) => {
                let run = rest[code..].bytes().take_while(|b| *b == b'`').count();
                let after = &rest[code + run..];
                let closing = after.find(&rest[code..code + run]);
                rest = closing.map_or(after, |closing| &after[closing + run..]);
            }
            _ => return,
        }
    }
}

/// `<target>` or `target`, up to white space or the parenthesis that closes the link.
fn destination(text: &str) -> Option<&str> {
    if let Some(angled) = text.strip_prefix('<') {
        return angled.split_once('>').map(|(target, _)| target);
    }
    let mut depth = 0_u32;
    let end = text.char_indices().find(|(_, c)| match c {
        '(' => {
            depth += 1;
            false
        }
        ')' if depth == 0 => true,
        ')' => {
            depth -= 1;
            false
        }
        c => c.is_whitespace(),
    });
    Some(end.map_or(text, |(at, _)| &text[..at])).filter(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_where_a_reader_would_see_a_link() {
        let body = "[a](x.md) ![b](i.png \"t\") `[c](no.md)` [d](<y z.md>)\n\
                    ```\n[e](no.md)\n```\n[f]: ../w.md \"t\"\n[^1]: not.md\n\
                    [g](p(q).md#h) ``x ` [h](no.md)`` [i](j.md)\n> ~~~\n> [k](no.md)\n> ~~~\n[l](";
        let found: Vec<_> = targets(body)
            .into_iter()
            .map(|(_, target)| target)
            .collect();
        assert_eq!(
            found,
            ["x.md", "i.png", "y z.md", "../w.md", "p(q).md#h", "j.md"]
        );
        assert_eq!(targets(body)[3].0, 4);
    }

    #[test]
    fn dead_links_are_summed_by_prefix() {
        let mut links = DeadLinks::default();
        for path in ["a/b.md", "a/C d.md", "e.md"] {
            links.note_file(path);
        }
        links.note_old_url("https://old.example/hc/en/1-x?y");
        links.note_old_url("/hc/en/2");
        let body = "[1](b.md) [2](c%20D.md#x) [3](../e.md) [4](gone.md) [5](./sub/gone.md?x)\n\
                    [6](../../up.md) [7](/azure/x) [8](/azure/y.md) [9](https://x/z.md) [10](#here)\n\
                    [11](mailto:x@y.md) [12](//host/x.md) [13](image.png) [14](gone2.md) [15](/)\n\
                    [16](/e.md) [17](/hc/en/1-x/) [18](/HC/en/2#y) [19](b.html) [20](pic.png) [21](/a/b)";
        links.look("a/b.md", body, 10);
        // What comes after the links counts as well.
        links.note_file("a/pic.png");
        let (count, warnings) = links.dead();
        let said: Vec<_> = warnings
            .iter()
            .map(|w| format!("{} {} {}", w.kind, w.prefix, w.count))
            .collect();
        assert_eq!(
            said,
            [
                "missing_file a/ 2",
                "root_relative /azure 2",
                "missing_file ../ 1",
                "missing_file a/sub/ 1",
                "missing_picture a/ 1",
                "root_relative / 1",
            ]
        );
        assert_eq!(count, 8);
        assert_eq!(warnings[0].example, "a/b.md:10 → gone.md");
    }

    #[test]
    fn decoding_never_invents_text() {
        for (text, want) in [
            ("a%20b", "a b"),
            ("%e4", "%e4"),
            ("100%", "100%"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(percent_decoded(text), want);
        }
    }
}
