//! Finds the programs of PostgreSQL, and says for every place it looked at why it was refused.
//!
//! Order: the given directory alone if there is one; the layouts of packages, newest major first;
//! `pg_config`; `PATH`; what was unpacked into the data directory (`postgresql-*/bin`). A cluster
//! that exists already wants its own major, wherever it lies in that order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::directory::Layout;
use crate::version::MAJOR_MIN;
use crate::{ClusterError, Version, files, initdb};

/// Directories of packages; `*` stands for one path component.
const PACKAGES: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                   // the RPMs of PostgreSQL
    "/usr/libexec/postgresql*",                           // Alpine
    "/usr/local/pgsql/bin",                               // built from source
    "/opt/homebrew/opt/postgresql*/bin",                  // brew, Apple silicon
    "/usr/local/opt/postgresql*/bin",                     // brew, Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // brew, Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
];
/// More matches of one pattern are not looked at.
const MATCHES_MAX: usize = 32;

/// Programs that run, of a version Cairn accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The directory of `postgres` and `initdb`, canonical.
    pub bin_dir: PathBuf,
    /// What `postgres --version` says.
    pub version: Version,
}

/// Finds the installation that opens (or will make) the cluster in `data_dir`.
///
/// # Errors
/// CAIRN-DB-001 when there is none, CAIRN-DB-004 when the cluster needs another major.
pub fn find(bin_dir: Option<&Path>, data_dir: &Path) -> Result<Installation, ClusterError> {
    let wanted = initdb::made_by(&Layout::of(data_dir))?;
    let mut refused = Vec::new();
    let mut majors = Vec::new();
    for (place, dirs) in places(bin_dir, data_dir) {
        if dirs.is_empty() {
            refused.push(format!("{place} (nothing there)"));
        }
        for dir in dirs {
            match examine(&dir) {
                Ok(found) if wanted.is_none_or(|major| major == found.version.major) => {
                    return Ok(found);
                }
                Ok(found) => majors.push(found.version.major),
                Err(reason) => refused.push(format!("{} ({reason})", dir.display())),
            }
        }
    }
    match wanted {
        Some(made_by) if !majors.is_empty() => {
            majors.sort_unstable();
            majors.dedup();
            let found: Vec<String> = majors.iter().map(u32::to_string).collect();
            Err(ClusterError::MajorMismatch {
                made_by,
                found: found.join(", "),
            })
        }
        _ => Err(ClusterError::NotFound {
            looked_in: refused.join("; "),
        }),
    }
}

/// Every place by the name a person knows it by, with the directories found there. Lazy: a program
/// is asked for its directory only when the places before it had nothing.
fn places<'a>(
    bin_dir: Option<&'a Path>,
    data_dir: &'a Path,
) -> Box<dyn Iterator<Item = (String, Vec<PathBuf>)> + 'a> {
    if let Some(dir) = bin_dir {
        let place = format!("CAIRN_PG_BIN={}", dir.display());
        return Box::new(std::iter::once((place, vec![dir.to_owned()])));
    }
    let packages = PACKAGES
        .iter()
        .map(|pattern| ((*pattern).to_owned(), expand(Path::new(pattern))));
    let config = std::iter::once_with(|| ("pg_config --bindir".to_owned(), pg_config()));
    let path = std::iter::once_with(|| ("PATH".to_owned(), on_path()));
    let unpacked = std::iter::once_with(move || {
        let pattern = data_dir.join("postgresql-*/bin");
        (pattern.display().to_string(), expand(&pattern))
    });
    Box::new(packages.chain(config).chain(path).chain(unpacked))
}

/// Expands `*` in components; of several matches the one with the highest number comes first.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        found = match text.split_once('*') {
            None => found.into_iter().map(|dir| dir.join(part)).collect(),
            Some((before, after)) => found
                .iter()
                .flat_map(|dir| matching(dir, before, after))
                .collect(),
        };
    }
    found.retain(|dir| dir.is_dir());
    found
}

fn matching(dir: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    let mut names: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(before) && name.ends_with(after))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse((number_in(name), name.clone())));
    names.truncate(MATCHES_MAX);
    names.into_iter().map(|name| dir.join(name)).collect()
}

/// The first number in a name: 15 in `postgresql@15`, 0 where there is none.
fn number_in(name: &str) -> u32 {
    let from_digit = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let digits: String = from_digit
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}

fn pg_config() -> Vec<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output();
    let Ok(output) = output else {
        return Vec::new();
    };
    let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if dir.is_empty() {
        Vec::new()
    } else {
        vec![PathBuf::from(dir)]
    }
}

fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute() && files::is_program(&dir.join("postgres")))
        .take(MATCHES_MAX)
        .collect()
}

