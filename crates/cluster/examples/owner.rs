//! Owns a private cluster until standard input ends; the tests kill it in between. Prints one line
//! when ready: `pid socket_dir port system_identifier adopted`.
//!
//! `cargo run -p cairn-cluster --example owner -- DATA_DIR`

use std::io::{Read, Write};
use std::process::ExitCode;

use cairn_cluster::{Cluster, ClusterError, ClusterOptions, PG_EXEC_COMMAND, pg_exec_main};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    if args.next_if(|arg| arg == PG_EXEC_COMMAND).is_some() {
        return pg_exec_main(args);
    }
    let Some(data_dir) = args.next() else {
        return fail("usage: owner DATA_DIR");
    };
    let Ok(program) = std::env::current_exe() else {
        return fail("this program does not know where it lies");
    };
    let mut options = ClusterOptions::new(data_dir, program);
    options.durable = args.next().is_none_or(|arg| arg != "--not-durable");
    match own(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.report()),
    }
}

fn own(options: ClusterOptions) -> Result<(), ClusterError> {
    let cluster = Cluster::start(options)?;
    let mut out = std::io::stdout();
    let _ = writeln!(
        out,
        "{} {} {} {} {}",
        cluster.pid(),
        cluster.socket_dir().display(),
        cluster.port(),
        cluster.system_identifier()?,
        cluster.was_adopted()
    );
    let _ = out.flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    cluster.stop()
}

fn fail(reason: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{reason}");
    ExitCode::FAILURE
}
