//! Everything that can go wrong with a private cluster, each as a sentence a stranger can act on,
//! with the stable code `cairn doctor` prints beside it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a private cluster could not be found, started or stopped. The text names the way out;
/// [`report`](Self::report) puts the code in front.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// CAIRN-DB-001: no usable installation anywhere.
    #[error(
        "no PostgreSQL found. Looked in: {looked_in}. Fix one of: set DATABASE_URL=...; install it (Debian/Ubuntu: apt install postgresql | macOS: brew install postgresql@18); make up installs it"
    )]
    NotFound {
        /// Every place with the reason it was refused, joined by `; `.
        looked_in: String,
    },
    /// CAIRN-DB-002: root, and nobody to drop to.
    #[error(
        "PostgreSQL refuses to run as root and no account to drop to was found (tried cairn, postgres, nobody). Create one: useradd --system cairn"
    )]
    NoAccount,
    /// CAIRN-DB-003: a directory on the way is closed to the account.
    #[error("user {user} cannot enter {} (mode {mode:04o}). Use --data-dir or chmod o+x", dir.display())]
    CannotEnter {
        /// The account Postgres would run as.
        user: String,
        /// The closed directory.
        dir: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// CAIRN-DB-004: the cluster belongs to another major version.
    #[error(
        "data directory was made by PostgreSQL {made_by}, found only {found}. Export with the old binaries, then import"
    )]
    MajorMismatch {
        /// The major version in `PG_VERSION`.
        made_by: u32,
        /// The majors found on this machine, joined by `, `.
        found: String,
    },
    /// CAIRN-DB-005: a note rather than a failure; an unpacked PostgreSQL needs a newer C library.
    #[error(
        "PostgreSQL in {} needs glibc {needs}, this system has {has}; using the next", dir.display()
    )]
    NeedsGlibc {
        /// The directory of the programs.
        dir: PathBuf,
        /// The version the programs ask for.
        needs: String,
        /// The version this system has.
        has: String,
    },
    /// CAIRN-DB-006: no socket path short enough.
    #[error(
        "the socket path {} has {bytes} bytes and the system allows {bytes_max}, and no short directory could be used instead ({reason}). Use a shorter --data-dir", path.display()
    )]
    SocketPath {
        /// The path beside the data.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// The longest the system takes.
        bytes_max: usize,
        /// Why the fallback did not work.
        reason: String,
    },
    /// CAIRN-DB-007: the disk is full.
    #[error(
        "no space left on the disk of {} ({free_mib} MiB free). Free some, or use --data-dir", dir.display()
    )]
    DiskFull {
        /// The cluster's directory.
        dir: PathBuf,
        /// What is left, in MiB.
        free_mib: u64,
    },
    /// CAIRN-DB-008: another process holds the directory.
    #[error(
        "{} is in use by {holder}. Stop that process, or use another --data-dir", dir.display()
    )]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// Who holds it, with its pid when known.
        holder: String,
    },
    /// CAIRN-DB-009: the cluster's files belong to someone else.
    #[error(
        "the cluster {} belongs to uid {owner}, and PostgreSQL would run as {user} (uid {uid}). Run as its owner, or chown -R {uid} it", dir.display()
    )]
    WrongOwner {
        /// The cluster's directory.
        dir: PathBuf,
        /// Who owns it.
        owner: u32,
        /// The account chosen.
        user: String,
        /// Its uid.
        uid: u32,
    },
    /// CAIRN-DB-010: a program was started and failed.
    #[error("{program} failed: {reason}. Its log is {}", log.display())]
    Failed {
        /// `initdb` or `postgres`.
        program: &'static str,
        /// Its last words.
        reason: String,
        /// The whole log.
        log: PathBuf,
    },
    /// CAIRN-DB-011: it is alive and did not become ready, or did not end, in time.
    #[error("PostgreSQL (pid {pid}) was not {wanted} after {waited:?}. Its log is {}", log.display())]
    TimedOut {
        /// The process waited for.
        pid: i32,
        /// `ready` or `gone`.
        wanted: &'static str,
        /// How long.
        waited: Duration,
        /// The whole log.
        log: PathBuf,
    },
    /// CAIRN-DB-012: the cluster is there and its password is not.
    #[error(
        "the cluster exists and its password file {} does not. Put the file back from a backup of the data directory", path.display()
    )]
    PasswordMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// CAIRN-DB-013: a setting that is no setting.
    #[error("{name:?} is no name of a PostgreSQL setting; use letters, digits, underscore and dot")]
    SettingName {
        /// As given.
        name: String,
    },
    /// CAIRN-DB-014: the file system said no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// CAIRN-DB-015: a file of the cluster holds what it cannot hold.
    #[error("{} is not what PostgreSQL writes there: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// CAIRN-DB-016: not a system on which processes can be checked before they are signalled.
    #[error("a private cluster runs on Linux only so far. Set DATABASE_URL=...")]
    Unsupported,
}