/// The installation in `dir`, or the reason why it is none.
fn examine(dir: &Path) -> Result<Installation, String> {
    let postgres = dir.join("postgres");
    for program in ["postgres", "initdb"] {
        if !files::is_program(&dir.join(program)) {
            return Err(format!("no program {program} there"));
        }
    }
    // A link in PATH (brew, Nix) leads to the directory where initdb looks for its neighbours.
    let real = fs::canonicalize(&postgres).map_err(|error| error.to_string())?;
    let beside = real
        .parent()
        .filter(|dir| files::is_program(&dir.join("initdb")));
    let bin_dir = match beside {
        Some(dir) => dir.to_owned(),
        None => fs::canonicalize(dir).map_err(|error| error.to_string())?,
    };
    let output = Command::new(&postgres)
        .arg("--version")
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| format!("postgres does not run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let Some(version) = Version::from_program_output(&said) else {
        return Err(why_it_does_not_run(
            &bin_dir,
            &String::from_utf8_lossy(&output.stderr),
        ));
    };
    if version.major < MAJOR_MIN {
        return Err(format!(
            "version {version}, Cairn needs {MAJOR_MIN} or newer"
        ));
    }
    Ok(Installation { bin_dir, version })
}

fn why_it_does_not_run(bin_dir: &Path, said: &str) -> String {
    if let Some(needs) = glibc_needed(said) {
        let note = ClusterError::NeedsGlibc {
            dir: bin_dir.to_owned(),
            needs: needs.to_owned(),
            has: glibc_here(),
        };
        tracing::warn!("{}", note.report());
        return note.report();
    }
    let line = said.lines().next().unwrap_or("it said no version");
    format!("postgres does not run: {line}")
}

/// The highest version the loader missed: ``version `GLIBC_2.38' not found``.
fn glibc_needed(said: &str) -> Option<&str> {
    let missing = said.split("version `GLIBC_").skip(1);
    let versions = missing.filter_map(|rest| rest.split_once('\'').map(|(version, _)| version));
    versions.max_by_key(|version| version.rsplit('.').next().map(number_in))
}

fn glibc_here() -> String {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let version = text.trim().strip_prefix("glibc ").unwrap_or("none");
    version.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn fake(dir: &Path, script: &str) {
        fs::create_dir_all(dir).unwrap();
        for program in ["postgres", "initdb"] {
            let path = dir.join(program);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn a_given_directory_is_the_only_place_and_its_fault_is_named() {
        let home = tempfile::tempdir().unwrap();
        let refusal = find(Some(&home.path().join("none")), home.path()).unwrap_err();
        assert_eq!(refusal.code(), "CAIRN-DB-001");
        let text = refusal.to_string();
        assert!(
            text.contains("none (no program postgres there). Fix one of"),
            "{text}"
        );
        assert!(!text.contains("PATH"), "{text}");
    }

    #[test]
    fn an_old_or_broken_installation_is_refused_with_its_reason() {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        fake(&bin, "#!/bin/sh\necho 'postgres (PostgreSQL) 13.9'\n");
        let text = find(Some(&bin), home.path()).unwrap_err().to_string();
        assert!(
            text.contains("(version 13.9, Cairn needs 14 or newer)"),
            "{text}"
        );
        let missing = "x: /lib/libc.so.6: version `GLIBC_2.38' not found (required by x)";
        fake(
            &bin,
            &format!(
                "#!/bin/sh\necho \"{}\" >&2; exit 1\n",
                missing.replace('`', "\\`")
            ),
        );
        let text = find(Some(&bin), home.path()).unwrap_err().to_string();
        assert!(text.contains("note[CAIRN-DB-005]: "), "{text}");
        assert!(text.contains("needs glibc 2.38"), "{text}");
    }

    #[test]
    fn a_cluster_of_another_major_is_not_opened() {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        fake(&bin, "#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n");
        let data = home.path().join("postgres/data");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("PG_VERSION"), "16\n").unwrap();
        let refusal = find(Some(&bin), home.path()).unwrap_err();
        assert_eq!(
            refusal.report(),
            "error[CAIRN-DB-004]: data directory was made by PostgreSQL 16, found only 18. Export \
             with the old binaries, then import"
        );
        fs::write(data.join("PG_VERSION"), "18\n").unwrap();
        assert_eq!(find(Some(&bin), home.path()).unwrap().version.major, 18);
    }

    #[test]
    fn the_newest_of_several_directories_comes_first() {
        let home = tempfile::tempdir().unwrap();
        for major in ["9.6", "14", "18", "postgresql"] {
            fs::create_dir_all(home.path().join(major).join("bin")).unwrap();
        }
        let found = expand(&home.path().join("*/bin"));
        let names: Vec<_> = found
            .iter()
            .map(|dir| dir.parent().unwrap().file_name().unwrap())
            .collect();
        assert_eq!(names, ["18", "14", "9.6", "postgresql"]);
    }

    #[test]
    fn the_highest_missing_c_library_is_the_one_needed() {
        let said = "version `GLIBC_2.34' not found\nversion `GLIBC_2.38' not found";
        assert_eq!(glibc_needed(said), Some("2.38"));
        assert_eq!(glibc_needed("segmentation fault"), None);
    }
}
