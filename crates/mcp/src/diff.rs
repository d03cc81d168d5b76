//! What an update would change in the body, line by line, for a dry run.

/// Most characters of a diff; the rest is said to be left out.
const DIFF_CHARS_MAX: usize = 20_000;
/// Unchanged lines shown around a change.
const CONTEXT_LINES: usize = 2;
/// Most cells of the table that aligns the changed middles; larger ones are shown as replaced.
const CELLS_MAX: usize = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// The changed lines with ` `, `-` and `+` in front; empty when nothing changed.
pub(crate) fn diff(old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let old: Vec<_> = old.split_inclusive('\n').collect();
    let new: Vec<_> = new.split_inclusive('\n').collect();
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut lines: Vec<_> = old[..head].iter().map(|l| Line::Same(l)).collect();
    align(
        &old_rest[..old_rest.len() - tail],
        &new_rest[..new_rest.len() - tail],
        &mut lines,
    );
    lines.extend(
        old_rest[old_rest.len() - tail..]
            .iter()
            .map(|l| Line::Same(l)),
    );
    write(&lines)
}

/// Aligns two runs of lines by their longest common subsequence.
fn align<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    if (old.len() + 1).saturating_mul(width) > CELLS_MAX {
        lines.extend(old.iter().map(|l| Line::Old(l)));
        lines.extend(new.iter().map(|l| Line::New(l)));
        return;
    }
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            lines.push(Line::Old(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
}

fn write(lines: &[Line<'_>]) -> String {
    let changed: Vec<_> = (0..lines.len())
        .filter(|i| !matches!(lines[*i], Line::Same(_)))
        .collect();
    let mut out = String::new();
    let mut chars = 0;
    let mut shown_to = 0;
    let mut next_change = 0;
    for (i, line) in lines.iter().enumerate() {
        while changed
            .get(next_change)
            .is_some_and(|c| *c + CONTEXT_LINES < i)
        {
            next_change += 1;
        }
        if changed
            .get(next_change)
            .is_none_or(|c| i + CONTEXT_LINES < *c)
        {
            continue;
        }
        if i > shown_to {
            out.push_str("…\n");
        }
        shown_to = i + 1;
        let (mark, text) = match line {
            Line::Same(text) => (' ', text),
            Line::Old(text) => ('-', text),
            Line::New(text) => ('+', text),
        };
        let text = text.trim_end_matches(['\n', '\r']);
        chars += text.chars().count() + 2;
        if chars > DIFF_CHARS_MAX {
            out.push_str("… (the rest of the diff is left out)\n");
            break;
        }
        out.push(mark);
        out.push_str(text);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_the_changed_lines_and_a_little_around_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
        let new = "1\n2\n3\nvier\n5\n6\n7\n8\n9\n10\n11\n";
        assert_eq!(
            diff(old, new),
            "…\n 2\n 3\n-4\n+vier\n 5\n 6\n…\n 9\n 10\n+11\n"
        );
        assert_eq!(diff(old, old), "");
        assert_eq!(diff("", "a\n"), "+a\n");
        assert_eq!(diff("a", ""), "-a\n");
    }

    #[test]
    fn a_huge_change_is_bounded() {
        let old = "a\n".repeat(100_000);
        let new = "b\n".repeat(100_000);
        let text = diff(&old, &new);
        assert!(text.chars().count() < DIFF_CHARS_MAX + 100 && text.ends_with("left out)\n"));
    }
}
