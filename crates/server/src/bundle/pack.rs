//! Packing a bundle: members are laid beside the place of the bundle until all of them are known, then
//! the file is written under a hidden name and renamed once it is whole.

use std::fs::{self, DirBuilder, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::bundle::keys::SignKey;
use crate::bundle::manifest::{MANIFEST, Manifest, Member, SIGNATURE, hex_digest};

/// The kinds of members, in the order in which they are restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Categories,
    Files,
    Attachments,
    Redirects,
    Articles,
    Translations,
    SearchRules,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Categories,
        Self::Files,
        Self::Attachments,
        Self::Redirects,
        Self::Articles,
        Self::Translations,
        Self::SearchRules,
    ];

    /// The kind of a member by its path: a folder of a kind and one name of letters, digits and dots in it.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.split_once('/')?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.bytes().all(is_plain) {
            return None;
        }
        Self::ALL.into_iter().find(|kind| kind.folder() == folder)
    }

    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Categories => "categories",
            Self::Files => "files",
            Self::Attachments => "attachments",
            Self::Redirects => "redirects",
            Self::Articles => "articles",
            Self::Translations => "translations",
            Self::SearchRules => "search-rules",
        }
    }
}

/// Members on their way into a bundle.
#[derive(Debug)]
pub(super) struct Pack {
    target: PathBuf,
    /// Where members lie meanwhile; it goes with this value.
    waiting: PathBuf,
    members: Vec<(Kind, u64, Member)>,
}

impl Pack {
    /// Begins a bundle at a path where nothing is, or where something may be written over.
    ///
    /// # Errors
    /// When something is there, or the disk refuses.
    pub(super) fn begin(target: &Path, overwrite: bool) -> Result<Self> {
        let shown = target.display();
        if target.is_dir() {
            bail!("{shown} is a folder; a bundle is one file, such as backup.tar.gz");
        }
        if target.exists() && !overwrite {
            bail!("{shown} is there already; give another name, or --overwrite");
        }
        let name = target.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            bail!("{shown} is no name of a file");
        };
        let waiting = target.with_file_name(format!(".{name}.cairn-parts"));
        // Left by one that was killed.
        if waiting.is_dir() {
            fs::remove_dir_all(&waiting)
                .with_context(|| format!("cannot remove {}", waiting.display()))?;
        }
        // Drafts and internal articles are in it: nobody else's to read.
        DirBuilder::new()
            .mode(0o700)
            .create(&waiting)
            .with_context(|| format!("cannot make {}", waiting.display()))?;
        Ok(Self {
            target: target.to_owned(),
            waiting,
            members: Vec::new(),
        })
    }

    /// Adds a member.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn add(&mut self, kind: Kind, name: Option<String>, bytes: &[u8]) -> Result<()> {
        let number = self.members.len() as u64;
        let place = self.place(number);
        fs::write(&place, bytes).with_context(|| format!("cannot write {}", place.display()))?;
        let sha256 = hex_digest(bytes);
        let path = match kind {
            Kind::Files => format!("{}/{sha256}", kind.folder()),
            _ => format!("{}/{number:06}.json", kind.folder()),
        };
        let member = Member {
            path,
            bytes: bytes.len() as u64,
            sha256,
            name,
        };
        self.members.push((kind, number, member));
        Ok(())
    }

    /// Writes the bundle and gives the digest of its manifest.
    ///
    /// # Errors
    /// What the disk says; nothing stands at the bundle's name then.
    pub(super) fn finish(
        mut self,
        mut manifest: Manifest,
        key: Option<&SignKey>,
    ) -> Result<String> {
        // Files arrive as they please; their digests give them one order.
        self.members.sort_by(|(kind, number, member), (k, n, m)| {
            let by_number = || match kind {
                Kind::Files => member.path.cmp(&m.path),
                _ => number.cmp(n),
            };
            kind.cmp(k).then_with(by_number)
        });
        manifest.members = self.members.iter().map(|(_, _, m)| m.clone()).collect();
        let text = serde_json::to_vec(&manifest).context("the manifest cannot be written")?;
        let draft = self.waiting.join("bundle");
        let shown = self.target.display().to_string();
        let write = || -> Result<()> {
            let mut options = File::options();
            options.write(true).create_new(true).mode(0o600);
            let out = BufWriter::new(options.open(&draft)?);
            let mut tar = Builder::new(GzEncoder::new(out, Compression::default()));
            put(&mut tar, MANIFEST, &text)?;
            if let Some(key) = key {
                put(&mut tar, SIGNATURE, &key.sign(&text))?;
            }
            for (_, number, member) in &self.members {
                put(&mut tar, &member.path, &fs::read(self.place(*number))?)?;
            }
            let file = tar.into_inner()?.finish()?.into_inner();
            file.map_err(|error| error.into_error())?.sync_all()?;
            fs::rename(&draft, &self.target)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {shown}"))?;
        Ok(hex_digest(&text))
    }

    fn place(&self, number: u64) -> PathBuf {
        self.waiting.join(number.to_string())
    }
}

impl Drop for Pack {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.waiting) {
            tracing::debug!(%error, "what waited for a bundle could not be removed");
        }
    }
}

/// The same bytes for the same members: no owner, no time.
fn put(tar: &mut Builder<impl Write>, path: &str, bytes: &[u8]) -> Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_size(bytes.len() as u64);
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    tar.append(&header, bytes)?;
    Ok(())
}
