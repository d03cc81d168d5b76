//! Bare addresses in text become links, as GFM has it (section 6.9): `www.`, `http://`, `https://`
//! and e-mail addresses. The parser has no such extension.
//!
//! `ftp://` stays text, since such links are refused anyway.

use std::ops::Range;

/// Longest bare address that becomes a link, in bytes.
const ADDRESS_BYTES_MAX: usize = 2_048;

/// A bare address in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bare {
    /// Where it stands.
    pub(crate) at: Range<usize>,
    /// Where it leads.
    pub(crate) target: String,
}

/// Finds the bare addresses of `text`; `before` is the character in front of it, if any.
/// One pass; nothing is looked at more than a bounded number of times.
pub(crate) fn find(text: &str, before: Option<char>) -> Vec<Bare> {
    let bytes = text.as_bytes();
    let mut found: Vec<Bare> = Vec::new();
    let mut at = 0;
    while let Some(step) = bytes
        .get(at..)
        .and_then(|tail| tail.iter().position(|byte| b":@wW".contains(byte)))
    {
        let hit = at + step;
        at = hit + 1;
        let from = found.last().map_or(0, |bare| bare.at.end);
        let bare = match bytes.get(hit) {
            Some(b':') => web(text, from, hit, before),
            Some(b'@') => mail(text, from, hit),
            _ => www(text, from, hit, before),
        };
        if let Some(bare) = bare {
            at = bare.at.end;
            // One that is too long is passed over as a whole, not tried again at every dot.
            if bare.at.len() <= ADDRESS_BYTES_MAX {
                found.push(bare);
            }
        }
    }
    found
}

/// Addresses start after a blank or one of `*_~(`, or at the very start.
fn may_start(text: &str, start: usize, before: Option<char>) -> bool {
    let previous = text.get(..start).and_then(|head| head.chars().next_back());
    previous
        .or(before)
        .is_none_or(|c| c.is_whitespace() || "*_~(".contains(c))
}

fn www(text: &str, from: usize, at: usize, before: Option<char>) -> Option<Bare> {
    let head = text.get(at..at + 4)?;
    if at < from || !head.eq_ignore_ascii_case("www.") || !may_start(text, at, before) {
        return None;
    }
    let end = address_end(text, at, at, false)?;
    Some(Bare {
        at: at..end,
        target: format!("http://{}", text.get(at..end)?),
    })
}

fn web(text: &str, from: usize, colon: usize, before: Option<char>) -> Option<Bare> {
    if text.get(colon..colon + 3)? != "://" {
        return None;
    }
    let schemes = ["https", "http"].into_iter();
    let start = schemes
        .filter_map(|scheme| {
            let start = colon.checked_sub(scheme.len())?;
            let found = text.get(start..colon)?;
            found.eq_ignore_ascii_case(scheme).then_some(start)
        })
        .next()?;
    if start < from || !may_start(text, start, before) {
        return None;
    }
    let end = address_end(text, start, colon + 3, true)?;
    Some(Bare {
        at: start..end,
        target: text.get(start..end)?.to_owned(),
    })
}

/// Where an address ends whose host starts at `host`; `None` when the host is none.
fn address_end(text: &str, start: usize, host: usize, may_be_short: bool) -> Option<usize> {
    let tail = text.get(host..)?;
    let host_length = tail
        .find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(tail.len());
    let name = tail.get(..host_length)?;
    let mut segments = name.trim_end_matches('.').rsplit('.');
    let last_two = [segments.next(), segments.next()];
    if last_two
        .iter()
        .flatten()
        .any(|segment| segment.contains('_'))
    {
        return None;
    }
    let has_dot = last_two.iter().flatten().count() == 2;
    if !name.starts_with(char::is_alphanumeric) || !(has_dot || may_be_short) {
        return None;
    }
    let length = tail
        .find(|c: char| c.is_whitespace() || c == '<')
        .unwrap_or(tail.len());
    let end = trimmed(text.get(start..host + length)?);
    (end > host - start).then_some(start + end)
}

/// Cuts what belongs to the sentence: closing punctuation, a `)` too many, an entity.
fn trimmed(address: &str) -> usize {
    let mut opens = address.matches('(').count();
    let mut closes = address.matches(')').count();
    let mut kept = address;
    while let Some(last) = kept.chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' => {}
            ')' if closes > opens => closes -= 1,
            ';' => {
                let name = kept.trim_end_matches(';');
                let digits = name.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
                if kept.len() - name.len() == 1
                    && digits.ends_with('&')
                    && digits.len() < name.len()
                {
                    kept = &digits[..digits.len() - 1];
                    continue;
                }
            }
            _ => break,
        }
        if last == '(' {
            opens = opens.saturating_sub(1);
        }
        kept = &kept[..kept.len() - last.len_utf8()];
    }
    kept.len()
}

fn mail(text: &str, from: usize, at: usize) -> Option<Bare> {
    let head = text.get(from..at)?;
    let local = |c: char| c.is_ascii_alphanumeric() || ".+-_".contains(c);
    // Local parts are at most 64 characters (RFC 5321): the bound keeps this linear.
    let length: usize = head
        .bytes()
        .rev()
        .take(65)
        .take_while(|b| local(*b as char))
        .count();
    if length == 0 || length > 64 {
        return None;
    }
    let tail = text.get(at + 1..)?;
    let host = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let end = tail.find(|c: char| !host(c)).unwrap_or(tail.len());
    let name = tail.get(..end)?.trim_end_matches('.');
    let sound = name.contains('.')
        && !name.starts_with('.')
        && !name.contains("..")
        && !name.ends_with(['-', '_'])
        && !tail[end..].starts_with('@');
    if !sound {
        return None;
    }
    let range = at - length..at + 1 + name.len();
    Some(Bare {
        target: format!("mailto:{}", text.get(range.clone())?),
        at: range,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &[(&str, &str)]) {
        let found: Vec<_> = find(text, None)
            .into_iter()
            .map(|bare| (text[bare.at].to_owned(), bare.target))
            .collect();
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn bare_addresses_are_found_where_gfm_finds_them() {
        check(
            "see www.a.example.",
            &[("www.a.example", "http://www.a.example")],
        );
        check(
            "(http://a.example/b_(c))",
            &[("http://a.example/b_(c)", "http://a.example/b_(c)")],
        );
        check(
            "http://a.example/?q=b&hl;",
            &[("http://a.example/?q=b", "http://a.example/?q=b")],
        );
        check(
            "https://a.example/x?y, z",
            &[("https://a.example/x?y", "https://a.example/x?y")],
        );
        check(
            "a.b-c_d@a.example.",
            &[("a.b-c_d@a.example", "mailto:a.b-c_d@a.example")],
        );
        check(
            "http://localhost:8080/x",
            &[("http://localhost:8080/x", "http://localhost:8080/x")],
        );
    }

    #[test]
    fn an_endless_address_stays_text_and_is_read_once() {
        check(&"www.a(".repeat(200_000), &[]);
        check(
            &format!("www.a{} www.b.example", "/a".repeat(2_000)),
            &[("www.b.example", "http://www.b.example")],
        );
    }

    #[test]
    fn what_only_looks_like_an_address_stays_text() {
        for text in [
            "awww.a.example",
            "xhttp://a.example",
            "a@b",
            "a@b.example-",
            "a@b.example_",
            "@a.example",
            "http://",
            "www.",
            "http://a_b.c_d",
            "ftp://a.example",
            "a:b",
        ] {
            check(text, &[]);
        }
    }
}
