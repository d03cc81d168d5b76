//! What is applied is found, once, whatever happens in between.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cairn_domain::ids::ArticleId;
use cairn_search::{
    ArticleChange, Face, IndexDocument, IndexEntry, SearchConfig, SearchError, SearchRoom,
    content_hash,
};

use crate::support::{
    PORTAL, article, at, document, draft, empty_room, find, gone, locale, numbers, open, published,
};

fn manifest(dir: &Path) -> std::path::PathBuf {
    dir.join(PORTAL.to_string()).join("manifest.json")
}

/// What verify-index would expect of these changes.
fn expected(changes: &[ArticleChange]) -> Vec<IndexEntry> {
    let last: BTreeMap<ArticleId, &ArticleChange> =
        changes.iter().map(|c| (c.article, c)).collect();
    let entry = |face: Face, d: &IndexDocument| IndexEntry {
        face,
        locale: d.locale.clone(),
        article: d.article,
        revision: d.revision,
        row_version: d.row_version,
        content_hash: content_hash(d),
    };
    let mut entries: Vec<IndexEntry> = last
        .values()
        .flat_map(|c| c.documents.iter().map(|(f, d)| entry(*f, d)))
        .collect();
    entries.sort();
    entries
}

fn entries(room: &SearchRoom) -> Vec<IndexEntry> {
    let mut entries = room.entries(PORTAL).unwrap();
    entries.sort();
    entries
}

#[test]
fn what_is_applied_is_found_and_survives_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let changes = [
        published(document(1, "Share a calendar", "Pick a delegate.")),
        published(document(2, "Print a calendar", "Pick a printer.")),
    ];
    room.apply(PORTAL, &changes, at(5)).unwrap();
    let check = |room: &SearchRoom| {
        assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(5)));
        let answer = find(room, Face::Public, "delegate calendar");
        assert_eq!((numbers(&answer), answer.total), (vec![1, 2], 2));
        assert_eq!(answer.position, Some(at(5)));
        assert_eq!(answer.hits[0].snippet.html, "Pick a <mark>delegate</mark>.");
        assert_eq!(entries(room), expected(&changes));
    };
    check(&room);
    drop(room);
    check(&open(dir.path()));
}

#[test]
fn an_edit_replaces_and_an_empty_change_removes_from_every_face() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(document(1, "Alpha", "old"))], at(1))
        .unwrap();
    let mut edited = document(1, "Alpha", "new");
    edited.revision = 2;
    edited.row_version = 2;
    room.apply(PORTAL, &[published(edited.clone())], at(2))
        .unwrap();
    assert_eq!(find(&room, Face::Public, "old").total, 0);
    assert_eq!(find(&room, Face::Public, "alpha").hits[0].revision, 2);
    assert_eq!(entries(&room), expected(&[published(edited)]));
    room.apply(PORTAL, &[gone(1)], at(3)).unwrap();
    assert_eq!(entries(&room), []);
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(3)));
}

#[test]
fn the_last_change_of_an_article_in_a_batch_wins() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let last = published(document(1, "Beta", "b"));
    room.apply(
        PORTAL,
        &[published(document(1, "Alpha", "a")), last.clone()],
        at(1),
    )
    .unwrap();
    assert_eq!(entries(&room), expected(&[last]));
}

#[test]
fn without_an_index_there_is_nothing_to_apply_to_or_to_search() {
    let dir = tempfile::tempdir().unwrap();
    let room = open(dir.path());
    assert_eq!(room.checkpoint(PORTAL).unwrap(), None);
    let error = room.apply(PORTAL, &[], at(1)).unwrap_err();
    assert!(matches!(error, SearchError::NoIndex { .. }), "{error}");
    let error = room
        .search(&crate::support::request(Face::Public, "x"))
        .unwrap_err();
    assert!(error.to_string().contains("cairn reindex"), "{error}");
}

