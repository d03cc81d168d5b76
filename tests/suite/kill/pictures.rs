//! Pictures for a folder whose texts show some that nobody delivered: small PNG files, each of its
//! own bytes, at paths where relative links of the texts say they are; and the look at what became
//! of them. Links with an escape, a scheme or a way out of the folder are left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::{Component, Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use reqwest::Method;
use serde_json::Value;

use super::writers::Door;

/// Side of most pictures, in pixels.
const SIDE: u32 = 24;
/// Width of some: wide enough for a smaller form to be made of them.
const WIDE: u32 = 600;
/// One in so many is wide.
const WIDE_EVERY: usize = 20;
/// Attachments asked for at once.
const PAGE: usize = 100;

/// The pictures of a folder, by their bytes; each stands in one file.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    all: BTreeSet<Vec<u8>>,
}

impl Pictures {
    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.all.len() as u64
    }

    /// Writes at most `count` more of those that these files below `dir` show by relative links.
    pub(crate) fn write(&mut self, dir: &Path, files: &[PathBuf], count: usize) {
        let most = self.all.len() + count;
        for file in files {
            let text = fs::read_to_string(file).expect("the copy is text");
            let folder = file.parent().expect("a file lies in a folder");
            for target in shown(&text) {
                let Some(path) = below(dir, &folder.join(target)) else {
                    continue;
                };
                let is_png = path
                    .extension()
                    .is_some_and(|e| e.eq_ignore_ascii_case("png"));
                if !is_png || path.exists() {
                    continue;
                }
                if self.all.len() >= most {
                    return;
                }
                let bytes = png(self.all.len());
                fs::create_dir_all(path.parent().expect("it lies in a folder"))
                    .expect("the home takes files");
                fs::write(&path, &bytes).expect("the home takes files");
                assert!(self.all.insert(bytes), "no two pictures are the same");
            }
        }
    }

    /// Compares what the server hands out with what was written: every picture once, to the byte,
    /// and nothing else. Gives how many were compared.
    pub(crate) async fn compare(&self, door: &Door, portal: &str, faults: &mut Vec<String>) -> u64 {
        let mut found: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        let mut compared = 0;
        for item in list(door, portal, "").await {
            let id = item["id"].as_str().unwrap_or_default();
            let bytes = content(door, id).await;
            if item["byte_length"] != bytes.len() {
                faults.push(format!(
                    "attachment {item} is handed out with {} bytes",
                    bytes.len()
                ));
            }
            *found.entry(bytes).or_default() += 1;
            compared += 1;
        }
        for (number, picture) in self.all.iter().enumerate() {
            match found.remove(picture) {
                Some(1) => {}
                Some(n) => faults.push(format!("picture {number} is there {n} times")),
                None => faults.push(format!("picture {number} is lost")),
            }
        }
        if !found.is_empty() {
            faults.push(format!("{} attachments were never sent", found.len()));
        }
        compared
    }
}

/// How many attachments of the portal no article shows.
pub(crate) async fn unreferenced(door: &Door, portal: &str) -> u64 {
    list(door, portal, "&unreferenced=true").await.len() as u64
}

async fn list(door: &Door, portal: &str, filter: &str) -> Vec<Value> {
    let first = format!("/attachments?portal={portal}&limit={PAGE}{filter}");
    let (mut all, mut path) = (Vec::new(), first.clone());
    loop {
        let mut page = door.get(&path).await;
        all.append(page["items"].as_array_mut().expect("a page has items"));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return all,
        }
    }
}

async fn content(door: &Door, id: &str) -> Vec<u8> {
    let path = format!("/attachments/{id}/content");
    let answer = door.request(Method::GET, &path).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
    let status = answer.status();
    let bytes = answer.bytes().await;
    let bytes = bytes.unwrap_or_else(|error| panic!("GET {path}: {error}"));
    assert!(status.is_success(), "GET {path}: {status}");
    bytes.to_vec()
}

/// The relative targets of the pictures in a text, as far as they are written plainly.
fn shown(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in text.split("![").skip(1) {
        let target = part.split_once("](").map(|(_, rest)| rest);
        let target = target.and_then(|rest| rest.split([')', ' ', '#', '?', '\n', '"']).next());
        found.extend(target.filter(|target| {
            !target.is_empty()
                && !target.starts_with('/')
                && !target.contains([':', '%', '\\', '<', '&', '('])
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
                if !plain.starts_with(dir) {
                    return None;
                }
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain.starts_with(dir).then_some(plain)
}

/// A grey picture that no other number has: its first pixels are the number.
fn png(number: usize) -> Vec<u8> {
    let width = if number.is_multiple_of(WIDE_EVERY) {
        WIDE
    } else {
        SIDE
    };
    let digits: Vec<u8> = format!("{number:06}").into_bytes();
    let paint = |x: u32, y: u32| {
        let digit = usize::try_from(x).ok().and_then(|x| digits.get(x));
        Luma([*digit.unwrap_or(&u8::try_from((x + y) % 251).unwrap_or(0))])
    };
    let picture = DynamicImage::ImageLuma8(GrayImage::from_fn(width, SIDE, paint));
    let mut out = Cursor::new(Vec::new());
    picture
        .write_to(&mut out, ImageFormat::Png)
        .expect("a picture is written");
    out.into_inner()
}
