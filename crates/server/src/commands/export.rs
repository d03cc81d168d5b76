//! `cairn export`: a portal as a folder or as one signed file, through the REST API of whoever can be reached.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bundle::{BundleOptions, SignKey, to_bundle};
use crate::cli::{Export, Global};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::export::{FolderOptions, Watch, to_folder};
use crate::out;

/// Exit code 0 when everything was written.
pub(super) async fn run(config: &Config, global: &Global, args: Export) -> Result<ExitCode> {
    if args.bundle {
        return bundle(config, global, args).await;
    }
    let options = FolderOptions {
        dir: args.to,
        portal: args.portal,
        overwrite: args.overwrite,
    };
    let reached = reach(config, global).await?;
    let bar = Bar::new();
    let report = to_folder(&reached.client, &options, &bar).await;
    bar.0.finish_and_clear();
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

/// A bundle is whole, or there is none.
async fn bundle(config: &Config, global: &Global, args: Export) -> Result<ExitCode> {
    let key = match (&args.sign_key, args.unsigned) {
        (Some(file), _) => Some(SignKey::read(file)?),
        (None, true) => None,
        (None, false) => {
            bail!("a bundle is signed: give --sign-key, or --unsigned for one nobody can trust")
        }
    };
    let options = BundleOptions {
        file: args.to,
        portal: args.portal,
        overwrite: args.overwrite,
        key,
    };
    let reached = reach(config, global).await?;
    let bar = Bar::new();
    let report = to_bundle(&reached.client, options, &bar).await;
    bar.0.finish_and_clear();
    let released = reached.release().await;
    let report = report?;
    if args.json {
        out::json(&report.to_json())?;
    } else {
        out::line(&report.to_text())?;
    }
    released?;
    Ok(ExitCode::SUCCESS)
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

impl Watch for Bar {
    fn articles(&self, done: u64, all: u64) {
        self.0.set_length(all);
        self.0.set_position(done);
    }
}
