//! The settings: one struct, filled from defaults, a TOML file, the environment and flags, in that
//! order; the later one wins. A setting nobody knows is an error, and every error names the
//! setting and where it came from.

mod attachments;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use axum::http::HeaderName;
use cairn_http::help_center::{KeySeparator, SurrogateKeyHeader, is_widget_origin};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Serialize};

pub use attachments::{ATTACHMENT_SETTINGS, AttachmentsConfig};

use attachments::ATTACHMENT_TEXTS;

/// Variables of this prefix are settings.
const PREFIX: &str = "CAIRN_";
/// Variables of this prefix that are no settings: the command line's own, and those of tests,
/// benches and of orchestrators that describe a service named `cairn` to its containers.
const NOT_SETTINGS: &[&str] = &["CAIRN_CONFIG", "CAIRN_URL", "CAIRN_KEY", "CAIRN_SHARED"];
const NOT_SETTINGS_PREFIX: &[&str] = &[
    "CAIRN_TEST_",
    "CAIRN_BENCH_",
    "CAIRN_PG_EXEC_",
    "CAIRN_SERVICE_",
    "CAIRN_PORT",
];
/// How many search threads are useful at most.
const THREADS_MAX: usize = 256;
/// How long counts of searches and reads can be kept, in days.
const COUNTS_DAYS_MAX: u64 = 3_650;
/// How long answers of readers can be kept, in days.
const FEEDBACK_DAYS_MAX: u64 = 3_650;
/// Postgres cuts names at 63 bytes; `_owner` must fit behind the prefix.
const ROLE_PREFIX_BYTES_MAX: usize = 50;

/// Every setting. `cairn.example.toml` explains each for people.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where readers and clients reach it, when that differs from `listen`.
    pub public_url: Option<String>,
    /// What belongs to this server alone: index, private cluster, control socket.
    pub data_dir: PathBuf,
    /// The database that serves; none means a private cluster in the data directory.
    pub database_url: Option<Secret>,
    /// A role that owns and migrates the database of `database_url`.
    pub owner_url: Option<Secret>,
    /// Connections of each pool to the database at most; the pool of bulk work has half as many.
    pub database_connections_max: u32,
    /// What the roles and the private database are named after.
    pub role_prefix: String,
    /// The directory of `postgres` and `initdb` for the private cluster.
    pub pg_bin: Option<PathBuf>,
    /// A directory that replaces the search definition built in.
    pub index_config: Option<PathBuf>,
    /// What is logged: a level, or a filter such as `info,cairn_http=debug`.
    pub log_level: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Where it is logged; standard error when absent.
    pub log_file: Option<PathBuf>,
    /// Threads that search; 0 takes one per processor.
    pub search_threads: usize,
    /// Searches that may wait for a thread before the next one is turned away.
    pub search_queue_max: usize,
    /// Days that counts of searches are kept; 0 switches them off and deletes them.
    pub search_counts_days: u32,
    /// Days that counts of reads are kept; 0 switches them off and deletes them.
    pub read_counts_days: u32,
    /// Days that answers of readers to articles are kept; 0: readers are not asked, and what is there is deleted.
    pub feedback_days: u32,
    /// Header in which a proxy in front names the address of the reader; the last address in it counts. The peer when absent.
    pub client_address_header: Option<String>,
    /// Memory for rendered pages, in bytes.
    pub page_cache_bytes_max: u64,
    /// Header that tells a CDN what a page shows; empty sends none.
    pub surrogate_key_header: String,
    /// What stands between the tokens in it.
    pub surrogate_key_separator: SurrogateKeySeparator,
    /// Origins of web pages that may show the widget, besides our own.
    pub widget_origins: Vec<String>,
    /// Host names MCP answers to, besides the loopback names, `public_url` and the portals'.
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may call MCP, besides `public_url`'s.
    pub allowed_origins: Vec<String>,
    /// Seconds an ordinary request may take.
    pub request_timeout_s: u64,
    /// Seconds that requests under way get at shutdown.
    pub shutdown_grace_s: u64,
    /// Whether `up` loads the demo content into an empty database.
    pub demo: bool,
    /// Where the files that articles show are kept.
    pub attachments: AttachmentsConfig,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What stands between the tokens of the header for CDNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurrogateKeySeparator {
    /// Fastly, Varnish, KeyCDN.
    Space,
    /// Cloudflare, Bunny.
    Comma,
}

