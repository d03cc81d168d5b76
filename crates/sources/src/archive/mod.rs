//! Archives as trees of files: zip, tar and gzipped tar.
//!
//! An archive is taken whole or not at all. Before its first member is used every name is judged,
//! every limit is held, and every byte is unpacked once and compared with its checksum. Members are
//! read one by one afterwards; nothing is ever unpacked into a folder, so no name of a member is a
//! path on this machine. A gzipped tar is unpacked once into a file without a name, because its
//! members can only be found from the front.

mod names;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

pub(crate) use names::is_archive;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::path::Path;

use flate2::read::DeflateDecoder;

use crate::article::Fault;
use crate::limits::{
    ARCHIVE_MEMBERS_MAX, ARCHIVE_NAMES_BYTES_MAX, ARCHIVE_RATIO_FREE_BYTES, ARCHIVE_RATIO_MAX,
    ARCHIVE_UNPACKED_BYTES_MAX,
};
use crate::source::SourceError;

/// How a member is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Stored,
    Deflated,
}

/// Where one member lies.
#[derive(Debug, Clone)]
struct Member {
    path: String,
    /// Where its bytes begin in the file.
    offset: u64,
    /// How many there are, packed.
    packed: u64,
    /// How many there are to be, unpacked; looked at, never trusted.
    unpacked: u64,
    packing: Packing,
    /// What a zip says of the content; a tar says nothing.
    crc: Option<u32>,
}

/// A file of members.
#[derive(Debug)]
pub(crate) struct Archive {
    file: File,
    /// Sorted by path.
    members: Vec<Member>,
    /// What is in it and is not taken, with the reason.
    pub(crate) left_out: Vec<Fault>,
}

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Zip,
    Tar,
    Gzip,
}

/// What the file is, by its first bytes; None: no archive.
pub(crate) fn format_of(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Some(Format::Zip)
    } else if head.starts_with(&[0x1f, 0x8b]) {
        Some(Format::Gzip)
    } else if head.get(257..262) == Some(b"ustar") {
        Some(Format::Tar)
    } else {
        None
    }
}

impl Archive {
    /// Opens and validates an archive.
    pub(crate) fn open(path: &Path, format: Format) -> Result<Self, SourceError> {
        let label = path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        let label = label.as_str();
        let mut file = File::open(path).map_err(|error| unreadable(label, error))?;
        let (members, left_out) = match format {
            Format::Zip => zip::members(&mut file, label)?,
            Format::Tar => tar::members(&mut file, label)?,
            Format::Gzip => {
                file = unpacked(file, label)?;
                tar::members(&mut file, label)?
            }
        };
        let mut archive = Self {
            file,
            members,
            left_out,
        };
        archive
            .members
            .sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
        archive.refuse_double_names(label)?;
        archive.read_through(label)?;
        Ok(archive)
    }

    /// Paths of the members, sorted by their segments.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.members.iter().map(|m| m.path.clone()).collect()
    }

    /// The unpacked bytes of a member.
    pub(crate) fn reader(&mut self, path: &str) -> io::Result<Unpacking<'_>> {
        let found = self
            .members
            .binary_search_by(|m| m.path.split('/').cmp(path.split('/')));
        match found.ok().and_then(|at| self.members.get(at)) {
            Some(member) => Unpacking::of(&mut self.file, member),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "it is not in the archive",
            )),
        }
    }

    fn refuse_double_names(&self, label: &str) -> Result<(), SourceError> {
        for pair in self.members.windows(2) {
            let (one, other) = (&pair[0].path, &pair[1].path);
            // Sorted by segments, what lies below a name follows it at once.
            let what = if one == other {
                format!("has two members called {one:?}, and only one of them can be meant")
            } else if other
                .strip_prefix(one.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
            {
                format!("has members below {one:?}, and {one:?} is a file and a folder")
            } else {
                continue;
            };
            return Err(malformed(label, format!("it {what}; pack it again")));
        }
        Ok(())
    }

    /// Unpacks every byte once: sizes and checksums are believed only afterwards.
    fn read_through(&mut self, label: &str) -> Result<(), SourceError> {
        let mut all = 0_u64;
        let mut buffer = vec![0; 64 * 1024];
        for member in &self.members {
            let damaged = |why: String| {
                malformed(
                    label,
                    format!("its member {:?} is damaged: {why}", member.path),
                )
            };
            let mut unpacking = Unpacking::of(&mut self.file, member)
                .map_err(|error| damaged(error.to_string()))?;
            let mut crc = crc32fast::Hasher::new();
            let mut bytes = 0_u64;
            loop {
                let read = unpacking
                    .read(&mut buffer)
                    .map_err(|error| damaged(error.to_string()))?;
                if read == 0 {
                    break;
                }
                bytes += read as u64;
                all += read as u64;
                crc.update(&buffer[..read]);
                check_ratio(label, &member.path, bytes, member.packed)?;
                if all > ARCHIVE_UNPACKED_BYTES_MAX {
                    return Err(too_large(label));
                }
            }
            if bytes != member.unpacked {
                return Err(damaged(format!(
                    "it was to have {} bytes and has {bytes}",
                    member.unpacked
                )));
            }
            if member.crc.is_some_and(|said| said != crc.finalize()) {
                return Err(damaged("its checksum is another one".to_owned()));
            }
        }
        Ok(())
    }
}