/// The units committed, the process died before the manifest, and by the time of the replay the
/// article had moved to another locale: the old unit must not keep it.
#[test]
fn a_replay_after_a_crash_before_the_manifest_leaves_no_duplicate() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(document(1, "Anchor", "stays"))], at(1))
        .unwrap();
    let before = fs::read(manifest(dir.path())).unwrap();
    room.apply(PORTAL, &[published(document(2, "Mover", "english"))], at(2))
        .unwrap();
    drop(room);
    fs::write(manifest(dir.path()), &before).unwrap();

    let room = open(dir.path());
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(1)));
    let mut moved = document(2, "Mover", "deutsch");
    moved.locale = locale("de");
    moved.row_version = 2;
    let now = [published(document(1, "Anchor", "stays")), published(moved)];
    room.apply(PORTAL, &now[1..], at(3)).unwrap();
    assert_eq!(entries(&room), expected(&now));
}

/// The crash came right after a new unit's first commit: no manifest names it, and the article is
/// gone by the time of the replay.
#[test]
fn a_unit_that_no_manifest_names_is_removed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[], at(1)).unwrap();
    let before = fs::read(manifest(dir.path())).unwrap();
    room.apply(PORTAL, &[published(document(2, "Ghost", "words"))], at(2))
        .unwrap();
    drop(room);
    fs::write(manifest(dir.path()), &before).unwrap();

    let room = open(dir.path());
    room.apply(PORTAL, &[gone(2)], at(3)).unwrap();
    room.apply(PORTAL, &[published(document(3, "Other", "words"))], at(4))
        .unwrap();
    assert_eq!(
        entries(&room),
        expected(&[published(document(3, "Other", "words"))])
    );
}

#[test]
fn a_thousand_small_commits_leave_few_segments() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let batch: Vec<_> = (1..=300)
        .map(|n| published(document(n, "Base", "some words of a body")))
        .collect();
    room.apply(PORTAL, &batch, at(1)).unwrap();
    for n in 0..200u128 {
        let mut d = document(n % 40 + 1, "Edited", &format!("body {n}"));
        d.row_version = 2 + n as i64;
        room.apply(PORTAL, &[published(d)], at(2 + n as i64))
            .unwrap();
    }
    room.close_writers();
    room.apply(PORTAL, &[], at(500)).unwrap();
    drop(room);
    let room = open(dir.path());
    let stats = room.stats(PORTAL).unwrap();
    assert_eq!(stats.len(), 1, "all faces are the same: {stats:?}");
    assert_eq!(stats[0].documents, 300);
    assert!(stats[0].segments <= 12, "{stats:?}");
}

#[test]
fn what_was_gathered_is_one_segment_and_finds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let of = |from: u128, to: u128| -> Vec<_> {
        (from..to)
            .map(|n| published(document(n, "Lamp", &format!("words of body {n}"))))
            .collect()
    };
    room.apply(PORTAL, &of(1, 101), at(1)).unwrap();
    room.apply(PORTAL, &of(101, 181), at(2)).unwrap();
    room.apply(PORTAL, &[gone(7)], at(3)).unwrap();
    let found = |room: &SearchRoom| {
        let answer = find(room, Face::Public, "lamp 77");
        (numbers(&answer), answer.total, entries(room))
    };
    let before = found(&room);
    assert_eq!(room.stats(PORTAL).unwrap()[0].segments, 2);
    assert_eq!(room.gather(PORTAL).unwrap(), 1);
    let stats = room.stats(PORTAL).unwrap();
    assert_eq!((stats[0].segments, stats[0].documents), (1, 179));
    assert_eq!(found(&room), before);
    assert_eq!(room.gather(PORTAL).unwrap(), 0, "there is nothing to do");
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(3)));

    room.apply(PORTAL, &[gone(8)], at(4)).unwrap();
    assert_eq!(room.gather(PORTAL).unwrap(), 0, "one segment holds it all");
    drop(room);
    let room = open(dir.path());
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(4)));
    assert_eq!(room.stats(PORTAL).unwrap()[0].documents, 178);
    assert_eq!(found(&room).1, before.1 - 1);
}

