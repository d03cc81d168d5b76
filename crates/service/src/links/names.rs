//! By which names a link may call a file, and by which names a file is called: two sides of one rule.
//!
//! Links to texts leave endings out, name the folder instead of its first page, or name the page that
//! another tool would have made of the file. Pictures are called by their name only. Names are
//! compared in lower case of ASCII letters; between several files the one as written wins, then the
//! order of [`candidates`].

/// Endings of texts, the likeliest first.
const TEXT_ENDINGS: [&str; 3] = [".md", ".markdown", ".html"];
/// Pages that stand for their folder.
const FOLDER_PAGES: [&str; 3] = ["index.md", "README.md", "index.html"];

/// The paths of files that a link to `path` may mean, the best first.
pub(super) fn candidates(path: &str, is_image: bool) -> Vec<String> {
    let mut found = vec![path.to_owned()];
    if is_image {
        return found;
    }
    let within = |page: &str| match path {
        "" => page.to_owned(),
        folder => format!("{folder}/{page}"),
    };
    match split_ending(path) {
        Some((stem, ".html")) => {
            found.extend(
                TEXT_ENDINGS[..2]
                    .iter()
                    .map(|ending| format!("{stem}{ending}")),
            );
        }
        Some(_) => {}
        None => {
            if !path.is_empty() {
                found.extend(TEXT_ENDINGS.iter().map(|ending| format!("{path}{ending}")));
            }
            found.extend(FOLDER_PAGES.iter().map(|page| within(page)));
        }
    }
    found
}

/// What links may call the file at `path`, in lower case: every path that has it among its
/// [`candidates`].
pub(super) fn names(path: &str) -> Vec<String> {
    let path = path.to_ascii_lowercase();
    let mut found = vec![path.clone()];
    let Some((stem, ending)) = split_ending(&path) else {
        return found;
    };
    if split_ending(stem).is_none() && !stem.is_empty() {
        found.push(stem.to_owned());
    }
    if ending != ".html" {
        found.push(format!("{stem}.html"));
    }
    let (folder, page) = path.rsplit_once('/').unwrap_or(("", &path));
    let stands_for_folder = FOLDER_PAGES.iter().any(|p| p.eq_ignore_ascii_case(page));
    if stands_for_folder && split_ending(folder).is_none() {
        found.push(folder.to_owned());
    }
    found
}

/// A path before its ending, when that is one of a text.
fn split_ending(path: &str) -> Option<(&str, &'static str)> {
    TEXT_ENDINGS.iter().find_map(|ending| {
        let at = path.len().checked_sub(ending.len())?;
        let found = path.get(at..)?;
        found
            .eq_ignore_ascii_case(ending)
            .then(|| (&path[..at], *ending))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_leave_out_an_ending_or_name_the_folder() {
        assert_eq!(
            candidates("a/b", false),
            [
                "a/b",
                "a/b.md",
                "a/b.markdown",
                "a/b.html",
                "a/b/index.md",
                "a/b/README.md",
                "a/b/index.html"
            ]
        );
        assert_eq!(candidates("a/b.MD", false), ["a/b.MD"]);
        assert_eq!(
            candidates("b.html", false),
            ["b.html", "b.md", "b.markdown"]
        );
        assert_eq!(
            candidates("", false)[1..],
            ["index.md", "README.md", "index.html"]
        );
        assert_eq!(candidates("a/b", true), ["a/b"]);
        assert!(candidates("v1.2", false).contains(&"v1.2.md".to_owned()));
    }

    #[test]
    fn a_file_is_found_by_the_names_that_links_call_it_and_by_no_other() {
        let files = [
            "a/b.md",
            "a/B.markdown",
            "a/b.html",
            "a/index.md",
            "README.md",
            "a/readme.md",
            "i.png",
            "a.md/index.md",
            "x.html.md",
            "a/.md",
            "größe.md",
            ".md",
            "a/index.html",
        ];
        let mut paths: Vec<String> = files.iter().flat_map(|f| names(f)).collect();
        paths.extend(["a", "a/b", "", "x", "x.html", "a.md", "größe", "a/"].map(str::to_owned));
        for file in files {
            let called = names(file);
            for path in &paths {
                let means = candidates(path, false)
                    .iter()
                    .any(|c| c.eq_ignore_ascii_case(file));
                assert_eq!(called.contains(path), means, "{path} -> {file}");
            }
        }
    }
}
