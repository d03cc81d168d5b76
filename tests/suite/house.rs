//! The never-rules of the house, read from `cargo metadata` and from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cairn_tests::{read, root, rust_files, rust_files_below};
use serde_json::Value;

/// Longest file, in lines. Most are a quarter of it; a longer one holds two things.
const FILE_LINES_MAX: usize = 800;

/// What each room may stand on, of our own rooms: the floors of the architecture, exactly.
const EDGES: &[(&str, &[&str])] = &[
    ("cairn-domain", &[]),
    ("cairn-markdown", &[]),
    ("cairn-cluster", &[]),
    ("cairn-attachments", &[]),
    ("cairn-store", &["cairn-domain"]),
    ("cairn-search", &["cairn-domain"]),
    ("cairn-sources", &["cairn-domain"]),
    (
        "cairn-service",
        &[
            "cairn-attachments",
            "cairn-domain",
            "cairn-markdown",
            "cairn-search",
            "cairn-store",
        ],
    ),
    ("cairn-http", &["cairn-domain", "cairn-service"]),
    ("cairn-mcp", &["cairn-domain", "cairn-service"]),
    (
        "cairn-server",
        &[
            "cairn-cluster",
            "cairn-domain",
            "cairn-http",
            "cairn-markdown",
            "cairn-mcp",
            "cairn-search",
            "cairn-service",
            "cairn-sources",
            "cairn-store",
        ],
    ),
];

/// Outside crates that one room knows and no other; tests and benches may.
const SEALED: &[(&str, &[&str])] = &[
    ("sqlx", &["cairn-store"]),
    ("tantivy", &["cairn-search"]),
    ("pulldown-cmark", &["cairn-markdown"]),
    ("ammonia", &["cairn-markdown"]),
    ("axum", &["cairn-http", "cairn-server"]),
    ("rmcp", &["cairn-mcp"]),
    ("object_store", &["cairn-attachments"]),
    ("image", &["cairn-attachments"]),
    ("webp", &["cairn-attachments"]),
    ("infer", &["cairn-attachments"]),
    ("tiny-skia", &["cairn-http"]),
];

/// The packages that measure and test, which may look into every room.
const OUTSIDE: [&str; 2] = ["cairn-tests", "cairn-bench"];

fn packages() -> BTreeMap<String, Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|p| (p["name"].as_str().expect("a name").to_owned(), p.clone()))
        .collect()
}

/// Names of the dependencies of a package; with `dev`, also those of its tests.
fn dependencies(package: &Value, dev: bool) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().expect("dependencies");
    let wanted = all.iter().filter(|d| dev || d["kind"] != "dev");
    wanted
        .map(|d| d["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// The name of the package a file belongs to.
fn package_of(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("below the root");
    let mut parts = path.components().map(|c| c.as_os_str().to_string_lossy());
    match parts.next().as_deref() {
        Some("crates") => format!("cairn-{}", parts.next().unwrap_or_default()),
        Some("tests") => "cairn-tests".to_owned(),
        _ => "cairn-bench".to_owned(),
    }
}

/// The code of a file line by line, without comments and without what stands behind `#[cfg(test)]`.
fn code(path: &Path) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for (n, line) in read(path).lines().enumerate() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        let line = line.split("//").next().unwrap_or_default();
        if !line.trim().is_empty() {
            lines.push((n + 1, line.to_owned()));
        }
    }
    lines
}

/// Files of a room that are the program, not its tests or examples.
fn sources(room: &str) -> Vec<PathBuf> {
    rust_files_below(&root().join("crates").join(room).join("src"))
}

fn shown(path: &Path, line: usize, text: &str) -> String {
    format!(
        "{}:{line}: {}",
        path.strip_prefix(root()).unwrap_or(path).display(),
        text.trim()
    )
}

fn none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn the_rooms_stand_on_each_other_as_the_architecture_says() {
    let packages = packages();
    let mut ours: BTreeSet<_> = packages.keys().cloned().collect();
    for (name, edges) in EDGES {
        let package = packages
            .get(*name)
            .unwrap_or_else(|| panic!("there is no package {name}"));
        let found: BTreeSet<_> = dependencies(package, false)
            .into_iter()
            .filter(|d| packages.contains_key(d))
            .collect();
        let allowed: BTreeSet<_> = edges.iter().map(|e| (*e).to_owned()).collect();
        if *name == "cairn-server" {
            // It may mount every room, and need not touch each of them itself.
            assert!(found.is_subset(&allowed), "{name} stands on {found:?}");
        } else {
            assert_eq!(
                found, allowed,
                "{name} does not stand where the architecture says"
            );
        }
        ours.remove(*name);
    }
    for name in OUTSIDE {
        ours.remove(name);
    }
    assert!(
        ours.is_empty(),
        "{ours:?} have no place in the architecture"
    );
}

