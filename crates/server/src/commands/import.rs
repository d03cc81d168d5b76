//! `cairn import`: a help center through the REST API of whoever can be reached.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cairn_domain::limits::IMPORT_SOURCE_CHARS_MAX;
use cairn_domain::locale::Locale;
use cairn_sources::Source;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Global, Import};
use crate::client::{self, Client};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::import::{self, Options, OverHttp, Progress, Report, Steps};
use crate::out;

/// The words a status may be.
const STATUSES: [&str; 3] = ["published", "draft", "archived"];

/// Exit code 0 when everything in the source is here now as the source has it.
pub(super) async fn run(config: &Config, global: &Global, args: Import) -> Result<ExitCode> {
    let locale = args.locale.as_ref();
    let locale = locale
        .map(|locale| Locale::parse("--locale", locale))
        .transpose();
    let locale = locale.map_err(|error| anyhow::anyhow!(error.message))?;
    if !STATUSES.contains(&args.status.as_str()) {
        bail!(
            "--status is {:?}; it is one of {}",
            args.status,
            STATUSES.join(", ")
        );
    }
    // Everything about the source is settled before a server is looked for.
    let (path, from) = (args.path.clone(), args.from.clone());
    let opened = tokio::task::spawn_blocking(move || cairn_sources::open(&path, from.as_deref()));
    let (source, name) = opened.await.context("opening the source broke off")??;
    let name = args.source.unwrap_or(name);
    if name.trim().is_empty() || name.chars().count() > IMPORT_SOURCE_CHARS_MAX {
        bail!(
            "the name of a source has 1 to {IMPORT_SOURCE_CHARS_MAX} characters; give one with --source"
        );
    }
    let options = Options {
        portal: args.portal,
        locale,
        status: args.status,
        source: name,
        overwrite: args.overwrite,
        rewrite: None,
    };
    let steps = Steps {
        files: !args.no_attachments,
        prune: args.prune,
    };
    if args.dry_run {
        let bar = Bar::new();
        let report = import::rehearse(source, &options, &bar).await;
        bar.0.finish_and_clear();
        return say(&report?, args.json);
    }
    let reached = reach(config, global).await?;
    let report = import(&reached.client, source, &options, steps).await;
    let released = reached.release().await;
    let code = say(&report?, args.json)?;
    released?;
    Ok(code)
}

fn say(report: &Report, as_json: bool) -> Result<ExitCode> {
    if as_json {
        out::json(&report.to_json())?;
    } else {
        out::line(&report.to_text())?;
    }
    Ok(if report.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn import(
    client: &Client,
    source: Box<dyn Source>,
    options: &Options<'_>,
    steps: Steps,
) -> Result<Report> {
    let bar = Bar::new();
    let run_id = client::fresh_key();
    let target = OverHttp(client);
    let done = async {
        let moved = import::run(&target, source, options, &run_id, &bar).await?;
        import::follow(&target, moved, &options.source, steps, &run_id, &bar).await
    };
    let report = done.await;
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
            ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {per_sec}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn begin(&self, what: &'static str, all: u64) {
        self.0.reset();
        self.0.set_message(what);
        self.0.set_length(all);
    }

    fn done(&self, done: u64) {
        self.0.set_position(done);
    }
}
