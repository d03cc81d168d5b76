//! Erasure: what was deleted leaves the files, and only what was deleted.

use std::path::Path;

use cairn_search::{ArticleChange, Erased, Face, IndexDocument, SearchRoom};

use crate::support::{
    PORTAL, at, document, draft, empty_room, find, gone, numbers, open, published,
};

/// A word no other text holds.
const SECRET: &str = "zyxwsecret4711";

/// An article that says the word in everything an index keeps.
fn secret(n: u128) -> IndexDocument {
    let mut document = document(n, &format!("About {SECRET}"), &format!("It says {SECRET}."));
    document.slug = format!("about-{SECRET}");
    document.excerpt = format!("In short: {SECRET}");
    document.tags = vec![SECRET.to_owned()];
    document.author = Some(SECRET.to_owned());
    document.address_words = SECRET.to_owned();
    document
}

fn harmless(numbers: impl IntoIterator<Item = u128>) -> Vec<ArticleChange> {
    numbers
        .into_iter()
        .map(|n| published(document(n, "Harmless", "walrus")))
        .collect()
}

fn traces(room: &SearchRoom) -> Vec<String> {
    room.traces(PORTAL, SECRET).unwrap()
}

/// Ten harmless articles and one secret, deleted at position 3.
fn deleted(dir: &Path) -> SearchRoom {
    let room = empty_room(dir);
    room.apply(PORTAL, &harmless(1..=10), at(1)).unwrap();
    let mut batch = vec![published(secret(20))];
    batch.extend(harmless(11..=15));
    room.apply(PORTAL, &batch, at(2)).unwrap();
    room.apply(PORTAL, &[gone(20)], at(3)).unwrap();
    room
}

#[test]
fn what_was_deleted_stays_in_the_files_until_it_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let room = deleted(dir.path());
    assert!(find(&room, Face::Public, SECRET).hits.is_empty());
    let before = traces(&room);
    for kept in ["stored document", "dictionary of all", "dictionary of tag"] {
        assert!(
            before.iter().any(|p| p.starts_with(kept)),
            "{kept}: {before:?}"
        );
    }
    assert_eq!(room.erased(PORTAL), Some(0));
    assert_eq!(room.erase(PORTAL, 3).unwrap(), Erased::Done);
    assert_eq!(traces(&room), Vec::<String>::new());
    assert_eq!(room.erased(PORTAL), Some(3));
    assert_eq!(find(&room, Face::Public, "walrus").total, 15);
    // It goes on as before, also after a restart.
    room.apply(PORTAL, &harmless([16]), at(4)).unwrap();
    drop(room);
    let room = open(dir.path());
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(4)));
    assert_eq!(room.erased(PORTAL), Some(3));
    assert_eq!(find(&room, Face::Public, "walrus").total, 16);
}

#[test]
fn an_earlier_text_of_an_article_that_stays_is_erased_from_every_face() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    // A segment of which everything is deleted goes at once; one that others stand in stays.
    let mut batch = harmless(10..20);
    batch.push(published(secret(1)));
    room.apply(PORTAL, &batch, at(1)).unwrap();
    // A draft parts the faces: the files of the public unit are shared by a second one.
    room.apply(PORTAL, &[draft(document(2, "Draft", "x"))], at(2))
        .unwrap();
    room.apply(PORTAL, &[draft(secret(3))], at(3)).unwrap();
    room.apply(PORTAL, &[published(document(1, "Clean", "y"))], at(4))
        .unwrap();
    room.apply(PORTAL, &[gone(3)], at(5)).unwrap();
    assert!(!traces(&room).is_empty());
    assert_eq!(room.erase(PORTAL, 5).unwrap(), Erased::Done);
    assert_eq!(traces(&room), Vec::<String>::new());
    assert_eq!(numbers(&find(&room, Face::Public, "clean")), [1]);
    assert_eq!(numbers(&find(&room, Face::Authoring, "draft")), [2]);
}

#[test]
fn an_index_that_is_being_built_may_have_seen_it_so_erasure_waits() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(secret(1))], at(1)).unwrap();
    let mut generation = room.begin_generation(PORTAL).unwrap();
    generation.add(&[published(secret(1))]).unwrap();
    room.apply(PORTAL, &[gone(1)], at(2)).unwrap();
    assert!(matches!(
        room.erase(PORTAL, 2).unwrap(),
        Erased::NotYet(why) if why.contains("being built")
    ));
    generation.add(&[gone(1)]).unwrap();
    generation.finish(at(2)).unwrap();
    assert!(matches!(
        room.erase(PORTAL, 3).unwrap(),
        Erased::NotYet(why) if why.contains("not read so far")
    ));
    assert_eq!(room.erase(PORTAL, 2).unwrap(), Erased::Done);
    assert_eq!(traces(&room), Vec::<String>::new());
}

#[test]
fn what_a_crash_left_beside_the_index_is_erased_too() {
    let dir = tempfile::tempdir().unwrap();
    let room = deleted(dir.path());
    let generation = dir.path().join(PORTAL.to_string()).join("gen-1");
    let unit = generation.join("public-en");
    let stray = generation.join("authoring-en.cloning");
    std::fs::create_dir(&stray).unwrap();
    std::fs::write(stray.join("x.store"), SECRET).unwrap();
    std::fs::write(unit.join(format!("{}.store", "0f".repeat(16))), SECRET).unwrap();
    let old = dir.path().join(PORTAL.to_string()).join("gen-7");
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("x"), SECRET).unwrap();
    assert_eq!(room.erase(PORTAL, 3).unwrap(), Erased::Done);
    assert_eq!(traces(&room), Vec::<String>::new());
}

#[test]
fn searches_go_on_while_it_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let room = deleted(dir.path());
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut searches = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(find(&room, Face::Public, "walrus").total, 15);
                searches += 1;
            }
            searches
        });
        for round in 0..5 {
            let pos = 4 + 2 * round;
            room.apply(PORTAL, &[draft(secret(30))], at(pos)).unwrap();
            room.apply(PORTAL, &[gone(30)], at(pos + 1)).unwrap();
            assert_eq!(room.erase(PORTAL, pos + 1).unwrap(), Erased::Done);
            assert_eq!(traces(&room), Vec::<String>::new());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
}
