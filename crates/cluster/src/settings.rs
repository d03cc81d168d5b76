//! The settings a server is started with, all on its command line.

use std::ffi::OsString;
use std::path::Path;

use crate::postmaster::setting;
use crate::{ClusterError, ClusterOptions};

/// The directory of the socket is private, so the port never collides.
pub(crate) const PORT: u16 = 5432;
/// On the command line of every server Cairn starts: it ends with its owner.
pub(crate) const MARK: &str = "cairn.ends_with_owner=on";

/// Cairn's own defaults. The log gets errors without statements, values or hints: bodies and
/// passwords have no place in it.
///
/// Every query is for a few rows or one batch. At the default price of a random page (4, a turning disk) a batch of
/// 500 reads a whole table of 50,000 rows instead of its index; parallel workers would come with a priority of their
/// own beside readers (docs/decisions/0015); compiling a statement takes longer than running it; and a portal that is imported is analysed before it is large.
const SETTINGS: [(&str, &str); 16] = [
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("cluster_name", "cairn"),
    ("max_connections", "100"),
    ("shared_buffers", "128MB"),
    ("random_page_cost", "1.1"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
    ("autovacuum_naptime", "10s"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_checkpoints", "off"),
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_statement", "none"),
    ("log_line_prefix", "%m [%p] "),
];

/// Everything on the command line: the files in the data directory stay as initdb wrote them.
pub(crate) fn arguments(data: &Path, options: &ClusterOptions, socket_dir: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = vec!["-D".into(), data.into()];
    let mut set = |value: OsString| args.extend(["-c".into(), value]);
    for (name, value) in SETTINGS {
        set(setting(name, value.as_bytes()));
    }
    if !options.durable {
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            set(setting(name, b"off"));
        }
    }
    for (name, value) in &options.settings {
        set(setting(name, value.as_bytes()));
    }
    // Last, so that nothing overrides them: this is where the server is looked for.
    set(setting("unix_socket_directories", &quoted(socket_dir)));
    set(setting("port", PORT.to_string().as_bytes()));
    set(MARK.into());
    args
}

/// `unix_socket_directories` is a list: quotes keep commas and spaces in a path.
fn quoted(dir: &Path) -> Vec<u8> {
    let mut value = vec![b'"'];
    for byte in dir.as_os_str().as_encoded_bytes() {
        value.extend(std::iter::repeat_n(
            *byte,
            if *byte == b'"' { 2 } else { 1 },
        ));
    }
    value.push(b'"');
    value
}

/// CAIRN-DB-013 for a name that could be read as something else.
pub(crate) fn check(settings: &[(String, String)]) -> Result<(), ClusterError> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
    };
    match settings.iter().find(|(name, _)| !is_name(name)) {
        Some((name, _)) => Err(ClusterError::SettingName { name: name.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_directory_may_hold_commas_and_quotes() {
        assert_eq!(quoted(Path::new("/a, b/\"c")), b"\"/a, b/\"\"c\"");
    }

    #[test]
    fn a_setting_name_is_not_a_way_to_other_options() {
        let check = |name: &str| super::check(&[(name.to_owned(), String::new())]);
        assert!(check("shared_buffers").is_ok());
        assert!(check("cairn.x").is_ok());
        for name in ["", "a b", "-c", "a=b"] {
            assert_eq!(check(name).unwrap_err().code(), "CAIRN-DB-013", "{name:?}");
        }
    }
}
