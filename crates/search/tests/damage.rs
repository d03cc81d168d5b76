//! Whatever happens to the files while the process is down, the room opens, says so, and rebuilds.

use std::fs;
use std::path::{Path, PathBuf};

use cairn_search::{Face, SearchConfig, SearchRoom};

use crate::support::{PORTAL, at, document, draft, empty_room, find, open, published};

/// Two units, two segments in one of them.
fn filled(dir: &Path) {
    let room = empty_room(dir);
    let batch: Vec<_> = (1..=20)
        .map(|n| published(document(n, "Word", "some body")))
        .collect();
    room.apply(PORTAL, &batch, at(1)).unwrap();
    room.apply(
        PORTAL,
        &[
            draft(document(30, "Word", "draft")),
            published(document(31, "Word", "x")),
        ],
        at(2),
    )
    .unwrap();
    room.close_writers();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)
        } else {
            fs::copy(&path, &target).map(drop).unwrap()
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path))
        } else {
            files.push(path)
        }
    }
    files.sort();
    files
}

#[test]
fn every_damaged_file_is_noticed_and_the_index_is_built_again() {
    let good = tempfile::tempdir().unwrap();
    filled(good.path());
    assert_eq!(open(good.path()).checkpoint(PORTAL).unwrap(), Some(at(2)));
    let names: Vec<PathBuf> = files(good.path())
        .into_iter()
        .map(|p| p.strip_prefix(good.path()).unwrap().to_owned())
        .filter(|p| p.extension().is_none_or(|e| e != "lock"))
        .collect();
    assert!(names.len() > 20);
    let mut unnoticed = Vec::new();
    for name in &names {
        for kind in ["flip", "half", "zero", "gone"] {
            let dir = tempfile::tempdir().unwrap();
            copy(good.path(), dir.path());
            let path = dir.path().join(name);
            let mut bytes = fs::read(&path).unwrap();
            // Behind the middle a small file has the footer, parts of which no checksum covers.
            let middle = bytes.len() / 4;
            match kind {
                "flip" if !bytes.is_empty() => bytes[middle] ^= 1,
                "half" => bytes.truncate(middle),
                "zero" => bytes.fill(0),
                _ => {}
            }
            if kind == "gone" {
                fs::remove_file(&path)
            } else {
                fs::write(&path, &bytes)
            }
            .unwrap();
            let room = open(dir.path());
            let checkpoint = room.checkpoint(PORTAL).unwrap();
            if checkpoint.is_some() {
                unnoticed.push(format!("{kind} {}", name.display()));
                // Then it must not matter: no panic, no error that is not an answer.
                let _ = room.search(&crate::support::request(Face::Public, "word"));
            } else {
                room.begin_generation(PORTAL)
                    .unwrap()
                    .finish(at(3))
                    .unwrap();
                assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(3)));
            }
        }
    }
    // A bit of the engine's own bookkeeping, which has no checksum, may flip unnoticed.
    assert!(
        unnoticed
            .iter()
            .all(|u| u.starts_with("flip ") && u.ends_with("meta.json")
                || u.starts_with("flip ") && u.ends_with(".managed.json")),
        "{unnoticed:?}"
    );
}

#[test]
fn a_missing_unit_generation_or_directory_means_a_rebuild() {
    for what in ["unit", "generation", "portal", "all"] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        let portal = dir.path().join(PORTAL.to_string());
        let path = match what {
            "unit" => portal.join("gen-1/authoring-en"),
            "generation" => portal.join("gen-1"),
            "portal" => portal,
            _ => dir.path().to_owned(),
        };
        fs::remove_dir_all(path).unwrap();
        let room = open(dir.path());
        assert_eq!(room.checkpoint(PORTAL).unwrap(), None, "{what}");
        let mut generation = room.begin_generation(PORTAL).unwrap();
        generation
            .add(&[published(document(1, "Word", "x"))])
            .unwrap();
        generation.finish(at(7)).unwrap();
        assert_eq!(find(&room, Face::Public, "word").total, 1);
        drop(room);
        assert_eq!(open(dir.path()).checkpoint(PORTAL).unwrap(), Some(at(7)));
    }
}

#[test]
fn a_unit_from_an_older_backup_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(document(1, "Word", "x"))], at(1))
        .unwrap();
    drop(room);
    let old = tempfile::tempdir().unwrap();
    copy(dir.path(), old.path());
    let room = open(dir.path());
    room.apply(PORTAL, &[published(document(2, "Word", "x"))], at(2))
        .unwrap();
    drop(room);
    let unit = Path::new(&PORTAL.to_string()).join("gen-1/public-en");
    fs::remove_dir_all(dir.path().join(&unit)).unwrap();
    copy(&old.path().join(&unit), &dir.path().join(&unit));
    assert_eq!(open(dir.path()).checkpoint(PORTAL).unwrap(), None);
}

#[test]
fn another_definition_means_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let config = tempfile::tempdir().unwrap();
    fs::create_dir(config.path().join("stopwords")).unwrap();
    fs::write(config.path().join("stopwords/en.txt"), "the\n").unwrap();
    let other = SearchRoom::open(
        dir.path(),
        SearchConfig {
            index_config_dir: Some(config.path().to_owned()),
            ..SearchConfig::default()
        },
    )
    .unwrap();
    assert_eq!(other.checkpoint(PORTAL).unwrap(), None);
    assert_ne!(other.fingerprint(), open(dir.path()).fingerprint());
}