/// Text that is not shown, such as an address with a password in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            data_dir: default_data_dir(),
            database_url: None,
            owner_url: None,
            database_connections_max: 10,
            role_prefix: "cairn".to_owned(),
            pg_bin: None,
            index_config: None,
            log_level: "info".to_owned(),
            log_format: LogFormat::Text,
            log_file: None,
            search_threads: 0,
            search_queue_max: 256,
            search_counts_days: 90,
            read_counts_days: 90,
            feedback_days: 365,
            client_address_header: None,
            page_cache_bytes_max: 64 * 1024 * 1024,
            surrogate_key_header: "Surrogate-Key".to_owned(),
            surrogate_key_separator: SurrogateKeySeparator::Space,
            widget_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            request_timeout_s: 60,
            shutdown_grace_s: 20,
            demo: true,
            attachments: AttachmentsConfig::default(),
        }
    }
}

/// The system's state directory for root, the user's otherwise.
fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/cairn");
    }
    let absolute = |name: &str| {
        let dir = PathBuf::from(std::env::var_os(name)?);
        dir.is_absolute().then_some(dir)
    };
    match (absolute("XDG_STATE_HOME"), absolute("HOME")) {
        (Some(state), _) => state.join("cairn"),
        (None, Some(home)) => home.join(".local/state/cairn"),
        (None, None) => PathBuf::from("cairn-data"),
    }
}

/// Flags of the command line that are settings: name, flag, value.
pub type Flags = Vec<(&'static str, &'static str, Value)>;

/// Reads the settings. `variables` is the environment.
///
/// # Errors
/// Every setting that is unknown or does not fit, with its source, one sentence each.
pub fn load(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    flags: Flags,
) -> Result<Config> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = file {
        if !path.exists() || path.is_dir() {
            bail!(
                "there is no settings file {}; check --config",
                path.display()
            );
        }
        figment = figment.merge(Toml::file_exact(path));
    }
    let mut unknown = Vec::new();
    let mut layers = Vec::new();
    for (name, text) in variables.filter(|(_, text)| !text.is_empty()) {
        match setting_of(&name) {
            None => {}
            Some(setting) if is_setting(&setting) => {
                layers.push((
                    name != "DATABASE_URL",
                    Layer::variable(&name, &setting, &text),
                ));
            }
            Some(_) => unknown.push(name),
        }
    }
    if let Some(name) = unknown.first() {
        bail!(
            "unknown setting in environment variable {name}; the settings are {}",
            SETTINGS.join(", ")
        );
    }
    // CAIRN_DATABASE_URL wins over DATABASE_URL, whatever the order of the environment.
    layers.sort_by_key(|(own, _)| *own);
    for (_, layer) in layers {
        figment = figment.merge(layer);
    }
    for (setting, flag, value) in flags {
        figment = figment.merge(Layer::new(format!("flag {flag}"), setting, value));
    }
    let config: Config = figment.extract().map_err(|error| {
        let faults: Vec<String> = error.into_iter().map(|fault| sentence(&fault)).collect();
        anyhow::anyhow!("{}", faults.join("; "))
    })?;
    config.check()?;
    Ok(config)
}

/// Whether there is a setting of that name: `name`, or `table.name`.
fn is_setting(setting: &str) -> bool {
    match setting.strip_prefix("attachments.") {
        Some(name) => ATTACHMENT_SETTINGS.contains(&name),
        None => SETTINGS.contains(&setting),
    }
}

