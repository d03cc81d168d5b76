//! What an address in a body names, from its text alone.
//!
//! ```text
//! ../setup.md          a file of the source the article came from
//! /a/b?x=1             an address of the old site, or a file counted from the source's root
//! https://old/a/b      the same, when the host is one of the old site or of this one
//! /attachments/<id>/…  an attachment
//! ```
//!
//! Everything else (other hosts, `#…`, mail, this portal's own pages) names nothing that moves.

use std::collections::HashSet;

use cairn_domain::ids::AttachmentId;
use cairn_domain::limits::LINK_BYTES_MAX;
use cairn_domain::old_address::AskedAddress;
use cairn_markdown::{AddressParts, percent_decoded};

/// Where relative addresses of a body begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The folder, archive or export.
    pub(crate) source: String,
    /// The file in it, with slashes.
    pub(crate) path: String,
}

/// Which addresses are this portal's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Site {
    /// Path prefix of the portal below the common host.
    pub(super) base: String,
    /// The portal's locales: what its own pages begin with.
    pub(super) locales: HashSet<String>,
    /// The portal's hostnames and the common one, in lower case.
    pub(super) hosts: HashSet<String>,
}

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The address as the body says it, as far as it counts.
    pub(super) address: String,
    /// The path it names: of a file, or with a leading slash of a page or an attachment.
    pub(super) path: String,
}

impl Site {
    /// What `target` names in a body that came from `origin`; `is_old_host` knows the source's site.
    pub(super) fn named(
        &self,
        target: &str,
        origin: Option<&Origin>,
        is_old_host: impl Fn(&str) -> bool,
    ) -> Option<Named> {
        let parts = AddressParts::of(target);
        let (path, address) = match split_host(parts.path) {
            Some((host, path)) => {
                let is_own = self.hosts.contains(&host);
                if !is_own && !is_old_host(&host) {
                    return None;
                }
                match attachment_path(self.below_base(path)).filter(|_| is_own) {
                    Some(path) => (path, parts.path),
                    None => (self.old_path(path)?, parts.whole),
                }
            }
            None if has_scheme(parts.path) || parts.path.is_empty() => return None,
            None if parts.path.starts_with('/') => {
                match attachment_path(self.below_base(parts.path)) {
                    Some(path) => (path, parts.path),
                    None => (self.old_path(parts.path)?, parts.whole),
                }
            }
            None => (file_path(&origin?.path, parts.path)?, parts.path),
        };
        let fits = address.len() <= LINK_BYTES_MAX && path.len() <= LINK_BYTES_MAX;
        fits.then(|| Named {
            address: address.to_owned(),
            path,
        })
    }

    fn below_base<'p>(&self, path: &'p str) -> &'p str {
        let below = path.strip_prefix(self.base.as_str());
        below.filter(|below| below.starts_with('/')).unwrap_or(path)
    }

    /// The form of an old site's path; none for the pages of this portal.
    fn old_path(&self, path: &str) -> Option<String> {
        let below = self.below_base(path);
        let first = below.split('/').nth(1).unwrap_or_default();
        if below.len() < path.len() && self.locales.contains(first) {
            return None;
        }
        AskedAddress::of(path, None).map(|asked| asked.path().to_owned())
    }
}

/// The path under which links to an attachment wait for it.
pub(super) fn path_of_attachment(id: AttachmentId) -> String {
    format!("/attachments/{id}")
}

/// The attachment that a path of [`path_of_attachment`] names.
pub(super) fn attachment_of(path: &str) -> Option<AttachmentId> {
    path.strip_prefix("/attachments/")?.parse().ok()
}

fn attachment_path(path: &str) -> Option<String> {
    let rest = path.strip_prefix("/attachments/")?;
    let id = rest.split('/').next().unwrap_or(rest);
    let id = id.to_ascii_lowercase().parse::<AttachmentId>().ok()?;
    Some(path_of_attachment(id))
}