#[test]
fn changes_that_come_while_segments_are_gathered_stand() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    for part in 0..8u128 {
        let batch: Vec<_> = (part * 200 + 1..=part * 200 + 200)
            .map(|n| published(document(n, "Lamp", &format!("words of body {n}"))))
            .collect();
        room.apply(PORTAL, &batch, at(part as i64 + 1)).unwrap();
    }
    std::thread::scope(|scope| {
        scope.spawn(|| room.gather(PORTAL).unwrap());
        for n in 1..=40u128 {
            room.apply(PORTAL, &[gone(n * 40)], at(100 + n as i64))
                .unwrap();
        }
    });
    assert_eq!(
        room.entries(PORTAL).unwrap().len(),
        (1_600 - 40) * Face::ALL.len()
    );
    assert_eq!(room.stats(PORTAL).unwrap()[0].documents, 1_560);
    assert_eq!(room.checkpoint(PORTAL).unwrap(), Some(at(140)));
}

/// Random batches over three locales and all kinds of visibility, with crashes at the worst place,
/// against a model; pools of one writer and one open unit.
#[test]
fn any_history_with_crashes_ends_equal_to_the_model() {
    let config = || SearchConfig {
        writers_open_max: 1,
        units_open_max: 1,
        ..SearchConfig::default()
    };
    for seed in 1..=4u64 {
        let dir = tempfile::tempdir().unwrap();
        drop(empty_room(dir.path()));
        let mut room = SearchRoom::open(dir.path(), config()).unwrap();
        let mut random = Random(seed);
        let mut rows: BTreeMap<u128, ArticleChange> = BTreeMap::new();
        let mut log: Vec<u128> = Vec::new();
        let mut applied = 0usize;
        for step in 0..30 {
            for _ in 0..random.below(4) + 1 {
                let n = u128::from(random.below(8)) + 1;
                rows.insert(n, row(n, &mut random, step));
                log.push(n);
            }
            let upto = log.len();
            let batch = |applied: usize, rows: &BTreeMap<u128, ArticleChange>| -> Vec<_> {
                log[applied..upto].iter().map(|n| rows[n].clone()).collect()
            };
            let before = fs::read(manifest(dir.path())).unwrap();
            room.apply(PORTAL, &batch(applied, &rows), at(upto as i64))
                .unwrap();
            if random.below(4) == 0 {
                room.gather(PORTAL).unwrap();
            }
            if random.below(3) == 0 {
                // Died after the commits, before the rename; more was written meanwhile.
                drop(room);
                fs::write(manifest(dir.path()), &before).unwrap();
                let n = u128::from(random.below(8)) + 1;
                rows.insert(n, row(n, &mut random, 100 + step));
                log.push(n);
                room = SearchRoom::open(dir.path(), config()).unwrap();
                let checkpoint = room.checkpoint(PORTAL).unwrap().unwrap();
                assert_eq!(checkpoint.pos, applied as i64);
                let replay: Vec<_> = log[applied..].iter().map(|n| rows[n].clone()).collect();
                room.apply(PORTAL, &replay, at(log.len() as i64)).unwrap();
            }
            if random.below(4) == 0 {
                room.gather(PORTAL).unwrap();
            }
            applied = log.len();
            let want: Vec<ArticleChange> = rows.values().cloned().collect();
            assert_eq!(entries(&room), expected(&want), "seed {seed}, step {step}");
        }
    }
}

fn row(n: u128, random: &mut Random, version: i64) -> ArticleChange {
    let mut d = document(n, &format!("Title {version}"), "body");
    d.row_version = version;
    d.locale = locale(["en", "de", "ja"][random.below(3) as usize]);
    match random.below(5) {
        0 => gone(n),
        1 => draft(d),
        2 => {
            // Internal: published for those inside only.
            let faces = [Face::Published, Face::Authoring];
            ArticleChange {
                article: article(n),
                documents: faces.map(|f| (f, d.clone())).to_vec(),
            }
        }
        _ => published(d),
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}
