//! The commands: each file is one.

mod doctor;
mod export;
mod feedback;
mod import;
mod index;
mod keys;
mod listing;
mod portal;
mod purge;
mod reach;
mod reads;
mod redirects;
mod relevance;
mod restore;
mod search;
mod search_rules;
mod searches;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use figment::value::Value;

use crate::cli::{Cli, Command, Global, Serve};
use crate::config::{self, Config, Flags};
use crate::telemetry;

/// Runs one command.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode> {
    let global = cli.global;
    match cli.command {
        Command::Up(up) => {
            let mut flags = serve_flags(&up.serve);
            if up.no_demo {
                flags.push(("demo", "--no-demo", Value::from(false)));
            }
            let config = settings(&global, flags, true)?;
            up::run(config, up::Kind::Up, up.serve.json).await
        }
        Command::Serve(serve) => {
            let config = settings(&global, serve_flags(&serve), true)?;
            up::run(config, up::Kind::Serve, serve.json).await
        }
        Command::Import(args) => {
            import::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Export(args) => {
            export::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Restore(args) => {
            restore::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Reindex(args) => {
            index::reindex(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::VerifyIndex(args) => {
            index::verify(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Keys(args) => {
            keys::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Purge(args) => {
            purge::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Redirects(args) => {
            redirects::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::SearchRules(args) => {
            search_rules::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Search(args) => {
            search::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Relevance(args) => {
            relevance::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Searches(args) => {
            searches::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Reads(args) => {
            reads::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Portal(args) => {
            portal::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Feedback(args) => {
            feedback::run(&settings(&global, Vec::new(), false)?, &global, args).await
        }
        Command::Doctor(args) => {
            doctor::run(&settings(&global, Vec::new(), false)?, args.json).await
        }
    }
}

fn serve_flags(serve: &Serve) -> Flags {
    let mut flags = Flags::new();
    if let Some(listen) = serve.listen {
        flags.push(("listen", "--listen", Value::from(listen.to_string())));
    }
    if let Some(url) = &serve.public_url {
        flags.push(("public_url", "--public-url", Value::from(url.as_str())));
    }
    flags
}

/// Reads the settings and starts the log.
fn settings(global: &Global, mut flags: Flags, serves: bool) -> Result<Config> {
    if let Some(dir) = &global.data_dir {
        let dir = dir.to_string_lossy();
        flags.push(("data_dir", "--data-dir", Value::from(dir.as_ref())));
    }
    // A variable that is not text cannot be one of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = config::load(global.config.as_deref(), variables, flags)?;
    telemetry::start_log(&config, serves)?;
    Ok(config)
}
