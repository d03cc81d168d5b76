//! The corpora and collections that stand beside the project and are not part of it.
//!
//! They are looked for in `CAIRN_SHARED`, else in `shared` beside the workspace. Where they are
//! absent a test says so and is done; where `CAIRN_SHARED` names a place that is not there, or a
//! place without the file, it fails.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;

/// One line of a corpus.
#[derive(Debug, Clone)]
pub struct Line(Value);

impl Line {
    /// What names it.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// The hostile or tricky text.
    pub fn input(&self) -> &str {
        self.text("input")
    }

    /// Another field; empty when it is not there.
    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }
}

/// Says something to whoever runs the suite, also where a passing test is silent.
pub fn say(text: &str) {
    // The test runner swallows what the print macros write; this line is meant to be seen.
    writeln!(std::io::stderr().lock(), "suite: {text}").ok();
}

/// The folder of what is shared, if there is one.
pub fn shared_dir() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CAIRN_SHARED") {
        let dir = PathBuf::from(named);
        assert!(
            dir.is_dir(),
            "CAIRN_SHARED names {}, which is not there",
            dir.display()
        );
        return Some(dir);
    }
    let beside = crate::root().parent()?.join("shared");
    beside.is_dir().then_some(beside)
}

/// Every line of a corpus; none when there are no corpora here.
pub fn corpus(name: &str) -> Option<Vec<Line>> {
    let Some(dir) = shared_dir() else {
        say(&format!(
            "SKIPPED {name}: there is no folder of corpora; set CAIRN_SHARED to run it"
        ));
        return None;
    };
    let path = dir.join("corpora").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            Line(serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}: {line}")))
        })
        .collect();
    assert!(!lines.is_empty(), "{name} is empty");
    Some(lines)
}

/// A judged collection, unpacked below `into` once; none when there are no collections here.
pub fn unpacked_collection(name: &str, into: &Path) -> Option<PathBuf> {
    static UNPACKING: Mutex<()> = Mutex::new(());
    let archive = shared_dir().map(|dir| dir.join("search").join("dev.tar.zst"));
    let Some(archive) = archive.filter(|a| a.is_file()) else {
        assert!(
            std::env::var_os("CAIRN_SHARED").is_none(),
            "CAIRN_SHARED has no search/dev.tar.zst"
        );
        say(&format!(
            "SKIPPED {name}: there are no collections here; set CAIRN_SHARED to run it"
        ));
        return None;
    };
    let _one_at_a_time = UNPACKING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let bytes = fs::metadata(&archive).map(|m| m.len()).unwrap_or_default();
    let home = into.join(format!("collections-{bytes}"));
    let done = home.join(format!("{name}.unpacked"));
    if !done.is_file() {
        fs::create_dir_all(&home).expect("the target directory takes files");
        let member = format!("dev/{name}");
        let status = Command::new("tar")
            .arg("--zstd")
            .arg("-xf")
            .arg(&archive)
            .arg("-C")
            .arg(&home)
            .arg(&member)
            .status();
        match status {
            Ok(status) if status.success() => {}
            other => {
                panic!("tar --zstd could not unpack {member} ({other:?}); install tar and zstd")
            }
        }
        fs::write(&done, b"").expect("the target directory takes files");
    }
    Some(home.join("dev").join(name))
}
