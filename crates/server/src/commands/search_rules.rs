//! `cairn search-rules show|put`: the rules of search of a portal and locale, as a file that people edit.
//!
//! A file says which version it was made from, and is refused when the rules moved on; a file without
//! a version only goes where there are no rules yet, or with `--overwrite`.

mod form;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cairn_domain::limits::REQUEST_BYTES_MAX;
use cairn_domain::search_rules::FIRST_VERSION;

use self::form::RulesFile;
use crate::cli::{Global, PutSearchRules, SearchRules, ShowSearchRules};
use crate::client::{self, Client, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Runs one of them.
pub(super) async fn run(
    config: &Config,
    global: &Global,
    command: SearchRules,
) -> Result<ExitCode> {
    // A file that cannot be read needs no server to say so.
    let file = match &command {
        SearchRules::Show(_) => None,
        SearchRules::Put(args) => Some(read(&args.file)?),
    };
    let reached = reach(config, global).await?;
    let done = match (&command, file) {
        (SearchRules::Show(args), _) => show(&reached.client, args).await,
        (SearchRules::Put(args), Some(file)) => put(&reached.client, args, &file).await,
        (SearchRules::Put(_), None) => Ok(()),
    };
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

fn path(portal: &str, locale: &str) -> String {
    let (portal, locale) = (segment(portal), segment(locale));
    format!("/api/v1/search-rules?portal={portal}&locale={locale}")
}

async fn show(client: &Client, args: &ShowSearchRules) -> Result<()> {
    let rules = client.get(&path(&args.portal, &args.locale)).await?;
    if args.json {
        out::json(&rules)?;
    } else {
        out::line(form::toml_of(&rules)?.trim_end())?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<RulesFile> {
    let shown = file.display();
    let size = std::fs::metadata(file)
        .with_context(|| format!("cannot open {shown}"))?
        .len();
    if size > REQUEST_BYTES_MAX as u64 {
        bail!("{shown} has {size} bytes, at most {REQUEST_BYTES_MAX} are sent at once");
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    RulesFile::parse(&text).with_context(|| format!("{shown} is no file of rules"))
}

async fn put(client: &Client, args: &PutSearchRules, file: &RulesFile) -> Result<()> {
    let path = path(&args.portal, &args.locale);
    let etag = match file.version() {
        Some(version) if !args.overwrite => format!("\"{version}\""),
        _ => {
            let (there, etag) = client.get_with_etag(&path).await?;
            let version = there["row_version"].as_i64();
            if !args.overwrite && version != Some(FIRST_VERSION) {
                bail!(
                    "{} names no version, and there are rules already; begin with what `cairn search-rules show` prints, or replace them with --overwrite",
                    args.file.display()
                );
            }
            etag
        }
    };
    let put = client
        .put(&path, &file.body(), &etag, &client::fresh_key())
        .await;
    let put = put.map_err(|refused| file.in_lines(refused))?;
    if args.json {
        out::json(&put)?;
        return Ok(());
    }
    let count = |kind: &str| put[kind].as_u64().unwrap_or(0);
    out::line(&format!(
        "{} in {}: {} synonyms, {} stop words, {} pins, {} keywords; {} at version {}",
        args.portal,
        put["locale"].as_str().unwrap_or(&args.locale),
        count("synonyms"),
        count("stop_words"),
        count("pins"),
        count("keywords"),
        put["result"].as_str().unwrap_or_default(),
        put["row_version"],
    ))?;
    Ok(())
}
