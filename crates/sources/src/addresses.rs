//! Addresses of the old site and paths in a source: what a link means, and how one file points to
//! another.

use std::fmt::Write as _;

/// Path and query of a whole URL or of a root-relative address, without the fragment.
pub(crate) fn path_of(url: &str) -> Option<&str> {
    let url = url.trim();
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.get(rest.find('/')?..)?,
        _ => url
            .strip_prefix("//")
            .map_or(Some(url), |rest| rest.get(rest.find('/')?..))?,
    };
    let path = rest.split('#').next().unwrap_or_default();
    (path.starts_with('/') && path.len() > 1).then_some(path)
}

/// Host of a whole URL.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let url = url.trim();
    let rest = url
        .split_once("://")
        .map(|(_, rest)| rest)
        .or(url.strip_prefix("//"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (!host.is_empty()).then_some(host)
}

/// How the file `from` points to the file `to`: relative and percent-encoded.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folders = from.len().saturating_sub(1);
    let pairs = from
        .iter()
        .take(folders)
        .zip(to.iter().take(to.len().saturating_sub(1)));
    let common = pairs.take_while(|(a, b)| a == b).count();
    let mut out = "../".repeat(folders - common);
    for (number, part) in to.iter().skip(common).enumerate() {
        if number > 0 {
            out.push('/');
        }
        out.push_str(&encoded(part));
    }
    // A colon before the first slash would make the beginning a scheme.
    if out
        .split('/')
        .next()
        .is_some_and(|first| first.contains(':'))
    {
        out.insert_str(0, "./");
    }
    out
}

/// One segment of a path, percent-encoded where an address or Markdown would read it otherwise.
pub(crate) fn encoded(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for c in segment.chars() {
        if c.is_alphanumeric() || "-._~!$'*+,;=:@".contains(c) {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Undoes percent-encoding; what is not UTF-8 afterwards stays as it was.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_address_is_what_an_old_link_asks_for() {
        for (url, wanted) in [
            (
                "https://a.example/hc/en-us/articles/1-Title?x=1#y",
                Some("/hc/en-us/articles/1-Title?x=1"),
            ),
            ("//a.example/x", Some("/x")),
            ("/x/y#z", Some("/x/y")),
            ("https://a.example", None),
            ("https://a.example/", None),
            ("x/y", None),
            ("mailto:a@b.example", None),
            ("", None),
        ] {
            assert_eq!(path_of(url), wanted, "{url}");
        }
        assert_eq!(host_of("https://a.example:8080/x"), Some("a.example:8080"));
    }

    #[test]
    fn files_point_to_each_other_relatively() {
        for (from, to, wanted) in [
            ("a/b.md", "a/c.md", "c.md"),
            ("a/b.md", "c d/e (1).png", "../c%20d/e%20%281%29.png"),
            ("a/b/c.md", "a/d/e.md", "../d/e.md"),
            ("a.md", "b/c.md", "b/c.md"),
            ("a.md", "b:c.md", "./b:c.md"),
            ("a/x.md", "a", "../a"),
        ] {
            assert_eq!(relative(from, to), wanted, "{from} → {to}");
        }
        assert_eq!(decoded("a%20b%C3%A9%zz%FF"), "a%20b%C3%A9%zz%FF");
        assert_eq!(decoded("a%20b%C3%A9%zz"), "a bé%zz");
    }
}
