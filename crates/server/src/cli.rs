//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Cairn, a self-hosted knowledge base.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Settings file (TOML); cairn.example.toml lists every setting.
    #[arg(long, global = true, value_name = "FILE", env = "CAIRN_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory; its one owner is the running server.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of a running server, instead of the owner of the data directory; needs a key.
    #[arg(long, global = true, value_name = "URL", env = "CAIRN_URL")]
    pub(crate) url: Option<String>,
    /// API key for --url.
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "CAIRN_KEY",
        hide_env_values = true
    )]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything: a private Postgres when DATABASE_URL is not set, demo content, the server.
    Up(Up),
    /// Serve on the Postgres of DATABASE_URL.
    Serve(Serve),
    /// Import a help center: a folder or an archive of Markdown, or an export of another system.
    Import(Import),
    /// Export a portal as a folder that import reads, or as one file that restore reads.
    Export(Export),
    /// Restore a portal from a bundle, with its ids, revisions, authors and dates.
    Restore(Restore),
    /// Build the index anew beside the one that serves, then swap.
    Reindex(OnPortal),
    /// Compare the index with the database; exit code 1 when they differ.
    VerifyIndex(OnPortal),
    /// API keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Erase something for good: out of every table, rendering, address and index file.
    #[command(subcommand)]
    Purge(Purge),
    /// Where the addresses of the site before lead.
    #[command(subcommand)]
    Redirects(Redirects),
    /// What search is taught: synonyms, stop words, pinned results, hidden keywords.
    #[command(subcommand)]
    SearchRules(SearchRules),
    /// Search published articles, as readers and programs do.
    Search(SearchWords),
    /// Judge search by queries of your own and the articles they should find.
    Relevance(Relevance),
    /// What people and programs searched for, and what they did not find.
    Searches(Searches),
    /// How often readers opened each article.
    Reads(Reads),
    /// What readers of a portal are told beside the articles.
    #[command(subcommand)]
    Portal(PortalWords),
    /// What readers said of articles: whether they helped, why not, and what is wrong in them.
    Feedback(Feedback),
    /// Check everything a start depends on.
    Doctor(Json),
}

