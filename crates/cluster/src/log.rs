//! The log of initdb and postgres: one file beside the cluster, rotated at start, and its last
//! words for error messages.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::ClusterError;

/// A longer log is moved to `postgres.log.1` at the next start. Between starts it grows by errors
/// only: statements, details and checkpoints are not logged.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How much of the end is read back for an error message.
const TAIL_BYTES_MAX: u64 = 64 * 1024;
/// How many of its lines are quoted.
const TAIL_LINES_MAX: usize = 6;

/// The log, and where this start's part of it begins.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    from: u64,
}

impl Log {
    /// Opens the log of `data_dir`, moving an overlong one aside.
    pub(crate) fn rotate(data_dir: &Path) -> Result<Self, ClusterError> {
        let path = data_dir.join("postgres.log");
        if fs::metadata(&path).is_ok_and(|file| file.len() > BYTES_MAX) {
            let older = data_dir.join("postgres.log.1");
            fs::rename(&path, &older).map_err(ClusterError::io("rotate", &path))?;
        }
        let log = Self { path, from: 0 };
        log.appender()?;
        Ok(log.marked_now())
    }

    /// The same log, with its beginning set to now.
    pub(crate) fn marked_now(&self) -> Self {
        let from = fs::metadata(&self.path).map_or(0, |file| file.len());
        Self {
            path: self.path.clone(),
            from,
        }
    }

    /// A handle for a child's output.
    pub(crate) fn appender(&self) -> Result<File, ClusterError> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)
            .map_err(ClusterError::io("open", &self.path))
    }

    /// What was written since the log was taken, its last part only.
    pub(crate) fn since(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(
                self.from.max(end.saturating_sub(TAIL_BYTES_MAX)),
            ))?;
            file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }

    /// The last lines since the log was taken, in one line.
    pub(crate) fn last_words(&self) -> String {
        let text = self.since();
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let from = lines.len().saturating_sub(TAIL_LINES_MAX);
        if lines.is_empty() {
            "it said nothing".to_owned()
        } else {
            lines[from..].join(" | ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn last_words_are_those_of_this_start() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::rotate(dir.path()).unwrap();
        writeln!(log.appender().unwrap(), "FATAL: old").unwrap();
        let log = log.marked_now();
        assert_eq!(log.last_words(), "it said nothing");
        writeln!(log.appender().unwrap(), "LOG: a\n\nFATAL: b").unwrap();
        assert_eq!(log.last_words(), "LOG: a | FATAL: b");
    }

    #[test]
    fn an_overlong_log_is_moved_aside_at_start() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::rotate(dir.path()).unwrap();
        log.appender().unwrap().set_len(BYTES_MAX + 1).unwrap();
        let log = Log::rotate(dir.path()).unwrap();
        assert_eq!(fs::metadata(&log.path).unwrap().len(), 0);
        assert_eq!(
            fs::metadata(dir.path().join("postgres.log.1"))
                .unwrap()
                .len(),
            BYTES_MAX + 1
        );
    }
}
