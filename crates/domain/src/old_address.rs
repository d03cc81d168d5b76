//! Addresses of the site before: what a redirect is found by, whatever they look like.
//!
//! An address is a path and, where the old system told its pages apart by it, a query. Both the
//! address that is stored and the one a reader asks for go through the same normalisation, so that
//! spellings that mean the same meet: escapes are decoded, letters composed (NFC), slashes at the end
//! and doubled ones taken away. Hosts and fragments mean nothing here. Refused: dot segments and
//! control characters, which no page of anybody ever had.

use unicode_normalization::UnicodeNormalization;

use crate::field_error::FieldError;
use crate::limits::{OLD_PATH_BYTES_MAX, OLD_QUERY_BYTES_MAX, OLD_QUERY_PARAMETERS_MAX};

/// Parameters that campaigns add to any address (by prefix); they never told pages apart.
const CAMPAIGN_PARAMETERS: [&str; 6] = ["utm_", "gclid=", "fbclid=", "msclkid=", "mc_", "_ga="];

/// An address of the site before in its one form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OldAddress {
    path: String,
    query: String,
}

impl OldAddress {
    /// Reads a path such as `/kb/article.php?id=17`, or a whole http address, whose host is left out.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let invalid =
            |why: &str| FieldError::new(field, "invalid_old_url", format!("{field} {why}"));
        let Some(rest) = without_host(text) else {
            return Err(invalid(
                "is neither a path from the root of the old site, such as /kb/article.php?id=17, nor an http address",
            ));
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let Some(path) = normal_path(path) else {
            return Err(invalid(
                "has a dot segment or a control character in its path; give the address as a browser shows it",
            ));
        };
        let Some(query) = normal_query(query) else {
            return Err(invalid(
                "has a control character in its query; give the address as a browser shows it",
            ));
        };
        if path == "/" {
            return Err(invalid(
                "is the first page, which every help center has; leave it out",
            ));
        }
        let too_long = |what: &str, bytes: usize, bytes_max: usize| {
            let why =
                format!("{field} has a {what} of {bytes} bytes, at most {bytes_max} are kept");
            FieldError::new(field, "too_long", why)
        };
        if path.len() > OLD_PATH_BYTES_MAX {
            return Err(too_long("path", path.len(), OLD_PATH_BYTES_MAX));
        }
        if query.len() > OLD_QUERY_BYTES_MAX {
            return Err(too_long("query", query.len(), OLD_QUERY_BYTES_MAX));
        }
        Ok(Self { path, query })
    }

    /// Takes an address as it stands in the database, where it was checked on its way in.
    pub fn from_stored(path: String, query: String) -> Self {
        Self { path, query }
    }

    /// The path: decoded, with a leading and without a trailing slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query it needs; empty: any.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The paths in lower case by which it is asked for, spaces and plus signs taken for each other;
    /// what adds words to a number at the end comes on top.
    pub fn asked_by(&self) -> Vec<String> {
        let mut paths = vec![self.path.to_ascii_lowercase()];
        paths.extend(swapped_spaces(&paths[0]));
        paths
    }

    /// The address as text that [`OldAddress::parse`] reads back to the same: percent-encoded.
    pub fn to_url(&self) -> String {
        let mut out = encode_path(&self.path);
        if !self.query.is_empty() {
            out.push('?');
            out.push_str(&self.query);
        }
        out
    }
}

/// An address a reader asks for, in every form under which a redirect may stand; the first is the best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAddress {
    paths: Vec<String>,
    queries: Vec<String>,
}

impl AskedAddress {
    /// Reads the path and query of a request; none when no redirect can stand there.
    pub fn of(path: &str, query: Option<&str>) -> Option<Self> {
        // Escapes triple a path at most.
        if path.len() > OLD_PATH_BYTES_MAX * 3 || !path.starts_with('/') {
            return None;
        }
        let path = normal_path(path)?;
        if path == "/" || path.len() > OLD_PATH_BYTES_MAX {
            return None;
        }
        let mut paths = vec![path];
        // Some systems write a space as a plus sign, also in paths.
        paths.extend(swapped_spaces(&paths[0]));
        let numbers: Vec<String> = paths.iter().filter_map(|p| number_alone(p)).collect();
        paths.extend(numbers);
        Some(Self {
            paths,
            queries: queries(query.unwrap_or_default()),
        })
    }

    /// The path as it was asked for.
    pub fn path(&self) -> &str {
        &self.paths[0]
    }

    /// The paths to look for, with ASCII letters in lower case.
    pub fn folded_paths(&self) -> Vec<String> {
        let mut folded: Vec<String> = self.paths.iter().map(|p| p.to_ascii_lowercase()).collect();
        folded.dedup();
        folded
    }

    /// The queries to look for; the empty one is always among them.
    pub fn queries(&self) -> &[String] {
        &self.queries
    }

