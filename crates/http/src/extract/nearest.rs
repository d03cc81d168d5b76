//! The nearest known name to one that was mistyped.

use crate::limits::QUOTED_CHARS_MAX;

/// The known name that is at most a third of its letters away; none when nothing is that close.
pub(crate) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    if name.len() > QUOTED_CHARS_MAX {
        return None;
    }
    let name: Vec<char> = name.to_lowercase().replace('-', "_").chars().collect();
    known
        .iter()
        .map(|k| (distance(&name, &k.chars().collect::<Vec<_>>()), *k))
        .filter(|(d, k)| *d <= (k.len() / 3).max(1))
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// Edits between two names: insert, delete, replace (Levenshtein), and swapped neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_names_find_their_neighbour_and_strangers_none() {
        let known = ["title", "body", "category", "translation_of", "q"];
        for (name, want) in [
            ("tilte", Some("title")),
            ("Title", Some("title")),
            ("catgory", Some("category")),
            ("translation-of", Some("translation_of")),
            ("boddy", Some("body")),
            ("nonsense", None),
            ("", Some("q")),
        ] {
            assert_eq!(nearest(name, &known), want, "{name}");
        }
        assert_eq!(nearest(&"t".repeat(100_000), &known), None);
    }
}