/// One member on its way out of the archive.
pub(crate) enum Unpacking<'a> {
    Stored(Take<&'a mut File>),
    Deflated(DeflateDecoder<Take<&'a mut File>>),
}

impl<'a> Unpacking<'a> {
    fn of(file: &'a mut File, member: &Member) -> io::Result<Self> {
        file.seek(SeekFrom::Start(member.offset))?;
        let packed = file.take(member.packed);
        Ok(match member.packing {
            Packing::Stored => Self::Stored(packed),
            Packing::Deflated => Self::Deflated(DeflateDecoder::new(packed)),
        })
    }
}

impl Read for Unpacking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(bytes) => bytes.read(buffer),
            Self::Deflated(bytes) => bytes.read(buffer),
        }
    }
}

/// The content of a gzip file in a file without a name, which ends with this process.
fn unpacked(packed: File, label: &str) -> Result<File, SourceError> {
    let packed_bytes = packed
        .metadata()
        .map_err(|error| unreadable(label, error))?
        .len();
    let mut out = tempfile::tempfile().map_err(|error| unreadable("a temporary file", error))?;
    let mut gunzip = flate2::read::MultiGzDecoder::new(io::BufReader::new(packed));
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0_u64;
    loop {
        let read = gunzip
            .read(&mut buffer)
            .map_err(|error| malformed(label, format!("it is damaged or cut off: {error}")))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        check_ratio(label, "its content", bytes, packed_bytes)?;
        if bytes > ARCHIVE_UNPACKED_BYTES_MAX {
            return Err(too_large(label));
        }
        io::Write::write_all(&mut out, &buffer[..read])
            .map_err(|error| unreadable("a temporary file", error))?;
    }
    Ok(out)
}

fn check_ratio(label: &str, what: &str, unpacked: u64, packed: u64) -> Result<(), SourceError> {
    if unpacked > ARCHIVE_RATIO_FREE_BYTES && unpacked / ARCHIVE_RATIO_MAX > packed {
        return Err(SourceError::Limit {
            path: label.to_owned(),
            reason: format!(
                "{what:?} unpacks to more than {ARCHIVE_RATIO_MAX} times its size, which no text and \
                 no picture does; unpack it yourself and import the folder if it is meant"
            ),
        });
    }
    Ok(())
}

fn too_many_members(label: &str, members: u64) -> SourceError {
    SourceError::Limit {
        path: label.to_owned(),
        reason: format!(
            "it has {members} members, at most {ARCHIVE_MEMBERS_MAX} are allowed; unpack it and import \
             the folder"
        ),
    }
}

fn check_names(label: &str, bytes: usize) -> Result<(), SourceError> {
    if bytes > ARCHIVE_NAMES_BYTES_MAX {
        return Err(SourceError::Limit {
            path: label.to_owned(),
            reason: format!(
                "the names of its members have more than {ARCHIVE_NAMES_BYTES_MAX} bytes together; unpack \
                 it and import the folder"
            ),
        });
    }
    Ok(())
}

fn too_large(label: &str) -> SourceError {
    SourceError::Limit {
        path: label.to_owned(),
        reason: format!(
            "it unpacks to more than {ARCHIVE_UNPACKED_BYTES_MAX} bytes; import it in parts"
        ),
    }
}

fn malformed(label: &str, reason: impl Into<String>) -> SourceError {
    SourceError::Malformed {
        path: label.to_owned(),
        reason: reason.into(),
    }
}

fn unreadable(label: &str, error: io::Error) -> SourceError {
    SourceError::Read {
        path: label.to_owned(),
        error,
    }
}
