//! The title of a file that names none: its first heading, as plain words.

/// The first `#` heading outside fenced code, as plain words.
pub(crate) fn first_heading(body: &str) -> Option<String> {
    let mut fence: Option<&str> = None;
    for line in body.lines() {
        let content = line.trim_start();
        let marker = ["```", "~~~"]
            .into_iter()
            .find(|marker| content.starts_with(marker));
        match (fence, marker) {
            (Some(open), Some(marker)) if open == marker => fence = None,
            (None, Some(marker)) => fence = Some(marker),
            (None, None) if content.starts_with('#') => {
                let text = content.trim_start_matches('#');
                if !text.starts_with([' ', '\t']) || content.len() - text.len() > 6 {
                    continue;
                }
                let text = plain_words(text.trim().trim_end_matches('#').trim_end());
                if !text.is_empty() {
                    return Some(text);
                }
            }
            _ => {}
        }
    }
    None
}

/// Takes links down to their text and drops emphasis and code marks.
fn plain_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((label, after)) = link.split_once("](") else {
            break;
        };
        let Some((_, after)) = after.split_once(')') else {
            break;
        };
        out.push_str(before.strip_suffix('!').unwrap_or(before));
        out.push_str(label);
        rest = after;
    }
    out.push_str(rest);
    without_tags(&out)
        .replace("**", "")
        .replace(['`', '*'], "")
        .trim()
        .to_owned()
}

/// Drops what looks like a tag of HTML; anchors stand in front of many headings.
fn without_tags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match after.split_once('>').filter(|_| is_tag) {
            Some((_, behind)) => rest = behind,
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_heading_outside_code_is_the_title() {
        for (body, title) in [
            (
                "text\n\n```\n# no\n```\n## The `first` **run** [x](y) ##\n",
                Some("The first run x"),
            ),
            ("# <a name=\"x\"></a>Title\n", Some("Title")),
            ("# a < b > c\n", Some("a < b > c")),
            ("#no heading\n", None),
            ("####### seven\n", None),
            ("~~~\n# no\n", None),
        ] {
            assert_eq!(first_heading(body).as_deref(), title, "{body:?}");
        }
    }
}
