//! Redirects: where an address of the site before leads now.
//!
//! A redirect leads to an article or a category, wherever they stand at the time, or to an address.
//! An address is a path of the portal or a whole http address; whatever a browser could take for a
//! script or for another host than the one that is plain to see is refused.

use std::collections::{HashMap, HashSet};

use crate::field_error::FieldError;
use crate::ids::{ArticleId, CategoryId};
use crate::limits::REDIRECT_TARGET_BYTES_MAX;
use crate::old_address::{OldAddress, encode_path, normal_path};

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The address of the site before.
    pub old: OldAddress,
    /// Where it leads.
    pub target: RedirectTarget,
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectTarget {
    /// An article, wherever it stands.
    Article(ArticleId),
    /// A category, wherever it stands.
    Category(CategoryId),
    /// An address.
    Url(TargetUrl),
}

impl RedirectTarget {
    /// As text that can be given back: `article:<id>`, `category:<id>` or the address.
    pub fn to_text(&self) -> String {
        match self {
            Self::Article(id) => format!("article:{id}"),
            Self::Category(id) => format!("category:{id}"),
            Self::Url(url) => url.as_str().to_owned(),
        }
    }

    /// The old address that this target would be, when it is a path.
    pub fn as_old(&self) -> Option<OldAddress> {
        match self {
            Self::Url(url) => url.as_old(),
            Self::Article(_) | Self::Category(_) => None,
        }
    }
}

/// An address a redirect may lead to: ASCII, a path with one leading slash or http(s) with a plain host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUrl(String);

impl TargetUrl {
    /// Reads an address; spaces and letters beyond ASCII are percent-encoded.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let refused = |why: &str| FieldError::new(field, "unsafe_target", format!("{field} {why}"));
        if text.len() > REDIRECT_TARGET_BYTES_MAX {
            return Err(FieldError::new(
                field,
                "too_long",
                format!(
                    "{field} has {} bytes, at most {REDIRECT_TARGET_BYTES_MAX} are kept",
                    text.len()
                ),
            ));
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(refused(
                "has a control character or a backslash, which browsers read in their own way; take it away",
            ));
        }
        let url = if text.starts_with('/') {
            own_path(text).ok_or_else(|| {
                refused("has an empty or a dot segment, or begins like another host; give a plain path with one leading slash")
            })?
        } else {
            web_address(text).ok_or_else(|| {
                refused("is neither article:, category:, a path with a leading slash nor an address of http or https with a plain host")
            })?
        };
        if url.len() > REDIRECT_TARGET_BYTES_MAX {
            return Err(FieldError::new(
                field,
                "too_long",
                format!(
                    "{field} has {} bytes once it is encoded, at most {REDIRECT_TARGET_BYTES_MAX} are kept",
                    url.len()
                ),
            ));
        }
        Ok(Self(url))
    }

    /// Takes an address as it stands in the database, where it was checked on its way in.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a path of the portal.
    pub fn is_path(&self) -> bool {
        self.0.starts_with('/')
    }

    /// The old address that a path would be; none for other hosts, the first page, and parts of a page.
    pub fn as_old(&self) -> Option<OldAddress> {
        if !self.is_path() || self.0.contains('#') {
            return None;
        }
        OldAddress::parse("target", &self.0).ok()
    }
}

/// A path in its one form, with its query and fragment.
fn own_path(text: &str) -> Option<String> {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let is_empty_inside = path
        .trim_end_matches('/')
        .split('/')
        .skip(1)
        .any(str::is_empty);
    let lower = path.to_ascii_lowercase();
    let hides_host = ["/%2f", "/%5c"].iter().any(|p| lower.starts_with(p));
    if path.starts_with("//") || is_empty_inside || hides_host {
        return None;
    }
    Some(encode_path(&normal_path(path)?) + &encode_rest(rest))
}

/// An http address with a host that is plain to see: no credentials, no tricks.
fn web_address(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |p: &str| p.parse::<u16>().is_ok_and(|n| n > 0) && !p.starts_with('+');
    if !is_host(host) || !port.is_none_or(is_port) {
        return None;
    }
    let authority = authority.to_ascii_lowercase();
    Some(format!("{scheme}://{authority}{}", encode_rest(rest)))
}

fn is_host(host: &str) -> bool {
    if let Some(inside) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return inside.parse::<std::net::Ipv6Addr>().is_ok();
    }
    (1..=253).contains(&host.len())
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