    /// How well a redirect fits, the least the best; none when it does not.
    ///
    /// As written before any other case; the whole path before `…/17` for `…/17-title`; with its
    /// query before without.
    pub fn rank(&self, old: &OldAddress) -> Option<usize> {
        let query = self.queries.iter().position(|q| *q == old.query)?;
        let path = self.paths.iter().position(|p| *p == old.path).or_else(|| {
            let any_case = |p: &String| p.eq_ignore_ascii_case(&old.path);
            let folded = self.paths.iter().position(any_case)?;
            Some(self.paths.len() + folded)
        })?;
        Some(path * self.queries.len() + query)
    }
}

/// What stands behind scheme and host; the text itself when it is a path; none when it is neither.
fn without_host(text: &str) -> Option<&str> {
    if text.starts_with('/') {
        return (!text.starts_with("//")).then_some(text);
    }
    let (scheme, rest) = text.split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) {
        return None;
    }
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(at);
    if host.is_empty() {
        return None;
    }
    Some(if rest.starts_with('/') { rest } else { "/" })
}

/// The one form of a path that begins with a slash; none when it has dot segments or control characters.
pub(crate) fn normal_path(raw: &str) -> Option<String> {
    let decoded = decode(raw);
    if decoded.chars().any(char::is_control) {
        return None;
    }
    let composed: String = decoded.nfc().collect();
    let mut path = String::with_capacity(composed.len());
    for segment in composed.split('/').filter(|s| !s.is_empty()) {
        if matches!(segment, "." | "..") {
            return None;
        }
        path.push('/');
        path.push_str(segment);
    }
    if path.is_empty() {
        path.push('/');
    }
    Some(path)
}

