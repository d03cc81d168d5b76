//! Reads `postmaster.pid`, the one place where Postgres says who runs a data directory and how far
//! it is. Never written and never deleted here: a file left by a crash is Postgres' own to judge.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::ClusterError;

/// The file holds eight short lines.
const BYTES_MAX: u64 = 16 * 1024;

/// The status line, the eighth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Starting,
    Ready,
    Stopping,
}

/// What a `postmaster.pid` says; the later lines appear while the postmaster starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: i32,
    pub(crate) port: Option<u16>,
    pub(crate) socket_dir: Option<PathBuf>,
    pub(crate) status: Status,
}

/// None when there is no file; an empty one (just being written) reads the same.
pub(crate) fn read(data: &Path) -> Result<Option<PidFile>, ClusterError> {
    let path = data.join("postmaster.pid");
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ClusterError::io("read", path)(error)),
        Ok(_) => Ok(parse(&text)),
    }
}

/// Lines: pid, data directory, start time, port, socket directory, listen address, shared memory
/// key, status. A negative pid is a standalone backend, which serves nobody.
fn parse(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let line = |at: usize| lines.get(at).copied().filter(|line| !line.is_empty());
    let status = match line(7) {
        Some("ready" | "standby") => Status::Ready,
        Some("stopping") => Status::Stopping,
        _ => Status::Starting,
    };
    Some(PidFile {
        pid: line(0)?
            .parse::<i32>()
            .ok()?
            .checked_abs()
            .filter(|pid| *pid > 0)?,
        port: line(3).and_then(|port| port.parse().ok()),
        socket_dir: line(4).map(PathBuf::from),
        status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_makes_it_ready() {
        let starting = "411\n/d/data\n1763690000\n5432\n/d/run\n\n  1234  5\nstarting\n";
        let file = parse(starting).unwrap();
        assert_eq!(
            (file.pid, file.port, file.status),
            (411, Some(5432), Status::Starting)
        );
        assert_eq!(file.socket_dir.as_deref(), Some(Path::new("/d/run")));
        let ready = starting.replace("starting", "ready   ");
        assert_eq!(parse(&ready).unwrap().status, Status::Ready);
        let stopping = starting.replace("starting", "stopping");
        assert_eq!(parse(&stopping).unwrap().status, Status::Stopping);
    }

    #[test]
    fn half_written_and_foreign_files_are_not_ready() {
        assert_eq!(parse(""), None);
        assert_eq!(parse("ready\n"), None);
        assert_eq!(parse("0\n"), None);
        assert_eq!(parse("-2147483648\n"), None);
        assert_eq!(parse("17\n/d").unwrap().status, Status::Starting);
        assert_eq!(parse("-17\n/d").unwrap().pid, 17);
    }
}
