//! The hostile archives of the shared corpora: each ends as its manifest says, in bounded memory.
//!
//! Each one is read by a process of its own, this test again, which says what became of it and how
//! far its memory grew. Where the corpora or Python are absent the test says so and is done.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Names the archive a child is to read.
const PROBE: &str = "CAIRN_PROBE_ARCHIVE";
/// What the child's answer begins with.
const ANSWER: &str = "probe: ";
/// How far memory may grow, in KiB.
const GROWTH_MAX: u64 = 64 * 1024;
/// How long one may take; a test build on a busy machine takes a multiple of a release build.
const TIME_MAX: Duration = Duration::from_secs(20);

/// How an archive ends.
enum End {
    /// Refused as a whole, with this in the reason.
    Refused(&'static str),
    /// These articles, by their titles.
    Articles(&'static [&'static str]),
    /// Opened, and its one file is refused with this in the reason.
    Fault(&'static str),
}

use End::{Articles, Fault, Refused};

/// What is stricter than the manifest says is said here; nothing is laxer.
const ENDS: [(&str, End); 27] = [
    ("ratio_1000_100MiB.zip", Refused("200 times")),
    ("nested_10x10MiB.zip", Refused("archive inside")),
    ("members_100k.zip", Refused("at most 50000")),
    ("overlap_2000x8MiB.zip", Refused("member")),
    ("name_0.zip", Refused("leads out")),
    ("name_1.zip", Refused("absolute")),
    ("name_2.zip", Refused("backslash")),
    ("name_3.zip", Refused("backslash")),
    ("name_4.zip", Refused("leads out")),
    ("name_5.zip", Refused("at most 1024")),
    ("name_6.zip", Refused("U+202E")),
    ("name_7.zip", Refused("no .md")),
    ("name_8.zip", Refused("empty segment")),
    ("name_9.zip", Refused("device")),
    ("dup_nfc_nfd.zip", Articles(&["two", "one"])),
    ("dup_same.zip", Refused("two members called \"a.md\"")),
    ("dup_case.zip", Articles(&["one", "two"])),
    ("symlink.zip", Refused("not followed")),
    ("truncated.zip", Refused("cut off")),
    ("bad_crc.zip", Refused("a.md")),
    ("encrypted_flag.zip", Refused("encrypted")),
    ("lying_size.zip", Refused("a.md")),
    ("bad_utf8_body.zip", Fault("not UTF-8")),
    ("utf16_body.zip", Fault("UTF-16")),
    ("yaml_bomb.zip", Fault("not supported")),
    ("huge_front_matter.zip", Refused("200 times")),
    ("ok_3.zip", Articles(&["A", "B", "C"])),
];

/// Says something to whoever runs the test, also when it passes.
fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// The generator of the corpora.
fn generator() -> Option<PathBuf> {
    let dir = std::env::var_os("CAIRN_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let script = dir.join("corpora/gen_zips.py");
    script.is_file().then_some(script)
}

#[test]
fn each_hostile_archive_ends_as_its_manifest_says() {
    let Some(script) = generator() else {
        say("the corpora are not here: the hostile archives were not tried");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let made = Command::new("python3")
        .args(["-W", "ignore"])
        .arg(script)
        .arg(home.path())
        .output();
    let Ok(made) = made else {
        say("there is no python3: the hostile archives were not tried");
        return;
    };
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let manifest = std::fs::read_to_string(home.path().join("manifest.jsonl")).unwrap();
    let named: Vec<String> = manifest
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["file"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(named.len(), ENDS.len());
    let mut largest = 0;
    for (name, end) in &ENDS {
        assert!(named.iter().any(|there| there == name), "{name}");
        let began = Instant::now();
        let said = probe(&home.path().join(name));
        let took = began.elapsed();
        let growth = said["growth_kib"].as_u64().unwrap();
        largest = largest.max(growth);
        let refused = said["refused"].as_str();
        let faults = said["faults"].as_array().unwrap();
        let titles = said["titles"].as_array().unwrap();
        let is_so = match end {
            Refused(part) => refused.is_some_and(|r| r.contains(part)) && titles.is_empty(),
            Articles(want) => refused.is_none() && faults.is_empty() && titles == want,
            Fault(part) => {
                refused.is_none()
                    && titles.is_empty()
                    && faults.len() == 1
                    && faults[0].as_str().unwrap().contains(part)
            }
        };
        assert!(is_so, "{name}: {said}");
        assert!(growth < GROWTH_MAX, "{name} took {growth} KiB");
        assert!(took < TIME_MAX, "{name} took {took:?}");
    }
    say(&format!(
        "{} of {} archives end as the manifest says; the largest growth of memory was {largest} KiB",
        ENDS.len(),
        named.len()
    ));
}

/// Reads an archive in a process of its own.
fn probe(archive: &Path) -> Value {
    let output = Command::new(std::env::current_exe().expect("the test knows its own path"))
        .args(["--exact", "probe_child", "--nocapture"])
        .env(PROBE, archive)
        .output()
        .expect("the test can be started again");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().find_map(|line| line.split_once(ANSWER));
    let (_, answer) = answer.unwrap_or_else(|| panic!("{}: no answer: {text}", archive.display()));
    serde_json::from_str(answer).expect("JSON")
}

/// Not a test of anything: what the test above runs for each archive.
#[test]
fn probe_child() {
    let Some(archive) = std::env::var_os(PROBE) else {
        return;
    };
    let before = memory("VmRSS:");
    let (mut titles, mut faults) = (Vec::new(), Vec::new());
    let refused = match cairn_sources::open(Path::new(&archive), None) {
        Err(error) => Some(error.to_string()),
        Ok((mut source, _)) => {
            let ended = source.articles(&mut |article| {
                match article {
                    Ok(article) => titles.push(article.title),
                    Err(fault) => faults.push(fault.to_string()),
                }
                ControlFlow::Continue(())
            });
            for file in source.files() {
                if let Err(fault) = source.read_file(&file.path) {
                    faults.push(fault.to_string());
                }
            }
            ended.err().map(|error| error.to_string())
        }
    };
    let growth = memory("VmHWM:").saturating_sub(before);
    let answer = json!({
        "refused": refused, "titles": titles, "faults": faults, "growth_kib": growth,
    });
    writeln!(std::io::stdout().lock(), "\n{ANSWER}{answer}").unwrap();
}

/// A line of what the system says about this process, in KiB.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    let number = found.and_then(|text| text.trim().split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
