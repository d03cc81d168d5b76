//! `cairn restore`: a portal from a bundle, through the REST API of whoever can be reached. The bundle
//! is read whole before anybody is asked for anything.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::bundle::{Trust, Unpacked, VerifyKey, restore};
use crate::cli::{Global, Restore};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Exit code 0 when the whole portal is there.
pub(super) async fn run(config: &Config, global: &Global, args: Restore) -> Result<ExitCode> {
    let trust = match (&args.verify_key, args.unverified) {
        (Some(file), _) => Trust::Key(VerifyKey::read(file)?),
        (None, true) => Trust::Word,
        (None, false) => {
            bail!("give --verify-key, or --unverified to take the bundle on your word")
        }
    };
    let file = args.file;
    let bundle = tokio::task::spawn_blocking(move || Unpacked::open(&file, &trust))
        .await
        .context("reading the bundle was cut off")??;
    let reached = reach(config, global).await?;
    let report = restore(&reached.client, bundle, args.portal.as_deref()).await;
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
