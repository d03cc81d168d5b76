//! Archives that are taken, and those that are refused as a whole: each with one thing wrong.

use std::io::Write as _;

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::tree::Tree;

const FILES: [(&str, &str); 3] = [
    ("dir/b.md", "# B\n"),
    ("a.md", "# A\nand more and more and more and more\n"),
    ("dir/empty.txt", ""),
];

fn zipped(files: &[(&str, &str)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    zip.add_directory("dir/", options).unwrap();
    for (name, text) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn opened(bytes: &[u8]) -> Result<Tree, String> {
    let mut file = tempfile::Builder::new().suffix(".x").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Tree::open(file.path()).map_err(|error| error.to_string())
}

fn refused(bytes: &[u8], part: &str) {
    let reason = opened(bytes).expect_err(part);
    assert!(reason.contains(part), "{part:?} is not in: {reason}");
}

/// Changes every copy of some bytes, in member and directory alike.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..=bytes.len() - old.len())
        .filter(|at| bytes[*at..].starts_with(old))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

/// Where the directory entry of the first member begins.
fn entry_of(bytes: &[u8]) -> usize {
    let at = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    // The first is the folder.
    at + 1
        + bytes[at + 1..]
            .windows(4)
            .position(|w| w == b"PK\x01\x02")
            .unwrap()
}

#[test]
fn a_zip_and_a_tar_are_trees_like_a_folder() {
    let tar_files = FILES.map(|(name, text)| (name, text.as_bytes()));
    let tar = tarred(&tar_files);
    for bytes in [
        zipped(&FILES, CompressionMethod::Deflated),
        zipped(&FILES, CompressionMethod::Stored),
        gzipped(&tar),
        tar,
    ] {
        let mut tree = opened(&bytes).unwrap();
        assert_eq!(tree.paths(), ["a.md", "dir/b.md", "dir/empty.txt"]);
        // In any order, and again.
        for (name, text) in FILES.iter().chain(FILES.iter().rev()) {
            assert_eq!(tree.read_text(name, 100).as_deref(), Ok(*text));
        }
        assert!(
            tree.read("a.md", 10)
                .unwrap_err()
                .reason
                .contains("larger than 10")
        );
        assert!(tree.read("dir", 10).is_err() && tree.read("../a.md", 10).is_err());
    }
}

#[test]
fn names_longer_than_a_header_are_read_in_a_tar() {
    let long = format!("{}/a.md", "folder".repeat(30));
    let gnu = tarred(&[(&long, b"x"), ("b.md", b"y")]);
    let mut pax = ::tar::Builder::new(Vec::new());
    let path = long.as_bytes();
    pax.append_pax_extensions([("path", path), ("mtime", &b"1"[..])])
        .unwrap();
    let mut header = ::tar::Header::new_ustar();
    header.set_size(1);
    pax.append_data(&mut header, "short", &b"x"[..]).unwrap();
    for bytes in [gnu, pax.into_inner().unwrap()] {
        let mut tree = opened(&bytes).unwrap();
        assert_eq!(tree.read(&long, 5).unwrap(), b"x");
    }
}

#[test]
fn links_and_devices_are_left_out_and_said() {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_gnu();
    for (kind, name) in [
        (::tar::EntryType::Symlink, "link.md"),
        (::tar::EntryType::Link, "hard.md"),
        (::tar::EntryType::Fifo, "pipe.md"),
    ] {
        header.set_entry_type(kind);
        header.set_size(0);
        builder
            .append_link(&mut header, name, "/etc/passwd")
            .unwrap();
    }
    let tree = opened(&builder.into_inner().unwrap()).unwrap();
    assert!(tree.paths().is_empty());
    assert_eq!(tree.left_out().len(), 3);
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.add_symlink("link.md", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let tree = opened(&zip.finish().unwrap().into_inner()).unwrap();
    assert_eq!(tree.paths().len(), 0);
    assert!(tree.left_out()[0].reason.contains("not followed"));
}

#[test]
fn a_zip_with_one_thing_wrong_is_refused_as_a_whole() {
    let good = zipped(&FILES, CompressionMethod::Stored);
    assert!(opened(&good).is_ok());
    refused(&good[..good.len() - 1], "damaged or cut off");
    refused(&good[..good.len() / 2], "damaged or cut off");
    refused(
        &replaced(&good, b"# B\n", b"# X\n"),
        "\"dir/b.md\" is damaged",
    );
    refused(&replaced(&good, b"dir/b.md", b"../../.m"), "leads out");
    refused(&replaced(&good, b"dir/b.md", b"dir//.md"), "empty segment");
    refused(
        &replaced(&good, b"dir/empty.txt", b"dir/b.md/a.tx"),
        "\"dir/b.md\" is a file and a folder",
    );
    let entry = entry_of(&good);
    let change = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    // Flags, method, checksum, sizes, place: the directory against the member.
    refused(&change(entry + 8, &[1]), "encrypted");
    refused(&change(entry + 10, &[12]), "other things");
    refused(&change(entry + 16, &[0; 4]), "other things");
    refused(&change(entry + 20, &[5, 0]), "other things");
    refused(&change(entry + 24, &[5, 0]), "other things");
    refused(&change(entry + 42, &[1]), "not where its directory says");
    refused(&change(entry + 46, b"D"), "other things");
    refused(
        &change(entry + 42, &u32::MAX.to_le_bytes()),
        "size of a member is missing",
    );
    let local = good.windows(8).position(|w| w == b"dir/b.md").unwrap() - 30;
    refused(&change(local + 6, &[1]), "encrypted");
    let both = change(local + 8, &[12]);
    let mut both_changed = both;
    both_changed[entry + 10] = 12;
    refused(&both_changed, "method 12");
    let end = good.len() - 22;
    refused(&change(end + 10, &[9, 0]), "one part of several");
    refused(&change(end + 8, &[200, 0, 200, 0]), "does not fit");
    refused(&change(end + 16, &[0xf0, 0xff, 0xff]), "does not fit");
    refused(&change(end + 20, &[9]), "record at its end is missing");
}

#[test]
fn what_is_behind_a_zip_or_in_front_of_it_is_no_zip() {
    let good = zipped(&FILES, CompressionMethod::Stored);
    let mut behind = good.clone();
    behind.extend_from_slice(b"more");
    refused(&behind, "damaged or cut off");
}

#[test]
fn no_cut_and_no_changed_byte_of_an_archive_panics() {
    let tar_files = FILES.map(|(name, text)| (name, text.as_bytes()));
    let tar = tarred(&tar_files);
    for good in [
        zipped(&FILES, CompressionMethod::Deflated),
        gzipped(&tar),
        tar[..2_048].to_vec(),
    ] {
        for at in 0..good.len() {
            let _ = opened(&good[..at]);
            let mut changed = good.clone();
            changed[at] ^= 0xff;
            let _ = opened(&changed);
        }
    }
}

#[test]
fn a_tar_that_is_cut_off_or_changed_is_refused() {
    let good = tarred(&[("a.md", b"text"), ("b.md", &[b'x'; 2_000])]);
    refused(&good[..1_024], "end mark");
    refused(&good[..2_000], "inside a member");
    let mut changed = good.clone();
    changed[0] = b'z';
    refused(&changed, "another checksum");
    refused(
        &tarred(&[("a.md", b"1"), ("a.md", b"2")]),
        "two members called \"a.md\"",
    );
    refused(&gzipped(&good)[..60], "damaged or cut off");
    refused(&gzipped(b"no tar at all"), "end mark");
    let mut long = ::tar::Builder::new(Vec::new());
    let name = vec![b'x'; 70_000];
    long.append_pax_extensions([("path", name.as_slice())])
        .unwrap();
    refused(&long.into_inner().unwrap(), "extended header");
}

#[test]
fn limits_are_on_what_is_really_unpacked() {
    let zeros = vec![0_u8; usize::try_from(ARCHIVE_RATIO_FREE_BYTES).unwrap() + 1];
    let text = String::from_utf8(zeros.clone()).unwrap();
    refused(
        &zipped(&[("a.md", &text)], CompressionMethod::Deflated),
        "more than 200 times",
    );
    refused(
        &gzipped(&tarred(&[("a.md", &zeros)])),
        "more than 200 times",
    );
    // Small ones are let through whatever their ratio.
    assert!(
        opened(&zipped(
            &[("a.md", &text[..100_000])],
            CompressionMethod::Deflated
        ))
        .is_ok()
    );
    let many: Vec<String> = (0..=ARCHIVE_MEMBERS_MAX).map(|n| n.to_string()).collect();
    let files: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    refused(&tarred(&files), "members, at most 50000");
}

#[test]
fn a_zip_with_large_sizes_is_read() {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().large_file(true);
    zip.start_file("a.md", options).unwrap();
    zip.write_all(b"text").unwrap();
    let mut tree = opened(&zip.finish().unwrap().into_inner()).unwrap();
    assert_eq!(tree.read("a.md", 9).unwrap(), b"text");
}
