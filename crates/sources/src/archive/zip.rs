//! The members of a zip archive, by its directory and the headers in front of the members, which
//! must agree.
//!
//! Read by hand (APPNOTE 6.3.10, sections 4.3 and 4.5.3), because what has to be refused here is what
//! readers of archives hide: two members of one name, members that share bytes, a directory that
//! says other things than the members do, and a hundred thousand of them before one may count.
//! Stored and deflated members only; split and encrypted archives are refused.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::names::{self, Name};
use super::{Member, Packing, check_names, malformed, too_many_members, unreadable};
use crate::article::Fault;
use crate::limits::{ARCHIVE_MEMBERS_MAX, ARCHIVE_NAME_BYTES_MAX};
use crate::source::SourceError;

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const LOCATOR64_BYTES: u64 = 20;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;
/// Longest comment behind the end record.
const COMMENT_BYTES_MAX: u64 = u16::MAX as u64;
/// The extra field with sizes beyond 32 bits.
const EXTRA_ZIP64: u16 = 0x0001;
/// Bits of the flags: encrypted; sizes stand behind the content; strongly encrypted.
const ENCRYPTED: u16 = 1 | 1 << 6;
const SIZES_BEHIND: u16 = 1 << 3;
/// Type bits of a Unix mode, and a symbolic link among them.
const MODE_TYPE: u32 = 0o170_000;
const MODE_LINK: u32 = 0o120_000;

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
        length,
        label,
    };
    let directory = reading.directory()?;
    if directory.members > ARCHIVE_MEMBERS_MAX as u64 {
        return Err(too_many_members(label, directory.members));
    }
    let entries = reading.entries(&directory)?;
    let mut members = Vec::new();
    let mut left_out = Vec::new();
    // Which bytes belong to whom: two members that share some unpack to more than there is.
    let mut taken = Vec::with_capacity(entries.len());
    for entry in entries {
        let offset = reading.content_of(&entry)?;
        let end = offset
            .checked_add(entry.packed)
            .filter(|end| *end <= directory.start)
            .ok_or_else(|| reading.damaged("a member does not end before its directory"))?;
        taken.push((entry.header, end));
        let Some(path) = entry.path else { continue };
        if entry.is_link {
            left_out.push(Fault {
                path,
                line: 1,
                reason: "it is a symbolic link; links are not followed".to_owned(),
            });
            continue;
        }
        let packing = match entry.method {
            0 => Packing::Stored,
            8 => Packing::Deflated,
            other => {
                return Err(malformed(
                    label,
                    format!(
                        "its member {path:?} is packed by method {other}; pack it again with deflate"
                    ),
                ));
            }
        };
        members.push(Member {
            path,
            offset,
            packed: entry.packed,
            unpacked: entry.unpacked,
            packing,
            crc: Some(entry.crc),
        });
    }
    taken.sort_unstable();
    if taken.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(malformed(
            label,
            "two of its members share the same bytes, as no ordinary program packs them; pack it again",
        ));
    }
    Ok((members, left_out))
}

/// Where the directory lies and how many members it has.
struct Directory {
    start: u64,
    bytes: u64,
    members: u64,
}

/// What the directory says of one member.
struct Entry {
    /// As written; compared with the header in front of the content.
    raw_name: Vec<u8>,
    /// None: a folder, or hidden.
    path: Option<String>,
    is_link: bool,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    unpacked: u64,
    header: u64,
}

struct Reading<'a> {
    file: BufReader<&'a mut File>,
    length: u64,
    label: &'a str,
}

