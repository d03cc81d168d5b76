//! Long bodies in pieces that fit an answer, and that put together give the body to the byte.
//!
//! Offsets count characters (Unicode scalar values) from the start of the body, as `max_chars`
//! does: what an agent sees is what it counts. A piece ends before a heading where one stands in
//! its last three quarters, else after a paragraph, else after a line, else anywhere.

/// A piece of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// The text, to the byte.
    pub(crate) text: &'a str,
    /// Character where it starts.
    pub(crate) offset: usize,
    /// Character where the next piece starts, when there is one.
    pub(crate) next_offset: Option<usize>,
}

/// Why there is no such piece.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    /// Smallest offset that can be asked for.
    pub(crate) min: usize,
    /// Largest offset that can be asked for.
    pub(crate) max: usize,
}

/// Cuts the piece of `body[start..end]` that begins at character `offset` (of the whole body; the
/// start of the part when absent) and has at most `chars_max` characters. `headings` are the bytes
/// where headings start, in order.
///
/// # Errors
/// [`OutOfRange`] when the offset lies outside the part.
pub(crate) fn piece<'a>(
    body: &'a str,
    (start, end): (usize, usize),
    offset: Option<usize>,
    chars_max: usize,
    headings: &[usize],
) -> Result<Piece<'a>, OutOfRange> {
    let part_offset = body[..start].chars().count();
    let part = &body[start..end];
    let offset = offset.unwrap_or(part_offset);
    let from = offset
        .checked_sub(part_offset)
        .and_then(|skip| byte_of(part, skip))
        .ok_or_else(|| OutOfRange {
            min: part_offset,
            max: part_offset + part.chars().count(),
        })?;
    let rest = &part[from..];
    let Some(hard_end) = byte_of(rest, chars_max).filter(|cut| *cut < rest.len()) else {
        return Ok(Piece {
            text: rest,
            offset,
            next_offset: None,
        });
    };
    let cut = cut_at(rest, hard_end, start + from, headings);
    let text = &rest[..cut];
    Ok(Piece {
        text,
        offset,
        next_offset: Some(offset + text.chars().count()),
    })
}

/// The byte at which character `nth` starts; the length for one past the last.
fn byte_of(text: &str, nth: usize) -> Option<usize> {
    // A character takes at least one byte, so what is beyond the bytes is beyond the characters.
    if nth > text.len() {
        return None;
    }
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .nth(nth)
}

/// Where to cut `rest`, at most at `hard_end` and never at 0.
fn cut_at(rest: &str, hard_end: usize, base: usize, headings: &[usize]) -> usize {
    let window = &rest[..hard_end];
    let least = hard_end / 4;
    let heading = headings
        .iter()
        .filter_map(|h| h.checked_sub(base))
        .take_while(|h| *h <= hard_end)
        .filter(|h| *h > least)
        .last();
    let after = |mark: &str| {
        window
            .rfind(mark)
            .map(|at| at + mark.len())
            .filter(|at| *at > least)
    };
    heading
        .or_else(|| after("\n\n"))
        .or_else(|| after("\n"))
        .unwrap_or(hard_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pieces of a part, put together.
    fn gather(
        body: &str,
        part: (usize, usize),
        chars_max: usize,
        headings: &[usize],
    ) -> (String, usize) {
        let (mut text, mut pieces, mut offset) = (String::new(), 0, None);
        loop {
            let piece = piece(body, part, offset, chars_max, headings).expect("within the part");
            assert!(piece.text.chars().count() <= chars_max);
            text.push_str(piece.text);
            pieces += 1;
            match piece.next_offset {
                Some(next) => {
                    assert!(Some(next) > offset, "paging goes on");
                    offset = Some(next);
                }
                None => return (text, pieces),
            }
        }
    }

    fn headings(body: &str) -> Vec<usize> {
        body.match_indices("\n# ").map(|(at, _)| at + 1).collect()
    }

    #[test]
    fn pieces_put_together_are_the_body_to_the_byte() {
        let mixed = "Größe 🙂 e\u{301}\r\n\r\n# Über\r\nx\n".repeat(50);
        let bodies = [
            String::new(),
            "a".to_owned(),
            "x".repeat(1_000),
            "語".repeat(777),
            "\n".repeat(100),
            "para one\n\npara two\n\n# H\n\nmore\n".repeat(40),
            mixed,
        ];
        for body in &bodies {
            let heads = headings(body);
            for chars_max in [1, 2, 3, 7, 40, 100, 999, 100_000] {
                let (text, pieces) = gather(body, (0, body.len()), chars_max, &heads);
                assert_eq!(&text, body, "chars_max {chars_max}");
                assert!(
                    pieces <= body.chars().count() * 4 / chars_max + 2,
                    "pieces are not tiny"
                );
            }
            for pair in heads.windows(2).take(3) {
                let (text, _) = gather(body, (pair[0], pair[1]), 5, &heads);
                assert_eq!(text, body[pair[0]..pair[1]]);
            }
        }
    }

    #[test]
    fn a_cut_prefers_a_heading_then_a_paragraph_then_a_line() {
        let body = format!("{}\n\n# Next\n\n{}", "a".repeat(60), "b".repeat(60));
        let heads = headings(&body);
        let first = piece(&body, (0, body.len()), None, 80, &heads).expect("starts");
        assert!(first.text.ends_with("a\n\n"));
        assert_eq!(first.next_offset, Some(62));
        let second = piece(&body, (0, body.len()), first.next_offset, 80, &heads).expect("goes on");
        assert!(second.text.starts_with("# Next") && second.next_offset.is_none());
        let lines = "0123456789\n".repeat(10);
        let cut = piece(&lines, (0, lines.len()), None, 25, &[]).expect("starts");
        assert_eq!(cut.text.len(), 22);
    }

    #[test]
    fn an_offset_outside_the_part_is_refused_with_the_range() {
        let body = "äbc";
        assert_eq!(
            piece(body, (0, 4), Some(4), 10, &[]),
            Err(OutOfRange { min: 0, max: 3 })
        );
        assert_eq!(
            piece(body, (2, 4), Some(0), 10, &[]),
            Err(OutOfRange { min: 1, max: 3 })
        );
        assert_eq!(
            piece(body, (0, 4), Some(usize::MAX), 10, &[]),
            Err(OutOfRange { min: 0, max: 3 })
        );
        let end = piece(body, (0, 4), Some(3), 10, &[]).expect("the end is a place");
        assert_eq!((end.text, end.next_offset), ("", None));
    }
}
