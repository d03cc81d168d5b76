//! All six collections of help centers in one folder, with pictures where their texts show some, are
//! imported while the server is killed: amid the articles, and amid the files that follow them.
//!
//! The pictures lie at paths that relative `.png` links of the texts name; nothing is added to a
//! text. When a kill comes is chosen by how far the import is, so that a slow machine and a fast one
//! are killed at the same places.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cairn_tests::process::Home;
use cairn_tests::{say, unpacked_collection};
use reqwest::Method;
use serde_json::Value;

use super::chance::Chance;
use super::folder::Folder;
use super::writers::Door;
use super::{Plan, run};
use crate::six_collections::COLLECTIONS;

/// Kills unless `CAIRN_TEST_KILLS` says otherwise.
const KILLS: u64 = 8;
/// Pictures of each collection.
const PICTURES_EACH: usize = 100;
/// Pictures whose link stands in an indented block of code only, where it is text: of de 2, of fr 5.
const SHOWN_AS_CODE: u64 = 7;
/// Articles of all collections.
const ARTICLES: u64 = 11_100;
/// How long a server lives on at the latest once an import has come to the place: mostly, and once in
/// three times.
const LIFE_MAX: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1_000));
/// How often the import is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long an import may take to come to a place.
const REACH_MAX: Duration = Duration::from_secs(300);
/// No place lies in the last fifth of what it counts: it would be over before the kill comes.
const PLACES_PERCENT: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-all and make kill-test run it"]
async fn the_import_of_six_help_centers_with_their_pictures_outlives_every_kill() {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let from = COLLECTIONS.map(|(name, ..)| (name, unpacked_collection(name, into)));
    if from.iter().any(|(_, dir)| dir.is_none()) {
        return;
    }
    let plan = Plan {
        lives: LIFE_MAX,
        places,
        unreferenced: SHOWN_AS_CODE,
    };
    let imported = run("six", KILLS, plan, |home, _| folder(home, &from)).await;
    assert_eq!(
        imported.created, ARTICLES,
        "the collections are others than this test knows"
    );
}

fn folder(home: &Home, from: &[(&str, Option<PathBuf>)]) -> Folder {
    let dir = home.path("folder");
    fs::create_dir_all(&dir).expect("the home takes files");
    for (name, unpacked) in from {
        let texts = unpacked.as_ref().expect("all are here").join("md");
        Folder::copied(&texts, &dir.join(name));
    }
    let mut folder = Folder::of(&dir);
    for (name, _) in from {
        folder.show_pictures(&dir.join(name), PICTURES_EACH);
    }
    let pictures = folder.pictures.len();
    say(&format!(
        "kill six: {} articles in one folder, {pictures} pictures where texts show them",
        folder.len()
    ));
    assert_eq!(pictures, (PICTURES_EACH * from.len()) as u64);
    folder
}

/// A place in an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// So many thousandths of the articles are in.
    Articles(u64),
    /// So many thousandths of the pictures are in.
    Pictures(u64),
}

/// Where the kills come, in the order of an import: a third of them amid the pictures.
fn places(kills: u64, chance: &mut Chance) -> Vec<Place> {
    let mut places: Vec<Place> = (0..kills)
        .map(|kill| {
            let at = chance.below(PLACES_PERCENT * 10) as u64;
            if kill < kills.div_ceil(3) {
                Place::Pictures(at)
            } else {
                Place::Articles(at)
            }
        })
        .collect();
    places.sort_unstable();
    places
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) articles: u64,
    pub(crate) pictures: u64,
}

impl Progress {
    /// What the server says; none while it does not answer.
    pub(crate) async fn ask(door: &Door, portal: &str) -> Option<Self> {
        let path = format!("/imported-files?portal={portal}&limit=1");
        let articles = try_get(door, &path).await?["total"].as_u64()?;
        let (mut pictures, mut cursor) = (0, String::new());
        loop {
            let path = format!("/attachments?portal={portal}&limit=100{cursor}");
            let page = try_get(door, &path).await?;
            pictures += page["items"].as_array()?.len() as u64;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Some(Self { articles, pictures }),
            }
        }
    }

    fn is_at(self, place: Place, folder: &Folder) -> bool {
        match place {
            Place::Articles(thousandths) => self.articles * 1_000 > folder.len() * thousandths,
            Place::Pictures(thousandths) => {
                self.pictures * 1_000 > folder.pictures.len() * thousandths
            }
        }
    }
}

/// Waits until an import is at a place.
///
/// # Errors
/// When it takes too long.
pub(crate) async fn reach(
    place: Place,
    door: &Door,
    portal: &str,
    folder: &Folder,
) -> Result<(), String> {
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < REACH_MAX {
        last = Progress::ask(door, portal).await.or(last);
        if last.is_some_and(|progress| progress.is_at(place, folder)) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(format!("no import came to {place:?}; it stood at {last:?}"))
}

async fn try_get(door: &Door, path: &str) -> Option<Value> {
    let answer = door.request(Method::GET, path).send().await.ok()?;
    let is_good = answer.status().is_success();
    let text = answer.text().await.ok()?;
    is_good.then(|| serde_json::from_str(&text).ok()).flatten()
}
