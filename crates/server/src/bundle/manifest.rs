//! The manifest of a bundle: what it is, and every byte of it by digest.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};
use cairn_service::restoration::Counts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bundle::pack::Kind;
use crate::limits::BUNDLE_MEMBER_BYTES_MAX;

/// Name of the manifest, which is the first member.
pub(super) const MANIFEST: &str = "manifest.json";
/// Name of its signature, which is the second.
pub(super) const SIGNATURE: &str = "manifest.sig";
/// What every manifest calls itself.
const FORMAT: &str = "cairn-bundle";
/// The form of bundles this program writes. Raised by every change of what a member holds.
pub(super) const VERSION: u32 = 2;
/// The oldest form it reads: bundles of version 1 have no rules of search.
const VERSION_MIN: u32 = 1;

/// What a bundle is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(super) format: String,
    pub(super) version: u32,
    /// The program that wrote it.
    pub(super) made_by: String,
    /// When, RFC 3339.
    pub(super) made_at: String,
    /// The portal as the export gives it.
    pub(super) portal: Value,
    /// The next article number.
    pub(super) next_number: i64,
    pub(super) counts: Counts,
    /// Everything else that is in the bundle, in its order.
    pub(super) members: Vec<Member>,
}

/// One file in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) path: String,
    pub(super) bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub(super) sha256: String,
    /// The name of an attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

impl Manifest {
    pub(super) fn new(portal: Value, next_number: i64, counts: Counts, made_at: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            made_by: concat!("cairn ", env!("CARGO_PKG_VERSION")).to_owned(),
            made_at,
            portal,
            next_number,
            counts,
            members: Vec::new(),
        }
    }

    /// Reads a manifest whose signature fits.
    ///
    /// # Errors
    /// When it is of another form, or names a member larger than one may be.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Form {
            format: String,
            version: u32,
        }
        let form: Form =
            serde_json::from_slice(bytes).context("its manifest is not that of a bundle")?;
        if form.format != FORMAT {
            bail!("it calls itself {:?}, which is no bundle", form.format);
        }
        if !(VERSION_MIN..=VERSION).contains(&form.version) {
            bail!(
                "it is of version {} and this program reads versions up to {VERSION}; use a newer program",
                form.version
            );
        }
        let manifest: Self =
            serde_json::from_slice(bytes).context("its manifest cannot be read")?;
        let mut paths = HashSet::new();
        for member in &manifest.members {
            let Some(kind) = Kind::of(&member.path) else {
                bail!(
                    "it has a member {:?}, which is at no place a bundle has",
                    member.path
                );
            };
            if kind == Kind::Files && !member.path.ends_with(&format!("/{}", member.sha256)) {
                bail!("its member {} is not called by its digest", member.path);
            }
            if !paths.insert(member.path.as_str()) {
                bail!("it has its member {} twice", member.path);
            }
            if member.bytes > BUNDLE_MEMBER_BYTES_MAX {
                bail!(
                    "its member {} has {} bytes, at most {BUNDLE_MEMBER_BYTES_MAX} are allowed",
                    member.path,
                    member.bytes
                );
            }
        }
        Ok(manifest)
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn hex_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_at_a_place_of_its_kind_once() {
        let member = |path: &str, sha256: &str| Member {
            path: path.to_owned(),
            bytes: 1,
            sha256: sha256.to_owned(),
            name: None,
        };
        let read = |members: Vec<Member>| {
            let mut manifest = Manifest::new(Value::Null, 1, Counts::default(), String::new());
            manifest.members = members;
            Manifest::read(&serde_json::to_vec(&manifest).unwrap())
        };
        let good = || member("articles/000001.json", "00");
        assert!(read(vec![good(), member("files/0a", "0a")]).is_ok());
        assert!(read(vec![good(), good()]).is_err());
        assert!(read(vec![member("files/0b", "0a")]).is_err());
        for path in [
            "",
            "articles",
            "articles/",
            "articles/..",
            "articles/../x",
            "../articles/1",
            "/etc/passwd",
            "articles//x",
            "other/1",
            "manifest.json",
            "articles/a\\b",
            "articles/.hidden",
        ] {
            assert!(read(vec![member(path, "00")]).is_err(), "{path}");
        }
        let mut large = good();
        large.bytes = BUNDLE_MEMBER_BYTES_MAX + 1;
        assert!(read(vec![large]).is_err());
    }

    #[test]
    fn only_this_version_is_read() {
        let manifest = Manifest::new(Value::Null, 1, Counts::default(), String::new());
        let mut json = serde_json::to_value(&manifest).unwrap();
        assert!(Manifest::read(json.to_string().as_bytes()).is_ok());
        json["version"] = (VERSION + 1).into();
        json["new"] = true.into();
        let error = Manifest::read(json.to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().contains("newer program"), "{error}");
        json["format"] = "other".into();
        assert!(Manifest::read(json.to_string().as_bytes()).is_err());
        assert!(Manifest::read(b"{}").is_err() && Manifest::read(b"").is_err());
    }
}