/// The setting an environment variable stands for, if it is one of ours.
fn setting_of(variable: &str) -> Option<String> {
    if variable == "DATABASE_URL" {
        return Some("database_url".to_owned());
    }
    let name = variable.strip_prefix(PREFIX)?;
    let other = NOT_SETTINGS.contains(&variable)
        || NOT_SETTINGS_PREFIX
            .iter()
            .any(|prefix| variable.starts_with(prefix));
    let name = name.to_ascii_lowercase();
    (!other).then(|| match name.strip_prefix("attachments_") {
        Some(name) => format!("attachments.{name}"),
        None => name,
    })
}

/// Every setting by name; a test holds it against the struct.
pub const SETTINGS: &[&str] = &[
    "listen",
    "public_url",
    "data_dir",
    "database_url",
    "owner_url",
    "database_connections_max",
    "role_prefix",
    "pg_bin",
    "index_config",
    "log_level",
    "log_format",
    "log_file",
    "search_threads",
    "search_queue_max",
    "search_counts_days",
    "read_counts_days",
    "feedback_days",
    "client_address_header",
    "page_cache_bytes_max",
    "surrogate_key_header",
    "surrogate_key_separator",
    "widget_origins",
    "allowed_hosts",
    "allowed_origins",
    "request_timeout_s",
    "shutdown_grace_s",
    "demo",
    "attachments",
];

/// Settings whose text is never read as a number, a truth value or a list.
const TEXTS: &[&str] = &[
    "listen",
    "public_url",
    "data_dir",
    "database_url",
    "owner_url",
    "role_prefix",
    "pg_bin",
    "index_config",
    "log_level",
    "log_format",
    "log_file",
    "surrogate_key_header",
    "surrogate_key_separator",
    "client_address_header",
];
/// Settings that are lists: separated by commas in the environment.
const LISTS: &[&str] = &["widget_origins", "allowed_hosts", "allowed_origins"];

/// One setting from one named place.
struct Layer {
    source: String,
    values: Dict,
}

impl Layer {
    fn new(source: String, setting: &str, value: Value) -> Self {
        let values = match setting.split_once('.') {
            Some((table, name)) => {
                let inner = Dict::from([(name.to_owned(), value)]);
                Dict::from([(table.to_owned(), Value::from(inner))])
            }
            None => Dict::from([(setting.to_owned(), value)]),
        };
        Self { source, values }
    }

