//! What `cairn doctor` asks this room: everything a start depends on, each with its outcome and the
//! code a failure would carry. Reads only; nothing is made, started or locked.

use std::path::Path;

use crate::directory::Layout;
use crate::process::Presence;
use crate::{ClusterError, account, directory, files, find, initdb, lock, pid_file, process};

/// Below this the disk is called full before Postgres finds out.
const FREE_MIB_WARN: u64 = 1024;

/// How a probe went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// A start will work; somebody should know this anyway.
    Warn,
    /// A start would fail with the probe's code.
    Fail,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Stable, for scripts: `installation`, `account`, …
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// The code of the failure, or of the note.
    pub code: Option<&'static str>,
    /// A sentence for a person.
    pub detail: String,
}

impl Probe {
    fn pass(name: &'static str, detail: String) -> Self {
        Self {
            name,
            outcome: Outcome::Pass,
            code: None,
            detail,
        }
    }

    fn warn(name: &'static str, code: &'static str, detail: String) -> Self {
        Self {
            name,
            outcome: Outcome::Warn,
            code: Some(code),
            detail,
        }
    }

    fn fail(name: &'static str, error: &ClusterError) -> Self {
        Self {
            name,
            outcome: Outcome::Fail,
            code: Some(error.code()),
            detail: error.to_string(),
        }
    }
}

/// Looks at everything a private cluster in `data_dir` depends on.
pub fn probe(bin_dir: Option<&Path>, data_dir: &Path) -> Vec<Probe> {
    let canonical = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let layout = Layout::of(&canonical);
    let mut probes = vec![
        installation(bin_dir, &layout),
        account(&layout),
        cluster(&layout),
        socket(&layout),
        disk(&layout),
    ];
    probes.push(server(&layout));
    probes
}

fn installation(bin_dir: Option<&Path>, layout: &Layout) -> Probe {
    match find(bin_dir, &layout.data_dir) {
        Err(error) => Probe::fail("installation", &error),
        Ok(found) => {
            let detail = format!(
                "PostgreSQL {} in {}",
                found.version,
                found.bin_dir.display()
            );
            Probe::pass("installation", detail)
        }
    }
}

/// Who Postgres runs as, and whether that account gets to the data.
fn account(layout: &Layout) -> Probe {
    let account = match account::choose(&layout.cluster) {
        Ok(account) => account,
        Err(error) => return Probe::fail("account", &error),
    };
    // The data directory itself is opened to the account at start, so the way to it is what counts.
    let existing = layout
        .data_dir
        .parent()
        .and_then(|dir| dir.ancestors().find(|dir| dir.exists()));
    if account.drops
        && let Some(dir) = existing
        && let Err(error) = directory::check_reachable(dir, &account)
    {
        return Probe::fail("account", &error);
    }
    if account.drops && account.name == "nobody" {
        let detail = "PostgreSQL runs as nobody, whom other services may share; useradd --system \
                      cairn gives it an account of its own";
        return Probe::warn("account", "CAIRN-DB-002", detail.to_owned());
    }
    Probe::pass(
        "account",
        format!("PostgreSQL runs as {} (uid {})", account.name, account.uid),
    )
}

fn cluster(layout: &Layout) -> Probe {
    let owned = account::choose(&layout.cluster).and_then(|account| {
        directory::check_owner(&layout.cluster, &account)?;
        directory::check_owner(&layout.data, &account)
    });
    match owned.and_then(|()| initdb::made_by(layout)) {
        Err(error) => Probe::fail("cluster", &error),
        Ok(None) => Probe::pass("cluster", "none yet; the first start makes it".to_owned()),
        Ok(Some(_)) if !layout.password.exists() => Probe::fail(
            "cluster",
            &ClusterError::PasswordMissing {
                path: layout.password.clone(),
            },
        ),
        Ok(Some(major)) => Probe::pass(
            "cluster",
            format!("{} (PostgreSQL {major})", layout.data.display()),
        ),
    }
}

fn socket(layout: &Layout) -> Probe {
    let beside = layout.cluster.join("run");
    if crate::socket_dir::fits(&beside, crate::settings::PORT) {
        return Probe::pass("socket", beside.display().to_string());
    }
    let detail = "the path beside the data is too long for a socket; a short one is used instead";
    Probe::warn("socket", "CAIRN-DB-006", detail.to_owned())
}

fn disk(layout: &Layout) -> Probe {
    let free_mib = files::free_mib(&layout.data_dir).unwrap_or(u64::MAX);
    let dir = layout.data_dir.clone();
    match free_mib {
        free_mib if free_mib < initdb::FREE_MIB_MIN => {
            Probe::fail("disk", &ClusterError::DiskFull { dir, free_mib })
        }
        free_mib if free_mib < FREE_MIB_WARN => {
            Probe::warn("disk", "CAIRN-DB-007", format!("only {free_mib} MiB free"))
        }
        free_mib => Probe::pass("disk", format!("{free_mib} MiB free")),
    }
}

/// Whether a server runs, and for whom.
fn server(layout: &Layout) -> Probe {
    let holder = lock::held_by(&layout.data_dir, "postgres.lock");
    let file = match pid_file::read(&layout.data) {
        Ok(file) => file,
        Err(error) => return Probe::fail("server", &error),
    };
    let Some(file) = file else {
        return Probe::pass("server", "not running".to_owned());
    };
    let presence = process::presence(file.pid, &layout.data);
    match (presence, holder) {
        (Presence::Ours, Some(holder)) => {
            let detail = format!("running as pid {} for the Cairn of {holder}", file.pid);
            Probe::pass("server", detail)
        }
        (Presence::Ours, None) => {
            let detail = format!(
                "running as pid {} without a Cairn; a start adopts it",
                file.pid
            );
            Probe::warn("server", "CAIRN-DB-008", detail)
        }
        _ => Probe::pass("server", "not running; the last one was killed".to_owned()),
    }
}