#[test]
fn each_sealed_crate_is_known_to_its_room_alone() {
    let packages = packages();
    for (sealed, rooms) in SEALED {
        for (name, package) in &packages {
            let may = rooms.contains(&name.as_str()) || OUTSIDE.contains(&name.as_str());
            assert!(
                may || !dependencies(package, true).contains(*sealed),
                "{name} depends on {sealed}"
            );
        }
        let crate_name = sealed.replace('-', "_");
        let mut found = Vec::new();
        for path in rust_files() {
            let package = package_of(&path);
            if rooms.contains(&package.as_str()) || OUTSIDE.contains(&package.as_str()) {
                continue;
            }
            for (n, line) in code(&path) {
                if line.contains(&format!("{crate_name}::"))
                    || line.contains(&format!("extern crate {crate_name}"))
                {
                    found.push(shown(&path, n, &line));
                }
            }
        }
        none(found, &format!("{sealed} belongs to {rooms:?}"));
    }
}

#[test]
fn nothing_unsafe_and_no_lint_switched_off_without_a_reason() {
    let manifest = read(&root().join("Cargo.toml"));
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for (name, package) in packages() {
        let manifest = read(Path::new(
            package["manifest_path"].as_str().expect("a path"),
        ));
        let inherits = manifest
            .split("[lints]")
            .nth(1)
            .is_some_and(|rest| rest.trim_start().starts_with("workspace = true"));
        assert!(inherits, "{name} does not take the lints of the workspace");
    }
    let mut found = Vec::new();
    for path in rust_files() {
        for (n, line) in read(&path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let is_house = path.ends_with("suite/house.rs");
            let allows = code.contains("#[allow(") || code.contains("#![allow(");
            let is_unsafe = ["unsafe {", "unsafe fn ", "unsafe impl "].iter().any(|w| {
                code.match_indices(w)
                    .any(|(at, _)| !code[..at].ends_with('_'))
            });
            if (allows || is_unsafe) && !is_house {
                found.push(shown(&path, n + 1, line));
            }
        }
    }
    none(
        found,
        "no unsafe code; exceptions to lints are #[expect(…, reason = \"…\")]",
    );
}

#[test]
fn the_service_names_no_status_of_http_and_no_code_of_json_rpc() {
    // 400 and 500 are round numbers of many things.
    const STATUSES: [&str; 14] = [
        "401", "403", "404", "405", "409", "410", "412", "413", "415", "422", "428", "429", "502",
        "503",
    ];
    let mut found = Vec::new();
    for path in sources("service") {
        for (n, line) in code(&path) {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            let is_status = words
                .clone()
                .any(|w| STATUSES.contains(&w) || w == "StatusCode" || w == "JSONRPC");
            if is_status
                || line.contains("-326")
                || line.contains("-320")
                || line.contains("JSON-RPC")
            {
                found.push(shown(&path, n, &line));
            }
        }
    }
    none(found, "service knows neither HTTP nor JSON-RPC");
}

#[test]
fn sql_stands_in_the_store_alone() {
    let mut found = Vec::new();
    for room in [
        "domain",
        "markdown",
        "search",
        "cluster",
        "attachments",
        "sources",
        "service",
        "http",
        "mcp",
        "server",
    ] {
        for path in sources(room) {
            for (n, line) in code(&path) {
                let is_sql = [
                    "\"select ",
                    "insert into ",
                    "delete from ",
                    "\"update ",
                    "create table ",
                    "alter table ",
                ]
                .iter()
                .any(|w| line.contains(w));
                if is_sql {
                    found.push(shown(&path, n, &line));
                }
            }
        }
    }
    none(found, "SQL stands in store only");
}

#[test]
fn time_randomness_and_ids_enter_at_one_place() {
    let mut found = Vec::new();
    for room in [
        "domain",
        "markdown",
        "store",
        "search",
        "attachments",
        "sources",
        "service",
        "http",
        "mcp",
    ] {
        for path in sources(room) {
            if path.ends_with("service/src/clock.rs") {
                continue;
            }
            for (n, line) in code(&path) {
                if [
                    "Timestamp::now(",
                    "Zoned::now(",
                    "SystemTime::now(",
                    "Uuid::new_v4(",
                    "Uuid::now_v7(",
                    "rand::random",
                    "rand::rng(",
                ]
                .iter()
                .any(|w| line.contains(w))
                {
                    found.push(shown(&path, n, &line));
                }
            }
        }
    }
    none(
        found,
        "time, randomness and fresh ids come from service::clock",
    );
}

#[test]
fn no_room_for_things_without_a_name() {
    let nameless = [
        "common",
        "utils",
        "util",
        "helpers",
        "helper",
        "misc",
        "shared_types",
    ];
    let found: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let dir = path
                .parent()
                .and_then(Path::file_name)
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            nameless.contains(&stem.as_str()) || nameless.contains(&dir.as_str())
        })
        .map(|path| path.display().to_string())
        .collect();
    none(
        found,
        "a shared thing moves down to the floor that owns the word",
    );
}

