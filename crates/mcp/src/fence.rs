//! Fenced blocks: the only place where an article's own words stand in the text of an answer.

/// Text between fences that the text itself cannot close.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let end = if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    };
    format!("{fence}{language}\n{text}{end}{fence}")
}

/// The longest run of backticks in a text.
fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_close_its_fence() {
        assert_eq!(fenced("markdown", "a"), "```markdown\na\n```");
        assert_eq!(fenced("", "a\n"), "```\na\n```");
        let nested = fenced("markdown", "```sh\nx\n```\n`````\n");
        assert!(nested.starts_with("``````markdown\n") && nested.ends_with("\n``````"));
    }
}