/// What stands behind a host or a path: visible ASCII stays as it is.
fn encode_rest(rest: &str) -> String {
    let mut out = String::with_capacity(rest.len());
    for byte in rest.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Where each of the `new` redirects leads in one hop, given those that are there already.
///
/// A target that is itself redirected, by `new` or by `known`, is replaced by where that leads.
///
/// # Errors
/// The places in `new` of those that lead back to themselves.
pub fn collapse(
    new: &[Redirect],
    known: &HashMap<OldAddress, RedirectTarget>,
) -> Result<Vec<RedirectTarget>, Vec<usize>> {
    let new_targets: HashMap<&OldAddress, &RedirectTarget> =
        new.iter().map(|r| (&r.old, &r.target)).collect();
    let mut loops = Vec::new();
    let mut ends = Vec::with_capacity(new.len());
    for (at, redirect) in new.iter().enumerate() {
        let mut seen = HashSet::from([redirect.old.clone()]);
        let mut end = &redirect.target;
        while let Some(next) = end.as_old() {
            let onward = new_targets.get(&next).copied().or_else(|| known.get(&next));
            if seen.contains(&next) {
                loops.push(at);
                break;
            }
            let Some(onward) = onward else { break };
            seen.insert(next);
            end = onward;
        }
        ends.push(end.clone());
    }
    if loops.is_empty() {
        Ok(ends)
    } else {
        Err(loops)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn url(text: &str) -> RedirectTarget {
        RedirectTarget::Url(TargetUrl::parse("target", text).unwrap_or_else(|e| panic!("{e}")))
    }

    fn old(text: &str) -> OldAddress {
        OldAddress::parse("old_url", text).expect("an address")
    }

    fn redirect((from, to): (&str, &str)) -> Redirect {
        Redirect {
            old: old(from),
            target: url(to),
        }
    }

    #[test]
    fn plain_addresses_are_taken_in_one_form() {
        for (text, want) in [
            ("/", "/"),
            ("/a/b/", "/a/b"),
            ("/größe x?a=ü#ö", "/gr%C3%B6%C3%9Fe%20x?a=%C3%BC#%C3%B6"),
            ("https://Example.com", "https://example.com"),
            (
                "HTTP://example.com:8080/A%2fb?x",
                "http://example.com:8080/A%2fb?x",
            ),
            ("https://[::1]:80/x", "https://[::1]:80/x"),
            ("https://münchen.example/x", ""),
        ] {
            let parsed = TargetUrl::parse("target", text);
            assert_eq!(
                parsed.as_ref().map_or("", TargetUrl::as_str),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn whatever_could_run_or_hide_its_host_is_refused() {
        for text in [
            "",
            "x",
            "javascript:alert(1)",
            "JaVaScRiPt://example.com/%0aalert(1)",
            "java\tscript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "mailto:a@b.example",
            "file:///etc/passwd",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%2f/evil.example",
            "/%5Cevil.example",
            "/a//b",
            "/a/../b",
            "/./a",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https://user@evil.example/",
            "https://good.example@evil.example",
            "https://good.example\\@evil.example",
            "https://evil.example:x/",
            "https://evil.example:0/",
            "https://ev il.example",
            "https://%65vil.example",
            "https://evil.example/a\r\nSet-Cookie: a=b",
            " https://evil.example",
            "https://.example",
            "ftp://a.example",
        ] {
            let error = TargetUrl::parse("target", text).expect_err(text);
            assert_eq!(error.code, "unsafe_target", "{text}");
        }
        let long = format!("/{}", "ü".repeat(REDIRECT_TARGET_BYTES_MAX / 3));
        assert_eq!(
            TargetUrl::parse("target", &long)
                .expect_err("too long")
                .code,
            "too_long"
        );
    }

    #[test]
    fn chains_become_one_hop() {
        let known = HashMap::from([(old("/c"), url("https://example.com/d"))]);
        let article = ArticleId::from_uuid(Uuid::from_u128(7));
        let mut new: Vec<Redirect> = [("/a", "/b"), ("/b", "/c"), ("/x", "/y?z"), ("/p", "/q")]
            .map(redirect)
            .into();
        new.push(Redirect {
            old: old("/q"),
            target: RedirectTarget::Article(article),
        });
        let d = url("https://example.com/d");
        assert_eq!(
            collapse(&new, &known),
            Ok(vec![
                d.clone(),
                d,
                url("/y?z"),
                RedirectTarget::Article(article),
                RedirectTarget::Article(article)
            ])
        );
    }

    #[test]
    fn loops_are_named() {
        let known = HashMap::from([(old("/c"), url("/a"))]);
        for (new, want) in [
            (vec![("/a", "/a")], vec![0]),
            (vec![("/a", "/a/")], vec![0]),
            (vec![("/x", "/y"), ("/a", "/b"), ("/b", "/a")], vec![1, 2]),
            (vec![("/a", "/c")], vec![0]),
            (vec![("/a", "/b"), ("/b", "/c")], vec![0, 1]),
            (vec![("/z", "/a"), ("/a", "/c")], vec![0, 1]),
        ] {
            let new: Vec<Redirect> = new.into_iter().map(redirect).collect();
            assert_eq!(collapse(&new, &known), Err(want));
        }
        // A part of a page is not the page: this one ends there.
        assert!(collapse(&[redirect(("/a", "/a#b"))], &HashMap::new()).is_ok());
    }
}
