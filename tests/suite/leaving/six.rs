//! Six real help centers leave: every body is the body of the file it came from, and what left comes
//! back elsewhere and leaves again the same, to the byte.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use cairn_tests::{say, unpacked_collection};
use serde_json::json;

use super::place::{Place, body, same, tree};
use crate::six_collections::{COLLECTIONS, PORTAL};

/// Articles of all collections.
const ARTICLES: usize = 11_100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-all runs it"]
async fn six_help_centers_leave_and_come_back_to_the_byte() {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let from = COLLECTIONS.map(|(name, ..)| (name, unpacked_collection(name, into)));
    if from.iter().any(|(_, dir)| dir.is_none()) {
        return;
    }
    let from = from.map(|(name, dir)| (name, dir.expect("looked at").join("md")));
    let mut clock = Clock::new();
    let here = Place::open("leave-six").await;
    let locales = COLLECTIONS.map(|(_, locale, _)| locale);
    let portal = json!({"slug": PORTAL, "name": "World", "locales": locales});
    here.call("POST", "/portals", &portal).await;
    clock.say("a server starts");
    let mut created = 0;
    for (name, folder) in &from {
        let report = here.import(PORTAL, name, folder).await;
        created += report["created"].as_u64().unwrap_or_default();
    }
    assert_eq!(created, ARTICLES as u64);
    clock.say("import");

    let first = here.home.path("first");
    let report = here.export(PORTAL, &first).await;
    clock.say("export");
    assert_eq!(report["articles"], ARTICLES, "{report}");
    let files = tree(&first);
    assert_eq!(files.len(), ARTICLES + 1, "and portal.toml");
    let compared: usize = from
        .iter()
        .map(|(name, folder)| compare(name, folder, &files))
        .sum();
    assert_eq!(compared, ARTICLES);

    let there = Place::open("arrive-six").await;
    clock.say("comparison and a new server");
    let imported = there.import(PORTAL, "left", &first).await;
    assert_eq!(imported["created"], ARTICLES, "{imported}");
    clock.say("import of the export");
    let second = there.home.path("second");
    there.export(PORTAL, &second).await;
    clock.say("second export");
    let again = tree(&second);
    same(&files, &again);
    let bytes: usize = again.values().map(Vec::len).sum();
    say(&format!(
        "leaving: {compared} of {ARTICLES} bodies are those of the files they came from; export, import, export: {} files with {bytes} bytes are the same",
        again.len()
    ));
    clock.say("comparison");
    there.close().await;
    here.close().await;
    clock.say("both servers stop and their files are removed");
}

/// Compares the bodies of a collection with what left of it, and gives how many.
fn compare(name: &str, folder: &Path, left: &BTreeMap<String, Vec<u8>>) -> usize {
    let came = tree(folder);
    for (path, file) in &came {
        let exported = left.get(&format!("{name}/{path}"));
        let exported = exported.unwrap_or_else(|| panic!("{name}/{path} did not leave"));
        assert!(
            body(exported) == body(file),
            "{name}/{path} has another body"
        );
    }
    came.len()
}

/// Says how long each step took.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn say(&mut self, step: &str) {
        let seconds = self.0.elapsed().as_secs_f64();
        say(&format!("leaving: {step}, {seconds:.1} s"));
        self.0 = Instant::now();
    }
}