impl ClusterError {
    /// The stable code: `CAIRN-DB-001` and so on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "CAIRN-DB-001",
            Self::NoAccount => "CAIRN-DB-002",
            Self::CannotEnter { .. } => "CAIRN-DB-003",
            Self::MajorMismatch { .. } => "CAIRN-DB-004",
            Self::NeedsGlibc { .. } => "CAIRN-DB-005",
            Self::SocketPath { .. } => "CAIRN-DB-006",
            Self::DiskFull { .. } => "CAIRN-DB-007",
            Self::InUse { .. } => "CAIRN-DB-008",
            Self::WrongOwner { .. } => "CAIRN-DB-009",
            Self::Failed { .. } => "CAIRN-DB-010",
            Self::TimedOut { .. } => "CAIRN-DB-011",
            Self::PasswordMissing { .. } => "CAIRN-DB-012",
            Self::SettingName { .. } => "CAIRN-DB-013",
            Self::Io { .. } => "CAIRN-DB-014",
            Self::Malformed { .. } => "CAIRN-DB-015",
            Self::Unsupported => "CAIRN-DB-016",
        }
    }

    /// One line for a person: `error[CAIRN-DB-001]: no PostgreSQL found. …`, causes included.
    pub fn report(&self) -> String {
        let level = if matches!(self, Self::NeedsGlibc { .. }) {
            "note"
        } else {
            "error"
        };
        let mut line = format!("{level}[{}]: {self}", self.code());
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line.push_str(&format!(": {error}"));
            cause = error.source();
        }
        line
    }

    /// Names the path an I/O error is about; a full disk keeps its own code.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => {
                let free_mib = crate::files::free_mib(&path).unwrap_or(0);
                Self::DiskFull {
                    dir: path,
                    free_mib,
                }
            }
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreed_messages_read_word_for_word() {
        let looked_in = "PATH (no postgres there)".to_owned();
        assert_eq!(
            ClusterError::NotFound { looked_in }.report(),
            "error[CAIRN-DB-001]: no PostgreSQL found. Looked in: PATH (no postgres there). Fix one of: \
             set DATABASE_URL=...; install it (Debian/Ubuntu: apt install postgresql | macOS: brew \
             install postgresql@18); make up installs it"
        );
        assert_eq!(
            ClusterError::NoAccount.report(),
            "error[CAIRN-DB-002]: PostgreSQL refuses to run as root and no account to drop to was \
             found (tried cairn, postgres, nobody). Create one: useradd --system cairn"
        );
        let closed = ClusterError::CannotEnter {
            user: "nobody".into(),
            dir: "/root".into(),
            mode: 0o700,
        };
        assert_eq!(
            closed.report(),
            "error[CAIRN-DB-003]: user nobody cannot enter /root (mode 0700). Use --data-dir or \
             chmod o+x"
        );
        assert_eq!(
            ClusterError::MajorMismatch {
                made_by: 16,
                found: "18".into()
            }
            .report(),
            "error[CAIRN-DB-004]: data directory was made by PostgreSQL 16, found only 18. Export \
             with the old binaries, then import"
        );
    }

    #[test]
    fn a_note_is_not_called_an_error() {
        let note = ClusterError::NeedsGlibc {
            dir: "/d".into(),
            needs: "2.38".into(),
            has: "2.36".into(),
        };
        assert_eq!(
            note.report(),
            "note[CAIRN-DB-005]: PostgreSQL in /d needs glibc 2.38, this system has 2.36; using \
             the next"
        );
    }

    #[test]
    fn a_full_disk_is_recognised_behind_any_action() {
        let error = ClusterError::io("write", "/")(io::ErrorKind::StorageFull.into());
        assert_eq!(error.code(), "CAIRN-DB-007");
        let error = ClusterError::io("write", "/")(io::ErrorKind::PermissionDenied.into());
        assert!(
            error
                .report()
                .starts_with("error[CAIRN-DB-014]: cannot write /: ")
        );
    }
}
