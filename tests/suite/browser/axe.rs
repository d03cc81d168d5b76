//! axe-core, which says what of a page shuts people out. It is fetched by npm from its lockfile into the target
//! directory when a test asks for it, and stands nowhere in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use cairn_tests::{root, say};
use serde::Deserialize;

use super::webdriver::Browser;

/// The rules that are asked: every level that can be tested, and good practice.
const RUN: &str = "axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations', 'incomplete'],
}).then(({ violations, incomplete, passes }) => ({
  violations: violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + (node.failureSummary || '').slice(0, 200)).join(' | ')}`),
  undecided: incomplete.flatMap(({ id, nodes }) => nodes.map((node) => ({
    rule: id,
    at: node.target.flat().join(' '),
    why: [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; '),
    contrast: id === 'color-contrast' ? (/*CONTRAST*/)(document.querySelector(node.target[0])) : null,
  }))),
  passes: passes.length,
}))";

/// Decides what axe cannot of a text on something it cannot see through.
const CONTRAST: &str = include_str!("../../../fixtures/browser/contrast.js");

/// What it says of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Judged {
    /// What shuts people out: rule, sentence, where.
    pub(super) violations: Vec<String>,
    /// What it could not decide.
    pub(super) undecided: Vec<Undecided>,
    /// Rules that hold.
    pub(super) passes: usize,
}

/// A rule that it could not decide for an element.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Undecided {
    pub(super) rule: String,
    /// The selector of the element.
    pub(super) at: String,
    /// What kept it from deciding.
    pub(super) why: String,
    /// What the colours on the page say, where it is about them.
    pub(super) contrast: Option<Contrast>,
}

/// How far a text stands out from what is behind it, in the ratio of WCAG.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contrast {
    pub(super) worst: f64,
    pub(super) needed: f64,
}

/// Its script; none where there is no npm and nobody insists.
pub(super) fn script() -> Option<String> {
    match installed() {
        Ok(path) => Some(std::fs::read_to_string(path).expect("axe.min.js is text")),
        Err(why) => {
            assert!(
                std::env::var_os("CAIRN_TEST_ALL").is_none(),
                "axe-core cannot be had: {why}; install nodejs and npm"
            );
            say(&format!("SKIPPED axe: {why}"));
            None
        }
    }
}

/// Where it is, installed from the lockfile unless it is there already.
fn installed() -> Result<PathBuf, String> {
    let from = root().join("tests/tools");
    let into = super::target().join("browser-tools");
    let read = |path: &Path| std::fs::read(path).ok();
    let (lock, script) = (
        into.join("package-lock.json"),
        into.join("node_modules/axe-core/axe.min.js"),
    );
    if script.is_file() && read(&lock) == read(&from.join("package-lock.json")) {
        return Ok(script);
    }
    std::fs::create_dir_all(&into).map_err(|e| format!("{}: {e}", into.display()))?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(from.join(name), into.join(name)).map_err(|e| format!("{name}: {e}"))?;
    }
    let done = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&into)
        .output()
        .map_err(|e| format!("npm: {e}"))?;
    if !done.status.success() || !script.is_file() {
        std::fs::remove_file(&lock).ok();
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("npm ci: {}", said.trim()));
    }
    Ok(script)
}

/// Judges the page that is open; its script has been put before it.
pub(super) async fn judge(browser: &Browser) -> Judged {
    let run = RUN.replace("/*CONTRAST*/", CONTRAST);
    let said = browser.evaluate_to_the_end(&run).await;
    serde_json::from_value(said).expect("what axe says is understood")
}
