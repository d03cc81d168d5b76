//! Links that lead nowhere after an import: relative ones to a Markdown file that is not part of
//! it, and root-relative ones, which meant the site the files came from. They are summed by prefix,
//! because one moved folder makes thousands of them.
//!
//! This is a count for a person, not a parser: fenced code and code spans are skipped, and what a
//! Markdown parser would see differently in rare corners costs a number, never an article.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::limits::IMPORT_WARNINGS_MAX;

/// The files of an import, and the dead links found so far.
#[derive(Debug, Default)]
pub(crate) struct DeadLinks {
    /// Lower-case paths: collections written on Windows disagree with themselves about case.
    files: HashSet<String>,
    groups: BTreeMap<(Kind, String), (u64, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    MissingFile,
    RootRelative,
}

/// Dead links with the same beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    /// `missing_file` or `root_relative`.
    pub(crate) kind: &'static str,
    /// What they begin with: a folder of the import, or the first segment of the address.
    pub(crate) prefix: String,
    /// How many there are.
    pub(crate) count: u64,
    /// The first one: `path:line → target`.
    pub(crate) example: String,
}

impl DeadLinks {
    /// An import of these files.
    pub(crate) fn among<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        Self {
            files: paths.map(str::to_lowercase).collect(),
            groups: BTreeMap::new(),
        }
    }

    /// Looks at the links of one body that begins at `line` of the file `path`.
    pub(crate) fn look(&mut self, path: &str, body: &str, line: usize) {
        for (offset, target) in targets(body) {
            let Some((kind, prefix)) = self.judge(path, target) else {
                continue;
            };
            let example = || format!("{path}:{} → {target}", line + offset);
            let group = self.groups.entry((kind, prefix));
            group.or_insert_with(|| (0, example())).0 += 1;
        }
    }

    fn judge(&self, path: &str, target: &str) -> Option<(Kind, String)> {
        let address = target.split(['#', '?']).next().unwrap_or("");
        if address.is_empty() || target.starts_with("//") {
            return None;
        }
        if let Some(rest) = address.strip_prefix('/') {
            let first = rest.split('/').next().unwrap_or("");
            return Some((Kind::RootRelative, format!("/{first}")));
        }
        // A scheme: letters before the first colon.
        if address.split_once(':').is_some_and(|(scheme, _)| {
            scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        }) {
            return None;
        }
        let lower = address.to_ascii_lowercase();
        if !(lower.ends_with(".md") || lower.ends_with(".markdown")) {
            return None;
        }
        let resolved = resolve(path, &percent_decoded(address));
        let Some(resolved) = resolved else {
            return Some((Kind::MissingFile, "../".to_owned()));
        };
        if self.files.contains(&resolved.to_lowercase()) {
            return None;
        }
        let folder = resolved.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some((Kind::MissingFile, format!("{folder}/")))
    }

    /// How many dead links there are.
    pub(crate) fn count(&self) -> u64 {
        self.groups.values().map(|(count, _)| count).sum()
    }

    /// The groups, largest first; the smallest are left out beyond a limit.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let groups = self.groups.iter();
        let mut warnings: Vec<Warning> = groups
            .map(|((kind, prefix), (count, example))| Warning {
                kind: match kind {
                    Kind::MissingFile => "missing_file",
                    Kind::RootRelative => "root_relative",
                },
                prefix: prefix.clone(),
                count: *count,
                example: example.clone(),
            })
            .collect();
        warnings.sort_by_key(|warning| std::cmp::Reverse(warning.count));
        warnings.truncate(IMPORT_WARNINGS_MAX);
        warnings
    }
}

/// The file a relative link means, seen from the file it stands in; None above the folder.
pub(crate) fn resolve(from: &str, link: &str) -> Option<String> {
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
pub(crate) fn percent_decoded(text: &str) -> String {
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
pub(crate) fn targets(body: &str) -> Vec<(usize, &str)> {
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
        let mut links = DeadLinks::among(["a/b.md", "a/C d.md", "e.md"].into_iter());
        let body = "[1](b.md) [2](c%20D.md#x) [3](../e.md) [4](gone.md) [5](./sub/gone.md?x)\n\
                    [6](../../up.md) [7](/azure/x) [8](/azure/y.md) [9](https://x/z.md) [10](#here)\n\
                    [11](mailto:x@y.md) [12](//host/x.md) [13](image.png) [14](gone2.md) [15](/)";
        links.look("a/b.md", body, 10);
        let said: Vec<_> = links.warnings();
        let said: Vec<_> = said
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
                "root_relative / 1",
            ]
        );
        assert_eq!(links.count(), 7);
        assert_eq!(links.warnings()[0].example, "a/b.md:10 → gone.md");
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
