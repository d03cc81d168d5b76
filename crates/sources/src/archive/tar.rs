//! The members of a tar archive, header by header: ustar, GNU and pax, as far as they name files.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use tar::{EntryType, Header};

use super::names::{self, Name};
use super::{Member, Packing, check_names, malformed, too_many_members, unreadable};
use crate::article::Fault;
use crate::limits::{ARCHIVE_MEMBERS_MAX, TAR_EXTENSION_BYTES_MAX};
use crate::source::SourceError;

/// Headers and contents begin at multiples of it.
const BLOCK: u64 = 512;

/// The members that are files, and what is left out.
pub(super) fn members(
    file: &mut File,
    label: &str,
) -> Result<(Vec<Member>, Vec<Fault>), SourceError> {
    let length = file
        .metadata()
        .map_err(|error| unreadable(label, error))?
        .len();
    let mut reading = Reading {
        file: BufReader::new(file),
        at: 0,
        length,
        label,
    };
    reading.seek(0)?;
    let mut members = Vec::new();
    let mut left_out = Vec::new();
    let (mut seen, mut names_bytes) = (0, 0);
    // A name that was too long for the header that follows.
    let mut long_name: Option<Vec<u8>> = None;
    while let Some(header) = reading.header()? {
        seen += 1;
        if seen > ARCHIVE_MEMBERS_MAX {
            return Err(too_many_members(label, seen as u64));
        }
        let size = header
            .entry_size()
            .map_err(|_| malformed(label, "it is damaged: the size of a member is no number"))?;
        let offset = reading.at;
        let next = size
            .checked_next_multiple_of(BLOCK)
            .and_then(|size| offset.checked_add(size))
            .filter(|next| *next <= length)
            .ok_or_else(|| malformed(label, "it is cut off inside a member"))?;
        let kind = header.entry_type();
        match kind {
            EntryType::GNULongName => {
                let mut name = reading.extension(size)?;
                while name.last() == Some(&0) {
                    name.pop();
                }
                long_name = Some(name);
            }
            EntryType::XHeader => {
                if let Some(name) = pax_path(&reading.extension(size)?, label)? {
                    long_name = Some(name);
                }
            }
            // Of the whole archive, or the target of a link that is not followed.
            EntryType::XGlobalHeader | EntryType::GNULongLink => {}
            _ => {
                let raw = long_name
                    .take()
                    .unwrap_or_else(|| header.path_bytes().into_owned());
                names_bytes += raw.len();
                check_names(label, names_bytes)?;
                let name = names::judge(&raw).map_err(|reason| malformed(label, reason))?;
                match (name, kind) {
                    (Name::Hidden, _) | (_, EntryType::Directory) => {}
                    // Old archives mark folders by the name alone.
                    (Name::Taken(_), EntryType::Regular) if raw.ends_with(b"/") => {}
                    (Name::Taken(path), EntryType::Regular | EntryType::Continuous) => {
                        members.push(Member {
                            path,
                            offset,
                            packed: size,
                            unpacked: size,
                            packing: Packing::Stored,
                            crc: None,
                        });
                    }
                    (Name::Taken(path), kind) => left_out.push(Fault {
                        path,
                        line: 1,
                        reason: why_left_out(kind).to_owned(),
                    }),
                }
            }
        }
        reading.seek(next)?;
    }
    Ok((members, left_out))
}

fn why_left_out(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink | EntryType::Link => "it is a link; links are not followed",
        EntryType::GNUSparse => "it is a file with holes, which is not read",
        _ => "it is a device or a pipe",
    }
}

struct Reading<'a> {
    file: BufReader<&'a mut File>,
    at: u64,
    length: u64,
    label: &'a str,
}

impl Reading<'_> {
    fn seek(&mut self, to: u64) -> Result<(), SourceError> {
        self.at = to;
        self.file
            .seek(SeekFrom::Start(to))
            .map_err(|error| unreadable(self.label, error))?;
        Ok(())
    }

    /// The next header; None at the mark that ends the archive.
    fn header(&mut self) -> Result<Option<Header>, SourceError> {
        if self.at + BLOCK > self.length {
            return Err(malformed(
                self.label,
                "it is cut off: its end mark is missing",
            ));
        }
        let mut header = Header::new_old();
        self.file
            .read_exact(header.as_mut_bytes())
            .map_err(|error| unreadable(self.label, error))?;
        self.at += BLOCK;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The sum over the header, its own eight bytes taken as spaces.
        let bytes = header.as_bytes();
        let own: u32 = bytes[148..156].iter().map(|byte| u32::from(*byte)).sum();
        let all: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
        if header.cksum().ok() != Some(all - own + 8 * u32::from(b' ')) {
            return Err(malformed(
                self.label,
                format!(
                    "it is damaged: the header at byte {} has another checksum",
                    self.at - BLOCK
                ),
            ));
        }
        Ok(Some(header))
    }

    /// The content of a header that extends the next one.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, SourceError> {
        if size > TAR_EXTENSION_BYTES_MAX {
            return Err(SourceError::Limit {
                path: self.label.to_owned(),
                reason: format!(
                    "an extended header in it has {size} bytes, at most {TAR_EXTENSION_BYTES_MAX} are \
                     allowed"
                ),
            });
        }
        let mut bytes = Vec::new();
        self.file
            .by_ref()
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(self.label, error))?;
        Ok(bytes)
    }
}

/// The `path` of a pax header: lines of `LENGTH KEY=VALUE`. A `size` there means a member larger than
/// anything this reads.
fn pax_path(mut records: &[u8], label: &str) -> Result<Option<Vec<u8>>, SourceError> {
    let damaged = || {
        malformed(
            label,
            "it is damaged: an extended header in it is not readable",
        )
    };
    let mut path = None;
    while !records.is_empty() {
        let space = records
            .iter()
            .position(|b| *b == b' ')
            .ok_or_else(damaged)?;
        let length = std::str::from_utf8(&records[..space]).ok();
        let length: usize = length.and_then(|n| n.parse().ok()).ok_or_else(damaged)?;
        let record = records.get(space + 1..length).ok_or_else(damaged)?;
        let record = record.strip_suffix(b"\n").ok_or_else(damaged)?;
        let equals = record.iter().position(|b| *b == b'=').ok_or_else(damaged)?;
        match &record[..equals] {
            b"path" => path = Some(record[equals + 1..].to_vec()),
            b"size" => {
                return Err(malformed(
                    label,
                    "a member of it is too large for an import",
                ));
            }
            key if key.starts_with(b"GNU.sparse") => {
                return Err(malformed(
                    label,
                    "it has a file with holes, which is not read",
                ));
            }
            _ => {}
        }
        records = &records[length..];
    }
    Ok(path)
}
