//! The name somebody probably meant.

/// Longest name that is compared, in bytes: names are short, and the comparison is quadratic.
const NAME_BYTES_MAX: usize = 64;

/// The candidate that is most like `name`, when one is like it at all.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return None;
    }
    let plain = plain(name);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = self::plain(candidate);
            let distance = edits(&plain, &other);
            let longer = plain.len().max(other.len());
            // Two letters that changed places count as two edits.
            let far = if longer < 4 { 1 } else { 2.max(longer / 3) };
            let contained = plain.len() > 2 && (other.contains(&plain) || plain.contains(&other));
            (distance <= far || contained).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Lower case without separators: `maxChars` and `max-chars` are `max_chars`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Insertions, deletions and replacements between two short texts.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["query", "category", "max_chars", "expected_revision", "id"];
        for (slip, meant) in [
            ("quer", Some("query")),
            ("qeury", Some("query")),
            ("maxChars", Some("max_chars")),
            ("userQuery", Some("query")),
            ("revision", Some("expected_revision")),
            ("Category", Some("category")),
            ("zzzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(slip, names), meant, "{slip}");
        }
        assert_eq!(nearest(&"q".repeat(5_000), names), None);
    }
}
