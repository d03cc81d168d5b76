//! The binary room: the program `cairn`, its settings, its commands, and the order in which a
//! server comes up and goes down.
//!
//! It mounts the rooms and owns what belongs to the process: the lock on the data directory, the
//! private cluster, the listeners, the signals, the log. It refuses to decide anything about
//! articles: every command goes through the same service calls as the doors.

mod bundle;
mod cli;
pub mod client;
mod commands;
pub mod config;
mod demo;
mod export;
pub mod import;
mod limits;
mod out;
mod owner;
mod serving;
mod shutdown;
mod telemetry;
mod yielding;

use std::process::ExitCode;

use clap::Parser;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    // Before any thread and before any parsing: this process is about to become Postgres.
    if args
        .next_if(|arg| arg == cairn_cluster::PG_EXEC_COMMAND)
        .is_some()
    {
        return cairn_cluster::pg_exec_main(args);
    }
    let cli = cli::Cli::parse();
    if cli.command.is_bulk() {
        yielding::lower_this_thread();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("cairn")
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return out::fail(&anyhow::Error::new(error).context("cannot start threads")),
    };
    let code = match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(error) => out::fail(&error),
    };
    // Searches and renderings still running on blocking threads are not waited for.
    runtime.shutdown_background();
    code
}
