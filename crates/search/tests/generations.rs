//! Building an index beside the live one.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_search::{Face, SearchError};

use crate::support::{
    PORTAL, at, document, draft, empty_room, find, gone, numbers, open, published,
};

fn generation_folders(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir.join(PORTAL.to_string()))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with("gen-"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_search_sees_the_old_index_or_the_new_one_never_half() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let batch = |word: &str| -> Vec<_> {
        (1..=60)
            .map(|n| published(document(n, word, "same body")))
            .collect()
    };
    room.apply(PORTAL, &batch("first"), at(1)).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut searches = 0;
            while !stop.load(Ordering::Relaxed) {
                let answer = find(&room, Face::Public, "body");
                assert_eq!(answer.total, 60);
                let titles: std::collections::BTreeSet<_> =
                    answer.hits.iter().map(|h| h.title.as_str()).collect();
                assert_eq!(titles.len(), 1, "{titles:?} in one answer");
                searches += 1;
            }
            searches
        });
        for round in 0..6 {
            let mut generation = room.begin_generation(PORTAL).unwrap();
            generation.add(&batch(&format!("round {round}"))).unwrap();
            generation.finish(at(10 + round)).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(15)));
    assert_eq!(
        generation_folders(dir.path()).len(),
        1,
        "old generations are removed"
    );
    drop(room);
    assert_eq!(find(&open(dir.path()), Face::Public, "round").total, 60);
}

#[test]
fn an_unfinished_generation_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(document(1, "Kept", "x"))], at(1))
        .unwrap();
    let mut generation = room.begin_generation(PORTAL).unwrap();
    generation
        .add(&[published(document(2, "Lost", "x"))])
        .unwrap();
    let busy = room.begin_generation(PORTAL).err().unwrap();
    assert!(matches!(busy, SearchError::Busy { .. }), "{busy}");
    drop(generation);
    assert_eq!(generation_folders(dir.path()), ["gen-1"]);
    assert_eq!(numbers(&find(&room, Face::Public, "kept lost")), [1]);
    room.begin_generation(PORTAL)
        .unwrap()
        .finish(at(2))
        .unwrap();
    assert_eq!(find(&room, Face::Public, "kept").total, 0);
}

#[test]
fn the_live_index_goes_on_while_the_next_is_built() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut generation = room.begin_generation(PORTAL).unwrap();
    generation
        .add(&[published(document(1, "Scanned", "x"))])
        .unwrap();
    room.apply(PORTAL, &[published(document(2, "Meanwhile", "x"))], at(1))
        .unwrap();
    assert_eq!(
        numbers(&find(&room, Face::Public, "scanned meanwhile")),
        [2]
    );
    // What changed meanwhile follows the scan.
    generation
        .add(&[published(document(2, "Meanwhile", "x")), gone(1)])
        .unwrap();
    generation.finish(at(1)).unwrap();
    assert_eq!(
        numbers(&find(&room, Face::Public, "scanned meanwhile")),
        [2]
    );
    room.apply(PORTAL, &[published(document(3, "After", "x"))], at(2))
        .unwrap();
    assert_eq!(find(&room, Face::Public, "meanwhile after").total, 2);
}

#[test]
fn faces_part_in_the_middle_of_a_scan() {
    let dir = tempfile::tempdir().unwrap();
    let room = open(dir.path());
    let mut generation = room.begin_generation(PORTAL).unwrap();
    generation
        .add(&[published(document(1, "Word one", "x"))])
        .unwrap();
    generation
        .add(&[
            draft(document(2, "Word two", "x")),
            published(document(3, "Word three", "x")),
        ])
        .unwrap();
    generation.finish(at(9)).unwrap();
    assert_eq!(find(&room, Face::Public, "word").total, 2);
    assert_eq!(find(&room, Face::Authoring, "word").total, 3);
    drop(room);
    let room = open(dir.path());
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(9)));
    assert_eq!(find(&room, Face::Authoring, "word").total, 3);
    assert_eq!(room.entries(PORTAL).unwrap().len(), 2 + 2 + 3);
}

#[test]
fn a_dropped_portal_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(document(1, "Kept", "x"))], at(1))
        .unwrap();
    room.drop_portal(PORTAL).unwrap();
    assert_eq!(room.checkpoint(PORTAL).unwrap(), None);
    assert!(!dir.path().join(PORTAL.to_string()).exists());
    room.begin_generation(PORTAL)
        .unwrap()
        .finish(at(2))
        .unwrap();
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(2)));
}