/// Undoes escapes. An escaped slash and bytes that are not UTF-8 stay escapes, in capitals: they mean
/// something else than the character, or no character at all.
fn decode(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let decoded = escaped.and_then(|(hex, after)| Some((hex_byte(hex)?, after)));
        match decoded {
            Some((b'/', after)) => {
                bytes.extend_from_slice(b"%2F");
                rest = after;
            }
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn hex_byte(hex: &[u8]) -> Option<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let [high, low] = hex else { return None };
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// A query as written, escapes in capitals and what a browser would escape escaped; none when it has
/// control characters.
fn normal_query(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut escape = 0;
    for c in raw.chars() {
        if c.is_control() {
            return None;
        }
        if escape > 0 && c.is_ascii_hexdigit() {
            escape -= 1;
            out.push(c.to_ascii_uppercase());
            continue;
        }
        escape = if c == '%' { 2 } else { 0 };
        if c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>') {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    Some(out)
}

/// A decoded path as it stands in an address: what RFC 3986 §3.3 lets stand stays, the rest is escaped.
pub(crate) fn encode_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The path with spaces for plus signs, and the other way round.
fn swapped_spaces(path: &str) -> Vec<String> {
    let mut swapped = Vec::new();
    if path.contains('+') {
        swapped.push(path.replace('+', " "));
    }
    if path.contains(' ') {
        swapped.push(path.replace(' ', "+"));
    }
    swapped
}

/// `…/17` of `…/17-anything`.
fn number_alone(path: &str) -> Option<String> {
    let (before, last) = path.rsplit_once('/')?;
    let (number, _) = last.split_once('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| format!("{before}/{number}"))
}

/// The queries under which a redirect may stand, the best first: whole, without what campaigns add,
/// each parameter alone, none.
fn queries(raw: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |query: String| {
        if query.len() <= OLD_QUERY_BYTES_MAX && !found.contains(&query) {
            found.push(query);
        }
    };
    // What is longer than anything stored may still hold a parameter that is.
    let whole = normal_query(
        raw.get(..raw.len().min(OLD_QUERY_BYTES_MAX * 8))
            .unwrap_or_default(),
    );
    if let Some(whole) = whole.filter(|q| !q.is_empty()) {
        let own: Vec<&str> = whole
            .split('&')
            .filter(|p| !p.is_empty() && !CAMPAIGN_PARAMETERS.iter().any(|c| p.starts_with(c)))
            .collect();
        add(whole.clone());
        add(own.join("&"));
        for parameter in own.iter().take(OLD_QUERY_PARAMETERS_MAX) {
            add((*parameter).to_owned());
        }
    }
    add(String::new());
    // The empty one comes in early when only campaigns asked; it is the least of all.
    found.retain(|q| !q.is_empty());
    found.push(String::new());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(text: &str) -> OldAddress {
        OldAddress::parse("old_url", text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn asked(address: &str) -> AskedAddress {
        let (path, query) = match address.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (address, None),
        };
        AskedAddress::of(path, query).unwrap_or_else(|| panic!("{address} cannot be asked for"))
    }

    #[test]
    fn spellings_that_mean_the_same_become_one() {
        for (text, path, query) in [
            ("/a/b", "/a/b", ""),
            ("/a//b/", "/a/b", ""),
            ("https://old.example/a/b/#top", "/a/b", ""),
            ("HTTP://old.example:8080/a%20b", "/a b", ""),
            ("/kb/article.php?id=17", "/kb/article.php", "id=17"),
            ("/caf%C3%A9", "/café", ""),
            ("/cafe\u{301}", "/café", ""),
            ("/a%2fb", "/a%2Fb", ""),
            ("/sch%f6n", "/sch%F6n", ""),
            ("/100%", "/100%", ""),
            ("/display/SPACE/Page+Title", "/display/SPACE/Page+Title", ""),
            ("/x?q=%c3%a9&r=é", "/x", "q=%C3%A9&r=%C3%A9"),
            ("/x?", "/x", ""),
        ] {
            let address = old(text);
            assert_eq!((address.path(), address.query()), (path, query), "{text}");
            assert_eq!(old(&address.to_url()), address, "{text} does not read back");
        }
    }

    #[test]
    fn what_no_page_ever_had_is_refused_with_a_reason() {
        let long = format!("/{}", "a".repeat(OLD_PATH_BYTES_MAX));
        let long_query = format!("/a?{}", "a".repeat(OLD_QUERY_BYTES_MAX + 1));
        for (text, code) in [
            ("", "invalid_old_url"),
            ("/", "invalid_old_url"),
            ("https://old.example", "invalid_old_url"),
            ("https://old.example/?p=3", "invalid_old_url"),
            ("kb/article", "invalid_old_url"),
            ("//old.example/a", "invalid_old_url"),
            ("https:///a", "invalid_old_url"),
            ("ftp://old.example/a", "invalid_old_url"),
            ("javascript:alert(1)", "invalid_old_url"),
            ("/a/../b", "invalid_old_url"),
            ("/a/%2e%2E/b", "invalid_old_url"),
            ("/a%00b", "invalid_old_url"),
            ("/a\nb", "invalid_old_url"),
            ("/a?b\u{7f}", "invalid_old_url"),
            (long.as_str(), "too_long"),
            (long_query.as_str(), "too_long"),
        ] {
            let error = OldAddress::parse("old_url", text).expect_err(text);
            assert_eq!(error.code, code, "{text}");
            assert!(error.message.starts_with("old_url "), "{}", error.message);
        }
    }

    #[test]
    fn the_best_fit_wins() {
        let rules = [
            "/Articles/17?v=2",
            "/Articles/17",
            "/articles/17-title",
            "/articles/17",
            "/ARTICLES/17-TITLE",
        ]
        .map(old);
        let best = |address: &str| {
            let asked = asked(address);
            let ranked = rules.iter().filter_map(|r| Some((asked.rank(r)?, r)));
            ranked
                .min_by_key(|(rank, _)| *rank)
                .map(|(_, r)| r.to_url())
        };
        for (address, want) in [
            ("/Articles/17?v=2", "/Articles/17?v=2"),
            ("/Articles/17?utm_source=x&v=2", "/Articles/17?v=2"),
            ("/Articles/17?w=1&v=2&x=", "/Articles/17?v=2"),
            ("/Articles/17?v=3", "/Articles/17"),
            ("/articles/17-title/", "/articles/17-title"),
            ("/articles/17-another-title", "/articles/17"),
            ("/Articles/17-another", "/Articles/17"),
            ("/aRTICLES/17-TITLE", "/articles/17-title"),
        ] {
            assert_eq!(best(address).as_deref(), Some(want), "{address}");
        }
        for address in [
            "/articles/18",
            "/articles/17title",
            "/articles",
            "/articles/-17",
        ] {
            assert_eq!(best(address), None, "{address}");
        }
    }

    #[test]
    fn a_plus_sign_and_a_space_are_found_for_each_other() {
        let rule = old("/display/SPACE/Page%20Title");
        assert!(asked("/display/SPACE/Page+Title").rank(&rule).is_some());
        let rule = old("/display/SPACE/Page+Title");
        assert!(asked("/display/SPACE/Page%20Title").rank(&rule).is_some());
    }

    #[test]
    fn what_cannot_stand_anywhere_is_not_looked_up() {
        let long = format!("/{}", "a".repeat(OLD_PATH_BYTES_MAX));
        for path in ["/", "", "x", "/a/../b", "/%00", "/a%0A", long.as_str()] {
            assert_eq!(AskedAddress::of(path, None), None, "{path}");
        }
        let many: Vec<String> = (0..500).map(|n| format!("p{n}={n}")).collect();
        let asked = AskedAddress::of("/a", Some(&many.join("&"))).expect("a path");
        assert!(asked.queries().len() <= OLD_QUERY_PARAMETERS_MAX + 3);
        assert_eq!(asked.queries().last().map(String::as_str), Some(""));
        // A query is cut at a byte, never inside a letter.
        assert!(AskedAddress::of("/a", Some(&"é".repeat(5_000))).is_some());
    }
}
