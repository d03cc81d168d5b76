//! `cairn import`, over and over while the server is killed: the folder as it is, then with changes
//! whose number is known.

use std::fmt;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cairn_tests::process::Home;
use serde_json::Value;
use tokio::sync::Mutex;

use super::chance::Chance;
use super::folder::Folder;

/// How long an import may take to find the server.
const REACH_WAIT: Duration = Duration::from_secs(30);

/// What all imports did together.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) rounds: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: u64,
    /// Files that were new to the server, as it said.
    pub(crate) uploaded: u64,
    pub(crate) faults: Vec<String>,
}

/// Imports until the killing is over.
#[derive(Clone)]
pub(crate) struct Importing {
    pub(crate) home: Arc<Home>,
    pub(crate) folder: Arc<Folder>,
    pub(crate) portal: String,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) chance: Chance,
    /// Held while the server is down, and by an import that is looking for its owner: one that found
    /// none would become the owner itself, as it should.
    pub(crate) settled: Arc<Mutex<()>>,
    /// Set after the last kill.
    pub(crate) over: Arc<AtomicBool>,
    /// The round under way.
    pub(crate) round: Arc<AtomicU64>,
}

impl Importing {
    /// Runs rounds; the one under way at the end is finished.
    pub(crate) async fn run(mut self) -> Imported {
        let mut all = Imported::default();
        let pictures = self.folder.pictures.len();
        let mut expected = [self.folder.len(), 0, 0];
        while all.rounds == 0 || !self.over.load(Ordering::Relaxed) {
            all.rounds += 1;
            self.round.store(all.rounds, Ordering::Relaxed);
            // Commands beside a server reach it in two ways.
            let over_socket = all.rounds % 2 == 1;
            match self.import(over_socket).await {
                Ok(report) => all.note(&report, expected, pictures),
                Err(fault) => {
                    all.faults.push(format!("round {}: {fault}", all.rounds));
                    return all;
                }
            }
            let changed = self.folder.change(all.rounds + 1, &mut self.chance);
            expected = [0, changed, self.folder.len() - changed];
        }
        // The changes of the round that never came are imported as well.
        all.rounds += 1;
        match self.import(true).await {
            Ok(report) => all.note(&report, expected, pictures),
            Err(fault) => all.faults.push(format!("round {}: {fault}", all.rounds)),
        }
        all
    }

    /// One import, and the last line it printed.
    pub(crate) async fn import(&self, over_socket: bool) -> Result<Value, String> {
        let folder = self.folder.dir.to_str().expect("the home has a plain name");
        let mut command = self.home.command(&[
            "import",
            folder,
            "--portal",
            &self.portal,
            "--locale",
            "en",
            "--json",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = if over_socket {
            let settled = self.settled.lock().await;
            command.arg("--data-dir").arg(self.home.data_dir());
            let mut child = command.spawn().map_err(|e| e.to_string())?;
            let reached = async {
                while self.home.control_connections() == 0 && matches!(child.try_wait(), Ok(None)) {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(REACH_WAIT, reached)
                .await
                .map_err(|_| "it did not find the server")?;
            drop(settled);
            child
        } else {
            command
                .arg("--url")
                .arg(&self.url)
                .env("CAIRN_KEY", &self.key);
            command.spawn().map_err(|e| e.to_string())?
        };
        let output = child.wait_with_output().await.map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().last().unwrap_or_default();
        let report = serde_json::from_str::<Value>(line)
            .map_err(|_| format!("{}: {text}{said}", output.status))?;
        if !output.status.success() {
            return Err(format!("{}: {report} {said}", output.status));
        }
        Ok(report)
    }
}

impl Imported {
    /// Adds a report, which must say what was expected: created, updated, unchanged, none failed, and
    /// of every picture that it is there.
    fn note(&mut self, report: &Value, expected: [u64; 3], pictures: u64) {
        let count = |name: &str| report[name].as_u64().unwrap_or(u64::MAX / 8);
        let found = ["created", "updated", "unchanged"].map(count);
        let failed = count("failed");
        self.created += found[0];
        self.updated += found[1];
        self.unchanged += found[2];
        self.failed += failed;
        if found != expected || failed != 0 || count("conflicts") != 0 {
            let round = self.rounds;
            self.faults.push(format!(
                "round {round}: created, updated, unchanged should be {expected:?}, failed and conflicts 0, but are {found:?}: {report}"
            ));
        }
        if let Some(fault) = self.note_files(report, pictures) {
            let round = self.rounds;
            self.faults.push(format!("round {round}: {fault}"));
        }
    }

    /// Adds what a report says of files: whether one was new is not known once an answer is lost, but
    /// each is one or the other, and none is new twice.
    fn note_files(&mut self, report: &Value, pictures: u64) -> Option<String> {
        let files = &report["files"];
        let count = |name: &str| files[name].as_u64().unwrap_or(u64::MAX / 8);
        let (uploaded, unchanged) = (count("uploaded"), count("unchanged"));
        self.uploaded += uploaded;
        let is_right =
            uploaded + unchanged == pictures && count("failed") == 0 && self.uploaded <= pictures;
        (!is_right).then(|| {
            format!(
                "{pictures} pictures were sent, {} said to be new so far: {files}",
                self.uploaded
            )
        })
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rounds,
            created,
            updated,
            unchanged,
            failed,
            uploaded,
            ..
        } = self;
        write!(
            f,
            "{rounds} imports: created {created}, updated {updated}, unchanged {unchanged}, failed {failed}"
        )?;
        if *uploaded > 0 {
            write!(f, ", files new {uploaded}")?;
        }
        Ok(())
    }
}