impl Command {
    /// Whether it works through a whole help center beside a server whose readers come first.
    pub(crate) fn is_bulk(&self) -> bool {
        matches!(
            self,
            Self::Import(_) | Self::Export(_) | Self::Restore(_) | Self::VerifyIndex(_)
        )
    }
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// Start with one empty help center instead of the demo content.
    #[arg(long)]
    pub(crate) no_demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where readers and clients reach this server [default: http:// and the listening address].
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Print exactly one line of JSON when ready.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A folder, an archive (zip, tar, tar.gz) or one file of an export.
    pub(crate) path: PathBuf,
    /// What it is, such as markdown; found out by looking when left out.
    #[arg(long, value_name = "KIND")]
    pub(crate) from: Option<String>,
    /// The name it is remembered under from one import to the next [default: the last two folders of
    /// the path, or the name of the archive].
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Slug of the portal, made when it is missing [default: what the source says].
    #[arg(long)]
    pub(crate) portal: Option<String>,
    /// Locale of articles that name none [default: the first of the source, or of the portal].
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Status of articles that name none: published, draft or archived.
    #[arg(long, default_value = "published")]
    pub(crate) status: String,
    /// Let the file win where file and article both changed since the last import.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Archive articles of this source that are no longer in it.
    #[arg(long)]
    pub(crate) prune: bool,
    /// Leave out the files that articles show.
    #[arg(long)]
    pub(crate) no_attachments: bool,
    /// Read everything, send nothing and say what an import would find; needs no server.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The folder to write, made when it is missing; with --bundle the file.
    #[arg(value_name = "DIR|FILE")]
    pub(crate) to: PathBuf,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Write over what is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Write one file with everything, every revision included.
    #[arg(long)]
    pub(crate) bundle: bool,
    /// Private key that signs the bundle: ed25519, PKCS#8 PEM.
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Write a bundle that nobody signed.
    #[arg(long, requires = "bundle", conflicts_with = "sign_key")]
    pub(crate) unsigned: bool,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The bundle.
    pub(crate) file: PathBuf,
    /// Public key whose signature it must have: ed25519, PEM.
    #[arg(long, value_name = "FILE", required_unless_present = "unverified")]
    pub(crate) verify_key: Option<PathBuf>,
    /// Take a bundle whose signature nobody checks.
    #[arg(long, conflicts_with = "verify_key")]
    pub(crate) unverified: bool,
    /// Slug of the portal; new, or of an empty one [default: the one it had].
    #[arg(long)]
    pub(crate) portal: Option<String>,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OnPortal {
    /// Only this portal.
    #[arg(long)]
    pub(crate) portal: Option<String>,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Json {
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key; its secret is shown this once.
    Create(CreateKey),
    /// List keys, newest first.
    List(Json),
    /// Revoke a key from the next request on.
    Revoke(RevokeKey),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Purge {
    /// An article with all its revisions; its id and number stay as a tombstone.
    Article(PurgeArgs),
    /// The text of one old revision, which is neither the head nor what readers see.
    Revision {
        #[command(flatten)]
        args: PurgeArgs,
        /// Which one.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: i32,
    },
    /// An attachment: its bytes, its variants and its name.
    Attachment(PurgeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// Its id; an article's may be portal~number.
    pub(crate) id: String,
    /// Why; it stands in the audit when nothing else is left to tell.
    #[arg(long, value_name = "WHY")]
    pub(crate) message: String,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateKey {
    /// What it is for.
    #[arg(long)]
    pub(crate) name: String,
    /// Scopes and bundles such as articles:read, mcp:write or full; repeat or separate by commas.
    #[arg(long = "scope", required = true, num_args = 1.., value_delimiter = ',')]
    pub(crate) scopes: Vec<String>,
    /// Portals it is restricted to; without, it reaches all.
    #[arg(long = "portal", num_args = 1.., value_delimiter = ',')]
    pub(crate) portals: Vec<String>,
    /// RFC 3339 time after which it is refused, such as 2027-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_at: Option<String>,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeKey {
    /// Its id.
    pub(crate) id: String,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Redirects {
    /// List them as a table in CSV: old_url,target.
    List(ListRedirects),
    /// Add or change those of a table in CSV, whose first line is old_url,target.
    Put(PutRedirects),
    /// Take one away.
    Delete(DeleteRedirect),
}

#[derive(Debug, Args)]
pub(crate) struct ListRedirects {
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Print each redirect as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PutRedirects {
    /// The table. Targets: article:<id or portal~number>, article:LOCALE:SOURCE_ID, category:<id, slug
    /// or NAME/NAME>, a path of the portal, or an http address.
    pub(crate) file: PathBuf,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteRedirect {
    /// Its address.
    pub(crate) old_url: String,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SearchRules {
    /// Print the rules of a portal and locale as TOML, as put reads them.
    Show(ShowSearchRules),
    /// Replace the rules of a portal and locale, all of them; searches follow at once, without a reindex.
    #[command(after_help = SEARCH_RULES_EXAMPLE)]
    Put(PutSearchRules),
}

/// A file of rules, as the help shows it.
pub(crate) const SEARCH_RULES_EXAMPLE: &str = "\
A file of rules (TOML); everything in it may be left out:
  version = 3                                  # the rules were at, as show prints it
  stop_words = [\"please\"]                      # say nothing here

  [[synonyms]]                                 # all mean the same
  equal = [\"credit card\", \"creditcard\"]

  [[synonyms]]                                 # one way: who asks for cc finds these as well
  words = \"cc\"
  means = [\"credit card\"]

  [[pins]]                                     # stand first for this query
  query = \"refund\"
  articles = [\"help~42\", \"refund-policy\"]      # id, portal~number or slug

  [[keywords]]                                 # found by words it does not say
  article = \"refund-policy\"
  words = [\"money back\"]";

#[derive(Debug, Args)]
pub(crate) struct ShowSearchRules {
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// One of its locales.
    #[arg(long)]
    pub(crate) locale: String,
    /// Print them as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SearchWords {
    /// The words. "exact words", title:word, category:name and tag:name are followed, and -without behind `--`.
    #[arg(required = true)]
    pub(crate) words: Vec<String>,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// One of its locales; its default when left out.
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Hits at most.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) limit: u8,
    /// Say of each hit how its score came about.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print the answer as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A file of judged queries, one line each, columns divided by tabs:
  reset my password<TAB>account-password        # the query and an article it should find
  reset my password<TAB>help~42<TAB>2           # a second one, worth twice as much
An article is named by its id, portal~number, slug, or its id in the system it came from.")]
pub(crate) struct Relevance {
    /// The file of judged queries.
    pub(crate) file: PathBuf,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// One of its locales; its default when left out.
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reads {
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Days back from today (UTC), today included.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// Only this language.
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Articles at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit_of_searches)]
    pub(crate) limit: usize,
    /// Print the report as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Searches {
    /// Which queries, in which order.
    #[arg(value_enum, default_value = "top")]
    pub(crate) kind: SearchKind,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Days back from today (UTC), today included.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// Only this language.
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Only through this door: web, rest or mcp.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Queries at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit_of_searches)]
    pub(crate) limit: usize,
    /// Print the report as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PortalWords {
    /// Put a notice above the first page, or above all; there is one at a time.
    Notice {
        /// One or two sentences.
        #[arg(required_unless_present = "clear", conflicts_with = "clear")]
        text: Option<String>,
        /// Slug of the portal.
        #[arg(long)]
        portal: String,
        /// info or warning.
        #[arg(long, default_value = "info")]
        level: String,
        /// Where readers find more: https, or a path such as /help/en.
        #[arg(long, value_name = "ADDRESS")]
        more: Option<String>,
        /// Above every page, and not only the first.
        #[arg(long)]
        everywhere: bool,
        /// Take the notice away.
        #[arg(long)]
        clear: bool,
        /// Print the portal as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say how readers reach a person.
    Contact {
        /// https, mailto or tel.
        #[arg(required_unless_present = "clear", conflicts_with = "clear")]
        address: Option<String>,
        /// Slug of the portal.
        #[arg(long)]
        portal: String,
        /// What the link says; the pages' own words, in the reader's language, when left out.
        #[arg(long)]
        label: Option<String>,
        /// Take the contact away.
        #[arg(long)]
        clear: bool,
        /// Print the portal as one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Feedback {
    /// The answers of one kind or all, newest first; or all of them summed up by article.
    #[arg(value_enum, default_value = "all")]
    pub(crate) kind: FeedbackList,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// Only about this article, by its UUID; not with `articles`.
    #[arg(long)]
    pub(crate) article: Option<String>,
    /// Only this language; with `articles`.
    #[arg(long)]
    pub(crate) locale: Option<String>,
    /// Days back from now.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// Answers or articles at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit_of_searches)]
    pub(crate) limit: usize,
    /// Print them as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which answers of readers are listed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeedbackList {
    /// Every answer.
    All,
    /// The article helped.
    Helpful,
    /// It did not.
    Unhelpful,
    /// Something in it is wrong.
    Mistake,
    /// By article, those with the most complaints first.
    Articles,
}

impl FeedbackList {
    /// The word in requests, where it is one kind.
    pub(crate) const fn kind(self) -> Option<&'static str> {
        match self {
            Self::All | Self::Articles => None,
            Self::Helpful => Some("helpful"),
            Self::Unhelpful => Some("unhelpful"),
            Self::Mistake => Some("mistake"),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PutSearchRules {
    /// The file of rules.
    pub(crate) file: PathBuf,
    /// Slug of the portal.
    #[arg(long)]
    pub(crate) portal: String,
    /// One of its locales.
    #[arg(long)]
    pub(crate) locale: String,
    /// Replace what is there, whatever version the file names.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which queries a report lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchKind {
    /// The most frequent.
    Top,
    /// Those that found nothing.
    Zero,
    /// Those that found one or two articles.
    Low,
    /// Those that found something and had no result opened.
    Unclicked,
}

impl SearchKind {
    /// The word in requests.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Zero => "zero",
            Self::Low => "low",
            Self::Unclicked => "unclicked",
        }
    }
}

fn limit_of_searches(text: &str) -> Result<usize, String> {
    const MAX: usize = 10_000;
    match text.parse() {
        Ok(limit @ 1..=MAX) => Ok(limit),
        _ => Err(format!("it must be 1 to {MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_agreed_commands_parse() {
        for line in [
            "cairn up --data-dir d --listen 127.0.0.1:0 --no-demo --json",
            "cairn --data-dir d serve",
            "cairn import dir --portal help --locale en --json --data-dir d",
            "cairn import export.zip --from markdown --source help --overwrite --prune --dry-run",
            "cairn import folder --no-attachments --status draft",
            "cairn export dir --portal help --overwrite --json",
            "cairn export b.tar.gz --bundle --portal help --sign-key k.pem",
            "cairn restore b.tar.gz --verify-key p.pem --portal other --json",
            "cairn restore b.tar.gz --unverified",
            "cairn reindex --json",
            "cairn verify-index --portal help --json",
            "cairn keys create --name n --scope articles:read articles:write --portal help --json",
            "cairn keys create --name n --scope articles:read --scope search:read",
            "cairn keys list --json --url http://127.0.0.1:1 --key k",
            "cairn keys revoke 018f4e2a-7b1c-7c3d-9e4f-0123456789ab",
            "cairn purge article help~7 --message why",
            "cairn purge revision 018f4e2a-7b1c-7c3d-9e4f-0123456789ab --revision 3 --message why --json",
            "cairn purge attachment 018f4e2a-7b1c-7c3d-9e4f-0123456789ab --message why",
            "cairn redirects list --portal help --json",
            "cairn redirects put table.csv --portal help",
            "cairn redirects delete /kb/article.php?id=17 --portal help",
            "cairn search-rules show --portal help --locale en",
            "cairn search-rules put rules.toml --portal help --locale pt-BR --overwrite --json",
            "cairn searches --portal help",
            "cairn searches zero --portal help --days 7 --locale en --source web --limit 500 --json",
            "cairn portal notice Soon --portal help --level warning --more /help/en --everywhere --json",
            "cairn portal notice --clear --portal help",
            "cairn portal contact mailto:help@example.com --portal help --label Write",
            "cairn portal contact --clear --portal help",
            "cairn feedback --portal help",
            "cairn feedback mistake --portal help --article 018f4e2a-7b1c-7c3d-9e4f-0123456789ab --days 7 --json",
            "cairn feedback articles --portal help --locale en --limit 100",
            "cairn doctor --json",
        ] {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
        assert!(Cli::try_parse_from(["cairn", "up", "--listen", "nowhere"]).is_err());
    }
}