/// Host, in lower case without its port, and path of an http address.
pub(super) fn split_host(address: &str) -> Option<(String, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.split(':').next().unwrap_or(authority);
    Some((host.to_ascii_lowercase(), path))
}

fn has_scheme(path: &str) -> bool {
    path.find([':', '/'])
        .is_some_and(|at| path[at..].starts_with(':'))
}

/// The file that a relative address leads to from another file; none outside the source.
fn file_path(from: &str, address: &str) -> Option<String> {
    let decoded = percent_decoded(address).replace('\\', "/");
    if decoded.chars().any(char::is_control) {
        return None;
    }
    let mut segments: Vec<&str> = from.split('/').collect();
    segments.pop();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            segment => segments.push(segment),
        }
    }
    Some(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, wanted: Option<(&str, &str)>) {
        let site = Site {
            base: "/help".to_owned(),
            locales: HashSet::from(["en".to_owned()]),
            hosts: HashSet::from(["help.example".to_owned()]),
        };
        let origin = Origin {
            source: "docs".to_owned(),
            path: "guides/start/a.md".to_owned(),
        };
        let named = site.named(target, Some(&origin), |host| host == "old.example");
        let named = named
            .as_ref()
            .map(|n| (n.address.as_str(), n.path.as_str()));
        assert_eq!(named, wanted, "{target}");
    }

    #[test]
    fn relative_addresses_are_files_of_the_source() {
        check("b.md", Some(("b.md", "guides/start/b.md")));
        check("../B%20c.md#x", Some(("../B%20c.md", "guides/B c.md")));
        check(
            "./../../m\\i.png?v=2",
            Some(("./../../m\\i.png", "m/i.png")),
        );
        check("../..", Some(("../..", "")));
        check("../../../x.md", None);
        check("a%00.md", None);
        check("a%FF.md", Some(("a%FF.md", "guides/start/a%FF.md")));
    }

    #[test]
    fn addresses_from_the_root_are_those_of_the_old_site_with_their_query() {
        check("/hc/a%20b/?x=1#y", Some(("/hc/a%20b/?x=1", "/hc/a b")));
        check(
            "https://old.example:443/hc//a",
            Some(("https://old.example:443/hc//a", "/hc/a")),
        );
        check(
            "HTTP://Help.example/hc",
            Some(("HTTP://Help.example/hc", "/hc")),
        );
        check("/help/faq/1", Some(("/help/faq/1", "/help/faq/1")));
        check("https://other.example/hc", None);
        check("https://old.example", None);
        check("/", None);
        check("/a/../b", None);
    }

    #[test]
    fn own_pages_mail_and_places_on_the_page_name_nothing() {
        for target in [
            "#x",
            "",
            "?x",
            "mailto:a@b.example",
            "tel:1",
            "/help/en/articles/x",
            "https://help.example/help/en/articles/x",
        ] {
            check(target, None);
        }
        check(&format!("{}.md", "a".repeat(LINK_BYTES_MAX)), None);
    }

    #[test]
    fn an_attachment_is_named_by_its_id_however_the_address_is_written() {
        let id = "018f4e2a-7b1c-7c3d-9e4f-0123456789ab";
        let path = format!("/attachments/{id}");
        for address in [
            format!("/attachments/{id}/a.png"),
            format!("/help/attachments/{id}/a%20b.png"),
            format!("https://help.example/help/attachments/{id}/a.png"),
            format!("https://help.example/attachments/{id}"),
            format!("/attachments/{}/a.png", id.to_uppercase()),
        ] {
            check(&address, Some((&address, &path)));
        }
        check(
            "/attachments/x/a.png",
            Some(("/attachments/x/a.png", "/attachments/x/a.png")),
        );
        assert_eq!(
            attachment_of(&path).map(|id| id.to_string()).as_deref(),
            Some(id)
        );
        assert_eq!(attachment_of("/attachments/x"), None);
    }
}
