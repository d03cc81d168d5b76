//! Character references: `&amp;`, `&rsquo;`, `&#8217;`, `&#x2019;`.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// Names that old pages write without their semicolon.
const BARE: [&str; 7] = ["amp", "lt", "gt", "quot", "nbsp", "copy", "reg"];
/// Longest name of a character, with the longest known having 31.
const NAME_BYTES_MAX: usize = 32;
/// What the numbers 128 to 159 mean to browsers: Windows-1252.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text with its character references resolved; what is none stays as written.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let (head, mut rest) = text.split_at(first);
    out.push_str(head);
    while let Some(after) = rest.strip_prefix('&') {
        let taken = reference(after, &mut out);
        if taken == 0 {
            out.push('&');
        }
        let tail = after.get(taken..).unwrap_or_default();
        let next = tail.find('&').unwrap_or(tail.len());
        let (plain, more) = tail.split_at(next);
        out.push_str(plain);
        rest = more;
    }
    Cow::Owned(out)
}

/// Writes what the reference after `&` means; gives its length, 0 when it is none.
fn reference(after: &str, out: &mut String) -> usize {
    if let Some(number) = after.strip_prefix('#') {
        return numeric(number, out).map_or(0, |taken| taken + 1);
    }
    let name = after.bytes().take(NAME_BYTES_MAX);
    let length = name.take_while(u8::is_ascii_alphanumeric).count();
    let name = after.get(..length).unwrap_or_default();
    if after.as_bytes().get(length) == Some(&b';') {
        if let Some(meaning) = resolve_html5_entity(name) {
            out.push_str(meaning);
            return length + 1;
        }
        return 0;
    }
    if BARE.contains(&name)
        && let Some(meaning) = resolve_html5_entity(name)
    {
        out.push_str(meaning);
        return length;
    }
    0
}

fn numeric(number: &str, out: &mut String) -> Option<usize> {
    let (digits, radix, before) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 1),
        None => (number, 10, 0),
    };
    let length = digits
        .bytes()
        .take_while(|byte| (*byte as char).is_digit(radix))
        .count();
    let digits = digits.get(..length).filter(|digits| !digits.is_empty())?;
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let windows = code
        .checked_sub(128)
        .and_then(|at| WINDOWS.get(at as usize));
    let character = match (code, windows) {
        (0, _) => '\u{fffd}',
        (_, Some(character)) => *character,
        _ => char::from_u32(code).unwrap_or('\u{fffd}'),
    };
    out.push(character);
    let end = before + length;
    Some(end + usize::from(number.as_bytes().get(end) == Some(&b';')))
}

/// Text of bytes in the encoding that old pages of the West are in.
pub(crate) fn from_windows_1252(bytes: &[u8]) -> String {
    let character = |byte: &u8| {
        let windows = byte
            .checked_sub(128)
            .and_then(|at| WINDOWS.get(usize::from(at)));
        windows.copied().unwrap_or(char::from(*byte))
    };
    bytes.iter().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_everything_else_stays() {
        for (text, wanted) in [
            ("a &amp; b &lt;c&gt;", "a & b <c>"),
            ("&rsquo;&nbsp;&#8217;&#x2019;&#150;", "’\u{a0}’’–"),
            ("&amp;lt;", "&lt;"),
            ("AT&T &copy 2026 &copyx;", "AT&T © 2026 &copyx;"),
            ("&#0;&#xD800;&#99999999999;", "\u{fffd}\u{fffd}\u{fffd}"),
            ("&; & &# &#x; &nosuch;", "&; & &# &#x; &nosuch;"),
            ("é&é", "é&é"),
        ] {
            assert_eq!(decoded(text), wanted, "{text}");
        }
    }
}