#[test]
fn every_file_says_what_it_is_for_and_holds_one_thing() {
    let mut found = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        if !text.starts_with("//! ") {
            found.push(format!("{} does not begin with //!", path.display()));
        }
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!(
                "{} has {lines} lines, at most {FILE_LINES_MAX}",
                path.display()
            ));
        }
    }
    none(
        found,
        "every file begins with its purpose and stays readable",
    );
}

#[test]
fn every_outside_crate_stands_once_with_its_reason() {
    let manifest = read(&root().join("Cargo.toml"));
    let section = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .expect("the table of dependencies");
    let section = section.split("\n[").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in section
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let ours = line.contains("path = \"");
        let reason = line.split(" # ").nth(1).unwrap_or_default();
        if !ours && reason.trim().len() < 4 {
            found.push(line.to_owned());
        }
    }
    none(found, "every outside crate has its reason behind it");
    let mut found = Vec::new();
    for (name, package) in packages() {
        let manifest = read(Path::new(
            package["manifest_path"].as_str().expect("a path"),
        ));
        let tables = manifest.split('[').filter(|t| {
            t.starts_with("dependencies]")
                || t.starts_with("dev-dependencies]")
                || t.starts_with("build-dependencies]")
        });
        for line in tables
            .flat_map(|t| t.lines().skip(1))
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            if !line.contains("workspace") {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    none(
        found,
        "versions and features stand in the workspace's table",
    );
}

/// Every text of the project that is committed, but for the words of demo articles.
fn texts() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root()];
    let skipped = ["target", ".git", "node_modules"];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            // In a worktree `.git` is a file that says where the repository is.
            if skipped.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The one home directory that is not somebody's.
const BREW: &str = concat!("/ho", "me/linuxbrew");

#[test]
fn no_path_of_one_machine_and_no_secret_is_written_anywhere() {
    // Put together here, so that this file does not find itself.
    let machine: Vec<String> = [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["C:\\Us", "ers\\"],
    ]
    .iter()
    .map(|p| p.concat())
    .collect();
    let mut found = Vec::new();
    for path in texts() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (n, line) in text.lines().enumerate() {
            // Where Homebrew keeps its programs is the same on every machine.
            let line = line.replace(BREW, "");
            let line = line.as_str();
            if machine.iter().any(|m| {
                line.match_indices(m.as_str())
                    .any(|(at, _)| is_path_start(line, at))
            }) {
                found.push(shown(&path, n + 1, line));
            }
            if let Some(at) = line.find("cairn_sk_") {
                let secret: String = line[at + 9..]
                    .chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .collect();
                if secret.len() >= 40 && secret.chars().any(|c| c != 'x') {
                    found.push(shown(&path, n + 1, line));
                }
            }
        }
    }
    none(
        found,
        "no path of a machine and no secret in what is committed",
    );
}

/// Whether a path begins here, and not the rest of a longer one or of an address.
fn is_path_start(line: &str, at: usize) -> bool {
    line[..at].chars().next_back().is_none_or(|c| {
        !(c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '}' | ')' | '~'))
    })
}

#[test]
fn templates_mark_nothing_as_safe_but_what_was_made_safe() {
    let mut found = Vec::new();
    for path in texts()
        .into_iter()
        .filter(|p| p.starts_with(root().join("crates/http/templates")))
    {
        for (n, line) in read(&path).lines().enumerate() {
            if line.contains("|safe") || line.contains("| safe") {
                found.push(shown(&path, n + 1, line));
            }
        }
    }
    none(
        found,
        "templates take SafeHtml or escaped text; nothing is declared safe in a template",
    );
}

#[test]
fn tests_wait_for_nothing() {
    let mut found = Vec::new();
    for path in rust_files_below(&root().join("tests")) {
        // Real processes and a real browser have to be waited for.
        let waits = path
            .components()
            .any(|c| c.as_os_str() == "kill" || c.as_os_str() == "browser")
            || [
                "support/process.rs",
                "suite/kill.rs",
                "suite/browser.rs",
                "suite/house.rs",
            ]
            .iter()
            .any(|file| path.ends_with(file));
        for (n, line) in code(&path) {
            if !waits && line.contains("sleep(") {
                found.push(shown(&path, n, &line));
            }
        }
    }
    none(found, "no sleeps: settle() and a moving clock");
}

#[test]
fn migrations_are_numbered_without_gaps_and_say_what_they_are() {
    let mut names: Vec<_> = fs::read_dir(root().join("migrations"))
        .expect("migrations")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| n.ends_with(".sql"))
        .collect();
    names.sort();
    for (n, name) in names.iter().enumerate() {
        assert!(
            name.starts_with(&format!("{:04}_", n + 1)),
            "{name} is not the next migration"
        );
        assert!(
            read(&root().join("migrations").join(name)).starts_with("-- "),
            "{name} does not say what it is"
        );
    }
    assert!(!names.is_empty());
}
