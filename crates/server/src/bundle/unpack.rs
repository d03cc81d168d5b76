//! Reading a bundle twice: once to see that all of it is as its manifest says, once to restore it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use flate2::bufread::GzDecoder;
use tar::{Archive, EntryType};

use crate::bundle::keys::VerifyKey;
use crate::bundle::manifest::{MANIFEST, Manifest, Member, SIGNATURE, hex_digest};
use crate::limits::BUNDLE_MANIFEST_BYTES_MAX;

/// Bytes of a signature.
const SIGNATURE_BYTES: u64 = 64;

/// Most zeros behind the last member, in bytes: programs fill their blocks.
const PADDING_BYTES_MAX: u64 = 64 * 1024;

/// What makes a bundle worth believing.
#[derive(Debug, Clone)]
pub(crate) enum Trust {
    /// That this key signed it.
    Key(VerifyKey),
    /// The operator's word: digests are compared, no signature is looked at.
    Word,
}

/// A bundle that was found whole.
#[derive(Debug, Clone)]
pub(crate) struct Unpacked {
    path: PathBuf,
    pub(super) manifest: Manifest,
    /// SHA-256 of the manifest, in hexadecimal digits: the name of the bundle.
    pub(super) digest: String,
}

impl Unpacked {
    /// Reads a bundle from its first byte to its last.
    ///
    /// # Errors
    /// The first thing that does not fit: the signature, the version, a member, its size, its digest.
    pub(crate) fn open(path: &Path, trust: &Trust) -> Result<Self> {
        let shown = path.display();
        let read = || -> Result<Self> {
            let mut found = None;
            walk(path, |member, bytes| {
                // The first member is the manifest; the callback gets it with its signature.
                if let Found::Manifest { text, signature } = member {
                    check(trust, text, signature)?;
                    found = Some((Manifest::read(text)?, hex_digest(text)));
                    return Ok(found.as_ref().map(|(m, _)| m.members.clone()));
                }
                drop(bytes);
                Ok(None)
            })?;
            let (manifest, digest) = found.context("it has no manifest")?;
            Ok(Self {
                path: path.to_owned(),
                manifest,
                digest,
            })
        };
        read().with_context(|| format!("{shown} is refused, and nothing was written"))
    }

    /// Gives every member in its order, checked again: the file may have changed meanwhile.
    ///
    /// # Errors
    /// As [`Unpacked::open`]; what `each` says.
    pub(super) fn members(
        &self,
        mut each: impl FnMut(&Member, Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        walk(&self.path, |member, bytes| match member {
            Found::Manifest { text, .. } => {
                if hex_digest(text) != self.digest {
                    bail!("{} was changed while it was read", self.path.display());
                }
                Ok(Some(self.manifest.members.clone()))
            }
            Found::Member(member) => {
                each(member, bytes)?;
                Ok(None)
            }
        })
    }
}

fn check(trust: &Trust, text: &[u8], signature: Option<&[u8]>) -> Result<()> {
    match (trust, signature) {
        (Trust::Word, _) => Ok(()),
        (Trust::Key(_), None) => {
            bail!("it is not signed; --unverified takes a bundle on your word alone")
        }
        (Trust::Key(key), Some(signature)) if key.fits(text, signature) => Ok(()),
        (Trust::Key(_), Some(_)) => {
            bail!("its signature does not fit the key: another key signed it, or it was changed")
        }
    }
}

/// What was found.
enum Found<'a> {
    Manifest {
        text: &'a [u8],
        signature: Option<&'a [u8]>,
    },
    Member(&'a Member),
}

/// Walks over a bundle. `each` gets the manifest first and answers with the members to expect; then
/// it gets each of them with its bytes, which are what the manifest says.
fn walk(
    path: &Path,
    mut each: impl FnMut(Found<'_>, Vec<u8>) -> Result<Option<Vec<Member>>>,
) -> Result<()> {
    let file = File::open(path).context("it cannot be opened")?;
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)));
    let damaged = |error: std::io::Error| anyhow!(error).context("it is cut off or damaged");
    // Raw: no extension may make a name or a size other than it is.
    let mut entries = archive.entries().map_err(damaged)?.raw(true);
    let mut next = || -> Result<Option<(String, u64, Vec<u8>)>> {
        let Some(entry) = entries.next() else {
            return Ok(None);
        };
        let entry = entry.map_err(damaged)?;
        let header = entry.header();
        let name = std::str::from_utf8(&entry.path_bytes())
            .context("a member has a name that is not UTF-8")?
            .to_owned();
        if header.entry_type() != EntryType::Regular {
            bail!("its member {name} is no file");
        }
        let size = header.size().map_err(damaged)?;
        let bytes_max = match name.as_str() {
            MANIFEST => BUNDLE_MANIFEST_BYTES_MAX,
            SIGNATURE => SIGNATURE_BYTES,
            _ => crate::limits::BUNDLE_MEMBER_BYTES_MAX,
        };
        if size > bytes_max {
            bail!("its member {name} has {size} bytes, at most {bytes_max} are allowed");
        }
        let mut bytes = Vec::new();
        let read = entry.take(size).read_to_end(&mut bytes).map_err(damaged)?;
        if read as u64 != size {
            bail!("it is cut off in its member {name}");
        }
        Ok(Some((name, size, bytes)))
    };

    let (name, _, text) = next()?.context("it is empty")?;
    if name != MANIFEST {
        bail!("it begins with {name} where a bundle begins with {MANIFEST}");
    }
    let second = next()?;
    let (signature, mut pending) = match second {
        Some((name, _, bytes)) if name == SIGNATURE => (Some(bytes), None),
        other => (None, other),
    };
    let manifest = Found::Manifest {
        text: &text,
        signature: signature.as_deref(),
    };
    let members = each(manifest, Vec::new())?.unwrap_or_default();
    for member in &members {
        let found = match pending.take() {
            Some(found) => Some(found),
            None => next()?,
        };
        let Some((name, size, bytes)) = found else {
            bail!("its member {} is missing", member.path);
        };
        if name != member.path {
            bail!("its member {name} stands where {} should be", member.path);
        }
        if size != member.bytes || hex_digest(&bytes) != member.sha256 {
            bail!("its member {name} is not what the manifest says");
        }
        each(Found::Member(member), bytes)?;
    }
    let extra = match pending.take() {
        Some(found) => Some(found),
        None => next()?,
    };
    if let Some((name, ..)) = extra {
        bail!("its member {name} is not in the manifest");
    }
    // The end of the compressed stream carries its own checksum.
    let mut rest = archive.into_inner();
    let mut padding = Vec::new();
    rest.by_ref()
        .take(PADDING_BYTES_MAX)
        .read_to_end(&mut padding)
        .map_err(damaged)?;
    if padding.iter().any(|byte| *byte != 0)
        || rest.read(&mut [0]).map_err(damaged)? != 0
        || rest.get_mut().read(&mut [0]).map_err(damaged)? != 0
    {
        bail!("something follows its last member");
    }
    Ok(())
}
