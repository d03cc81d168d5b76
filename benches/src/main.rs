//! The measuring ground: what Cairn does, beside what the machine allows, in one run.
//!
//! `cairn-bench` (or `cairn-bench all`) starts the release binary on a throw-away data directory,
//! imports a collection, and measures each workload in turns with its floor: the least program that
//! gives the same bytes. A number without its floor says something about the machine; the ratio
//! says something about Cairn. The floors are subcommands of this binary, so that they run as
//! processes of their own on the server's core.
//!
//! It refuses to judge: nothing here fails because a ratio is low. It fails when an answer is wrong,
//! because a fast wrong answer is no measurement.

mod clocks;
mod collection;
mod floor;
mod generated;
mod latency;
mod limit;
mod load;
mod machine;
mod options;
mod out;
mod paced;
mod pin;
mod process;
mod report;
mod room;
mod run;
mod server;
mod serving;
mod wire;
mod workloads;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Cli, Command};

/// The allocator of the server, so that floors differ from it only in what they do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => run::all(&cli.options),
        Some(Command::All(options)) => run::all(&options),
        Some(Command::Load(args)) => load::command(&args),
        Some(Command::FloorHttp(args)) => floor::http::command(&args),
        Some(Command::FloorSearch(args)) => floor::search::command(&args),
        Some(Command::FloorParts(args)) => floor::parts::command(&args),
        Some(Command::FloorPlain(args)) => floor::plain::command(&args),
        Some(Command::FloorCurve(args)) => floor::curve::command(&args),
        Some(Command::FloorIndex(args)) => floor::engine::build_command(&args),
        Some(Command::FloorLoop) => floor::busy::command(),
        Some(Command::FloorCommit(args)) => floor::engine::commit_command(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::progress(&format!("cairn-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
