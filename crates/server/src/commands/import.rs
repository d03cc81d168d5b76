//! `cairn import`: a folder of Markdown through the REST API of whoever can be reached.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cairn_domain::locale::Locale;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Global, Import};
use crate::client::{self, Client};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::import::{Options, OverHttp, Progress, Report, Tree};
use crate::out;

/// The words a status may be.
const STATUSES: [&str; 3] = ["published", "draft", "archived"];

/// Exit code 0 when every file became an article.
pub(super) async fn run(config: &Config, global: &Global, args: Import) -> Result<ExitCode> {
    let locale =
        Locale::parse("--locale", &args.locale).map_err(|error| anyhow::anyhow!(error.message))?;
    if !STATUSES.contains(&args.status.as_str()) {
        bail!(
            "--status is {:?}; it is one of {}",
            args.status,
            STATUSES.join(", ")
        );
    }
    if !args.dir.is_dir() {
        bail!("{} is not a folder", args.dir.display());
    }
    let dir = args
        .dir
        .canonicalize()
        .with_context(|| format!("cannot open {}", args.dir.display()))?;
    let options = Options {
        portal: args.portal,
        portal_name: None,
        locale,
        status: args.status,
        rewrite: None,
    };
    let reached = reach(config, global).await?;
    let report = import(&reached.client, &Tree::Folder(dir), &options).await;
    let released = reached.release().await;
    let report = report?;
    if args.json {
        out::json(&report.to_json())?;
    } else {
        out::line(&report.to_text())?;
    }
    released?;
    Ok(if report.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn import(client: &Client, tree: &Tree, options: &Options<'_>) -> Result<Report> {
    let bar = Bar::new();
    let run_id = client::fresh_key();
    let report = crate::import::run(&OverHttp(client), tree, options, &run_id, &bar).await;
    bar.0.finish_and_clear();
    report
}

struct Bar(ProgressBar);

impl Bar {
    /// On standard error, and only where a person is looking at it.
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        if std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style =
            ProgressStyle::with_template("{bar:40} {pos}/{len} articles, {per_sec}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn files(&self, done: u64, all: u64) {
        self.0.set_length(all);
        self.0.set_position(done);
    }
}