impl Reading<'_> {
    fn damaged(&self, why: &str) -> SourceError {
        malformed(self.label, format!("it is damaged or cut off: {why}"))
    }

    /// Reads `N` bytes at a place, or nothing when they are not there.
    fn bytes_at(&mut self, at: u64, count: usize) -> Result<Vec<u8>, SourceError> {
        if at
            .checked_add(count as u64)
            .is_none_or(|end| end > self.length)
        {
            return Err(self.damaged("something is said to lie beyond its end"));
        }
        let mut bytes = vec![0; count];
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|error| unreadable(self.label, error))?;
        Ok(bytes)
    }

    /// Finds the directory through the record at the end.
    fn directory(&mut self) -> Result<Directory, SourceError> {
        let tail = self.length.min(COMMENT_BYTES_MAX + END_BYTES as u64);
        let from = self.length - tail;
        let count = usize::try_from(tail).unwrap_or(usize::MAX);
        let tail = self.bytes_at(from, count)?;
        // The last record whose comment ends with the file.
        let at = (0..=tail.len().saturating_sub(END_BYTES)).rev().find(|at| {
            let record = &tail[*at..];
            record.starts_with(END)
                && record.len() >= END_BYTES
                && END_BYTES + usize::from(u16_at(record, 20)) == record.len()
        });
        let at = at.ok_or_else(|| self.damaged("the record at its end is missing"))?;
        let record = &tail[at..];
        let end = from + at as u64;
        let (disk, of_directory) = (u16_at(record, 4), u16_at(record, 6));
        let (here, all) = (u16_at(record, 8), u16_at(record, 10));
        let mut directory = Directory {
            start: u64::from(u32_at(record, 16)),
            bytes: u64::from(u32_at(record, 12)),
            members: u64::from(all),
        };
        let is_64 =
            all == u16::MAX || u32_at(record, 12) == u32::MAX || u32_at(record, 16) == u32::MAX;
        let mut limit = end;
        if is_64 && let Some(at) = end.checked_sub(LOCATOR64_BYTES) {
            let locator = self.bytes_at(at, 20)?;
            if locator.starts_with(LOCATOR64) {
                limit = u64_at(&locator, 8);
                let record = self.bytes_at(limit, 56)?;
                if !record.starts_with(END64) {
                    return Err(self.damaged("the record at its end is missing"));
                }
                directory = Directory {
                    start: u64_at(&record, 48),
                    bytes: u64_at(&record, 40),
                    members: u64_at(&record, 32),
                };
            }
        } else if disk != 0 || of_directory != 0 || here != all {
            return Err(malformed(
                self.label,
                "it is one part of several; join them",
            ));
        }
        let is_whole = directory
            .start
            .checked_add(directory.bytes)
            .is_some_and(|end| end <= limit)
            && directory.members <= directory.bytes / ENTRY_BYTES as u64;
        if !is_whole {
            return Err(self.damaged("its directory does not fit into it"));
        }
        Ok(directory)
    }

    /// Reads the directory.
    fn entries(&mut self, directory: &Directory) -> Result<Vec<Entry>, SourceError> {
        let mut entries = Vec::new();
        let mut names = 0;
        let mut at = directory.start;
        let end = directory.start + directory.bytes;
        for _ in 0..directory.members {
            let fixed = self.bytes_at(at, ENTRY_BYTES)?;
            let (name, extra, comment) =
                (u16_at(&fixed, 28), u16_at(&fixed, 30), u16_at(&fixed, 32));
            let rest = usize::from(name) + usize::from(extra);
            let next = at + (ENTRY_BYTES + rest) as u64 + u64::from(comment);
            if !fixed.starts_with(ENTRY) || next > end {
                return Err(self.damaged("its directory is not readable"));
            }
            names += usize::from(name);
            check_names(self.label, names)?;
            let rest = self.bytes_at(at + ENTRY_BYTES as u64, rest)?;
            let (name, extra) = rest.split_at(usize::from(name));
            entries.push(self.entry(&fixed, name, extra)?);
            at = next;
        }
        Ok(entries)
    }

    fn entry(&self, fixed: &[u8], name: &[u8], extra: &[u8]) -> Result<Entry, SourceError> {
        let judged = names::judge(name).map_err(|reason| malformed(self.label, reason))?;
        let flags = u16_at(fixed, 8);
        let mode = u32_at(fixed, 38) >> 16;
        let by_unix = fixed[5] == 3 || fixed[5] == 19;
        let mut entry = Entry {
            raw_name: name.to_vec(),
            path: match judged {
                Name::Taken(path) if !name.ends_with(b"/") => Some(path),
                _ => None,
            },
            is_link: by_unix && mode & MODE_TYPE == MODE_LINK,
            flags,
            method: u16_at(fixed, 10),
            crc: u32_at(fixed, 16),
            packed: u64::from(u32_at(fixed, 20)),
            unpacked: u64::from(u32_at(fixed, 24)),
            header: u64::from(u32_at(fixed, 42)),
        };
        if flags & ENCRYPTED != 0 {
            return Err(self.encrypted());
        }
        // Only the values that do not fit stand in the extra field, in this order.
        let mut large = zip64(extra).unwrap_or_default().chunks_exact(8);
        for value in [&mut entry.unpacked, &mut entry.packed, &mut entry.header] {
            if *value == u64::from(u32::MAX) {
                *value = large
                    .next()
                    .map(|bytes| u64_at(bytes, 0))
                    .ok_or_else(|| self.damaged("the size of a member is missing"))?;
            }
        }
        Ok(entry)
    }

    /// Where the content of a member begins, once the header in front of it has said the same as the
    /// directory.
    fn content_of(&mut self, entry: &Entry) -> Result<u64, SourceError> {
        let fixed = self.bytes_at(entry.header, LOCAL_BYTES)?;
        if !fixed.starts_with(LOCAL) {
            return Err(self.damaged("a member is not where its directory says"));
        }
        let (name, extra) = (u16_at(&fixed, 26), u16_at(&fixed, 28));
        let flags = u16_at(&fixed, 6);
        if flags & ENCRYPTED != 0 {
            return Err(self.encrypted());
        }
        let is_name = usize::from(name) <= ARCHIVE_NAME_BYTES_MAX
            && self.bytes_at(entry.header + LOCAL_BYTES as u64, usize::from(name))?
                == entry.raw_name;
        let sizes = (u32_at(&fixed, 14), u32_at(&fixed, 18), u32_at(&fixed, 22));
        let same_sizes = flags & SIZES_BEHIND != 0
            || (sizes.0 == entry.crc
                && is_size(sizes.1, entry.packed)
                && is_size(sizes.2, entry.unpacked));
        let same_flags = flags & SIZES_BEHIND == entry.flags & SIZES_BEHIND;
        if !is_name || !same_sizes || !same_flags || u16_at(&fixed, 8) != entry.method {
            return Err(malformed(
                self.label,
                format!(
                    "its directory says other things of the member {:?} than the member itself; pack it \
                     again",
                    String::from_utf8_lossy(&entry.raw_name)
                ),
            ));
        }
        Ok(entry.header + LOCAL_BYTES as u64 + u64::from(name) + u64::from(extra))
    }

    fn encrypted(&self) -> SourceError {
        malformed(
            self.label,
            "it is encrypted; pack it again without a password",
        )
    }
}

/// Whether 32 bits say this size, or that it stands elsewhere.
fn is_size(said: u32, size: u64) -> bool {
    said == u32::MAX || u64::from(said) == size
}

/// The extra field with sizes beyond 32 bits.
fn zip64(mut extra: &[u8]) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + length)?;
        if id == EXTRA_ZIP64 {
            return Some(field);
        }
        extra = &extra[4 + length..];
    }
    None
}

/// Little-endian numbers; what is not there counts as nothing.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let bytes = bytes.get(at..at + 2).and_then(|b| b.try_into().ok());
    bytes.map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..at + 8).and_then(|b| b.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}
