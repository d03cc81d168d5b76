//! The command line: what to measure, and the floors as processes of their own.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures Cairn beside its floors.
#[derive(Debug, Parser)]
#[command(name = "cairn-bench", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Every workload, side by side with its floor (the default).
    All(Options),
    /// The load generator alone: one GET, as fast as it is answered.
    Load(LoadArgs),
    /// Floor: bare axum, and bare axum with one primary-key select.
    #[command(hide = true)]
    FloorHttp(FloorHttp),
    /// Floor: the same search plan without a server.
    #[command(hide = true)]
    FloorSearch(FloorSearch),
    /// The search room in process, part by part.
    #[command(hide = true)]
    FloorParts(Room),
    /// Floor: the plain ap-1.0 plan, in process or served.
    #[command(hide = true)]
    FloorPlain(FloorPlain),
    /// Builds the index of a search room from copies of the collection.
    #[command(hide = true)]
    FloorCurve(FloorCurve),
    /// Floor: a bare tantivy index of the same texts.
    #[command(hide = true)]
    FloorIndex(FloorIndex),
    /// Floor: a loop that stands back and touches nothing.
    #[command(hide = true)]
    FloorLoop,
    /// Floor: bare one-document commits and reloads.
    #[command(hide = true)]
    FloorCommit(FloorCommit),
}

/// How to measure.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Also write every number to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Runs of each measurement; the median is shown.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) runs: u16,
    /// Seconds of one HTTP run.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
    /// Search queries of one run.
    #[arg(long, default_value_t = 400)]
    pub(crate) queries: usize,
    /// Writes whose way into the index is timed.
    #[arg(long, default_value_t = 100)]
    pub(crate) writes: usize,
    /// What is imported; helpcenter-en is taken from CAIRN_SHARED or ../shared.
    #[arg(long, value_enum, default_value_t = Wanted::Auto)]
    pub(crate) collection: Wanted,
    /// Articles of the generated collection.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) articles: usize,
    /// How often the collection is copied for the large import; 12 makes 100,000 articles of helpcenter-en.
    #[arg(long, default_value_t = 1)]
    pub(crate) copies: usize,
    /// Only these workloads; separate by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Workload>,
    /// Pin nothing to a core: what an operator's machine does, with the generator on it.
    #[arg(long)]
    pub(crate) no_pin: bool,
    /// The program to measure [default: cairn beside this one].
    #[arg(long, value_name = "FILE")]
    pub(crate) cairn: Option<PathBuf>,
}

impl Options {
    /// Whether a workload is asked for.
    pub(crate) fn wants(&self, workload: Workload) -> bool {
        let is_default = self.only.is_empty() && workload != Workload::Curve;
        is_default || self.only.contains(&workload)
    }

    /// How long one HTTP run takes.
    pub(crate) fn run_time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.05, 600.0))
    }
}

/// The collection asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wanted {
    /// helpcenter-en where it is, else generated.
    Auto,
    /// 8,471 real articles.
    HelpcenterEn,
    /// Made from the demo content.
    Generated,
}

/// What can be measured alone. The import always runs: everything stands on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Public pages: article, home, topic, and what is not there.
    Page,
    /// One article through REST.
    Read,
    /// Search through REST.
    Search,
    /// Ranking, snippets and suggestions beside the plain ap-1.0 plan, in process.
    Plain,
    /// Search through REST beside the floor server of that plan.
    FloorServer,
    /// Reindex (the import is always measured).
    Index,
    /// From a write to the first search that finds it.
    Fresh,
    /// Import again, export, 100,000 articles.
    Moving,
    /// Public pages beside an import.
    Readers,
    /// Searches beside a reindex.
    BesideReindex,
    /// Segments that single-article commits leave.
    Segments,
    /// A write that waits until it can be found.
    Waiting,
    /// Search at 70,000, 250,000 and 1,000,000 sections; only when named.
    Curve,
    /// From exec to ready.
    ColdStart,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// 127.0.0.1:8080
    pub(crate) address: std::net::SocketAddr,
    /// Path and query.
    pub(crate) path: String,
    /// Connections.
    #[arg(long, short, default_value_t = 8)]
    pub(crate) connections: usize,
    /// Seconds.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
    /// A header, such as 'X-API-Key: …'; repeat for more.
    #[arg(long = "header", short = 'H')]
    pub(crate) headers: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FloorHttp {
    /// What to answer: headers and bodies.
    #[arg(long)]
    pub(crate) answers: PathBuf,
    /// Socket directory of Postgres; the password is PGPASSWORD.
    #[arg(long)]
    pub(crate) socket_dir: Option<PathBuf>,
    #[arg(long, default_value_t = 5432)]
    pub(crate) port: u16,
    #[arg(long, default_value = "cairn_owner")]
    pub(crate) user: String,
    #[arg(long, default_value = "cairn")]
    pub(crate) database: String,
}

/// Where a search room is, and what it is asked.
#[derive(Debug, Args)]
pub(crate) struct Room {
    /// A copy of the server's index directory.
    #[arg(long)]
    pub(crate) index: PathBuf,
    #[arg(long)]
    pub(crate) portal: String,
    #[arg(long)]
    pub(crate) locale: String,
    /// One query a line.
    #[arg(long)]
    pub(crate) queries: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct FloorSearch {
    #[command(flatten)]
    pub(crate) room: Room,
    /// Rank only.
    #[arg(long)]
    pub(crate) no_snippets: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FloorPlain {
    /// Where the plain index stands.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// Build it from these, one JSON object a line; what was there is removed.
    #[arg(long)]
    pub(crate) texts: Option<PathBuf>,
    /// Measure these, one a line.
    #[arg(long)]
    pub(crate) queries: Option<PathBuf>,
    /// Serve it.
    #[arg(long)]
    pub(crate) serve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FloorCurve {
    /// Where to build.
    #[arg(long)]
    pub(crate) index: PathBuf,
    #[arg(long)]
    pub(crate) portal: String,
    #[arg(long)]
    pub(crate) locale: String,
    /// The articles, one JSON object a line.
    #[arg(long)]
    pub(crate) texts: PathBuf,
    /// Copies are indexed until there are so many sections.
    #[arg(long)]
    pub(crate) sections: usize,
}

#[derive(Debug, Args)]
pub(crate) struct FloorIndex {
    /// The texts, one JSON object a line.
    #[arg(long)]
    pub(crate) texts: PathBuf,
    /// Where to build; removed first.
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct FloorCommit {
    #[arg(long)]
    pub(crate) texts: PathBuf,
    /// An index of `floor-index`.
    #[arg(long)]
    pub(crate) dir: PathBuf,
    #[arg(long)]
    pub(crate) count: usize,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        for line in [
            "cairn-bench",
            "cairn-bench --json out.json --runs 1",
            "cairn-bench all --json out.json --only page,read",
            "cairn-bench --only plain,floor-server,beside-reindex,segments,waiting,curve",
            "cairn-bench load 127.0.0.1:8080 / -c 8",
        ] {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}
