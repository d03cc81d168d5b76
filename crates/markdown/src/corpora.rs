//! The shared corpora through the renderer: the specification, hostile HTML and Markdown, and
//! shapes that cost some renderer too much.
//!
//! They are read from the folder in `CAIRN_SHARED`, else from `shared` beside the workspace. Absent,
//! the tests say that they skipped; named and absent, they fail. None of the data is committed.

mod audit;
mod hostile;
mod spec;

use serde_json::Value;
use std::path::PathBuf;

/// One line of a corpus.
struct Line {
    id: String,
    input: String,
    expected: Option<String>,
    src: String,
}

/// All lines of a corpus file, or `None` when the folder is absent and nobody named it.
fn lines(file: &str) -> Option<Vec<Line>> {
    let named = std::env::var_os("CAIRN_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = named.clone().unwrap_or(beside).join("corpora").join(file);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            assert!(
                named.is_none(),
                "CAIRN_SHARED is set but {file} cannot be read: {error}"
            );
            println!("SKIPPED: {file} is absent; set CAIRN_SHARED to the shared folder");
            return None;
        }
    };
    let field = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let lines = text.lines().map(|line| {
        let value: Value = serde_json::from_str(line).expect("a corpus line is JSON");
        Line {
            id: field(&value, "id").expect("a corpus line has an id"),
            input: field(&value, "input").expect("a corpus line has an input"),
            expected: field(&value, "ref_expected"),
            src: field(&value, "src").unwrap_or_default(),
        }
    });
    Some(lines.collect())
}

/// Says how many lines a test ran and asserts that it is the number known for the corpus.
fn ran(what: &str, count: usize, known: usize) {
    println!("{what}: {count} lines");
    assert_eq!(count, known, "{what}: another number of lines than known");
}

/// A committed list of lines that may differ: an id, a tab, the reason.
fn listed(data: &'static str) -> Vec<(&'static str, &'static str)> {
    data.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once('\t').expect("an id, a tab, a reason"))
        .collect()
}

/// Compares what differs with the committed list, both ways.
fn check_list(what: &str, found: &[(String, String)], listed: &[(&str, &str)]) {
    let mut report = String::new();
    for (id, detail) in found {
        if !listed.iter().any(|(known, _)| known == id) {
            report.push_str(&format!("{id} differs and is not listed:\n{detail}\n"));
        }
    }
    for (id, reason) in listed {
        assert!(!reason.trim().is_empty(), "{what}: {id} has no reason");
        if !found.iter().any(|(known, _)| known == id) {
            report.push_str(&format!("{id} is listed but agrees\n"));
        }
    }
    assert!(report.is_empty(), "{what}:\n{report}");
}
