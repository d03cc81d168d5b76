//! Pictures for a folder whose texts show some that nobody delivered: small PNG files, each of its
//! own bytes, where relative links say they are; and the look at what became of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::writers::Door;

/// Side of a picture, in pixels.
const SIDE: u32 = 24;
/// Attachments asked for at once.
const PAGE: usize = 100;

/// The pictures of a folder: their digests and how many files have each.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    pub(crate) digests: BTreeMap<String, u64>,
}

impl Pictures {
    /// Writes at most `count` of the pictures that the Markdown below `dir` shows by relative links.
    pub(crate) fn missing_from(dir: &Path, files: &[PathBuf], count: usize) -> Self {
        let mut pictures = Self::default();
        for file in files {
            let text = fs::read_to_string(file).expect("the copy is text");
            let folder = file.parent().expect("a file lies in a folder");
            for target in shown(&text) {
                if pictures.digests.len() >= count {
                    return pictures;
                }
                let Some(path) = below(dir, &folder.join(target)) else {
                    continue;
                };
                if path.exists() || !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"))
                {
                    continue;
                }
                let bytes = png(pictures.digests.len());
                fs::create_dir_all(path.parent().expect("it lies in a folder"))
                    .expect("the home takes files");
                fs::write(&path, &bytes).expect("the home takes files");
                *pictures.digests.entry(hex(&bytes)).or_default() += 1;
            }
        }
        pictures
    }

    /// Compares what the server holds with what was written: every picture once, to the byte.
    /// Gives how many were compared.
    pub(crate) async fn compare(&self, door: &Door, portal: &str, faults: &mut Vec<String>) -> u64 {
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        let mut path = format!("/attachments?portal={portal}&limit={PAGE}");
        loop {
            let page = door.get(&path).await;
            for item in page["items"].as_array().expect("a page has items") {
                let id = item["id"].as_str().unwrap_or_default();
                let bytes = content(door, id).await;
                *found.entry(hex(&bytes)).or_default() += 1;
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/attachments?portal={portal}&limit={PAGE}&cursor={cursor}");
        }
        for digest in self.digests.keys() {
            match found.get(digest) {
                Some(1) => {}
                Some(n) => faults.push(format!("picture {digest} is there {n} times")),
                None => faults.push(format!("picture {digest} is lost")),
            }
        }
        let foreign = found.keys().filter(|d| !self.digests.contains_key(*d));
        faults.extend(foreign.map(|digest| format!("attachment {digest} was never sent")));
        found.len() as u64
    }
}

async fn content(door: &Door, id: &str) -> Vec<u8> {
    let path = format!("/attachments/{id}/content");
    let answer = door.request(Method::GET, &path).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
    assert!(answer.status().is_success(), "GET {path}: {}", answer.status());
    let bytes = answer.bytes().await;
    bytes
        .unwrap_or_else(|error| panic!("GET {path}: {error}"))
        .to_vec()
}

/// The relative targets of the pictures in a text, as far as they are written plainly.
fn shown(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in text.split("![").skip(1) {
        let target = part.split_once("](").map(|(_, rest)| rest);
        let target = target.and_then(|rest| rest.split([')', ' ', '#', '?', '\n']).next());
        found.extend(target.filter(|t| {
            !t.is_empty() && !t.starts_with('/') && !t.contains([':', '%', '\\', '<'])
        }));
    }
    found
}

/// The path without its dots, while it stays below `dir`.
fn below(dir: &Path, path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain.starts_with(dir).then_some(plain)
}

/// A grey picture that no other number has.
fn png(number: usize) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..SIDE as usize {
        rows.push(0);
        rows.extend((0..SIDE as usize).map(|x| (number >> ((x + y) % 16)) as u8 ^ (x * y) as u8));
    }
    // The number itself, so that two pictures can never be the same.
    rows[1..5].copy_from_slice(&(number as u32).to_be_bytes());
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::fast());
    deflate.write_all(&rows).expect("memory takes bytes");
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(SIDE.to_be_bytes());
    head.extend(SIDE.to_be_bytes());
    // Eight bits of grey, nothing interlaced.
    head.extend([8, 0, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &head);
    chunk(&mut out, b"IDAT", &deflate.finish().expect("memory takes bytes"));
    chunk(&mut out, b"IEND", b"");
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let from = out.len();
    out.extend(kind);
    out.extend(data);
    let sum = crc32fast::hash(&out[from..]);
    out.extend(sum.to_be_bytes());
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// How many attachments a report says it sent.
pub(crate) fn sent(report: &Value) -> u64 {
    report["attachments"].as_u64().unwrap_or_default()
}
