//! Who Postgres runs as. It refuses uid 0, so root drops to an account; everyone else runs it as
//! themselves.
//!
//! Accounts are read from `/etc/passwd`: one that exists only in a directory service is not seen.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::ClusterError;

/// Tried in this order by root.
const CANDIDATES: [&str; 3] = ["cairn", "postgres", "nobody"];

/// A user Postgres can run as; never uid 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether we are root and must change to it.
    pub(crate) drops: bool,
}

/// The account for the cluster directory `cluster_dir`, which may not exist yet.
///
/// As root, a directory that already belongs to somebody keeps its owner, so an account created
/// later does not lock Cairn out of its own cluster.
pub(crate) fn choose(cluster_dir: &Path) -> Result<Account, ClusterError> {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if uid != 0 {
        let gid = rustix::process::getegid().as_raw();
        let name = by_uid(&passwd, uid).map_or_else(|| uid.to_string(), |account| account.name);
        return Ok(Account {
            name,
            uid,
            gid,
            drops: false,
        });
    }
    if let Ok(found) = fs::symlink_metadata(cluster_dir)
        && found.uid() != 0
    {
        let name = by_uid(&passwd, found.uid())
            .map_or_else(|| found.uid().to_string(), |account| account.name);
        return Ok(Account {
            name,
            uid: found.uid(),
            gid: found.gid(),
            drops: true,
        });
    }
    first_candidate(&passwd).ok_or(ClusterError::NoAccount)
}

fn first_candidate(passwd: &str) -> Option<Account> {
    CANDIDATES
        .iter()
        .find_map(|name| accounts(passwd).find(|account| account.name == *name))
}

fn by_uid(passwd: &str, uid: u32) -> Option<Account> {
    accounts(passwd).find(|account| account.uid == uid)
}

/// The unprivileged lines of a passwd(5) file; malformed ones are skipped.
fn accounts(passwd: &str) -> impl Iterator<Item = Account> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then_some(Account {
            name,
            uid,
            gid,
            drops: true,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cairn_comes_before_postgres_and_postgres_before_nobody() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
        let postgres = format!("{nobody}postgres:x:101:104::/:/bin/sh\n");
        let cairn = format!("{postgres}cairn:x:200:201::/:/bin/sh\n");
        let first = |passwd: &str| first_candidate(passwd).map(|account| account.name);
        assert_eq!(first(nobody).as_deref(), Some("nobody"));
        assert_eq!(first(&postgres).as_deref(), Some("postgres"));
        assert_eq!(first(&cairn).as_deref(), Some("cairn"));
    }

    #[test]
    fn an_account_with_uid_zero_is_no_way_down() {
        assert_eq!(first_candidate("cairn:x:0:0::/:/bin/sh\n"), None);
        assert_eq!(
            first_candidate("broken line\ncairn:x:abc:1::/:/bin/sh"),
            None
        );
    }
}