    fn variable(name: &str, setting: &str, text: &str) -> Self {
        let is_text = match setting.strip_prefix("attachments.") {
            Some(name) => ATTACHMENT_TEXTS.contains(&name),
            None => TEXTS.contains(&setting),
        };
        let value = if is_text {
            Value::from(text)
        } else if LISTS.contains(&setting) {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Value::from(items.collect::<Vec<_>>())
        } else {
            match (text.parse::<u64>(), text.parse::<bool>()) {
                (Ok(number), _) => Value::from(number),
                (_, Ok(truth)) => Value::from(truth),
                _ => Value::from(text),
            }
        };
        Self::new(format!("environment variable {name}"), setting, value)
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

fn sentence(fault: &Error) -> String {
    let place = match &fault.metadata {
        Some(metadata) => match &metadata.source {
            Some(figment::Source::File(path)) => format!(" from {}", path.display()),
            _ => format!(" from {}", metadata.name),
        },
        None => String::new(),
    };
    match &fault.kind {
        figment::error::Kind::UnknownField(name, known) => format!(
            "unknown setting {name}{place}; the settings are {}",
            known.join(", ")
        ),
        kind if fault.path.is_empty() => format!("the settings{place} cannot be read: {kind}"),
        kind => format!("setting {}{place}: {kind}", fault.path.join(".")),
    }
}

impl Config {
    /// What no type says.
    fn check(&self) -> Result<()> {
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            bail!("setting public_url: {url:?} does not begin with http:// or https://");
        }
        for (name, url) in [
            ("database_url", &self.database_url),
            ("owner_url", &self.owner_url),
        ] {
            let Some(url) = url else { continue };
            let url = url.expose();
            if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
                bail!("setting {name}: the address does not begin with postgres://");
            }
        }
        let other = self.widget_origins.iter().find(|o| !is_widget_origin(o));
        if let Some(other) = other {
            bail!(
                "setting widget_origins: {other:?} is no origin; write https://app.example, https://*.app.example or * for everybody"
            );
        }
        self.attachments.check()?;
        if !self.surrogate_key_header.is_empty() && self.surrogate_key().is_none() {
            bail!(
                "setting surrogate_key_header: {:?} is no name of a header",
                self.surrogate_key_header
            );
        }
        self.client_address_header()?;
        if self.owner_url.is_some() && self.database_url.is_none() {
            bail!("setting owner_url is given without database_url; give both or none");
        }
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=ROLE_PREFIX_BYTES_MAX).contains(&self.role_prefix.len())
            || !self.role_prefix.bytes().all(is_name)
        {
            bail!(
                "setting role_prefix: {:?} is not 1 to {ROLE_PREFIX_BYTES_MAX} lower-case letters, digits and underscores",
                self.role_prefix
            );
        }
        let ranges = [
            (
                "search_threads",
                self.search_threads as u64,
                0,
                THREADS_MAX as u64,
            ),
            (
                "search_counts_days",
                self.search_counts_days.into(),
                0,
                COUNTS_DAYS_MAX,
            ),
            (
                "read_counts_days",
                self.read_counts_days.into(),
                0,
                COUNTS_DAYS_MAX,
            ),
            (
                "feedback_days",
                self.feedback_days.into(),
                0,
                FEEDBACK_DAYS_MAX,
            ),
            ("search_queue_max", self.search_queue_max as u64, 1, 1 << 20),
            (
                "database_connections_max",
                self.database_connections_max.into(),
                4,
                10_000,
            ),
            ("request_timeout_s", self.request_timeout_s, 1, 3600),
            ("shutdown_grace_s", self.shutdown_grace_s, 0, 3600),
        ];
        for (name, value, min, max) in ranges {
            if !(min..=max).contains(&value) {
                bail!("setting {name}: {value} is not between {min} and {max}");
            }
        }
        Ok(())
    }

    /// The header for CDNs, if one is sent.
    pub fn surrogate_key(&self) -> Option<SurrogateKeyHeader> {
        let separator = match self.surrogate_key_separator {
            SurrogateKeySeparator::Space => KeySeparator::Space,
            SurrogateKeySeparator::Comma => KeySeparator::Comma,
        };
        SurrogateKeyHeader::of(&self.surrogate_key_header, separator)
    }

    /// Threads that search: as set, or one per processor.
    pub fn search_threads(&self) -> usize {
        match self.search_threads {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            threads => threads,
        }
    }

    /// The header that names the reader's address.
    ///
    /// # Errors
    /// A name that no header can have.
    pub fn client_address_header(&self) -> Result<Option<HeaderName>> {
        let Some(name) = &self.client_address_header else {
            return Ok(None);
        };
        match name.to_ascii_lowercase().parse() {
            Ok(name) => Ok(Some(name)),
            Err(_) => bail!(
                "setting client_address_header: {name:?} is no name of a header; give one such as x-forwarded-for"
            ),
        }
    }

    /// The address to tell people, without a trailing slash; `bound` is where the server listens.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if bound.ip().is_unspecified() => format!("http://localhost:{}", bound.port()),
            None => format!("http://{bound}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../cairn.example.toml");

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect();
        pairs.into_iter()
    }

    fn fault(file: Option<&str>, variables: &[(&str, &str)], flags: Flags) -> String {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("cairn.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        let path = file.is_some().then_some(path.as_path());
        load(path, environment(variables), flags)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_list_of_settings_is_the_struct() {
        let json = serde_json::to_value(Config::default()).unwrap();
        let mut fields: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        let mut listed: Vec<_> = SETTINGS.iter().map(|s| (*s).to_owned()).collect();
        fields.sort();
        listed.sort();
        assert_eq!(fields, listed);
    }

    #[test]
    fn the_example_lists_every_setting_and_its_default() {
        // Settings stand commented out, `# name = value`; prose lines have no such shape.
        let mut names = Vec::new();
        let mut live = String::new();
        let (plain, table) = EXAMPLE
            .split_once("\n# [attachments]\n")
            .expect("the table stands at the end");
        for name in ATTACHMENT_SETTINGS {
            let listed = table
                .lines()
                .filter(|l| l.starts_with(&format!("# {name} = ")));
            assert_eq!(listed.count(), 1, "attachments.{name}");
        }
        names.push("attachments");
        for line in plain.lines() {
            let Some((name, _)) = line.strip_prefix("# ").and_then(|l| l.split_once(" = ")) else {
                continue;
            };
            if SETTINGS.contains(&name) {
                names.push(name);
                live.push_str(&line[2..]);
                live.push('\n');
            }
        }
        let mut listed = SETTINGS.to_vec();
        names.sort_unstable();
        listed.sort_unstable();
        assert_eq!(names, listed, "cairn.example.toml and the settings differ");

        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("cairn.toml");
        std::fs::write(&path, live).unwrap();
        let example = load(Some(&path), environment(&[]), Vec::new()).unwrap();
        let default = Config::default();
        assert_eq!(example.listen, default.listen);
        assert_eq!(example.log_level, default.log_level);
        assert_eq!(example.search_queue_max, default.search_queue_max);
        assert_eq!(example.page_cache_bytes_max, default.page_cache_bytes_max);
        assert_eq!(example.surrogate_key_header, default.surrogate_key_header);
        assert_eq!(
            example.surrogate_key_separator,
            default.surrogate_key_separator
        );
        assert_eq!(example.request_timeout_s, default.request_timeout_s);
        assert_eq!(example.shutdown_grace_s, default.shutdown_grace_s);
        assert_eq!(
            example.database_connections_max,
            default.database_connections_max
        );
        assert_eq!(example.demo, default.demo);

        std::fs::write(&path, EXAMPLE).unwrap();
        load(Some(&path), environment(&[]), Vec::new()).expect("the example is a settings file");
    }

    #[test]
    fn the_later_place_wins() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("cairn.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nlog_level = \"debug\"\n").unwrap();
        let variables = [
            ("CAIRN_LISTEN", "127.0.0.1:2"),
            ("CAIRN_SEARCH_THREADS", "3"),
            ("CAIRN_ALLOWED_HOSTS", "a.example, b.example"),
            ("CAIRN_DATABASE_URL", "postgres://own"),
            ("DATABASE_URL", "postgres://general"),
            ("CAIRN_DATA_DIR", "123"),
            ("CAIRN_PUBLIC_URL", ""),
            ("CAIRN_ATTACHMENTS_BUCKET", "123"),
            ("CAIRN_ATTACHMENTS_PATH_STYLE", "false"),
        ];
        let flags: Flags = vec![("listen", "--listen", Value::from("127.0.0.1:3"))];
        let config = load(Some(&path), environment(&variables), flags).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.log_level, "debug");
        assert_eq!(config.search_threads, 3);
        assert_eq!(config.allowed_hosts, ["a.example", "b.example"]);
        assert_eq!(config.database_url.unwrap().expose(), "postgres://own");
        assert_eq!(config.data_dir, Path::new("123"));
        assert_eq!(config.public_url, None);
        assert_eq!(config.attachments.bucket.as_deref(), Some("123"));
        assert_eq!(config.attachments.path_style, Some(false));
    }

    #[test]
    fn a_fault_names_the_setting_and_its_source() {
        type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a [&'a str]);
        let cases: &[Case<'_>] = &[
            (
                Some("lisen = 1\n"),
                &[],
                &["unknown setting lisen from", "cairn.toml"],
            ),
            (
                Some("listen = 8080\n"),
                &[],
                &["setting listen from", "cairn.toml"],
            ),
            (Some("listen = \n"), &[], &["cairn.toml"]),
            (None, &[("CAIRN_LISEN", "1")], &["CAIRN_LISEN"]),
            (
                None,
                &[("CAIRN_LISTEN", "nowhere")],
                &["setting listen from environment variable CAIRN_LISTEN"],
            ),
            (
                None,
                &[("CAIRN_REQUEST_TIMEOUT_S", "soon")],
                &["setting request_timeout_s from environment variable CAIRN_REQUEST_TIMEOUT_S"],
            ),
            (None, &[("CAIRN_LOG_FORMAT", "xml")], &["log_format"]),
            (
                None,
                &[("CAIRN_SEARCH_THREADS", "9999")],
                &["search_threads", "0 and 256"],
            ),
            (
                None,
                &[("DATABASE_URL", "mysql://x:secret@h")],
                &["database_url"],
            ),
            (
                None,
                &[("CAIRN_ROLE_PREFIX", "Cairn; drop")],
                &["role_prefix"],
            ),
            (
                None,
                &[("CAIRN_SURROGATE_KEY_HEADER", "Cache Tag")],
                &["surrogate_key_header", "Cache Tag"],
            ),
            (
                None,
                &[("CAIRN_SURROGATE_KEY_SEPARATOR", "tab")],
                &["surrogate_key_separator"],
            ),
            (None, &[("CAIRN_OWNER_URL", "postgres://x")], &["owner_url"]),
            (None, &[("CAIRN_PUBLIC_URL", "kb.example")], &["public_url"]),
            (
                Some("[attachments]\nbuket = \"x\"\n"),
                &[],
                &["unknown setting buket from", "cairn.toml", "bucket"],
            ),
            (
                None,
                &[("CAIRN_ATTACHMENTS_BUKET", "x")],
                &["CAIRN_ATTACHMENTS_BUKET"],
            ),
            (
                None,
                &[("CAIRN_ATTACHMENTS_REGION", "x")],
                &["attachments.region", "attachments.bucket"],
            ),
        ];
        for (file, variables, wanted) in cases {
            let said = fault(*file, variables, Vec::new());
            for part in *wanted {
                assert!(said.contains(part), "{variables:?} {file:?}: {said}");
            }
            // Names of settings may say what they are; values may not be said.
            assert!(
                !said.replace("secret_access_key", "").contains("secret"),
                "{said}"
            );
        }
        let flags: Flags = vec![("listen", "--listen", Value::from("x"))];
        assert!(fault(None, &[], flags).contains("setting listen from flag --listen"));
    }

    #[test]
    fn what_an_orchestrator_sets_is_no_setting() {
        let variables = [
            ("CAIRN_PORT", "tcp://10.0.0.1:80"),
            ("CAIRN_SERVICE_HOST", "10.0.0.1"),
            ("CAIRN_KEY", "k"),
            ("CAIRN_SHARED", "../shared"),
        ];
        load(None, environment(&variables), Vec::new()).unwrap();
    }

    #[test]
    fn the_public_address_has_one_spelling() {
        let config = Config {
            public_url: Some("https://kb.example.com:8443/".to_owned()),
            ..Config::default()
        };
        let bound = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(config.public_url(bound), "https://kb.example.com:8443");
        assert_eq!(Config::default().public_url(bound), "http://127.0.0.1:8080");
        let any = "0.0.0.0:9000".parse().unwrap();
        assert_eq!(Config::default().public_url(any), "http://localhost:9000");
    }
}
